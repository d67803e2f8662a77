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
    .assume_up = true,
};

enum { NOW = 100000 };

/* One row of the truth table: a machine that has been in `from` since `since_ms` ago with these
 * counts takes in one result. */
struct row {
    enum health_state from;
    uint32_t failures, successes, age_ms;
    enum health_outcome outcome;
    enum health_state to;
    uint32_t failures_after, successes_after;
};

static void check_row(const struct row *row, const struct health_thresholds *thresholds)
{
    struct health_machine machine = {
        .state = row->from,
        .failures = row->failures,
        .successes = row->successes,
        .since_ms = NOW - row->age_ms,
    };
    struct health_event event = {0};
    bool changed = health_fsm_step(&machine, row->outcome, 500, thresholds, NOW, &event);
    assert_int_equal(machine.state, row->to);
    assert_int_equal(machine.failures, row->failures_after);
    assert_int_equal(machine.successes, row->successes_after);
    assert_int_equal(changed, row->from != row->to);
    assert_int_equal(machine.since_ms, changed ? NOW : NOW - row->age_ms);
    if (changed) {
        assert_int_equal(event.from, row->from);
        assert_int_equal(event.to, row->to);
    }
}

#define ROWS(name, ...)                                                                        \
    static void name(void **state)                                                             \
    {                                                                                          \
        (void)state;                                                                           \
        static const struct row rows[] = {__VA_ARGS__};                                        \
        for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)                            \
            check_row(&rows[i], &DEFAULTS);                                                    \
    }

/* One row a line reads as the table of health_fsm.h. */
/* clang-format off */
ROWS(unknown_goes_up_at_the_first_success,
     {HEALTH_UNKNOWN, 0, 0, 5, HEALTH_SUCCESS, HEALTH_UP, 0, 1},
     {HEALTH_UNKNOWN, 2, 0, 5, HEALTH_SUCCESS, HEALTH_UP, 0, 1})

ROWS(unknown_goes_down_only_after_fall_failures,
     {HEALTH_UNKNOWN, 0, 0, 5, HEALTH_FAILURE, HEALTH_UNKNOWN, 1, 0},
     {HEALTH_UNKNOWN, 1, 0, 5, HEALTH_FAILURE, HEALTH_UNKNOWN, 2, 0},
     {HEALTH_UNKNOWN, 2, 0, 5, HEALTH_FAILURE, HEALTH_DOWN, 3, 0})

ROWS(up_stays_up_at_a_success,
     {HEALTH_UP, 0, 1, 5, HEALTH_SUCCESS, HEALTH_UP, 0, 2},
     {HEALTH_UP, 0, 9, 90000, HEALTH_SUCCESS, HEALTH_UP, 0, 10})

ROWS(up_becomes_suspect_at_a_failure,
     {HEALTH_UP, 0, 7, 5, HEALTH_FAILURE, HEALTH_SUSPECT, 1, 0})

ROWS(suspect_goes_up_at_a_success, {HEALTH_SUSPECT, 1, 0, 5, HEALTH_SUCCESS, HEALTH_UP, 0, 1},
     {HEALTH_SUSPECT, 2, 0, 5, HEALTH_SUCCESS, HEALTH_UP, 0, 1})

ROWS(suspect_goes_down_at_fall_failures,
     {HEALTH_SUSPECT, 1, 0, 5, HEALTH_FAILURE, HEALTH_SUSPECT, 2, 0},
     {HEALTH_SUSPECT, 2, 0, 5, HEALTH_FAILURE, HEALTH_DOWN, 3, 0})

ROWS(down_goes_up_at_rise_successes_and_after_min_down,
     {HEALTH_DOWN, 3, 0, 30000, HEALTH_SUCCESS, HEALTH_DOWN, 0, 1},
     {HEALTH_DOWN, 0, 1, 30000, HEALTH_SUCCESS, HEALTH_DOWN, 0, 2},
     {HEALTH_DOWN, 0, 2, 30000, HEALTH_SUCCESS, HEALTH_UP, 0, 3},
     {HEALTH_DOWN, 0, 2, 29999, HEALTH_SUCCESS, HEALTH_DOWN, 0, 3},
     {HEALTH_DOWN, 0, 25, 29999, HEALTH_SUCCESS, HEALTH_DOWN, 0, 26},
     {HEALTH_DOWN, 0, 25, 30000, HEALTH_SUCCESS, HEALTH_UP, 0, 26})

