/* probe_stream.h - TCP and TLS checks: connect, shake hands, send, look for what is expected.
 *
 *   CONNECTING -> SHAKING_HANDS -> SENDING -> RECEIVING      each only where the check wants it
 *
 * A run ends by itself through on_done, or by stream_run_cancel(); deadlines are the caller's.
 * At most STREAM_MAX_BYTES of an answer are read, and none is kept.
 */
#pragma once

#include <uv.h>

#include "rhumb/config.h"
#include "rhumb/ip.h"
#include "rhumb/probe.h"

#include "body_match.h"
#include "probe_kind.h"
#include "probe_run.h"

enum { STREAM_MAX_BYTES = 64 * 1024 };

struct stream_request; /* a check against one address; everything is copied */

/* stream_request_new - check is of kind tcp or tls. NULL: out of memory. */
struct stream_request *stream_request_new(const struct config_check *check,
                                          const struct ip_addr *addr);
void stream_request_free(struct stream_request *request);

struct stream_run;

/* stream_run_start - request is borrowed until the run ends.
 * returns  the run; NULL when it ended at once: then *out_result is set, and on_done not called
 */
struct stream_run *stream_run_start(const struct probe_means *means,
                                    const struct stream_request *request, probe_on_done on_done,
                                    void *ctx, struct probe_result *out_result);

/* stream_run_cancel - on_done will not be called. */
void stream_run_cancel(struct stream_run *run);

/* stream_run_phase - what a run is busy with: "in connect" ... */
const char *stream_run_phase(const struct stream_run *run);
