#include "rhumb/snapshot_guard.h"

#include <math.h>

enum { PERMILLE = 1000 };

struct health_rules snapshot_guard_rules(const struct config_service *service)
{
    static const enum health_failback FAILBACK[] = {
        [CONFIG_FAILBACK_AUTO] = HEALTH_FAILBACK_AUTO,
        [CONFIG_FAILBACK_AFTER] = HEALTH_FAILBACK_AFTER,
        [CONFIG_FAILBACK_MANUAL] = HEALTH_FAILBACK_MANUAL,
    };

    return (struct health_rules){
        .min_up_permille = (uint16_t)lround(service->min_up * PERMILLE),
        .min_usable = (uint16_t)service->protect.min_usable,
        .max_down_permille = (uint32_t)lround(service->protect.max_down_per_minute * PERMILLE),
        .failback = FAILBACK[service->failback],
        .failback_after_ms = service->failback_after_ms,
        .settle_ms = service->ttl.settle_ms,
    };
}

static uint8_t family_of(const struct snapshot_seat *seat)
{
    if (!seat->addr)
        return 2;
    return seat->addr->family == IP_V6;
}

struct health_seat snapshot_guard_seat(const struct snapshot *snapshot, uint32_t index)
{
    const struct snapshot_seat *from = &snapshot->seats[index];
    bool unchecked = from->target == SNAPSHOT_NO_TARGET && from->nested == CONFIG_NONE;
    return (struct health_seat){
        .region = from->region,
        .family = family_of(from),
        .unchecked = unchecked,
        .state = unchecked || from->nested != CONFIG_NONE ? HEALTH_UP : HEALTH_UNKNOWN,
        .usable = true,
        .scale = HEALTH_SCALE_FULL,
    };
}
