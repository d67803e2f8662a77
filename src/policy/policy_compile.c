/* From configuration and geography to classes and tries. Every distinct location gets its order
 * once a service; equal orders (with the same residency rule) become one class; services whose
 * locations fall into the same classes share one trie.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "rhumb/dns_name.h"
#include "rhumb/hash.h"
#include "rhumb/policy.h"
#include "rhumb/require.h"

#include "policy_class.h"
#include "policy_country.h"
#include "policy_rank.h"

struct compiler {
    const struct config *config;
    const struct geo_map *map;
    const struct ip_prefix *marks;
    struct arena *arena;
    uint32_t next_seat; /* numbered as config_region_seat_count() says */

    /* Tries made so far, by what went in, so that alike services share them. */
    struct {
        uint32_t *class_of; /* malloc'ed */
        const struct geo_trie *trie;
    } tries[CONFIG_SERVICES_MAX];

    size_t trie_count;
};

static size_t stride_of(size_t region_count)
{
    return (CLASS_REGIONS + 2 * region_count + 7) / 8 * 8;
}

struct policy_order policy_class_get(const struct policy_service *service, uint32_t class)
{
    const uint8_t *packed = service->classes + class * service->class_stride;
    struct policy_order order = {
        .region_count = packed[CLASS_COUNT],
        .regions = packed + CLASS_REGIONS,
        .group_end = packed + CLASS_REGIONS + service->region_count,
    };
    memcpy(&order.allowed, packed, sizeof(order.allowed));
    memcpy(&order.residency, packed + CLASS_RESIDENCY, sizeof(order.residency));
    return order;
}

struct geo_place policy_place_of(const struct config_location *location)
{
    struct geo_place place = {.asn = location->asn};
    memcpy(place.country, location->country, sizeof(place.country));
    memcpy(place.continent, location->continent, sizeof(place.continent));
    memcpy(place.subdivision, location->subdivision, sizeof(place.subdivision));
    if (location->has_coordinates) {
        place.flags |= GEO_HAS_COORDINATES;
        place.latitude = (float)location->latitude;
        place.longitude = (float)location->longitude;
    }
    geo_place_complete(&place);
    return place;
}

/* ---- marks ---- */

struct mark_list {
    struct ip_prefix *marks;
    size_t count;
};

static void add_mark(struct mark_list *list, const struct config_matcher *matcher)
{
    if (matcher->kind != CONFIG_MATCH_NETWORK)
        return;
    for (size_t i = 0; i < list->count; i++)
        if (list->marks[i].len == matcher->network.len &&
            ip_equal(&list->marks[i].addr, &matcher->network.addr))
            return;
    list->marks[list->count++] = matcher->network;
}

static size_t matcher_count(const struct config *config)
{
    size_t count = 0;
    for (size_t s = 0; s < config->service_count; s++) {
        const struct config_service *service = &config->services[s];
        count += service->residency_count;
        for (size_t r = 0; r < service->region_count; r++)
            count += service->regions[r].serves_count;
    }
    return count;
}

enum err policy_marks(const struct config *config, struct arena *arena,
                      struct ip_prefix **out_marks, size_t *out_count)
{
    struct mark_list list = {
        .marks = arena_alloc_array(arena, matcher_count(config), sizeof(*list.marks))};
    if (!list.marks)
        return ERR_NO_MEMORY;
    for (size_t s = 0; s < config->service_count; s++) {
        const struct config_service *service = &config->services[s];
        for (size_t i = 0; i < service->residency_count; i++)
            add_mark(&list, &service->residency[i].who);
        for (size_t r = 0; r < service->region_count; r++)
            for (size_t i = 0; i < service->regions[r].serves_count; i++)
                add_mark(&list, &service->regions[r].serves[i]);
    }
    *out_marks = list.marks;
    *out_count = list.count;
    return ERR_OK;
}

/* ---- classes ---- */

/* Classes found so far: packed one behind the other, and an open-addressing index over them. */
struct class_set {
    uint8_t *packed;
    size_t count, capacity, stride;
    uint32_t *slots; /* class + 1; 0: free */
    size_t slot_mask;
};

static void class_set_deinit(struct class_set *set)
{
    free(set->packed);
    free(set->slots);
}

/* class_set_grow - twice the room; the index is made anew. */
static enum err class_set_grow(struct class_set *set)
{
    size_t capacity = set->capacity > 0 ? set->capacity * 2 : 64;
    uint8_t *packed = realloc(set->packed, capacity * set->stride);
    if (!packed)
        return ERR_NO_MEMORY;
    set->packed = packed;
    uint32_t *slots = calloc(capacity * 2, sizeof(*slots));
    if (!slots)
        return ERR_NO_MEMORY;
    free(set->slots);
    set->slots = slots;
    set->slot_mask = capacity * 2 - 1;
    set->capacity = capacity;
    for (size_t i = 0; i < set->count; i++) {
        uint64_t hash = hash_bytes(HASH_SEED, packed + i * set->stride, set->stride);
        size_t slot = hash & set->slot_mask;
        while (slots[slot] != 0)
            slot = (slot + 1) & set->slot_mask;
        slots[slot] = (uint32_t)i + 1;
    }
    return ERR_OK;
}

