/* Targets that are not trusted: what counts against them, when they are probed, what they prove.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "rhumb/health_fsm.h"

static const struct health_thresholds DEFAULTS = {
    .fall = 3,
    .rise = 3,
    .interval_ms = 1000,
    .confirm_ms = 100,
    .min_down_ms = 30000,
    .proofs = HEALTH_PROOFS,
    .assume_up = true,
    .damped = true,
};

enum { NOW = 1000000, CHANCE_HALF = INT32_MAX };

static struct health_machine machine_of(enum health_state state, double penalty)
{
    return (struct health_machine){
        .state = state, .since_ms = NOW, .penalty = {.value = penalty, .at_ms = NOW}};
}

static bool step(struct health_machine *machine, enum health_outcome outcome, uint64_t now_ms)
{
    struct health_event event;
    return health_fsm_step(machine, outcome, 1000, &DEFAULTS, now_ms, &event);
}

/* ---- reversals --------------------------------------------------------------------------- */

static void a_failure_after_a_success_counts_while_down_or_held(void **state)
{
    (void)state;

    static const struct {
        enum health_state state;
        uint32_t successes;
        double penalty; /* of 1000 */
    } rows[] = {
        {HEALTH_DOWN, 0, 1000},    {HEALTH_DOWN, 1, 1250}, {HEALTH_DOWN, 90, 1250},
        {HEALTH_HELD, 0, 1000},    {HEALTH_HELD, 1, 1250}, {HEALTH_UP, 1, 1000},
        {HEALTH_UNKNOWN, 0, 1000},
    };

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct health_machine machine = machine_of(rows[i].state, 1000);
        machine.successes = rows[i].successes;
        step(&machine, HEALTH_FAILURE, NOW);
        assert_true(machine.penalty.value == rows[i].penalty);
        step(&machine, HEALTH_OWN_FAULT, NOW);
        assert_true(machine.penalty.value == rows[i].penalty);
    }
}

static void a_success_after_a_failure_counts_while_suspect_and_in_doubt(void **state)
{
    (void)state;

    static const struct {
        enum health_state state;
        double before, after;
    } rows[] = {
        {HEALTH_SUSPECT, 0, 0},     {HEALTH_SUSPECT, 250, 250},
        {HEALTH_SUSPECT, 251, 501}, {HEALTH_SUSPECT, 24000, 24000},
        {HEALTH_HELD, 1000, 1000},  {HEALTH_UNKNOWN, 1000, 1000},
    };

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct health_machine machine = machine_of(rows[i].state, rows[i].before);
        machine.failures = 1;
        step(&machine, HEALTH_SUCCESS, NOW);
        assert_true(machine.penalty.value == rows[i].after);
    }
}

static void one_false_start_holds_nobody_and_two_do(void **state)
{
    (void)state;
    for (unsigned relapses = 0; relapses < 3; relapses++) {
        struct health_machine machine = machine_of(HEALTH_DOWN, 1000);
        for (unsigned i = 0; i < relapses; i++) {
            step(&machine, HEALTH_SUCCESS, NOW);
            step(&machine, HEALTH_FAILURE, NOW);
        }
        for (unsigned i = 0; i < DEFAULTS.rise; i++)
            step(&machine, HEALTH_SUCCESS, NOW + DEFAULTS.min_down_ms);
        assert_int_equal(machine.state, relapses < 2 ? HEALTH_UP : HEALTH_HELD);
    }
}

/* ---- proofs ------------------------------------------------------------------------------ */

/* 3000 falls to 750 in two half-lives, and below it a moment later. */
enum { CALM = NOW + 240001 };

static void held_ends_with_enough_successes_in_a_row_since_it_is_calm(void **state)
{
    (void)state;
    struct health_machine machine = machine_of(HEALTH_HELD, 3000);
    struct health_event event;
    for (unsigned i = 0; i < 100; i++)
        assert_false(step(&machine, HEALTH_SUCCESS, CALM - 1)); /* too early to count */
    for (unsigned i = 1; i < HEALTH_PROOFS; i++) {
        assert_false(step(&machine, HEALTH_SUCCESS, CALM));
        assert_false(health_fsm_tick(&machine, &DEFAULTS, CALM, &event));
    }
    assert_true(step(&machine, HEALTH_SUCCESS, CALM));
    assert_int_equal(machine.state, HEALTH_UP);
    assert_int_equal(machine.proofs, 0);
}

static void a_failure_while_proving_starts_anew(void **state)
{
    (void)state;
    struct health_machine machine = machine_of(HEALTH_HELD, 100);
    for (unsigned i = 1; i < HEALTH_PROOFS; i++)
        assert_false(step(&machine, HEALTH_SUCCESS, NOW));
    assert_false(step(&machine, HEALTH_FAILURE, NOW)); /* 350 now: calm still */
    for (unsigned i = 1; i < HEALTH_PROOFS; i++)
        assert_false(step(&machine, HEALTH_SUCCESS, NOW));
    assert_true(step(&machine, HEALTH_SUCCESS, NOW));
}

