#include "monitor_service.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "rhumb/log.h"
#include "rhumb/snapshot_guard.h"

enum { COUNT_TEXT_MAX = 160 };

/* ---- life ---- */

static bool is_same_endpoint(const struct snapshot_seat *a, const struct snapshot_seat *b)
{
    if (a->addr && b->addr)
        return ip_equal(a->addr, b->addr);
    if (a->host && b->host)
        return strcmp(a->host, b->host) == 0;
    return a->nested != CONFIG_NONE && b->nested != CONFIG_NONE;
}

/* Two services of one name, before and after a reload. */
struct heirs {
    const struct monitor_services *old;
    struct monitor_services *fresh;
    const struct monitor_service *from;
    struct monitor_service *to;
    const struct config_service *from_config, *to_config;
};

static void inherit_seats(const struct heirs *heirs, uint8_t from, uint8_t to)
{
    const struct snapshot_seat *old_seats =
        heirs->old->snapshot->seats + heirs->from->first_seat;
    const struct snapshot_seat *seats = heirs->fresh->snapshot->seats + heirs->to->first_seat;
    for (size_t i = 0; i < heirs->to->guard.seat_count; i++) {
        struct health_seat *seat = &heirs->to->guard.seats[i];
        for (size_t k = 0; seat->region == to && k < heirs->from->guard.seat_count; k++) {
            const struct health_seat *old = &heirs->from->guard.seats[k];
            if (old->region != from || !is_same_endpoint(&old_seats[k], &seats[i]))
                continue;
            seat->known = old->known;
            seat->force = old->force;
            seat->in = old->in;
            seat->frozen = old->frozen;
            seat->changed_ms = old->changed_ms;
            seat->removed_ms = old->removed_ms;
            if (seats[i].nested != CONFIG_NONE) { /* no machine says it before the review */
                seat->state = old->state;
                seat->usable = old->usable;
            }
            break;
        }
    }
}

static void inherit(const struct heirs *heirs)
{
    struct health_guard *guard = &heirs->to->guard;
    const struct health_guard *old = &heirs->from->guard;
    guard->failover_ms = old->failover_ms;
    guard->reviewed = old->reviewed;
    guard->dark = old->dark;
    guard->frozen_count = old->frozen_count;
    for (uint8_t to = 0; to < guard->region_count; to++) {
        for (uint8_t from = 0; from < old->region_count; from++) {
            if (strcmp(heirs->from_config->regions[from].name,
                       heirs->to_config->regions[to].name) != 0)
                continue;
            guard->regions[to] = old->regions[from];
            if (old->active == from)
                guard->active = to;
            if (old->standby == from)
                guard->standby = to;
            inherit_seats(heirs, from, to);
        }
    }
}

static int compare_names(const void *left, const void *right)
{
    const struct config_service *a = *(const struct config_service *const *)left;
    const struct config_service *b = *(const struct config_service *const *)right;
    return strcmp(a->name, b->name);
}

/* inherit_all - by name, through a sorted list of the old services. False: out of memory. */
static bool inherit_all(struct monitor_services *fresh, const struct monitor_services *old)
{
    const struct config *was = old->snapshot->config, *is = fresh->snapshot->config;
    const struct config_service **sorted =
        calloc(was->service_count + 1, sizeof(struct config_service *));
    if (!sorted)
        return false;
    for (size_t i = 0; i < was->service_count; i++)
        sorted[i] = &was->services[i];
    qsort(sorted, was->service_count, sizeof(sorted[0]), compare_names);
    for (size_t i = 0; i < is->service_count; i++) {
        const struct config_service *wanted = &is->services[i];
        const struct config_service **found =
            bsearch(&wanted, sorted, was->service_count, sizeof(sorted[0]), compare_names);
        if (!found)
            continue;
        inherit(&(struct heirs){.old = old,
                                .fresh = fresh,
                                .from = &old->list[*found - was->services],
                                .to = &fresh->list[i],
                                .from_config = *found,
                                .to_config = wanted});
    }
    free(sorted);
    return true;
}

