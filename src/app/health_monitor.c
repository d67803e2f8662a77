#include "health_monitor.h"

#include <stdlib.h>
#include <string.h>

#include "rhumb/log.h"
#include "rhumb/probe.h"

#include "clock.h"

enum {
    REVIEW_MS = 1000,              /* how often services are looked at for "settled again" */
    FIRST_ROUND_MS_PER_TARGET = 2, /* the first round takes 2 ms a target ... */
    FIRST_ROUND_MIN_MS = 50,       /* ... but at least this, */
};                                 /* and at most the check's interval */

struct machine {
    uint64_t question, key; /* as in struct snapshot_target */
    struct health_machine fsm;
    struct health_thresholds thresholds;
    struct probe *probe;
    struct health_monitor *monitor;
    uint32_t target; /* index into snapshot->targets */
    bool own_fault;  /* the latest probe failed by a fault of ours: its state is stale */
    char reason[PROBE_REASON_MAX];
};

struct health_monitor {
    uv_loop_t *loop;
    struct prober *prober;
    struct snapshot *snapshot; /* borrowed: the one that is or will be published */
    struct machine **machines; /* by ascending key, like snapshot->targets */
    size_t machine_count;
    bool *service_dark; /* per service: nothing usable, already told */
    uv_timer_t review_timer, settled_timer;
    size_t undecided;
    void (*on_settled)(void *ctx);
    void *on_settled_ctx;
    unsigned open_handles;
};

static struct health_thresholds thresholds_of(const struct config_check *check)
{
    return (struct health_thresholds){
        .fall = check->fall,
        .rise = check->rise,
        .interval_ms = check->interval_ms,
        .confirm_ms = check->confirm_ms,
        .min_down_ms = check->min_down_ms,
        .assume_up = check->assume_up,
    };
}

/* ---- services ---- */

/* Per service while it is reviewed. With fold_nested() a nested service's count as the outer
 * one's. */
struct tally {
    unsigned targets, usable; /* usable counts what is never probed too */
    bool unsettled, is_folded;
};

static void tally_machine(const struct health_monitor *monitor, const struct machine *machine,
                          uint64_t now_ms, struct tally *tallies)
{
    const struct snapshot_target *target = &monitor->snapshot->targets[machine->target];
    uint64_t changed_ms = machine->fsm.changed_ms;
    uint64_t age_ms = now_ms > changed_ms ? now_ms - changed_ms : 0;
    for (size_t i = 0; i < target->service_count; i++) {
        uint16_t service = target->services[i];
        const struct config_service *config = &monitor->snapshot->config->services[service];
        struct tally *tally = &tallies[service];
        tally->targets++;
        tally->usable += health_fsm_is_usable(&machine->fsm, &machine->thresholds);
        tally->unsettled |= machine->fsm.state == HEALTH_DOWN ||
                            (changed_ms > 0 && age_ms < config->ttl.settle_ms);
    }
}

/* fold_nested - add what the service's regions have beside its own targets: nested services,
 * and aliases, which nobody probes. config_check() has refused loops. */
static void fold_nested(const struct config *config, size_t service, struct tally *tallies)
{
    const struct config_service *outer = &config->services[service];
    struct tally *tally = &tallies[service];
    if (tally->is_folded)
        return;
    tally->is_folded = true;
    for (size_t r = 0; r < outer->region_count; r++) {
        const struct config_service_region *region = &outer->regions[r];
        tally->usable += region->name_count > 0;
        if (region->service == CONFIG_NONE)
            continue;
        fold_nested(config, region->service, tallies);
        const struct tally *inner = &tallies[region->service];
        tally->targets += inner->targets;
        tally->usable += inner->targets > 0 ? inner->usable : 1;
        tally->unsettled |= inner->unsettled;
    }
}

