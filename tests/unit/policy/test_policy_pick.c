#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "rhumb/hash.h"

#include "policy_pick.h"
#include "policy_world.h"

enum { REGIONS = 4, ROUNDS = 100000, ALL = (1 << REGIONS) - 1 };

static struct policy_region regions[REGIONS];
static const struct policy_service service = {.regions = regions, .region_count = REGIONS};

static int setup(void **state)
{
    (void)state;
    static const char *const names[REGIONS] = {"us-east", "us-west", "eu-west", "ap-tokyo"};
    static const uint32_t weights[REGIONS] = {1, 2, 3, 4};
    for (size_t i = 0; i < REGIONS; i++)
        regions[i] = (struct policy_region){
            .name = names[i],
            .name_hash = hash_bytes(HASH_SEED, names[i], strlen(names[i])),
            .weight = weights[i],
        };
    return 0;
}

/* client - the hash of the n-th /24, as policy_select() makes it. */
static uint64_t client(uint32_t n)
{
    const uint8_t bytes[4] = {(uint8_t)(n >> 16), (uint8_t)(n >> 8), (uint8_t)n, 0};
    return hash_bytes(HASH_SEED, bytes, sizeof(bytes));
}

static void assert_share(unsigned count, unsigned rounds, double share, double tolerance)
{
    double seen = (double)count / rounds;
    if (fabs(seen - share) > tolerance)
        fail_msg("a share of %.4f instead of %.4f", seen, share);
}

static void chance_follows_the_weights(void **state)
{
    (void)state;

    static const struct {
        uint64_t members;
        double shares[REGIONS];
    } rows[] = {
        {ALL, {0.1, 0.2, 0.3, 0.4}},
        {1 << 0 | 1 << 3, {0.2, 0, 0, 0.8}},
        {1 << 1, {0, 1, 0, 0}},
    };
    struct rng rng;
    rng_init(&rng, 7);
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        unsigned counts[REGIONS] = {0};
        for (unsigned n = 0; n < ROUNDS; n++)
            counts[policy_pick_random(&service, rows[i].members, NULL, &rng)]++;
        for (size_t r = 0; r < REGIONS; r++)
            assert_share(counts[r], ROUNDS, rows[i].shares[r], 0.005);
    }
}

static void one_region_needs_no_chance(void **state)
{
    (void)state;
    struct rng rng, before;
    rng_init(&rng, 7);
    before = rng;
    assert_int_equal(policy_pick_random(&service, 1 << 2, NULL, &rng), 2);
    assert_memory_equal(&rng, &before, sizeof(rng));
    assert_int_equal(policy_pick_sticky(&service, 1 << 2, NULL, 5), 2);
}

static void the_64th_region_can_be_picked(void **state)
{
    (void)state;
    static struct policy_region many[64];
    struct policy_service wide = {.regions = many, .region_count = 64};
    struct rng rng;
    rng_init(&rng, 7);
    for (size_t i = 0; i < 64; i++)
        many[i] = (struct policy_region){.name_hash = hash_mix(i + 1), .weight = 10000};
    uint64_t by_chance = 0, sticky = 0;
    for (uint32_t n = 0; n < 5000; n++) {
        by_chance |= UINT64_C(1) << policy_pick_random(&wide, UINT64_MAX, NULL, &rng);
        sticky |= UINT64_C(1) << policy_pick_sticky(&wide, UINT64_MAX, NULL, client(n));
    }
    assert_true(by_chance == UINT64_MAX);
    assert_true(sticky == UINT64_MAX);
}

static void a_sticky_client_gets_the_same_region_a_thousand_times(void **state)
{
    (void)state;
    for (uint32_t n = 0; n < 20; n++) {
        uint8_t region = policy_pick_sticky(&service, ALL, NULL, client(n));
        for (int i = 0; i < 1000; i++)
            assert_int_equal(policy_pick_sticky(&service, ALL, NULL, client(n)), region);
    }
}

static void sticky_clients_follow_the_weights(void **state)
{
    (void)state;
    unsigned counts[REGIONS] = {0};
    for (uint32_t n = 0; n < ROUNDS; n++)
        counts[policy_pick_sticky(&service, ALL, NULL, client(n))]++;
    for (size_t r = 0; r < REGIONS; r++)
        assert_share(counts[r], ROUNDS, 0.1 * (double)(r + 1), 0.1 * (double)(r + 1) * 0.03);
}

