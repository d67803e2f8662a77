/* Weights that health scales down, names and nested services that go down, and geography that is
 * switched off: what of it shows in the answers.
 */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "policy_world.h"

enum { ROUNDS = 40000 };

/* clang-format off: reads as the file it is */
static const char YAML[] =
    "checks: { tcp: { tcp: { port: 80 } } }\n"
    "geo:\n"
    "  networks:\n"
    "    192.0.2.0/24: { country: US, location: [0, 0] }\n"
    "    198.51.100.0/24: { country: DE, location: [0, 0] }\n"
    "regions: { a: {}, b: {}, c: {} }\n"
    "x-three: &three\n"
    "  a: { addresses: [ 10.0.1.1 ], weight: 1 }\n"
    "  b: { addresses: [ 10.0.2.1 ], weight: 2 }\n"
    "  c: { addresses: [ 10.0.3.1 ], weight: 1 }\n"
    "services:\n"
    "  weighted: { policy: weighted, check: tcp, regions: *three }\n"
    "  weighted-sticky: { policy: weighted, check: tcp, sticky: true, regions: *three }\n"
    "  failover: { policy: failover, check: tcp, regions: *three }\n"
    "  failover-sticky: { policy: failover, check: tcp, sticky: true, regions: *three }\n"
    "  pair: { policy: failover, check: tcp, regions: { a: { addresses: [ 10.0.1.1, 10.0.1.2 ] "
    "} } }\n"
    "  names: { policy: failover, check: tcp, min_up: 0, regions: { a: { names: [ "
    "a1.example.net, a2.example.net ] }, b: { addresses: [ 10.0.2.1 ] } } }\n"
    "  names-sticky: { inherit: names, sticky: true }\n"
    "  outer: { policy: failover, regions: { a: { service: failover }, b: { addresses: [ "
    "10.0.9.1 ] } } }\n"
    "  geo: { policy: geo, check: tcp, regions: { a: { serves: [ US ], addresses: [ 10.0.1.1 ] "
    "}, b: { serves: [ DE ], addresses: [ 10.0.2.1 ] }, c: { serves: [ default ], addresses: [ "
    "10.0.3.1 ] } } }\n"
    "  proven: { inherit: failover, ttl: { stable: 30s, suspect: 2s, from_proof: true } }\n"
    "  resident: { inherit: geo, residency: { DE: [ b ] } }\n";
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

/* shares - of many clients, each asking once: how many were answered by each region. */
static void shares(const char *service, unsigned out_counts[3])
{
    struct policy_request request = world_request(&world, service, IP_V4, "203.0.0.1");
    memset(out_counts, 0, 3 * sizeof(out_counts[0]));
    for (unsigned n = 0; n < ROUNDS; n++) {
        request.client.network.addr.bytes[1] = (uint8_t)(n >> 8);
        request.client.network.addr.bytes[2] = (uint8_t)n;
        policy_select(&request, &world.rng, &world.answer);
        assert_int_not_equal(world.answer.outcome, POLICY_EMPTY); /* nothing is lost */
        assert_int_equal(world.answer.flags & POLICY_ALL_DOWN, 0);
        out_counts[world.answer.region]++;
    }
}

/* assert_share - within five standard deviations: one run in a million would fail by chance. */
static void assert_share(unsigned count, double share)
{
    double slack = 5 * sqrt(share * (1 - share) / ROUNDS) + 1e-9;
    double seen = (double)count / ROUNDS;
    if (fabs(seen - share) > slack)
        fail_msg("a share of %.4f instead of %.4f", seen, share);
}

static void scales_take_from_the_shares_of_a_weighted_group(void **state)
{
    (void)state;

    static const struct {
        unsigned scales[3];
        double shares[3];
    } cases[] = {
        {{100, 100, 100}, {0.25, 0.5, 0.25}},
        {{100, 50, 100}, {1 / 3.0, 1 / 3.0, 1 / 3.0}},
        {{10, 100, 100}, {0.1 / 3.1, 2 / 3.1, 1 / 3.1}},
        {{40, 40, 40}, {0.25, 0.5, 0.25}}, /* all shed alike: nobody else takes it */
        {{20, 40, 60}, {0.2 / 1.6, 0.8 / 1.6, 0.6 / 1.6}},
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        unsigned counts[3];
        world_set_region(&world, "weighted", "a", WORLD_UP, cases[i].scales[0]);
        world_set_region(&world, "weighted", "b", WORLD_UP, cases[i].scales[1]);
        world_set_region(&world, "weighted", "c", WORLD_UP, cases[i].scales[2]);
        shares("weighted", counts);
        for (size_t r = 0; r < 3; r++)
            assert_share(counts[r], cases[i].shares[r]);
    }
}