static void tell_darkness(struct health_monitor *monitor, size_t service,
                          const struct tally *tally)
{
    bool dark = tally->targets > 0 && tally->usable == 0;
    if (dark == monitor->service_dark[service])
        return;
    monitor->service_dark[service] = dark;
    char quoted[LOG_QUOTE_MAX];
    const char *name = log_quote(monitor->snapshot->config->services[service].name, quoted);
    if (dark)
        log_event(LOG_LEVEL_ERROR, "service_all_down",
                  "service=%s severity=critical endpoints=%u remedy=when_all_down", name,
                  tally->targets);
    else
        log_event(LOG_LEVEL_INFO, "service_usable", "service=%s usable=%u", name,
                  tally->usable);
}

/* review_services - publish each service's word: is an endpoint of it down, or was lately? */
static void review_services(struct health_monitor *monitor)
{
    if (!monitor->snapshot)
        return;
    size_t count = monitor->snapshot->config->service_count;
    struct tally *tallies = calloc(count + 1, sizeof(*tallies));
    if (!tallies)
        return; /* the words stay as they are; the next review comes in a second */
    uint64_t now_ms = clock_monotonic_ms();
    for (size_t i = 0; i < monitor->machine_count; i++)
        tally_machine(monitor, monitor->machines[i], now_ms, tallies);
    for (size_t s = 0; s < count; s++) {
        fold_nested(monitor->snapshot->config, s, tallies);
        health_table_set_service(&monitor->snapshot->health, s,
                                 tallies[s].unsettled ? HEALTH_SERVICE_UNSETTLED : 0);
        tell_darkness(monitor, s, &tallies[s]);
    }
    free(tallies);
}

static void on_review(uv_timer_t *timer)
{
    review_services(timer->data);
}

/* ---- results ---- */

static bool is_decided(const struct machine *machine)
{
    return machine->fsm.state != HEALTH_UNKNOWN;
}

static void settle(struct health_monitor *monitor)
{
    void (*on_settled)(void *ctx) = monitor->on_settled;
    if (!on_settled)
        return;
    monitor->on_settled = NULL;
    uv_timer_stop(&monitor->settled_timer);
    on_settled(monitor->on_settled_ctx);
}

static void on_settled_timeout(uv_timer_t *timer)
{
    settle(timer->data);
}

static void publish_word(struct health_monitor *monitor, const struct machine *machine)
{
    struct health_table *table = &monitor->snapshot->health;
    health_table_set(table, machine->target,
                     health_word_of(&machine->fsm, &machine->thresholds));
    health_table_set_rtt_us(table, machine->target, machine->fsm.rtt_us);
}

static void tell_transition(const struct health_monitor *monitor, const struct machine *machine,
                            const struct health_event *event)
{
    const struct snapshot_target *target = &monitor->snapshot->targets[machine->target];
    const struct config *config = monitor->snapshot->config;
    char address[IP_TEXT_MAX], reason[LOG_QUOTE_MAX], check[LOG_QUOTE_MAX],
        service[LOG_QUOTE_MAX];
    bool bad = event->to == HEALTH_DOWN || event->to == HEALTH_SUSPECT;
    log_event(bad ? LOG_LEVEL_WARNING : LOG_LEVEL_INFO, "health",
              "address=%s check=%s service=%s from=%s to=%s reason=%s",
              ip_format(&target->addr, address),
              log_quote(config->checks[target->check].name, check),
              log_quote(config->services[target->services[0]].name, service),
              health_state_name(event->from), health_state_name(event->to),
              log_quote(machine->reason, reason));
}

/* tell_own_fault - once when probing begins to fail on our side, once when it works again. */
static void tell_own_fault(const struct machine *machine)
{
    const struct snapshot_target *target =
        &machine->monitor->snapshot->targets[machine->target];
    char address[IP_TEXT_MAX], reason[LOG_QUOTE_MAX];
    log_event(machine->own_fault ? LOG_LEVEL_ERROR : LOG_LEVEL_INFO,
              machine->own_fault ? "probe_stale" : "probe_works",
              "address=%s state=%s reason=%s", ip_format(&target->addr, address),
              health_state_name(machine->fsm.state), log_quote(machine->reason, reason));
}

