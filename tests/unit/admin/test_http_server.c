/* What a request may look like, and what it is answered. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "http_bed.h"

#define HOST "Host: localhost\r\n"

static struct http_bed bed;

static int open_bed(void **state)
{
    (void)state;
    http_bed_open(&bed, NULL, NULL);
    return 0;
}

static int close_bed(void **state)
{
    (void)state;
    http_bed_close(&bed);
    return 0;
}

static void a_request_is_answered(void **state)
{
    (void)state;
    http_ask(&bed, "GET /v1/x HTTP/1.1\r\n" HOST "\r\n", 200, "GET /v1/x body=0:");
    http_ask(&bed, "GET /a%20b?c=d%26e&f=g+h&i= HTTP/1.1\r\n" HOST "\r\n", 200,
             "GET /a b?c=d&e&f=g h&i= body=0:");
    http_ask(&bed, "DELETE /x?a HTTP/1.1\r\n" HOST "\r\n", 200, "DELETE /x?a= body=0:");
    http_ask(&bed, "POST /x HTTP/1.1\r\n" HOST "Content-Length: 5\r\n\r\nhello", 200,
             "POST /x body=5:hello");
    http_ask(&bed, "POST /x HTTP/1.1\r\n" HOST "\r\n", 200, "POST /x body=0:");
    http_ask(&bed, "GET /x HTTP/1.0\r\n" HOST "\r\n", 200, "GET /x body=0:");
    http_ask(&bed, "BREW /x HTTP/1.1\r\n" HOST "\r\n", 200, "BREW /x body=0:");
}

static void a_head_may_come_in_any_pieces(void **state)
{
    static const char request[] =
        "POST /x?a=b HTTP/1.1\r\n" HOST "Content-Length: 5\r\n\r\nhello";

    (void)state;
    for (size_t piece = 1; piece < sizeof(request); piece += 1 + piece / 3) {
        struct http_client client;
        http_client_open(&client, &bed);
        for (size_t at = 0; at < sizeof(request) - 1; at += piece) {
            size_t left = sizeof(request) - 1 - at;
            assert_true(http_client_put(&client, request + at, left < piece ? left : piece));
            http_bed_turn(&client);
        }
        http_client_until(&client, "POST /x?a=b body=5:hello", 1);
        http_client_close(&client);
    }
}

static void requests_in_a_row_are_answered_in_order(void **state)
{
    struct http_client client;
    (void)state;
    http_client_open(&client, &bed);
    http_client_send(&client, "GET /1 HTTP/1.1\r\n" HOST "\r\n"
                              "POST /2 HTTP/1.1\r\n" HOST "Content-Length: 2\r\n\r\nok"
                              "POST /3 HTTP/1.1\r\n" HOST "Transfer-Encoding: chunked\r\n\r\n"
                              "3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n"
                              "GET /4 HTTP/1.1\r\n" HOST "Connection: close\r\n\r\n");
    http_client_until_closed(&client);
    assert_int_equal(http_client_count(&client, "HTTP/1.1 200 OK"), 4);
    const char *one = strstr(client.got, "GET /1 body=0:"),
               *two = strstr(client.got, "POST /2 body=2:ok"),
               *three = strstr(client.got, "POST /3 body=5:abcde"),
               *four = strstr(client.got, "GET /4 body=0:");
    assert_true(one && two && three && four);
    assert_true(one < two && two < three && three < four);
    http_client_close(&client);
}

static void head_is_get_without_a_body(void **state)
{
    struct http_client client;
    (void)state;
    http_client_open(&client, &bed);
    http_client_send(&client, "HEAD /x HTTP/1.1\r\n" HOST "Connection: close\r\n\r\n");
    http_client_until_closed(&client);
    assert_int_equal(http_client_count(&client, "HTTP/1.1 200 OK"), 1);
    assert_int_equal(http_client_count(&client, "Content-Length: 15\r\n"), 1);
    assert_int_equal(http_client_count(&client, "GET /x"), 0);
    http_client_close(&client);
}

static void who_asks_before_a_body_hears_at_once(void **state)
{
    struct http_client client;
    (void)state;
    http_client_open(&client, &bed);
    http_client_send(&client, "POST /x HTTP/1.1\r\n" HOST
                              "Content-Length: 2\r\nExpect: 100-continue\r\n\r\n");
    http_client_until(&client, "100 Continue", 1);
    http_client_send(&client, "ok");
    http_client_until(&client, "POST /x body=2:ok", 1);
    http_client_close(&client);

    http_client_open(&client, &bed);
    http_client_send(&client, "POST /deny HTTP/1.1\r\n" HOST
                              "Content-Length: 2\r\nExpect: 100-continue\r\n\r\n");
    http_client_until_closed(&client);
    assert_int_equal(http_client_count(&client, "100 Continue"), 0);
    assert_int_equal(http_client_count(&client, "HTTP/1.1 403 Forbidden"), 1);
    http_client_close(&client);
    assert_int_equal(bed.requests, 1);
}

static void two_readings_of_one_request_are_none(void **state)
{
    static const struct {
        const char *head, *detail;
    } cases[] = {
        {"GET /x HTTP/1.1\r\n\r\n", ""}, /* "": the library says it in its words */
        {"GET /x HTTP/1.0\r\n\r\n", "Host must be there once"},
        {"GET /x HTTP/1.1\r\nHost: a\r\nHost: a\r\n\r\n", "Host must be there once"},
        {"GET /x HTTP/1.1\r\nhost: a\r\nHOST: b\r\n\r\n", "Host must be there once"},
        {"POST /x HTTP/1.1\r\n" HOST "Content-Length: 2\r\nContent-Length: 2\r\n\r\nok",
         "length of the body must be said once"},
        {"POST /x HTTP/1.1\r\n" HOST "Content-Length: 2\r\nContent-Length: 3\r\n\r\nok!",
         "length of the body must be said once"},
        {"POST /x HTTP/1.1\r\n" HOST
         "Content-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n",
         "length of the body must be said once"},
        {"POST /x HTTP/1.1\r\n" HOST
         "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
         "length of the body must be said once"},
        {"POST /x HTTP/1.1\r\n" HOST "Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n",
         "only Transfer-Encoding is chunked"},
        {"POST /x HTTP/1.1\r\n" HOST "Transfer-Encoding: identity\r\n\r\n",
         "only Transfer-Encoding is chunked"},
        {"POST /x HTTP/1.1\r\n" HOST "Content-Length: -1\r\n\r\n", ""},
        {"POST /x HTTP/1.1\r\n" HOST "Content-Length: 0x2\r\n\r\nok", ""},
        {"POST /x HTTP/1.1\r\n" HOST "Content-Length: 2 2\r\n\r\nok", ""},
        {"POST /x HTTP/1.1\r\n" HOST "Content-Length: +2\r\n\r\nok", ""},
        {"POST /x HTTP/1.1\r\n" HOST "Transfer-Encoding: chunked\r\n\r\nzz\r\nok\r\n0\r\n\r\n",
         ""},
        {"POST /x HTTP/1.1\r\n" HOST "Transfer-Encoding: chunked\r\n\r\n-2\r\nok\r\n0\r\n\r\n",
         ""},
        {"GET /x HTTP/1.1\r\nHost : a\r\n\r\n", ""},
        {"GET /x HTTP/1.1\r\n" HOST "Content-Length: 2\r\n\r\nok", "this method has no body"},
        {"HEAD /x HTTP/1.1\r\n" HOST "Content-Length: 2\r\n\r\nok", "HTTP/1.1 400"},
        {"DELETE /x HTTP/1.1\r\n" HOST "Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
         "this method has no body"},
        {"post /x HTTP/1.1\r\n" HOST "Content-Length: 2\r\n\r\nok", "this method has no body"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct http_client client;
        http_client_open(&client, &bed);
        http_client_send(&client, cases[i].head);
        http_client_until_closed(&client);
        if (strncmp(client.got, "HTTP/1.1 400 ", 13) != 0 ||
            !strstr(client.got, cases[i].detail) ||
            (*cases[i].detail && http_client_count(&client, "HTTP/1.1 ") != 1))
            fail_msg("case %zu: %s", i, client.got);
        http_client_close(&client);
    }
    assert_int_equal(bed.requests, 0);
}

