/* The real prober against servers on this loop: 127.0.0.1 and its neighbours, one port. */
#include <inttypes.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>
#include <curl/curl.h>

#include "rhumb/clock.h"
#include "rhumb/monitor.h"

#include "../../support/app_fixture.h"
#include "../../support/temp_folder.h"

enum { TEXT_MAX = 2048 };

struct bed {
    struct test_loop loop;
    struct temp_folder folder;
    struct monitor *monitor;
    struct snapshot *snapshot; /* the one retargeted to */
    struct app_server servers[3];
    uint16_t port;
    size_t settled;
};

static void open_bed(struct bed *bed)
{
    memset(bed, 0, sizeof(*bed));
    test_log_open();
    temp_folder_open(&bed->folder);
    test_loop_open(&bed->loop);
    assert_int_equal(
        monitor_new(&bed->loop.uv, &(struct herald){.tell = app_tell}, &bed->monitor), ERR_OK);
    app_server_open(&bed->servers[0], &bed->loop, "127.0.0.1", 0);
    bed->port = bed->servers[0].port;
}

static void close_bed(struct bed *bed)
{
    if (bed->monitor)
        monitor_close(bed->monitor);
    for (size_t i = 0; i < 3; i++)
        if (bed->servers[i].listener.data)
            app_server_close(&bed->servers[i], &bed->loop);
    test_loop_close(&bed->loop);
    snapshot_free(bed->snapshot);
    temp_folder_close(&bed->folder);
    test_log_close();
}

/* compile - services are given; the checks are fast, on the bed's port. web: TCP; slow: HTTP
 * with a long timeout. */
static struct snapshot *compile(struct bed *bed, const char *services)
{
    char path[TEMP_PATH_MAX];
    temp_printf(&bed->folder, "rhumb.yaml",
                "regions: {eu: {country: DE}, us: {country: US}}\n"
                "checks:\n"
                "  web: {tcp: {port: %u}, interval: 100ms, timeout: 90ms, confirm: 10ms,\n"
                "        fall: 2, rise: 2, min_down: 0s}\n"
                "  held: {tcp: {port: %u}, interval: 400ms, timeout: 300ms, confirm: 10ms}\n"
                "  shy: {tcp: {port: %u}, interval: 10s, timeout: 9s, assume: down}\n"
                "  slow: {http: {port: %u}, interval: 20s, timeout: 8s}\n"
                "services:\n%s",
                bed->port, bed->port, bed->port, bed->port, services);
    return app_compile(temp_path(&bed->folder, "rhumb.yaml", path));
}

/* retarget - to a snapshot of these services; the one before is freed. */
static void retarget(struct bed *bed, const char *services)
{
    struct snapshot *fresh = compile(bed, services), *old = bed->snapshot;
    assert_int_equal(monitor_retarget(bed->monitor, fresh), ERR_OK);
    bed->snapshot = fresh;
    snapshot_free(old);
}

static health_word word_of(const struct bed *bed, const char *address)
{
    struct ip_addr addr;
    assert_true(ip_parse(address, &addr));
    for (size_t i = 0; i < bed->snapshot->target_count; i++)
        if (ip_equal(&bed->snapshot->targets[i].addr, &addr))
            return health_table_get(&bed->snapshot->health, bed->snapshot->targets[i].seats[0]);
    fail_msg("%s is no target", address);
    return 0;
}

struct wanted {
    const struct bed *bed;
    const char *address;
    enum health_state state;
};

static bool has_state(void *ctx)
{
    const struct wanted *wanted = ctx;
    return health_word_state(word_of(wanted->bed, wanted->address)) == wanted->state;
}

static void until_state(struct bed *bed, const char *address, enum health_state state)
{
    struct wanted wanted = {bed, address, state};
    test_loop_until(&bed->loop, has_state, &wanted);
}

static bool service_is_settled(void *ctx)
{
    const struct bed *bed = ctx;
    return health_table_service(&bed->snapshot->health, 0) == 0;
}

static const char one[] = "  a: {check: web, ttl: {settle: 200ms},\n"
                          "      regions: {eu: {addresses: [127.0.0.1]}}}\n";
static const char two[] = "  a: {check: web, ttl: {settle: 200ms},\n"
                          "      regions: {eu: {addresses: [127.0.0.1, 127.0.0.2]}}}\n";