static void a_group_sheds_what_it_cannot_take_to_the_next(void **state)
{
    (void)state;

    static const struct {
        unsigned scales[3];
        double shares[3];
    } cases[] = {
        {{100, 100, 100}, {1, 0, 0}},
        {{40, 100, 100}, {0.4, 0.6, 0}},
        {{40, 50, 100}, {0.4, 0.3, 0.3}},
        {{10, 10, 100}, {0.1, 0.09, 0.81}},
    };

    static const char *const services[] = {"failover", "failover-sticky"};
    for (size_t s = 0; s < 2; s++)
        for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
            unsigned counts[3];
            world_set_region(&world, services[s], "a", WORLD_UP, cases[i].scales[0]);
            world_set_region(&world, services[s], "b", WORLD_UP, cases[i].scales[1]);
            world_set_region(&world, services[s], "c", WORLD_UP, cases[i].scales[2]);
            shares(services[s], counts);
            for (size_t r = 0; r < 3; r++)
                assert_share(counts[r], cases[i].shares[r]);
        }
}

static void what_all_groups_shed_is_answered_by_the_first(void **state)
{
    (void)state;
    unsigned counts[3];
    world_set_region(&world, "failover", "a", WORLD_UP, 20);
    world_set_region(&world, "failover", "b", WORLD_UP, 50);
    world_set_region(&world, "failover", "c", WORLD_DOWN, 100);
    shares("failover", counts);
    assert_share(counts[0], 0.2 + 0.8 * 0.5);
    assert_share(counts[1], 0.8 * 0.5);
    assert_int_equal(counts[2], 0);
}

/* kept - whether the nth client is answered by its first region. */
static bool kept(const char *service, uint32_t n)
{
    struct policy_request request = world_request(&world, service, IP_V4, "203.0.0.1");
    request.client.network.addr.bytes[1] = (uint8_t)(n >> 8);
    request.client.network.addr.bytes[2] = (uint8_t)n;
    policy_select(&request, &world.rng, &world.answer);
    return world.answer.region == 0;
}

static void a_sticky_client_is_shed_always_or_never(void **state)
{
    (void)state;
    for (uint32_t n = 0; n < 500; n++) {
        world_set_region(&world, "failover-sticky", "a", WORLD_UP, 30);
        bool first = kept("failover-sticky", n);
        for (unsigned i = 0; i < 10; i++)
            assert_int_equal(kept("failover-sticky", n), first);
        world_set_region(&world, "failover-sticky", "a", WORLD_UP, 60); /* more come back, */
        assert_true(!first || kept("failover-sticky", n));              /* nobody leaves */
    }
}

static void only_the_clients_of_a_scaled_region_move(void **state)
{
    (void)state;
    unsigned moved = 0, had = 0;
    for (uint32_t n = 0; n < 5000; n++) {
        world_set_region(&world, "weighted-sticky", "b", WORLD_UP, 100);
        kept("weighted-sticky", n);
        uint8_t before = world.answer.region;
        world_set_region(&world, "weighted-sticky", "b", WORLD_UP, 50);
        kept("weighted-sticky", n);
        had += before == 1;
        moved += before == 1 && world.answer.region != 1;
        if (before != 1)
            assert_int_equal(world.answer.region, before);
    }
    assert_in_range(moved * 100 / had, 28, 39); /* from a half to a third */
}

static void an_endpoint_is_in_as_many_answers_as_its_scale_says(void **state)
{
    (void)state;

    static const struct {
        unsigned scales[2];
        double in[2];
    } cases[] = {
        {{100, 100}, {1, 1}},
        {{100, 30}, {1, 0.3}},
        {{20, 50}, {0.4, 1}}, /* there is no other region: the best one takes it all */
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        unsigned in[2] = {0};
        world_set_scaled(&world, "10.0.1.1", WORLD_UP, cases[i].scales[0]);
        world_set_scaled(&world, "10.0.1.2", WORLD_UP, cases[i].scales[1]);
        for (unsigned n = 0; n < ROUNDS; n++) {
            const struct policy_answer *answer = world_ask(&world, "pair", IP_V4, "192.0.2.1");
            assert_true(answer->count > 0);
            for (uint16_t k = 0; k < answer->count; k++)
                in[answer->addresses[k]->bytes[3] - 1]++;
        }
        for (size_t e = 0; e < 2; e++)
            assert_share(in[e], cases[i].in[e]);
    }
}

