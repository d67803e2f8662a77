/* How long the state machine takes, to the millisecond (design: health.md section 4). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "sim.h"

enum { TIMEOUT_MS = 500, RTT_MS = 20, MINUTE_MS = 60000 };

static const struct health_thresholds QUICK = {
    .fall = 3,
    .rise = 3,
    .interval_ms = 1000,
    .confirm_ms = 100,
    .min_down_ms = 30000,
    .assume_up = true,
};

enum { DETECT_MS = 1000 + TIMEOUT_MS + 2 * (100 + TIMEOUT_MS) }; /* 2.7 s */

static struct sim_target target_of(const struct sim_phase *phases, size_t count)
{
    return (struct sim_target){
        .phases = phases,
        .phase_count = count,
        .thresholds = QUICK,
        .timeout_ms = TIMEOUT_MS,
    };
}

static void assert_events(const struct sim_target *target, const struct sim_event *expected,
                          size_t count)
{
    for (size_t i = 0; i < count && i < target->event_count; i++) {
        assert_int_equal(target->events[i].to, expected[i].to);
        assert_int_equal(target->events[i].at_ms, expected[i].at_ms);
    }
    assert_int_equal(target->event_count, count);
}

/* Probes start at 0, 1020, 2040 ... and are answered 20 ms later. */
static void a_black_hole_is_down_within_the_promised_time(void **state)
{
    (void)state;
    static const struct sim_phase dies_after_an_answer[] = {
        {0, SIM_ANSWERS, RTT_MS},
        {1041, SIM_BLACK_HOLE, 0}, /* the answer of 1040 was the last */
    };
    static const struct sim_event expected[] = {
        {20, HEALTH_UP},
        {1040 + 1000 + 500, HEALTH_SUSPECT},
        {1040 + DETECT_MS, HEALTH_DOWN},
    };
    struct sim_target target = target_of(dies_after_an_answer, 2);
    sim_run(&target, 1, MINUTE_MS);
    assert_events(&target, expected, 3);
}

static void wherever_in_the_interval_it_dies_the_bound_holds(void **state)
{
    (void)state;
    uint64_t shortest_ms = UINT64_MAX, longest_ms = 0;
    for (uint64_t dies_ms = 5000; dies_ms < 5000 + 1020; dies_ms++) {
        const struct sim_phase phases[] = {
            {0, SIM_ANSWERS, RTT_MS},
            {dies_ms, SIM_BLACK_HOLE, 0},
        };
        struct sim_target target = target_of(phases, 2);
        sim_run(&target, 1, MINUTE_MS);
        uint64_t took_ms = sim_time_of(&target, HEALTH_DOWN, 0) - dies_ms;
        shortest_ms = took_ms < shortest_ms ? took_ms : shortest_ms;
        longest_ms = took_ms > longest_ms ? took_ms : longest_ms;
    }
    assert_int_equal(longest_ms, DETECT_MS - 1); /* dead 1 ms after an answer */
    /* dead just as an answer was due: the probe under way is the first failure */
    assert_int_equal(shortest_ms, TIMEOUT_MS - RTT_MS + 2 * (100 + TIMEOUT_MS));
}

static void a_refused_connection_is_noticed_sooner(void **state)
{
    (void)state;
    static const struct sim_phase phases[] = {
        {0, SIM_ANSWERS, RTT_MS},
        {1041, SIM_REFUSES, 1},
    };
    static const struct sim_event expected[] = {
        {20, HEALTH_UP},
        {2041, HEALTH_SUSPECT},
        {2041 + 2 * 101, HEALTH_DOWN},
    };
    struct sim_target target = target_of(phases, 2);
    sim_run(&target, 1, MINUTE_MS);
    assert_events(&target, expected, 3);
}

static void an_answer_slower_than_the_timeout_is_a_failure(void **state)
{
    (void)state;
    static const struct sim_phase phases[] = {
        {0, SIM_ANSWERS, TIMEOUT_MS - 1},
        {10000, SIM_ANSWERS, TIMEOUT_MS},
    };
    struct sim_target target = target_of(phases, 2);
    sim_run(&target, 1, MINUTE_MS);
    assert_int_equal(sim_time_of(&target, HEALTH_UP, 0), TIMEOUT_MS - 1);
    assert_int_equal(target.to_down_count, 1);
    assert_true(sim_time_of(&target, HEALTH_DOWN, 0) - 10000 <= DETECT_MS);
}

