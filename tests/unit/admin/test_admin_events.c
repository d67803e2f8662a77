/* The event stream, to real readers. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "admin_events.h"
#include "http_bed.h"

enum { BEFORE = 1000000 };

static struct {
    struct http_bed bed;
    struct admin_events *events;
    size_t begun, refused;
} play;

static bool on_head(void *ctx, const struct http_request *request)
{
    (void)ctx;
    (void)request;
    return true;
}

/* GET /SINCE */
static void on_request(void *ctx, const struct http_request *request)
{
    uint64_t since = strtoull(request->path + 1, NULL, 10);
    (void)ctx;
    if (strcmp(request->path, "/now") == 0)
        since = UINT64_MAX;
    if (admin_events_listen(play.events, request->exchange, since)) {
        play.begun++;
    } else {
        play.refused++;
        http_bed_answer(request->exchange, "too many");
    }
}

static int open_play(void **state)
{
    static const struct http_handler handler = {.on_head = on_head, .on_request = on_request};

    (void)state;
    memset(&play, 0, sizeof(play));
    http_bed_open(&play.bed, &handler, NULL);
    return admin_events_new(&play.bed.loop.uv, BEFORE, &play.events) == ERR_OK ? 0 : -1;
}

static int close_play(void **state)
{
    (void)state;
    http_server_close(play.bed.server);
    play.bed.server = NULL;
    admin_events_close(play.events);
    http_bed_close(&play.bed);
    return 0;
}

/* happen - so many events; the reason is the number, in so many digits. */
static void happen(size_t count, int digits)
{
    static size_t number;
    char reason[2048];
    for (size_t i = 0; i < count; i++) {
        snprintf(reason, sizeof(reason), "%0*zu", digits, ++number);
        admin_events_add(play.events, &(struct event){.kind = "health",
                                                      .severity = CONFIG_WARNING,
                                                      .service = "app",
                                                      .reason = reason});
    }
}

static void listen_since(struct http_client *client, const char *since)
{
    char request[128];
    size_t before = play.begun + play.refused;
    snprintf(request, sizeof(request), "GET /%s HTTP/1.0\r\nHost: localhost\r\n\r\n", since);
    http_client_open(client, &play.bed);
    http_client_send(client, request);
    while (play.begun + play.refused == before)
        http_bed_turn(client);
}

/* first_id, last_id - of the events that came; 0: none. */
static uint64_t first_id(const struct http_client *client)
{
    const char *at = strstr(client->got, "\nid: ");
    return at ? strtoull(at + 5, NULL, 10) : 0;
}

/* skip_comments - lines without meaning, which come every 15 s. */
static const char *skip_comments(const char *at)
{
    while (strncmp(at, ":\n\n", 3) == 0)
        at += 3;
    return at;
}

/* assert_whole - every frame has its three lines and an empty one, ids count on, and the last is
 * that of the latest event. */
static void assert_whole(struct http_client *client, size_t count)
{
    char last[64];
    snprintf(last, sizeof(last), "\nid: %llu\n",
             (unsigned long long)admin_events_latest(play.events));
    http_client_until(client, last, count > 0);
    http_client_until(client, "\"}\n\n", count);
    uint64_t id = first_id(client);
    const char *at = strstr(client->got, "\r\n\r\n:\n\n"); /* the head, and the first line */
    assert_non_null(at);
    at += strlen("\r\n\r\n:\n\n");
    for (size_t i = 0; i < count; i++, id++) {
        char start[64];
        at = skip_comments(at);
        snprintf(start, sizeof(start),
                 "id: %llu\nevent: health\ndata: {\"time\":", (unsigned long long)id);
        assert_int_equal(strncmp(at, start, strlen(start)), 0);
        at = strstr(at, "\n\n");
        assert_non_null(at);
        assert_int_equal(at[-1], '}');
        at += 2;
    }
    assert_string_equal(skip_comments(at), "");
}

static void who_listens_hears_what_happens_then(void **state)
{
    struct http_client client;
    (void)state;
    happen(3, 1);
    assert_int_equal(admin_events_latest(play.events), BEFORE + 3);
    listen_since(&client, "now");
    http_client_until(&client, ":\n\n", 1); /* at once, though nothing happens */
    happen(2, 1);
    assert_whole(&client, 2);
    assert_int_equal(first_id(&client), BEFORE + 4);
    assert_int_equal(http_client_count(&client, "\"severity\":\"warning\",\"service\":\"app\""),
                     2);
    http_client_close(&client);
}

