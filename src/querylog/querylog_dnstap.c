/* Frames to a reader of dnstap, many at a time. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "querylog_frame.h"
#include "querylog_sink.h"
#include "querylog_socket.h"

enum {
    FRAMES_MAX = 64,
    BUFFER_BYTES = 256 * 1024, /* the largest message and much beside it */
    REASON_MAX = 128,
};

struct dnstap_sink {
    struct querylog_sink base;      /* first */
    char *identity, *version;       /* owned */
    struct querylog_socket *socket; /* NULL: not open */
    size_t used, count;
    struct iovec frames[FRAMES_MAX]; /* in buffer */
    uint8_t buffer[BUFFER_BYTES];
};

static void close_socket(struct dnstap_sink *dnstap)
{
    querylog_socket_close(dnstap->socket);
    dnstap->socket = NULL;
}

static void open_socket(struct dnstap_sink *dnstap)
{
    char reason[REASON_MAX];
    dnstap->socket = querylog_socket_open(dnstap->base.path);
    if (!dnstap->socket)
        querylog_sink_fail(&dnstap->base, errno != 0 ? strerror_r(errno, reason, sizeof(reason))
                                                     : "the reader does not speak dnstap");
}

static void flush(struct querylog_sink *sink)
{
    struct dnstap_sink *dnstap = (struct dnstap_sink *)sink;
    if (dnstap->count == 0)
        return;
    if (querylog_socket_write(dnstap->socket, dnstap->frames, dnstap->count)) {
        querylog_sink_wrote(sink, dnstap->count);
    } else {
        querylog_sink_lost(sink, dnstap->count);
        querylog_sink_fail(sink, "the reader has gone");
        close_socket(dnstap);
    }
    dnstap->used = dnstap->count = 0;
}

static void put(struct querylog_sink *sink, const struct answer_record_view *record)
{
    struct dnstap_sink *dnstap = (struct dnstap_sink *)sink;
    const struct querylog_sender sender = {dnstap->identity, dnstap->version};
    size_t max = querylog_frame_max(record);
    if (dnstap->count == FRAMES_MAX || dnstap->used + max > BUFFER_BYTES)
        flush(sink);
    if (!dnstap->socket && querylog_sink_may_try(sink))
        open_socket(dnstap);
    if (!dnstap->socket || max > BUFFER_BYTES) {
        querylog_sink_lost(sink, 1);
        return;
    }
    uint8_t *frame = dnstap->buffer + dnstap->used;
    size_t len = querylog_frame(record, &sender, frame);
    dnstap->frames[dnstap->count++] = (struct iovec){.iov_base = frame, .iov_len = len};
    dnstap->used += len;
}

/* reopen - a socket has no file behind it that could have been moved. */
static void reopen(struct querylog_sink *sink)
{
    (void)sink;
}

static void free_dnstap(struct querylog_sink *sink)
{
    struct dnstap_sink *dnstap = (struct dnstap_sink *)sink;
    close_socket(dnstap);
    free(dnstap->identity);
    free(dnstap->version);
    querylog_sink_deinit(sink);
    free(dnstap);
}

struct querylog_sink *querylog_dnstap_new(const char *path, const char *identity,
                                          const char *version, struct querylog_counts *counts)
{
    struct dnstap_sink *dnstap = calloc(1, sizeof(*dnstap));
    if (!dnstap)
        return NULL;
    dnstap->base.put = put;
    dnstap->base.flush = flush;
    dnstap->base.reopen = reopen;
    dnstap->base.free = free_dnstap;
    dnstap->identity = identity ? strdup(identity) : NULL;
    dnstap->version = version ? strdup(version) : NULL;
    if (querylog_sink_init(&dnstap->base, path, counts) && (!identity || dnstap->identity) &&
        (!version || dnstap->version))
        return &dnstap->base;
    free_dnstap(&dnstap->base);
    return NULL;
}