/* on_result - a probe has ended: step, publish, tell; when is it due again? */
static uint32_t on_result(void *ctx, const struct probe_result *result)
{
    struct machine *machine = ctx;
    struct health_monitor *monitor = machine->monitor;
    struct health_event event;
    bool was_decided = is_decided(machine);
    memcpy(machine->reason, result->reason, sizeof(machine->reason));
    bool changed = health_fsm_step(&machine->fsm, result->outcome, result->rtt_us,
                                   &machine->thresholds, clock_monotonic_ms(), &event);
    publish_word(monitor, machine);
    if (machine->own_fault != (result->outcome == HEALTH_OWN_FAULT)) {
        machine->own_fault = !machine->own_fault;
        tell_own_fault(machine);
    }
    if (changed) {
        tell_transition(monitor, machine, &event);
        review_services(monitor);
    }
    uint32_t next_ms = health_fsm_next_probe_ms(&machine->fsm, &machine->thresholds);
    if (!was_decided && is_decided(machine) && --monitor->undecided == 0)
        settle(monitor); /* may close the monitor: neither it nor the machine is left then */
    return next_ms;
}

/* ---- targets ---- */

static void machine_free(struct machine *machine)
{
    if (machine && machine->probe)
        probe_remove(machine->probe);
    free(machine);
}

/* first_round_ms - new targets start spread, but soon: until then their state is assumed. */
static uint64_t first_round_ms(size_t targets, const struct config_check *check)
{
    uint64_t spread_ms = targets * FIRST_ROUND_MS_PER_TARGET;
    if (spread_ms < FIRST_ROUND_MIN_MS)
        spread_ms = FIRST_ROUND_MIN_MS;
    return spread_ms < check->interval_ms ? spread_ms : check->interval_ms;
}

/* machine_start - forebear: the machine that asked the same at another pace, or NULL. */
static enum err machine_start(struct health_monitor *monitor, const struct snapshot *fresh,
                              uint32_t index, const struct machine *forebear,
                              struct machine **out_machine)
{
    const struct snapshot_target *target = &fresh->targets[index];
    const struct config_check *check = &fresh->config->checks[target->check];
    struct machine *machine = calloc(1, sizeof(*machine));
    if (!machine)
        return ERR_NO_MEMORY;
    machine->question = target->question;
    machine->key = target->key;
    machine->thresholds = thresholds_of(check);
    machine->monitor = monitor;
    machine->target = index;
    health_fsm_init(&machine->fsm, clock_monotonic_ms());
    if (forebear)
        machine->fsm = forebear->fsm;
    uint32_t first_ms = (uint32_t)(target->key % first_round_ms(fresh->target_count, check));
    enum err err = probe_add(monitor->prober, check, &target->addr, target->key, first_ms,
                             on_result, machine, &machine->probe);
    if (err == ERR_OK)
        *out_machine = machine;
    else
        free(machine);
    return err;
}

static void forget(struct machine **machines, size_t count)
{
    for (size_t i = 0; i < count; i++)
        machine_free(machines[i]);
    free(machines);
}

/* match - for each target of fresh its machine among the old ones (taken out of old), or NULL.
 * Both are sorted. */
static void match(struct health_monitor *monitor, const struct snapshot *fresh,
                  struct machine **machines)
{
    size_t old = 0;
    for (size_t i = 0; i < fresh->target_count; i++) {
        while (old < monitor->machine_count &&
               monitor->machines[old]->key < fresh->targets[i].key)
            old++;
        if (old < monitor->machine_count &&
            monitor->machines[old]->key == fresh->targets[i].key)
            machines[i] = monitor->machines[old];
    }
}

static int compare_questions(const void *left, const void *right)
{
    const struct machine *a = *(struct machine *const *)left;
    const struct machine *b = *(struct machine *const *)right;
    return (a->question > b->question) - (a->question < b->question);
}

/* by_question - the old machines in another order; NULL: none, or out of memory. */
static struct machine **by_question(const struct health_monitor *monitor)
{
    size_t count = monitor->machine_count;
    struct machine **sorted = count > 0 ? calloc(count, sizeof(struct machine *)) : NULL;
    if (!sorted)
        return NULL;
    memcpy(sorted, monitor->machines, count * sizeof(struct machine *));
    qsort(sorted, count, sizeof(struct machine *), compare_questions);
    return sorted;
}

