#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "rhumb/hash.h"

#include "policy_world.h"

/* clang-format off: reads as the file it is */
static const char YAML[] =
    "checks: { tcp: { tcp: { port: 80 } } }\n"
    "geo:\n"
    "  networks:\n"
    "    192.0.2.0/24: { country: US }\n"
    "    198.51.100.0/24: { country: DE }\n"
    "    203.0.113.0/24: { country: FR }\n"
    "    \"2001:db8::/32\": { country: FR }\n"
    "regions: { a: {}, b: {}, c: {} }\n"
    "services:\n"
    "  geo:\n"
    "    policy: geo\n"
    "    check: tcp\n"
    "    min_up: 66.6%\n"
    "    max_answers: 3\n"
    "    answers: 2\n"
    "    when_all_down: { region: c }\n"
    "    ttl: { stable: 40s, unsettled: 4s, suspect: 2s }\n"
    "    regions:\n"
    "      a: { serves: [ EU ], weight: 7, addresses: [ 10.0.1.1, \"2001:db8::1\", 10.0.1.2 ] "
    "}\n"
    "      b: { serves: [ US, 10.0.0.0/8, 10.1.0.0/16 ], addresses: [ 10.0.2.1 ] }\n"
    "      c: { names: [ C.example.net, d.example.net. ], weight: 0 }\n"
    "  alike:\n"
    "    policy: geo\n"
    "    regions:\n"
    "      b: { serves: [ EU ], addresses: [ 10.0.2.1 ] }\n"
    "      c: { serves: [ US, 10.0.0.0/8 ], addresses: [ 10.0.3.1 ] }\n"
    "  other:\n"
    "    policy: geo\n"
    "    regions:\n"
    "      a: { serves: [ US ], addresses: [ 10.0.1.1 ] }\n"
    "      b: { serves: [ DE, 10.1.0.0/16, 192.0.2.0/24 ], addresses: [ 10.0.2.1 ] }\n"
    "  same-for-all:\n"
    "    policy: geo\n"
    "    regions: { a: { serves: [ default ], addresses: [ 10.0.1.1 ] } }\n"
    "  failover:\n"
    "    policy: failover\n"
    "    regions: { a: { addresses: [ 10.0.1.1 ] }, b: { service: other } }\n"
    "  resident:\n"
    "    policy: failover\n"
    "    regions: { a: { addresses: [ 10.0.1.1 ] }, b: { addresses: [ 10.0.2.1 ] } }\n"
    "    residency: { DE: [ b ], FR: [ b ], 10.1.0.0/16: [ a ], \"2001:db8::/32\": [ a, b ] }\n"
    "  capped:\n"
    "    policy: failover\n"
    "    check: tcp\n"
    "    ttl: { stable: 1h, unsettled: 5s, cap: true }\n"
    "    regions: { a: { addresses: [ 10.0.1.1 ] } }\n"
    "  uncapped:\n"
    "    policy: failover\n"
    "    ttl: { stable: 1h, cap: true }\n"
    "    regions: { a: { addresses: [ 10.0.1.1 ] } }\n";
/* clang-format on */

static struct world world;

static int setup(void **state)
{
    (void)state;
    world_init(&world, YAML);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    world_deinit(&world);
    return 0;
}

static const struct policy_service *service(const char *name)
{
    return &world.set.services[world_service(&world, name)];
}

/* ---- marks and places -------------------------------------------------------------------- */

static void each_network_that_a_rule_names_is_one_mark(void **state)
{
    (void)state;
    static const char *const expected[] = {"10.0.0.0/8", "10.1.0.0/16", "192.0.2.0/24",
                                           "2001:db8::/32"};
    assert_int_equal(world.mark_count, 4);
    for (size_t i = 0; i < 4; i++) {
        char text[IP_TEXT_MAX];
        size_t seen = 0;
        for (size_t m = 0; m < world.mark_count; m++)
            seen += strcmp(ip_prefix_format(&world.marks[m], text), expected[i]) == 0;
        assert_int_equal(seen, 1);
    }
}

