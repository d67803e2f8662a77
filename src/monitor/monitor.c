#include "rhumb/monitor.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "rhumb/clock.h"
#include "rhumb/health_self.h"
#include "rhumb/log.h"
#include "rhumb/monitor_counts.h"
#include "rhumb/probe.h"

#include "monitor_gone.h"
#include "monitor_host.h"
#include "monitor_inside.h"
#include "monitor_machines.h"
#include "monitor_memory.h"
#include "monitor_news.h"
#include "monitor_overrides.h"
#include "monitor_parts.h"
#include "monitor_service.h"
#include "monitor_stale.h"
#include "monitor_strays.h"

enum {
    REVIEW_MS = 1000, /* how often time alone is let do its work */
    PERMILLE = 1000,
};

struct monitor {
    uv_loop_t *loop;
    struct prober *prober;
    struct resolver *resolver;
    struct monitor_host_means host_means;
    struct snapshot *snapshot; /* borrowed: the one that is or will be published */
    struct machine_set machines;
    struct monitor_services *services; /* NULL before the first snapshot */
    struct health_self self;
    struct monitor_memory memory;      /* of the last process, until the first retarget */
    const struct overrides *overrides; /* borrowed; NULL: nothing is forced */
    struct monitor_strays strays;
    struct monitor_counts *counts;
    unsigned ignored; /* enum health_switches */
    bool frozen;      /* by the operator */
    bool stopped;
    struct news_limit own_faults;
    struct monitor_stale stale;
    uv_timer_t review_timer, settled_timer;
    uv_idle_t soon; /* active while a service is due: runs before the loop waits */
    size_t undecided;
    void (*on_settled)(void *ctx);
    void *on_settled_ctx;
    struct herald herald;
    unsigned open_handles;
};

/* ---- services ---- */

static enum health_freeze freeze_of(const struct monitor *monitor)
{
    if (monitor->frozen)
        return HEALTH_FREEZE_ALL;
    return monitor->self.suspicious ? HEALTH_FREEZE_REMOVALS : HEALTH_FREEZE_NONE;
}

static void set_all_due(struct monitor *monitor)
{
    for (size_t s = 0; s < monitor->snapshot->config->service_count; s++)
        monitor_services_set_due(monitor->services, s);
}

/* suspect_self - is it us? Told when it begins and when it ends. */
static void suspect_self(struct monitor *monitor, uint64_t now_ms)
{
    const struct config_server *server = &monitor->snapshot->config->server;
    bool before = monitor->self.suspicious;
    bool now = health_self_review(&monitor->self,
                                  (uint32_t)lround(server->suspect_self * PERMILLE), now_ms);
    if (now == before)
        return;
    monitor_news_self(&monitor->herald, &monitor->self);
    set_all_due(monitor);
}

static void review(struct monitor *monitor)
{
    uint64_t now_ms = clock_monotonic_ms();
    uv_idle_stop(&monitor->soon);
    suspect_self(monitor, now_ms);
    monitor_services_review(monitor->services, freeze_of(monitor), now_ms);
}

static void on_soon(uv_idle_t *idle)
{
    review(idle->data);
}

/* ---- machines ---- */

/* show - put what a machine says on its seats. */
static void show(struct monitor *monitor, const struct machine *machine, uint64_t now_ms)
{
    const struct snapshot_target *target = &monitor->snapshot->targets[machine->target];
    for (size_t i = 0; i < target->seat_count; i++) {
        uint32_t seat = target->seats[i];
        struct health_seat now = {
            .state = machine->fsm.state,
            .usable = machine_is_usable(machine),
            .suspect = machine_is_suspect(machine),
            .scale = machine_scale(machine, now_ms),
            .force = monitor->services->seats[seat].force,
        };
        monitor_services_set_seat(monitor->services, seat, &now);
        health_table_set_rtt_us(&monitor->snapshot->health, seat, machine->fsm.rtt_us);
        health_table_set_proof_ms(&monitor->snapshot->health, seat, machine->proof_ms);
    }
    if (monitor->services->due_count > 0 && !uv_is_active((uv_handle_t *)&monitor->soon))
        uv_idle_start(&monitor->soon, on_soon);
}

