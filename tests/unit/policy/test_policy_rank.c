/* The order of every policy as text: groups with " | " between, regions of a group with ",".
 *
 * Places lie on the equator, where one degree is 111.195 km, and name no country where the
 * distance is what counts.
 */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "policy_rank.h"
#include "policy_world.h"

enum { ORDER_TEXT_MAX = 512 };

#define A "addresses: [ 192.0.2.1 ]"

static const char YAML[] =
    "geo:\n"
    "  networks:\n"
    "    192.0.2.0/24: { subdivision: US-CA, asn: AS64496, location: [0, 0] }\n"
    "    198.51.100.0/24: { country: DE, location: [0, 0] }\n"
    "    203.0.113.0/24: { country: CH, location: [0, 0] }\n"
    "    10.1.0.0/16: { location: [0, 0] }\n"
    "    10.2.0.0/16: { continent: EU }\n"
    "    10.3.0.0/16: { asn: AS64497 }\n"
    "    10.4.0.0/16: { country: NL }\n"
    "    \"2001:db8::/32\": { location: [0, 0] }\n"
    "regions:\n"
    "  a: { location: [0, 10] }\n"
    "  b: { location: [0, 10.4] }\n" /* 4 % further than a */
    "  c: { location: [0, 10.6] }\n" /* 6 % */
    "  d: { location: [0, 10.9] }\n" /* 4.8 % further than b, 2.8 % than c */
    "  e: { location: [0, 40] }\n"
    "  f: {}\n"
    "  near: { location: [0, 0] }\n"
    "  in5ms: { location: [0, 2.69] }\n"   /* 299 km: 5.0 ms at 0.01666 ms/km */
    "  out5ms: { location: [0, 2.71] }\n"  /* 301 km */
    "  far: { location: [0, 27] }\n"       /* 64.2 ms */
    "  in10pc: { location: [0, 30.4] }\n"  /* 70.5 ms */
    "  out10pc: { location: [0, 30.6] }\n" /* 70.9 ms */
    "  de: { country: DE }\n"
    "  us: { country: US }\n"
    "services:\n"
    "  failover:\n"
    "    policy: failover\n"
    "    order: [ c, a ]\n"
    "    regions: { a: {" A "}, b: {" A "}, c: {" A "}, d: {" A ", weight: 0} }\n"
    "  failover-plain:\n"
    "    policy: failover\n"
    "    regions: { b: {" A "}, a: {" A "} }\n"
    "  weighted:\n"
    "    policy: weighted\n"
    "    regions: { a: {" A ", weight: 70}, b: {" A ", weight: 0}, c: {" A "}, d: {" A
    ", weight: 0} }\n"
    "  matchers:\n"
    "    policy: geo\n"
    "    depth: 16\n"
    "    regions:\n"
    "      a: { serves: [ default ], " A " }\n"
    "      b: { serves: [ NA, EU ], " A " }\n"
    "      c: { serves: [ EU-union ], " A " }\n"
    "      d: { serves: [ US, DE ], " A " }\n"
    "      e: { serves: [ US-CA ], " A " }\n"
    "      far: { serves: [ AS64496, AS64497 ], " A " }\n"
    "      de: { serves: [ 192.0.2.0/24, \"2001:db8::/32\" ], " A " }\n"
    "      us: { serves: [ 192.0.2.128/25, \"2001:db8:1::/48\", 203.0.113.7 ], " A " }\n"
    "  best-of-many:\n"
    "    policy: geo\n"
    "    regions:\n"
    "      a: { serves: [ NA, default ], " A " }\n"
    "      b: { serves: [ default, DE, EU ], " A " }\n"
    "  ties:\n"
    "    policy: geo\n"
    "    regions:\n"
    "      a: { serves: [ default ], " A " }\n"
    "      e: { serves: [ DE ], " A " }\n"
    "      b: { serves: [ EU ], " A " }\n"
    "      c: { serves: [ DE ], " A " }\n"
    "      d: { serves: [ EU, default ], " A " }\n"
    "  rest:\n"
    "    policy: geo\n"
    "    depth: 16\n"
    "    regions:\n"
    "      f: {" A "}\n"
    "      e: {" A "}\n"
    "      b: {" A "}\n"
    "      us: { serves: [ DE ], " A " }\n"
    "      a: {" A "}\n"
    "  nearest:\n"
    "    policy: nearest\n"
    "    regions: { e: {" A "}, d: {" A "}, c: {" A "}, b: {" A "}, a: {" A "} }\n"
    "  biased:\n"
    "    policy: nearest\n"
    "    regions: { e: {" A ", bias_km: -4000 }, a: {" A ", bias_km: 20 }, c: {" A "}, d: {" A
    "} }\n"
    "  centroid:\n"
    "    policy: nearest\n"
    "    regions: { us: {" A "}, de: {" A "} }\n"
    "  depth-one:\n"
    "    policy: nearest\n"
    "    depth: 1\n"
    "    regions: { e: {" A "}, d: {" A "}, c: {" A "}, b: {" A "}, a: {" A "} }\n"
    "  depth-two:\n"
    "    policy: geo\n"
    "    depth: 2\n"
    "    regions:\n"
    "      a: { serves: [ default ], " A " }\n"
    "      b: { serves: [ EU ], " A " }\n"
    "      c: { serves: [ EU-union ], " A " }\n"
    "      d: { serves: [ DE ], weight: 0, " A " }\n"
    "      e: { serves: [ DE ], " A " }\n"
    "  latency:\n"
    "    policy: latency\n"
    "    depth: 16\n"
    "    regions: { out10pc: {" A "}, in10pc: {" A "}, far: {" A "}, out5ms: {" A
    "}, in5ms: {" A "}, near: {" A "} }\n"
    "  latency-pop:\n"
    "    policy: latency\n"
    "    latency: { source: pop }\n"
    "    regions: { far: {" A "}, near: {" A ", weight: 0}, a: {" A "} }\n"
    "  nested:\n"
    "    policy: geo\n"
    "    regions: { elsewhere: { service: nearest }, near: {" A "}, e: {" A "} }\n"
    "  weightless:\n"
    "    policy: nearest\n"
    "    regions: { near: {" A ", weight: 0}, e: {" A "}, a: {" A "} }\n"
    "  residency:\n"
    "    policy: failover\n"
    "    regions: { a: {" A "}, b: {" A "}, c: {" A "}, d: {" A "}, e: {" A "}, near: {" A
    ", weight: 0} }\n"
    "    residency:\n"
    "      192.0.2.128/25: [ e, near ]\n"
    "      192.0.2.192/26: [ near ]\n"
    "      AS64496: [ d ]\n"
    "      US-CA: [ a ]\n"
    "      AS64497: [ d, c ]\n"
    "      DE: [ c ]\n"
    "      EU-union: [ b ]\n"
    "      EU: [ a, b ]\n"
    "  residency-rest:\n"
    "    policy: weighted\n"
    "    regions: { a: {" A "}, b: {" A "} }\n"
    "    residency: { default: [ b ], US-CA: [ a ] }\n";

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

