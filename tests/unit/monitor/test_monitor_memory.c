/* What one process writes, the next one reads: machines made up here. */
#include <time.h>

#include "memory_case.h"

enum { MANY = 10000 };

/* ---- there and back ---- */

static void what_is_put_is_read_again(void **state)
{
    (void)state;
    struct machine machines[] = {
        {.question = 0xffffffffffffffff, .scale = 100, .fsm = {.state = HEALTH_UP}},
        {.question = 5,
         .scale = 40,
         .reason = "connection refused",
         .fsm = {.state = HEALTH_DOWN,
                 .failures = 3,
                 .since_ms = 3600000 - 2 * MINUTE_MS,
                 .penalty = {.value = 1500, .at_ms = 3600000},
                 .rtt_us = 1234}},
        {.question = 0x123456789abcdef0,
         .scale = 100,
         .fsm = {.state = HEALTH_HELD, .successes = 4, .since_ms = 3000000}},
        {.question = 7, .scale = 100, .fsm = {.state = HEALTH_UNKNOWN}},
        {.question = 0, .scale = 70, .fsm = {.state = HEALTH_UP, .successes = 9}},
    };
    struct machine *list[] = {&machines[0], &machines[1], &machines[2], &machines[3],
                              &machines[4]};
    struct monitor_moment now = later(10000);
    struct monitor_memory memory;
    char *text = put(list, 5, NULL, &THEN);
    assert_true(parse(text, &now, &memory));
    assert_int_equal(memory.age_ms, 10000);
    assert_int_equal(memory.machine_count, 4); /* of the unknown one there is nothing to say */
    assert_int_equal(memory.region_count, 0);
    const struct machine_memory *m = memory.machines;
    assert_int_equal(m[0].question, 0);
    assert_int_equal(m[0].fsm.state, HEALTH_UP);
    assert_int_equal(m[0].scale, 70);
    assert_int_equal(m[0].fsm.successes, 9);
    assert_int_equal(m[1].question, 5);
    assert_int_equal(m[1].fsm.state, HEALTH_DOWN);
    assert_int_equal(m[1].fsm.failures, 3);
    assert_int_equal(m[1].fsm.successes, 0);
    assert_int_equal(now.steady_ms - m[1].fsm.since_ms, 2 * MINUTE_MS + 10000);
    assert_int_equal((int)m[1].fsm.penalty.value, 1500);
    assert_int_equal(m[1].fsm.penalty.at_ms, now.steady_ms);
    assert_int_equal(m[1].fsm.rtt_us, 1234);
    assert_int_equal(m[1].scale, 40);
    assert_string_equal(m[1].reason, "connection refused");
    assert_true(m[2].question == 0x123456789abcdef0);
    assert_int_equal(m[2].fsm.state, HEALTH_HELD);
    assert_int_equal(m[2].fsm.successes, 4);
    assert_true(m[3].question == 0xffffffffffffffff);
    assert_int_equal(m[3].fsm.state, HEALTH_UP);
    assert_int_equal(m[3].scale, HEALTH_SCALE_FULL);
    monitor_memory_deinit(&memory);
    free(text);
}

/* Two checks that ask the same, each at its own pace. */
static void two_paces_of_one_question_are_kept_apart(void **state)
{
    (void)state;
    struct machine fast = {.question = 5,
                           .key = 7,
                           .scale = 100,
                           .reason = "timeout",
                           .fsm = {.state = HEALTH_DOWN, .failures = 3}};
    struct machine slow = {
        .question = 5, .key = 6, .scale = 100, .fsm = {.state = HEALTH_UP, .successes = 4}};
    struct machine *list[] = {&fast, &slow};
    struct monitor_memory memory;
    char *text = put(list, 2, NULL, &THEN);
    assert_true(parse(text, &THEN, &memory));
    assert_int_equal(memory.machine_count, 2);
    assert_int_equal(memory.machines[0].key, 6);
    assert_int_equal(memory.machines[0].fsm.state, HEALTH_UP);
    assert_int_equal(memory.machines[1].key, 7);
    assert_int_equal(memory.machines[1].fsm.state, HEALTH_DOWN);
    monitor_memory_deinit(&memory);
    free(text);
}

