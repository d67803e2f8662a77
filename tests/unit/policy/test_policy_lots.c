/* The exact shares of regions, beside what chance gives. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "policy_lots.h"
#include "policy_world.h"

enum { ROUNDS = 40000 };

/* clang-format off: reads as the file it is */
static const char YAML[] =
    "checks: { tcp: { tcp: { port: 80 } } }\n"
    "regions: { a: {}, b: {}, c: {} }\n"
    "x-three: &three\n"
    "  a: { addresses: [ 10.0.1.1, 10.0.1.2 ], weight: 1 }\n"
    "  b: { addresses: [ 10.0.2.1 ], weight: 2 }\n"
    "  c: { addresses: [ 10.0.3.1 ], weight: 5 }\n"
    "services:\n"
    "  weighted: { policy: weighted, check: tcp, min_up: 0, regions: *three }\n"
    "  failover: { policy: failover, check: tcp, min_up: 0, regions: *three }\n"
    "  two: { policy: weighted, check: tcp, min_up: 0, answers: 2, regions: *three }\n"
    "  outer: { policy: weighted, regions: { a: { weight: 3, service: weighted }, b: { "
    "addresses: [ "
    "10.0.9.1 ] } } }\n"
    "  outermost: { policy: failover, regions: { a: { service: outer }, b: { service: failover "
    "} } }\n"
    "  empty: { policy: weighted, check: tcp, when_all_down: empty, regions: *three }\n"
    "  last: { policy: weighted, check: tcp, when_all_down: { region: b }, regions: *three }\n"
    "  names: { policy: weighted, check: tcp, min_up: 0, regions: { a: { names: [ "
    "a1.example.net, "
    "a2.example.net ] }, b: { weight: 3, addresses: [ 10.0.2.1 ] } } }\n";
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

static struct policy_share shares[POLICY_SHARES_MAX];
static size_t share_count;

static void ask(const char *service)
{
    struct policy_request request = world_request(&world, service, IP_V4, "203.0.113.1");
    share_count = policy_distribution(&request, shares, POLICY_SHARES_MAX);
}

/* share_of - of one region of one service, whatever when_all_down says. */
static double share_of(const char *service, const char *region)
{
    uint16_t index = world_service(&world, service);
    uint8_t wanted = region ? world_region(&world, service, region) : POLICY_NO_REGION;
    double share = 0;
    for (size_t i = 0; i < share_count; i++)
        if (shares[i].service == index && shares[i].region == wanted)
            share += shares[i].share;
    return share;
}

#define assert_near(value, expected) assert_true(fabs((value) - (expected)) < 1e-12)

static void weights_are_shares(void **state)
{
    (void)state;
    ask("weighted");
    assert_int_equal(share_count, 3);
    assert_near(share_of("weighted", "a"), 1.0 / 8);
    assert_near(share_of("weighted", "b"), 2.0 / 8);
    assert_near(share_of("weighted", "c"), 5.0 / 8);
}

static void without_chance_one_region_has_all(void **state)
{
    (void)state;
    ask("failover");
    assert_int_equal(share_count, 1);
    assert_near(share_of("failover", "a"), 1);
    world_set(&world, "10.0.1.1", WORLD_DOWN);
    world_set(&world, "10.0.1.2", WORLD_DOWN);
    ask("failover");
    assert_int_equal(share_count, 1);
    assert_near(share_of("failover", "b"), 1);
}

static void runner_up_addresses_count_for_nobody(void **state)
{
    (void)state;
    ask("two");
    assert_int_equal(share_count, 3);
    assert_near(share_of("two", "c"), 5.0 / 8);
}

static void nested_shares_multiply(void **state)
{
    (void)state;
    world_set(&world, "10.0.2.1", WORLD_DOWN);
    ask("outer");
    assert_near(share_of("outer", "b"), 1.0 / 4);
    assert_near(share_of("weighted", "a"), 3.0 / 4 * 1 / 6);
    assert_near(share_of("weighted", "c"), 3.0 / 4 * 5 / 6);
    assert_int_equal(share_count, 3);
}

static void a_region_that_sheds_load_passes_it_on(void **state)
{
    (void)state;
    world_set_region(&world, "failover", "a", WORLD_UP, 40);
    world_set_region(&world, "failover", "b", WORLD_UP, 50);
    ask("failover");
    assert_near(share_of("failover", "a"), 0.4);
    assert_near(share_of("failover", "b"), 0.3);
    assert_near(share_of("failover", "c"), 0.3);
}

static void all_down_is_told(void **state)
{
    static const char *const addresses[] = {"10.0.1.1", "10.0.1.2", "10.0.2.1", "10.0.3.1"};

    (void)state;
    for (size_t i = 0; i < 4; i++)
        world_set(&world, addresses[i], WORLD_DOWN);
    ask("empty");
    assert_int_equal(share_count, 1);
    assert_near(share_of("empty", NULL), 1);
    assert_true(shares[0].all_down);
    ask("last");
    assert_near(share_of("last", "b"), 1);
    assert_true(shares[0].all_down);
    ask("weighted"); /* as if everything were up: each region like any other */
    assert_near(
        share_of("weighted", "a") + share_of("weighted", "b") + share_of("weighted", "c"), 1);
    assert_true(shares[0].all_down);
}