/* count_failing - tell health_self when a target begins to fail and when it ends. */
static void count_failing(struct monitor *monitor, struct machine *machine, uint64_t now_ms)
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

static void settle(struct monitor *monitor)
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

static void take(struct monitor *monitor, struct machine *machine,
                 const struct probe_result *result, uint64_t now_ms);

/* conclude - a machine has moved: show it, tell it, and let those it is part of think again. */
static void conclude(struct monitor *monitor, struct machine *machine, bool changed,
                     const struct health_event *event, uint64_t now_ms)
{
    count_failing(monitor, machine, now_ms);
    show(monitor, machine, now_ms);
    if (changed)
        monitor_counts_move(monitor->counts, monitor->snapshot,
                            &monitor->snapshot->targets[machine->target], event->to);
    if (changed)
        monitor_news_transition(&monitor->herald, monitor->snapshot, machine, event, now_ms);
    const uint32_t *starts = monitor->machines.whole_starts + machine->target;
    for (uint32_t i = starts[0]; i < starts[1]; i++) {
        struct machine *whole = monitor->machines.list[monitor->machines.wholes[i]];
        struct probe_result result;
        monitor_parts_judge(&monitor->machines, monitor->snapshot, whole, now_ms, &result);
        take(monitor, whole, &result, now_ms);
    }
    if (changed && event->from == HEALTH_UNKNOWN)
        monitor->undecided--;
}

/* ---- results ---- */

/* proof_now - by the clock that workers have from their loops; 0 would say "never". */
static uint32_t proof_now(void)
{
    uint32_t now_ms = (uint32_t)(uv_hrtime() / 1000000);
    return now_ms > 0 ? now_ms : 1;
}

/* take - a result, of a probe or of others together: step, show, tell. */
static void take(struct monitor *monitor, struct machine *machine,
                 const struct probe_result *result, uint64_t now_ms)
{
    struct health_event event;
    memcpy(machine->reason, result->reason, sizeof(machine->reason));
    if (result->outcome != HEALTH_OWN_FAULT)
        machine->heard_ms = now_ms;
    if ((machine->probe || machine->host) &&
        machine->own_fault != (result->outcome == HEALTH_OWN_FAULT)) {
        machine->own_fault = !machine->own_fault;
        monitor_news_own_fault(&monitor->herald, monitor->snapshot, machine,
                               &monitor->own_faults, now_ms);
    }
    if (result->outcome == HEALTH_SUCCESS) {
        machine->scale = result->scale;
        machine->proof_ms = proof_now();
    }
    bool changed = health_fsm_step(&machine->fsm, result->outcome, result->rtt_us,
                                   &machine->thresholds, now_ms, &event);
    conclude(monitor, machine, changed, &event, now_ms);
}

static void count_probe(void *ctx, const struct machine *machine,
                        const struct probe_result *result)
{
    const struct monitor *monitor = ctx;
    monitor_counts_probe(monitor->counts, monitor->snapshot->targets[machine->target].check,
                         result);
}

/* on_result - a probe has ended; when is it due again? */
static uint32_t on_result(void *ctx, const struct probe_result *result)
{
    struct machine *machine = ctx;
    struct monitor *monitor = machine->owner;
    uint64_t now_ms = clock_monotonic_ms();
    count_probe(monitor, machine, result);
    take(monitor, machine, result, now_ms);
    uint32_t next_ms = machine_next_probe_ms(machine, now_ms);
    if (monitor->undecided == 0)
        settle(monitor); /* may close the monitor: neither it nor the machine is left then */
    return next_ms;
}

/* ---- endpoints that are names ---- */