static void proofs_end_in_a_ramp_where_there_is_one(void **state)
{
    (void)state;
    struct health_thresholds thresholds = DEFAULTS;
    struct health_machine machine = machine_of(HEALTH_HELD, 0);
    struct health_event event;
    thresholds.ramp_ms = 1000;
    machine.proofs = HEALTH_PROOFS - 1;
    assert_true(health_fsm_step(&machine, HEALTH_SUCCESS, 1, &thresholds, NOW, &event));
    assert_int_equal(machine.state, HEALTH_RECOVERING);
}

static void who_need_not_prove_it_returns_by_time_alone(void **state)
{
    (void)state;
    struct health_thresholds thresholds = DEFAULTS;
    struct health_machine machine = machine_of(HEALTH_HELD, 3000);
    struct health_event event;
    thresholds.proofs = 0;
    assert_false(health_fsm_tick(&machine, &thresholds, CALM - 1, &event));
    assert_true(health_fsm_tick(&machine, &thresholds, CALM, &event));
}

static void a_resume_asks_for_no_proof(void **state)
{
    (void)state;
    struct health_machine machine = machine_of(HEALTH_HELD, 3000);
    struct health_event event;
    assert_true(health_fsm_resume(&machine, &DEFAULTS, NOW, &event));
    assert_int_equal(machine.state, HEALTH_UP);
}

/* ---- when to probe ----------------------------------------------------------------------- */

static void who_is_in_doubt_is_probed_at_random(void **state)
{
    (void)state;

    static const struct {
        enum health_state state;
        double penalty;
        uint32_t none, half, all; /* delays by chance */
    } rows[] = {
        {HEALTH_UP, 250, 1000, 1000, 1000},       {HEALTH_UP, 251, 1000, 751, 501},
        {HEALTH_RECOVERING, 900, 1000, 751, 501}, {HEALTH_UNKNOWN, 900, 1000, 751, 501},
        {HEALTH_DOWN, 250, 1000, 1000, 1000},     {HEALTH_DOWN, 1000, 1000, 1249, 999},
        {HEALTH_HELD, 751, 1000, 1249, 999}, /* calm: below */
        {HEALTH_HELD, 749, 250, 126, 100},        {HEALTH_HELD, 0, 250, 126, 100},
    };

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct health_machine machine = machine_of(rows[i].state, rows[i].penalty);
        const uint32_t chances[] = {0, CHANCE_HALF, UINT32_MAX};
        const uint32_t expected[] = {rows[i].none, rows[i].half, rows[i].all};
        for (unsigned c = 0; c < 3; c++)
            assert_int_equal(health_fsm_next_probe_ms(&machine, &DEFAULTS, NOW, chances[c]),
                             expected[c]);
    }
}

/* Detection times are promised: they do not grow with doubt. */
static void who_is_answered_never_waits_longer_than_the_interval(void **state)
{
    (void)state;

    static const enum health_state states[] = {HEALTH_UNKNOWN, HEALTH_UP, HEALTH_SUSPECT,
                                               HEALTH_RECOVERING};
    struct health_thresholds thresholds = DEFAULTS;
    for (uint32_t interval_ms = 1; interval_ms < 40000; interval_ms += 97)
        for (uint32_t chance = 0; chance < UINT32_MAX - 50000001; chance += 50000001)
            for (size_t i = 0; i < sizeof(states) / sizeof(states[0]); i++) {
                struct health_machine machine = machine_of(states[i], 5000);
                thresholds.interval_ms = interval_ms;
                uint32_t delay_ms =
                    health_fsm_next_probe_ms(&machine, &thresholds, NOW, chance);
                assert_in_range(delay_ms, interval_ms / 2, interval_ms);
                machine.state = HEALTH_DOWN;
                delay_ms = health_fsm_next_probe_ms(&machine, &thresholds, NOW, chance);
                assert_in_range(delay_ms, interval_ms * 3 / 4, interval_ms * 5 / 4);
            }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_failure_after_a_success_counts_while_down_or_held),
        cmocka_unit_test(a_success_after_a_failure_counts_while_suspect_and_in_doubt),
        cmocka_unit_test(one_false_start_holds_nobody_and_two_do),
        cmocka_unit_test(held_ends_with_enough_successes_in_a_row_since_it_is_calm),
        cmocka_unit_test(a_failure_while_proving_starts_anew),
        cmocka_unit_test(proofs_end_in_a_ramp_where_there_is_one),
        cmocka_unit_test(who_need_not_prove_it_returns_by_time_alone),
        cmocka_unit_test(a_resume_asks_for_no_proof),
        cmocka_unit_test(who_is_in_doubt_is_probed_at_random),
        cmocka_unit_test(who_is_answered_never_waits_longer_than_the_interval),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