static void a_configured_location_becomes_a_complete_place(void **state)
{
    (void)state;
    struct config_location location = {.country = "DE",
                                       .subdivision = "BE",
                                       .asn = 64496,
                                       .has_coordinates = true,
                                       .latitude = 52.5,
                                       .longitude = 13.4};
    struct geo_place place = policy_place_of(&location);
    assert_memory_equal(place.country, "DE", 2);
    assert_memory_equal(place.continent, "EU", 2);
    assert_memory_equal(place.subdivision, "BE\0", 3);
    assert_int_equal(place.flags, GEO_HAS_COORDINATES | GEO_IN_EU);
    assert_int_equal(place.asn, 64496);
    assert_true(place.latitude == 52.5F && place.longitude == 13.4F);

    struct config_location nothing = {0};
    static const struct geo_place zero;
    place = policy_place_of(&nothing);
    assert_memory_equal(&place, &zero, sizeof(zero));
}

/* ---- services ---------------------------------------------------------------------------- */

static void a_service_has_what_the_query_path_needs(void **state)
{
    (void)state;
    const struct policy_service *geo = service("geo");
    assert_string_equal(geo->name, "geo");
    assert_ptr_equal(geo->config, &world.config->services[world_service(&world, "geo")]);
    assert_int_equal(geo->region_count, 3);
    assert_int_equal(geo->max_answers, 3);
    assert_int_equal(geo->answers, 2);
    assert_int_equal(geo->min_up_permille, 666);
    assert_int_equal(geo->all_down, CONFIG_ALL_DOWN_REGION);
    assert_int_equal(geo->all_down_region, 2);
    assert_int_equal(geo->ttl_stable_s, 40);
    assert_int_equal(geo->ttl_unsettled_s, 4);
    assert_int_equal(geo->ttl_suspect_s, 2);
    assert_false(geo->by_pop_latency);
}

static void a_region_keeps_each_family_and_its_names_apart(void **state)
{
    (void)state;
    const struct policy_region *a = &service("geo")->regions[0], *c = a + 2;
    assert_int_equal(a->v4_count, 2);
    assert_int_equal(a->v6_count, 1);
    assert_int_equal(a->v4[1].addr.bytes[3], 2);
    assert_int_equal(a->v6[0].addr.family, IP_V6);
    assert_int_equal(a->name_count, 0);
    assert_int_equal(a->nested, CONFIG_NONE);
    assert_true(a->name_hash == hash_bytes(HASH_SEED, "a", 1));
    assert_int_equal(c->v4_count + c->v6_count, 0);
    assert_int_equal(c->name_count, 2);
    assert_memory_equal(c->names[0], "\1c\7example\3net", 15); /* in lower case */
    assert_memory_equal(c->names[1], "\1d\7example\3net", 15);
    assert_int_equal(service("failover")->regions[1].nested, world_service(&world, "other"));
}

static void weight_0_is_a_place_in_the_last_group(void **state)
{
    (void)state;
    const struct policy_service *geo = service("geo");
    assert_int_equal(geo->regions[0].weight, 7);
    assert_int_equal(geo->regions[1].weight, 1);
    assert_int_equal(geo->regions[2].weight, 1);
    for (uint32_t class = 0; class < geo->class_count; class ++)
        assert_int_equal(policy_class_get(geo, class).regions[2], 2);
}

/* Default check: 10 s between probes, two confirmations after 100 ms each. */
static void a_cap_holds_every_ttl_down(void **state)
{
    (void)state;
    assert_int_equal(service("capped")->ttl_stable_s, 10);
    assert_int_equal(service("capped")->ttl_unsettled_s, 5);
    assert_int_equal(service("uncapped")->ttl_stable_s, 3600); /* nothing is checked */
}

/* ---- classes and tries ------------------------------------------------------------------- */

static void equal_orders_are_one_class(void **state)
{
    (void)state;
    /* Whom no rule fits gets a and b by their place in the file, as Europe does by its rule. */
    const struct policy_service *geo = service("geo");
    assert_int_equal(geo->class_count, 2);
    assert_int_equal(policy_class_get(geo, 0).regions[0], 0);
    assert_int_equal(policy_class_get(geo, 1).regions[0], 1);
    assert_int_equal(service("other")->class_count, 2);
    assert_int_equal(service("same-for-all")->class_count, 1);
    assert_int_equal(service("failover")->class_count, 1);
}

