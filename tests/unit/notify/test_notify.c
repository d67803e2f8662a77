#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>
#include <curl/curl.h>
#include <jansson.h>

#include "notify_bed.h"
#include "web_receiver.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* assert_told - the n-th request was about the event with this reason. */
static void assert_told(const struct web_receiver *receiver, size_t n, const char *reason)
{
    char part[160];
    snprintf(part, sizeof(part), "\"reason\":\"%s\"", reason);
    assert_true(n < receiver->count);
    assert_non_null(strstr(receiver->requests[n].body, part));
}

static bool is_same_id(const struct web_receiver *receiver, size_t a, size_t b)
{
    return strcmp(receiver->requests[a].key, receiver->requests[b].key) == 0;
}

/* run_ms - let so much time pass on the loop: nothing more may happen in it. */
static void on_elapsed(uv_timer_t *timer)
{
    *(size_t *)timer->data = 1;
}

static void run_ms(struct notify_bed *bed, uint64_t ms)
{
    uv_timer_t timer;
    size_t elapsed = 0;
    uv_timer_init(&bed->loop.uv, &timer);
    timer.data = &elapsed;
    uv_timer_start(&timer, on_elapsed, ms, 0);
    test_loop_until_count(&bed->loop, &elapsed, 1);
    uv_close((uv_handle_t *)&timer, NULL);
    uv_run(&bed->loop.uv, UV_RUN_NOWAIT);
}

static void each_event_is_posted_once_and_in_order(void **state)
{
    (void)state;

    enum { EVENTS = 20 };

    struct notify_bed bed;
    struct web_receiver receiver;
    char reason[16];
    notify_bed_open(&bed, NULL);
    web_receiver_open(&receiver, &bed.loop, 0, NULL, 0);
    notify_bed_add_webhook(&bed, receiver.url);
    for (size_t i = 0; i < EVENTS; i++) { /* no more than the queue has room for at once */
        snprintf(reason, sizeof(reason), "event %zu", i);
        notify_bed_send(&bed, CONFIG_WARNING, reason);
        if (i % 10 == 9)
            notify_bed_until_idle(&bed);
    }
    run_ms(&bed, 100); /* many retries long */
    assert_int_equal(receiver.count, EVENTS);
    for (size_t i = 0; i < EVENTS; i++) {
        snprintf(reason, sizeof(reason), "event %zu", i);
        assert_told(&receiver, i, reason);
        for (size_t j = 0; j < i; j++)
            assert_false(is_same_id(&receiver, i, j));
    }
    struct notify_totals totals = notify_totals(bed.notify);
    assert_int_equal(totals.queued, EVENTS);
    assert_int_equal(totals.delivered, EVENTS);
    assert_int_equal(totals.failed + totals.given_up + totals.dropped, 0);
    web_receiver_close(&receiver, &bed.loop);
    notify_bed_close(&bed);
}

static void what_is_posted_is_the_event_as_json_with_its_id(void **state)
{
    (void)state;
    static struct config_header headers[] = {{"Authorization", "Bearer x"}};

    static const char *const members[][2] = {
        {"event", "health"},
        {"severity", "critical"},
        {"identity", "ams1"},
        {"service", "app"},
        {"region", "eu"},
        {"address", "192.0.2.1"},
        {"family", "IPv4"},
        {"check", "web"},
        {"from", "up"},
        {"to", "down"},
        {"reason", "said \"no\"\n"},
    };

    struct notify_bed bed;
    struct web_receiver receiver;
    notify_bed_open(&bed, NULL);
    web_receiver_open(&receiver, &bed.loop, 0, NULL, 0);
    struct config_receiver *webhook = notify_bed_add_webhook(&bed, receiver.url);
    webhook->headers = headers;
    webhook->header_count = 1;
    notify_bed_set(&bed);
    notify_bed_send(&bed, CONFIG_CRITICAL, "said \"no\"\n");
    notify_bed_until_idle(&bed);
    const struct web_request *request = &receiver.requests[0];
    assert_non_null(strstr(request->text, "POST /hook HTTP/1.1\r\n"));
    assert_non_null(strstr(request->text, "\r\nAuthorization: Bearer x\r\n"));
    json_t *json = json_loads(request->body, JSON_REJECT_DUPLICATES, NULL);
    assert_non_null(json);
    assert_int_equal(json_object_size(json), COUNT(members) + 2); /* and id, time */
    assert_string_equal(json_string_value(json_object_get(json, "id")), request->key);
    assert_non_null(json_string_value(json_object_get(json, "time")));
    for (size_t i = 0; i < COUNT(members); i++)
        assert_string_equal(json_string_value(json_object_get(json, members[i][0])),
                            members[i][1]);
    json_decref(json);
    web_receiver_close(&receiver, &bed.loop);
    notify_bed_close(&bed);
}

