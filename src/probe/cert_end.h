/* cert_end.h - does a certificate last long enough? Pure. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "rhumb/probe.h"

/* When a certificate ends, and what time it is, by the wall clock: certificates know no other.
 */
struct cert_end {
    int64_t end_s; /* since 1970; 0: unreadable */
    int64_t now_s;
};

/* cert_end_judge - false, and the reason, when less than min_days are left; min_days 0: true. */
bool cert_end_judge(const struct cert_end *when, uint32_t min_days,
                    struct probe_result *out_result);
