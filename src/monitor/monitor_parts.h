/* monitor_parts.h - a check made of checks: its result from the states of its parts. */
#pragma once

#include "monitor_machines.h"

/* monitor_parts_judge - as a probe would: a success when enough parts are up, a failure when too
 * many are not, an own fault while it cannot be said. The weight is that of the last part needed,
 * the best ones first. Also sets whole->leans. */
void monitor_parts_judge(const struct machine_set *machines, const struct snapshot *snapshot,
                         struct machine *whole, uint64_t now_ms,
                         struct probe_result *out_result);
