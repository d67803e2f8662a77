/* Too large, too slow, too many. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "http_bed.h"

#define HOST "Host: localhost\r\n"

enum { MIB = 1024 * 1024, SHORT_MS = 100 };

static struct http_bed bed;

static const struct http_limits SHORT_LIMITS = {
    .request_ms = SHORT_MS, .send_ms = SHORT_MS, .turn_us = HTTP_TURN_US};

static int open_bed(void **state)
{
    (void)state;
    http_bed_open(&bed, NULL, NULL);
    return 0;
}

static int open_short(void **state)
{
    (void)state;
    http_bed_open(&bed, NULL, &SHORT_LIMITS);
    return 0;
}

static int close_bed(void **state)
{
    (void)state;
    http_bed_close(&bed);
    return 0;
}

static char *filled(size_t len)
{
    char *bytes = malloc(len + 1);
    assert_non_null(bytes);
    memset(bytes, 'x', len);
    bytes[len] = '\0';
    return bytes;
}

/* still_well - others are served. */
static void still_well(void)
{
    http_ask(&bed, "GET /well HTTP/1.1\r\n" HOST "\r\n", 200, "GET /well");
}

/* ---- too large ---- */

static void a_head_over_its_limit_is_refused(void **state)
{
    struct http_client client;
    char *filler = filled(40 * 1024);
    (void)state;
    http_client_open(&client, &bed);
    http_client_send(&client, "GET /x HTTP/1.1\r\n" HOST "X-Filler: ");
    (void)http_client_put(&client, filler, 40 * 1024);
    http_client_until_closed(&client);
    assert_int_equal(strncmp(client.got, "HTTP/1.1 431 ", 13), 0);
    http_client_close(&client);

    http_client_open(&client, &bed);
    http_client_send(&client, "GET /");
    (void)http_client_put(&client, filler, 40 * 1024);
    http_client_until_closed(&client);
    assert_int_equal(strncmp(client.got, "HTTP/1.1 414 ", 13), 0);
    http_client_close(&client);
    free(filler);
    assert_int_equal(bed.heads, 0);

    filler = filled(12 * 1024); /* which is large, but fits */
    http_client_open(&client, &bed);
    http_client_send(&client, "GET /x HTTP/1.1\r\n" HOST "X-Filler: ");
    http_client_send(&client, filler);
    http_client_send(&client, "\r\n\r\n");
    http_client_until(&client, "GET /x body=0:", 1);
    http_client_close(&client);
    free(filler);
}

static void a_million_headers_end_soon(void **state)
{
    enum { HEADERS = 1000000 };

    struct http_client client;
    size_t sent = 0;
    (void)state;
    http_client_open(&client, &bed);
    http_client_send(&client, "GET /x HTTP/1.1\r\n" HOST);
    while (sent < HEADERS && http_client_put(&client, "A: b\r\n", 6))
        sent++;
    assert_in_range(sent, 1, HEADERS - 1);
    http_client_until_closed(&client);
    http_client_close(&client);
    assert_int_equal(bed.heads, 0);
    still_well();
}

static void a_body_may_have_a_mebibyte(void **state)
{
    char *body = filled(MIB);
    struct http_client client;
    (void)state;
    http_client_open(&client, &bed);
    http_client_send(&client, "POST /x HTTP/1.1\r\n" HOST "Content-Length: 1048576\r\n\r\n");
    http_client_send(&client, body);
    http_client_until(&client, "POST /x body=1048576:xxx", 1);
    http_client_send(&client, "POST /x HTTP/1.1\r\n" HOST
                              "Transfer-Encoding: chunked\r\n\r\n100000\r\n");
    http_client_send(&client, body);
    http_client_send(&client, "\r\n0\r\n\r\n");
    http_client_until(&client, "POST /x body=1048576:xxx", 2);
    http_client_close(&client);
    free(body);
}

static void one_byte_more_is_refused(void **state)
{
    char *body = filled(MIB);
    struct http_client client;
    (void)state;
    http_ask(&bed, "POST /x HTTP/1.1\r\n" HOST "Content-Length: 1048577\r\n\r\n", 413,
             "larger than 1 MiB");
    http_ask(&bed, "POST /x HTTP/1.1\r\n" HOST "Content-Length: 18446744073709551615\r\n\r\n",
             413, "\r\n\r\n");
    assert_int_equal(bed.heads, 0);
    http_client_open(&client, &bed);
    http_client_send(&client, "POST /x HTTP/1.1\r\n" HOST
                              "Transfer-Encoding: chunked\r\n\r\n100001\r\n");
    http_client_send(&client, body);
    http_client_send(&client, "x\r\n0\r\n\r\n");
    http_client_until(&client, "larger than 1 MiB", 1);
    http_client_close(&client);
    free(body);
    assert_int_equal(bed.requests, 0);
}

