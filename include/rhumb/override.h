/* override.h - one word of an operator about a target. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "rhumb/ip.h"

enum {
    OVERRIDES_MAX = 10000,
    OVERRIDE_NAME_BYTES = 255, /* service, region */
    OVERRIDE_BY_BYTES = 100,
    OVERRIDE_REASON_BYTES = 500,
    OVERRIDE_LIST_MAX_BYTES = 32 * 1024 * 1024,
};

enum override_state {
    OVERRIDE_UP,
    OVERRIDE_DOWN,
    OVERRIDE_DRAIN,
    OVERRIDE_RESUME, /* what is held since before since_ms goes back now */
    OVERRIDE_ACTIVE, /* of a region of a service: the others answer only when it cannot */
};

struct override {
    const char *service, *region; /* NULL: any */
    struct ip_addr address;       /* IP_NONE: any */
    enum override_state state;
    const char *by, *reason;
    uint64_t since_ms; /* since 1970 */
    uint64_t until_ms; /* 0: no end */
};

/* override_is_void - it has ended. */
bool override_is_void(const struct override *entry, uint64_t now_ms);

/* override_is_in_force - it has not ended; a resume counts from its `since` on, so that it counts
 * once; a force or an active region does at once, so that a clock that is set back ends none. */
bool override_is_in_force(const struct override *entry, uint64_t now_ms);

/* override_is_force - up, down or drain: said of endpoints. */
static inline bool override_is_force(const struct override *entry)
{
    return entry->state <= OVERRIDE_DRAIN;
}

const char *override_state_name(enum override_state state);
