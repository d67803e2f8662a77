#include "health_monitor.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "rhumb/health_self.h"
#include "rhumb/probe.h"

#include "clock.h"
#include "health_machines.h"
#include "health_overrides.h"
#include "health_service.h"

enum {
    REVIEW_MS = 1000, /* how often time alone is let do its work */
    PERMILLE = 1000,
    REASON_MAX = 160,
    PARTS_MAX = 16,
};

struct health_monitor {
    uv_loop_t *loop;
    struct prober *prober;
    struct snapshot *snapshot; /* borrowed: the one that is or will be published */
    struct machine_set machines;
    struct health_services *services; /* NULL before the first snapshot */
    struct health_self self;
    struct health_memory memory;       /* of the last process, until the first retarget */
    const struct overrides *overrides; /* borrowed; NULL: nothing is forced */
    unsigned ignored;                  /* enum health_switches */
    bool frozen;                       /* by the operator */
    bool stopped;
    bool stale; /* told that probes bring nothing */
    uv_timer_t review_timer, settled_timer;
    uv_idle_t soon; /* active while a service is due: runs before the loop waits */
    size_t undecided;
    void (*on_settled)(void *ctx);
    void *on_settled_ctx;
    event_teller tell;
    void *tell_ctx;
    unsigned open_handles;
};

/* ---- services ---- */

static enum health_freeze freeze_of(const struct health_monitor *monitor)
{
    if (monitor->frozen)
        return HEALTH_FREEZE_ALL;
    return monitor->self.suspicious ? HEALTH_FREEZE_REMOVALS : HEALTH_FREEZE_NONE;
}

static void set_all_due(struct health_monitor *monitor)
{
    for (size_t s = 0; s < monitor->snapshot->config->service_count; s++)
        health_services_set_due(monitor->services, s);
}

/* suspect_self - is it us? Told when it begins and when it ends. */
static void suspect_self(struct health_monitor *monitor, uint64_t now_ms)
{
    const struct config_server *server = &monitor->snapshot->config->server;
    bool before = monitor->self.suspicious;
    bool now = health_self_review(&monitor->self,
                                  (uint32_t)lround(server->suspect_self * PERMILLE), now_ms);
    char reason[REASON_MAX];
    if (now == before)
        return;
    size_t regions, failing = health_self_failing(&monitor->self, &regions);
    (void)snprintf(reason, sizeof(reason), "%zu of %zu regions fail", failing, regions);
    monitor->tell(monitor->tell_ctx,
                  &(struct event){.kind = now ? "suspect_ourselves" : "trust_ourselves",
                                  .severity = CONFIG_CRITICAL,
                                  .clears = !now,
                                  .reason = reason,
                                  .remedy = now ? "look at this machine's network; nobody is "
                                                  "taken out of the answers meanwhile"
                                                : NULL});
    set_all_due(monitor);
}

static void review(struct health_monitor *monitor)
{
    uint64_t now_ms = clock_monotonic_ms();
    uv_idle_stop(&monitor->soon);
    suspect_self(monitor, now_ms);
    health_services_review(monitor->services, freeze_of(monitor), now_ms);
}

static void on_soon(uv_idle_t *idle)
{
    review(idle->data);
}

/* ---- machines ---- */

static bool is_decided(const struct machine *machine)
{
    return machine->fsm.state != HEALTH_UNKNOWN;
}

static bool is_usable(const struct machine *machine)
{
    return health_fsm_is_usable(&machine->fsm, &machine->thresholds);
}

/* is_suspect - usable, but its latest result was a failure; the TTL is short then. */
static bool is_suspect(const struct machine *machine)
{
    return is_usable(machine) && (machine->fsm.failures > 0 || machine->leans);
}

static uint8_t scale_of(const struct machine *machine, uint64_t now_ms)
{
    unsigned ramp = health_fsm_scale(&machine->fsm, &machine->thresholds, now_ms);
    unsigned scale = ramp * machine->scale / HEALTH_SCALE_FULL;
    return (uint8_t)(scale > 0 ? scale : 1);
}