static void services_that_part_clients_alike_share_a_trie(void **state)
{
    (void)state;
    assert_non_null(service("geo")->trie);
    assert_ptr_equal(service("alike")->trie, service("geo")->trie);
    assert_non_null(service("other")->trie);
    assert_ptr_not_equal(service("other")->trie, service("geo")->trie);
}

static void a_residency_rule_makes_a_class_of_its_own(void **state)
{
    (void)state;
    const struct policy_service *resident = service("resident");

    static const struct {
        uint16_t rule;
        uint8_t count;
        uint64_t allowed;
    } expected[] = {{POLICY_NO_RULE, 2, 3}, {0, 1, 2}, {1, 1, 2}, {2, 1, 1}, {3, 2, 3}};

    assert_int_equal(resident->class_count, 5);
    for (size_t i = 0; i < 5; i++) {
        size_t seen = 0;
        for (uint32_t class = 0; class < 5; class ++) {
            struct policy_order order = policy_class_get(resident, class);
            if (order.residency != expected[i].rule)
                continue;
            seen++;
            assert_int_equal(order.region_count, expected[i].count);
            assert_true(order.allowed == expected[i].allowed);
        }
        assert_int_equal(seen, 1);
    }
}

static void an_order_for_all_has_no_trie(void **state)
{
    (void)state;
    assert_null(service("same-for-all")->trie);
    assert_null(service("failover")->trie);
    assert_non_null(service("resident")->trie);
}

static void a_class_holds_64_regions(void **state)
{
    (void)state;

    enum { REGIONS = 64, YAML_MAX = 16384 };

    char *yaml = malloc(YAML_MAX);
    assert_non_null(yaml);
    size_t used = (size_t)snprintf(yaml, YAML_MAX, "regions:\n");
    for (int i = 0; i < REGIONS; i++)
        used += (size_t)snprintf(yaml + used, YAML_MAX - used, "  r%d: {}\n", i);
    used += (size_t)snprintf(yaml + used, YAML_MAX - used,
                             "services:\n  wide:\n    policy: weighted\n    regions:\n");
    for (int i = 0; i < REGIONS; i++)
        used += (size_t)snprintf(yaml + used, YAML_MAX - used,
                                 "      r%d: { addresses: [ 10.0.0.%d ] }\n", i, i + 1);
    struct world wide;
    world_init(&wide, yaml);
    free(yaml);
    struct policy_order order = policy_class_get(&wide.set.services[0], 0);
    assert_int_equal(order.region_count, REGIONS);
    assert_true(order.allowed == UINT64_MAX);
    for (unsigned i = 0; i < REGIONS; i++) {
        assert_int_equal(order.regions[i], i);
        assert_int_equal(order.group_end[i], REGIONS);
    }
    world_deinit(&wide);
}

/* ---- seats and failures ------------------------------------------------------------------ */

/* assert_seat - that it is the one of this address, as the world counts them. */
static void assert_seat(const struct policy_endpoint *endpoint, uint16_t service,
                        uint8_t region)
{
    assert_true(endpoint->seat < world.seat_count);
    const struct world_seat *seat = &world.seats[endpoint->seat];
    assert_non_null(seat->addr);
    assert_true(ip_equal(seat->addr, &endpoint->addr));
    assert_int_equal(seat->service, service);
    assert_int_equal(seat->region, region);
}

static void every_endpoint_has_the_seat_of_its_place_in_the_file(void **state)
{
    (void)state;
    bool taken[WORLD_SEATS_MAX] = {false};
    for (uint16_t s = 0; s < world.set.service_count; s++) {
        const struct policy_service *of = &world.set.services[s];
        for (uint8_t r = 0; r < of->region_count; r++) {
            const struct policy_region *region = &of->regions[r];
            assert_int_equal(region->first_seat, world_first_seat(&world, s, r));
            for (size_t i = 0; i < region->v4_count; i++)
                assert_seat(&region->v4[i], s, r);
            for (size_t i = 0; i < region->v6_count; i++)
                assert_seat(&region->v6[i], s, r);
            for (size_t i = 0; i < region->v4_count; i++)
                taken[region->v4[i].seat] = true;
            for (size_t i = 0; i < region->v6_count; i++)
                taken[region->v6[i].seat] = true;
        }
    }
    for (size_t i = 0; i < world.seat_count; i++) /* each its own */
        assert_int_equal(taken[i], world.seats[i].addr != NULL);
}

