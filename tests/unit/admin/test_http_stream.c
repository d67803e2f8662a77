/* Answers without an end: who reads, who does not, who leaves. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include <cmocka.h>

#include "http_bed.h"

#define LISTEN "GET /stream HTTP/1.1\r\nHost: localhost\r\n\r\n"

enum { PIECE = 16 * 1024 };

/* The streams of one test, in the order in which they began. */
static struct {
    struct http_bed bed;
    struct http_stream *streams[HTTP_STREAMS_MAX];
    size_t begun, refused, ended;
} play;

static bool on_head(void *ctx, const struct http_request *request)
{
    (void)ctx;
    (void)request;
    return true;
}

static void on_end(void *ctx)
{
    struct http_stream **stream = ctx;
    assert_non_null(*stream);
    *stream = NULL;
    play.ended++;
}

static void on_request(void *ctx, const struct http_request *request)
{
    (void)ctx;
    if (strcmp(request->path, "/stream") != 0) {
        http_bed_answer(request->exchange, "plain");
        return;
    }
    struct http_stream **place =
        play.begun < HTTP_STREAMS_MAX ? &play.streams[play.begun] : NULL;
    struct http_stream *stream =
        http_stream_begin(request->exchange, "text/event-stream", on_end, place);
    if (!stream) {
        play.refused++;
        http_bed_answer(request->exchange, "too many");
        return;
    }
    assert_non_null(place);
    *place = stream;
    play.begun++;
}

static int open_play(void **state)
{
    static const struct http_handler handler = {.on_head = on_head, .on_request = on_request};

    (void)state;
    memset(&play, 0, sizeof(play));
    http_bed_open(&play.bed, &handler, NULL);
    return 0;
}

static int close_play(void **state)
{
    (void)state;
    if (play.bed.server)
        http_bed_close(&play.bed);
    return 0;
}

static void listen_to(struct http_client *client)
{
    size_t before = play.begun + play.refused;
    http_client_open(client, &play.bed);
    http_client_send(client, LISTEN);
    while (play.begun + play.refused == before)
        http_bed_turn(client);
}

static bool put(size_t stream, const char *text)
{
    return http_stream_put(play.streams[stream], text, strlen(text));
}

static void what_is_put_arrives_at_once_and_in_order(void **state)
{
    struct http_client client;
    (void)state;
    listen_to(&client);
    assert_true(put(0, "first\n"));
    http_client_until(&client, "first\n", 1);
    assert_int_equal(http_client_count(&client, "HTTP/1.1 200 OK\r\n"), 1);
    assert_int_equal(http_client_count(&client, "Content-Type: text/event-stream\r\n"), 1);
    assert_int_equal(http_client_count(&client, "Cache-Control: no-store\r\n"), 1);
    assert_true(put(0, "second\n") && put(0, "third\n"));
    http_client_until(&client, "second\nthird\n", 1);
    assert_int_equal(play.ended, 0);
    http_client_close(&client);
}

static void a_reader_that_leaves_is_noticed_by_the_next_put(void **state)
{
    struct http_client client, other;
    (void)state;
    listen_to(&client);
    http_client_close(&client);
    http_client_open(&other, &play.bed);
    for (size_t i = 0; play.ended == 0; i++) {
        if (play.streams[0])
            (void)put(0, ":\n");
        http_bed_turn(&other);
    }
    assert_null(play.streams[0]);
    assert_int_equal(http_stream_count(play.bed.server), 0);
    http_client_close(&other);
}

static void a_reader_that_does_not_read_is_cut_off(void **state)
{
    static char piece[PIECE];
    struct http_client slow, other;
    size_t taken = 0;
    (void)state;
    memset(piece, 'x', sizeof(piece));
    listen_to(&slow);
    listen_to(&other);
    for (; http_stream_put(play.streams[0], piece, PIECE); taken += PIECE) {
        assert_true(http_stream_put(play.streams[1], piece, PIECE));
        do
            http_bed_turn(&other); /* which reads */
        while (other.len < taken + PIECE);
    }
    assert_in_range(taken, HTTP_STREAM_BYTES_MAX, 2 * 1024 * 1024);
    assert_int_equal(play.ended, 0); /* it was told by the result */
    play.streams[0] = NULL;
    while (http_stream_count(play.bed.server) == 2) /* its place comes free by itself */
        http_bed_turn(&other);
    assert_true(put(1, "still here"));
    http_client_until(&other, "still here", 1);
    http_client_until_closed(&slow);
    assert_int_equal(play.ended, 0);
    http_client_close(&slow);
    http_client_close(&other);
}