/* ---- names and nested services ----------------------------------------------------------- */

static const char *alias_of(const char *service, uint32_t n)
{
    struct policy_request request = world_request(&world, service, IP_V4, "203.0.0.1");
    request.client.network.addr.bytes[2] = (uint8_t)n;
    policy_select(&request, &world.rng, &world.answer);
    return world.answer.outcome == POLICY_ALIAS ? (const char *)world.answer.alias + 1 : "none";
}

static void a_name_that_is_down_is_not_answered(void **state)
{
    (void)state;
    static const char *const services[] = {"names", "names-sticky"};
    for (size_t s = 0; s < 2; s++) {
        unsigned first = 0;
        for (uint32_t n = 0; n < 200; n++)
            first += strncmp(alias_of(services[s], n), "a1", 2) == 0;
        assert_in_range(first, 60, 140);
        world_set(&world, "a1.example.net.", WORLD_DOWN);
        for (uint32_t n = 0; n < 200; n++)
            assert_memory_equal(alias_of(services[s], n), "a2", 2);
        world_set(&world, "a2.example.net.", WORLD_SUSPECT);
        alias_of(services[s], 1);
        assert_int_equal(world.answer.flags, POLICY_SUSPECT);
        world_set(&world, "a2.example.net.", WORLD_DOWN);
        for (uint32_t n = 0; n < 20; n++) {
            assert_string_equal(alias_of(services[s], n), "none");
            assert_int_equal(world.answer.region, 1);
        }
        world_set(&world, "10.0.2.1", WORLD_DOWN); /* all down: as if all were up */
        assert_string_not_equal(alias_of(services[s], 1), "none");
        assert_int_equal(world.answer.flags & POLICY_ALL_DOWN, POLICY_ALL_DOWN);
        world_set(&world, "a1.example.net.", WORLD_UP);
        world_set(&world, "a2.example.net.", WORLD_UP);
        world_set(&world, "10.0.2.1", WORLD_UP);
    }
}

static void a_sticky_client_of_a_name_that_is_up_keeps_it(void **state)
{
    (void)state;
    for (uint32_t n = 0; n < 100; n++) {
        world_set(&world, "a1.example.net.", WORLD_UP);
        char before[3] = "";
        memcpy(before, alias_of("names-sticky", n), 2);
        world_set(&world, "a1.example.net.", WORLD_DOWN);
        if (strcmp(before, "a2") == 0)
            assert_memory_equal(alias_of("names-sticky", n), "a2", 2);
    }
}

static void a_nested_service_whose_seat_is_down_is_passed_over(void **state)
{
    (void)state;
    assert_int_equal(world_ask(&world, "outer", IP_V4, "192.0.2.1")->service,
                     world_service(&world, "failover"));
    world_set_region(&world, "outer", "a", WORLD_DOWN, 100);
    const struct policy_answer *answer = world_ask(&world, "outer", IP_V4, "192.0.2.1");
    assert_int_equal(answer->service, world_service(&world, "outer"));
    assert_int_equal(answer->region, 1);
    assert_int_equal(answer->flags, POLICY_FAILED_OVER);
    world_set_region(&world, "outer", "a", WORLD_UP, 100); /* the seat says more than it can */
    world_set_region(&world, "failover", "a", WORLD_DOWN, 100);
    world_set_region(&world, "failover", "b", WORLD_DOWN, 100);
    world_set_region(&world, "failover", "c", WORLD_DOWN, 100);
    assert_int_equal(world_ask(&world, "outer", IP_V4, "192.0.2.1")->region, 1);
}

static void a_nested_service_sheds_as_a_region_does(void **state)
{
    (void)state;
    unsigned inner = 0;
    world_set_region(&world, "outer", "a", WORLD_UP, 25);
    for (unsigned n = 0; n < ROUNDS; n++)
        inner += world_ask(&world, "outer", IP_V4, "192.0.2.1")->service ==
                 world_service(&world, "failover");
    assert_share(inner, 0.25);
}

/* ---- geography switched off -------------------------------------------------------------- */