/* show - put what a machine says on its seats. */
static void show(struct health_monitor *monitor, const struct machine *machine, uint64_t now_ms)
{
    const struct snapshot_target *target = &monitor->snapshot->targets[machine->target];
    for (size_t i = 0; i < target->seat_count; i++) {
        uint32_t seat = target->seats[i];
        struct health_seat now = {
            .state = machine->fsm.state,
            .usable = is_usable(machine),
            .suspect = is_suspect(machine),
            .scale = scale_of(machine, now_ms),
            .force = monitor->services->seats[seat].force,
        };
        health_services_set_seat(monitor->services, seat, &now);
        health_table_set_rtt_us(&monitor->snapshot->health, seat, machine->fsm.rtt_us);
    }
    if (monitor->services->due_count > 0 && !uv_is_active((uv_handle_t *)&monitor->soon))
        uv_idle_start(&monitor->soon, on_soon);
}

static enum config_severity severity_of(const struct health_event *event, bool is_part)
{
    bool matters =
        event->to == HEALTH_DOWN || event->from == HEALTH_DOWN || event->from == HEALTH_HELD;
    return matters && !is_part ? CONFIG_WARNING : CONFIG_INFO;
}

static void tell_transition(const struct health_monitor *monitor, const struct machine *machine,
                            const struct health_event *event)
{
    const struct snapshot *snapshot = monitor->snapshot;
    const struct snapshot_target *target = &snapshot->targets[machine->target];
    const struct snapshot_seat *seat =
        target->seat_count > 0 ? &snapshot->seats[target->seats[0]] : NULL;
    const struct config_service *service =
        seat ? &snapshot->config->services[seat->service] : NULL;
    char address[IP_TEXT_MAX];
    monitor->tell(
        monitor->tell_ctx,
        &(struct event){
            .kind = "health",
            .severity = severity_of(event, !seat),
            .target = machine->question,
            .clears = event->to != HEALTH_DOWN,
            .service = service ? service->name : NULL,
            .region = seat ? service->regions[seat->region].name : NULL,
            .address = target->host ? target->host : ip_format(&target->addr, address),
            .check = snapshot->config->checks[target->check].name,
            .from = health_state_name(event->from),
            .to = health_state_name(event->to),
            .reason = machine->reason,
        });
}

/* count_failing - tell health_self when a target begins to fail and when it ends. */
static void count_failing(struct health_monitor *monitor, struct machine *machine,
                          uint64_t now_ms)
{
    bool failing = machine->fsm.failures > 0 || machine->fsm.state == HEALTH_DOWN;
    if (failing == (machine->failing_ms > 0))
        return;
    machine->failing_ms = failing ? now_ms : 0;
    if (machine->region == CONFIG_NONE)
        return;
    if (failing)
        health_self_began(&monitor->self, machine->region, now_ms);
    else
        health_self_ended(&monitor->self, machine->region);
}

static void settle(struct health_monitor *monitor)
{
    void (*on_settled)(void *ctx) = monitor->on_settled;
    if (!on_settled)
        return;
    monitor->on_settled = NULL;
    uv_timer_stop(&monitor->settled_timer);
    review(monitor); /* the first answers are to see what was learned in this turn */
    on_settled(monitor->on_settled_ctx);
}

static void on_settled_timeout(uv_timer_t *timer)
{
    settle(timer->data);
}

static void reconsider(struct health_monitor *monitor, struct machine *whole, uint64_t now_ms);

