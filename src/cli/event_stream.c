#include "event_stream.h"

#include <stdio.h>
#include <string.h>

void event_stream_init(struct event_stream *stream, event_stream_on_event on_event, void *ctx)
{
    *stream = (struct event_stream){.on_event = on_event, .ctx = ctx};
    text_init(&stream->line, EVENT_STREAM_LINE_MAX);
    text_init(&stream->data, EVENT_STREAM_LINE_MAX);
}

void event_stream_deinit(struct event_stream *stream)
{
    text_deinit(&stream->line);
    text_deinit(&stream->data);
}

static void clear(struct text *text)
{
    text_deinit(text);
    text_init(text, EVENT_STREAM_LINE_MAX);
}

void event_stream_reset(struct event_stream *stream)
{
    clear(&stream->line);
    clear(&stream->data);
    stream->after_return = false;
}

/* take_event - at an empty line. */
static bool take_event(struct event_stream *stream)
{
    bool go_on = true;
    if (stream->data.len > 0 && !stream->data.failed)
        go_on = stream->on_event(stream->ctx, stream->id, text_get(&stream->data));
    clear(&stream->data);
    return go_on;
}

/* value_of - what stands behind "name:", without one blank; NULL: it is another field. */
static const char *value_of(const char *line, const char *name)
{
    size_t len = strlen(name);
    if (strncmp(line, name, len) != 0 || line[len] != ':')
        return NULL;
    return line + len + 1 + (line[len + 1] == ' ');
}

static void take_field(struct event_stream *stream, const char *line)
{
    const char *id = value_of(line, "id"), *data = value_of(line, "data");
    if (id)
        (void)snprintf(stream->id, sizeof(stream->id), "%s", id);
    if (!data)
        return;
    if (stream->data.len > 0)
        text_put(&stream->data, "\n", 1);
    text_put(&stream->data, data, strlen(data));
}

static bool take_line(struct event_stream *stream)
{
    bool go_on = true;
    if (stream->line.len == 0 && !stream->line.failed)
        go_on = take_event(stream);
    else if (stream->line.failed)
        stream->data.failed = true;
    else
        take_field(stream, text_get(&stream->line));
    clear(&stream->line);
    return go_on;
}

bool event_stream_feed(struct event_stream *stream, const char *bytes, size_t len)
{
    bool go_on = true;
    for (size_t at = 0; go_on && at < len; at++) {
        char byte = bytes[at];
        bool is_second = byte == '\n' && stream->after_return;
        stream->after_return = byte == '\r';
        if (is_second)
            continue;
        if (byte == '\n' || byte == '\r')
            go_on = take_line(stream);
        else
            text_put(&stream->line, &byte, 1);
    }
    return go_on;
}
