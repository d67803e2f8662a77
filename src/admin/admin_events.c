#include "admin_events.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "rhumb/clock.h"
#include "rhumb/text.h"

#include "http_server.h"

/* BURST_BYTES_MAX: of kept events for one who comes; what happens meanwhile has room beside. */
enum {
    COMMENT_MS = 15000,
    FRAME_BYTES_MAX = 16 * 1024,
    BURST_BYTES_MAX = HTTP_STREAM_BYTES_MAX / 4 * 3,
};

struct reader {
    struct admin_events *events;
    struct http_stream *stream;
    struct reader *next, *previous;
};

struct admin_events {
    char *frames[EVENTS_KEPT]; /* owned; event n in [n % EVENTS_KEPT] */
    uint64_t first, latest;    /* the first is that of this process */
    struct reader *readers;
    uv_timer_t comment;
};

static void free_reader(struct reader *reader)
{
    if (reader->next)
        reader->next->previous = reader->previous;
    if (reader->previous)
        reader->previous->next = reader->next;
    else
        reader->events->readers = reader->next;
    free(reader);
}

static void on_end(void *ctx)
{
    free_reader(ctx);
}

static void put(struct reader *reader, const char *frame)
{
    if (!http_stream_put(reader->stream, frame, strlen(frame)))
        free_reader(reader); /* too slow: it may come back and say what it saw */
}

static void put_all(struct admin_events *events, const char *frame)
{
    for (struct reader *at = events->readers, *next; at; at = next) {
        next = at->next;
        put(at, frame);
    }
}

static void on_comment(uv_timer_t *timer)
{
    put_all(timer->data, ":\n\n");
}

enum err admin_events_new(uv_loop_t *loop, uint64_t before, struct admin_events **out_events)
{
    struct admin_events *events = calloc(1, sizeof(*events));
    if (!events)
        return ERR_NO_MEMORY;
    events->latest = before;
    events->first = before + 1;
    uv_timer_init(loop, &events->comment);
    events->comment.data = events;
    uv_timer_start(&events->comment, on_comment, COMMENT_MS, COMMENT_MS);
    *out_events = events;
    return ERR_OK;
}

void admin_events_add(struct admin_events *events, const struct event *event)
{
    struct text frame;
    char *json = event_json(event, clock_wall_ms(), NULL);
    if (!json)
        return;
    text_init(&frame, FRAME_BYTES_MAX);
    text_printf(&frame, "id: %" PRIu64 "\nevent: %s\ndata: %s\n\n", events->latest + 1,
                event->kind, json);
    free(json);
    if (frame.failed) {
        text_deinit(&frame);
        return;
    }
    events->latest++;
    char **kept = &events->frames[events->latest % EVENTS_KEPT];
    free(*kept);
    *kept = frame.bytes;
    put_all(events, *kept);
}

/* first_to_tell - of those behind `since` that are kept, as many of the newest as fit; one behind
 * the latest: none. */
static uint64_t first_to_tell(const struct admin_events *events, uint64_t since)
{
    uint64_t count = events->latest - events->first + 1;
    uint64_t oldest = count > EVENTS_KEPT ? events->latest - EVENTS_KEPT + 1 : events->first;
    uint64_t wanted = since <= events->latest && since + 1 > oldest ? since + 1 : oldest;
    uint64_t first = events->latest + 1;
    for (size_t len = 0; since != UINT64_MAX && first > wanted; first--) {
        len += strlen(events->frames[(first - 1) % EVENTS_KEPT]);
        if (len > BURST_BYTES_MAX)
            break;
    }
    return first;
}

bool admin_events_listen(struct admin_events *events, struct http_exchange *exchange,
                         uint64_t since)
{
    struct reader *reader = calloc(1, sizeof(*reader));
    if (!reader)
        return false;
    *reader = (struct reader){.events = events, .next = events->readers};
    reader->stream = http_stream_begin(exchange, "text/event-stream", on_end, reader);
    if (!reader->stream) {
        free(reader);
        return false;
    }
    if (reader->next)
        reader->next->previous = reader;
    events->readers = reader;
    struct text all;
    text_init(&all, HTTP_STREAM_BYTES_MAX);
    text_printf(&all, ":\n\n"); /* the head goes out at once */
    for (uint64_t at = first_to_tell(events, since); at <= events->latest; at++)
        text_printf(&all, "%s", events->frames[at % EVENTS_KEPT]);
    put(reader, text_get(&all));
    text_deinit(&all);
    return true;
}

uint64_t admin_events_latest(const struct admin_events *events)
{
    return events->latest;
}

static void on_closed(uv_handle_t *handle)
{
    struct admin_events *events = handle->data;
    for (size_t i = 0; i < EVENTS_KEPT; i++)
        free(events->frames[i]);
    free(events);
}

void admin_events_close(struct admin_events *events)
{
    uv_close((uv_handle_t *)&events->comment, on_closed);
}