/* take_piece - and no more. */
static void take_piece(struct http_client *client)
{
    static char piece[PIECE];
    for (size_t len = 0; len < PIECE;) {
        ssize_t more = recv(client->fd, piece, PIECE - len, 0);
        if (more > 0)
            len += (size_t)more;
        else
            uv_run(&play.bed.loop.uv, UV_RUN_ONCE);
        assert_false(play.bed.loop.guard_fired);
    }
}

/* Such a reader never has all, but it keeps up. */
static void a_reader_that_is_always_a_little_behind_stays(void **state)
{
    enum { ROUNDS = 100, BEHIND = 16 }; /* more than the kernel keeps */

    static char piece[PIECE];
    struct http_client client;
    (void)state;
    memset(piece, 'x', sizeof(piece));
    listen_to(&client);
    for (size_t i = 0; i < ROUNDS; i++) {
        assert_true(http_stream_put(play.streams[0], piece, PIECE));
        if (i > BEHIND)
            take_piece(&client);
        for (size_t turn = 0; turn < 4; turn++)
            uv_run(&play.bed.loop.uv, UV_RUN_ONCE);
    }
    assert_int_equal(play.ended, 0);
    http_client_close(&client);
}

static void there_are_64_readers_at_most(void **state)
{
    static struct http_client clients[HTTP_STREAMS_MAX + 1];
    (void)state;
    for (size_t i = 0; i <= HTTP_STREAMS_MAX; i++)
        listen_to(&clients[i]);
    assert_int_equal(play.begun, HTTP_STREAMS_MAX);
    assert_int_equal(play.refused, 1);
    assert_int_equal(http_stream_count(play.bed.server), HTTP_STREAMS_MAX);
    http_client_until(&clients[HTTP_STREAMS_MAX], "too many", 1);
    for (size_t i = 0; i < HTTP_STREAMS_MAX; i++)
        assert_true(put(i, "to all"));
    for (size_t i = 0; i < HTTP_STREAMS_MAX; i++)
        http_client_until(&clients[i], "to all", 1);
    http_ask(&play.bed, "GET /x HTTP/1.1\r\nHost: localhost\r\n\r\n", 200, "plain");
    for (size_t i = 0; i <= HTTP_STREAMS_MAX; i++)
        http_client_close(&clients[i]);
}

static void the_end_of_the_server_is_the_end_of_all(void **state)
{
    struct http_client clients[3];
    (void)state;
    for (size_t i = 0; i < 3; i++)
        listen_to(&clients[i]);
    assert_true(put(0, "first"));
    http_client_until(&clients[0], "first", 1);
    assert_true(put(1, "last")); /* and not sent yet */
    http_server_close(play.bed.server);
    play.bed.server = NULL;
    assert_int_equal(play.ended, 3);
    for (size_t i = 0; i < 3; i++) {
        http_client_until_closed(&clients[i]);
        assert_string_equal(clients[i].got + clients[i].len - 5, "0\r\n\r\n");
        http_client_close(&clients[i]);
    }
    http_bed_close(&play.bed);
}

static void who_asks_for_the_head_alone_gets_no_stream(void **state)
{
    struct http_client client;
    (void)state;
    http_client_open(&client, &play.bed);
    http_client_send(&client, "HEAD /stream HTTP/1.1\r\nHost: localhost\r\n\r\n");
    http_client_until(&client, "text/event-stream", 1);
    while (play.ended == 0)
        http_bed_turn(&client);
    assert_int_equal(http_stream_count(play.bed.server), 0);
    http_client_close(&client);
}

static void to_http_1_0_it_goes_without_chunks(void **state)
{
    struct http_client client;
    (void)state;
    http_client_open(&client, &play.bed);
    http_client_send(&client, "GET /stream HTTP/1.0\r\nHost: localhost\r\n\r\n");
    while (play.begun == 0)
        http_bed_turn(&client);
    assert_true(put(0, "first\n") && put(0, "second\n"));
    http_client_until(&client, "\r\n\r\nfirst\nsecond\n", 1);
    http_client_close(&client);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, open_play, close_play)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(what_is_put_arrives_at_once_and_in_order),
        CASE(a_reader_that_leaves_is_noticed_by_the_next_put),
        CASE(a_reader_that_does_not_read_is_cut_off),
        CASE(a_reader_that_is_always_a_little_behind_stays),
        CASE(there_are_64_readers_at_most),
        CASE(the_end_of_the_server_is_the_end_of_all),
        CASE(who_asks_for_the_head_alone_gets_no_stream),
        CASE(to_http_1_0_it_goes_without_chunks),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
