/* A whole judged by machines made up here: no probes, no configuration file. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "monitor_parts.h"

enum { PARTS = 3, WHOLE = PARTS, TARGETS = PARTS + 1, NOW_MS = 1000000 };

/* How a part stands, for the tables. */
enum standing { STANDS_UP, STANDS_SUSPECT, STANDS_DOWN, STANDS_UNKNOWN, STANDINGS };

struct bed {
    struct config config;
    struct config_check checks[TARGETS];
    struct snapshot_target targets[TARGETS];
    struct snapshot snapshot;
    struct machine machines[TARGETS];
    struct machine *list[TARGETS];
    struct machine_set set;
    struct probe_result result;
};

static const uint32_t PART_INDEXES[PARTS] = {0, 1, 2};

static void open_bed(struct bed *bed, uint32_t needed)
{
    static const char *const names[TARGETS] = {"web", "lag", "plan", "whole"};
    memset(bed, 0, sizeof(*bed));
    for (uint16_t i = 0; i < TARGETS; i++) {
        bed->checks[i] = (struct config_check){.name = names[i], .parts_needed = needed};
        bed->targets[i].check = i;
        bed->machines[i] = (struct machine){
            .target = i,
            .scale = HEALTH_SCALE_FULL,
            .thresholds = {.fall = 3, .rise = 3, .ramp_ms = 10000, .assume_up = true}};
        bed->list[i] = &bed->machines[i];
    }
    bed->targets[WHOLE].parts = PART_INDEXES;
    bed->targets[WHOLE].part_count = PARTS;
    bed->config = (struct config){.checks = bed->checks, .check_count = TARGETS};
    bed->snapshot = (struct snapshot){
        .config = &bed->config, .targets = bed->targets, .target_count = TARGETS};
    bed->set = (struct machine_set){.list = bed->list, .count = TARGETS};
}

static void stand(struct bed *bed, size_t part, enum standing standing)
{
    static const struct health_machine machines[] = {
        [STANDS_UP] = {.state = HEALTH_UP, .successes = 1},
        [STANDS_SUSPECT] = {.state = HEALTH_SUSPECT, .failures = 1},
        [STANDS_DOWN] = {.state = HEALTH_DOWN, .failures = 3},
        [STANDS_UNKNOWN] = {.state = HEALTH_UNKNOWN},
    };
    bed->machines[part].fsm = machines[standing];
    snprintf(bed->machines[part].reason, PROBE_REASON_MAX, "reason %zu", part);
}

static const struct probe_result *judge(struct bed *bed)
{
    monitor_parts_judge(&bed->set, &bed->snapshot, &bed->machines[WHOLE], NOW_MS, &bed->result);
    return &bed->result;
}

/* ---- the truth table ---- */

/* outcome_by_trial - what must come out: let every part that is not heard of yet be up and be
 * down, in all combinations. When these disagree, nothing can be said yet. */
static enum health_outcome outcome_by_trial(const enum standing standings[PARTS],
                                            uint32_t needed)
{
    bool may_hold = false, may_fail = false;
    for (unsigned guess = 0; guess < 1U << PARTS; guess++) {
        uint32_t up = 0;
        for (unsigned i = 0; i < PARTS; i++)
            up += standings[i] == STANDS_UP || standings[i] == STANDS_SUSPECT ||
                  (standings[i] == STANDS_UNKNOWN && (guess >> i & 1) != 0);
        may_hold = may_hold || up >= needed;
        may_fail = may_fail || up < needed;
    }
    if (may_hold && may_fail)
        return HEALTH_OWN_FAULT;
    return may_hold ? HEALTH_SUCCESS : HEALTH_FAILURE;
}

/* leans_by_trial - it holds, but not without those that are suspect. */
static bool leans_by_trial(const enum standing standings[PARTS], uint32_t needed)
{
    enum standing doubted[PARTS], trusted[PARTS];
    for (size_t i = 0; i < PARTS; i++) {
        bool doubtful = standings[i] == STANDS_SUSPECT || standings[i] == STANDS_UNKNOWN;
        doubted[i] = doubtful ? STANDS_DOWN : standings[i];
        trusted[i] = standings[i] == STANDS_UNKNOWN ? STANDS_DOWN : standings[i];
    }
    return outcome_by_trial(trusted, needed) == HEALTH_SUCCESS &&
           outcome_by_trial(doubted, needed) == HEALTH_FAILURE;
}