static void who_comes_back_misses_nothing(void **state)
{
    static const struct {
        const char *since;
        size_t count;
    } cases[] = {
        {"1000000", 5}, /* none seen */
        {"1000001", 4}, {"1000004", 1},
        {"1000005", 0}, /* all seen */
        {"1000006", 5}, /* of a server with another clock */
        {"17", 5},      /* of the one before */
        {"0", 5},       {"18446744073709551614", 5},
    };

    (void)state;
    happen(5, 1);
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct http_client client;
        listen_since(&client, cases[i].since);
        http_client_until(&client, ":\n\n", 1);
        assert_whole(&client, cases[i].count);
        http_client_close(&client);
    }
}

static void before_the_first_event_there_is_none(void **state)
{
    struct http_client client;
    (void)state;
    listen_since(&client, "0");
    http_client_until(&client, ":\n\n", 1);
    assert_whole(&client, 0);
    happen(1, 1);
    assert_whole(&client, 1);
    assert_int_equal(first_id(&client), BEFORE + 1);
    http_client_close(&client);
}

static void of_very_many_the_latest_1024_are_kept(void **state)
{
    struct http_client client;
    (void)state;
    happen(3 * EVENTS_KEPT + 7, 1);
    listen_since(&client, "1000001");
    assert_whole(&client, EVENTS_KEPT);
    assert_int_equal(first_id(&client), admin_events_latest(play.events) - EVENTS_KEPT + 1);
    http_client_close(&client);
}

static void of_more_than_fits_the_newest_come_whole(void **state)
{
    struct http_client client;
    (void)state;
    happen(EVENTS_KEPT, 1000); /* a mebibyte */
    listen_since(&client, "0");
    happen(1, 1); /* at once: this is no reason to be cut off */
    char last[64];
    snprintf(last, sizeof(last), "\nid: %llu\n",
             (unsigned long long)admin_events_latest(play.events));
    http_client_until(&client, last, 1);
    size_t count = (size_t)(admin_events_latest(play.events) - first_id(&client) + 1);
    assert_in_range(count, 300, 400);
    assert_whole(&client, count);
    assert_in_range(client.len, 380 * 1024, 386 * 1024);
    http_client_close(&client);
}

static void an_event_of_any_size_is_told_whole_or_not_at_all(void **state)
{
    char huge[20000];
    struct http_client client;
    (void)state;
    listen_since(&client, "now");
    memset(huge, 'x', sizeof(huge));
    huge[sizeof(huge) - 1] = '\0';
    admin_events_add(play.events, &(struct event){.kind = "health", .reason = huge});
    assert_int_equal(admin_events_latest(play.events), BEFORE);
    happen(1, 1);
    assert_whole(&client, 1);
    http_client_close(&client);
}

static void a_reader_that_is_cut_off_costs_the_others_nothing(void **state)
{
    struct http_client slow, other;
    (void)state;
    listen_since(&slow, "now");
    listen_since(&other, "now");
    size_t told = 0;
    while (http_stream_count(play.bed.server) == 2) {
        happen(10, 1000);
        told += 10;
        http_client_until(&other, "\"}\n\n", told);
    }
    happen(1, 1);
    assert_whole(&other, told + 1);
    http_client_until_closed(&slow);
    http_client_close(&slow);
    listen_since(&slow, "now"); /* and may come back */
    happen(1, 1);
    assert_whole(&slow, 1);
    http_client_close(&slow);
    http_client_close(&other);
}

static void one_too_many_is_refused(void **state)
{
    static struct http_client clients[HTTP_STREAMS_MAX + 1];
    (void)state;
    for (size_t i = 0; i <= HTTP_STREAMS_MAX; i++)
        listen_since(&clients[i], "now");
    assert_int_equal(play.refused, 1);
    happen(1, 1);
    for (size_t i = 0; i < HTTP_STREAMS_MAX; i++)
        assert_whole(&clients[i], 1);
    for (size_t i = 0; i <= HTTP_STREAMS_MAX; i++)
        http_client_close(&clients[i]);
    happen(1, 1); /* to nobody */
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, open_play, close_play)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(who_listens_hears_what_happens_then),
        CASE(who_comes_back_misses_nothing),
        CASE(before_the_first_event_there_is_none),
        CASE(of_very_many_the_latest_1024_are_kept),
        CASE(of_more_than_fits_the_newest_come_whole),
        CASE(an_event_of_any_size_is_told_whole_or_not_at_all),
        CASE(a_reader_that_is_cut_off_costs_the_others_nothing),
        CASE(one_too_many_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