ROWS(down_counts_back_to_zero_at_a_failure,
     {HEALTH_DOWN, 0, 2, 60000, HEALTH_FAILURE, HEALTH_DOWN, 1, 0},
     {HEALTH_DOWN, 3, 0, 60000, HEALTH_FAILURE, HEALTH_DOWN, 4, 0})

ROWS(held_stays_at_a_success,
     {HEALTH_HELD, 0, 3, 5, HEALTH_SUCCESS, HEALTH_HELD, 0, 4},
     {HEALTH_HELD, 2, 0, 90000, HEALTH_SUCCESS, HEALTH_HELD, 0, 1})

ROWS(held_goes_down_at_fall_failures,
     {HEALTH_HELD, 0, 3, 5, HEALTH_FAILURE, HEALTH_HELD, 1, 0},
     {HEALTH_HELD, 1, 0, 5, HEALTH_FAILURE, HEALTH_HELD, 2, 0},
     {HEALTH_HELD, 2, 0, 5, HEALTH_FAILURE, HEALTH_DOWN, 3, 0})

ROWS(recovering_stays_at_a_success,
     {HEALTH_RECOVERING, 0, 3, 5, HEALTH_SUCCESS, HEALTH_RECOVERING, 0, 4},
     {HEALTH_RECOVERING, 0, 3, 90000, HEALTH_SUCCESS, HEALTH_RECOVERING, 0, 4})

ROWS(recovering_goes_down_at_one_failure,
     {HEALTH_RECOVERING, 0, 3, 5, HEALTH_FAILURE, HEALTH_DOWN, 1, 0},
     {HEALTH_RECOVERING, 0, 90, 90000, HEALTH_FAILURE, HEALTH_DOWN, 1, 0})

ROWS(an_own_fault_changes_nothing_in_any_state,
     {HEALTH_UNKNOWN, 2, 0, 5, HEALTH_OWN_FAULT, HEALTH_UNKNOWN, 2, 0},
     {HEALTH_UP, 0, 4, 5, HEALTH_OWN_FAULT, HEALTH_UP, 0, 4},
     {HEALTH_SUSPECT, 2, 0, 5, HEALTH_OWN_FAULT, HEALTH_SUSPECT, 2, 0},
     {HEALTH_DOWN, 0, 2, 60000, HEALTH_OWN_FAULT, HEALTH_DOWN, 0, 2},
     {HEALTH_HELD, 2, 0, 60000, HEALTH_OWN_FAULT, HEALTH_HELD, 2, 0},
     {HEALTH_RECOVERING, 0, 2, 60000, HEALTH_OWN_FAULT, HEALTH_RECOVERING, 0, 2})

ROWS(counts_stop_at_the_top_instead_of_wrapping,
     {HEALTH_UP, 0, UINT32_MAX, 5, HEALTH_SUCCESS, HEALTH_UP, 0, UINT32_MAX},
     {HEALTH_DOWN, UINT32_MAX, 0, 5, HEALTH_FAILURE, HEALTH_DOWN, UINT32_MAX, 0})

/* clang-format on */

