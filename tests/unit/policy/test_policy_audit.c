#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "rhumb/policy_audit.h"

#include "../../../src/geo/geo_trie_node.h"
#include "policy_class.h"
#include "policy_world.h"
#include "slip.h"

/* clang-format off: reads as the file it is; line numbers count */
static const char YAML[] =
    "geo:\n" /* 1 */
    "  networks:\n"
    "    192.0.2.0/24: { country: US }\n"
    "    198.51.100.0/24: { country: DE }\n"
    "    203.0.113.0/24: { country: FR }\n" /* 5 */
    "    \"2001:db8::/32\": { country: FR }\n"
    "regions: { us: {country: US}, eu: {country: DE}, ap: {country: JP} }\n"
    "services:\n"
    "  geo:\n"
    "    policy: geo\n" /* 10 */
    "    regions: &regions\n"
    "      us: { serves: [ default ], addresses: [ 10.0.1.1, 10.0.1.2 ] }\n"
    "      eu: { serves: [ EU ], addresses: [ 10.0.2.1, \"2001:db8:2::1\" ] }\n"
    "      ap: { serves: [ AS ], names: [ ap.example.net ] }\n"
    "    residency:\n" /* 15 */
    "      EU-union: [ eu, ap ]\n"
    "      203.0.113.128/25: [ eu ]\n"
    "  twin: { inherit: geo }\n"
    "  failover:\n"
    "    policy: failover\n" /* 20 */
    "    regions: *regions\n"
    "    residency: { default: [ eu ] }\n"
    "  free: { policy: weighted, regions: *regions, when_all_down: { region: eu } }\n"
    "  inner: { policy: geo, regions: { eu: { addresses: [ 10.0.2.1 ] } } }\n"
    "  outer: { policy: geo, regions: { eu: { service: inner }, us: { addresses: [ 10.0.1.1 ] "
    "} },\n"
    "           residency: { DE: [ eu ] } }\n";

/* clang-format on */

struct judged {
    struct world world;
    struct diag_list *diags;
    struct policy_audit audit;
    enum err err;
};

static struct judged one;

static void open_world(const char *yaml)
{
    world_init(&one.world, yaml);
    one.diags = NULL;
}

static void judge(void)
{
    diag_list_free(one.diags);
    one.diags = diag_list_new();
    assert_non_null(one.diags);
    one.err =
        policy_audit(one.world.config, one.world.map, &one.world.set, one.diags, &one.audit);
}

static void close_world(void)
{
    diag_list_free(one.diags);
    world_deinit(&one.world);
}

static const struct policy_service *service(const char *name)
{
    return &one.world.set.services[world_service(&one.world, name)];
}

static uint8_t region(const char *of, const char *name)
{
    return world_region(&one.world, of, name);
}

static struct ip_addr addr_of(const char *text)
{
    struct ip_addr addr;
    assert_true(ip_parse(text, &addr));
    return addr;
}

/* assert_told - among the errors is one with all of this; line 0: anywhere. */
static void assert_told(uint32_t line, const char *message, const char *remedy)
{
    assert_int_equal(one.err, ERR_INVALID);
    assert_true(one.audit.faults > 0);
    for (size_t i = 0; i < diag_count(one.diags); i++) {
        const struct diag *diag = diag_get(one.diags, i);
        if (diag->severity == DIAG_ERROR && (line == 0 || diag->place.line == line) &&
            strstr(diag->message, message) && diag->remedy && strstr(diag->remedy, remedy))
            return;
    }
    diag_print_all(one.diags, stderr);
    fail_msg("no error in line %u: %s", line, message);
}

static void a_compiled_set_passes(void **state)
{
    (void)state;
    open_world(YAML);
    judge();
    diag_print_all(one.diags, stderr);
    assert_int_equal(one.err, ERR_OK);
    assert_int_equal(diag_count(one.diags), 0);
    assert_int_equal(one.audit.faults, 0);
    assert_int_equal(one.audit.tries, 2); /* geo and twin share one; outer */
    assert_int_equal(one.audit.leaves, geo_trie_leaf_count(service("geo")->trie) +
                                           geo_trie_leaf_count(service("outer")->trie));
    assert_int_equal(one.audit.networks, 2 * geo_map_network_count(one.world.map));
    close_world();
}

/* A region that its clients may not get, in one leaf: with the network, the place of the rule,
 * the region; whichever way the table goes wrong. */