/* conclude - a machine has moved: show it, tell it, and let those it is part of think again. */
static void conclude(struct health_monitor *monitor, struct machine *machine, bool changed,
                     const struct health_event *event, uint64_t now_ms)
{
    count_failing(monitor, machine, now_ms);
    show(monitor, machine, now_ms);
    if (changed)
        tell_transition(monitor, machine, event);
    const uint32_t *starts = monitor->machines.whole_starts + machine->target;
    for (uint32_t i = starts[0]; i < starts[1]; i++)
        reconsider(monitor, monitor->machines.list[monitor->machines.wholes[i]], now_ms);
    if (changed && event->from == HEALTH_UNKNOWN)
        monitor->undecided--;
}

/* ---- machines made of others ---- */

/* How the parts of a whole stand. */
struct tally {
    size_t up, suspect, undecided;
    uint8_t scales[PARTS_MAX];   /* of those that are up, in no order */
    const struct machine *worst; /* one that is not up, for the reason */
};

static struct tally tally_parts(const struct health_monitor *monitor,
                                const struct machine *whole, uint64_t now_ms)
{
    const struct snapshot_target *target = &monitor->snapshot->targets[whole->target];
    struct tally tally = {0};
    for (size_t i = 0; i < target->part_count && i < PARTS_MAX; i++) {
        const struct machine *part = monitor->machines.list[target->parts[i]];
        tally.undecided += !is_decided(part);
        if (is_usable(part) && is_decided(part)) {
            tally.scales[tally.up++] = scale_of(part, now_ms);
            tally.suspect += is_suspect(part);
        } else if (is_decided(part)) {
            tally.worst = part;
        }
    }
    return tally;
}

static int compare_scales(const void *left, const void *right)
{
    return *(const uint8_t *)right - *(const uint8_t *)left;
}

/* judge - as a probe would: enough parts are up, too many are not, or it cannot be said yet. */
static void judge(const struct health_monitor *monitor, const struct machine *whole,
                  struct tally *tally, struct probe_result *result)
{
    const struct snapshot *snapshot = monitor->snapshot;
    const struct snapshot_target *target = &snapshot->targets[whole->target];
    size_t needed = snapshot->config->checks[target->check].parts_needed;
    *result = (struct probe_result){.outcome = HEALTH_OWN_FAULT, .scale = HEALTH_SCALE_FULL};
    (void)snprintf(result->reason, sizeof(result->reason),
                   "%zu of %zu checks are up, %zu needed", tally->up, target->part_count,
                   needed);
    if (tally->up >= needed) {
        result->outcome = HEALTH_SUCCESS;
        qsort(tally->scales, tally->up, sizeof(tally->scales[0]), compare_scales);
        result->scale = tally->scales[needed - 1];
    } else if (tally->up + tally->undecided < needed) {
        const struct snapshot_target *worst = &snapshot->targets[tally->worst->target];
        result->outcome = HEALTH_FAILURE;
        (void)snprintf(result->reason, sizeof(result->reason), "%.40s: %.80s",
                       snapshot->config->checks[worst->check].name, tally->worst->reason);
    }
}

static uint32_t rtt_of_parts(const struct health_monitor *monitor, const struct machine *whole)
{
    const struct snapshot_target *target = &monitor->snapshot->targets[whole->target];
    uint32_t worst_us = 0;
    for (size_t i = 0; i < target->part_count; i++) {
        uint32_t rtt_us = monitor->machines.list[target->parts[i]]->fsm.rtt_us;
        worst_us = rtt_us > worst_us ? rtt_us : worst_us;
    }
    return worst_us;
}

static void reconsider(struct health_monitor *monitor, struct machine *whole, uint64_t now_ms)
{
    const struct snapshot_target *target = &monitor->snapshot->targets[whole->target];
    size_t needed = monitor->snapshot->config->checks[target->check].parts_needed;
    struct tally tally = tally_parts(monitor, whole, now_ms);
    struct probe_result result;
    struct health_event event;
    judge(monitor, whole, &tally, &result);
    whole->leans = tally.up >= needed && tally.up - tally.suspect < needed;
    whole->scale = result.scale;
    whole->heard_ms = now_ms;
    memcpy(whole->reason, result.reason, sizeof(whole->reason));
    bool changed = health_fsm_step(&whole->fsm, result.outcome, rtt_of_parts(monitor, whole),
                                   &whole->thresholds, now_ms, &event);
    conclude(monitor, whole, changed, &event, now_ms);
}