static void thresholds_of_one_act_at_once(void **state)
{
    (void)state;
    static const struct health_thresholds ones = {
        .fall = 1, .rise = 1, .interval_ms = 1000, .confirm_ms = 100, .assume_up = true};
    static const struct row rows[] = {
        {HEALTH_UNKNOWN, 0, 0, 5, HEALTH_FAILURE, HEALTH_DOWN, 1, 0},
        {HEALTH_UP, 0, 1, 5, HEALTH_FAILURE, HEALTH_DOWN, 1, 0},
        {HEALTH_SUSPECT, 1, 0, 5, HEALTH_FAILURE, HEALTH_DOWN, 2,
         0}, /* fall lowered meanwhile */
        {HEALTH_DOWN, 1, 0, 0, HEALTH_SUCCESS, HEALTH_UP, 0, 1},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
        check_row(&rows[i], &ones);
}

static void a_new_machine_is_unknown_and_has_never_changed(void **state)
{
    (void)state;
    struct health_machine machine;
    health_fsm_init(&machine, 42);
    assert_int_equal(machine.state, HEALTH_UNKNOWN);
    assert_int_equal(machine.since_ms, 42);
    assert_int_equal(machine.failures + machine.successes + machine.rtt_us, 0);
}

static void time_that_steps_back_counts_as_no_time(void **state)
{
    (void)state;
    struct health_thresholds thresholds = DEFAULTS;
    thresholds.rise = 1;
    struct health_machine machine = {
        .state = HEALTH_DOWN, .since_ms = 50000, .penalty = {.value = 1000, .at_ms = 50000}};
    struct health_event event;

    assert_false(health_fsm_step(&machine, HEALTH_SUCCESS, 1, &thresholds, 20000, &event));
    assert_int_equal(machine.since_ms, 20000);
    assert_int_equal(machine.penalty.at_ms, 20000);
    assert_false(health_fsm_step(&machine, HEALTH_SUCCESS, 1, &thresholds, 49999, &event));
    assert_true(health_fsm_step(&machine, HEALTH_SUCCESS, 1, &thresholds, 50000, &event));
    assert_int_equal(machine.state, HEALTH_UP);

    assert_false(health_fsm_step(&machine, HEALTH_SUCCESS, 1, &thresholds, 0, &event));
    assert_int_equal(machine.since_ms, 0);
    assert_int_equal(machine.penalty.at_ms, 0);
}

/* ---- returns, ramps, damping ------------------------------------------------------------- */

static void a_return_goes_where_damping_and_ramp_send_it(void **state)
{
    (void)state;

    static const struct {
        uint32_t ramp_ms;
        bool damped;
        double penalty;
        enum health_state to;
    } cases[] = {
        {0, false, 0, HEALTH_UP},         {0, true, 1250, HEALTH_UP}, /* held above, not at */
        {0, true, 1250.1, HEALTH_HELD},   {0, false, 20000, HEALTH_UP},
        {1, false, 0, HEALTH_RECOVERING}, {60000, true, 1250, HEALTH_RECOVERING},
        {60000, true, 1251, HEALTH_HELD},
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct health_thresholds thresholds = DEFAULTS;
        thresholds.ramp_ms = cases[i].ramp_ms;
        thresholds.damped = cases[i].damped;
        struct health_machine machine = {
            .state = HEALTH_DOWN,
            .successes = 2,
            .since_ms = NOW - thresholds.min_down_ms,
            .penalty = {.value = cases[i].penalty, .at_ms = NOW},
        };
        struct health_event event;
        assert_true(health_fsm_step(&machine, HEALTH_SUCCESS, 1, &thresholds, NOW, &event));
        assert_int_equal(machine.state, cases[i].to);
        assert_int_equal(event.to, cases[i].to);
        assert_int_equal(machine.since_ms, NOW);
    }
}

static void each_down_adds_a_penalty(void **state)
{
    (void)state;

    static const enum health_state from[] = {HEALTH_UNKNOWN, HEALTH_UP, HEALTH_SUSPECT,
                                             HEALTH_HELD, HEALTH_RECOVERING};
    struct health_thresholds thresholds = DEFAULTS; /* not damped: counted all the same */
    thresholds.fall = 1;
    for (size_t i = 0; i < sizeof(from) / sizeof(from[0]); i++) {
        struct health_machine machine = {.state = from[i],
                                         .penalty = {.value = 500, .at_ms = NOW}};
        struct health_event event;
        assert_true(health_fsm_step(&machine, HEALTH_FAILURE, 1, &thresholds, NOW, &event));
        assert_true(machine.penalty.value == 1500);
        assert_false(health_fsm_step(&machine, HEALTH_FAILURE, 1, &thresholds, NOW, &event));
        assert_true(machine.penalty.value == 1500); /* DOWN already */
    }
}

static void nothing_is_forgiven_while_a_target_is_down(void **state)
{
    (void)state;
    struct health_thresholds thresholds = DEFAULTS;
    thresholds.damped = true;
    struct health_machine machine = {
        .state = HEALTH_DOWN, .since_ms = NOW, .penalty = {.value = 1300, .at_ms = NOW}};
    struct health_event event;
    uint64_t later_ms = NOW + 3600000;
    for (unsigned i = 0; i < 2; i++)
        assert_false(
            health_fsm_step(&machine, HEALTH_SUCCESS, 1, &thresholds, later_ms + i, &event));
    assert_true(
        health_fsm_step(&machine, HEALTH_SUCCESS, 1, &thresholds, later_ms + 2, &event));
    assert_int_equal(machine.state, HEALTH_HELD);
    assert_false(health_fsm_tick(&machine, &thresholds, later_ms + 90000, &event));
    assert_true(health_fsm_tick(&machine, &thresholds, later_ms + 96000, &event));
}

/* 3000 falls to 750 in exactly two half-lives, and below it a moment later. */
static void a_held_target_returns_when_it_is_calm(void **state)
{
    (void)state;
    static const uint32_t ramps_ms[] = {0, 60000};
    for (size_t i = 0; i < 2; i++) {
        struct health_thresholds thresholds = DEFAULTS;
        thresholds.ramp_ms = ramps_ms[i];
        thresholds.damped = true;
        struct health_machine machine = {
            .state = HEALTH_HELD, .since_ms = NOW, .penalty = {.value = 3000, .at_ms = NOW}};
        struct health_event event;
        assert_false(health_fsm_tick(&machine, &thresholds, NOW, &event));
        assert_false(health_fsm_tick(&machine, &thresholds, NOW + 240000, &event));
        assert_true(health_fsm_tick(&machine, &thresholds, NOW + 240001, &event));
        assert_int_equal(event.from, HEALTH_HELD);
        assert_int_equal(machine.state, ramps_ms[i] > 0 ? HEALTH_RECOVERING : HEALTH_UP);
        assert_int_equal(machine.since_ms, NOW + 240001);
        assert_true(machine.penalty.value == 3000); /* it decays when it is looked at */
    }
}

static void a_held_target_is_damped_by_the_thresholds_of_now(void **state)
{
    (void)state;
    struct health_machine machine = {.state = HEALTH_HELD,
                                     .penalty = {.value = 9000, .at_ms = NOW}};
    struct health_event event;
    assert_true(health_fsm_tick(&machine, &DEFAULTS, NOW, &event)); /* not damped any more */
    assert_int_equal(machine.state, HEALTH_UP);
}

static void a_ramp_ends_with_its_time(void **state)
{
    (void)state;
    struct health_thresholds thresholds = DEFAULTS;
    thresholds.ramp_ms = 60000;
    struct health_machine machine = {.state = HEALTH_RECOVERING, .since_ms = NOW};
    struct health_event event;
    assert_false(health_fsm_tick(&machine, &thresholds, NOW + 59999, &event));
    assert_true(health_fsm_tick(&machine, &thresholds, NOW + 60000, &event));
    assert_int_equal(machine.state, HEALTH_UP);
    thresholds.ramp_ms = 0; /* a reload took it away */
    machine.state = HEALTH_RECOVERING;
    assert_true(health_fsm_tick(&machine, &thresholds, NOW + 60000, &event));
    assert_int_equal(machine.state, HEALTH_UP);
}

static void a_tick_moves_no_other_state(void **state)
{
    (void)state;

    static const enum health_state others[] = {HEALTH_UNKNOWN, HEALTH_UP, HEALTH_SUSPECT,
                                               HEALTH_DOWN};

    for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
        struct health_machine machine = {.state = others[i], .successes = 90};
        struct health_event event;
        assert_false(health_fsm_tick(&machine, &DEFAULTS, 100 * NOW, &event));
        assert_int_equal(machine.state, others[i]);
    }
}