/* The steady clock of a machine that was just switched on is younger than what is remembered. */
static void what_was_before_the_clock_began_is_at_its_start(void **state)
{
    (void)state;
    struct machine down = {.question = 5,
                           .fsm = {.state = HEALTH_DOWN, .failures = 1, .since_ms = 1000}};
    struct monitor_moment now = {.wall_ms = THEN.wall_ms + 1000, .steady_ms = 5000};
    struct monitor_memory memory;
    char *text = put(&(struct machine *){&down}, 1, NULL, &THEN);
    assert_true(parse(text, &now, &memory));
    assert_int_equal(memory.machines[0].fsm.since_ms, 1); /* 0 would say: never */
    monitor_memory_deinit(&memory);
    free(text);
}

static void nothing_can_be_put_and_read(void **state)
{
    (void)state;
    struct monitor_memory memory;
    char *text = put(NULL, 0, NULL, &THEN);
    assert_true(parse(text, &THEN, &memory));
    assert_int_equal(memory.machine_count + memory.region_count, 0);
    monitor_memory_deinit(&memory);
    monitor_memory_deinit(&memory); /* twice is fine */
    free(text);
}

/* Whatever a server or a command says: the text stays JSON. */
static void every_byte_may_stand_in_a_reason(void **state)
{
    (void)state;
    struct machine down = {.question = 5, .fsm = {.state = HEALTH_DOWN, .failures = 1}};
    for (unsigned first = 1; first < 256; first++) {
        struct monitor_memory memory;
        snprintf(down.reason, sizeof(down.reason), "%c\\u0000\"%c", (char)first, (char)first);
        char *text = put(&(struct machine *){&down}, 1, NULL, &THEN);
        assert_true(parse(text, &THEN, &memory));
        assert_int_equal(memory.machine_count, 1);
        if (first < 0x80)
            assert_string_equal(memory.machines[0].reason, down.reason);
        else /* no UTF-8 */
            assert_string_equal(memory.machines[0].reason, "\xef\xbf\xbd\\u0000\"\xef\xbf\xbd");
        monitor_memory_deinit(&memory);
        free(text);
    }
}

static double now_s(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static void ten_thousand_targets_take_no_time(void **state)
{
    (void)state;
    struct machine *machines = calloc(MANY, sizeof(*machines));
    struct machine **list = calloc(MANY, sizeof(struct machine *));
    struct monitor_memory memory;
    assert_true(machines && list);
    for (size_t i = 0; i < MANY; i++) {
        machines[i] = (struct machine){.question = (i + 1) * 0x9e3779b97f4a7c15,
                                       .scale = 100,
                                       .fsm = {.state = i % 2 ? HEALTH_DOWN : HEALTH_UP}};
        memset(machines[i].reason, '"', i % 2 ? PROBE_REASON_MAX - 1 : 0);
        list[i] = &machines[i];
    }
    double start_s = now_s();
    char *text = put(list, MANY, NULL, &THEN);
    double put_s = now_s();
    assert_true(parse(text, &THEN, &memory));
    double parsed_s = now_s();
    print_message("# %d targets, %zu KiB: written in %.1f ms, read in %.1f ms\n", MANY,
                  strlen(text) / 1024, (put_s - start_s) * 1e3, (parsed_s - put_s) * 1e3);
    assert_true(parsed_s - start_s < 5); /* with sanitizers, on a busy machine */
    assert_int_equal(memory.machine_count, MANY);
    for (size_t i = 1; i < MANY; i++)
        assert_true(memory.machines[i - 1].question < memory.machines[i].question);
    monitor_memory_deinit(&memory);
    free(text);
    free(list);
    free(machines);
}

/* ---- what is not ours ---- */

static void what_is_not_ours_is_refused_whole(void **state)
{
    (void)state;
    static const char *const texts[] = {
        "",
        "{",
        "null",
        "[]",
        "7",
        "{}",
        "{\"written\": 0, \"up\": []}",
        "{\"written\": -5, \"up\": []}",
        "{\"written\": \"1785585600123\", \"up\": []}",
        "{\"written\": 1785585600123.0, \"up\": []}",
        "{\"version\": 2, \"states\": {\"a\": \"up\"}}",
        "{\"written\": 1785585600123, \"written\": 1785585600123}",
        "{\"written\": 1785585600123, \"up\": [\"0000000000000005\"",
        "{\"written\": 1785585600123} {}",
        "{\"written\": 1785585600123, \"up\": [\"\xff\"]}",
        "{\"written\": 99999999999999999999999}",
    };
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        struct monitor_memory memory = {.machine_count = 7, .age_ms = 7};
        if (parse(texts[i], &THEN, &memory))
            fail_msg("taken: %s", texts[i]);
        assert_null(memory.machines);
        assert_null(memory.regions);
        assert_null(memory.document);
        assert_int_equal(memory.machine_count + memory.region_count + memory.age_ms, 0);
    }
}