static void a_target_is_unknown_then_up(void **state)
{
    (void)state;
    struct bed bed;
    open_bed(&bed);
    retarget(&bed, one);
    health_word word = word_of(&bed, "127.0.0.1");
    assert_int_equal(health_word_state(word), HEALTH_UNKNOWN);
    assert_true(word & HEALTH_WORD_USABLE); /* as assumed */
    until_state(&bed, "127.0.0.1", HEALTH_UP);
    assert_true(word_of(&bed, "127.0.0.1") & HEALTH_WORD_USABLE);
    assert_true(health_table_rtt_us(&bed.snapshot->health, 0) > 0);
    assert_true(service_is_settled(&bed)); /* what was assumed came true */
    assert_int_equal(test_log_count("event=health service=a region=eu address=127.0.0.1 "
                                    "check=web from=unknown to=up"),
                     1);
    close_bed(&bed);
}

static void what_is_assumed_down_is_not_used_until_it_answers(void **state)
{
    (void)state;
    struct bed bed;
    open_bed(&bed);
    retarget(&bed, "  a: {check: shy, regions: {eu: {addresses: [127.0.0.1]}}}\n");
    assert_false(word_of(&bed, "127.0.0.1") & HEALTH_WORD_USABLE);
    assert_int_equal(test_log_count("event=service_all_down"), 1);
    until_state(&bed, "127.0.0.1", HEALTH_UP);
    assert_true(word_of(&bed, "127.0.0.1") & HEALTH_WORD_USABLE);
    assert_false(service_is_settled(&bed)); /* the answers have just changed */
    assert_int_equal(test_log_count("event=service_usable service=a"), 1);
    close_bed(&bed);
}

static void a_dead_target_goes_down_and_comes_back(void **state)
{
    (void)state;
    struct bed bed;
    open_bed(&bed);
    retarget(&bed, one);
    until_state(&bed, "127.0.0.1", HEALTH_UP);
    app_server_close(&bed.servers[0], &bed.loop);
    until_state(&bed, "127.0.0.1", HEALTH_SUSPECT);
    assert_true(word_of(&bed, "127.0.0.1") & HEALTH_WORD_SUSPECT);
    assert_true(word_of(&bed, "127.0.0.1") & HEALTH_WORD_USABLE);
    until_state(&bed, "127.0.0.1", HEALTH_DOWN);
    assert_false(word_of(&bed, "127.0.0.1") & HEALTH_WORD_USABLE);
    assert_false(service_is_settled(&bed));
    assert_int_equal(test_log_count("event=service_all_down severity=critical service=a"), 1);
    assert_int_equal(test_log_count("from=suspect to=down reason=\"connection refused\""), 1);
    app_server_open(&bed.servers[0], &bed.loop, "127.0.0.1", bed.port);
    until_state(&bed, "127.0.0.1", HEALTH_UP);
    assert_false(service_is_settled(&bed)); /* not yet */
    assert_int_equal(test_log_count("event=service_usable service=a"), 1);
    test_loop_until(&bed.loop, service_is_settled, &bed); /* `settle` and a review later */
    close_bed(&bed);
}

static void one_dead_target_leaves_the_service_usable(void **state)
{
    (void)state;
    struct bed bed;
    open_bed(&bed);
    retarget(&bed, two); /* nobody listens at 127.0.0.2 */
    until_state(&bed, "127.0.0.2", HEALTH_DOWN);
    until_state(&bed, "127.0.0.1", HEALTH_UP);
    assert_false(service_is_settled(&bed));
    assert_int_equal(test_log_count("event=service_all_down"), 0);
    close_bed(&bed);
}

/* A reload: another snapshot, another order, one target new, one gone. */
static void a_reload_keeps_starts_and_stops_machines(void **state)
{
    (void)state;
    struct bed bed;
    open_bed(&bed);
    app_server_open(&bed.servers[1], &bed.loop, "127.0.0.3", bed.port);
    retarget(&bed, two);
    until_state(&bed, "127.0.0.1", HEALTH_UP);
    until_state(&bed, "127.0.0.2", HEALTH_DOWN);
    retarget(&bed, "  b: {check: web, regions: {us: {addresses: [127.0.0.3]}}}\n"
                   "  a: {check: web, regions: {eu: {addresses: [127.0.0.2]}}}\n");
    /* at once, before it is published: what is known of the one kept */
    assert_int_equal(health_word_state(word_of(&bed, "127.0.0.2")), HEALTH_DOWN);
    assert_int_equal(health_word_state(word_of(&bed, "127.0.0.3")), HEALTH_UNKNOWN);
    assert_int_equal(health_table_service(&bed.snapshot->health, 1), HEALTH_SERVICE_UNSETTLED);
    until_state(&bed, "127.0.0.3", HEALTH_UP);
    size_t before = bed.servers[0].accepted;
    test_loop_until_count(&bed.loop, &bed.servers[1].accepted, bed.servers[1].accepted + 3);
    assert_true(bed.servers[0].accepted <= before + 1); /* one may have been under way */
    before = bed.servers[0].accepted;
    test_loop_until_count(&bed.loop, &bed.servers[1].accepted, bed.servers[1].accepted + 3);
    assert_int_equal(bed.servers[0].accepted, before);
    close_bed(&bed);
}