static void the_loss_of_a_region_moves_only_its_clients(void **state)
{
    (void)state;
    unsigned lost = 0, moved[REGIONS] = {0};
    for (uint32_t n = 0; n < ROUNDS; n++) {
        uint8_t before = policy_pick_sticky(&service, ALL, NULL, client(n));
        uint8_t after = policy_pick_sticky(&service, ALL & ~(1 << 3), NULL, client(n));
        if (before != 3) {
            assert_int_equal(after, before);
            continue;
        }
        lost++;
        moved[after]++;
    }
    for (size_t r = 0; r < 3; r++) /* and those by weight */
        assert_share(moved[r], lost, (double)(r + 1) / 6, 0.01);
}

static void more_weight_only_draws_clients(void **state)
{
    (void)state;
    for (uint32_t n = 0; n < ROUNDS / 10; n++) {
        regions[0].weight = 1;
        uint8_t before = policy_pick_sticky(&service, ALL, NULL, client(n));
        regions[0].weight = 5;
        uint8_t after = policy_pick_sticky(&service, ALL, NULL, client(n));
        assert_true(after == before || after == 0);
    }
}

static void the_place_in_the_file_does_not_matter(void **state)
{
    (void)state;
    for (uint32_t n = 0; n < 1000; n++) {
        const char *before = regions[policy_pick_sticky(&service, ALL, NULL, client(n))].name;
        struct policy_region first = regions[0];
        regions[0] = regions[3];
        regions[3] = first;
        assert_string_equal(regions[policy_pick_sticky(&service, ALL, NULL, client(n))].name,
                            before);
    }
}

/* ---- through policy_select() ------------------------------------------------------------- */

static const char YAML[] = "regions: { a: {}, b: {} }\n"
                           "services:\n"
                           "  flat:\n"
                           "    policy: weighted\n"
                           "    sticky: true\n"
                           "    regions:\n"
                           "      a: { addresses: [ 10.0.1.1 ] }\n"
                           "      b: { addresses: [ 10.0.2.1 ] }\n"
                           "  outer:\n"
                           "    policy: weighted\n"
                           "    sticky: true\n"
                           "    regions:\n"
                           "      a: { service: flat }\n"
                           "      b: { addresses: [ 10.0.3.1 ] }\n";

static void a_sticky_client_is_its_24_or_48(void **state)
{
    (void)state;
    static const char *const alike[][4] = {
        {"192.0.2.1", "192.0.2.254", "192.0.2.0/24", "2002:c000:0209::1"},
        {"2001:db8:1::1", "2001:db8:1:ff00::1", "2001:db8:1::/48", "2001:db8:1:1200::/56"},
        {"::ffff:198.51.100.7", "198.51.100.0/24", "64:ff9b::198.51.100.200",
         "2001:0:102:304:0:ffff:39cc:9bff"},
    };
    struct world world;
    world_init(&world, YAML);
    for (size_t i = 0; i < sizeof(alike) / sizeof(alike[0]); i++) {
        uint8_t region = world_ask(&world, "flat", IP_V4, alike[i][0])->region;
        for (size_t j = 0; j < 4; j++)
            assert_int_equal(world_ask(&world, "flat", IP_V4, alike[i][j])->region, region);
    }
    world_deinit(&world);
}

static void each_level_of_nesting_is_a_free_choice(void **state)
{
    (void)state;
    struct world world;
    world_init(&world, YAML);
    struct policy_request request = world_request(&world, "outer", IP_V4, "0.0.0.0");
    unsigned counts[4] = {0};
    for (uint32_t n = 0; n < ROUNDS / 5; n++) {
        request.client.network.addr.bytes[1] = (uint8_t)(n >> 8);
        request.client.network.addr.bytes[2] = (uint8_t)n;
        policy_select(&request, &world.rng, &world.answer);
        counts[world.answer.addresses[0]->bytes[2]]++;
    }
    assert_share(counts[1], ROUNDS / 5, 0.25, 0.01);
    assert_share(counts[2], ROUNDS / 5, 0.25, 0.01);
    assert_share(counts[3], ROUNDS / 5, 0.5, 0.01);
    world_deinit(&world);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(chance_follows_the_weights, setup),
        cmocka_unit_test_setup(one_region_needs_no_chance, setup),
        cmocka_unit_test(the_64th_region_can_be_picked),
        cmocka_unit_test_setup(a_sticky_client_gets_the_same_region_a_thousand_times, setup),
        cmocka_unit_test_setup(sticky_clients_follow_the_weights, setup),
        cmocka_unit_test_setup(the_loss_of_a_region_moves_only_its_clients, setup),
        cmocka_unit_test_setup(more_weight_only_draws_clients, setup),
        cmocka_unit_test_setup(the_place_in_the_file_does_not_matter, setup),
        cmocka_unit_test(a_sticky_client_is_its_24_or_48),
        cmocka_unit_test(each_level_of_nesting_is_a_free_choice),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
