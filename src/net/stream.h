/* stream.h - the bytes of one TCP client, plain or through TLS; never blocks.
 *
 * All that tcp_conn.c knows of the difference is here: TLS may have read more than it handed out
 * (stream_has_more(): no event will tell of it), and may want to write in order to read
 * (wants_write: wait for that instead).
 *
 * The worker's thread only.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct tls_session;

struct stream {
    int fd;                  /* owned */
    struct tls_session *tls; /* owned; NULL: plain */
    bool wants_write;        /* the last step waits for the socket to become writable */
};

enum stream_status {
    STREAM_OK,
    STREAM_WAIT,   /* not now */
    STREAM_END,    /* the client has closed its side; it may still read */
    STREAM_BROKEN, /* reset, or not TLS */
};

/* stream_read_clear - as stream_read(), but before TLS begins. */
enum stream_status stream_read_clear(struct stream *stream, uint8_t *bytes, size_t room,
                                     size_t *out_count);

/* stream_greet - go on with the TLS handshake; STREAM_OK: it is done, or there is none. */
enum stream_status stream_greet(struct stream *stream);

/* stream_read - up to room bytes; STREAM_OK: *out_count of them, at least 1. */
enum stream_status stream_read(struct stream *stream, uint8_t *bytes, size_t room,
                               size_t *out_count);

/* stream_has_more - can be read without the socket. */
bool stream_has_more(const struct stream *stream);

/* stream_write - *out_count bytes were taken, also with STREAM_WAIT. The rest must be offered
 * again first, and from then on as well. */
enum stream_status stream_write(struct stream *stream, const uint8_t *bytes, size_t count,
                                size_t *out_count);

/* stream_close - abort: the client does not read; leave nothing in the kernel's memory. */
void stream_close(struct stream *stream, bool abort);