static void rank(const char *service, const char *client, struct policy_ranking *out_ranking)
{
    struct policy_ranker ranker;
    struct policy_client parsed = world_client(client);
    struct ip_prefix network;
    size_t idx = geo_map_find(world.map, &parsed.network.addr, &network);
    policy_ranker_init(&ranker, world.config,
                       &world.config->services[world_service(&world, service)], world.marks);
    policy_rank(&ranker, geo_map_location(world.map, idx), out_ranking);
}

static const char *order_text(const char *service, const struct policy_ranking *ranking,
                              char buffer[ORDER_TEXT_MAX])
{
    const struct config_service *config =
        &world.config->services[world_service(&world, service)];
    size_t used = 0;
    buffer[0] = '\0';
    for (uint8_t i = 0; i < ranking->count; i++) {
        bool opens = i > 0 && ranking->group_end[i - 1] == i;
        int len = snprintf(buffer + used, ORDER_TEXT_MAX - used, "%s%s",
                           i == 0  ? ""
                           : opens ? " | "
                                   : ",",
                           config->regions[ranking->regions[i]].name);
        assert_true(len > 0 && used + (size_t)len < ORDER_TEXT_MAX);
        used += (size_t)len;
    }
    return buffer;
}

struct row {
    const char *service, *client, *order;
};

static void check_rows(const struct row *rows, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        struct policy_ranking ranking;
        char buffer[ORDER_TEXT_MAX];
        rank(rows[i].service, rows[i].client, &ranking);
        const char *order = order_text(rows[i].service, &ranking, buffer);
        if (strcmp(order, rows[i].order) != 0)
            fail_msg("%s for %s: %s instead of %s", rows[i].service, rows[i].client, order,
                     rows[i].order);
    }
}

#define ROWS(name, ...)                                                                        \
    static void name(void **state)                                                             \
    {                                                                                          \
        (void)state;                                                                           \
        static const struct row rows[] = {__VA_ARGS__};                                        \
        check_rows(rows, sizeof(rows) / sizeof(rows[0]));                                      \
    }

/* One row a line reads as a table. */
/* clang-format off */
ROWS(failover_takes_each_region_alone_in_order,
     {"failover", "192.0.2.1", "c | a | b | d"},
     {"failover-plain", "192.0.2.1", "b | a"})

