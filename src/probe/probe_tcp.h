/* probe_tcp.h - one TCP connection attempt, closed as soon as it stands.
 *
 * A run ends by itself through on_done, or by tcp_run_cancel(); deadlines are the caller's.
 */
#pragma once

#include <uv.h>

#include "rhumb/ip.h"
#include "rhumb/probe.h"

#include "probe_run.h"

struct tcp_run;

/* tcp_run_start - connect to addr.
 * returns  the run; NULL when it ended at once: then *out_result is set, and on_done not called
 */
struct tcp_run *tcp_run_start(uv_loop_t *loop, const struct ip_addr *addr, uint16_t port,
                              probe_on_done on_done, void *ctx,
                              struct probe_result *out_result);

/* tcp_run_cancel - on_done will not be called. */
void tcp_run_cancel(struct tcp_run *run);
