/* health_monitor.h - from probes to answers: the keeper of machines and services.
 *
 *   prober -> machine (health_machines) -> seats of its services (health_service) -> words
 *
 * Lives on the control loop. It starts a probe for each target of the current snapshot, steps
 * the machine with each result, and has the services concerned reviewed before the loop waits
 * again, so a change is in the answers within the turn in which it was learned. A reload keeps
 * what is known of everything that is still there.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include <uv.h>

#include "rhumb/err.h"
#include "rhumb/snapshot.h"

#include "event.h"
#include "health_memory.h"
#include "overrides.h"

struct health_monitor;

/* health_monitor_new - the herald gets every event, on the control thread. */
WARN_UNUSED enum err health_monitor_new(uv_loop_t *loop, const struct herald *herald,
                                        struct health_monitor **out_monitor);

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
 * success, or DOWN), or after wait_ms. At once when there is nothing to wait for. The callback
 * may close the monitor. */
void health_monitor_when_settled(struct health_monitor *monitor, uint64_t wait_ms,
                                 void (*on_settled)(void *ctx), void *ctx);

/* health_monitor_recall - what the last process knew; before the first retarget. Takes memory
 * over. */
void health_monitor_recall(struct health_monitor *monitor, struct health_memory *memory);

/* health_monitor_put_memory - what the next process should know. */
void health_monitor_put_memory(const struct health_monitor *monitor, struct text *out);

/* health_monitor_set_overrides - borrowed until health_monitor_stop(); nothing is forced without
 * them. health_monitor_overrides_changed - they are others now. */
void health_monitor_set_overrides(struct health_monitor *monitor,
                                  const struct overrides *overrides);
void health_monitor_overrides_changed(struct health_monitor *monitor);

/* health_monitor_ignore - what queries shall not look at: enum health_switches. */
void health_monitor_ignore(struct health_monitor *monitor, unsigned switches);

/* health_monitor_freeze - the operator switches health off: nothing changes in the answers any
 * more but by his own word; or on again. */
void health_monitor_freeze(struct health_monitor *monitor, bool frozen);

/* health_monitor_report - health_services_report(), of now. */
void health_monitor_report(const struct health_monitor *monitor);

/* health_monitor_stop - nothing changes any more, what is known stays: a last
 * health_monitor_put_memory() may follow. */
void health_monitor_stop(struct health_monitor *monitor);

/* health_monitor_close - memory goes when the loop has run down. */
void health_monitor_close(struct health_monitor *monitor);