static enum err class_intern(struct class_set *set, const uint8_t *packed, uint32_t *out_class)
{
    if (set->count == set->capacity) {
        enum err err = class_set_grow(set);
        if (err != ERR_OK)
            return err;
    }
    size_t slot = hash_bytes(HASH_SEED, packed, set->stride) & set->slot_mask;
    for (; set->slots[slot] != 0; slot = (slot + 1) & set->slot_mask) {
        uint32_t class = set->slots[slot] - 1;
        if (memcmp(set->packed + class * set->stride, packed, set->stride) == 0) {
            *out_class = class;
            return ERR_OK;
        }
    }
    if (set->count > GEO_CLASS_MAX)
        return ERR_LIMIT;
    memcpy(set->packed + set->count * set->stride, packed, set->stride);
    *out_class = (uint32_t)set->count++;
    set->slots[slot] = *out_class + 1;
    return ERR_OK;
}

static void pack(const struct policy_ranking *ranking, size_t region_count, size_t stride,
                 uint8_t *packed)
{
    memset(packed, 0, stride);
    memcpy(packed, &ranking->allowed, sizeof(ranking->allowed));
    memcpy(packed + CLASS_RESIDENCY, &ranking->residency, sizeof(ranking->residency));
    packed[CLASS_COUNT] = ranking->count;
    memcpy(packed + CLASS_REGIONS, ranking->regions, ranking->count);
    memcpy(packed + CLASS_REGIONS + region_count, ranking->group_end, ranking->count);
}

/* classify - the class of every location, or of the fallback alone when the order is the same
 * for all. */
static enum err classify(struct compiler *c, const struct config_service *service,
                         struct class_set *set, uint32_t *class_of)
{
    struct policy_ranker ranker;
    struct policy_ranking ranking;
    uint8_t packed[CLASS_STRIDE_MAX];
    policy_ranker_init(&ranker, c->config, service, c->marks);
    size_t locations = geo_map_location_count(c->map);
    for (size_t i = 0; i < locations; i++) {
        policy_rank(&ranker, geo_map_location(c->map, i), &ranking);
        pack(&ranking, service->region_count, set->stride, packed);
        enum err err = class_intern(set, packed, &class_of[i]);
        if (err != ERR_OK)
            return err;
        if (!policy_depends_on_client(service))
            break;
    }
    return ERR_OK;
}

/* trie_of - the trie for these classes: an equal one made before, or a new one. Takes class_of
 * over. */
static enum err trie_of(struct compiler *c, uint32_t *class_of,
                        const struct geo_trie **out_trie)
{
    size_t bytes = geo_map_location_count(c->map) * sizeof(*class_of);
    for (size_t i = 0; i < c->trie_count; i++) {
        if (memcmp(c->tries[i].class_of, class_of, bytes) == 0) {
            *out_trie = c->tries[i].trie;
            free(class_of);
            return ERR_OK;
        }
    }
    enum err err = geo_trie_build(c->map, class_of, c->arena, out_trie);
    if (err != ERR_OK) {
        free(class_of);
        return err;
    }
    c->tries[c->trie_count].class_of = class_of;
    c->tries[c->trie_count++].trie = *out_trie;
    return ERR_OK;
}

static enum err compile_classes(struct compiler *c, struct policy_service *out)
{
    struct class_set set = {.stride = stride_of(out->region_count)};
    uint32_t *class_of = calloc(geo_map_location_count(c->map), sizeof(*class_of));
    enum err err = class_of ? classify(c, out->config, &set, class_of) : ERR_NO_MEMORY;
    if (err == ERR_OK && set.count > 1) {
        err = trie_of(c, class_of, &out->trie);
        class_of = NULL;
    }
    if (err == ERR_OK) {
        out->classes = arena_copy(c->arena, set.packed, set.count * set.stride);
        out->class_count = set.count;
        out->class_stride = set.stride;
        err = out->classes ? ERR_OK : ERR_NO_MEMORY;
    }
    free(class_of);
    class_set_deinit(&set);
    return err;
}

/* ---- services ---- */

static enum err compile_endpoints(struct compiler *c, const struct config_service_region *in,
                                  enum ip_family family,
                                  const struct policy_endpoint **out_list, uint16_t *out_count)
{
    struct policy_endpoint *list =
        arena_alloc_array(c->arena, in->address_count, sizeof(*list));
    if (!list)
        return ERR_NO_MEMORY;
    uint16_t count = 0;
    for (size_t i = 0; i < in->address_count; i++) {
        if (in->addresses[i].family != family)
            continue;
        list[count].addr = in->addresses[i];
        list[count++].seat = c->next_seat + (uint32_t)i;
    }
    *out_list = list;
    *out_count = count;
    return ERR_OK;
}

