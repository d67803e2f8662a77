#include "notify_pace.h"

struct notify_pace notify_pace_usual(void)
{
    return (struct notify_pace){
        .queue_bytes = 16 * 1024 * 1024,
        .retry_ms = 1000,
        .retry_max_ms = 60 * 1000,
        .give_up_ms = 10 * 60 * 1000,
        .grace_ms = 1000,
    };
}

uint32_t notify_retry_ms(const struct notify_pace *pace, unsigned failures, struct rng *rng)
{
    uint64_t pause_ms = pace->retry_ms;
    for (unsigned i = 1; i < failures && pause_ms < pace->retry_max_ms; i++)
        pause_ms *= 2;
    if (pause_ms > pace->retry_max_ms)
        pause_ms = pace->retry_max_ms;
    return (uint32_t)pause_ms - rng_below(rng, (uint32_t)pause_ms / 4 + 1);
}