/* ---- results ---- */

/* on_result - a probe has ended: step, show, tell; when is it due again? */
static uint32_t on_result(void *ctx, const struct probe_result *result)
{
    struct machine *machine = ctx;
    struct health_monitor *monitor = machine->owner;
    struct health_event event;
    uint64_t now_ms = clock_monotonic_ms();
    memcpy(machine->reason, result->reason, sizeof(machine->reason));
    if (result->outcome != HEALTH_OWN_FAULT)
        machine->heard_ms = now_ms;
    if (result->outcome == HEALTH_SUCCESS)
        machine->scale = result->scale;
    bool changed = health_fsm_step(&machine->fsm, result->outcome, result->rtt_us,
                                   &machine->thresholds, now_ms, &event);
    uint32_t next_ms = health_fsm_next_probe_ms(&machine->fsm, &machine->thresholds);
    conclude(monitor, machine, changed, &event, now_ms);
    if (changed && monitor->undecided == 0)
        settle(monitor); /* may close the monitor: neither it nor the machine is left then */
    return next_ms;
}

/* ---- time ---- */

/* is_stale - nothing true was heard of it for two rounds. Its state stays as it is. */
static bool is_stale(const struct machine *machine, const struct config_check *check,
                     uint64_t now_ms)
{
    uint64_t age_ms = now_ms > machine->heard_ms ? now_ms - machine->heard_ms : 0;
    return machine->probe && age_ms > 2 * (uint64_t)check->interval_ms + check->timeout_ms;
}

static void tell_stale(struct health_monitor *monitor, size_t count,
                       const struct machine *example)
{
    char reason[REASON_MAX + PROBE_REASON_MAX], address[IP_TEXT_MAX];
    bool stale = count > 0;
    if (stale == monitor->stale)
        return;
    monitor->stale = stale;
    if (stale)
        (void)snprintf(reason, sizeof(reason),
                       "no result from %zu of %zu targets, such as %s: %s", count,
                       monitor->machines.count,
                       ip_format(&monitor->snapshot->targets[example->target].addr, address),
                       example->reason);
    monitor->tell(monitor->tell_ctx,
                  &(struct event){.kind = stale ? "probes_stale" : "probes_work",
                                  .severity = CONFIG_CRITICAL,
                                  .clears = !stale,
                                  .reason = stale ? reason : NULL,
                                  .remedy = stale ? "their last known states stay" : NULL});
}

/* let_time_pass - for machines that wait for nothing else. */
static void let_time_pass(struct health_monitor *monitor, uint64_t now_ms)
{
    size_t stale = 0;
    const struct machine *example = NULL;
    for (size_t i = 0; i < monitor->machines.count; i++) {
        struct machine *machine = monitor->machines.list[i];
        const struct snapshot_target *target = &monitor->snapshot->targets[i];
        bool waits =
            machine->fsm.state == HEALTH_HELD || machine->fsm.state == HEALTH_RECOVERING;
        struct health_event event;
        if (is_stale(machine, &monitor->snapshot->config->checks[target->check], now_ms)) {
            stale++;
            example = machine;
        }
        if (waits && health_fsm_tick(&machine->fsm, &machine->thresholds, now_ms, &event))
            conclude(monitor, machine, true, &event, now_ms);
        else if (waits)
            show(monitor, machine, now_ms); /* the ramp */
    }
    tell_stale(monitor, stale, example);
}

/* ---- the operator ---- */

static struct health_moment this_moment(void)
{
    return (struct health_moment){.wall_ms = clock_wall_ms(),
                                  .steady_ms = clock_monotonic_ms()};
}