/* Cut anywhere, as by a full disk: refused or, when only the line's end is missing, whole. */
static void a_text_that_is_cut_is_refused(void **state)
{
    (void)state;
    struct machine down = {.question = 5, .fsm = {.state = HEALTH_DOWN, .failures = 1}};
    char *text = put(&(struct machine *){&down}, 1, NULL, &THEN);
    size_t whole = strlen(text) - 1; /* its last byte ends the line */
    struct monitor_memory memory;
    for (size_t len = 0; len < whole; len++)
        assert_false(monitor_memory_parse(text, len, &THEN, &memory));
    assert_true(monitor_memory_parse(text, whole, &THEN, &memory));
    monitor_memory_deinit(&memory);
    free(text);
}

/* machines_read - of a memory with these; the first of them. */
static size_t machines_read(const char *up, const char *target, struct machine_memory *out)
{
    char text[1024];
    struct monitor_memory memory;
    snprintf(text, sizeof(text), "{\"written\": 1785585600123, \"up\": %s, \"targets\": [%s]}",
             up, target);
    assert_true(parse(text, &THEN, &memory));
    size_t count = memory.machine_count;
    if (count > 0)
        *out = memory.machines[0];
    monitor_memory_deinit(&memory);
    return count;
}

#define DOWN "{\"target\": \"0000000000000005/0000000000000006\", \"state\": \"down\""

static void odd_targets_are_left_out(void **state)
{
    (void)state;
    static const char *const odd[] = {
        "7",
        "null",
        "[]",
        "{}",
        "{\"target\": \"0000000000000005/0000000000000006\"}",
        "{\"target\": \"0000000000000005\", \"state\": \"down\"}",
        "{\"target\": \"0000000000000005 0000000000000006\", \"state\": \"down\"}",
        "{\"question\": \"0000000000000005/0000000000000006\", \"state\": \"down\"}",
        "{\"target\": 5, \"state\": \"down\"}",
        "{\"target\": \"5\", \"state\": \"down\"}",
        "{\"target\": \"0000000000000005/00000000000000006\", \"state\": \"down\"}",
        "{\"target\": \"0000000000000005/000000000000000g\", \"state\": \"down\"}",
        "{\"target\": \"0x00000000000005/0000000000000006\", \"state\": \"down\"}",
        "{\"target\": \"0000000000000005/-000000000000006\", \"state\": \"down\"}",
        "{\"target\": \"               5/0000000000000006\", \"state\": \"down\"}",
        "{\"target\": \"0000000000000005/0000000000000006\", \"state\": \"sideways\"}",
        "{\"target\": \"0000000000000005/0000000000000006\", \"state\": \"unknown\"}",
        "{\"target\": \"0000000000000005/0000000000000006\", \"state\": 3}",
    };
    struct machine_memory memory;
    for (size_t i = 0; i < sizeof(odd) / sizeof(odd[0]); i++)
        if (machines_read("[]", odd[i], &memory) != 0)
            fail_msg("taken: %s", odd[i]);
    assert_int_equal(machines_read("[7, null, \"5\", {}]", "", &memory), 0);
    assert_int_equal(machines_read("{\"a\": 1}", "", &memory), 0);
    assert_int_equal(machines_read("[\"000000000000000a/00000000000000ff\", 7]", "{}", &memory),
                     1);
    assert_int_equal(memory.question, 10);
    assert_int_equal(memory.key, 255);
}