ROWS(weighted_is_one_group_and_weight_0_the_last,
     {"weighted", "192.0.2.1", "a,c | b,d"})

ROWS(geo_goes_from_the_most_specific_match_to_the_least,
     {"matchers", "192.0.2.200", "us | de | far | e | d | b | a | c"},
     {"matchers", "192.0.2.1", "de | far | e | d | b | a | c | us"},
     {"matchers", "198.51.100.1", "d | c | b | a | far | e | de | us"},
     {"matchers", "10.3.0.1", "far | a | b | c | d | e | de | us"},
     {"matchers", "2001:db8::1", "de | a | b | c | d | far | e | us"},
     {"matchers", "2001:db8:1::1", "us | de | a | b | c | d | far | e"})

ROWS(geo_knows_europe_from_its_union,
     {"matchers", "203.0.113.1", "b | a | c | d | far | e | de | us"},
     {"matchers", "203.0.113.7", "us | b | a | c | d | far | e | de"},
     {"matchers", "10.2.0.1", "b | a | c | d | e | far | de | us"},
     {"matchers", "10.4.0.1", "c | b | a | de | d | far | e | us"})

ROWS(geo_counts_only_the_most_specific_item_of_a_region,
     {"best-of-many", "198.51.100.1", "b | a"},
     {"best-of-many", "192.0.2.1", "a | b"},
     {"best-of-many", "203.0.113.1", "b | a"},
     {"best-of-many", "172.16.0.1", "a,b"})

ROWS(geo_joins_equally_specific_matches_in_one_group,
     {"ties", "198.51.100.1", "e,c | b,d | a"},
     {"ties", "203.0.113.1", "b,d | a | c | e"},
     {"ties", "172.16.0.1", "a,d | e | b | c"})

ROWS(geo_adds_the_rest_by_distance,
     {"rest", "10.1.0.1", "a | b | e | us | f"},
     {"rest", "198.51.100.1", "us | a | b | e | f"},
     {"rest", "2001:db8::9", "a | b | e | us | f"},
     {"nested", "10.1.0.1", "near | e | elsewhere"})

ROWS(geo_adds_the_rest_in_config_order_without_coordinates,
     {"rest", "172.16.0.1", "f | e | b | us | a"},
     {"rest", "10.2.0.1", "f | e | b | us | a"})

ROWS(nearest_groups_those_within_five_percent_of_the_best,
     {"nearest", "10.1.0.1", "a,b | c,d | e"},
     {"nearest", "2001:db8::1", "a,b | c,d | e"})

ROWS(nearest_adds_the_bias,
     {"biased", "10.1.0.1", "e | a,c | d"})

ROWS(nearest_takes_the_centroid_of_a_country,
     {"centroid", "10.4.0.1", "de | us"})

ROWS(nearest_without_coordinates_follows_the_config,
     {"nearest", "172.16.0.1", "e | d | c | b | a"},
     {"nearest", "10.2.0.1", "e | d | c | b | a"},
     {"nearest", "10.3.0.1", "e | d | c | b | a"})

ROWS(depth_cuts_to_config_order,
     {"depth-one", "10.1.0.1", "a,b | e | d | c"},
     {"depth-two", "198.51.100.1", "e | c | a | b | d"},
     {"depth-two", "203.0.113.1", "b | a | c | e | d"})

ROWS(latency_groups_those_within_5_ms_or_10_percent_of_the_best,
     {"latency", "10.1.0.1", "near,in5ms | out5ms | far,in10pc | out10pc"})

ROWS(latency_without_coordinates_follows_the_config,
     {"latency", "172.16.0.1", "out10pc | in10pc | far | out5ms | in5ms | near"})

ROWS(latency_by_this_pop_is_one_group_to_be_ordered_later,
     {"latency-pop", "10.1.0.1", "far,a | near"})

ROWS(weight_0_is_last_in_every_policy,
     {"weightless", "10.1.0.1", "a | e | near"})

ROWS(residency_leaves_only_what_the_most_specific_rule_allows,
     {"residency", "192.0.2.200", "near"},
     {"residency", "192.0.2.130", "e | near"},
     {"residency", "192.0.2.1", "d"},
     {"residency", "10.3.0.1", "c | d"},
     {"residency", "198.51.100.1", "c"},
     {"residency", "10.4.0.1", "b"},
     {"residency", "203.0.113.1", "a | b"},
     {"residency", "10.2.0.1", "a | b"},
     {"residency-rest", "192.0.2.1", "a"},
     {"residency-rest", "172.16.0.1", "b"})

ROWS(residency_without_a_matching_rule_allows_all,
     {"residency", "172.16.0.1", "a | b | c | d | e | near"})