static void every_combination_of_three_parts_is_judged_right(void **state)
{
    (void)state;
    struct bed bed;
    for (uint32_t needed = 1; needed <= PARTS; needed++) {
        open_bed(&bed, needed);
        for (unsigned row = 0; row < STANDINGS * STANDINGS * STANDINGS; row++) {
            const enum standing standings[PARTS] = {row % STANDINGS,
                                                    row / STANDINGS % STANDINGS,
                                                    row / STANDINGS / STANDINGS % STANDINGS};

            for (size_t i = 0; i < PARTS; i++)
                stand(&bed, i, standings[i]);
            if (judge(&bed)->outcome != outcome_by_trial(standings, needed) ||
                bed.machines[WHOLE].leans != leans_by_trial(standings, needed))
                fail_msg("%u of [%d %d %d]: outcome %d, leans %d", needed, standings[0],
                         standings[1], standings[2], bed.result.outcome,
                         bed.machines[WHOLE].leans);
        }
    }
}

/* The table in words, so that it does not hang on the trial alone. */
static void all_any_and_at_least_in_words(void **state)
{
    (void)state;

    static const struct {
        uint32_t needed;
        enum standing standings[PARTS];
        enum health_outcome outcome;
        bool leans;
    } rows[] = {
        {3, {STANDS_UP, STANDS_UP, STANDS_UP}, HEALTH_SUCCESS, false},
        {3, {STANDS_UP, STANDS_SUSPECT, STANDS_UP}, HEALTH_SUCCESS, true},
        {3, {STANDS_UP, STANDS_DOWN, STANDS_UNKNOWN}, HEALTH_FAILURE, false},
        {3, {STANDS_UP, STANDS_UP, STANDS_UNKNOWN}, HEALTH_OWN_FAULT, false},
        {1, {STANDS_DOWN, STANDS_DOWN, STANDS_UP}, HEALTH_SUCCESS, false},
        {1, {STANDS_DOWN, STANDS_DOWN, STANDS_SUSPECT}, HEALTH_SUCCESS, true},
        {1, {STANDS_UP, STANDS_SUSPECT, STANDS_SUSPECT}, HEALTH_SUCCESS, false},
        {1, {STANDS_DOWN, STANDS_DOWN, STANDS_DOWN}, HEALTH_FAILURE, false},
        {1, {STANDS_DOWN, STANDS_DOWN, STANDS_UNKNOWN}, HEALTH_OWN_FAULT, false},
        {2, {STANDS_UP, STANDS_UP, STANDS_DOWN}, HEALTH_SUCCESS, false},
        {2, {STANDS_UP, STANDS_SUSPECT, STANDS_DOWN}, HEALTH_SUCCESS, true},
        {2, {STANDS_UP, STANDS_DOWN, STANDS_DOWN}, HEALTH_FAILURE, false},
    };

    struct bed bed;
    for (size_t row = 0; row < sizeof(rows) / sizeof(rows[0]); row++) {
        open_bed(&bed, rows[row].needed);
        for (size_t i = 0; i < PARTS; i++)
            stand(&bed, i, rows[row].standings[i]);
        assert_int_equal(judge(&bed)->outcome, rows[row].outcome);
        assert_int_equal(bed.machines[WHOLE].leans, rows[row].leans);
    }
}

static void a_part_that_is_held_works(void **state)
{
    (void)state;
    struct bed bed;
    open_bed(&bed, PARTS);
    bed.machines[1].fsm.state = HEALTH_HELD;
    bed.machines[0].fsm.state = bed.machines[2].fsm.state = HEALTH_UP;
    assert_int_equal(judge(&bed)->outcome, HEALTH_SUCCESS);
}

/* `assume` says how a part is answered, not that it was heard of. */
static void what_is_assumed_is_not_known(void **state)
{
    (void)state;
    struct bed bed;
    open_bed(&bed, 1);
    for (size_t i = 0; i < PARTS; i++)
        bed.machines[i].thresholds.assume_up = i > 0;
    assert_int_equal(judge(&bed)->outcome, HEALTH_OWN_FAULT);
}

/* A name, or a whole, may be up while it leans on a suspect itself. */
static void a_part_that_leans_is_suspect(void **state)
{
    (void)state;
    struct bed bed;
    open_bed(&bed, PARTS);
    for (size_t i = 0; i < PARTS; i++)
        stand(&bed, i, STANDS_UP);
    judge(&bed);
    assert_false(bed.machines[WHOLE].leans);
    bed.machines[2].leans = true;
    judge(&bed);
    assert_true(bed.machines[WHOLE].leans);
    bed.machines[2].leans = false;
    judge(&bed);
    assert_false(bed.machines[WHOLE].leans);
}

/* ---- weights ---- */