struct monitor_services *monitor_services_new(struct snapshot *snapshot,
                                              const struct monitor_services *old,
                                              const struct herald *herald)
{
    const struct config *config = snapshot->config;
    struct monitor_services *services = calloc(1, sizeof(*services));
    if (!services)
        return NULL;
    *services = (struct monitor_services){
        .snapshot = snapshot,
        .list = calloc(config->service_count + 1, sizeof(*services->list)),
        .seats = calloc(snapshot->seat_count + 1, sizeof(*services->seats)),
        .due = calloc(config->service_count + 1, sizeof(*services->due)),
        .nested = calloc(snapshot->seat_count + 1, sizeof(*services->nested)),
        .herald = *herald,
    };
    if (!services->list || !services->seats || !services->due || !services->nested)
        goto err_after_services;
    for (uint32_t i = 0; i < snapshot->seat_count; i++) {
        services->seats[i] = snapshot_guard_seat(snapshot, i);
        if (snapshot->seats[i].nested != CONFIG_NONE)
            services->nested[services->nested_count++] = i;
    }
    for (size_t s = 0; s < config->service_count; s++) {
        struct monitor_service *service = &services->list[s];
        const struct config_service *from = &config->services[s];
        const struct health_rules rules = snapshot_guard_rules(from);
        uint32_t first = snapshot->service_seats[s], end = snapshot->service_seats[s + 1];
        service->first_seat = first;
        health_guard_init(&service->guard, &rules, services->seats + first, end - first,
                          from->policy == CONFIG_POLICY_FAILOVER ? from->order : NULL,
                          (uint8_t)from->region_count);
        monitor_services_set_due(services, s);
    }
    if (!old || inherit_all(services, old))
        return services;
err_after_services:
    monitor_services_free(services);
    return NULL;
}

void monitor_services_free(struct monitor_services *services)
{
    if (!services)
        return;
    free(services->list);
    free(services->seats);
    free(services->due);
    free(services->nested);
    free(services);
}

/* ---- what changes ---- */

void monitor_services_set_due(struct monitor_services *services, size_t service)
{
    if (services->list[service].is_due)
        return;
    services->list[service].is_due = true;
    services->due[services->due_count++] = (uint32_t)service;
}

void monitor_services_set_seat(struct monitor_services *services, uint32_t index,
                               const struct health_seat *now)
{
    struct health_seat *seat = &services->seats[index];
    if (seat->state == now->state && seat->usable == now->usable &&
        seat->suspect == now->suspect && seat->scale == now->scale && seat->force == now->force)
        return;
    seat->state = now->state;
    seat->usable = now->usable;
    seat->suspect = now->suspect;
    seat->scale = now->scale;
    seat->force = now->force;
    monitor_services_set_due(services, services->snapshot->seats[index].service);
}

void monitor_services_tick(struct monitor_services *services)
{
    for (size_t s = 0; s < services->snapshot->config->service_count; s++)
        if (health_guard_is_waiting(&services->list[s].guard))
            monitor_services_set_due(services, s);
}

/* ---- telling ---- */

/* What was so before a review, to tell what is new after it. */
struct before {
    bool reviewed, dark;
    uint8_t active;
    size_t frozen_count;
    uint64_t lost, held; /* regions, one bit each */
};

static struct before look(const struct health_guard *guard)
{
    struct before before = {
        .reviewed = guard->reviewed,
        .dark = guard->dark,
        .active = guard->active,
        .frozen_count = guard->frozen_count,
    };
    for (uint8_t i = 0; i < guard->region_count; i++) {
        before.lost |= (uint64_t)guard->regions[i].lost << i;
        before.held |= (uint64_t)guard->regions[i].held << i;
    }
    return before;
}

static const char *region_name(const struct config_service *config, uint8_t region)
{
    return region == HEALTH_NO_REGION ? "none" : config->regions[region].name;
}