static void names_and_nested_services_have_seats_too(void **state)
{
    (void)state;
    const struct policy_service *geo = service("geo");
    size_t names = geo->regions[2].first_seat;
    assert_string_equal(world.seats[names].name, "C.example.net.");
    assert_non_null(world.seats[names + 1].name);
    size_t nested = service("failover")->regions[1].first_seat;
    assert_null(world.seats[nested].addr);
    assert_null(world.seats[nested].name);
    assert_int_equal(world.seats[nested].region, 1);
}

static void an_arena_that_is_full_is_no_memory(void **state)
{
    (void)state;
    enum err err = ERR_NO_MEMORY;
    size_t failures = 0;
    for (size_t bytes = 16; err != ERR_OK; bytes += bytes / 8 + 1) {
        struct arena *arena = arena_new(bytes);
        struct policy_set set = {0};
        assert_non_null(arena);
        err = policy_compile(world.config, world.map, arena, &set);
        if (err != ERR_OK) {
            assert_int_equal(err, ERR_NO_MEMORY);
            assert_null(set.services);
            failures++;
        }
        arena_free(arena);
        assert_true(bytes < (size_t)1 << 26);
    }
    assert_true(failures > 20);

    struct arena *arena = arena_new(8);
    struct ip_prefix *marks;
    size_t count;
    assert_non_null(arena);
    assert_int_equal(policy_marks(world.config, arena, &marks, &count), ERR_NO_MEMORY);
    arena_free(arena);
}

/* Rule n is for 10.n / 256.n % 256.0/24 and leaves a when n is even, else b. */
static void each_of_many_residency_rules_counts(void **state)
{
    enum { RULES = 600, YAML_MAX = 64 * 1024 };

    (void)state;
    static struct world many;
    struct text yaml;
    text_init(&yaml, YAML_MAX);
    text_printf(
        &yaml,
        "regions: { a: {}, b: {} }\n"
        "services:\n"
        "  app:\n"
        "    policy: failover\n"
        "    regions: { a: { addresses: [ 10.0.1.1 ] }, b: { addresses: [ 10.0.2.1 ] } }\n"
        "    residency:\n");
    for (unsigned i = 0; i < RULES; i++)
        text_printf(&yaml, "      10.%u.%u.0/24: [ %s ]\n", i / 256, i % 256,
                    i % 2 == 0 ? "a" : "b");
    world_init(&many, text_get(&yaml));
    text_deinit(&yaml);
    const struct policy_service *service = &many.set.services[0];
    for (unsigned i = 0; i < RULES; i++) {
        struct ip_addr addr = {.family = IP_V4,
                               .bytes = {10, (uint8_t)(i / 256), (uint8_t)i, 1}};
        uint8_t len;
        struct policy_order order =
            policy_class_get(service, geo_trie_find(service->trie, &addr, &len));
        if (order.residency != i || order.allowed != UINT64_C(1) << i % 2)
            fail_msg("10.%u.%u.1: rule %u, regions %llx", i / 256, i % 256, order.residency,
                     (unsigned long long)order.allowed);
    }
    world_deinit(&many);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_network_that_a_rule_names_is_one_mark),
        cmocka_unit_test(a_configured_location_becomes_a_complete_place),
        cmocka_unit_test(a_service_has_what_the_query_path_needs),
        cmocka_unit_test(a_region_keeps_each_family_and_its_names_apart),
        cmocka_unit_test(weight_0_is_a_place_in_the_last_group),
        cmocka_unit_test(a_cap_holds_every_ttl_down),
        cmocka_unit_test(equal_orders_are_one_class),
        cmocka_unit_test(services_that_part_clients_alike_share_a_trie),
        cmocka_unit_test(a_residency_rule_makes_a_class_of_its_own),
        cmocka_unit_test(each_of_many_residency_rules_counts),
        cmocka_unit_test(an_order_for_all_has_no_trie),
        cmocka_unit_test(a_class_holds_64_regions),
        cmocka_unit_test(every_endpoint_has_the_seat_of_its_place_in_the_file),
        cmocka_unit_test(names_and_nested_services_have_seats_too),
        cmocka_unit_test(an_arena_that_is_full_is_no_memory),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
