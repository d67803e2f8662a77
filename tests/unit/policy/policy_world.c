#include "policy_world.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { ARENA_BYTES = 1 << 28 };

static void load(struct world *world, const char *yaml)
{
    struct diag_list *diags = diag_list_new();
    assert_non_null(diags);
    enum err err = config_load_text(yaml, strlen(yaml), "/rhumb.yaml", world->arena, diags,
                                    &world->config);
    for (size_t i = 0; i < diag_count(diags); i++)
        if (diag_get(diags, i)->severity == DIAG_ERROR)
            diag_print(diag_get(diags, i), stderr);
    diag_list_free(diags);
    assert_int_equal(err, ERR_OK);
}

static void build_map(struct world *world)
{
    const struct config_geo *geo = &world->config->geo;
    struct geo_network *networks = calloc(geo->network_count + 1, sizeof(*networks));
    assert_non_null(networks);
    for (size_t i = 0; i < geo->network_count; i++) {
        networks[i].prefix = geo->networks[i].prefix;
        networks[i].place = policy_place_of(&geo->networks[i].location);
    }
    assert_int_equal(
        policy_marks(world->config, world->arena, &world->marks, &world->mark_count), ERR_OK);
    struct geo_map_input input = {
        .networks = networks,
        .network_count = geo->network_count,
        .marks = world->marks,
        .mark_count = world->mark_count,
        .fallback = policy_place_of(&geo->fallback),
    };
    enum err err = geo_map_build(&input, &world->map);
    free(networks);
    assert_int_equal(err, ERR_OK);
}

static void list_region(struct world *world, uint16_t service, uint8_t region)
{
    const struct config_service *of = &world->config->services[service];
    const struct config_service_region *in = &of->regions[region];
    size_t count = config_region_seat_count(in);
    assert_true(world->seat_count + count <= WORLD_SEATS_MAX);
    for (size_t i = 0; i < count; i++)
        world->seats[world->seat_count++] = (struct world_seat){
            .addr = i < in->address_count ? &in->addresses[i] : NULL,
            .name = i < in->name_count ? in->names[i] : NULL,
            .service = service,
            .region = region,
            .checked = world->config->checks[of->check].kind != CONFIG_CHECK_NONE,
        };
}

static void list_seats(struct world *world)
{
    for (uint16_t s = 0; s < world->config->service_count; s++)
        for (uint8_t r = 0; r < world->config->services[s].region_count; r++)
            list_region(world, s, r);
}

void world_init(struct world *world, const char *yaml)
{
    memset(world, 0, sizeof(*world));
    rng_init(&world->rng, 1);
    world->arena = arena_new(ARENA_BYTES);
    assert_non_null(world->arena);
    load(world, yaml);
    build_map(world);
    assert_int_equal(policy_compile(world->config, world->map, world->arena, &world->set),
                     ERR_OK);
    list_seats(world);
    assert_int_equal(health_table_init(&world->health, world->seat_count,
                                       world->config->service_count, world->arena),
                     ERR_OK);
    for (size_t i = 0; i < world->seat_count; i++)
        if (world->seats[i].checked)
            health_table_set(&world->health, i, world_word(WORLD_UP, HEALTH_SCALE_FULL));
}

void world_deinit(struct world *world)
{
    geo_map_free(world->map);
    arena_free(world->arena);
}

uint16_t world_service(const struct world *world, const char *name)
{
    for (size_t i = 0; i < world->config->service_count; i++)
        if (strcmp(world->config->services[i].name, name) == 0)
            return (uint16_t)i;
    fail_msg("no service %s", name);
    return 0;
}

uint8_t world_region(const struct world *world, const char *service, const char *region)
{
    const struct policy_service *s = &world->set.services[world_service(world, service)];
    for (uint8_t i = 0; i < s->region_count; i++)
        if (strcmp(s->regions[i].name, region) == 0)
            return i;
    fail_msg("no region %s in %s", region, service);
    return 0;
}

size_t world_first_seat(const struct world *world, uint16_t service, uint8_t region)
{
    for (size_t i = 0; i < world->seat_count; i++)
        if (world->seats[i].service == service && world->seats[i].region == region)
            return i;
    fail_msg("region %u of service %u has no seat", region, service);
    return 0;
}

