/* monitor_stale.h - targets of which nothing is heard. Their states stay as they are; that they say
 * nothing is an alarm.
 */
#pragma once

#include "rhumb/event.h"

#include "monitor_machines.h"

/* What was told. */
struct monitor_stale {
    size_t count;     /* so many bring nothing */
    uint64_t told_ms; /* when; 0: none does */
};

/* monitor_stale_review - tells that more of them are stale, at most once a minute, and that none is
 * any more. */
void monitor_stale_review(struct monitor_stale *stale, const struct herald *herald,
                          const struct snapshot *snapshot, const struct machine_set *machines,
                          uint64_t now_ms);