static void the_weight_is_that_of_the_last_part_needed(void **state)
{
    (void)state;
    static const uint8_t scales[PARTS] = {40, 100, 70}, expected[PARTS] = {100, 70, 40};
    struct bed bed;
    for (uint32_t needed = 1; needed <= PARTS; needed++) {
        open_bed(&bed, needed);
        for (size_t i = 0; i < PARTS; i++) {
            stand(&bed, i, STANDS_UP);
            bed.machines[i].scale = scales[i];
        }
        assert_int_equal(judge(&bed)->scale, expected[needed - 1]);
    }
    bed.checks[WHOLE].parts_needed = 2; /* who is down gives no weight */
    stand(&bed, 1, STANDS_DOWN);
    assert_int_equal(judge(&bed)->scale, 40);
}

static void the_ramp_of_a_part_counts(void **state)
{
    (void)state;
    struct bed bed;
    open_bed(&bed, PARTS);
    for (size_t i = 0; i < PARTS; i++)
        stand(&bed, i, STANDS_UP);
    bed.machines[0].fsm =
        (struct health_machine){.state = HEALTH_RECOVERING, .since_ms = NOW_MS};
    assert_int_equal(judge(&bed)->scale, 10);
    bed.machines[0].fsm.since_ms = NOW_MS - 5000; /* half of it */
    assert_in_range(judge(&bed)->scale, 50, 60);
}

static void a_failure_has_no_weight_of_its_own(void **state)
{
    (void)state;
    struct bed bed;
    open_bed(&bed, PARTS);
    for (size_t i = 0; i < PARTS; i++) {
        stand(&bed, i, STANDS_DOWN);
        bed.machines[i].scale = 5;
    }
    assert_int_equal(judge(&bed)->scale, HEALTH_SCALE_FULL);
}

/* ---- what is told ---- */

static void the_reason_names_a_check_that_fails(void **state)
{
    (void)state;
    struct bed bed;
    open_bed(&bed, PARTS);
    stand(&bed, 0, STANDS_UP);
    stand(&bed, 1, STANDS_DOWN);
    stand(&bed, 2, STANDS_UP);
    assert_string_equal(judge(&bed)->reason, "lag: reason 1");
    stand(&bed, 0, STANDS_DOWN);
    stand(&bed, 1, STANDS_SUSPECT);
    assert_string_equal(judge(&bed)->reason, "web: reason 0");
}

static void the_reason_of_a_success_counts(void **state)
{
    (void)state;
    struct bed bed;
    open_bed(&bed, 2);
    stand(&bed, 0, STANDS_UP);
    stand(&bed, 1, STANDS_DOWN);
    stand(&bed, 2, STANDS_SUSPECT);
    assert_string_equal(judge(&bed)->reason, "2 of 3 checks up, 2 needed");
    stand(&bed, 1, STANDS_UNKNOWN);
    stand(&bed, 2, STANDS_UNKNOWN);
    assert_string_equal(judge(&bed)->reason, "1 of 3 checks up, 2 needed");
}

static void a_long_name_and_a_long_reason_are_cut(void **state)
{
    (void)state;
    char name[200];
    struct bed bed;
    open_bed(&bed, PARTS);
    memset(name, 'n', sizeof(name) - 1);
    name[sizeof(name) - 1] = '\0';
    bed.checks[2].name = name;
    stand(&bed, 2, STANDS_DOWN);
    memset(bed.machines[2].reason, 'r', PROBE_REASON_MAX - 1);
    judge(&bed);
    assert_int_equal(strlen(bed.result.reason), 40 + 2 + 80);
    assert_memory_equal(bed.result.reason + 39, "n: r", 4);
}

static void the_round_trip_is_the_longest(void **state)
{
    (void)state;
    struct bed bed;
    open_bed(&bed, PARTS);
    for (uint32_t i = 0; i < PARTS; i++) {
        stand(&bed, i, STANDS_UP);
        bed.machines[i].fsm.rtt_us = (uint32_t[]){300, 9000, 20}[i];
    }
    assert_int_equal(judge(&bed)->rtt_us, 9000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_combination_of_three_parts_is_judged_right),
        cmocka_unit_test(all_any_and_at_least_in_words),
        cmocka_unit_test(a_part_that_is_held_works),
        cmocka_unit_test(what_is_assumed_is_not_known),
        cmocka_unit_test(a_part_that_leans_is_suspect),
        cmocka_unit_test(the_weight_is_that_of_the_last_part_needed),
        cmocka_unit_test(the_ramp_of_a_part_counts),
        cmocka_unit_test(a_failure_has_no_weight_of_its_own),
        cmocka_unit_test(the_reason_names_a_check_that_fails),
        cmocka_unit_test(the_reason_of_a_success_counts),
        cmocka_unit_test(a_long_name_and_a_long_reason_are_cut),
        cmocka_unit_test(the_round_trip_is_the_longest),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
