/* notify_pace.h - how patiently receivers are told. Tests are in more of a hurry. */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "rhumb/rng.h"

struct notify_pace {
    size_t queue_bytes;    /* what waits for one receiver takes at most */
    uint32_t retry_ms;     /* after the first failure; doubled with each that follows ... */
    uint32_t retry_max_ms; /* ... up to this */
    uint32_t give_up_ms;   /* an event so old is not tried again */
    uint32_t grace_ms;     /* what notify_close() leaves to those that are not done */
};

/* notify_pace_usual - 16 MiB; 1 s, 2 s, 4 s ... 60 s for ten minutes; 1 s of grace. */
struct notify_pace notify_pace_usual(void);

/* notify_retry_ms - the pause after so many failures in a row (at least 1). Chance takes up to a
 * quarter off: servers that failed together do not come back together. */
uint32_t notify_retry_ms(const struct notify_pace *pace, unsigned failures, struct rng *rng);