static void odd_numbers_become_plain_ones(void **state)
{
    (void)state;
    struct machine_memory m;
    assert_int_equal(machines_read("[]", DOWN "}", &m), 1);
    assert_int_equal(m.fsm.failures + m.fsm.successes + m.fsm.rtt_us, 0);
    assert_int_equal((int)m.fsm.penalty.value, 0);
    assert_string_equal(m.reason, "");
    assert_int_equal(machines_read("[]",
                                   DOWN ", \"failures\": 99999999999, \"successes\": 5, "
                                        "\"rtt_us\": 99999999999, \"scale\": 300, "
                                        "\"penalty\": 1e300, \"since\": -7, \"reason\": 7}",
                                   &m),
                     1);
    assert_int_equal(m.fsm.failures, 1000);
    assert_int_equal(m.fsm.successes, 0); /* only one of the two */
    assert_int_equal(m.fsm.rtt_us, UINT32_MAX);
    assert_int_equal(m.scale, HEALTH_SCALE_FULL);
    assert_int_equal((int)m.fsm.penalty.value, 0);
    assert_int_equal(m.fsm.since_ms, 1);
    assert_int_equal(machines_read("[]",
                                   DOWN ", \"penalty\": -3, \"failures\": -1, "
                                        "\"successes\": true, \"rtt_us\": \"9\"}",
                                   &m),
                     1);
    assert_int_equal(m.fsm.failures + m.fsm.successes + m.fsm.rtt_us, 0);
    assert_int_equal((int)m.fsm.penalty.value, 0);
}

static void a_long_reason_is_cut(void **state)
{
    (void)state;
    char target[700], reason[501];
    struct machine_memory m;
    memset(reason, 'r', sizeof(reason) - 1);
    reason[sizeof(reason) - 1] = '\0';
    snprintf(target, sizeof(target), DOWN ", \"reason\": \"%s\"}", reason);
    assert_int_equal(machines_read("[]", target, &m), 1);
    assert_int_equal(strlen(m.reason), PROBE_REASON_MAX - 1);
}

/* ---- time ---- */

static void what_is_older_than_an_hour_is_not_believed(void **state)
{
    (void)state;
    struct monitor_memory memory;
    char *text = put(NULL, 0, NULL, &THEN);
    struct monitor_moment hour = later(MONITOR_MEMORY_AGE_MAX_MS);
    assert_true(parse(text, &hour, &memory));
    monitor_memory_deinit(&memory);
    struct monitor_moment more = later(MONITOR_MEMORY_AGE_MAX_MS + 1);
    assert_false(parse(text, &more, &memory));
    assert_int_equal(memory.age_ms, MONITOR_MEMORY_AGE_MAX_MS + 1); /* it can be told */
    assert_null(memory.document);
    free(text);
}

/* A wall clock that was ahead and was set right: as if it had been written just now. */
static void what_comes_from_the_future_is_of_now(void **state)
{
    (void)state;
    struct machine down = {.question = 5,
                           .fsm = {.state = HEALTH_DOWN, .failures = 1, .since_ms = 3599000}};
    char *text = put(&(struct machine *){&down}, 1, NULL, &THEN);
    struct monitor_moment now = {.wall_ms = THEN.wall_ms - 24 * 60 * MINUTE_MS,
                                 .steady_ms = 9000};
    struct monitor_memory memory;
    assert_true(parse(text, &now, &memory));
    assert_int_equal(memory.age_ms, 0);
    assert_int_equal(memory.machines[0].fsm.since_ms, 9000);
    monitor_memory_deinit(&memory);
    free(text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_put_is_read_again),
        cmocka_unit_test(two_paces_of_one_question_are_kept_apart),
        cmocka_unit_test(what_was_before_the_clock_began_is_at_its_start),
        cmocka_unit_test(nothing_can_be_put_and_read),
        cmocka_unit_test(every_byte_may_stand_in_a_reason),
        cmocka_unit_test(ten_thousand_targets_take_no_time),
        cmocka_unit_test(what_is_not_ours_is_refused_whole),
        cmocka_unit_test(a_text_that_is_cut_is_refused),
        cmocka_unit_test(odd_targets_are_left_out),
        cmocka_unit_test(odd_numbers_become_plain_ones),
        cmocka_unit_test(a_long_reason_is_cut),
        cmocka_unit_test(what_is_older_than_an_hour_is_not_believed),
        cmocka_unit_test(what_comes_from_the_future_is_of_now),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