static const struct config_check *check_of(void *ctx, const struct machine *machine)
{
    const struct monitor *monitor = ctx;
    const struct snapshot *snapshot = monitor->snapshot;
    return &snapshot->config->checks[snapshot->targets[machine->target].check];
}

static void on_verdict(void *ctx, struct machine *whole, const struct probe_result *result)
{
    struct monitor *monitor = ctx;
    take(monitor, whole, result, clock_monotonic_ms());
    if (monitor->undecided == 0)
        settle(monitor);
}

static void on_trouble(void *ctx, const char *host, const char *reason)
{
    const struct monitor *monitor = ctx;
    monitor_news_name(&monitor->herald, host, reason);
}

/* ---- time ---- */

/* let_time_pass - for machines that wait for nothing else. */
static void let_time_pass(struct monitor *monitor, uint64_t now_ms)
{
    for (size_t i = 0; i < monitor->machines.count; i++) {
        struct machine *machine = monitor->machines.list[i];
        bool waits =
            machine->fsm.state == HEALTH_HELD || machine->fsm.state == HEALTH_RECOVERING;
        struct health_event event;
        if (waits && health_fsm_tick(&machine->fsm, &machine->thresholds, now_ms, &event))
            conclude(monitor, machine, true, &event, now_ms);
        else if (waits)
            show(monitor, machine, now_ms); /* the ramp */
    }
    monitor_stale_review(&monitor->stale, &monitor->herald, monitor->snapshot,
                         &monitor->machines, now_ms);
}

/* ---- the operator ---- */

static struct monitor_moment this_moment(void)
{
    return (struct monitor_moment){.wall_ms = clock_wall_ms(),
                                   .steady_ms = clock_monotonic_ms()};
}

/* resume - machines that are held since before the operator said so go back now. */
static void resume(struct monitor *monitor, const struct monitor_moment *now)
{
    for (size_t i = 0; i < monitor->machines.count; i++) {
        struct machine *machine = monitor->machines.list[i];
        const struct snapshot_target *target = &monitor->snapshot->targets[i];
        struct health_event event;
        for (size_t s = 0; s < target->seat_count && machine->fsm.state == HEALTH_HELD; s++) {
            uint64_t resumed_ms = monitor_overrides_resume_ms(
                monitor->services, monitor->overrides, target->seats[s], now);
            if (resumed_ms > machine->fsm.since_ms &&
                health_fsm_resume(&machine->fsm, &machine->thresholds, now->steady_ms, &event))
                conclude(monitor, machine, true, &event, now->steady_ms);
        }
    }
}

static void apply_overrides(struct monitor *monitor, bool is_reload)
{
    const struct monitor_moment now = this_moment();
    if (!monitor->overrides)
        return;
    monitor_overrides_apply(monitor->services, monitor->overrides, &now);
    resume(monitor, &now);
    monitor_strays_tell(&monitor->strays, monitor->snapshot, monitor->overrides, is_reload);
}

void monitor_set_overrides(struct monitor *monitor, const struct overrides *overrides)
{
    monitor->overrides = overrides;
}

void monitor_overrides_changed(struct monitor *monitor)
{
    if (!monitor->snapshot || monitor->stopped)
        return;
    apply_overrides(monitor, false);
    review(monitor);
}

void monitor_ignore(struct monitor *monitor, unsigned switches)
{
    monitor->ignored = switches;
    if (monitor->snapshot)
        health_table_set_switches(&monitor->snapshot->health, switches);
}

static void on_review(uv_timer_t *timer)
{
    struct monitor *monitor = timer->data;
    if (!monitor->snapshot)
        return;
    let_time_pass(monitor, clock_monotonic_ms());
    monitor_services_tick(monitor->services);
    review(monitor);
}

/* ---- a new snapshot ---- */