static void a_sticky_client_has_one_region(void **state)
{
    struct policy_request request = world_request(&world, "weighted", IP_V4, "203.0.113.1");
    (void)state;
    request.sticky = true;
    for (unsigned n = 0; n < 1000; n++) {
        request.client.network.addr.bytes[1] = (uint8_t)(n >> 8);
        request.client.network.addr.bytes[2] = (uint8_t)n;
        share_count = policy_distribution(&request, shares, POLICY_SHARES_MAX);
        policy_select(&request, &world.rng, &world.answer);
        assert_int_equal(share_count, 1);
        assert_near(shares[0].share, 1);
        assert_int_equal(shares[0].region, world.answer.region);
    }
}

/* agree - what policy_select() does by chance is what policy_distribution() says: within five standard
 * deviations for every region, and nothing that has no share. */
static void agree(const char *service)
{
    struct policy_request request = world_request(&world, service, IP_V4, "203.0.113.1");
    unsigned counts[POLICY_SHARES_MAX] = {0};
    share_count = policy_distribution(&request, shares, POLICY_SHARES_MAX);
    for (unsigned n = 0; n < ROUNDS; n++) {
        size_t i = 0;
        policy_select(&request, &world.rng, &world.answer);
        bool all_down = (world.answer.flags & POLICY_ALL_DOWN) != 0;
        while (i < share_count &&
               (shares[i].service != world.answer.service ||
                shares[i].region != world.answer.region || shares[i].all_down != all_down))
            i++;
        assert_true(i < share_count);
        counts[i]++;
    }
    for (size_t i = 0; i < share_count; i++) {
        double expected = shares[i].share * ROUNDS;
        double deviation = sqrt(expected * (1 - shares[i].share)) + 1;
        assert_true(fabs(counts[i] - expected) < 5 * deviation);
    }
}

static void chance_agrees_in_random_health(void **state)
{
    struct rng rng;
    (void)state;
    rng_init(&rng, 7);
    for (unsigned round = 0; round < 12; round++) {
        for (size_t s = 0; s < world.seat_count; s++) {
            enum world_health health = rng_below(&rng, 3) == 0 ? WORLD_DOWN : WORLD_UP;
            unsigned scale = rng_below(&rng, 2) == 0 ? 100 : 1 + rng_below(&rng, 99);
            health_table_set(&world.health, s, world_word(health, scale));
        }
        for (size_t i = 0; i < world.set.service_count; i++)
            agree(world.set.services[i].name);
    }
}

/* draw_all - the leaves of a tree of draws: three branches, below the last of them two. */
static void every_branch_is_taken_once(void **state)
{
    (void)state;
    struct policy_lots lots = {.share = 1};
    unsigned runs = 0, seen = 0;
    double told = 0;
    do {
        unsigned first = policy_lots_draw(&lots, (uint32_t[]){1, 0, 2, 5}, 4), second = 0;
        assert_int_not_equal(first, 1); /* it cannot happen */
        if (first == 3)
            second = policy_lots_draw(&lots, (uint32_t[]){0, 1, 3}, 3);
        seen |= 1u << (first * 3 + second);
        told += lots.share;
        runs++;
    } while (policy_lots_next(&lots));
    assert_int_equal(runs, 4);
    assert_int_equal(seen, 1u << 0 | 1u << 6 | 1u << 10 | 1u << 11);
    assert_near(told, 1);
}

static void behind_too_many_branches_the_likeliest_is_taken(void **state)
{
    (void)state;
    struct policy_lots lots = {.share = 1};
    for (unsigned i = 0; i < POLICY_LOTS_MAX; i++)
        assert_int_equal(policy_lots_draw(&lots, (uint32_t[]){3, 3}, 2), 0);
    assert_int_equal(policy_lots_draw(&lots, (uint32_t[]){3, 4}, 2), 1);
    assert_true(policy_lots_next(&lots));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(weights_are_shares, setup, teardown),
        cmocka_unit_test_setup_teardown(without_chance_one_region_has_all, setup, teardown),
        cmocka_unit_test_setup_teardown(runner_up_addresses_count_for_nobody, setup, teardown),
        cmocka_unit_test_setup_teardown(nested_shares_multiply, setup, teardown),
        cmocka_unit_test_setup_teardown(a_region_that_sheds_load_passes_it_on, setup, teardown),
        cmocka_unit_test_setup_teardown(all_down_is_told, setup, teardown),
        cmocka_unit_test_setup_teardown(a_sticky_client_has_one_region, setup, teardown),
        cmocka_unit_test_setup_teardown(chance_agrees_in_random_health, setup, teardown),
        cmocka_unit_test(every_branch_is_taken_once),
        cmocka_unit_test(behind_too_many_branches_the_likeliest_is_taken),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