/* resume - machines that are held since before the operator said so go back now. */
static void resume(struct health_monitor *monitor, const struct health_moment *now)
{
    for (size_t i = 0; i < monitor->machines.count; i++) {
        struct machine *machine = monitor->machines.list[i];
        const struct snapshot_target *target = &monitor->snapshot->targets[i];
        struct health_event event;
        for (size_t s = 0; s < target->seat_count && machine->fsm.state == HEALTH_HELD; s++) {
            uint64_t resumed_ms = health_overrides_resume_ms(
                monitor->services, monitor->overrides, target->seats[s], now);
            if (resumed_ms > machine->fsm.since_ms &&
                health_fsm_resume(&machine->fsm, &machine->thresholds, now->steady_ms, &event))
                conclude(monitor, machine, true, &event, now->steady_ms);
        }
    }
}

static void apply_overrides(struct health_monitor *monitor)
{
    const struct health_moment now = this_moment();
    if (!monitor->overrides)
        return;
    health_overrides_apply(monitor->services, monitor->overrides, &now);
    resume(monitor, &now);
}

void health_monitor_set_overrides(struct health_monitor *monitor,
                                  const struct overrides *overrides)
{
    monitor->overrides = overrides;
}

void health_monitor_overrides_changed(struct health_monitor *monitor)
{
    if (!monitor->snapshot || monitor->stopped)
        return;
    apply_overrides(monitor);
    review(monitor);
}

void health_monitor_ignore(struct health_monitor *monitor, unsigned switches)
{
    monitor->ignored = switches;
    if (monitor->snapshot)
        health_table_set_switches(&monitor->snapshot->health, switches);
}

static void on_review(uv_timer_t *timer)
{
    struct health_monitor *monitor = timer->data;
    if (!monitor->snapshot)
        return;
    let_time_pass(monitor, clock_monotonic_ms());
    health_services_tick(monitor->services);
    review(monitor);
}

/* ---- a new snapshot ---- */

/* take_over - fresh is the snapshot now. */
static void take_over(struct health_monitor *monitor, struct snapshot *fresh,
                      struct health_self_region *regions, uint64_t now_ms)
{
    const struct config_server *server = &fresh->config->server;
    struct prober_limits limits = {server->probes_in_flight, server->probes_per_address};
    monitor->snapshot = fresh;
    monitor->undecided = 0;
    free(monitor->self.regions);
    monitor->self.regions = regions;
    monitor->self.region_count = fresh->config->region_count;
    for (size_t i = 0; i < monitor->machines.count; i++) {
        struct machine *machine = monitor->machines.list[i];
        monitor->undecided += !is_decided(machine);
        if (machine->region != CONFIG_NONE)
            health_self_count(&monitor->self, machine->region, machine->failing_ms);
        show(monitor, machine, now_ms);
    }
    health_table_set_switches(&fresh->health, monitor->ignored);
    prober_set_limits(monitor->prober, &limits);
    apply_overrides(monitor);
    review(monitor);
}

enum err health_monitor_retarget(struct health_monitor *monitor, struct snapshot *fresh)
{
    bool is_first = !monitor->snapshot;
    struct machine_memory *memories =
        is_first ? NULL : machine_set_remember(&monitor->machines);
    struct machine_plan plan = {
        .prober = monitor->prober,
        .on_result = on_result,
        .owner = monitor,
        .old = &monitor->machines,
        .memories = is_first ? monitor->memory.machines : memories,
        .memory_count = is_first   ? monitor->memory.machine_count
                        : memories ? monitor->machines.count
                                   : 0,
        .now_ms = clock_monotonic_ms(),
    };
    struct machine_set machines;
    struct health_services *services =
        health_services_new(fresh, monitor->services, monitor->tell, monitor->tell_ctx);
    struct health_self_region *regions =
        calloc(fresh->config->region_count + 1, sizeof(*regions));
    enum err err =
        services && regions ? machine_set_build(&plan, fresh, &machines) : ERR_NO_MEMORY;
    free(memories);
    if (err != ERR_OK) {
        health_services_free(services);
        free(regions);
        return err;
    }
    if (is_first)
        health_memory_apply(&monitor->memory, services);
    health_memory_deinit(&monitor->memory);
    machine_set_leave(&monitor->machines, &machines);
    health_services_free(monitor->services);
    monitor->machines = machines;
    monitor->services = services;
    take_over(monitor, fresh, regions, plan.now_ms);
    return ERR_OK;
}

