/* probe_http.h - HTTP and HTTPS requests of one prober, by libcurl's multi interface on its uv
 * loop. No libcurl type leaves probe_http.c.
 *
 * A run ends by itself through on_done, or by http_run_cancel(); deadlines are the caller's.
 * Every run makes a connection of its own and leaves none behind.
 */
#pragma once

#include <uv.h>

#include "rhumb/err.h"
#include "rhumb/probe.h"

#include "http_request.h"
#include "probe_run.h"

struct http_client;
struct http_run;

/* http_client_new - returns ERR_OK, ERR_NO_MEMORY (then nothing is left on the loop). */
WARN_UNUSED enum err http_client_new(uv_loop_t *loop, struct http_client **out_client);

/* http_client_close - every run has been cancelled or has ended. Memory goes on the loop. */
void http_client_close(struct http_client *client);

/* http_run_start - ask. request is borrowed until the run ends.
 * returns  the run; NULL when it could not start: then *out_result is set, on_done not called
 */
struct http_run *http_run_start(struct http_client *client, const struct http_request *request,
                                probe_on_done on_done, void *ctx,
                                struct probe_result *out_result);

/* http_run_cancel - on_done will not be called. */
void http_run_cancel(struct http_run *run);

/* http_run_phase - what a run is busy with, for the reason of a timeout: "in connect" ... */
const char *http_run_phase(const struct http_run *run);
