/* Which machine knows what: targets of a real configuration, and memories made up here. The probes
 * never run. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "rhumb/monitor.h"

#include "../../support/app_fixture.h"
#include "../../support/temp_folder.h"
#include "monitor_machines.h"
#include "monitor_news.h"

enum { NOW_MS = 3600000, MEMORIES_MAX = 4 };

struct bed {
    struct test_loop loop;
    struct temp_folder folder;
    struct prober *prober;
    struct snapshot *snapshot;
    struct machine_memory memories[MEMORIES_MAX];
    size_t memory_count;
    struct machine_set machines;
};

static uint32_t on_result(void *ctx, const struct probe_result *result)
{
    (void)ctx;
    (void)result;
    return 1000;
}

/* compile - services a and b, whose checks ask 192.0.2.1 the same at these intervals. */
static struct snapshot *compile(const struct bed *bed, const char *fast, const char *slow)
{
    char path[TEMP_PATH_MAX];
    temp_printf(&bed->folder, "rhumb.yaml",
                "regions: {eu: {country: DE}}\n"
                "checks:\n"
                "  fast: {tcp: {port: 80}, interval: %s}\n"
                "  slow: {tcp: {port: 80}, interval: %s}\n"
                "services:\n"
                "  a: {check: fast, regions: {eu: {addresses: [192.0.2.1]}}}\n"
                "  b: {check: slow, regions: {eu: {addresses: [192.0.2.1]}}}\n",
                fast, slow);
    return app_compile(temp_path(&bed->folder, "rhumb.yaml", path));
}

static void open_bed(struct bed *bed)
{
    const struct prober_limits limits = {.max_in_flight = 1, .max_per_address = 1};
    memset(bed, 0, sizeof(*bed));
    temp_folder_open(&bed->folder);
    test_loop_open(&bed->loop);
    assert_int_equal(prober_new(&bed->loop.uv, &limits, &bed->prober), ERR_OK);
}

static void close_bed(struct bed *bed)
{
    const struct machine_set none = {0};
    machine_set_leave(&bed->machines, &none);
    prober_close(bed->prober);
    test_loop_close(&bed->loop);
    snapshot_free(bed->snapshot);
    temp_folder_close(&bed->folder);
}

static const struct snapshot_target *target_of(const struct snapshot *snapshot,
                                               const char *check)
{
    for (size_t i = 0; i < snapshot->target_count; i++)
        if (strcmp(snapshot->config->checks[snapshot->targets[i].check].name, check) == 0)
            return &snapshot->targets[i];
    fail_msg("nobody asks for %s", check);
    return NULL;
}

/* remember - the check's target was in this state. */
static void remember(struct bed *bed, const struct snapshot *snapshot, const char *check,
                     enum health_state state)
{
    const struct snapshot_target *target = target_of(snapshot, check);
    bed->memories[bed->memory_count++] = (struct machine_memory){
        .question = target->question,
        .key = target->key,
        .scale = HEALTH_SCALE_FULL,
        .fsm = {.state = state, .since_ms = 1},
    };
    qsort(bed->memories, bed->memory_count, sizeof(bed->memories[0]), machine_memory_compare);
}

/* build - machines for these intervals, which know what is remembered. */
static void build(struct bed *bed, const char *fast, const char *slow)
{
    const struct machine_set none = {0};
    bed->snapshot = compile(bed, fast, slow);
    assert_int_equal(machine_set_build(&(struct machine_plan){.prober = bed->prober,
                                                              .on_result = on_result,
                                                              .old = &none,
                                                              .memories = bed->memories,
                                                              .memory_count = bed->memory_count,
                                                              .now_ms = NOW_MS},
                                       bed->snapshot, &bed->machines),
                     ERR_OK);
}

static enum health_state state_of(const struct bed *bed, const char *check)
{
    size_t index = (size_t)(target_of(bed->snapshot, check) - bed->snapshot->targets);
    return bed->machines.list[index]->fsm.state;
}

static void two_paces_of_one_question_keep_their_states(void **state)
{
    (void)state;

    static const enum health_state states[][2] = {{HEALTH_DOWN, HEALTH_UP},
                                                  {HEALTH_UP, HEALTH_DOWN}};

    for (size_t i = 0; i < 2; i++) {
        struct bed bed;
        open_bed(&bed);
        struct snapshot *before = compile(&bed, "1s", "10s");
        remember(&bed, before, "fast", states[i][0]);
        remember(&bed, before, "slow", states[i][1]);
        snapshot_free(before);
        build(&bed, "1s", "10s");
        assert_int_equal(state_of(&bed, "fast"), states[i][0]);
        assert_int_equal(state_of(&bed, "slow"), states[i][1]);
        close_bed(&bed);
    }
}

static void an_edited_pace_finds_the_state_it_had(void **state)
{
    (void)state;

    static const enum health_state states[][2] = {{HEALTH_DOWN, HEALTH_UP},
                                                  {HEALTH_UP, HEALTH_DOWN}};

    for (size_t i = 0; i < 2; i++) {
        struct bed bed;
        open_bed(&bed);
        struct snapshot *before = compile(&bed, "1s", "10s");
        remember(&bed, before, "fast", states[i][0]);
        remember(&bed, before, "slow", states[i][1]);
        snapshot_free(before);
        build(&bed, "1s", "20s"); /* of the two the one that is no target any more */
        assert_int_equal(state_of(&bed, "fast"), states[i][0]);
        assert_int_equal(state_of(&bed, "slow"), states[i][1]);
        close_bed(&bed);
    }
}

static void one_more_pace_knows_what_the_question_knows(void **state)
{
    (void)state;
    struct bed bed;
    open_bed(&bed);
    struct snapshot *before = compile(&bed, "1s", "1s"); /* one target, of both checks */
    assert_int_equal(before->target_count, 1);
    remember(&bed, before, "fast", HEALTH_DOWN);
    snapshot_free(before);
    build(&bed, "1s", "10s");
    assert_int_equal(state_of(&bed, "fast"), HEALTH_DOWN);
    assert_int_equal(state_of(&bed, "slow"), HEALTH_DOWN);
    close_bed(&bed);
}

static void take_target(void *ctx, const struct event *event)
{
    *(uint64_t *)ctx = event->target;
}

static void each_check_has_a_history_that_an_edited_pace_keeps(void **state)
{
    (void)state;
    struct bed bed;
    open_bed(&bed);
    build(&bed, "1s", "10s");
    struct snapshot *edited = compile(&bed, "2s", "20s");
    const struct health_event change = {.from = HEALTH_UP, .to = HEALTH_DOWN};
    uint64_t told[2];
    for (uint32_t i = 0; i < 2; i++)
        monitor_news_transition(&(struct herald){.tell = take_target, .ctx = &told[i]},
                                bed.snapshot, bed.machines.list[i], &change, NOW_MS);
    assert_true(told[0] != told[1]);
    for (uint32_t i = 0; i < 2; i++) {
        const char *check = bed.snapshot->config->checks[bed.snapshot->targets[i].check].name;
        assert_true(told[i] == monitor_history_key(edited, target_of(edited, check)));
    }
    snapshot_free(edited);
    close_bed(&bed);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(two_paces_of_one_question_keep_their_states),
        cmocka_unit_test(an_edited_pace_finds_the_state_it_had),
        cmocka_unit_test(one_more_pace_knows_what_the_question_knows),
        cmocka_unit_test(each_check_has_a_history_that_an_edited_pace_keeps),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