/* start_missing - new machines where match() left NULL; is_new tells them. All or none. A check
 * whose pace was edited asks what it asked before: what is known of its targets goes on. */
static enum err start_missing(struct health_monitor *monitor, const struct snapshot *fresh,
                              struct machine **machines, bool *is_new)
{
    struct machine **old = by_question(monitor);
    enum err err = ERR_OK;
    for (size_t i = 0; i < fresh->target_count && err == ERR_OK; i++) {
        if (machines[i])
            continue;
        struct machine wanted = {.question = fresh->targets[i].question}, *key = &wanted;
        struct machine **forebear = old ? bsearch(&key, old, monitor->machine_count,
                                                  sizeof(struct machine *), compare_questions)
                                        : NULL;
        err = machine_start(monitor, fresh, (uint32_t)i, forebear ? *forebear : NULL,
                            &machines[i]);
        is_new[i] = err == ERR_OK;
    }
    free(old);
    for (size_t i = 0; i < fresh->target_count && err != ERR_OK; i++)
        if (is_new[i])
            machine_free(machines[i]);
    return err;
}

/* stop_gone - free the machines that fresh has no target for. */
static void stop_gone(struct health_monitor *monitor, struct machine **machines, size_t count)
{
    size_t kept = 0;
    for (size_t old = 0; old < monitor->machine_count; old++) {
        while (kept < count && machines[kept]->key < monitor->machines[old]->key)
            kept++;
        if (kept == count || machines[kept] != monitor->machines[old])
            machine_free(monitor->machines[old]);
    }
    free(monitor->machines);
}

enum err health_monitor_retarget(struct health_monitor *monitor, struct snapshot *fresh)
{
    size_t count = fresh->target_count;
    struct machine **machines = calloc(count + 1, sizeof(struct machine *));
    bool *is_new = calloc(count + 1, sizeof(*is_new));
    bool *dark = calloc(fresh->config->service_count + 1, sizeof(*dark));
    enum err err = machines && is_new && dark ? ERR_OK : ERR_NO_MEMORY;
    if (err == ERR_OK) {
        match(monitor, fresh, machines);
        err = start_missing(monitor, fresh, machines, is_new);
    }
    free(is_new);
    if (err != ERR_OK) {
        free(machines);
        free(dark);
        return err;
    }
    stop_gone(monitor, machines, count);
    free(monitor->service_dark);
    monitor->service_dark = dark;
    monitor->machines = machines;
    monitor->machine_count = count;
    monitor->snapshot = fresh;
    monitor->undecided = 0;
    for (size_t i = 0; i < count; i++) {
        machines[i]->target = (uint32_t)i;
        monitor->undecided += !is_decided(machines[i]);
        publish_word(monitor, machines[i]);
    }
    const struct config_server *server = &fresh->config->server;
    struct prober_limits limits = {server->probes_in_flight, server->probes_per_address};
    prober_set_limits(monitor->prober, &limits);
    review_services(monitor);
    return ERR_OK;
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

/* ---- life ---- */

enum err health_monitor_new(uv_loop_t *loop, struct health_monitor **out_monitor)
{
    struct health_monitor *monitor = calloc(1, sizeof(*monitor));
    if (!monitor)
        return ERR_NO_MEMORY;
    monitor->loop = loop;
    struct prober_limits limits = {.max_in_flight = 1, .max_per_address = 1}; /* for now */
    enum err err = prober_new(loop, &limits, &monitor->prober);
    if (err != ERR_OK) {
        free(monitor);
        return err;
    }
    uv_timer_init(loop, &monitor->review_timer);
    uv_timer_init(loop, &monitor->settled_timer);
    monitor->review_timer.data = monitor->settled_timer.data = monitor;
    monitor->open_handles = 2;
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

void health_monitor_close(struct health_monitor *monitor)
{
    forget(monitor->machines, monitor->machine_count);
    prober_close(monitor->prober);
    free(monitor->service_dark);
    uv_close((uv_handle_t *)&monitor->review_timer, on_closed);
    uv_close((uv_handle_t *)&monitor->settled_timer, on_closed);
}