static void one_lost_probe_makes_a_suspect_for_a_moment(void **state)
{
    (void)state;
    static const struct sim_phase phases[] = {
        {0, SIM_ANSWERS, RTT_MS},
        {2000, SIM_BLACK_HOLE, 0},
        {2050, SIM_ANSWERS, RTT_MS}, /* the probe of 2040 is lost */
    };
    static const struct sim_event expected[] = {
        {20, HEALTH_UP},
        {2040 + TIMEOUT_MS, HEALTH_SUSPECT},
        {2040 + TIMEOUT_MS + 100 + RTT_MS, HEALTH_UP},
    };
    struct sim_target target = target_of(phases, 3);
    sim_run(&target, 1, MINUTE_MS);
    assert_events(&target, expected, 3);
}

static void recovery_waits_for_rise_and_for_min_down(void **state)
{
    (void)state;

    static const struct {
        uint32_t min_down_ms;
        uint64_t up_after_ms; /* DOWN at 3740; probes then start at 4740 + n * 1020 */
    } cases[] = {
        {0, 1020 + 2 * 1020},     /* the third success in a row */
        {3060, 3 * 1020},         /* reached in the same millisecond */
        {3061, 4 * 1020},         /* one too late: the next success */
        {30000, 30 * 1020},       /* 30 * 1020 = 30600: the first after 30 s */
        {10 * 60000, 589 * 1020}, /* 588 * 1020 = 599760: just before ten minutes */
    };
    static const struct sim_phase phases[] = {
        {0, SIM_ANSWERS, RTT_MS},
        {1041, SIM_BLACK_HOLE, 0},
        {3800, SIM_ANSWERS, RTT_MS},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct sim_target target = target_of(phases, 3);
        target.thresholds.min_down_ms = cases[i].min_down_ms;
        sim_run(&target, 1, 20 * MINUTE_MS);
        uint64_t down_ms = sim_time_of(&target, HEALTH_DOWN, 0);
        assert_int_equal(down_ms, 3740);
        assert_int_equal(sim_time_of(&target, HEALTH_UP, 1) - down_ms, cases[i].up_after_ms);
        assert_int_equal(target.to_down_count, 1);
    }
}

static void a_failure_while_down_starts_the_count_again(void **state)
{
    (void)state;
    static const struct sim_phase phases[] = {
        {0, SIM_REFUSES, 0},
        {3000, SIM_ANSWERS, 0}, /* two successes: 3200 and 4200 */
        {5000, SIM_REFUSES, 0}, /* one failure: 5200 */
        {6000, SIM_ANSWERS, 0}, /* 6200, 7200, 8200 */
    };
    struct sim_target target = target_of(phases, 4);
    target.thresholds.min_down_ms = 0;
    sim_run(&target, 1, MINUTE_MS);
    assert_int_equal(sim_time_of(&target, HEALTH_DOWN, 0), 200);
    assert_int_equal(sim_time_of(&target, HEALTH_UP, 0), 8200);
}

/* Up and down in turns for ten minutes, at every phase against the probes. */
static void check_flapping(uint64_t half_period_ms, uint64_t first_ms)
{
    enum { PHASES = 2400, LIMIT = 10 * MINUTE_MS / 30000 + 1 };

    static struct sim_phase phases[PHASES];
    for (size_t i = 0; i < PHASES; i++)
        phases[i] =
            (struct sim_phase){i * half_period_ms, i % 2 ? SIM_REFUSES : SIM_ANSWERS, 5};
    struct sim_target target = target_of(phases, PHASES);
    target.next_ms = first_ms;
    sim_run(&target, 1, 10 * MINUTE_MS);
    assert_in_range(target.to_down_count, 1, LIMIT);
    for (size_t i = 1; i < target.to_down_count; i++)
        assert_true(sim_time_of(&target, HEALTH_DOWN, i) -
                        sim_time_of(&target, HEALTH_DOWN, i - 1) >=
                    QUICK.min_down_ms);
}

static void a_flapping_target_changes_at_most_once_per_min_down(void **state)
{
    (void)state;
    static const uint64_t half_periods_ms[] = {250, 500, 1700, 5000};
    for (size_t i = 0; i < sizeof(half_periods_ms) / sizeof(half_periods_ms[0]); i++)
        for (uint64_t first_ms = 0; first_ms < 1000; first_ms += 50)
            check_flapping(half_periods_ms[i], first_ms);
}