static enum err compile_names(struct compiler *c, const struct config_service_region *in,
                              struct policy_region *out)
{
    const uint8_t **names = arena_alloc_array(c->arena, in->name_count, sizeof(*names));
    if (!names)
        return ERR_NO_MEMORY;
    for (size_t i = 0; i < in->name_count; i++) {
        uint8_t wire[DNS_NAME_MAX];
        const char *reason;
        size_t len =
            dns_name_from_text(in->names[i], strlen(in->names[i]), NULL, wire, &reason);
        REQUIRE(len > 0); /* config_load() has checked it */
        dns_name_lower(wire, len);
        names[i] = arena_copy(c->arena, wire, len);
        if (!names[i])
            return ERR_NO_MEMORY;
    }
    out->names = names;
    out->name_count = (uint16_t)in->name_count;
    return ERR_OK;
}

static enum err compile_region(struct compiler *c, const struct config_service_region *in,
                               struct policy_region *out)
{
    *out = (struct policy_region){
        .name = in->name,
        .name_hash = hash_bytes(HASH_SEED, in->name, strlen(in->name)),
        .weight = in->weight > 0 ? in->weight : 1,
        .nested = in->service,
        .first_seat = c->next_seat,
    };
    enum err err = compile_endpoints(c, in, IP_V4, &out->v4, &out->v4_count);
    if (err == ERR_OK)
        err = compile_endpoints(c, in, IP_V6, &out->v6, &out->v6_count);
    c->next_seat += (uint32_t)config_region_seat_count(in);
    return err == ERR_OK ? compile_names(c, in, out) : err;
}

/* ttl_ceiling_s - `ttl: {cap: true}`: no answer outlives the time in which the state machine
 * could next change it. An endpoint that is up can be DOWN after its next probe and fall - 1
 * confirmations. Whole seconds, rounded down, but never the 0 that forbids caching. */
static uint32_t ttl_ceiling_s(const struct config *config, const struct config_service *service)
{
    const struct config_check *check = &config->checks[service->check];
    if (!service->ttl.cap || check->kind == CONFIG_CHECK_NONE)
        return UINT32_MAX;
    uint64_t ms = check->interval_ms + (uint64_t)(check->fall - 1) * check->confirm_ms;
    return ms < 1000 ? 1 : (uint32_t)(ms / 1000);
}

static uint32_t smaller(uint32_t a, uint32_t b)
{
    return a < b ? a : b;
}

static enum err compile_service(struct compiler *c, const struct config_service *in,
                                struct policy_service *out)
{
    uint32_t ceiling_s = ttl_ceiling_s(c->config, in);
    *out = (struct policy_service){
        .name = in->name,
        .name_hash = hash_bytes(HASH_SEED, in->name, strlen(in->name)),
        .config = in,
        .region_count = (uint8_t)in->region_count,
        .max_answers = (uint8_t)in->max_answers,
        .answers = (uint8_t)in->answers,
        .by_pop_latency =
            in->policy == CONFIG_POLICY_LATENCY && in->latency_source == CONFIG_LATENCY_POP,
        .min_up_permille = (uint16_t)lround(in->min_up * 1000),
        .all_down = (uint8_t)in->all_down,
        .all_down_region = (uint8_t)in->all_down_region,
        .ttl_from_proof = in->ttl.from_proof,
        .ttl_stable_s = smaller(in->ttl.stable_s, ceiling_s),
        .ttl_unsettled_s = smaller(in->ttl.unsettled_s, ceiling_s),
        .ttl_suspect_s = smaller(in->ttl.suspect_s, ceiling_s),
    };
    struct policy_region *regions =
        arena_alloc_array(c->arena, in->region_count, sizeof(*regions));
    if (!regions)
        return ERR_NO_MEMORY;
    out->regions = regions;
    for (size_t i = 0; i < in->region_count; i++) {
        enum err err = compile_region(c, &in->regions[i], &regions[i]);
        if (err != ERR_OK)
            return err;
    }
    return compile_classes(c, out);
}

enum err policy_compile(const struct config *config, const struct geo_map *map,
                        struct arena *arena, struct policy_set *out_set)
{
    REQUIRE(config->service_count <= CONFIG_SERVICES_MAX);
    struct policy_service *services =
        arena_alloc_array(arena, config->service_count, sizeof(*services));
    struct compiler *c = calloc(1, sizeof(*c));
    struct ip_prefix *marks = NULL;
    size_t mark_count;
    enum err err =
        services && c ? policy_marks(config, arena, &marks, &mark_count) : ERR_NO_MEMORY;
    if (err == ERR_OK) {
        c->config = config;
        c->map = map;
        c->marks = marks;
        c->arena = arena;
    }
    for (size_t i = 0; i < config->service_count && err == ERR_OK; i++)
        err = compile_service(c, &config->services[i], &services[i]);
    for (size_t i = 0; c && i < c->trie_count; i++)
        free(c->tries[i].class_of);
    free(c);
    struct policy_set set = {
        .services = services, .service_count = config->service_count, .marks = marks};
    if (err == ERR_OK)
        err = policy_countries_compile(map, arena, &set);
    if (err == ERR_OK)
        *out_set = set;
    return err;
}