/* `shy` asks what `web` asks, at another pace: what is known of the target goes on. */
static void an_edited_pace_forgets_nothing(void **state)
{
    (void)state;
    struct bed bed;
    open_bed(&bed);
    retarget(&bed, two);
    until_state(&bed, "127.0.0.1", HEALTH_UP);
    until_state(&bed, "127.0.0.2", HEALTH_DOWN);
    retarget(&bed, "  a: {check: shy, regions: {eu: {addresses: [127.0.0.1, 127.0.0.2]}}}\n");
    assert_int_equal(health_word_state(word_of(&bed, "127.0.0.1")), HEALTH_UP);
    assert_int_equal(health_word_state(word_of(&bed, "127.0.0.2")), HEALTH_DOWN);
    close_bed(&bed);
}

/* An alarm about a target ends with it, and not when only its pace is another one. */
static void a_target_that_goes_while_it_is_down_is_told(void **state)
{
    (void)state;
    static const char gone[] = "event=health service=a region=eu address=127.0.0.2 check=web "
                               "from=down to=unknown reason=\"it is not checked any more\"";
    struct bed bed;
    open_bed(&bed);
    retarget(&bed, two);
    until_state(&bed, "127.0.0.1", HEALTH_UP);
    until_state(&bed, "127.0.0.2", HEALTH_DOWN);
    retarget(&bed, "  a: {check: shy, regions: {eu: {addresses: [127.0.0.1, 127.0.0.2]}}}\n");
    assert_int_equal(test_log_count("to=unknown"), 0);
    retarget(&bed, two);
    retarget(&bed, one);
    assert_int_equal(test_log_count(gone), 1);
    assert_int_equal(test_log_count("to=unknown"), 1); /* who was well needs no word */
    retarget(&bed, two);
    until_state(&bed, "127.0.0.2", HEALTH_DOWN);
    retarget(&bed, "  a: {check: slow, regions: {eu: {addresses: [127.0.0.1, 127.0.0.2]}}}\n");
    assert_int_equal(test_log_count(gone), 2); /* another question */
    close_bed(&bed);
}

/* Other parameters are another question: nothing is known of its answer. */
static void a_changed_question_starts_anew(void **state)
{
    (void)state;
    struct bed bed;
    open_bed(&bed);
    retarget(&bed, one);
    until_state(&bed, "127.0.0.1", HEALTH_UP);
    retarget(&bed, "  a: {check: slow, regions: {eu: {addresses: [127.0.0.1]}}}\n");
    assert_int_equal(health_word_state(word_of(&bed, "127.0.0.1")), HEALTH_UNKNOWN);
    close_bed(&bed);
}

/* recall_held - as if the last process had held the first target, until a moment ago. */
static void recall_held(struct bed *bed, const char *services)
{
    char text[TEXT_MAX];
    struct snapshot *snapshot = compile(bed, services);
    const struct snapshot_target *target = &snapshot->targets[0];
    snprintf(text, sizeof(text),
             "{\"written\": %" PRIu64 ", \"targets\": [{\"target\": \"%016" PRIx64
             "/%016" PRIx64 "\", \"state\": \"held\", \"since\": %" PRIu64
             ", \"penalty\": 749}]}",
             clock_wall_ms(), target->question, target->key, clock_wall_ms());
    snapshot_free(snapshot);
    monitor_recall(bed->monitor, text, strlen(text));
}

/* Ten probes at the pace of the check would take 3.8 s at least. */
static void who_is_held_proves_itself_by_quick_probes(void **state)
{
    (void)state;
    static const char held[] = "  a: {check: held, regions: {eu: {addresses: [127.0.0.1]}}}\n";
    struct bed bed;
    open_bed(&bed);
    recall_held(&bed, held);
    uint64_t begun_ms = clock_monotonic_ms();
    retarget(&bed, held);
    assert_int_equal(health_word_state(word_of(&bed, "127.0.0.1")), HEALTH_HELD);
    until_state(&bed, "127.0.0.1", HEALTH_UP);
    assert_true(clock_monotonic_ms() - begun_ms < 3000);
    assert_true(bed.servers[0].accepted >= HEALTH_PROOFS);
    close_bed(&bed);
}