static void one_region_in_one_leaf_is_found(void **state)
{
    (void)state;

    static const struct {
        const char *service, *client, *region;
        uint32_t line;
        const char *message;
    } cases[] = {
        {"geo", "198.51.100.77", "us", 16,
         "clients in 198.51.100.0/24 (DE EU) may be sent to 'us' of 'geo', which this rule "
         "forbids"},
        {"geo", "203.0.113.1", "us", 16,
         "clients in 203.0.113.0/25 (FR EU) may be sent to 'us' of 'geo'"},
        {"geo", "203.0.113.200", "ap", 17,
         "clients in 203.0.113.128/25 (FR EU) may be sent to 'ap' of 'geo'"},
        {"geo", "2001:db8::1", "us", 16,
         "clients in 2001:db8::/32 (FR EU) may be sent to 'us' of 'geo'"},
        {"twin", "198.51.100.77", "us", 16, "(DE EU) may be sent to 'us' of 'twin'"},
        {"failover", "192.0.2.1", "us", 22, "may be sent to 'us' of 'failover'"},
        {"outer", "198.51.100.1", "us", 26, "(DE EU) may be sent to 'us' of 'outer'"},
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        open_world(YAML);
        struct ip_addr addr = addr_of(cases[i].client);
        slip_region(service(cases[i].service), &addr,
                    region(cases[i].service, cases[i].region));
        judge();
        assert_told(cases[i].line, cases[i].message, "a fault of rhumb");
        close_world();
    }
}

/* The region is in the groups, but the class does not count it as allowed. */
static void a_region_beside_those_of_its_class_is_found(void **state)
{
    (void)state;
    open_world(YAML);
    struct ip_addr addr = addr_of("198.51.100.77");
    uint32_t class = slip_class(service("geo"), &addr, region("geo", "us"), false);
    judge(); /* nobody has this class yet; it is wrong all the same */
    assert_told(9, "the table of 'geo' is wrong at us: an order has a region that its class",
                "a fault of rhumb");
    slip_leaf(service("geo"), &addr, class);
    judge();
    assert_told(16, "clients in 198.51.100.0/24 (DE EU) may be sent to 'us'", "");
    close_world();
}

static void a_leaf_with_the_class_of_others_is_found(void **state)
{
    (void)state;
    open_world(YAML);
    struct ip_addr german = addr_of("198.51.100.77"), american = addr_of("192.0.2.1"),
                   small = addr_of("203.0.113.200");
    const struct policy_service *geo = service("geo");
    uint8_t len;
    uint32_t free = geo_trie_find(geo->trie, &american, &len);
    uint32_t other = geo_trie_find(geo->trie, &small, &len);
    uint32_t own = geo_trie_find(geo->trie, &german, &len);
    slip_leaf(geo, &german, free);
    judge();
    assert_told(16, "clients in 198.51.100.0/24 (DE EU) may be sent to 'us' of 'geo'", "");
    assert_told(16, "(DE EU) may be sent to 'us' of 'twin'", ""); /* one trie for both */
    slip_leaf(geo, &german, other); /* fewer regions than allowed */
    judge();
    assert_told(16, "(DE EU) are never sent to 'ap' of 'geo', which nothing forbids", "");
    slip_leaf(geo, &german, (uint32_t)geo->class_count);
    judge();
    assert_told(9, "a network has a class that there is not", "");
    slip_leaf(geo, &german, own);
    judge();
    assert_int_equal(one.err, ERR_OK);
    close_world();
}

/* writable - the table is const for everybody else. */
static void *writable(const void *object)
{
    return (void *)(uintptr_t)object;
}

static void an_order_that_cannot_be_walked_is_found(void **state)
{
    (void)state;

    static const struct {
        size_t at; /* in class 0 of geo, behind the regions' count */
        uint8_t value;
        const char *message;
    } cases[] = {
        {CLASS_COUNT, 0, "an order cannot be walked"},
        {CLASS_COUNT, 4, "an order cannot be walked"},
        {CLASS_REGIONS, 3, "an order cannot be walked"},
        {CLASS_REGIONS, 1, "an order has a region twice"},
        {CLASS_REGIONS + 3, 0, "an order cannot be walked"},
        {CLASS_REGIONS + 3, 4, "an order cannot be walked"},
        {CLASS_REGIONS + 4, 1, "an order cannot be walked"},
        {0, 3, "an order has a region that its class does not allow"},
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        open_world(YAML);
        const struct policy_service *geo = service("geo");
        assert_int_equal(geo->region_count, 3);
        struct policy_order order = policy_class_get(geo, 0);
        assert_int_equal(order.region_count, 3);
        assert_int_equal(order.regions[0], 0); /* us, then eu and ap in some order */
        if (order.regions[1] != 1)
            assert_int_equal(order.regions[2], 1);
        ((uint8_t *)writable(geo->classes))[cases[i].at] = cases[i].value;
        judge();
        assert_told(9, cases[i].message, "a fault of rhumb");
        assert_int_equal(one.audit.unreadable, strstr(cases[i].message, "walked") != NULL);
        close_world();
    }
}