static void paths_and_queries_are_what_they_seem(void **state)
{
    static const char *const targets[] = {
        "/x%00",    "/x%0",         "/x%",     "/%zz",
        "/x?a=%00", "/x?%00=a",     "/x?a=%",  "/x?a=b&a=b",
        "/x?a&a",   "/x?a=b&%61=c", "x",       "*",
        "%2fx",     "http://x/",    "x/y?z=1", "/x?1&2&3&4&5&6&7&8&9&10&11&12&13&14&15&16&17",
    };

    (void)state;
    for (size_t i = 0; i < sizeof(targets) / sizeof(targets[0]); i++) {
        char request[256];
        snprintf(request, sizeof(request), "GET %s HTTP/1.1\r\n" HOST "\r\n", targets[i]);
        http_ask(&bed, request, 400, "\r\n\r\n");
    }
    assert_int_equal(bed.heads, 0);
    http_ask(&bed, "GET /x?1&2&3&4&5&6&7&8&9&10&11&12&13&14&15&16 HTTP/1.1\r\n" HOST "\r\n",
             200, "/x?1=&2=&3=");
    http_ask(&bed, "GET /%252e%252e/%2e. HTTP/1.1\r\n" HOST "\r\n", 200, "GET /%2e%2e/.. body");
}

static void a_body_may_come_in_chunks(void **state)
{
    (void)state;
    http_ask(&bed,
             "POST /x HTTP/1.1\r\n" HOST "Transfer-Encoding: chunked\r\n\r\n"
             "5;name=value\r\nhello\r\n000001\r\n!\r\n0\r\nTrailer: x\r\n\r\n",
             200, "POST /x body=6:hello!");
    http_ask(&bed, "POST /x HTTP/1.1\r\n" HOST "Transfer-Encoding: Chunked\r\n\r\n0\r\n\r\n",
             200, "POST /x body=0:");
}

