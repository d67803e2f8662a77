#include "monitor_overrides.h"

#include <stdio.h>
#include <string.h>

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
                       enum health_force from, enum health_force to, const char *reason)
{
    const struct snapshot_seat *seat = &services->snapshot->seats[index];
    const struct config_service *service = &services->snapshot->config->services[seat->service];
    char address[IP_TEXT_MAX];
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
                    .reason = reason,
                });
}

static void tell_entry(const struct monitor_services *services, uint32_t index,
                       enum health_force from, const struct override *entry)
{
    char reason[REASON_MAX];
    if (entry)
        (void)snprintf(reason, sizeof(reason), "%s (%s)", entry->reason, entry->by);
    tell_force(services, index, from, force_of(entry), entry ? reason : NULL);
}

void monitor_overrides_tell_gone(const struct monitor_services *services, uint32_t seat,
                                 const char *reason, size_t told)
{
    if (told < TOLD_MAX)
        tell_force(services, seat, services->seats[seat].force, HEALTH_FORCE_NONE, reason);
}

void monitor_overrides_tell_more(const struct monitor_services *services, size_t count,
                                 bool clears)
{
    char reason[REASON_MAX];
    if (count <= TOLD_MAX)
        return;
    (void)snprintf(reason, sizeof(reason), "and %zu more endpoint%s", count - TOLD_MAX,
                   count - TOLD_MAX == 1 ? "" : "s");
    herald_tell(&services->herald, &(struct event){.kind = "override",
                                                   .severity = CONFIG_WARNING,
                                                   .clears = clears,
                                                   .reason = reason});
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

static uint8_t region_of(const struct config_service *service, const char *name)
{
    for (size_t r = 0; r < service->region_count; r++)
        if (strcmp(service->regions[r].name, name) == 0)
            return (uint8_t)r;
    return HEALTH_NO_REGION;
}

static const char *name_of(const struct config_service *service, uint8_t region)
{
    return region == HEALTH_NO_REGION ? "free" : service->regions[region].name;
}

/* choose_regions - the active region of a service, where the operator names one. */
static void choose_regions(struct monitor_services *services, const struct overrides *overrides)
{
    const struct config *config = services->snapshot->config;
    for (size_t s = 0; s < config->service_count; s++) {
        const struct config_service *service = &config->services[s];
        struct health_guard *guard = &services->list[s].guard;
        const struct override *entry = overrides_active(overrides, service->name);
        uint8_t chosen = entry ? region_of(service, entry->region) : HEALTH_NO_REGION;
        char reason[REASON_MAX];
        if (chosen == guard->chosen)
            continue;
        if (entry)
            (void)snprintf(reason, sizeof(reason), "%s (%s)", entry->reason, entry->by);
        herald_tell(&services->herald, &(struct event){.kind = "override_active",
                                                       .severity = CONFIG_WARNING,
                                                       .clears = chosen == HEALTH_NO_REGION,
                                                       .service = service->name,
                                                       .from = name_of(service, guard->chosen),
                                                       .to = name_of(service, chosen),
                                                       .reason = entry ? reason : NULL});
        guard->chosen = chosen;
        monitor_services_set_due(services, s);
    }
}

void monitor_overrides_apply(struct monitor_services *services,
                             const struct overrides *overrides,
                             const struct monitor_moment *now)
{
    const struct snapshot *snapshot = services->snapshot;
    size_t changed = 0;
    bool clears = true; /* so does everything that is not told for itself */
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
        if (changed++ < TOLD_MAX)
            tell_entry(services, i, before, entry);
        else
            clears = clears && wanted.force == HEALTH_FORCE_NONE;
    }
    monitor_overrides_tell_more(services, changed, clears);
    resume_regions(services, overrides, now);
    choose_regions(services, overrides);
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
