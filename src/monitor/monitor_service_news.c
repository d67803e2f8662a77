#include "monitor_service_news.h"

#include <stdio.h>

enum { COUNT_TEXT_MAX = 160, FROZEN_AGAIN_MS = 60000 };

struct service_before service_look(const struct health_guard *guard)
{
    struct service_before before = {
        .reviewed = guard->reviewed,
        .dark = guard->dark,
        .dark_families = guard->dark_families,
        .active = guard->active,
    };
    for (uint8_t i = 0; i < guard->region_count; i++) {
        before.lost |= (uint64_t)guard->regions[i].lost << i;
        before.held |= (uint64_t)guard->regions[i].held << i;
    }
    return before;
}

const char *service_region_name(const struct config_service *config, uint8_t region)
{
    return region == HEALTH_NO_REGION ? "none" : config->regions[region].name;
}

/* ---- darkness ---- */

static const char *family_name(unsigned family)
{
    return family == HEALTH_V4 ? "IPv4" : "IPv6";
}

static void tell_dark(const struct monitor_services *services,
                      const struct config_service *config, const char *family,
                      const char *reason)
{
    herald_tell(&services->herald,
                &(struct event){.kind = "service_all_down",
                                .severity = CONFIG_CRITICAL,
                                .service = config->name,
                                .family = family,
                                .reason = reason,
                                .remedy = "when_all_down decides what is answered"});
}

static void tell_usable(const struct herald *herald, const char *service, const char *family,
                        const char *reason)
{
    herald_tell(herald, &(struct event){.kind = "service_usable",
                                        .severity = CONFIG_CRITICAL,
                                        .clears = true,
                                        .service = service,
                                        .family = family,
                                        .reason = reason});
}

void service_tell_usable(const struct herald *herald, const char *service, bool dark,
                         unsigned dark_families, const char *reason)
{
    if (dark)
        tell_usable(herald, service, NULL, reason);
    for (unsigned family = HEALTH_V4; family <= HEALTH_V6 && !dark; family <<= 1)
        if ((dark_families & family) != 0)
            tell_usable(herald, service, family_name(family), reason);
}

/* tell_families - those that have nothing left, while the other one has. */
static void tell_families(const struct monitor_services *services,
                          const struct config_service *config, const struct health_guard *guard,
                          unsigned dark_before)
{
    char reason[COUNT_TEXT_MAX];
    for (unsigned family = HEALTH_V4; family <= HEALTH_V6; family <<= 1) {
        size_t count = 0;
        if ((guard->dark_families & ~dark_before & family) == 0)
            continue;
        for (size_t i = 0; i < guard->seat_count; i++)
            count += (guard->seats[i].families & family) != 0;
        (void)snprintf(reason, sizeof(reason), "none of %zu %s endpoints is usable", count,
                       family_name(family));
        tell_dark(services, config, family_name(family), reason);
    }
    service_tell_usable(&services->herald, config->name, false,
                        dark_before & ~(unsigned)guard->dark_families, "usable again");
}

/* tell_darkness - one alarm for the whole service; or, while one family is left, for the other.
 * The end of the first ends the second as well, unless that is so still and is told anew. */
static void tell_darkness(const struct monitor_services *services,
                          const struct config_service *config, const struct health_guard *guard,
                          const struct service_before *before)
{
    char reason[COUNT_TEXT_MAX];
    if (!guard->dark && before->dark) {
        (void)snprintf(reason, sizeof(reason), "%u region%s usable again",
                       guard->usable_regions, guard->usable_regions == 1 ? "" : "s");
        tell_usable(&services->herald, config->name, NULL, reason);
    }
    if (guard->dark && !before->dark) {
        (void)snprintf(reason, sizeof(reason), "none of %zu endpoints is usable",
                       guard->seat_count);
        tell_dark(services, config, NULL, reason);
    }
    if (!guard->dark)
        tell_families(services, config, guard, before->dark ? 0 : before->dark_families);
}

/* ---- what is kept in ---- */

