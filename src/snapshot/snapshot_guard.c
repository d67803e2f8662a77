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

/* families_of_service - that it has addresses of; a name may have both. Services do not contain
 * themselves: config_check() has refused that. */
static unsigned families_of_service(const struct config *config, uint16_t index)
{
    const struct config_service *service = &config->services[index];
    unsigned families = 0;
    for (size_t r = 0; r < service->region_count; r++) {
        const struct config_service_region *region = &service->regions[r];
        if (region->service != CONFIG_NONE)
            families |= families_of_service(config, region->service);
        if (region->name_count > 0)
            families |= HEALTH_V4 | HEALTH_V6;
        for (size_t i = 0; i < region->address_count; i++)
            families |= region->addresses[i].family == IP_V6 ? HEALTH_V6 : HEALTH_V4;
    }
    return families;
}

static unsigned families_of(const struct snapshot *snapshot, const struct snapshot_seat *seat)
{
    if (seat->nested != CONFIG_NONE)
        return families_of_service(snapshot->config, seat->nested);
    if (!seat->addr)
        return HEALTH_V4 | HEALTH_V6;
    return seat->addr->family == IP_V6 ? HEALTH_V6 : HEALTH_V4;
}

struct health_seat snapshot_guard_seat(const struct snapshot *snapshot, uint32_t index)
{
    const struct snapshot_seat *from = &snapshot->seats[index];
    bool unchecked = from->target == SNAPSHOT_NO_TARGET && from->nested == CONFIG_NONE;
    return (struct health_seat){
        .region = from->region,
        .families = (uint8_t)families_of(snapshot, from),
        .unchecked = unchecked,
        .state = unchecked || from->nested != CONFIG_NONE ? HEALTH_UP : HEALTH_UNKNOWN,
        .usable = true,
        .scale = HEALTH_SCALE_FULL,
    };
}