static void an_answer_may_come_later(void **state)
{
    struct http_client clients[3];
    (void)state;
    for (size_t i = 0; i < 3; i++) {
        http_client_open(&clients[i], &bed);
        http_client_send(&clients[i], "GET /later HTTP/1.1\r\n" HOST "\r\n");
    }
    while (bed.later_count < 3)
        http_bed_turn(&clients[0]);
    http_ask(&bed, "GET /now HTTP/1.1\r\n" HOST "\r\n", 200, "GET /now");
    for (size_t i = 3; i-- > 0;)
        http_bed_answer(bed.later[i], "it is done");
    for (size_t i = 0; i < 3; i++) {
        http_client_until(&clients[i], "it is done", 1);
        http_client_send(&clients[i], "GET /more HTTP/1.1\r\n" HOST "\r\n");
        http_client_until(&clients[i], "GET /more", 1); /* the connection goes on */
        http_client_close(&clients[i]);
    }
}

static void a_client_may_leave_before_its_answer(void **state)
{
    struct http_client client;
    (void)state;
    http_client_open(&client, &bed);
    http_client_send(&client, "GET /later HTTP/1.1\r\n" HOST "\r\n");
    while (bed.later_count < 1)
        http_bed_turn(&client);
    http_client_close(&client);
    http_ask(&bed, "GET /now HTTP/1.1\r\n" HOST "\r\n", 200, "GET /now");
    http_bed_answer(bed.later[0], "nobody hears it");
    http_ask(&bed, "GET /now HTTP/1.1\r\n" HOST "\r\n", 200, "GET /now");
}

static void the_end_may_come_before_an_answer(void **state)
{
    struct http_client waiting, idle, half;
    (void)state;
    http_client_open(&waiting, &bed);
    http_client_open(&idle, &bed);
    http_client_open(&half, &bed);
    http_client_send(&waiting, "GET /later HTTP/1.1\r\n" HOST "\r\n");
    http_client_send(&half, "POST /x HTTP/1.1\r\n" HOST "Content-Length: 9\r\n\r\nhal");
    http_ask(&bed, "GET /now HTTP/1.1\r\n" HOST "\r\n", 200, "GET /now");
    while (bed.later_count < 1 || bed.heads < 3)
        http_bed_turn(&waiting);
    http_server_close(bed.server);
    bed.server = NULL;
    http_client_until_closed(&waiting);
    http_client_until_closed(&idle);
    http_client_until_closed(&half);
    assert_int_equal(waiting.len + idle.len + half.len, 0);
    http_bed_answer(bed.later[0], "nobody hears it");
    http_client_close(&waiting);
    http_client_close(&idle);
    http_client_close(&half);
}

static void answer_peer(void *ctx, const struct http_request *request)
{
    char text[64];
    (void)ctx;
    snprintf(text, sizeof(text), "unix=%d uid=%u pid=%d host=%s", request->peer.is_unix,
             (unsigned)request->peer.uid, (int)request->peer.pid, request->host);
    http_bed_answer(request->exchange, text);
}

static bool take_all(void *ctx, const struct http_request *request)
{
    (void)ctx;
    (void)request;
    return true;
}

static void the_peer_of_a_unix_socket_is_known(void **state)
{
    static const struct http_handler handler = {.on_head = take_all, .on_request = answer_peer};

    char wanted[64];
    (void)state;
    snprintf(wanted, sizeof(wanted), "unix=1 uid=%u pid=%d host=b", (unsigned)getuid(),
             (int)getpid());
    http_bed_open(&bed, &handler, NULL);
    http_ask(&bed, "GET /x HTTP/1.1\r\nHost: b\r\n\r\n", 200, wanted);
    http_bed_close(&bed);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, open_bed, close_bed)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(a_request_is_answered),
        CASE(a_head_may_come_in_any_pieces),
        CASE(requests_in_a_row_are_answered_in_order),
        CASE(head_is_get_without_a_body),
        CASE(who_asks_before_a_body_hears_at_once),
        CASE(two_readings_of_one_request_are_none),
        CASE(paths_and_queries_are_what_they_seem),
        CASE(a_body_may_come_in_chunks),
        CASE(an_answer_may_come_later),
        CASE(a_client_may_leave_before_its_answer),
        CASE(the_end_may_come_before_an_answer),
        cmocka_unit_test(the_peer_of_a_unix_socket_is_known),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