static void a_resumed_target_returns_and_is_forgiven(void **state)
{
    (void)state;
    struct health_thresholds thresholds = DEFAULTS;
    thresholds.damped = true;
    for (size_t s = 0; s < HEALTH_STATE_COUNT; s++) {
        struct health_machine machine = {.state = (enum health_state)s,
                                         .since_ms = NOW,
                                         .penalty = {.value = 24000, .at_ms = NOW}};
        struct health_event event;
        bool returns = s == HEALTH_HELD || s == HEALTH_RECOVERING; /* no ramp: ended at once */
        assert_int_equal(health_fsm_resume(&machine, &thresholds, NOW, &event), returns);
        assert_int_equal(machine.state, returns ? HEALTH_UP : s);
        assert_true(machine.penalty.value == 0);
    }
    thresholds.ramp_ms = 60000;
    struct health_machine machine = {
        .state = HEALTH_HELD, .since_ms = NOW, .penalty = {.value = 24000, .at_ms = NOW}};
    struct health_event event;
    assert_true(health_fsm_resume(&machine, &thresholds, NOW, &event));
    assert_int_equal(machine.state, HEALTH_RECOVERING);
}

static void a_ramp_rises_from_10_to_100_percent(void **state)
{
    (void)state;

    static const struct {
        uint32_t ramp_ms, age_ms;
        unsigned scale;
    } cases[] = {
        {90000, 0, 10},
        {90000, 999, 10},
        {90000, 1000, 11},
        {90000, 45000, 55},
        {90000, 89999, 99},
        {90000, 90000, 100},
        {90000, UINT32_MAX, 100},
        {3600000, 3599999, 99},
        {1, 0, 10},
        {1, 1, 100},
        {0, 0, 100},
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct health_thresholds thresholds = {.ramp_ms = cases[i].ramp_ms};
        struct health_machine machine = {.state = HEALTH_RECOVERING, .since_ms = NOW};
        assert_int_equal(
            health_fsm_scale(&machine, &thresholds, NOW + (uint64_t)cases[i].age_ms),
            cases[i].scale);
        for (size_t s = 0; s < HEALTH_STATE_COUNT; s++) {
            machine.state = (enum health_state)s;
            if (machine.state != HEALTH_RECOVERING)
                assert_int_equal(health_fsm_scale(&machine, &thresholds, NOW), 100);
        }
    }
}