static void a_receiver_gets_its_severity_and_above(void **state)
{
    (void)state;
    struct notify_bed bed;
    struct web_receiver receivers[3];
    notify_bed_open(&bed, NULL);
    for (size_t i = 0; i < 3; i++) {
        web_receiver_open(&receivers[i], &bed.loop, 0, NULL, 0);
        notify_bed_add_webhook(&bed, receivers[i].url)->severity = (enum config_severity)i;
    }
    notify_bed_set(&bed);
    notify_bed_send(&bed, CONFIG_INFO, "info");
    notify_bed_send(&bed, CONFIG_WARNING, "warning");
    notify_bed_send(&bed, CONFIG_CRITICAL, "critical");
    notify_bed_until_idle(&bed);
    assert_int_equal(receivers[CONFIG_INFO].count, 3);
    assert_int_equal(receivers[CONFIG_WARNING].count, 2);
    assert_int_equal(receivers[CONFIG_CRITICAL].count, 1);
    assert_told(&receivers[CONFIG_WARNING], 0, "warning");
    assert_told(&receivers[CONFIG_CRITICAL], 0, "critical");
    for (size_t i = 0; i < 3; i++)
        web_receiver_close(&receivers[i], &bed.loop);
    notify_bed_close(&bed);
}

static void whatever_a_receiver_does_it_takes_each_event_once_and_in_order(void **state)
{
    (void)state;

    static const enum web_answer script[] = {WEB_ERROR, WEB_HALF, WEB_RESET, WEB_SILENT,
                                             WEB_HANG,  WEB_OK,   WEB_ERROR};

    static const char *const told[] = {"one", "one", "one", "one",  "one",
                                       "one", "two", "two", "three"};
    struct notify_bed bed;
    struct web_receiver receiver;
    notify_bed_open(&bed, NULL);
    web_receiver_open(&receiver, &bed.loop, 0, script, COUNT(script));
    notify_bed_add_webhook(&bed, receiver.url)->timeout_ms = 100;
    notify_bed_set(&bed);
    notify_bed_send(&bed, CONFIG_INFO,
                    "one"); /* the same subject: different states all the same */
    notify_bed_send(&bed, CONFIG_CRITICAL, "two");
    notify_bed_send(&bed, CONFIG_WARNING, "three");
    notify_bed_until_idle(&bed);
    run_ms(&bed, 100);
    assert_int_equal(receiver.count, COUNT(told));
    for (size_t i = 0; i < COUNT(told); i++) {
        assert_told(&receiver, i, told[i]);
        if (i > 0) /* a repetition can be told by its id */
            assert_int_equal(is_same_id(&receiver, i, i - 1),
                             strcmp(told[i], told[i - 1]) == 0);
    }
    struct notify_totals totals = notify_totals(bed.notify);
    assert_int_equal(totals.delivered, 3);
    assert_int_equal(totals.failed, 6);
    assert_int_equal(totals.given_up + totals.dropped, 0);
    assert_int_equal(test_log_count("event=notify_works receiver=http://hook failures=5"), 1);
    web_receiver_close(&receiver, &bed.loop);
    notify_bed_close(&bed);
}

static void a_receiver_that_comes_back_gets_everything_it_missed(void **state)
{
    (void)state;
    struct notify_bed bed;
    struct web_receiver receiver;
    notify_bed_open(&bed, NULL);
    web_receiver_open(&receiver, &bed.loop, 0, NULL, 0);
    notify_bed_add_webhook(&bed, receiver.url);
    web_receiver_close(&receiver, &bed.loop);
    notify_bed_send(&bed, CONFIG_WARNING, "down");
    notify_bed_send(&bed, CONFIG_WARNING, "up");
    notify_bed_send(&bed, CONFIG_WARNING, "down again");
    test_loop_until_log(&bed.loop, "event=notify_failed", 3);
    assert_int_equal(test_log_count("reason=\"connection refused\""), 3);
    assert_int_equal(notify_waiting(bed.notify), 3);
    web_receiver_open(&receiver, &bed.loop, receiver.port, NULL, 0);
    notify_bed_until_idle(&bed);
    assert_int_equal(receiver.count, 3);
    assert_told(&receiver, 0, "down");
    assert_told(&receiver, 1, "up");
    assert_told(&receiver, 2, "down again");
    web_receiver_close(&receiver, &bed.loop);
    notify_bed_close(&bed);
}

