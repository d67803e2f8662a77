/* monitor_counts.h - how probes went, by check, and how often endpoints changed their state: for
 * metrics. By names, so that a reload keeps what is still there.
 *
 * Control thread only.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "rhumb/err.h"
#include "rhumb/health_fsm.h"
#include "rhumb/probe.h"
#include "rhumb/snapshot.h"

enum monitor_phase {
    MONITOR_CONNECT,
    MONITOR_TLS,
    MONITOR_ANSWER,
    MONITOR_TOTAL,
    MONITOR_PHASES
};

enum { MONITOR_BUCKETS = 14 };

/* Upper ends of the buckets, in microseconds. */
extern const uint32_t MONITOR_BUCKET_US[MONITOR_BUCKETS];

struct monitor_histogram {
    uint64_t counts[MONITOR_BUCKETS + 1]; /* of each bucket alone; the last: longer than all */
    uint64_t count, sum_us;
};

struct monitor_check_counts {
    uint64_t results[HEALTH_OWN_FAULT + 1]; /* by enum health_outcome */
    struct monitor_histogram took[MONITOR_PHASES];
};

struct monitor_counts;

/* monitor_counts_new - NULL: out of memory. monitor_counts_free - NULL is fine. */
struct monitor_counts *monitor_counts_new(void);
void monitor_counts_free(struct monitor_counts *counts);

/* monitor_counts_set - checks are numbered as in config from now on; what is no longer there is
 * forgotten. ERR_NO_MEMORY: nothing has changed. */
WARN_UNUSED enum err monitor_counts_set(struct monitor_counts *counts,
                                        const struct config *config);

/* monitor_counts_probe - one more run of a check. */
void monitor_counts_probe(struct monitor_counts *counts, size_t check,
                          const struct probe_result *result);

/* monitor_counts_move - a target has another state: one more for each of its seats. */
void monitor_counts_move(struct monitor_counts *counts, const struct snapshot *snapshot,
                         const struct snapshot_target *target, enum health_state to);

/* ---- reading ---- */

const struct monitor_check_counts *monitor_counts_check(const struct monitor_counts *counts,
                                                        size_t check);

uint64_t monitor_counts_moves(const struct monitor_counts *counts,
                              const struct snapshot *snapshot, size_t seat,
                              enum health_state to);
