/* health_monitor.h - the keeper of every target's state machine.
 *
 * Lives on the control loop. It starts a probe for each target of the current snapshot, steps
 * the machine with each result, publishes the word, and tells the log. A reload keeps the
 * machines whose key (check parameters and address) is unchanged, so it forgets nothing.
 */
#pragma once

#include <stdbool.h>

#include <uv.h>

#include "rhumb/err.h"
#include "rhumb/snapshot.h"

struct health_monitor;

WARN_UNUSED enum err health_monitor_new(uv_loop_t *loop, struct health_monitor **out_monitor);

/* health_monitor_retarget - keep, start and stop probes for the targets of fresh, and fill its
 * words. Call right before it is published.
 *
 * borrows  fresh until the next call: it is written to whenever health changes
 * returns  ERR_OK; ERR_NO_MEMORY, ERR_LIMIT (more targets than the prober takes): nothing has
 *          changed then
 */
WARN_UNUSED enum err health_monitor_retarget(struct health_monitor *monitor,
                                             struct snapshot *fresh);

/* health_monitor_when_settled - call back once: when every target has been decided (a first
 * success, or DOWN), or after wait_ms. At once when there is nothing to probe. The callback may
 * close the monitor. */
void health_monitor_when_settled(struct health_monitor *monitor, uint64_t wait_ms,
                                 void (*on_settled)(void *ctx), void *ctx);

/* health_monitor_close - stop probing; memory goes when the loop has run down. */
void health_monitor_close(struct health_monitor *monitor);
