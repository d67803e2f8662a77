/* metrics_source.h - everything the page at /metrics is made from, gathered. Control thread only. */
#pragma once

#include <stdint.h>

#include "rhumb/admin.h"
#include "rhumb/err.h"
#include "rhumb/monitor.h"
#include "rhumb/net.h"
#include "rhumb/notify.h"
#include "rhumb/snapshot.h"
#include "rhumb/text.h"

#include "logs.h"
#include "reload.h"

/* Where it comes from. All of it is borrowed for the call. */
struct metrics_source {
    struct snapshot_slot *slot;
    const struct net *net; /* NULL: the server stops, nothing is counted any more */
    const struct monitor *monitor;
    const struct notify *notify; /* NULL: nobody is told */
    const struct logs *logs;
    const struct reload *reload;
    const struct admin *admin; /* NULL: nobody can subscribe */
    uint64_t started_ms;       /* since 1970 */
};

/* metrics_source_write - the page of this moment. Failure stays in the text. */
void metrics_source_write(const struct metrics_source *source, struct text *out);
