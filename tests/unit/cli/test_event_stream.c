/* Server-sent events, in pieces of any size. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "event_stream.h"

enum { SEEN_MAX = 512 };

struct seen {
    char text[SEEN_MAX];    /* "id=data|" of each */
    unsigned count, enough; /* enough: so many are wanted; 0: all */
};

static bool on_event(void *ctx, const char *id, const char *data)
{
    struct seen *seen = ctx;
    size_t len = strlen(seen->text);
    (void)snprintf(seen->text + len, SEEN_MAX - len, "%s=%s|", id, data);
    return ++seen->count != seen->enough;
}

/* feed - in pieces of that size. */
static bool feed(struct event_stream *stream, const char *text, size_t piece)
{
    size_t len = strlen(text);
    for (size_t at = 0; at < len; at += piece)
        if (!event_stream_feed(stream, text + at, len - at < piece ? len - at : piece))
            return false;
    return true;
}

static void events_are_found_however_they_come(void **state)
{
    static const struct {
        const char *text, *wanted;
    } cases[] = {
        {"id: 1\nevent: health\ndata: {\"a\":1}\n\n", "1={\"a\":1}|"},
        {"id: 1\r\ndata: a\r\n\r\nid: 2\r\ndata: b\r\n\r\n", "1=a|2=b|"},
        {"id: 1\rdata: a\r\rid: 2\rdata: b\r\r", "1=a|2=b|"},
        {":\n\n: comment\n\nid:1\ndata:a\n\n", "1=a|"},
        {"data: one\ndata: two\n\n", "=one\ntwo|"},
        {"data:  blank\n\n", "= blank|"},
        {"id: 7\n\ndata: later\n\n", "7=later|"}, /* an id alone is no event, but it counts */
        {"id: 1\ndata: half", ""},
        {"retry: 5\nidentity: x\ndatabase: y\n\n", ""},
        {"\n\n\n", ""},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        for (size_t piece = 1; piece < 40; piece++) {
            struct seen seen = {.count = 0};
            struct event_stream stream;
            event_stream_init(&stream, on_event, &seen);
            assert_true(feed(&stream, cases[i].text, piece));
            assert_string_equal(seen.text, cases[i].wanted);
            event_stream_deinit(&stream);
        }
    }
}

static void another_connection_begins_anew_behind_the_same_event(void **state)
{
    struct seen seen = {.count = 0};
    struct event_stream stream;
    (void)state;
    event_stream_init(&stream, on_event, &seen);
    assert_true(feed(&stream, "id: 4\ndata: a\n\nid: 5\ndata: lo", 100));
    event_stream_reset(&stream);
    assert_true(feed(&stream, "data: b\n\n", 100));
    assert_string_equal(seen.text, "4=a|5=b|");
    event_stream_deinit(&stream);
}

static void who_has_enough_is_left_alone(void **state)
{
    struct seen seen = {.enough = 2};
    struct event_stream stream;
    (void)state;
    event_stream_init(&stream, on_event, &seen);
    assert_false(feed(&stream, "data: a\n\ndata: b\n\ndata: c\n\n", 100));
    assert_string_equal(seen.text, "=a|=b|");
    event_stream_deinit(&stream);
}

static void what_is_too_long_is_dropped_whole(void **state)
{
    struct seen seen = {.count = 0};
    struct event_stream stream;
    char *line = malloc(EVENT_STREAM_LINE_MAX + 1);
    (void)state;
    assert_non_null(line);
    memset(line, 'x', EVENT_STREAM_LINE_MAX);
    line[EVENT_STREAM_LINE_MAX] = '\0';
    event_stream_init(&stream, on_event, &seen);
    assert_true(feed(&stream, "data: ", 100));
    assert_true(feed(&stream, line, 1000));
    assert_true(feed(&stream, "\ndata: rest\n\ndata: b\n\n", 100));
    assert_string_equal(seen.text, "=b|");
    event_stream_deinit(&stream);
    free(line);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(events_are_found_however_they_come),
        cmocka_unit_test(another_connection_begins_anew_behind_the_same_event),
        cmocka_unit_test(who_has_enough_is_left_alone),
        cmocka_unit_test(what_is_too_long_is_dropped_whole),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
