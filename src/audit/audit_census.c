#include "rhumb/audit_census.h"

#include <stdlib.h>
#include <string.h>

enum { ARENA_SHIFT = 33, COUNTRIES = 26 * 26 + 1, LISTS = 2 * COUNTRIES, NO_ROW = 0 };

/* What the map says of one location. */
struct found {
    struct audit_count count;
    struct ip_addr addr; /* one of its addresses, when there are any */
};

struct counter {
    const struct snapshot *snapshot;
    struct audit_census *census;
    struct found *found; /* by location */
    struct policy_walker walker;
    size_t *first_region; /* by service: where its regions begin in end_of */
    bool *seen;           /* by service: its regions are in the list of ends */
    /* of the service at work */
    struct audit_service *service;
    uint32_t *end_of;       /* by region of any service: end + 1; 0: none */
    uint64_t *ends;         /* of the location at work */
    size_t words;           /* in such a set */
    uint32_t row_of[LISTS]; /* the latest row of a country + 1, known and assumed; NO_ROW */
    struct audit_row *rows; /* malloc'ed */
    uint32_t *before;       /* beside rows: the row of the country before + 1; NO_ROW */
    size_t row_capacity;
};

static void add(struct audit_count *to, const struct audit_count *count)
{
    to->networks += count->networks;
    to->v4 += count->v4;
    to->v6 += count->v6;
}

/* is_elsewhere - clients there count as the IPv4 address inside theirs. */
static bool is_elsewhere(const struct ip_prefix *network)
{
    for (size_t i = 0; i < IP_EMBEDDING_RANGE_COUNT; i++)
        if (ip_prefix_contains(&ip_embedding_ranges[i], &network->addr))
            return true;
    return false;
}

static void on_network(void *ctx, const struct ip_prefix *network, uint32_t location)
{
    struct counter *counter = ctx;
    struct audit_count one = {.networks = 1};
    if (is_elsewhere(network))
        return;
    if (network->addr.family == IP_V4)
        one.v4 = UINT64_C(1) << (32 - network->len);
    else
        one.v6 = (unsigned __int128)1 << (128 - network->len); /* see is_elsewhere() */
    if (counter->found[location].count.networks == 0)
        counter->found[location].addr = network->addr;
    add(&counter->found[location].count, &one);
    add(&counter->census->all, &one);
}

/* ---- ends ---- */

/* list_ends - every region that the service may lead to, whoever asks: as policy_reach_walk() goes,
 * but without rules, and as deep. */
static void list_ends(struct counter *counter, uint16_t index, bool *seen)
{
    const struct config *config = counter->snapshot->config;
    const struct config_service *service = &config->services[index];
    if (seen[index])
        return;
    seen[index] = true;
    for (size_t r = 0; r < service->region_count; r++) {
        uint16_t nested = service->regions[r].service;
        if (nested != CONFIG_NONE) {
            list_ends(counter, nested, seen);
            continue;
        }
        struct audit_service *out = counter->service;
        out->ends[out->end_count++].reach = (struct policy_reach){index, (uint8_t)r};
        counter->end_of[counter->first_region[index] + r] = (uint32_t)out->end_count;
    }
}

static void on_reach(void *ctx, struct policy_reach reach)
{
    struct counter *counter = ctx;
    uint32_t end = counter->end_of[counter->first_region[reach.service] + reach.region] - 1;
    counter->ends[end / 64] |= UINT64_C(1) << end % 64;
}

/* ---- rows ---- */

/* country_index - two letters; anything else is one country. */
static unsigned country_index(const struct geo_place *place)
{
    unsigned a = (unsigned)(place->country[0] - 'A'), b = (unsigned)(place->country[1] - 'A');
    return a < 26 && b < 26 ? a * 26 + b : COUNTRIES - 1;
}

