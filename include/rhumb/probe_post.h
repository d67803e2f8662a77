/* probe_post.h - post JSON to a URL, without ever holding the loop.
 *
 * The HTTP client of the probes with another purpose: notifications. A host name is resolved by
 * a thread of libcurl. No redirect is followed, nothing is taken from the environment, and each
 * post makes a connection of its own. Trying again is the caller's business.
 *
 * A poster and its posts live on one uv loop and its thread.
 */
#pragma once

#include <uv.h>

#include "rhumb/config.h"
#include "rhumb/err.h"
#include "rhumb/probe.h"

struct poster;
struct post;

/* Borrowed for the call of post_start(). */
struct post_request {
    const char *url;                     /* http or https */
    const struct config_header *headers; /* beside Content-Type and the id */
    size_t header_count;
    const char *json;    /* the body */
    const char *id;      /* sent as Idempotency-Key: who gets it twice can tell */
    bool verify;         /* https: the certificate */
    const char *ca_file; /* https; NULL: the system's */
    uint32_t timeout_ms; /* for all of it */
};

struct post_result {
    bool taken; /* status 2xx, and a whole answer */
    char
        reason[PROBE_REASON_MAX]; /* "status 500, expected 200-299", "connection refused" ... */
};

/* post_on_done - the post no longer exists. Always from the loop, never from within
 * post_start(). It may close the poster. */
typedef void (*post_on_done)(void *ctx, const struct post_result *result);

/* poster_new - returns ERR_OK, ERR_NO_MEMORY. The first one of a process, or the first prober,
 * is made before other threads start. */
WARN_UNUSED enum err poster_new(uv_loop_t *loop, struct poster **out_poster);

/* poster_close - every post has ended or was cancelled. Memory goes on the loop. */
void poster_close(struct poster *poster);

/* post_start - returns ERR_OK: on_done will come, unless post_cancel() comes before. Else
 * ERR_NO_MEMORY. */
WARN_UNUSED enum err post_start(struct poster *poster, const struct post_request *request,
                                post_on_done on_done, void *ctx, struct post **out_post);

/* post_cancel - on_done will not be called. */
void post_cancel(struct post *post);