static void what_is_too_old_is_given_up_and_counted(void **state)
{
    (void)state;
    const struct notify_pace pace = {.queue_bytes = notify_bed_room_for(16),
                                     .retry_ms = 10,
                                     .retry_max_ms = 10,
                                     .give_up_ms = 100,
                                     .grace_ms = 100};
    struct notify_bed bed;
    struct web_receiver receiver;
    notify_bed_open(&bed, &pace);
    web_receiver_open(&receiver, &bed.loop, 0, NULL, 0);
    notify_bed_add_webhook(&bed, receiver.url);
    web_receiver_close(&receiver, &bed.loop);
    notify_bed_send(&bed, CONFIG_CRITICAL, "old");
    notify_bed_send(&bed, CONFIG_CRITICAL, "as old");
    notify_bed_until_idle(&bed);
    struct notify_totals totals = notify_totals(bed.notify);
    assert_int_equal(totals.given_up, 2);
    assert_in_range(totals.failed, 2, 100 / 7 + 2); /* at a pace of 7.5 ms to 10 ms */
    assert_int_equal(totals.delivered + totals.dropped, 0);
    assert_in_range(test_log_count("event=notify_given_up"), 1, 2);
    web_receiver_open(&receiver, &bed.loop, receiver.port, NULL, 0);
    notify_bed_send(&bed, CONFIG_WARNING, "new");
    notify_bed_until_idle(&bed);
    assert_int_equal(receiver.count, 1);
    assert_told(&receiver, 0, "new");
    web_receiver_close(&receiver, &bed.loop);
    notify_bed_close(&bed);
}

static void a_full_queue_loses_what_matters_least_and_says_so_once(void **state)
{
    (void)state;

    static const enum web_answer script[] = {WEB_HANG, WEB_OK};
    const struct notify_pace pace = {.queue_bytes = notify_bed_room_for(3),
                                     .retry_ms = 10,
                                     .retry_max_ms = 10,
                                     .give_up_ms = 60000,
                                     .grace_ms = 100};
    struct notify_bed bed;
    struct web_receiver receiver;
    notify_bed_open(&bed, &pace);
    web_receiver_open(&receiver, &bed.loop, 0, script, COUNT(script));
    notify_bed_add_webhook(&bed, receiver.url)->timeout_ms = 300;
    notify_bed_set(&bed);
    notify_bed_send(&bed, CONFIG_INFO, "first");
    test_loop_until_count(&bed.loop, &receiver.count, 1); /* it is being told, and so is safe */
    notify_bed_send(&bed, CONFIG_WARNING, "w1");
    notify_bed_send(&bed, CONFIG_CRITICAL, "c1");
    notify_bed_send(&bed, CONFIG_WARNING, "w2");
    notify_bed_send(&bed, CONFIG_CRITICAL, "c2"); /* w1 goes */
    notify_bed_send(&bed, CONFIG_INFO, "i1");     /* goes itself */
    notify_bed_send(&bed, CONFIG_WARNING, "w3");  /* w2 goes */
    run_ms(&bed, 100);
    assert_int_equal(receiver.count, 1); /* one thing at a time */
    notify_bed_until_idle(&bed);
    static const char *const told[] = {
        "first",
        "first",
        "c1",
        "c2",
        "3 notices were dropped: more than 1 KiB waited for this receiver",
        "w3"};
    assert_int_equal(receiver.count, COUNT(told));
    for (size_t i = 0; i < COUNT(told); i++)
        assert_told(&receiver, i, told[i]);
    struct notify_totals totals = notify_totals(bed.notify);
    assert_int_equal(totals.queued, 8); /* that of the dropped ones included */
    assert_int_equal(totals.dropped, 3);
    assert_int_equal(totals.delivered, 5);
    assert_non_null(strstr(receiver.requests[4].body, "\"event\":\"notices_dropped\""));
    assert_non_null(strstr(receiver.requests[4].body, "\"severity\":\"warning\""));
    assert_int_equal(test_log_count("event=notify_overflow receiver=http://hook waiting=3"), 1);
    assert_int_equal(test_log_count("event=notify_overflowed receiver=http://hook dropped=3"),
                     1);
    web_receiver_close(&receiver, &bed.loop);
    notify_bed_close(&bed);
}