static enum err grow(struct counter *counter)
{
    size_t capacity = counter->row_capacity > 0 ? counter->row_capacity * 2 : 256;
    struct audit_row *rows = realloc(counter->rows, capacity * sizeof(*rows));
    if (!rows)
        return ERR_NO_MEMORY;
    counter->rows = rows;
    uint32_t *before = realloc(counter->before, capacity * sizeof(*before));
    if (!before)
        return ERR_NO_MEMORY;
    counter->before = before;
    counter->row_capacity = capacity;
    return ERR_OK;
}

/* row_for - of these clients: the one there is, or a new one. NULL: out of memory. */
static struct audit_row *row_for(struct counter *counter, const struct geo_location *where)
{
    struct audit_service *service = counter->service;
    bool assumed = where->place_source == GEO_SOURCE_DEFAULT;
    unsigned country = country_index(&where->place), list = country + assumed * COUNTRIES;
    size_t bytes = counter->words * sizeof(*counter->ends);
    for (uint32_t at = counter->row_of[list]; at != NO_ROW; at = counter->before[at - 1])
        if (memcmp(counter->rows[at - 1].ends, counter->ends, bytes) == 0)
            return &counter->rows[at - 1];
    if (service->row_count == counter->row_capacity && grow(counter) != ERR_OK)
        return NULL;
    struct audit_row *row = &counter->rows[service->row_count];
    *row = (struct audit_row){.country = "--",
                              .assumed = assumed,
                              .ends = arena_copy(counter->census->arena, counter->ends, bytes)};
    if (!row->ends)
        return NULL;
    if (country < COUNTRIES - 1)
        memcpy(row->country, where->place.country, sizeof(where->place.country));
    counter->before[service->row_count] = counter->row_of[list];
    counter->row_of[list] = (uint32_t)++service->row_count;
    return row;
}

/* count_first - the members of the first group are the first choice of these clients. */
static void count_first(struct counter *counter, uint16_t index, const struct found *found)
{
    const struct policy_service *service = &counter->snapshot->policies.services[index];
    uint32_t class = 0;
    uint8_t len;
    if (service->trie)
        class = geo_trie_find(service->trie, &found->addr, &len);
    struct policy_order order = policy_class_get(service, class);
    for (uint8_t i = 0; i < order.group_end[0]; i++) {
        uint8_t region = order.regions[i];
        uint32_t end = counter->end_of[counter->first_region[index] + region];
        if (service->regions[region].nested == CONFIG_NONE && end > 0)
            add(&counter->service->ends[end - 1].first, &found->count);
    }
}

static enum err count_location(struct counter *counter, uint16_t index, size_t location)
{
    const struct found *found = &counter->found[location];
    const struct geo_location *where = geo_map_location(counter->snapshot->map, location);
    if (found->count.networks == 0) /* the fallback, when every address is known */
        return ERR_OK;
    memset(counter->ends, 0, counter->words * sizeof(*counter->ends));
    policy_reach_walk(&counter->walker, index, where, on_reach, counter);
    struct audit_row *row = row_for(counter, where);
    if (!row)
        return ERR_NO_MEMORY;
    add(&row->count, &found->count);
    for (size_t e = 0; e < counter->service->end_count; e++)
        if (audit_row_has(row, e))
            add(&counter->service->ends[e].may, &found->count);
    count_first(counter, index, found);
    return ERR_OK;
}

/* ---- services ---- */

static int compare_rows(const void *a, const void *b)
{
    const struct audit_row *x = a, *y = b;
    int order = strcmp(x->country, y->country);
    if (order != 0 || x->assumed != y->assumed)
        return order != 0 ? order : x->assumed - y->assumed;
    return (x->count.networks < y->count.networks) - (x->count.networks > y->count.networks);
}