static void tell_darkness(const struct monitor_services *services,
                          const struct config_service *config, const struct health_guard *guard,
                          const struct before *before)
{
    char reason[COUNT_TEXT_MAX];
    if (guard->dark == before->dark)
        return;
    if (guard->dark)
        (void)snprintf(reason, sizeof(reason), "none of %zu endpoints is usable",
                       guard->seat_count);
    else
        (void)snprintf(reason, sizeof(reason), "%u region%s usable again",
                       guard->usable_regions, guard->usable_regions == 1 ? "" : "s");
    herald_tell(&services->herald,
                &(struct event){.kind = guard->dark ? "service_all_down" : "service_usable",
                                .severity = CONFIG_CRITICAL,
                                .clears = !guard->dark,
                                .service = config->name,
                                .reason = reason,
                                .remedy = guard->dark ? "when_all_down decides what is answered"
                                                      : NULL});
}

static void tell_frozen(const struct monitor_services *services,
                        const struct config_service *config, const struct health_guard *guard,
                        const struct before *before, enum health_freeze freeze)
{
    static const char *const WHY[] = {
        [HEALTH_FREEZE_NONE] = "max_down_per_minute or min_usable is reached",
        [HEALTH_FREEZE_REMOVALS] = "most targets fail together: it may be us",
        [HEALTH_FREEZE_ALL] = "health is switched off",
    };

    char reason[COUNT_TEXT_MAX];
    bool frozen = guard->frozen_count > 0;
    if (frozen == (before->frozen_count > 0))
        return;
    (void)snprintf(reason, sizeof(reason), "%zu of %zu endpoints fail and stay: %s",
                   guard->frozen_count, guard->seat_count, WHY[freeze]);
    herald_tell(
        &services->herald,
        &(struct event){.kind = frozen ? "service_frozen" : "service_unfrozen",
                        .severity = CONFIG_CRITICAL,
                        .clears = !frozen,
                        .service = config->name,
                        .reason = frozen ? reason : NULL,
                        .remedy = frozen ? "an override takes an endpoint out at once" : NULL});
}

static void tell_failover(const struct monitor_services *services,
                          const struct config_service *config, const struct health_guard *guard,
                          const struct before *before)
{
    if (!guard->order || !before->reviewed || guard->active == before->active)
        return;
    herald_tell(&services->herald, &(struct event){.kind = "failover",
                                                   .severity = CONFIG_WARNING,
                                                   .service = config->name,
                                                   .from = region_name(config, before->active),
                                                   .to = region_name(config, guard->active)});
}

static void tell_region(const struct monitor_services *services,
                        const struct config_service *config, uint8_t region, const char *kind,
                        const char *remedy)
{
    herald_tell(&services->herald, &(struct event){.kind = kind,
                                                   .severity = CONFIG_INFO,
                                                   .service = config->name,
                                                   .region = region_name(config, region),
                                                   .remedy = remedy});
}