/* An outer service is dark or unsettled when what is inside it is. */
static void a_nested_service_counts_for_the_outer_one(void **state)
{
    (void)state;
    struct bed bed;
    open_bed(&bed);
    retarget(&bed, "  outer: {regions: {eu: {service: a}}}\n"
                   "  a: {check: web, regions: {eu: {addresses: [127.0.0.2]}}}\n");
    until_state(&bed, "127.0.0.2", HEALTH_DOWN);
    assert_int_equal(health_table_service(&bed.snapshot->health, 0), HEALTH_SERVICE_UNSETTLED);
    assert_int_equal(test_log_count("event=service_all_down severity=critical service=outer"),
                     1);
    close_bed(&bed);
}

static void on_settled(void *ctx)
{
    struct bed *bed = ctx;
    bed->settled++;
}

static void nothing_to_probe_is_settled_at_once(void **state)
{
    (void)state;
    struct bed bed;
    open_bed(&bed);
    retarget(&bed, "  a: {regions: {eu: {addresses: [127.0.0.1]}}}\n");
    monitor_when_settled(bed.monitor, 60000, on_settled, &bed);
    assert_int_equal(bed.settled, 1);
    close_bed(&bed);
    assert_int_equal(bed.settled, 1);
}

/* Long before the wait is over (and the guard would fire). */
static void it_is_settled_when_every_target_is_decided(void **state)
{
    (void)state;
    struct bed bed;
    open_bed(&bed);
    retarget(&bed, two);
    monitor_when_settled(bed.monitor, 600000, on_settled, &bed);
    assert_int_equal(bed.settled, 0);
    test_loop_until_count(&bed.loop, &bed.settled, 1);
    assert_int_equal(health_word_state(word_of(&bed, "127.0.0.1")), HEALTH_UP);
    assert_int_equal(health_word_state(word_of(&bed, "127.0.0.2")), HEALTH_DOWN);
    monitor_when_settled(bed.monitor, 600000, on_settled, &bed);
    assert_int_equal(bed.settled, 2); /* it is so already */
    close_bed(&bed);
    assert_int_equal(bed.settled, 2);
}

static void a_server_that_says_nothing_is_not_waited_for(void **state)
{
    (void)state;
    struct bed bed;
    open_bed(&bed);
    bed.servers[0].holds = true;
    retarget(&bed, "  a: {check: slow, regions: {eu: {addresses: [127.0.0.1]}}}\n");
    monitor_when_settled(bed.monitor, 100, on_settled, &bed);
    test_loop_until_count(&bed.loop, &bed.settled, 1);
    assert_int_equal(health_word_state(word_of(&bed, "127.0.0.1")), HEALTH_UNKNOWN);
    test_loop_until_count(&bed.loop, &bed.servers[0].accepted, 1);
    close_bed(&bed); /* with the probe in flight */
}

static void it_can_be_closed_at_any_time(void **state)
{
    (void)state;
    struct bed bed;
    open_bed(&bed);
    close_bed(&bed); /* never retargeted */
    open_bed(&bed);
    retarget(&bed, two); /* nothing has started */
    monitor_when_settled(bed.monitor, 100, on_settled, &bed);
    close_bed(&bed);
    assert_int_equal(bed.settled, 0);
}

int main(void)
{
    signal(SIGPIPE, SIG_IGN);
    curl_global_init(CURL_GLOBAL_DEFAULT);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_target_is_unknown_then_up),
        cmocka_unit_test(what_is_assumed_down_is_not_used_until_it_answers),
        cmocka_unit_test(a_dead_target_goes_down_and_comes_back),
        cmocka_unit_test(one_dead_target_leaves_the_service_usable),
        cmocka_unit_test(a_reload_keeps_starts_and_stops_machines),
        cmocka_unit_test(an_edited_pace_forgets_nothing),
        cmocka_unit_test(a_target_that_goes_while_it_is_down_is_told),
        cmocka_unit_test(a_changed_question_starts_anew),
        cmocka_unit_test(who_is_held_proves_itself_by_quick_probes),
        cmocka_unit_test(a_nested_service_counts_for_the_outer_one),
        cmocka_unit_test(nothing_to_probe_is_settled_at_once),
        cmocka_unit_test(it_is_settled_when_every_target_is_decided),
        cmocka_unit_test(a_server_that_says_nothing_is_not_waited_for),
        cmocka_unit_test(it_can_be_closed_at_any_time),
    };
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    curl_global_cleanup();
    return failed;
}