health_word world_word(enum world_health health, unsigned scale)
{
    static const health_word words[] = {
        [WORLD_UP] = HEALTH_WORD_USABLE | HEALTH_UP << HEALTH_WORD_STATE_SHIFT,
        [WORLD_SUSPECT] = HEALTH_WORD_USABLE | HEALTH_WORD_SUSPECT |
                          HEALTH_SUSPECT << HEALTH_WORD_STATE_SHIFT,
        [WORLD_DOWN] = HEALTH_DOWN << HEALTH_WORD_STATE_SHIFT,
        [WORLD_RESERVE] = HEALTH_WORD_RESERVE | HEALTH_HELD << HEALTH_WORD_STATE_SHIFT,
    };
    return words[health] | scale << HEALTH_WORD_SCALE_SHIFT;
}

static bool is_endpoint(const struct world_seat *seat, const char *text)
{
    struct ip_addr parsed;
    if (ip_parse(text, &parsed))
        return seat->addr && ip_equal(seat->addr, &parsed);
    return seat->name && strcmp(seat->name, text) == 0;
}

/* next_seat - the next checked one with this endpoint, from at on; the first must exist. */
static size_t next_seat(const struct world *world, const char *endpoint, size_t at)
{
    size_t i = at;
    while (i < world->seat_count &&
           !(world->seats[i].checked && is_endpoint(&world->seats[i], endpoint)))
        i++;
    if (at == 0 && i == world->seat_count)
        fail_msg("%s is not checked", endpoint);
    return i;
}

void world_set_scaled(struct world *world, const char *endpoint, enum world_health health,
                      unsigned scale)
{
    for (size_t i = next_seat(world, endpoint, 0); i < world->seat_count;
         i = next_seat(world, endpoint, i + 1))
        health_table_set(&world->health, i, world_word(health, scale));
}

void world_set(struct world *world, const char *endpoint, enum world_health health)
{
    world_set_scaled(world, endpoint, health, HEALTH_SCALE_FULL);
}

void world_set_region(struct world *world, const char *service, const char *region,
                      enum world_health health, unsigned scale)
{
    uint16_t s = world_service(world, service);
    uint8_t r = world_region(world, service, region);
    size_t first = world_first_seat(world, s, r);
    size_t count = config_region_seat_count(&world->config->services[s].regions[r]);
    for (size_t i = first; i < first + count; i++)
        health_table_set(&world->health, i, world_word(health, scale));
}

void world_set_rtt(struct world *world, const char *addr, uint32_t rtt_us)
{
    for (size_t i = next_seat(world, addr, 0); i < world->seat_count;
         i = next_seat(world, addr, i + 1))
        health_table_set_rtt_us(&world->health, i, rtt_us);
}

void world_set_unsettled(struct world *world, const char *service, bool unsettled)
{
    health_table_set_service(&world->health, world_service(world, service),
                             unsettled ? HEALTH_SERVICE_UNSETTLED : 0);
}

struct policy_client world_client(const char *text)
{
    struct policy_client client = {.is_ecs = strchr(text, '/') != NULL};
    assert_true(ip_prefix_parse(text, &client.network));
    return client;
}

struct policy_request world_request(const struct world *world, const char *service,
                                    enum ip_family family, const char *client)
{
    uint16_t index = world_service(world, service);
    return (struct policy_request){
        .set = &world->set,
        .health = &world->health,
        .service = index,
        .pinned = POLICY_NO_REGION,
        .sticky = world->config->services[index].sticky,
        .family = family,
        .client = world_client(client),
    };
}

const struct policy_answer *world_ask(struct world *world, const char *service,
                                      enum ip_family family, const char *client)
{
    struct policy_request request = world_request(world, service, family, client);
    policy_select(&request, &world->rng, &world->answer);
    return &world->answer;
}

static int compare_addresses(const void *a, const void *b)
{
    const struct ip_addr *const *x = a, *const *y = b;
    return memcmp((*x)->bytes, (*y)->bytes, sizeof((*x)->bytes));
}

const char *world_addresses(const struct policy_answer *answer, char *buffer, size_t size)
{
    const struct ip_addr *sorted[POLICY_ADDRESSES_MAX];
    size_t used = 0;
    for (uint16_t i = 0; i < answer->count; i++)
        sorted[i] = answer->addresses[i];
    qsort(sorted, answer->count, sizeof(sorted[0]), compare_addresses);
    buffer[0] = '\0';
    for (uint16_t i = 0; i < answer->count; i++) {
        char text[IP_TEXT_MAX];
        int len = snprintf(buffer + used, size - used, "%s%s", i > 0 ? " " : "",
                           ip_format(sorted[i], text));
        assert_true(len > 0 && used + (size_t)len < size);
        used += (size_t)len;
    }
    return buffer;
}