/* A region of 5,000 endpoints dies, and somebody wants to know of each: nothing is lost. */
static void five_thousand_transitions_at_once_are_all_kept(void **state)
{
    (void)state;

    static const enum web_answer hang[] = {WEB_HANG};
    const struct notify_pace pace = notify_pace_usual();
    struct notify_bed bed;
    struct web_receiver receiver;
    notify_bed_open(&bed, &pace);
    web_receiver_open(&receiver, &bed.loop, 0, hang, COUNT(hang));
    notify_bed_add_webhook(&bed, receiver.url);
    for (size_t i = 0; i < 5000; i++) {
        notify_bed_send(&bed, CONFIG_INFO, "timeout after 500 ms in connect");
        notify_bed_send(&bed, CONFIG_WARNING, "timeout after 500 ms in connect");
    }
    assert_int_equal(notify_waiting(bed.notify), 10000); /* suspect and down */
    assert_int_equal(notify_totals(bed.notify).dropped, 0);
    web_receiver_close(&receiver, &bed.loop);
    notify_bed_close(&bed);
}

static void a_reload_keeps_the_queue_of_a_receiver_that_is_unchanged(void **state)
{
    (void)state;
    struct notify_bed bed;
    struct web_receiver kept, changed;
    notify_bed_open(&bed, NULL);
    web_receiver_open(&kept, &bed.loop, 0, NULL, 0);
    web_receiver_open(&changed, &bed.loop, 0, NULL, 0);
    notify_bed_add_webhook(&bed, kept.url);
    notify_bed_add_webhook(&bed, changed.url);
    notify_bed_send(&bed, CONFIG_WARNING, "before");
    assert_int_equal(notify_waiting(bed.notify), 2);

    char copied[64]; /* equal, elsewhere in memory, at another place of the list */
    snprintf(copied, sizeof(copied), "%s", kept.url);
    struct config_receiver first = bed.receivers[0];
    bed.receivers[0] = bed.receivers[1];
    bed.receivers[1] = first;
    bed.receivers[1].url = copied;
    bed.receivers[0].timeout_ms++;
    notify_bed_set(&bed);
    assert_int_equal(notify_waiting(bed.notify), 1);
    assert_int_equal(test_log_count("event=notify_dropped receiver=http://hook events=1"), 1);
    notify_bed_send(&bed, CONFIG_WARNING, "after");
    notify_bed_until_idle(&bed);
    assert_int_equal(kept.count, 2);
    assert_told(&kept, 0, "before");
    assert_told(&kept, 1, "after");
    assert_int_equal(changed.count, 1);
    assert_told(&changed, 0, "after");

    bed.config.receiver_count = 0;
    notify_bed_set(&bed);
    notify_bed_send(&bed, CONFIG_CRITICAL, "to nobody");
    assert_int_equal(notify_waiting(bed.notify), 0);
    web_receiver_close(&kept, &bed.loop);
    web_receiver_close(&changed, &bed.loop);
    notify_bed_close(&bed);
}

static void at_the_end_what_waits_is_tried_for_a_moment(void **state)
{
    (void)state;

    static const enum web_answer hang[] = {WEB_HANG, WEB_HANG};
    struct notify_bed bed;
    struct web_receiver well, hanging;
    notify_bed_open(&bed, NULL);
    web_receiver_open(&well, &bed.loop, 0, NULL, 0);
    web_receiver_open(&hanging, &bed.loop, 0, hang, COUNT(hang));
    notify_bed_add_webhook(&bed, well.url);
    notify_bed_add_webhook(&bed, hanging.url);
    notify_bed_send(&bed, CONFIG_WARNING, "one");
    notify_bed_send(&bed, CONFIG_WARNING, "two");
    uint64_t start_ms = uv_now(&bed.loop.uv);
    notify_close(bed.notify);
    test_loop_until_log(&bed.loop, "event=notify_dropped receiver=http://hook events=2", 1);
    assert_true(uv_now(&bed.loop.uv) - start_ms >= 200); /* the grace */
    assert_int_equal(well.count, 2);
    web_receiver_close(&well, &bed.loop);
    web_receiver_close(&hanging, &bed.loop);
    test_loop_close(&bed.loop); /* nothing is left on the loop */
    test_log_close();
}

static void at_the_end_a_pause_is_cut_short(void **state)
{
    (void)state;

    static const enum web_answer script[] = {WEB_ERROR};
    const struct notify_pace pace = {.queue_bytes = notify_bed_room_for(3),
                                     .retry_ms = 3600000,
                                     .retry_max_ms = 3600000,
                                     .give_up_ms = 60000,
                                     .grace_ms = 20000};
    struct notify_bed bed;
    struct web_receiver receiver;
    notify_bed_open(&bed, &pace);
    web_receiver_open(&receiver, &bed.loop, 0, script, COUNT(script));
    notify_bed_add_webhook(&bed, receiver.url);
    notify_bed_send(&bed, CONFIG_WARNING, "one");
    test_loop_until_log(&bed.loop, "event=notify_failed", 1);
    notify_close(bed.notify);
    test_loop_until_count(&bed.loop, &receiver.count, 2);
    web_receiver_close(&receiver, &bed.loop);
    test_loop_close(&bed.loop);
    assert_int_equal(test_log_count("event=notify_dropped"), 0);
    test_log_close();
}

