#include "rhumb/monitor_view.h"

#include "rhumb/clock.h"

#include "monitor_inside.h"

/* wall_of - a moment of the steady clock as a time; 0 stays 0. */
static uint64_t wall_of(uint64_t steady_ms)
{
    uint64_t now_ms = clock_monotonic_ms();
    if (steady_ms == 0)
        return 0;
    return clock_wall_ms() - (now_ms > steady_ms ? now_ms - steady_ms : 0);
}

void monitor_view_get(const struct monitor *monitor, struct monitor_view *out_view)
{
    struct monitor_inside in = monitor_inside(monitor);
    *out_view = (struct monitor_view){
        .frozen = in.frozen,
        .suspects_self = in.suspects_self,
        .ignores_geo = (in.ignored & HEALTH_IGNORE_GEO) != 0,
        .ignores_ecs = (in.ignored & HEALTH_IGNORE_ECS) != 0,
        .target_count = in.machines->count,
    };
    for (size_t i = 0; i < in.machines->count; i++)
        out_view->target_down_count += in.machines->list[i]->fsm.state == HEALTH_DOWN;
}

const char *monitor_condition_name(enum monitor_condition condition)
{
    static const char *const NAMES[] = {"ok", "degraded", "frozen", "dark"};
    return NAMES[condition];
}

static enum monitor_condition condition_of(const struct health_guard *guard, size_t in_count)
{
    if (guard->dark)
        return MONITOR_DARK;
    if (guard->frozen_count > 0)
        return MONITOR_FROZEN;
    return in_count < guard->seat_count ? MONITOR_DEGRADED : MONITOR_OK;
}

static const char *region_name(const struct config_service *config, uint8_t region)
{
    return region == HEALTH_NO_REGION ? NULL : config->regions[region].name;
}

void monitor_service_get(const struct monitor *monitor, size_t service,
                         struct monitor_service_view *out_view)
{
    struct monitor_inside in = monitor_inside(monitor);
    const struct health_guard *guard = &in.services->list[service].guard;
    const struct config_service *config = &in.snapshot->config->services[service];
    size_t in_count = 0;
    for (size_t i = 0; i < guard->seat_count; i++)
        in_count += guard->seats[i].in;
    *out_view = (struct monitor_service_view){
        .config = config,
        .condition = condition_of(guard, in_count),
        .active = region_name(config, guard->active),
        .standby = region_name(config, guard->standby),
        .failover_ms = wall_of(guard->failover_ms),
        .usable_regions = guard->usable_regions,
        .endpoint_count = guard->seat_count,
        .endpoint_in_count = in_count,
        .frozen_count = guard->frozen_count,
        .dark_v4 = (guard->dark_families & HEALTH_V4) != 0,
        .dark_v6 = (guard->dark_families & HEALTH_V6) != 0,
        .unsettled = in.services->list[service].unsettled,
    };
}

void monitor_region_get(const struct monitor *monitor, size_t service, size_t region,
                        struct monitor_region_view *out_view)
{
    struct monitor_inside in = monitor_inside(monitor);
    const struct config_service *config = &in.snapshot->config->services[service];
    const struct health_region *state = &in.services->list[service].guard.regions[region];
    size_t first = in.snapshot->service_seats[service];
    for (size_t i = 0; i < region; i++)
        first += config_region_seat_count(&config->regions[i]);
    *out_view = (struct monitor_region_view){
        .config = &config->regions[region],
        .usable = state->usable,
        .lost = state->lost,
        .held = state->held,
        .lost_ms = wall_of(state->lost_ms),
        .first_endpoint = first,
        .endpoint_count = config_region_seat_count(&config->regions[region]),
    };
}

void monitor_endpoint_get(const struct monitor *monitor, size_t index,
                          struct monitor_endpoint_view *out_view)
{
    struct monitor_inside in = monitor_inside(monitor);
    const struct snapshot_seat *where = &in.snapshot->seats[index];
    const struct health_seat *seat = &in.services->seats[index];
    enum health_force force = health_seat_force(seat);
    const struct machine *machine =
        where->target == SNAPSHOT_NO_TARGET ? NULL : in.machines->list[where->target];
    *out_view = (struct monitor_endpoint_view){
        .address = where->addr,
        .name = where->host,
        .nested = where->nested == CONFIG_NONE
                      ? NULL
                      : in.snapshot->config->services[where->nested].name,
        .state =
            seat->unchecked ? "unchecked" : health_state_name(health_word_state(seat->word)),
        .forced = force == HEALTH_FORCE_NONE ? NULL : health_force_name(force),
        .in = seat->in,
        .frozen = seat->frozen,
        .weight_percent = seat->scale,
        .since_ms = wall_of(machine ? machine->fsm.since_ms : 0),
        .reason = machine ? machine->reason : "",
        .rtt_us = machine ? machine->fsm.rtt_us : 0,
        .target = machine ? where->target : SIZE_MAX,
    };
}

void monitor_target_get(const struct monitor *monitor, size_t target,
                        struct monitor_target_view *out_view)
{
    struct monitor_inside in = monitor_inside(monitor);
    const struct snapshot_target *from = &in.snapshot->targets[target];
    const struct machine *machine = in.machines->list[target];
    *out_view = (struct monitor_target_view){
        .id = monitor_history_key(in.snapshot, from),
        .address = from->host ? NULL : &from->addr,
        .name = from->host,
        .check = &in.snapshot->config->checks[from->check],
        .state = health_state_name(machine->fsm.state),
        .since_ms = wall_of(machine->fsm.since_ms),
        .heard_ms = wall_of(machine->heard_ms),
        .rtt_us = machine->fsm.rtt_us,
        .failures = machine->fsm.failures,
        .successes = machine->fsm.successes,
        .penalty = health_penalty_now(&machine->fsm.penalty, clock_monotonic_ms()),
        .reason = machine->reason,
        .seats = from->seats,
        .seat_count = from->seat_count,
    };
}
