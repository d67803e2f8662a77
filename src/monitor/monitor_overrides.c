#include "monitor_overrides.h"

#include <stdio.h>

enum { TOLD_MAX = 20, REASON_MAX = OVERRIDE_REASON_BYTES + OVERRIDE_BY_BYTES + 8 };

static enum health_force force_of(const struct override *entry)
{
    if (!entry)
        return HEALTH_FORCE_NONE;
    switch (entry->state) {
    case OVERRIDE_UP: return HEALTH_FORCE_UP;
    case OVERRIDE_DOWN: return HEALTH_FORCE_DOWN;
    case OVERRIDE_DRAIN: return HEALTH_FORCE_DRAIN;
    case OVERRIDE_RESUME:
    case OVERRIDE_ACTIVE: break;
    }
    return HEALTH_FORCE_NONE;
}

static void tell_force(const struct monitor_services *services, uint32_t index,
                       enum health_force from, enum health_force to,
                       const struct override *entry)
{
    const struct snapshot_seat *seat = &services->snapshot->seats[index];
    const struct config_service *service = &services->snapshot->config->services[seat->service];
    char address[IP_TEXT_MAX], reason[REASON_MAX];
    if (entry)
        (void)snprintf(reason, sizeof(reason), "%s (%s)", entry->reason, entry->by);
    herald_tell(&services->herald,
                &(struct event){
                    .kind = "override",
                    .severity = CONFIG_WARNING,
                    .clears = to == HEALTH_FORCE_NONE,
                    .service = service->name,
                    .region = service->regions[seat->region].name,
                    .address = seat->addr ? ip_format(seat->addr, address) : seat->host,
                    .from = health_force_name(from),
                    .to = health_force_name(to),
                    .reason = entry ? reason : NULL,
                });
}

/* steady_of - that moment by the steady clock; 0: never, or before that clock began. */
static uint64_t steady_of(const struct monitor_moment *now, uint64_t wall_ms)
{
    uint64_t age_ms = now->wall_ms > wall_ms ? now->wall_ms - wall_ms : 0;
    if (wall_ms == 0 || age_ms >= now->steady_ms)
        return 0;
    return now->steady_ms - age_ms;
}

static void resume_regions(struct monitor_services *services, const struct overrides *overrides,
                           const struct monitor_moment *now)
{
    const struct config *config = services->snapshot->config;
    for (size_t s = 0; s < config->service_count; s++) {
        struct health_guard *guard = &services->list[s].guard;
        for (uint8_t r = 0; r < guard->region_count; r++) {
            uint64_t since_ms = overrides_resume_since(
                overrides, config->services[s].name, config->services[s].regions[r].name, NULL);
            uint64_t resumed_ms = steady_of(now, since_ms);
            if (resumed_ms == guard->regions[r].resumed_ms)
                continue;
            guard->regions[r].resumed_ms = resumed_ms;
            monitor_services_set_due(services, s);
        }
    }
}

void monitor_overrides_apply(struct monitor_services *services,
                             const struct overrides *overrides,
                             const struct monitor_moment *now)
{
    const struct snapshot *snapshot = services->snapshot;
    size_t told = 0;
    for (uint32_t i = 0; i < snapshot->seat_count; i++) {
        const struct snapshot_seat *seat = &snapshot->seats[i];
        const struct config_service *service = &snapshot->config->services[seat->service];
        const struct override *entry = overrides_find(
            overrides, service->name, service->regions[seat->region].name, seat->addr);
        struct health_seat wanted = services->seats[i];
        enum health_force before = wanted.force;
        wanted.force = force_of(entry);
        if (wanted.force == before)
            continue;
        monitor_services_set_seat(services, i, &wanted);
        if (told++ < TOLD_MAX)
            tell_force(services, i, before, wanted.force, entry);
    }
    resume_regions(services, overrides, now);
}

uint64_t monitor_overrides_resume_ms(const struct monitor_services *services,
                                     const struct overrides *overrides, uint32_t index,
                                     const struct monitor_moment *now)
{
    const struct snapshot_seat *seat = &services->snapshot->seats[index];
    const struct config_service *service = &services->snapshot->config->services[seat->service];
    return steady_of(now,
                     overrides_resume_since(overrides, service->name,
                                            service->regions[seat->region].name, seat->addr));
}