static void a_region_with_the_endpoints_of_another_is_found(void **state)
{
    (void)state;
    open_world(YAML);
    struct policy_region *regions = writable(service("geo")->regions);
    const struct policy_region us = regions[0], eu = regions[1], ap = regions[2];
    regions[1].v4 = us.v4; /* one address of two */
    judge();
    assert_told(9, "the table of 'geo' is wrong at eu: a region has other endpoints", "");
    regions[1] = eu;
    regions[1].v6_count = 0;
    judge();
    assert_told(9, "wrong at eu: a region has other endpoints", "");
    regions[1] = us;
    judge();
    assert_told(9, "wrong at eu: a region stands for another one", "");
    regions[1] = eu;
    regions[2].nested = 0;
    judge();
    assert_told(9, "wrong at ap: a region stands for another one", "");
    regions[2] = ap;
    regions[2].name_count = 0;
    judge();
    assert_told(9, "wrong at ap: a region has other endpoints", "");
    regions[2] = ap;
    judge();
    assert_int_equal(one.err, ERR_OK);
    ((struct policy_service *)writable(service("free")))->all_down_region = 0;
    judge();
    assert_told(23, "another last resort", "");
    close_world();
}

static void a_broken_trie_is_told_for_each_of_its_services(void **state)
{
    (void)state;
    open_world(YAML);
    uint32_t *direct = writable(service("geo")->trie->halves[GEO_V4].direct);
    direct[0]++; /* the leaf at 0.0.0.0 is longer by one bit */
    judge();
    assert_told(9, "the table of 'geo' is wrong at 0.0.0.0/2: a leaf ends inside a network",
                "a fault of rhumb");
    assert_told(18, "the table of 'twin' is wrong at 0.0.0.0/2", "a fault of rhumb");
    close_world();
}

/* A nested service gives what the outer one forbids, and the other way round. */
static void a_rule_holds_in_nested_services(void **state)
{
    (void)state;

    static const struct {
        const char *inner_rule, *inner_regions;
        const char *message; /* NULL: passes */
    } cases[] = {
        {"{}", "eu: { addresses: [ 10.0.2.1 ] }", NULL},
        {"{}", "eu: { addresses: [ 10.0.2.1 ] }, de: { addresses: [ 10.0.3.1 ] }", NULL},
        {"{}", "eu: { addresses: [ 10.0.2.1 ] }, us: { addresses: [ 10.0.1.1 ] }",
         "clients in 198.51.100.0/24 (DE EU) may be sent to 'us' by the service 'inner' inside "
         "'outer': this rule forbids it"},
        {"{ DE: [ eu ] }", "eu: { addresses: [ 10.0.2.1 ] }, us: { addresses: [ 10.0.1.1 ] }",
         NULL},
        {"{ FR: [ eu ] }", "eu: { addresses: [ 10.0.2.1 ] }, us: { addresses: [ 10.0.1.1 ] }",
         "may be sent to 'us' by the service 'inner' inside 'outer'"},
        {"{}", "eu: { service: innermost }", NULL},
        {"{}", "eu: { service: innermost }, us: { addresses: [ 10.0.1.1 ] }",
         "may be sent to 'us' by the service 'inner' inside 'outer'"},
        {"{}", "eu: { service: leaky }",
         "may be sent to 'us' by the service 'leaky' inside 'outer'"},
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        char yaml[2048];
        snprintf(
            yaml, sizeof(yaml),
            "geo: { networks: { 198.51.100.0/24: { country: DE }, 192.0.2.0/24: { country: "
            "US } } }\n"
            "regions: { us: {}, eu: {}, de: {} }\n"
            "services:\n"
            "  outer: { policy: failover, residency: { DE: [ eu ] },\n"
            "    regions: { us: { addresses: [ 10.0.1.1 ] }, eu: { service: inner } } }\n"
            "  inner: { policy: failover, residency: %s, regions: { %s } }\n"
            "  innermost: { policy: failover, regions: { eu: { addresses: [ 10.0.2.9 ] } } }\n"
            "  leaky: { policy: failover, regions: { eu: { addresses: [ 10.0.2.9 ] },\n"
            "    us: { addresses: [ 10.0.1.9 ] } } }\n",
            cases[i].inner_rule, cases[i].inner_regions);
        open_world(yaml);
        judge();
        if (cases[i].message) {
            assert_told(4, cases[i].message, "such a rule too, or take 'us' out of it");
        } else {
            diag_print_all(one.diags, stderr);
            assert_int_equal(one.err, ERR_OK);
        }
        close_world();
    }
}