static void without_geography_everybody_is_where_nobody_knows(void **state)
{
    (void)state;
    static const char *const clients[] = {"192.0.2.1", "198.51.100.0/24", "203.0.113.1"};
    static const uint8_t regions[] = {0, 1, 2};
    for (size_t i = 0; i < 3; i++)
        assert_int_equal(world_ask(&world, "geo", IP_V4, clients[i])->region, regions[i]);
    assert_true(world_ask(&world, "geo", IP_V4, "198.51.100.0/24")->scope > 0);
    health_table_set_switches(&world.health, HEALTH_IGNORE_GEO);
    for (size_t i = 0; i < 3; i++) {
        assert_int_equal(world_ask(&world, "geo", IP_V4, clients[i])->region, 2);
        assert_int_equal(world.answer.scope, 0);
    }
}

static void residency_keeps_its_geography(void **state)
{
    (void)state;
    health_table_set_switches(&world.health, HEALTH_IGNORE_GEO | HEALTH_IGNORE_ECS);
    assert_int_equal(world_ask(&world, "resident", IP_V4, "198.51.100.0/24")->region, 1);
    assert_true(world.answer.scope > 0);
    assert_int_equal(world_ask(&world, "resident", IP_V4, "192.0.2.1")->region, 0);
    for (unsigned scale = 0; scale <= 100; scale += 10) { /* nor does shedding break it */
        world_set_region(&world, "resident", "b", scale > 0 ? WORLD_UP : WORLD_DOWN, scale);
        for (unsigned n = 0; n < 50; n++)
            assert_int_equal(world_ask(&world, "resident", IP_V4, "198.51.100.1")->region, 1);
    }
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

/* ttl_after - of the service `proven`, ms after the proof of all endpoints, by a clock that is
 * about to run over. */
static uint32_t ttl_after(uint32_t ms)
{
    struct policy_request request = world_request(&world, "proven", IP_V4, "192.0.2.1");
    struct policy_answer answer;
    request.now_ms = UINT32_MAX - 999 + ms;
    policy_select(&request, &world.rng, &answer);
    assert_int_equal(answer.ttl_s + answer.aged_s, 30);
    return answer.ttl_s;
}

static void set_proofs(uint32_t at_ms)
{
    for (size_t i = 0; i < world.health.seat_count; i++)
        health_table_set_proof_ms(&world.health, i, at_ms);
}

static void a_ttl_counts_from_the_latest_proof(void **state)
{
    (void)state;
    set_proofs(UINT32_MAX - 999);
    assert_int_equal(ttl_after(0), 30);
    assert_int_equal(ttl_after(499), 30); /* to the nearest second */
    assert_int_equal(ttl_after(500), 29);
    assert_int_equal(ttl_after(1499), 29); /* the clock has run over */
    assert_int_equal(ttl_after(10000), 20);
    assert_int_equal(ttl_after(60000), 2);         /* not below the suspect one */
    assert_int_equal(ttl_after((uint32_t)-5), 30); /* a moment still to come */
    assert_int_equal(ttl_after(2 * 3600000u), 30); /* too old to say anything */
    set_proofs(0);
    assert_int_equal(ttl_after(10000), 30); /* nobody was proven */
}

static void other_ttls_do_not(void **state)
{
    (void)state;
    struct policy_request request = world_request(&world, "failover", IP_V4, "192.0.2.1");
    struct policy_answer answer;
    set_proofs(1);
    request.now_ms = 20001;
    policy_select(&request, &world.rng, &answer);
    assert_int_equal(answer.ttl_s, 30);
    assert_int_equal(answer.aged_s, 0);
    set_proofs(0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(scales_take_from_the_shares_of_a_weighted_group),
        TEST(a_group_sheds_what_it_cannot_take_to_the_next),
        TEST(what_all_groups_shed_is_answered_by_the_first),
        TEST(a_sticky_client_is_shed_always_or_never),
        TEST(only_the_clients_of_a_scaled_region_move),
        TEST(an_endpoint_is_in_as_many_answers_as_its_scale_says),
        TEST(a_name_that_is_down_is_not_answered),
        TEST(a_sticky_client_of_a_name_that_is_up_keeps_it),
        TEST(a_nested_service_whose_seat_is_down_is_passed_over),
        TEST(a_nested_service_sheds_as_a_region_does),
        TEST(without_geography_everybody_is_where_nobody_knows),
        TEST(residency_keeps_its_geography),
        TEST(a_ttl_counts_from_the_latest_proof),
        TEST(other_ttls_do_not),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
