/* http_inside.h - what the three files of the HTTP server share: http_server.c (sockets, time,
 * life), http_exchange.c (one request and its answer), http_stream.c (answers without an end).
 * They alone know libmicrohttpd.
 */
#pragma once

#include <microhttpd.h>
#include <uv.h>

#include "http_server.h"

enum { HTTP_QUERY_MAX = 16 };

/* One bound socket: a daemon of the library, which has no thread of its own. */
struct http_listener {
    struct http_server *server;
    struct MHD_Daemon *daemon;
    struct http_connection *connections;
    bool has_room_again; /* a connection has ended since the library was run last */
    struct http_listener *next;
    uv_poll_t poll;
    uv_timer_t timer; /* what the library waits for */
};

struct http_connection {
    struct http_listener *listener;
    struct http_connection *next, *previous;
    int fd;
    uint64_t deadline_ms; /* loop time; 0: none */
};

struct http_query_pair {
    char *name, *value; /* owned, as one block */
};

struct http_exchange {
    struct http_server *server; /* NULL: the client is gone, or the server */
    struct http_listener *listener;
    struct http_connection *connection; /* NULL: the client is gone */
    struct MHD_Connection *handle;      /* NULL: the client is gone */
    struct MHD_Response *response;      /* owned until it is queued */
    unsigned status;
    bool asked; /* the handler has it, and will answer */
    bool answered, suspended;
    bool waits; /* suspended, since this turn is spent */
    char *path;
    struct http_query_pair query[HTTP_QUERY_MAX];
    size_t query_count;
    bool query_is_bad;
    struct text body;
    size_t body_over; /* bytes of the body that were dropped, as it is too large */
    size_t answer_len;
    struct http_exchange *next, *previous; /* of the server */
};

struct http_stream {
    struct http_server *server;
    struct http_listener *listener;
    struct http_connection *connection;
    struct MHD_Connection *handle;
    struct text waiting; /* bytes behind `taken` wait for the reader */
    size_t taken;
    bool suspended, ended;
    void (*on_end)(void *ctx); /* NULL: told */
    void *ctx;
    struct http_stream *next, *previous;
};

struct http_server {
    uv_loop_t *loop;
    struct http_handler handler;
    struct http_limits limits;
    struct http_listener *listeners;
    struct http_exchange *exchanges;
    struct http_stream *streams;
    size_t stream_count;
    size_t answer_bytes;       /* of all answers that clients are taking */
    uint64_t turn_ms, turn_us; /* the turn of the loop, and what was spent of it */
    uv_timer_t sweep, next_turn;
    unsigned open_handles;
    bool closing;
};

/* http_wake - goes on with a connection that waited, in the next turn: this one may be the
 * library's. */
void http_wake(struct http_listener *listener, struct MHD_Connection *handle);

/* http_set_deadline - the connection is cut off then; 0: it is not. connection NULL: it is gone.
 */
void http_set_deadline(struct http_connection *connection, uint64_t in_ms);

/* http_answer - the response of an exchange is there (NULL: no memory for it); the library takes
 * it now or is woken for it. Owns the response; the exchange may be gone afterwards. */
void http_answer(struct http_exchange *exchange, unsigned status,
                 struct MHD_Response *response);

/* ---- what the library calls ---- */

enum MHD_Result http_on_access(void *ctx, struct MHD_Connection *handle, const char *url,
                               const char *method, const char *version, const char *data,
                               size_t *data_len, void **request_context);
void http_on_completed(void *ctx, struct MHD_Connection *handle, void **request_context,
                       enum MHD_RequestTerminationCode code);

/* http_on_next_turn - of the loop: those that wait are asked for. */
void http_on_next_turn(uv_timer_t *timer);

/* ---- when the server closes ---- */

/* http_streams_end - every reader is told, and nobody is asked for more. */
void http_streams_end(struct http_server *server);