/* is_other - is what was told no more what is so? One more of many is not worth an alarm. */
static bool is_other(const struct frozen_told *told, size_t count, enum health_freeze cause)
{
    return told->cause != cause || 2 * count >= 3 * told->count || 2 * count <= told->count;
}

/* tell_frozen - at once when it begins and when it ends; in between when it has become another
 * thing, once a minute at most. */
static void tell_frozen(const struct monitor_services *services,
                        const struct config_service *config, struct monitor_service *service,
                        enum health_freeze freeze, uint64_t now_ms)
{
    static const char *const WHY[] = {
        [HEALTH_FREEZE_NONE] = "max_down_per_minute or min_usable is reached",
        [HEALTH_FREEZE_REMOVALS] = "most targets fail together: it may be us",
        [HEALTH_FREEZE_ALL] = "health is switched off",
    };

    char reason[COUNT_TEXT_MAX];
    struct frozen_told *told = &service->frozen;
    size_t count = service->guard.frozen_count;
    bool begins = told->count == 0, ends = count == 0;
    if (begins && ends)
        return;
    if (!begins && !ends &&
        (!is_other(told, count, freeze) || now_ms < told->at_ms + FROZEN_AGAIN_MS))
        return;
    *told = (struct frozen_told){.count = count, .cause = freeze, .at_ms = now_ms};
    (void)snprintf(reason, sizeof(reason), "%zu of %zu endpoints fail and stay: %s", count,
                   service->guard.seat_count, WHY[freeze]);
    herald_tell(
        &services->herald,
        &(struct event){.kind = ends ? "service_unfrozen" : "service_frozen",
                        .severity = CONFIG_CRITICAL,
                        .clears = ends,
                        .service = config->name,
                        .reason = ends ? NULL : reason,
                        .remedy = ends ? NULL : "an override takes an endpoint out at once"});
}

/* ---- regions ---- */

static void tell_failover(const struct monitor_services *services,
                          const struct config_service *config, const struct health_guard *guard,
                          const struct service_before *before)
{
    if (!guard->order || !before->reviewed || guard->active == before->active)
        return;
    herald_tell(&services->herald,
                &(struct event){.kind = "failover",
                                .severity = CONFIG_WARNING,
                                .service = config->name,
                                .from = service_region_name(config, before->active),
                                .to = service_region_name(config, guard->active)});
}

static void tell_region(const struct monitor_services *services,
                        const struct config_service *config, uint8_t region, const char *kind,
                        const char *remedy)
{
    herald_tell(&services->herald,
                &(struct event){.kind = kind,
                                .severity = CONFIG_INFO,
                                .service = config->name,
                                .region = service_region_name(config, region),
                                .remedy = remedy});
}

static void tell_regions(const struct monitor_services *services,
                         const struct config_service *config, const struct health_guard *guard,
                         const struct service_before *before)
{
    struct service_before now = service_look(guard);
    for (uint8_t i = 0; i < guard->region_count; i++) {
        uint64_t bit = UINT64_C(1) << i;
        if ((now.lost & ~before->lost & bit) != 0)
            tell_region(services, config, i, "region_lost", NULL);
        if ((now.held & ~before->held & bit) != 0)
            tell_region(services, config, i, "region_held",
                        config->failback == CONFIG_FAILBACK_MANUAL ? "an override: resume"
                                                                   : NULL);
        if ((before->lost & ~now.lost & bit) != 0)
            tell_region(services, config, i, "region_back", NULL);
    }
}

void service_tell(struct monitor_services *services, size_t index,
                  const struct service_before *before, enum health_freeze freeze,
                  uint64_t now_ms)
{
    struct monitor_service *service = &services->list[index];
    const struct config_service *config = &services->snapshot->config->services[index];
    tell_regions(services, config, &service->guard, before);
    tell_failover(services, config, &service->guard, before);
    tell_frozen(services, config, service, freeze, now_ms);
    tell_darkness(services, config, &service->guard, before);
}