/* The greatest time between two ticks of a timer: how long the loop was held. */
struct ticker {
    uv_timer_t timer;
    uint64_t last_ns, worst_ns;
};

static void on_tick(uv_timer_t *timer)
{
    struct ticker *ticker = timer->data;
    uint64_t now_ns = uv_hrtime();
    if (now_ns - ticker->last_ns > ticker->worst_ns)
        ticker->worst_ns = now_ns - ticker->last_ns;
    ticker->last_ns = now_ns;
}

static void receivers_that_hang_never_hold_the_loop(void **state)
{
    (void)state;

    enum { TICK_MS = 5, WORST_MS = 1500 }; /* of the seconds that each would hold it */

    static const enum web_answer hang[] = {WEB_HANG, WEB_HANG, WEB_HANG, WEB_HANG};
    struct notify_bed bed;
    struct web_receiver hanging, gone;
    struct ticker ticker = {.last_ns = uv_hrtime()};
    notify_bed_open(&bed, NULL);
    web_receiver_open(&hanging, &bed.loop, 0, hang, COUNT(hang));
    web_receiver_open(&gone, &bed.loop, 0, NULL, 0);
    web_receiver_close(&gone, &bed.loop);
    notify_bed_add_webhook(&bed, hanging.url)->timeout_ms = 5000;
    notify_bed_add_webhook(&bed, gone.url);
    notify_bed_add_webhook(&bed, "http://no-such-host.invalid/");
    notify_bed_add_command(&bed, "/bin/sleep", "5", NULL);
    notify_bed_set(&bed);
    uv_timer_init(&bed.loop.uv, &ticker.timer);
    ticker.timer.data = &ticker;
    uv_timer_start(&ticker.timer, on_tick, TICK_MS, TICK_MS);
    for (size_t i = 0; i < 100; i++)
        notify_bed_send(&bed, CONFIG_WARNING, "flood");
    run_ms(&bed, 1000);
    print_message("# the loop was held for %u ms at most\n",
                  (unsigned)(ticker.worst_ns / 1000000));
    assert_true(ticker.worst_ns < WORST_MS * UINT64_C(1000000));
    uv_close((uv_handle_t *)&ticker.timer, NULL);
    web_receiver_close(&hanging, &bed.loop);
    notify_bed_close(&bed);
}

static void telling_is_logging_and_sending(void **state)
{
    (void)state;
    struct notify_bed bed;
    struct web_receiver receiver;
    const struct event event = {
        .kind = "service_all_down", .severity = CONFIG_CRITICAL, .service = "app"};
    notify_bed_open(&bed, NULL);
    web_receiver_open(&receiver, &bed.loop, 0, NULL, 0);
    notify_bed_add_webhook(&bed, receiver.url);
    notify_tell(bed.notify, &event);
    notify_tell(NULL, &event);
    notify_bed_until_idle(&bed);
    assert_int_equal(receiver.count, 1);
    assert_int_equal(test_log_count("event=service_all_down severity=critical service=app"), 2);
    web_receiver_close(&receiver, &bed.loop);
    notify_bed_close(&bed);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_event_is_posted_once_and_in_order),
        cmocka_unit_test(what_is_posted_is_the_event_as_json_with_its_id),
        cmocka_unit_test(a_receiver_gets_its_severity_and_above),
        cmocka_unit_test(whatever_a_receiver_does_it_takes_each_event_once_and_in_order),
        cmocka_unit_test(a_receiver_that_comes_back_gets_everything_it_missed),
        cmocka_unit_test(what_is_too_old_is_given_up_and_counted),
        cmocka_unit_test(a_full_queue_loses_what_matters_least_and_says_so_once),
        cmocka_unit_test(five_thousand_transitions_at_once_are_all_kept),
        cmocka_unit_test(a_reload_keeps_the_queue_of_a_receiver_that_is_unchanged),
        cmocka_unit_test(at_the_end_what_waits_is_tried_for_a_moment),
        cmocka_unit_test(at_the_end_a_pause_is_cut_short),
        cmocka_unit_test(receivers_that_hang_never_hold_the_loop),
        cmocka_unit_test(telling_is_logging_and_sending),
    };
    signal(SIGPIPE, SIG_IGN); /* as main() does */
    curl_global_init(CURL_GLOBAL_DEFAULT);
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    curl_global_cleanup();
    return failed;
}