void health_monitor_recall(struct health_monitor *monitor, struct health_memory *memory)
{
    monitor->memory = *memory;
    *memory = (struct health_memory){0};
}

void health_monitor_put_memory(const struct health_monitor *monitor, struct text *out)
{
    const struct health_moment now = this_moment();
    if (monitor->services)
        health_memory_put(&monitor->machines, monitor->services, &now, out);
}

void health_monitor_when_settled(struct health_monitor *monitor, uint64_t wait_ms,
                                 void (*on_settled)(void *ctx), void *ctx)
{
    monitor->on_settled = on_settled;
    monitor->on_settled_ctx = ctx;
    if (monitor->undecided == 0)
        settle(monitor);
    else
        uv_timer_start(&monitor->settled_timer, on_settled_timeout, wait_ms, 0);
}

void health_monitor_freeze(struct health_monitor *monitor, bool frozen)
{
    monitor->frozen = frozen;
    if (!monitor->snapshot)
        return;
    set_all_due(monitor);
    review(monitor);
}

/* ---- life ---- */

enum err health_monitor_new(uv_loop_t *loop, void (*tell)(void *ctx, const struct event *event),
                            void *tell_ctx, struct health_monitor **out_monitor)
{
    struct health_monitor *monitor = calloc(1, sizeof(*monitor));
    if (!monitor)
        return ERR_NO_MEMORY;
    monitor->loop = loop;
    monitor->tell = tell;
    monitor->tell_ctx = tell_ctx;
    struct prober_limits limits = {.max_in_flight = 1, .max_per_address = 1}; /* for now */
    enum err err = prober_new(loop, &limits, &monitor->prober);
    if (err != ERR_OK) {
        free(monitor);
        return err;
    }
    uv_timer_init(loop, &monitor->review_timer);
    uv_timer_init(loop, &monitor->settled_timer);
    uv_idle_init(loop, &monitor->soon);
    monitor->review_timer.data = monitor->settled_timer.data = monitor->soon.data = monitor;
    monitor->open_handles = 3;
    uv_timer_start(&monitor->review_timer, on_review, REVIEW_MS, REVIEW_MS);
    *out_monitor = monitor;
    return ERR_OK;
}

static void on_closed(uv_handle_t *handle)
{
    struct health_monitor *monitor = handle->data;
    if (--monitor->open_handles == 0)
        free(monitor);
}

void health_monitor_stop(struct health_monitor *monitor)
{
    monitor->stopped = true;
    monitor->overrides = NULL;
    prober_close(monitor->prober);
    for (size_t i = 0; i < monitor->machines.count; i++)
        monitor->machines.list[i]->probe = NULL;
    uv_timer_stop(&monitor->review_timer);
    uv_timer_stop(&monitor->settled_timer);
    uv_idle_stop(&monitor->soon);
}

void health_monitor_close(struct health_monitor *monitor)
{
    const struct machine_set none = {0};
    if (!monitor->stopped)
        health_monitor_stop(monitor);
    machine_set_leave(&monitor->machines, &none);
    health_memory_deinit(&monitor->memory);
    health_services_free(monitor->services);
    free(monitor->self.regions);
    uv_close((uv_handle_t *)&monitor->review_timer, on_closed);
    uv_close((uv_handle_t *)&monitor->settled_timer, on_closed);
    uv_close((uv_handle_t *)&monitor->soon, on_closed);
}