static void tell_regions(const struct monitor_services *services,
                         const struct config_service *config, const struct health_guard *guard,
                         const struct before *before)
{
    struct before now = look(guard);
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

/* ---- reviewing ---- */

static bool is_unsettled(const struct monitor_services *services,
                         const struct monitor_service *service)
{
    bool unsettled = service->guard.unsettled;
    for (size_t i = 0; !unsettled && i < service->guard.seat_count; i++) {
        uint16_t inner = services->snapshot->seats[service->first_seat + i].nested;
        unsettled = inner != CONFIG_NONE && services->list[inner].unsettled;
    }
    return unsettled;
}

static void publish(struct monitor_services *services, size_t index)
{
    struct monitor_service *service = &services->list[index];
    struct health_table *table = &services->snapshot->health;
    for (size_t i = 0; i < service->guard.seat_count; i++) {
        size_t seat = service->first_seat + i;
        health_word word = service->guard.seats[i].word;
        if (health_table_get(table, seat) != word)
            health_table_set(table, seat, word);
    }
    health_table_set_service(table, index, service->unsettled ? HEALTH_SERVICE_UNSETTLED : 0);
}

/* pass_on - a service inside others is an endpoint of theirs. */
static void pass_on(struct monitor_services *services, size_t index, bool unsettled_changed)
{
    const struct monitor_service *inner = &services->list[index];
    for (size_t i = 0; i < services->nested_count; i++) {
        uint32_t seat = services->nested[i];
        if (services->snapshot->seats[seat].nested != index)
            continue;
        struct health_seat now = services->seats[seat];
        now.usable = !inner->guard.dark;
        now.state = inner->guard.dark ? HEALTH_DOWN : HEALTH_UP;
        monitor_services_set_seat(services, seat, &now);
        if (unsettled_changed)
            monitor_services_set_due(services, services->snapshot->seats[seat].service);
    }
}

static void review(struct monitor_services *services, size_t index, enum health_freeze freeze,
                   uint64_t now_ms)
{
    struct monitor_service *service = &services->list[index];
    const struct config_service *config = &services->snapshot->config->services[index];
    struct health_guard *guard = &service->guard;
    struct before before = look(guard);
    bool was_unsettled = service->unsettled;
    health_guard_review(guard, freeze, now_ms);
    service->unsettled = is_unsettled(services, service);
    publish(services, index);
    pass_on(services, index, service->unsettled != was_unsettled);
    tell_regions(services, config, guard, &before);
    tell_failover(services, config, guard, &before);
    tell_frozen(services, config, guard, &before, freeze);
    tell_darkness(services, config, guard, &before);
}

void monitor_services_review(struct monitor_services *services, enum health_freeze freeze,
                             uint64_t now_ms)
{
    while (services->due_count > 0) {
        uint32_t index = services->due[--services->due_count];
        services->list[index].is_due = false;
        review(services, index, freeze, now_ms);
    }
}

/* ---- a report ---- */

static void report_seat(const struct monitor_services *services, uint32_t index)
{
    const struct snapshot_seat *where = &services->snapshot->seats[index];
    const struct config_service *config = &services->snapshot->config->services[where->service];
    const struct health_seat *seat = &services->seats[index];
    char address[IP_TEXT_MAX], service[LOG_QUOTE_MAX], region[LOG_QUOTE_MAX];
    bool is_plain = seat->in && !seat->frozen && seat->force == HEALTH_FORCE_NONE &&
                    seat->state == HEALTH_UP && seat->scale == HEALTH_SCALE_FULL;
    if (is_plain || where->nested != CONFIG_NONE)
        return;
    log_event(
        LOG_LEVEL_INFO, "endpoint",
        "service=%s region=%s address=%s answered=%s state=%s forced=%s frozen=%s weight=%u",
        log_quote(config->name, service),
        log_quote(config->regions[where->region].name, region),
        where->addr ? ip_format(where->addr, address) : where->host, seat->in ? "yes" : "no",
        health_state_name(health_word_state(seat->word)), health_force_name(seat->force),
        seat->frozen ? "yes" : "no", seat->scale);
}

void monitor_services_report(const struct monitor_services *services, uint64_t now_ms)
{
    const struct config *config = services->snapshot->config;
    for (size_t s = 0; s < config->service_count; s++) {
        const struct health_guard *guard = &services->list[s].guard;
        const struct config_service *service = &config->services[s];
        char name[LOG_QUOTE_MAX], active[LOG_QUOTE_MAX], standby[LOG_QUOTE_MAX];
        log_event(LOG_LEVEL_INFO, "service",
                  "service=%s policy=%s active=%s standby=%s last_failover_s=%lld "
                  "usable_regions=%u of=%u frozen=%zu unsettled=%s",
                  log_quote(service->name, name), config_policy_name(service->policy),
                  log_quote(region_name(service, guard->active), active),
                  log_quote(region_name(service, guard->standby), standby),
                  guard->failover_ms > 0 ? (long long)(now_ms - guard->failover_ms) / 1000
                                         : -1LL,
                  guard->usable_regions, guard->region_count, guard->frozen_count,
                  guard->unsettled ? "yes" : "no");
    }
    for (uint32_t i = 0; i < services->snapshot->seat_count; i++)
        report_seat(services, i);
}