static void our_own_faults_change_no_state_however_long(void **state)
{
    (void)state;
    static const struct sim_phase phases[] = {
        {0, SIM_ANSWERS, RTT_MS},
        {5000, SIM_OWN_FAULT, 0},
        {10 * MINUTE_MS, SIM_ANSWERS, RTT_MS},
    };
    struct sim_target target = target_of(phases, 3);
    sim_run(&target, 1, 20 * MINUTE_MS);
    assert_int_equal(target.event_count, 1); /* UP, at the start */
    assert_int_equal(target.machine.state, HEALTH_UP);
}

static void an_own_fault_between_failures_delays_but_does_not_clear_them(void **state)
{
    (void)state;
    static const struct sim_phase phases[] = {
        {0, SIM_ANSWERS, 0},
        {1, SIM_REFUSES, 0},      /* 1000, 1100 */
        {1150, SIM_OWN_FAULT, 0}, /* 1200, 1300, 1400 */
        {1450, SIM_REFUSES, 0},   /* 1500 */
    };
    struct sim_target target = target_of(phases, 4);
    sim_run(&target, 1, MINUTE_MS);
    assert_int_equal(sim_time_of(&target, HEALTH_SUSPECT, 0), 1000);
    assert_int_equal(sim_time_of(&target, HEALTH_DOWN, 0), 1500);
}

static void a_target_dead_from_the_start_is_down_after_fall_probes(void **state)
{
    (void)state;
    static const struct sim_phase phases[] = {{0, SIM_BLACK_HOLE, 0}};
    static const struct sim_event expected[] = {{700 + 3 * TIMEOUT_MS + 200, HEALTH_DOWN}};
    struct sim_target target = target_of(phases, 1);
    target.next_ms = 700; /* the spread start */
    sim_run(&target, 1, MINUTE_MS);
    assert_events(&target, expected, 1);
}

static void fall_of_one_takes_one_failure(void **state)
{
    (void)state;
    static const struct sim_phase phases[] = {
        {0, SIM_ANSWERS, RTT_MS},
        {21, SIM_BLACK_HOLE, 0},
    };
    static const struct sim_event expected[] = {
        {20, HEALTH_UP},
        {1020 + TIMEOUT_MS, HEALTH_DOWN},
    };
    struct sim_target target = target_of(phases, 2);
    target.thresholds.fall = 1;
    sim_run(&target, 1, MINUTE_MS);
    assert_events(&target, expected, 2);
}

static void a_region_that_dies_at_once_is_down_within_the_same_bound(void **state)
{
    (void)state;

    enum { TARGETS = 200 };

    static struct sim_target targets[TARGETS];
    static const struct sim_phase phases[] = {
        {0, SIM_ANSWERS, RTT_MS},
        {10000, SIM_BLACK_HOLE, 0},
    };
    for (size_t i = 0; i < TARGETS; i++) {
        targets[i] = target_of(phases, 2);
        targets[i].next_ms = i * 997 % 1000; /* spread over the interval */
    }
    sim_run(targets, TARGETS, 10000 + DETECT_MS);
    for (size_t i = 0; i < TARGETS; i++)
        assert_int_equal(targets[i].machine.state, HEALTH_DOWN);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_black_hole_is_down_within_the_promised_time),
        cmocka_unit_test(wherever_in_the_interval_it_dies_the_bound_holds),
        cmocka_unit_test(a_refused_connection_is_noticed_sooner),
        cmocka_unit_test(an_answer_slower_than_the_timeout_is_a_failure),
        cmocka_unit_test(one_lost_probe_makes_a_suspect_for_a_moment),
        cmocka_unit_test(recovery_waits_for_rise_and_for_min_down),
        cmocka_unit_test(a_failure_while_down_starts_the_count_again),
        cmocka_unit_test(a_flapping_target_changes_at_most_once_per_min_down),
        cmocka_unit_test(our_own_faults_change_no_state_however_long),
        cmocka_unit_test(an_own_fault_between_failures_delays_but_does_not_clear_them),
        cmocka_unit_test(a_target_dead_from_the_start_is_down_after_fall_probes),
        cmocka_unit_test(fall_of_one_takes_one_failure),
        cmocka_unit_test(a_region_that_dies_at_once_is_down_within_the_same_bound),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