/* take_over - fresh is the snapshot now. */
static void take_over(struct monitor *monitor, struct snapshot *fresh,
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
        monitor->undecided += !machine_is_decided(machine);
        if (machine->region != CONFIG_NONE)
            health_self_count(&monitor->self, machine->region, machine->failing_ms);
        show(monitor, machine, now_ms);
    }
    health_table_set_switches(&fresh->health, monitor->ignored);
    prober_set_limits(monitor->prober, &limits);
    prober_set_max_commands(monitor->prober, server->probe_commands);
    apply_overrides(monitor, true);
    review(monitor);
}

/* recall - what the last process knew of services and of itself. */
static void recall(struct monitor *monitor, struct monitor_services *services, uint64_t now_ms)
{
    monitor_memory_apply(&monitor->memory, services, now_ms);
    monitor->self.suspicious = monitor->memory.suspicious_ms > 0;
    monitor->self.since_ms = monitor->memory.suspicious_ms;
}

enum err monitor_retarget(struct monitor *monitor, struct snapshot *fresh)
{
    bool is_first = !monitor->snapshot;
    struct machine_memory *memories =
        is_first ? NULL : machine_set_remember(&monitor->machines);
    struct machine_plan plan = {
        .prober = monitor->prober,
        .host_means = &monitor->host_means,
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
    struct monitor_services *services =
        monitor_services_new(fresh, monitor->services, &monitor->herald);
    struct health_self_region *regions =
        calloc(fresh->config->region_count + 1, sizeof(*regions));
    enum err err =
        services && regions ? machine_set_build(&plan, fresh, &machines) : ERR_NO_MEMORY;
    free(memories);
    if (err == ERR_OK && monitor_counts_set(monitor->counts, fresh->config) != ERR_OK) {
        machine_set_leave(&machines, &monitor->machines);
        err = ERR_NO_MEMORY;
    }
    if (err != ERR_OK) {
        monitor_services_free(services);
        free(regions);
        return err;
    }
    if (is_first)
        recall(monitor, services, plan.now_ms);
    else
        monitor_gone_tell(&(struct monitor_gone){.herald = &monitor->herald,
                                                 .old_machines = &monitor->machines,
                                                 .machines = &machines,
                                                 .old_services = monitor->services,
                                                 .services = services});
    monitor_memory_deinit(&monitor->memory);
    machine_set_leave(&monitor->machines, &machines);
    monitor_services_free(monitor->services);
    monitor->machines = machines;
    monitor->services = services;
    take_over(monitor, fresh, regions, plan.now_ms);
    return ERR_OK;
}

void monitor_recall(struct monitor *monitor, const char *text, size_t len)
{
    const struct monitor_moment now = this_moment();
    struct monitor_memory memory;
    if (monitor_memory_parse(text, len, &now, &memory)) {
        log_event(LOG_LEVEL_INFO, "state_recalled", "targets=%zu age_ms=%llu",
                  memory.machine_count, (unsigned long long)memory.age_ms);
        monitor->memory = memory;
    } else {
        log_event(LOG_LEVEL_WARNING, "state_ignored",
                  "age_ms=%llu reason=\"too old, or of another version\"",
                  (unsigned long long)memory.age_ms);
    }
}

void monitor_put_memory(const struct monitor *monitor, struct text *out)
{
    const struct monitor_moment now = this_moment();
    if (monitor->services)
        monitor_memory_put(&monitor->machines, monitor->services, &monitor->self, &now, out);
}

struct monitor_inside monitor_inside(const struct monitor *monitor)
{
    return (struct monitor_inside){
        .snapshot = monitor->snapshot,
        .machines = &monitor->machines,
        .services = monitor->services,
        .ignored = monitor->ignored,
        .frozen = monitor->frozen,
        .suspects_self = monitor->self.suspicious,
    };
}

const struct monitor_counts *monitor_counts(const struct monitor *monitor)
{
    return monitor->counts;
}

uint64_t monitor_silence_ms(const struct monitor *monitor)
{
    uint64_t now_ms = clock_monotonic_ms(), silence_ms = 0;
    for (size_t i = 0; i < monitor->machines.count; i++) {
        const struct machine *machine = monitor->machines.list[i];
        bool is_probed = machine->probe || machine->host;
        if (is_probed && now_ms > machine->heard_ms + silence_ms)
            silence_ms = now_ms - machine->heard_ms;
    }
    return silence_ms;
}

void monitor_report(const struct monitor *monitor)
{
    if (monitor->services)
        monitor_services_report(monitor->services, clock_monotonic_ms());
}

void monitor_when_settled(struct monitor *monitor, uint64_t wait_ms,
                          void (*on_settled)(void *ctx), void *ctx)
{
    monitor->on_settled = on_settled;
    monitor->on_settled_ctx = ctx;
    if (monitor->undecided == 0)
        settle(monitor);
    else
        uv_timer_start(&monitor->settled_timer, on_settled_timeout, wait_ms, 0);
}

void monitor_freeze(struct monitor *monitor, bool frozen)
{
    monitor->frozen = frozen;
    if (!monitor->snapshot)
        return;
    set_all_due(monitor);
    review(monitor);
}

/* ---- life ---- */

enum err monitor_new(uv_loop_t *loop, const struct herald *herald, struct monitor **out_monitor)
{
    struct monitor *monitor = calloc(1, sizeof(*monitor));
    if (!monitor)
        return ERR_NO_MEMORY;
    monitor->loop = loop;
    monitor->herald = *herald;
    monitor->counts = monitor_counts_new();
    if (!monitor->counts) {
        free(monitor);
        return ERR_NO_MEMORY;
    }
    struct prober_limits limits = {.max_in_flight = 1, .max_per_address = 1}; /* for now */
    enum err err = prober_new(loop, &limits, &monitor->prober);
    if (err != ERR_OK)
        goto err_after_monitor;
    err = resolver_new(loop, &RESOLVER_PACE, on_trouble, monitor, &monitor->resolver);
    if (err != ERR_OK)
        goto err_after_prober;
    monitor->host_means = (struct monitor_host_means){
        .prober = monitor->prober,
        .resolver = monitor->resolver,
        .ctx = monitor,
        .check_of = check_of,
        .on_probe = count_probe,
        .on_verdict = on_verdict,
    };
    uv_timer_init(loop, &monitor->review_timer);
    uv_timer_init(loop, &monitor->settled_timer);
    uv_idle_init(loop, &monitor->soon);
    monitor->review_timer.data = monitor->settled_timer.data = monitor->soon.data = monitor;
    monitor->open_handles = 3;
    uv_timer_start(&monitor->review_timer, on_review, REVIEW_MS, REVIEW_MS);
    *out_monitor = monitor;
    return ERR_OK;
err_after_prober:
    prober_close(monitor->prober);
err_after_monitor:
    monitor_counts_free(monitor->counts);
    free(monitor);
    return err;
}

static void on_closed(uv_handle_t *handle)
{
    struct monitor *monitor = handle->data;
    if (--monitor->open_handles == 0)
        free(monitor);
}

void monitor_stop(struct monitor *monitor)
{
    monitor->stopped = true;
    monitor->overrides = NULL;
    machine_set_forget_probes(&monitor->machines);
    resolver_close(monitor->resolver);
    prober_close(monitor->prober);
    uv_timer_stop(&monitor->review_timer);
    uv_timer_stop(&monitor->settled_timer);
    uv_idle_stop(&monitor->soon);
}

void monitor_close(struct monitor *monitor)
{
    const struct machine_set none = {0};
    if (!monitor->stopped)
        monitor_stop(monitor);
    machine_set_leave(&monitor->machines, &none);
    monitor_memory_deinit(&monitor->memory);
    monitor_services_free(monitor->services);
    monitor_strays_deinit(&monitor->strays);
    monitor_counts_free(monitor->counts);
    free(monitor->self.regions);
    uv_close((uv_handle_t *)&monitor->review_timer, on_closed);
    uv_close((uv_handle_t *)&monitor->settled_timer, on_closed);
    uv_close((uv_handle_t *)&monitor->soon, on_closed);
}