/* clang-format on */

static void residency_names_its_rule(void **state)
{
    (void)state;
    struct policy_ranking ranking;
    rank("residency", "198.51.100.1", &ranking);
    assert_int_equal(ranking.residency, 5); /* DE */
    assert_int_equal(ranking.allowed, 1 << 2);
    rank("residency", "172.16.0.1", &ranking);
    assert_int_equal(ranking.residency, POLICY_NO_RULE);
}

static void assert_near(double value, double expected, double tolerance)
{
    assert_true(fabs(value - expected) <= tolerance);
}

static void reasons_stand_beside_the_regions(void **state)
{
    (void)state;
    struct policy_ranking ranking;
    rank("matchers", "198.51.100.1", &ranking);
    assert_int_equal(ranking.reasons[0].why, POLICY_WHY_SERVES);
    assert_int_equal(ranking.reasons[0].matcher->kind, CONFIG_MATCH_COUNTRY);
    assert_string_equal(ranking.reasons[0].matcher->code, "DE");
    assert_int_equal(ranking.reasons[4].why, POLICY_WHY_DISTANCE);

    rank("nearest", "10.1.0.1", &ranking);
    assert_int_equal(ranking.reasons[0].why, POLICY_WHY_DISTANCE);
    assert_near(ranking.reasons[0].value, 1111.95, 0.1);
    rank("biased", "10.1.0.1", &ranking);
    assert_near(ranking.reasons[0].value, 40 * 111.195 - 4000, 0.1);
    rank("latency", "10.1.0.1", &ranking);
    assert_int_equal(ranking.reasons[0].why, POLICY_WHY_LATENCY);
    assert_near(ranking.reasons[0].value, 14.2, 0.001);

    static const struct {
        const char *service;
        uint8_t at;
        enum policy_why why;
    } rows[] = {
        {"failover", 0, POLICY_WHY_ORDER},       {"failover", 3, POLICY_WHY_LAST},
        {"weighted", 1, POLICY_WHY_WEIGHT},      {"weighted", 2, POLICY_WHY_LAST},
        {"depth-one", 1, POLICY_WHY_DISTANCE},   {"depth-one", 2, POLICY_WHY_TAIL},
        {"latency-pop", 0, POLICY_WHY_MEASURED}, {"nested", 2, POLICY_WHY_TAIL},
    };

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        rank(rows[i].service, "10.1.0.1", &ranking);
        assert_int_equal(ranking.reasons[rows[i].at].why, rows[i].why);
    }
}

static void only_some_policies_depend_on_the_client(void **state)
{
    (void)state;

    static const struct {
        const char *service;
        bool depends;
    } rows[] = {
        {"failover", false}, {"weighted", false}, {"latency-pop", false}, {"matchers", true},
        {"nearest", true},   {"latency", true},   {"residency", true},
    };

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        uint16_t service = world_service(&world, rows[i].service);
        assert_int_equal(policy_depends_on_client(&world.config->services[service]),
                         rows[i].depends);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(failover_takes_each_region_alone_in_order),
        cmocka_unit_test(weighted_is_one_group_and_weight_0_the_last),
        cmocka_unit_test(geo_goes_from_the_most_specific_match_to_the_least),
        cmocka_unit_test(geo_knows_europe_from_its_union),
        cmocka_unit_test(geo_counts_only_the_most_specific_item_of_a_region),
        cmocka_unit_test(geo_joins_equally_specific_matches_in_one_group),
        cmocka_unit_test(geo_adds_the_rest_by_distance),
        cmocka_unit_test(geo_adds_the_rest_in_config_order_without_coordinates),
        cmocka_unit_test(nearest_groups_those_within_five_percent_of_the_best),
        cmocka_unit_test(nearest_adds_the_bias),
        cmocka_unit_test(nearest_takes_the_centroid_of_a_country),
        cmocka_unit_test(nearest_without_coordinates_follows_the_config),
        cmocka_unit_test(depth_cuts_to_config_order),
        cmocka_unit_test(latency_groups_those_within_5_ms_or_10_percent_of_the_best),
        cmocka_unit_test(latency_without_coordinates_follows_the_config),
        cmocka_unit_test(latency_by_this_pop_is_one_group_to_be_ordered_later),
        cmocka_unit_test(weight_0_is_last_in_every_policy),
        cmocka_unit_test(residency_leaves_only_what_the_most_specific_rule_allows),
        cmocka_unit_test(residency_without_a_matching_rule_allows_all),
        cmocka_unit_test(residency_names_its_rule),
        cmocka_unit_test(reasons_stand_beside_the_regions),
        cmocka_unit_test(only_some_policies_depend_on_the_client),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
