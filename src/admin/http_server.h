/* http_server.h - HTTP/1.1 on the control loop: sockets in, requests out, replies and streams
 * back. Nobody else knows libmicrohttpd (http_inside.h).
 *
 *   listener ---> http_server ---on_head()--->  may this be asked at all? (status, before any body)
 *                             ---on_request()-> a whole request; answered by http_reply() now or
 *                                               later, or by http_stream_begin()
 *
 * Guards that hold for every request: Host exactly once, one length at most, a body of at most
 * HTTP_BODY_MAX bytes and none where the method has none, 32 KiB of head, HTTP_REQUEST_MS for
 * the head and as long for the body, HTTP_CONNECTIONS_MAX connections, HTTP_STREAMS_MAX streams,
 * HTTP_ANSWER_BYTES_MAX for all answers on their way, HTTP_TURN_US of a turn of the loop. Control
 * thread only.
 *
 * source   RFC 9110, RFC 9112 sections 3.2 (Host) and 6.3 (length), WHATWG HTML section 9.2
 *          (event streams)
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include <uv.h>

#include "rhumb/err.h"
#include "rhumb/ip.h"
#include "rhumb/text.h"

enum {
    HTTP_BODY_MAX = 1024 * 1024,
    HTTP_CONNECTIONS_MAX = 200, /* of one listener */
    HTTP_STREAMS_MAX = 64,      /* of all */
    HTTP_REQUEST_MS = 10000,
    HTTP_SEND_MS = 60000, /* for the client to take its answer */
    HTTP_TURN_US = 10000, /* of one turn of the loop: when they are spent, requests wait */
    HTTP_ANSWER_BYTES_MAX = 64 * 1024 * 1024, /* of all answers that clients are taking */
    HTTP_STREAM_BYTES_MAX = 512 * 1024, /* that wait for one reader; who is slower is cut off */
};

struct http_limits {
    unsigned request_ms, send_ms;
    unsigned turn_us;
};

struct http_server;
struct http_exchange; /* one request and its answer */
struct http_stream;   /* one answer without an end */

/* Who asks. */
struct http_peer {
    bool is_unix;
    uid_t uid; /* Unix socket only */
    pid_t pid;
    struct ip_addr addr; /* else */
};

struct http_request {
    const char *method; /* "GET", "POST" ... */
    const char *path;   /* percent-decoded, without the query; begins with '/' */
    struct http_peer peer;
    const char *host;          /* as sent */
    const char *authorization; /* NULL: none; so below */
    const char *origin;
    const char *accept;
    const char *last_event_id;
    const char *if_none_match;
    const char *content_type;
    const char *body; /* ends in a zero byte that is not of it; NULL in on_head() */
    size_t body_len;
    struct http_exchange *exchange;
};

/* http_query - the value of ?name=value, percent-decoded; NULL: not there. */
const char *http_query(const struct http_request *request, const char *name);

/* http_each_query - every name of the query, until visit() says false. */
void http_each_query(const struct http_request *request,
                     bool (*visit)(void *ctx, const char *name), void *ctx);

struct http_handler {
    /* on_head - the head is there. True: go on, read the body. False: http_reply() was called. */
    bool (*on_head)(void *ctx, const struct http_request *request);
    /* on_request - all of it is there; borrowed for the call. The exchange stays until it is
     * answered, which must happen once; the client may be gone by then. */
    void (*on_request)(void *ctx, const struct http_request *request);
    /* refuse - by http_reply(): what no request may be. detail is a sentence about it. */
    void (*refuse)(struct http_exchange *exchange, unsigned status, const char *detail);
    void *ctx;
};

/* http_server_new - without listeners. limits NULL: those above. */
WARN_UNUSED enum err http_server_new(uv_loop_t *loop, const struct http_handler *handler,
                                     const struct http_limits *limits,
                                     struct http_server **out_server);

/* http_server_listen - a bound and listening socket, which is the server's from then on (also
 * on failure). */
WARN_UNUSED enum err http_server_listen(struct http_server *server, int fd);

struct http_header {
    const char *name, *value;
};

/* http_reply - the whole answer; body is copied. headers may be NULL. Of an exchange whose client
 * is gone nothing is sent; one for which there is no room is closed without an answer. */
void http_reply(struct http_exchange *exchange, unsigned status, const char *type,
                const char *body, size_t body_len, const struct http_header *headers,
                size_t header_count);

/* http_stream_begin - 200, then whatever http_stream_put() adds. on_end: the reader is gone, or
 * was cut off, or the server closes; the stream is not to be used any more. NULL: too many
 * streams or no memory; then the exchange still wants its reply. */
struct http_stream *http_stream_begin(struct http_exchange *exchange, const char *type,
                                      void (*on_end)(void *ctx), void *ctx);

/* http_stream_put - false: the reader is too slow and is cut off; on_end() does not come. */
bool http_stream_put(struct http_stream *stream, const char *bytes, size_t len);

size_t http_stream_count(const struct http_server *server);

/* http_server_close - ends all; exchanges that are not answered yet may still be, into nothing.
 * Memory goes when the loop has run down and the last of them is answered. */
void http_server_close(struct http_server *server);