static void an_endless_body_is_cut_off(void **state)
{
    enum { CHUNK = 64 * 1024, CHUNKS = 16 * 1024 }; /* 1 GiB */

    char *chunk = filled(CHUNK);
    struct http_client client;
    size_t sent = 0;
    (void)state;
    http_client_open(&client, &bed);
    http_client_send(&client, "POST /x HTTP/1.1\r\n" HOST "Transfer-Encoding: chunked\r\n\r\n");
    while (sent < CHUNKS && http_client_put(&client, "10000\r\n", 7) &&
           http_client_put(&client, chunk, CHUNK) && http_client_put(&client, "\r\n", 2))
        sent++;
    assert_in_range(sent, 16, 48);
    http_client_until_closed(&client);
    assert_int_equal(client.len, 0);
    http_client_close(&client);
    free(chunk);
    assert_int_equal(bed.requests, 0);
    still_well();
}

/* ---- too slow ---- */

static void assert_cut_off(const char *begun)
{
    struct http_client client;
    http_client_open(&client, &bed);
    uint64_t start_ms = uv_hrtime() / 1000000;
    http_client_send(&client, begun);
    http_client_until_closed(&client);
    assert_true(uv_hrtime() / 1000000 - start_ms >= SHORT_MS);
    http_client_close(&client);
}

static void half_requests_are_cut_off(void **state)
{
    (void)state;
    assert_cut_off("");
    assert_cut_off("GE");
    assert_cut_off("GET /x HTTP/1.1\r\n" HOST);
    assert_cut_off("POST /x HTTP/1.1\r\n" HOST "Content-Length: 5\r\n\r\nhell");
    assert_cut_off("POST /x HTTP/1.1\r\n" HOST
                   "Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n");
    assert_int_equal(bed.requests, 0);
    assert_cut_off("GET /x HTTP/1.1\r\n" HOST "\r\n"); /* answered, then silent */
    assert_int_equal(bed.requests, 1);
}

/* Each byte is another reason for the library to wait. */
static void a_drop_now_and_then_is_not_enough(void **state)
{
    struct http_client client;
    size_t sent = 0;
    (void)state;
    http_client_open(&client, &bed);
    http_client_send(&client, "GET /x HTTP/1.1\r\n" HOST);
    while (http_client_put(&client, "A: b\r\n", 6) && sent++ < 4000) {
        uint64_t start = uv_now(&bed.loop.uv);
        while (uv_now(&bed.loop.uv) == start)
            http_bed_turn(&client);
    }
    assert_in_range(sent, 1, 3999);
    http_client_close(&client);
}

static void an_answer_may_take_longer(void **state)
{
    struct http_client client;
    (void)state;
    http_client_open(&client, &bed);
    http_client_send(&client, "GET /later HTTP/1.1\r\n" HOST "\r\n");
    uint64_t end_ms = uv_now(&bed.loop.uv) + 3 * SHORT_MS;
    while (bed.later_count < 1 || uv_now(&bed.loop.uv) < end_ms)
        http_bed_turn(&client);
    http_bed_answer(bed.later[0], "it is done");
    http_client_until(&client, "it is done", 1);
    http_client_close(&client);
}

static void who_does_not_take_its_answer_is_cut_off(void **state)
{
    struct http_client client;
    (void)state;
    http_client_open(&client, &bed);
    http_client_send(&client, "GET /large HTTP/1.1\r\n" HOST "\r\n");
    uint64_t end_ms = 0;
    while (bed.requests < 1 || uv_now(&bed.loop.uv) < end_ms) {
        uv_run(&bed.loop.uv, UV_RUN_ONCE);
        if (bed.requests == 1 && end_ms == 0)
            end_ms = uv_now(&bed.loop.uv) + 4 * SHORT_MS;
    }
    http_client_until_closed(&client);
    assert_in_range(client.len, 1, MIB - 1); /* what was on its way */
    http_client_close(&client);
}

/* ---- too many ---- */