static void many_faults_are_counted(void **state)
{
    (void)state;
    struct text yaml;
    text_init(&yaml, 1 << 16);
    text_printf(&yaml, "regions: { us: {}, eu: {} }\n"
                       "services: { app: { policy: failover, residency: { default: [ eu ] },\n"
                       "  regions: { us: { addresses: [ 10.0.1.1 ] }, eu: { addresses: [ "
                       "10.0.2.1 ] } } } }\n"
                       "geo: { networks: {\n");
    for (int i = 0; i < 20; i++)
        text_printf(&yaml, " 10.0.%d.0/24: { asn: AS%d },\n", i, 64496 + i);
    text_printf(&yaml, "  } }\n");
    open_world(text_get(&yaml));
    text_deinit(&yaml);
    struct ip_addr any = addr_of("10.0.0.1");
    slip_region(service("app"), &any, 0);
    judge();
    assert_int_equal(one.audit.faults, 21); /* one for those that nobody knows */
    assert_int_equal(diag_count(one.diags), 6);
    assert_string_equal(diag_get(one.diags, 5)->message, "and 16 more faults of 'app'");
    close_world();
}

/* ---- reach ---- */

struct reached {
    char text[256];
};

static void on_reach(void *ctx, struct policy_reach reach)
{
    struct reached *reached = ctx;
    const struct config_service *of = &one.world.config->services[reach.service];
    size_t len = strlen(reached->text);
    snprintf(reached->text + len, sizeof(reached->text) - len, " %s.%s", of->name,
             of->regions[reach.region].name);
}

static void assert_reach(struct policy_walker *walker, const char *name, const char *client,
                         const char *expected)
{
    struct reached reached = {0};
    struct ip_addr addr = addr_of(client);
    struct ip_prefix prefix;
    size_t location = geo_map_find(one.world.map, &addr, &prefix);
    policy_reach_walk(walker, world_service(&one.world, name),
                      geo_map_location(one.world.map, location), on_reach, &reached);
    assert_string_equal(reached.text, expected);
}

static void reach_goes_down_to_what_is_answered(void **state)
{
    (void)state;
    struct policy_walker walker;
    open_world(YAML);
    assert_int_equal(policy_walker_init(&walker, one.world.config, &one.world.set), ERR_OK);
    assert_reach(&walker, "geo", "198.51.100.1", " geo.eu geo.ap");
    assert_reach(&walker, "geo", "192.0.2.1", " geo.us geo.eu geo.ap");
    assert_reach(&walker, "outer", "192.0.2.1", " inner.eu outer.us");
    assert_reach(&walker, "outer", "198.51.100.1", " inner.eu");
    walker.stamp = UINT32_MAX; /* the next one begins anew */
    assert_reach(&walker, "outer", "198.51.100.1", " inner.eu");
    assert_reach(&walker, "outer", "198.51.100.1", " inner.eu");
    policy_walker_deinit(&walker);
    close_world();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_compiled_set_passes),
        cmocka_unit_test(one_region_in_one_leaf_is_found),
        cmocka_unit_test(a_region_beside_those_of_its_class_is_found),
        cmocka_unit_test(a_leaf_with_the_class_of_others_is_found),
        cmocka_unit_test(an_order_that_cannot_be_walked_is_found),
        cmocka_unit_test(a_region_with_the_endpoints_of_another_is_found),
        cmocka_unit_test(a_broken_trie_is_told_for_each_of_its_services),
        cmocka_unit_test(a_rule_holds_in_nested_services),
        cmocka_unit_test(many_faults_are_counted),
        cmocka_unit_test(reach_goes_down_to_what_is_answered),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
