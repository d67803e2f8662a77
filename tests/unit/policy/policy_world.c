#include "policy_world.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { ARENA_BYTES = 1 << 28 };

static uint32_t target_of(void *ctx, uint16_t check, const struct ip_addr *addr)
{
    struct world *world = ctx;
    if (world->config->checks[check].kind == CONFIG_CHECK_NONE)
        return POLICY_NO_TARGET;
    for (size_t i = 0; i < world->target_count; i++)
        if (ip_equal(&world->targets[i], addr))
            return (uint32_t)i;
    assert_true(world->target_count < WORLD_TARGETS_MAX);
    world->targets[world->target_count] = *addr;
    return (uint32_t)world->target_count++;
}

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

void world_init(struct world *world, const char *yaml)
{
    memset(world, 0, sizeof(*world));
    rng_init(&world->rng, 1);
    world->arena = arena_new(ARENA_BYTES);
    assert_non_null(world->arena);
    load(world, yaml);
    build_map(world);
    assert_int_equal(
        policy_compile(world->config, world->map, target_of, world, world->arena, &world->set),
        ERR_OK);
    assert_int_equal(health_table_init(&world->health, world->target_count,
                                       world->config->service_count, world->arena),
                     ERR_OK);
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

static size_t target(const struct world *world, const char *addr)
{
    struct ip_addr parsed;
    assert_true(ip_parse(addr, &parsed));
    for (size_t i = 0; i < world->target_count; i++)
        if (ip_equal(&world->targets[i], &parsed))
            return i;
    fail_msg("%s is not checked", addr);
    return 0;
}

void world_set(struct world *world, const char *addr, enum world_health health)
{
    static const health_word words[] = {
        [WORLD_UP] = HEALTH_WORD_USABLE | HEALTH_UP << HEALTH_WORD_STATE_SHIFT,
        [WORLD_SUSPECT] = HEALTH_WORD_USABLE | HEALTH_WORD_SUSPECT |
                          HEALTH_SUSPECT << HEALTH_WORD_STATE_SHIFT,
        [WORLD_DOWN] = HEALTH_DOWN << HEALTH_WORD_STATE_SHIFT,
    };
    health_table_set(&world->health, target(world, addr), words[health]);
}

void world_set_rtt(struct world *world, const char *addr, uint32_t rtt_us)
{
    health_table_set_rtt_us(&world->health, target(world, addr), rtt_us);
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
