/* http_stream.c - answers without an end. */
#include <stdlib.h>
#include <string.h>

#include "http_inside.h"

/* COMPACT_BYTES: what was taken is given up when it is so much. */
enum { BLOCK_BYTES = 16 * 1024, COMPACT_BYTES = 64 * 1024 };

static void end_stream(struct http_stream *stream)
{
    void (*on_end)(void *ctx) = stream->on_end;
    stream->on_end = NULL;
    stream->ended = true;
    if (on_end)
        on_end(stream->ctx);
}

/* give_up_taken - what the reader has is kept no longer. */
static void give_up_taken(struct http_stream *stream)
{
    struct text rest;
    text_init(&rest, HTTP_STREAM_BYTES_MAX);
    text_put(&rest, text_get(&stream->waiting) + stream->taken,
             stream->waiting.len - stream->taken);
    text_deinit(&stream->waiting);
    stream->waiting = rest;
    stream->taken = 0;
}

static ssize_t read_stream(void *ctx, uint64_t position, char *to, size_t max)
{
    struct http_stream *stream = ctx;
    (void)position;
    size_t len = stream->waiting.len - stream->taken;
    if (stream->ended)
        return MHD_CONTENT_READER_END_OF_STREAM;
    if (len == 0) {
        stream->suspended = true;
        MHD_suspend_connection(stream->handle);
        return 0;
    }
    len = len < max ? len : max;
    memcpy(to, text_get(&stream->waiting) + stream->taken, len);
    stream->taken += len;
    if (stream->taken == stream->waiting.len || stream->taken >= COMPACT_BYTES)
        give_up_taken(stream);
    return (ssize_t)len;
}

static void free_stream(void *ctx)
{
    struct http_stream *stream = ctx;
    if (stream->next)
        stream->next->previous = stream->previous;
    if (stream->previous)
        stream->previous->next = stream->next;
    else
        stream->server->streams = stream->next;
    stream->server->stream_count--;
    end_stream(stream);
    text_deinit(&stream->waiting);
    free(stream);
}

struct http_stream *http_stream_begin(struct http_exchange *exchange, const char *type,
                                      void (*on_end)(void *ctx), void *ctx)
{
    struct http_server *server = exchange->server;
    if (!server || server->stream_count >= HTTP_STREAMS_MAX)
        return NULL;
    struct http_stream *stream = calloc(1, sizeof(*stream));
    struct MHD_Response *response =
        stream ? MHD_create_response_from_callback(MHD_SIZE_UNKNOWN, BLOCK_BYTES, read_stream,
                                                   stream, free_stream)
               : NULL;
    if (!response) {
        free(stream);
        return NULL;
    }
    *stream = (struct http_stream){.server = server,
                                   .listener = exchange->listener,
                                   .connection = exchange->connection,
                                   .handle = exchange->handle,
                                   .on_end = on_end,
                                   .ctx = ctx,
                                   .next = server->streams};
    text_init(&stream->waiting, HTTP_STREAM_BYTES_MAX);
    if (stream->next)
        stream->next->previous = stream;
    server->streams = stream;
    server->stream_count++;
    MHD_add_response_header(response, MHD_HTTP_HEADER_CONTENT_TYPE, type);
    MHD_add_response_header(response, MHD_HTTP_HEADER_CACHE_CONTROL, "no-store");
    http_set_deadline(exchange->connection, 0);
    http_answer(exchange, MHD_HTTP_OK, response);
    return stream;
}

static void wake_stream(struct http_stream *stream)
{
    if (!stream->suspended)
        return;
    stream->suspended = false;
    http_wake(stream->listener, stream->handle);
}

bool http_stream_put(struct http_stream *stream, const char *bytes, size_t len)
{
    if (!stream->ended)
        text_put(&stream->waiting, bytes, len);
    if (stream->waiting.failed) {
        stream->ended = true;
        /* it may never read again: the next sweep takes its place away */
        http_set_deadline(stream->connection, 1);
    }
    if (stream->ended)
        stream->on_end = NULL; /* the caller knows by the result */
    wake_stream(stream);
    return !stream->ended;
}

size_t http_stream_count(const struct http_server *server)
{
    return server->stream_count;
}

void http_streams_end(struct http_server *server)
{
    for (struct http_stream *at = server->streams; at; at = at->next) {
        at->ended = true;
        wake_stream(at);
    }
}