static void ticks_and_scales_take_a_step_back_as_no_time(void **state)
{
    (void)state;
    struct health_thresholds thresholds = DEFAULTS;
    thresholds.ramp_ms = 60000;
    thresholds.damped = true;
    struct health_event event;
    struct health_machine machine = {.state = HEALTH_RECOVERING, .since_ms = NOW};
    assert_int_equal(health_fsm_scale(&machine, &thresholds, NOW - 5000), 10);
    assert_false(health_fsm_tick(&machine, &thresholds, NOW - 5000, &event));
    assert_int_equal(machine.since_ms, NOW - 5000);
    assert_false(health_fsm_tick(&machine, &thresholds, NOW + 54999, &event));
    assert_true(health_fsm_tick(&machine, &thresholds, NOW + 55000, &event));

    machine =
        (struct health_machine){.state = HEALTH_HELD, .penalty = {.value = 1500, .at_ms = NOW}};
    assert_false(health_fsm_tick(&machine, &thresholds, NOW - 5000, &event));
    assert_int_equal(machine.penalty.at_ms, NOW - 5000);
    assert_false(health_fsm_tick(&machine, &thresholds, NOW + 115000, &event)); /* 750 */
    assert_true(health_fsm_tick(&machine, &thresholds, NOW + 115001, &event));
}

static void confirm_probes_follow_failures_until_down(void **state)
{
    (void)state;

    static const struct {
        enum health_state state;
        uint32_t failures;
        uint32_t delay_ms;
    } cases[] = {
        {HEALTH_UNKNOWN, 0, 1000},    {HEALTH_UNKNOWN, 1, 100}, {HEALTH_UP, 0, 1000},
        {HEALTH_SUSPECT, 1, 100},     {HEALTH_SUSPECT, 2, 100}, {HEALTH_DOWN, 3, 1000},
        {HEALTH_DOWN, 0, 1000},       {HEALTH_HELD, 0, 1000},   {HEALTH_HELD, 2, 100},
        {HEALTH_RECOVERING, 0, 1000},
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct health_machine machine = {.state = cases[i].state,
                                         .failures = cases[i].failures};
        assert_int_equal(health_fsm_next_probe_ms(&machine, &DEFAULTS, NOW, UINT32_MAX),
                         cases[i].delay_ms);
    }
}

static void unknown_is_usable_as_assumed_and_down_is_not(void **state)
{
    (void)state;
    struct health_thresholds assumed_down = DEFAULTS;
    assumed_down.assume_up = false;
    static const bool usable[][2] = {
        [HEALTH_UNKNOWN] = {true, false}, [HEALTH_UP] = {true, true},
        [HEALTH_SUSPECT] = {true, true},  [HEALTH_DOWN] = {false, false},
        [HEALTH_HELD] = {false, false},   [HEALTH_RECOVERING] = {true, true},
    };
    for (size_t s = 0; s < sizeof(usable) / sizeof(usable[0]); s++) {
        struct health_machine machine = {.state = (enum health_state)s};
        assert_int_equal(health_fsm_is_usable(&machine, &DEFAULTS), usable[s][0]);
        assert_int_equal(health_fsm_is_usable(&machine, &assumed_down), usable[s][1]);
    }
}

