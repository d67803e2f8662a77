/* event_stream.h - server-sent events, out of bytes in pieces of any size. Pure.
 *
 *   id: 12                  one call of on_event("12", "{...}"), at the empty line
 *   event: health
 *   data: {...}
 *
 * Comments (":") and fields that nobody needs are skipped. An event beyond the limit is dropped.
 *
 * source   HTML Living Standard, section 9.2 (Server-sent events); `retry` is not obeyed
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "rhumb/text.h"

enum { EVENT_STREAM_LINE_MAX = 64 * 1024, EVENT_STREAM_ID_MAX = 32 };

/* event_stream_on_event - false: no more is wanted. */
typedef bool (*event_stream_on_event)(void *ctx, const char *id, const char *data);

struct event_stream {
    event_stream_on_event on_event;
    void *ctx;
    struct text line, data;
    bool after_return;            /* a newline that follows belongs to the line's end */
    char id[EVENT_STREAM_ID_MAX]; /* of the latest event that had one; "" */
};

void event_stream_init(struct event_stream *stream, event_stream_on_event on_event, void *ctx);
void event_stream_deinit(struct event_stream *stream);

/* event_stream_reset - another connection: what was half read is forgotten, the id is kept. */
void event_stream_reset(struct event_stream *stream);

/* event_stream_feed - false: on_event had enough. */
bool event_stream_feed(struct event_stream *stream, const char *bytes, size_t len);
