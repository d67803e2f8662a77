/* monitor.h - from probes to answers: the keeper of machines and services.
 *
 *   prober -> machine (monitor_machines) -> seats of its services (monitor_service) -> words
 *
 * Lives on the control loop. It starts a probe for each target of the current snapshot, steps
 * the machine with each result, and has the services concerned reviewed before the loop waits
 * again, so a change is in the answers within the turn in which it was learned. A reload keeps
 * what is known of everything that is still there.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <uv.h>

#include "rhumb/err.h"
#include "rhumb/event.h"
#include "rhumb/overrides.h"
#include "rhumb/snapshot.h"
#include "rhumb/text.h"

struct monitor;
struct monitor_counts;

/* monitor_new - the herald gets every event, on the control thread. */
WARN_UNUSED enum err monitor_new(uv_loop_t *loop, const struct herald *herald,
                                 struct monitor **out_monitor);

/* monitor_retarget - keep, start and stop probes for the targets of fresh, and fill its
 * words. Call right before it is published.
 *
 * borrows  fresh until the next call: it is written to whenever health changes
 * returns  ERR_OK; ERR_NO_MEMORY, ERR_LIMIT (more targets than the prober takes): nothing has
 *          changed then
 */
WARN_UNUSED enum err monitor_retarget(struct monitor *monitor, struct snapshot *fresh);

/* monitor_when_settled - call back once: when every target has been decided (a first
 * success, or DOWN), or after wait_ms. At once when there is nothing to wait for. The callback
 * may close the monitor. */
void monitor_when_settled(struct monitor *monitor, uint64_t wait_ms,
                          void (*on_settled)(void *ctx), void *ctx);

/* monitor_recall - what the last process knew, as monitor_put_memory() put it; before the first
 * retarget. A text that is of no use is logged. */
void monitor_recall(struct monitor *monitor, const char *text, size_t len);

/* monitor_put_memory - what the next process should know. */
void monitor_put_memory(const struct monitor *monitor, struct text *out);

/* monitor_history_key - of a target in history.h: what is asked of whom, and by which check, since
 * two checks may ask the same. An edited pace keeps it. */
uint64_t monitor_history_key(const struct snapshot *snapshot,
                             const struct snapshot_target *target);

/* monitor_set_overrides - borrowed until monitor_stop(); nothing is forced without
 * them. monitor_overrides_changed - they are others now. */
void monitor_set_overrides(struct monitor *monitor, const struct overrides *overrides);
void monitor_overrides_changed(struct monitor *monitor);

/* monitor_ignore - what queries shall not look at: enum health_switches. */
void monitor_ignore(struct monitor *monitor, unsigned switches);

/* monitor_freeze - the operator switches health off: nothing changes in the answers any
 * more but by his own word; or on again. */
void monitor_freeze(struct monitor *monitor, bool frozen);

/* monitor_counts - how probes went so far; borrowed until monitor_close(). */
const struct monitor_counts *monitor_counts(const struct monitor *monitor);

/* monitor_silence_ms - since the target that was silent for longest has told anything true; 0: none is
 * probed. */
uint64_t monitor_silence_ms(const struct monitor *monitor);

/* monitor_report - monitor_services_report(), of now. */
void monitor_report(const struct monitor *monitor);

/* monitor_stop - nothing changes any more, what is known stays: a last
 * monitor_put_memory() may follow. */
void monitor_stop(struct monitor *monitor);

/* monitor_close - memory goes when the loop has run down. */
void monitor_close(struct monitor *monitor);