static void round_trips_are_smoothed_over_successes_only(void **state)
{
    (void)state;

    static const struct {
        enum health_outcome outcome;
        uint32_t rtt_us, mean_us;
    } steps[] = {
        {HEALTH_FAILURE, 777, 0},
        {HEALTH_SUCCESS, 8000, 8000},
        {HEALTH_SUCCESS, 16000, 9000},
        {HEALTH_FAILURE, 1, 9000},
        {HEALTH_OWN_FAULT, 1, 9000},
        {HEALTH_SUCCESS, 1000, 8000},
        {HEALTH_SUCCESS, UINT32_MAX, 536877911},
    };
    struct health_machine machine;
    struct health_event event;
    health_fsm_init(&machine, 0);
    for (size_t i = 0; i < sizeof(steps) / sizeof(steps[0]); i++) {
        health_fsm_step(&machine, steps[i].outcome, steps[i].rtt_us, &DEFAULTS, NOW, &event);
        assert_int_equal(machine.rtt_us, steps[i].mean_us);
    }
    health_fsm_init(&machine, 0);
    health_fsm_step(&machine, HEALTH_SUCCESS, 0, &DEFAULTS, NOW, &event);
    assert_int_equal(machine.rtt_us, 1); /* 0 would say "none yet" */
}

static void states_have_names_that_are_read_back(void **state)
{
    (void)state;
    static const char *const names[HEALTH_STATE_COUNT] = {"unknown", "up",   "suspect",
                                                          "down",    "held", "recovering"};
    static const char *const others[] = {"", "UP", "up ", "downn", "dow"};
    for (size_t i = 0; i < HEALTH_STATE_COUNT; i++) {
        enum health_state parsed = HEALTH_UNKNOWN;
        assert_string_equal(health_state_name((enum health_state)i), names[i]);
        assert_true(health_state_parse(names[i], &parsed));
        assert_int_equal(parsed, i);
    }
    for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
        enum health_state parsed = HEALTH_HELD;
        assert_false(health_state_parse(others[i], &parsed));
        assert_int_equal(parsed, HEALTH_HELD);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(unknown_goes_up_at_the_first_success),
        cmocka_unit_test(unknown_goes_down_only_after_fall_failures),
        cmocka_unit_test(up_stays_up_at_a_success),
        cmocka_unit_test(up_becomes_suspect_at_a_failure),
        cmocka_unit_test(suspect_goes_up_at_a_success),
        cmocka_unit_test(suspect_goes_down_at_fall_failures),
        cmocka_unit_test(down_goes_up_at_rise_successes_and_after_min_down),
        cmocka_unit_test(down_counts_back_to_zero_at_a_failure),
        cmocka_unit_test(an_own_fault_changes_nothing_in_any_state),
        cmocka_unit_test(counts_stop_at_the_top_instead_of_wrapping),
        cmocka_unit_test(thresholds_of_one_act_at_once),
        cmocka_unit_test(a_new_machine_is_unknown_and_has_never_changed),
        cmocka_unit_test(time_that_steps_back_counts_as_no_time),
        cmocka_unit_test(held_stays_at_a_success),
        cmocka_unit_test(held_goes_down_at_fall_failures),
        cmocka_unit_test(recovering_stays_at_a_success),
        cmocka_unit_test(recovering_goes_down_at_one_failure),
        cmocka_unit_test(a_return_goes_where_damping_and_ramp_send_it),
        cmocka_unit_test(each_down_adds_a_penalty),
        cmocka_unit_test(nothing_is_forgiven_while_a_target_is_down),
        cmocka_unit_test(a_held_target_returns_when_it_is_calm),
        cmocka_unit_test(a_held_target_is_damped_by_the_thresholds_of_now),
        cmocka_unit_test(a_ramp_ends_with_its_time),
        cmocka_unit_test(a_tick_moves_no_other_state),
        cmocka_unit_test(a_resumed_target_returns_and_is_forgiven),
        cmocka_unit_test(a_ramp_rises_from_10_to_100_percent),
        cmocka_unit_test(ticks_and_scales_take_a_step_back_as_no_time),
        cmocka_unit_test(confirm_probes_follow_failures_until_down),
        cmocka_unit_test(unknown_is_usable_as_assumed_and_down_is_not),
        cmocka_unit_test(round_trips_are_smoothed_over_successes_only),
        cmocka_unit_test(states_have_names_that_are_read_back),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