static void connections_are_limited_and_come_free(void **state)
{
    enum { MANY = HTTP_CONNECTIONS_MAX + 40 };

    static struct http_client clients[MANY];
    (void)state;
    for (size_t i = 0; i < MANY; i++) {
        http_client_open(&clients[i], &bed);
        http_client_send(&clients[i], "GET /x HTTP/1.1\r\n" HOST "\r\n");
    }
    for (size_t turns = 0; bed.requests < HTTP_CONNECTIONS_MAX || turns < 20; turns++)
        http_bed_turn(&clients[0]);
    assert_int_equal(bed.requests, HTTP_CONNECTIONS_MAX); /* the others wait */
    for (size_t i = 0; i < HTTP_CONNECTIONS_MAX; i++)
        http_client_close(&clients[i]);
    for (size_t i = HTTP_CONNECTIONS_MAX; i < MANY; i++) {
        http_client_until(&clients[i], "GET /x", 1);
        http_client_close(&clients[i]);
    }
    still_well();
}

static void answers_that_nobody_takes_are_limited(void **state)
{
    enum { FIT = HTTP_ANSWER_BYTES_MAX / MIB, MANY = FIT + 8 };

    static struct http_client clients[MANY];
    size_t refused = 0, whole = 0;
    (void)state;
    for (size_t i = 0; i < MANY; i++) {
        http_client_open(&clients[i], &bed);
        http_client_send(&clients[i], "GET /large HTTP/1.1\r\n" HOST "\r\n");
        while (bed.requests <= i)
            uv_run(&bed.loop.uv, UV_RUN_ONCE);
    }
    for (size_t i = 0; i < MANY; i++) {
        while (clients[i].len < MIB && http_client_count(&clients[i], "503 ") == 0)
            http_bed_turn(&clients[i]);
        refused += http_client_count(&clients[i], "too many answers wait") > 0;
        whole += clients[i].len > MIB;
        http_client_close(&clients[i]);
    }
    assert_int_equal(refused, MANY - FIT);
    assert_int_equal(whole, FIT);
    http_ask(&bed, "GET /large HTTP/1.1\r\n" HOST "\r\n", 200, "xxxx"); /* all is free again */
}

static void many_requests_are_spread_over_turns(void **state)
{
    static const struct http_limits one_a_turn = {
        .request_ms = HTTP_REQUEST_MS, .send_ms = HTTP_SEND_MS, .turn_us = 0};

    enum { MANY = 20 };

    struct http_client clients[MANY];
    (void)state;
    http_bed_open(&bed, NULL, &one_a_turn);
    for (size_t i = 0; i < MANY; i++) {
        http_client_open(&clients[i], &bed);
        http_client_send(&clients[i], "GET /x HTTP/1.1\r\n" HOST "\r\n");
    }
    for (size_t i = 0; i < MANY; i++)
        http_client_until(&clients[i], "GET /x", 1);
    assert_int_equal(bed.requests, MANY);
    assert_in_range(bed.request_turns, MANY / 2, MANY); /* time may pass within a turn */
    for (size_t i = 0; i < MANY; i++)
        http_client_close(&clients[i]);
    http_bed_close(&bed);
}

static void the_end_may_come_while_requests_wait(void **state)
{
    static const struct http_limits one_a_turn = {
        .request_ms = HTTP_REQUEST_MS, .send_ms = HTTP_SEND_MS, .turn_us = 0};

    enum { MANY = 8 };

    struct http_client clients[MANY];
    (void)state;
    http_bed_open(&bed, NULL, &one_a_turn);
    for (size_t i = 0; i < MANY; i++) {
        http_client_open(&clients[i], &bed);
        http_client_send(&clients[i], "GET /x HTTP/1.1\r\n" HOST "\r\n");
    }
    while (bed.requests == 0)
        http_bed_turn(&clients[0]);
    assert_in_range(bed.requests, 1, MANY - 1);
    http_bed_close(&bed);
    for (size_t i = 0; i < MANY; i++)
        http_client_close(&clients[i]);
}

#define CASE(name)  cmocka_unit_test_setup_teardown(name, open_bed, close_bed)
#define SHORT(name) cmocka_unit_test_setup_teardown(name, open_short, close_bed)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(a_head_over_its_limit_is_refused),
        CASE(a_million_headers_end_soon),
        CASE(a_body_may_have_a_mebibyte),
        CASE(one_byte_more_is_refused),
        CASE(an_endless_body_is_cut_off),
        SHORT(half_requests_are_cut_off),
        SHORT(a_drop_now_and_then_is_not_enough),
        SHORT(an_answer_may_take_longer),
        SHORT(who_does_not_take_its_answer_is_cut_off),
        CASE(connections_are_limited_and_come_free),
        CASE(answers_that_nobody_takes_are_limited),
        cmocka_unit_test(many_requests_are_spread_over_turns),
        cmocka_unit_test(the_end_may_come_while_requests_wait),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
