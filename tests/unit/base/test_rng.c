#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "rhumb/rng.h"

/* Computed apart from the code: xoshiro256** over a state of four outputs of splitmix64. */
static void a_seed_gives_the_sequence_of_its_authors(void **state)
{
    (void)state;

    static const struct {
        uint64_t seed, outputs[4];
    } cases[] = {
        {0,
         {UINT64_C(0x99ec5f36cb75f2b4), UINT64_C(0xbf6e1f784956452a),
          UINT64_C(0x1a5f849d4933e6e0), UINT64_C(0x6aa594f1262d2d2c)}},
        {42,
         {UINT64_C(0x15780b2e0c2ec716), UINT64_C(0x6104d9866d113a7e),
          UINT64_C(0xae17533239e499a1), UINT64_C(0xecb8ad4703b360a1)}},
    };

    for (size_t c = 0; c < sizeof(cases) / sizeof(cases[0]); c++) {
        struct rng rng;
        rng_init(&rng, cases[c].seed);
        for (size_t i = 0; i < 4; i++)
            assert_true(rng_next(&rng) == cases[c].outputs[i]);
    }
}

static void a_limit_is_never_reached(void **state)
{
    (void)state;
    static const uint32_t limits[] = {1, 2, 3, 7, 100, 65536, UINT32_MAX};
    struct rng rng;
    rng_init(&rng, 1);
    for (size_t l = 0; l < sizeof(limits) / sizeof(limits[0]); l++)
        for (unsigned i = 0; i < 10000; i++)
            assert_true(rng_below(&rng, limits[l]) < limits[l]);
    assert_int_equal(rng_below(&rng, 0), 0);
}

/* 100,000 draws: a share of 1/n is right within 2 % of all (over 12 standard deviations). */
static void every_value_gets_its_share(void **state)
{
    (void)state;

    enum { DRAWS = 100000, LIMIT_MAX = 10 };

    struct rng rng;
    rng_init(&rng, 7);
    for (uint32_t limit = 2; limit <= LIMIT_MAX; limit++) {
        unsigned counts[LIMIT_MAX] = {0};
        for (unsigned i = 0; i < DRAWS; i++)
            counts[rng_below(&rng, limit)]++;
        for (uint32_t v = 0; v < limit; v++)
            assert_in_range(counts[v], DRAWS / limit - DRAWS / 50, DRAWS / limit + DRAWS / 50);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_seed_gives_the_sequence_of_its_authors),
        cmocka_unit_test(a_limit_is_never_reached),
        cmocka_unit_test(every_value_gets_its_share),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