/* prepare - the ends of a service, and nothing counted. */
static enum err prepare(struct counter *counter, uint16_t index)
{
    const struct config *config = counter->snapshot->config;
    size_t regions = counter->first_region[config->service_count];
    struct arena *arena = counter->census->arena;
    counter->service = &counter->census->services[index];
    counter->service->ends = arena_alloc_array(arena, regions, sizeof(struct audit_end));
    counter->words = regions / 64 + 1;
    if (!counter->service->ends)
        return ERR_NO_MEMORY;
    memset(counter->seen, 0, config->service_count * sizeof(*counter->seen));
    memset(counter->end_of, 0, regions * sizeof(*counter->end_of));
    memset(counter->row_of, 0, sizeof(counter->row_of));
    list_ends(counter, index, counter->seen);
    counter->words = counter->service->end_count / 64 + 1;
    return ERR_OK;
}

static enum err count_service(struct counter *counter, uint16_t index)
{
    enum err err = prepare(counter, index);
    size_t locations = geo_map_location_count(counter->snapshot->map);
    for (size_t i = 0; i < locations && err == ERR_OK; i++)
        err = count_location(counter, index, i);
    struct audit_service *service = counter->service;
    if (err != ERR_OK || service->row_count == 0)
        return err;
    qsort(counter->rows, service->row_count, sizeof(*counter->rows), compare_rows);
    service->rows = arena_copy(counter->census->arena, counter->rows,
                               service->row_count * sizeof(*counter->rows));
    return service->rows ? ERR_OK : ERR_NO_MEMORY;
}

bool audit_row_is_free(const struct audit_service *service, const struct audit_row *row)
{
    for (size_t e = 0; e < service->end_count; e++)
        if (!audit_row_has(row, e))
            return false;
    return true;
}

/* ---- the door ---- */

static enum err count_all(struct counter *counter)
{
    const struct snapshot *snapshot = counter->snapshot;
    const struct config *config = snapshot->config;
    size_t regions = 0;
    for (size_t s = 0; s < config->service_count; s++) {
        counter->first_region[s] = regions;
        regions += config->services[s].region_count;
    }
    counter->first_region[config->service_count] = regions;
    counter->end_of = calloc(regions + 1, sizeof(*counter->end_of));
    counter->ends = calloc(regions / 64 + 1, sizeof(*counter->ends));
    if (!counter->end_of || !counter->ends)
        return ERR_NO_MEMORY;
    geo_map_walk(snapshot->map, on_network, counter);
    enum err err = ERR_OK;
    for (uint16_t s = 0; s < config->service_count && err == ERR_OK; s++)
        err = count_service(counter, s);
    return err;
}

enum err audit_census_take(const struct snapshot *snapshot, struct audit_census *out_census)
{
    size_t services = snapshot->config->service_count;
    *out_census = (struct audit_census){.arena = arena_new((size_t)1 << ARENA_SHIFT)};
    struct counter *counter = calloc(1, sizeof(*counter));
    if (!counter || !out_census->arena) {
        free(counter);
        return ERR_NO_MEMORY;
    }
    counter->snapshot = snapshot;
    counter->census = out_census;
    counter->found = calloc(geo_map_location_count(snapshot->map), sizeof(*counter->found));
    counter->first_region = calloc(services + 1, sizeof(*counter->first_region));
    counter->seen = calloc(services + 1, sizeof(*counter->seen));
    out_census->services =
        arena_alloc_array(out_census->arena, services, sizeof(*out_census->services));
    out_census->service_count = services;
    enum err err = policy_walker_init(&counter->walker, snapshot->config, &snapshot->policies);
    if (err == ERR_OK)
        err = counter->found && counter->first_region && counter->seen && out_census->services
                  ? count_all(counter)
                  : ERR_NO_MEMORY;
    policy_walker_deinit(&counter->walker);
    free(counter->found);
    free(counter->first_region);
    free(counter->seen);
    free(counter->end_of);
    free(counter->ends);
    free(counter->rows);
    free(counter->before);
    free(counter);
    return err;
}

void audit_census_free(struct audit_census *census)
{
    arena_free(census->arena);
    *census = (struct audit_census){0};
}
