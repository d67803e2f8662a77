/* metrics.h - everything there is to count and measure, as one page in Prometheus' text format.
 *
 * The page is made from what its sources say at this moment; docs/monitoring.md lists it. No label
 * holds a client or a name that was asked for: `zone` is a zone of the configuration or "other",
 * and so is a type that few ask for. Counts of services and zones that are not in the
 * configuration any more are kept, and shown again when they come back.
 *
 * source   prometheus.io/docs/instrumenting/exposition_formats, version 0.0.4
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "rhumb/answer_counts.h"
#include "rhumb/monitor.h"
#include "rhumb/net.h"
#include "rhumb/notify.h"
#include "rhumb/process_facts.h"
#include "rhumb/querylog.h"
#include "rhumb/snapshot.h"
#include "rhumb/text.h"

/* How reloads went. Times are ms since 1970. */
struct metrics_reload {
    uint64_t loaded_ms; /* what is served */
    bool is_good;       /* the latest one, or the start */
    uint64_t succeeded, failed;
    uint64_t took_ms, grace_us; /* the latest that succeeded; 0: none did */
};

/* All of it borrowed for the call. */
struct metrics_sources {
    uint64_t now_ms, started_ms; /* since 1970 */
    const char *version;
    const struct snapshot *snapshot;
    const struct answer_counts *answers; /* of all workers */
    const struct net_totals *net;
    uint64_t kernel_drops;
    size_t connections, workers;
    const struct monitor *monitor; /* NULL: nothing of health */
    struct metrics_reload reload;
    struct querylog_totals queries;
    struct notify_totals notices;
    size_t subscribers; /* to the event stream */
    struct process_facts process;
};

/* metrics_write - the page. Failure stays in the text. Control thread only. */
void metrics_write(struct text *out, const struct metrics_sources *sources);
