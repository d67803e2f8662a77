#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "rhumb/health_fsm.h"

enum { HALF_LIFE_MS = 120000, LONGEST_MS = 10 * 60 * 1000, NOW = 1000000 };

static void assert_near(double is, double wanted)
{
    if (fabs(is - wanted) > 1e-9 * wanted)
        fail_msg("%.12g instead of %.12g", is, wanted);
}

static void a_penalty_halves_every_120_seconds(void **state)
{
    (void)state;
    struct health_penalty penalty = {.value = 4096, .at_ms = NOW};
    double value = 4096;
    for (uint64_t i = 0; i <= 12; i++, value /= 2)
        assert_near(health_penalty_now(&penalty, NOW + i * HALF_LIFE_MS), value);
    assert_near(health_penalty_now(&penalty, NOW + HALF_LIFE_MS / 2), 4096 / sqrt(2));
    assert_true(health_penalty_now(&penalty, UINT64_MAX) < 1e-9);
}

static void each_down_adds_1000_to_what_is_left(void **state)
{
    (void)state;
    struct health_penalty penalty = {0};
    assert_true(health_penalty_now(&penalty, NOW) == 0);
    health_penalty_add_down(&penalty, NOW);
    assert_near(penalty.value, 1000);
    assert_int_equal(penalty.at_ms, NOW);
    health_penalty_add_down(&penalty, NOW + HALF_LIFE_MS);
    assert_near(penalty.value, 1500);
    health_penalty_add_down(&penalty, NOW + 2 * HALF_LIFE_MS);
    assert_near(penalty.value, 1750);
    health_penalty_add_down(&penalty, NOW + 2 * HALF_LIFE_MS);
    assert_near(penalty.value, 2750);
}

static void each_reversal_adds_a_quarter_of_that(void **state)
{
    (void)state;
    struct health_penalty penalty = {.value = 500, .at_ms = NOW};
    health_penalty_add_reversal(&penalty, NOW + HALF_LIFE_MS);
    assert_near(penalty.value, 500);
    assert_int_equal(penalty.at_ms, NOW + HALF_LIFE_MS);
}

static void it_is_doubt_above_250(void **state)
{
    (void)state;
    struct health_penalty penalty = {.value = 500, .at_ms = NOW};
    assert_true(health_penalty_is_doubt(&penalty, NOW + HALF_LIFE_MS - 1));
    assert_false(health_penalty_is_doubt(&penalty, NOW + HALF_LIFE_MS));
}

static void it_holds_above_1250_and_is_calm_below_750(void **state)
{
    (void)state;

    static const struct {
        double value;
        bool holds, calm;
    } cases[] = {
        {0, false, true},     {749.999, false, true},  {750, false, false},
        {1250, false, false}, {1250.001, true, false}, {24000, true, false},
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct health_penalty penalty = {.value = cases[i].value, .at_ms = NOW};
        assert_int_equal(health_penalty_holds(&penalty, NOW), cases[i].holds);
        assert_int_equal(health_penalty_is_calm(&penalty, NOW), cases[i].calm);
    }
}

static void whatever_happens_it_is_calm_after_ten_minutes(void **state)
{
    (void)state;
    struct health_penalty penalty = {0};
    for (int i = 0; i < 1000; i++)
        health_penalty_add_down(&penalty, NOW);
    assert_near(penalty.value, 24000);
    assert_false(health_penalty_is_calm(&penalty, NOW + LONGEST_MS - 1));
    assert_true(health_penalty_is_calm(&penalty, NOW + LONGEST_MS + 1));
}

static void a_step_back_in_time_adds_nothing(void **state)
{
    (void)state;
    struct health_penalty penalty = {.value = 3000, .at_ms = NOW};
    assert_near(health_penalty_now(&penalty, NOW - 999), 3000);
    health_penalty_add_down(&penalty, NOW - 999);
    assert_near(penalty.value, 4000);
    assert_int_equal(penalty.at_ms, NOW - 999);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_penalty_halves_every_120_seconds),
        cmocka_unit_test(each_down_adds_1000_to_what_is_left),
        cmocka_unit_test(each_reversal_adds_a_quarter_of_that),
        cmocka_unit_test(it_is_doubt_above_250),
        cmocka_unit_test(it_holds_above_1250_and_is_calm_below_750),
        cmocka_unit_test(whatever_happens_it_is_calm_after_ten_minutes),
        cmocka_unit_test(a_step_back_in_time_adds_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
