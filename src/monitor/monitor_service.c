#include "monitor_service.h"

#include <stdlib.h>
#include <string.h>

#include "rhumb/log.h"
#include "rhumb/snapshot_guard.h"

#include "monitor_inherit.h"
#include "monitor_service_news.h"

/* ---- life ---- */

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
    if (!old || monitor_inherit(services, old))
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
        seat->suspect == now->suspect && seat->scale == now->scale &&
        seat->force == now->force && seat->passed == now->passed &&
        seat->dark_families == now->dark_families && seat->unforced_dark == now->unforced_dark)
        return;
    seat->state = now->state;
    seat->usable = now->usable;
    seat->suspect = now->suspect;
    seat->scale = now->scale;
    seat->force = now->force;
    seat->passed = now->passed;
    seat->dark_families = now->dark_families;
    seat->unforced_dark = now->unforced_dark;
    monitor_services_set_due(services, services->snapshot->seats[index].service);
}

void monitor_services_tick(struct monitor_services *services)
{
    for (size_t s = 0; s < services->snapshot->config->service_count; s++)
        if (health_guard_is_waiting(&services->list[s].guard))
            monitor_services_set_due(services, s);
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
        health_seat_take(&now, &inner->guard);
        monitor_services_set_seat(services, seat, &now);
        if (unsettled_changed)
            monitor_services_set_due(services, services->snapshot->seats[seat].service);
    }
}

static void review(struct monitor_services *services, size_t index, enum health_freeze freeze,
                   uint64_t now_ms)
{
    struct monitor_service *service = &services->list[index];
    struct health_guard *guard = &service->guard;
    struct service_before before = service_look(guard);
    bool was_unsettled = service->unsettled;
    health_guard_review(guard, freeze, now_ms);
    service->unsettled = is_unsettled(services, service);
    publish(services, index);
    pass_on(services, index, service->unsettled != was_unsettled);
    service_tell(services, index, &before, freeze, now_ms);
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
                  log_quote(service_region_name(service, guard->active), active),
                  log_quote(service_region_name(service, guard->standby), standby),
                  guard->failover_ms > 0 ? (long long)(now_ms - guard->failover_ms) / 1000
                                         : -1LL,
                  guard->usable_regions, guard->region_count, guard->frozen_count,
                  guard->unsettled ? "yes" : "no");
    }
    for (uint32_t i = 0; i < services->snapshot->seat_count; i++)
        report_seat(services, i);
}
