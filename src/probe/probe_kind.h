/* probe_kind.h - what a kind of check offers to the schedule. One table per kind, at the end of
 * its file; probe_kind.c says which kind of check each of them serves.
 *
 * A request is a check against one address, made ready to be asked again and again; a run is one
 * such asking. Both are the kind's own types; nobody else looks into them. The deadline of a run
 * is the schedule's.
 */
#pragma once

#include <stdbool.h>

#include <uv.h>

#include "rhumb/config.h"
#include "rhumb/ip.h"
#include "rhumb/probe.h"

#include "probe_run.h"

struct command_crew;
struct http_client;
struct tls_trust;
struct state_files;

/* What all runs of one prober share. */
struct probe_means {
    uv_loop_t *loop;
    struct http_client *http;
    struct tls_trust *tls;
    struct command_crew *commands;
    struct state_files *files;
};

/* Lanes have limits of their own: a few commands cost what hundreds of connections do. */
enum probe_lane { PROBE_LANE_NETWORK, PROBE_LANE_COMMANDS, PROBE_LANES };

struct probe_kind {
    enum probe_lane lane;
    bool late_is_ours; /* a run that passes the deadline says nothing about the target */

    /* request_new - copies what it needs of check. NULL: out of memory. */
    void *(*request_new)(const struct config_check *check, const struct ip_addr *addr);
    void (*request_free)(void *request);

    /* run_start - ask; request is borrowed until the run ends.
     * returns  the run; NULL when it ended at once: then *out_result is set, on_done not called
     */
    void *(*run_start)(const struct probe_means *means, const void *request,
                       probe_on_done on_done, void *ctx, struct probe_result *out_result);
    /* run_cancel - on_done will not be called. */
    void (*run_cancel)(void *run);
    /* run_phase - what a run is busy with, for the reason of a timeout: "in connect" ... */
    const char *(*run_phase)(const void *run);
};

extern const struct probe_kind PROBE_KIND_COMMAND, PROBE_KIND_DNS, PROBE_KIND_FILE,
    PROBE_KIND_HTTP, PROBE_KIND_ICMP, PROBE_KIND_STREAM;

/* probe_kind_of - NULL for checks that nobody probes. */
const struct probe_kind *probe_kind_of(enum config_check_kind kind);
