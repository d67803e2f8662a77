#include "monitor_machines.h"

#include <stdlib.h>
#include <string.h>

#include "rhumb/hash.h"

#include "monitor_host.h"

enum {
    FIRST_ROUND_MS_PER_TARGET = 2, /* the first round takes 2 ms a target ... */
    FIRST_ROUND_MIN_MS = 50,       /* ... but at least this, */
};                                 /* and at most the check's interval */

struct health_thresholds machine_thresholds(const struct config_check *check)
{
    return (struct health_thresholds){
        .fall = check->fall,
        .rise = check->rise,
        .interval_ms = check->interval_ms,
        .confirm_ms = check->confirm_ms,
        .min_down_ms = check->min_down_ms,
        .ramp_ms = check->ramp_ms,
        .assume_up = check->assume_up,
        .proofs = HEALTH_PROOFS,
        .damped = check->damped,
    };
}

static void machine_free(struct machine *machine)
{
    if (machine && machine->probe)
        probe_remove(machine->probe);
    if (machine)
        monitor_host_free(machine->host);
    free(machine);
}

uint8_t machine_scale(const struct machine *machine, uint64_t now_ms)
{
    unsigned ramp = health_fsm_scale(&machine->fsm, &machine->thresholds, now_ms);
    unsigned scale = ramp * machine->scale / HEALTH_SCALE_FULL;
    return (uint8_t)(scale > 0 ? scale : 1);
}

uint32_t machine_next_probe_ms(struct machine *machine, uint64_t now_ms)
{
    machine->chance = hash_mix(machine->chance + 1);
    return health_fsm_next_probe_ms(&machine->fsm, &machine->thresholds, now_ms,
                                    (uint32_t)machine->chance);
}

/* first_round_ms - new targets start spread, but soon: until then their state is assumed. */
static uint64_t first_round_ms(size_t targets, const struct config_check *check)
{
    uint64_t spread_ms = targets * FIRST_ROUND_MS_PER_TARGET;
    if (spread_ms < FIRST_ROUND_MIN_MS)
        spread_ms = FIRST_ROUND_MIN_MS;
    return spread_ms < check->interval_ms ? spread_ms : check->interval_ms;
}

int machine_memory_compare(const void *left, const void *right)
{
    const struct machine_memory *a = left, *b = right;
    if (a->question != b->question)
        return a->question > b->question ? 1 : -1;
    return (a->key > b->key) - (a->key < b->key);
}

static int compare_target_keys(const void *key, const void *target)
{
    uint64_t wanted = *(const uint64_t *)key;
    uint64_t there = ((const struct snapshot_target *)target)->key;
    return (wanted > there) - (wanted < there);
}

static bool is_target(const struct snapshot *snapshot, uint64_t key)
{
    return snapshot->target_count > 0 &&
           bsearch(&key, snapshot->targets, snapshot->target_count, sizeof(*snapshot->targets),
                   compare_target_keys);
}

/* first_of - where the memories of a question begin. */
static size_t first_of(const struct machine_plan *plan, uint64_t question)
{
    size_t low = 0, high = plan->memory_count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (plan->memories[middle].question < question)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

/* find_memory - of this very target; else, since its pace may have been edited, of one that asks
 * the same: rather one that is no target any more. */
static const struct machine_memory *find_memory(const struct machine_plan *plan,
                                                const struct snapshot *fresh,
                                                const struct machine *machine)
{
    const struct machine_memory *found = NULL;
    bool is_free = false;
    for (size_t i = first_of(plan, machine->question);
         i < plan->memory_count && plan->memories[i].question == machine->question; i++) {
        const struct machine_memory *memory = &plan->memories[i];
        if (memory->key == machine->key)
            return memory;
        if (is_free)
            continue;
        is_free = !is_target(fresh, memory->key);
        if (!found || is_free)
            found = memory;
    }
    return found;
}

static void recall(struct machine *machine, const struct machine_plan *plan,
                   const struct snapshot *fresh)
{
    const struct machine_memory *memory = find_memory(plan, fresh, machine);
    if (!memory)
        return;
    machine->fsm = memory->fsm;
    machine->scale = memory->scale;
    if (machine->fsm.failures > 0 || machine->fsm.state == HEALTH_DOWN)
        machine->failing_ms = machine->fsm.since_ms > 0 ? machine->fsm.since_ms : 1;
    memcpy(machine->reason, memory->reason, sizeof(machine->reason));
}

/* start_asking - whoever is not made of others is asked itself. A name is up as soon as one
 * address is: how often, says each of those. */
static enum err start_asking(const struct machine_plan *plan, const struct config_check *check,
                             const struct snapshot_target *target, size_t target_count,
                             struct machine *machine)
{
    if (target->part_count > 0) {
        machine->thresholds.proofs =
            0; /* it cannot ask faster, and its parts prove themselves */
        return ERR_OK;
    }
    if (!target->host) {
        uint64_t first_ms = target->key % first_round_ms(target_count, check);
        return probe_add(plan->prober, check, &target->addr, target->key, (uint32_t)first_ms,
                         plan->on_result, machine, &machine->probe);
    }
    machine->thresholds.fall = machine->thresholds.rise = 1;
    machine->thresholds.min_down_ms = 0;
    return monitor_host_new(plan->host_means, machine, target->host, &machine->host);
}

static enum err machine_new(const struct machine_plan *plan, const struct snapshot *fresh,
                            uint32_t index, struct machine **out_machine)
{
    const struct snapshot_target *target = &fresh->targets[index];
    const struct config_check *check = &fresh->config->checks[target->check];
    struct machine *machine = calloc(1, sizeof(*machine));
    if (!machine)
        return ERR_NO_MEMORY;
    *machine = (struct machine){
        .question = target->question,
        .key = target->key,
        .thresholds = machine_thresholds(check),
        .chance = target->key,
        .owner = plan->owner,
        .target = index,
        .scale = HEALTH_SCALE_FULL,
        .heard_ms = plan->now_ms,
    };
    health_fsm_init(&machine->fsm, plan->now_ms);
    recall(machine, plan, fresh);
    enum err err = start_asking(plan, check, target, fresh->target_count, machine);
    if (err == ERR_OK)
        *out_machine = machine;
    else
        free(machine);
    return err;
}

/* match - for each target of fresh its machine among the old ones, or NULL. Both are sorted. */
static void match(const struct machine_set *old, const struct snapshot *fresh,
                  struct machine **list)
{
    size_t at = 0;
    for (size_t i = 0; i < fresh->target_count; i++) {
        while (at < old->count && old->list[at]->key < fresh->targets[i].key)
            at++;
        if (at < old->count && old->list[at]->key == fresh->targets[i].key)
            list[i] = old->list[at];
    }
}

/* start_missing - new machines where match() left NULL. All or none. */
static enum err start_missing(const struct machine_plan *plan, const struct snapshot *fresh,
                              struct machine **list)
{
    bool *is_new = calloc(fresh->target_count + 1, sizeof(*is_new));
    enum err err = is_new ? ERR_OK : ERR_NO_MEMORY;
    for (uint32_t i = 0; i < fresh->target_count && err == ERR_OK; i++) {
        if (list[i])
            continue;
        err = machine_new(plan, fresh, i, &list[i]);
        is_new[i] = err == ERR_OK;
    }
    for (size_t i = 0; is_new && i < fresh->target_count && err != ERR_OK; i++)
        if (is_new[i])
            machine_free(list[i]);
    free(is_new);
    return err;
}

/* link_wholes - turn "is made of" around. */
static enum err link_wholes(const struct snapshot *fresh, struct machine_set *set)
{
    size_t links = 0;
    for (size_t i = 0; i < fresh->target_count; i++)
        links += fresh->targets[i].part_count;
    set->whole_starts = calloc(fresh->target_count + 2, sizeof(*set->whole_starts));
    set->wholes = calloc(links + 1, sizeof(*set->wholes));
    if (!set->whole_starts || !set->wholes)
        return ERR_NO_MEMORY;
    uint32_t *ends = set->whole_starts + 1; /* filled to the end of each, then they are right */
    for (size_t i = 0; i < fresh->target_count; i++)
        for (size_t p = 0; p < fresh->targets[i].part_count; p++)
            ends[fresh->targets[i].parts[p] + 1]++;
    for (size_t i = 0; i < fresh->target_count; i++)
        ends[i + 1] += ends[i];
    for (uint32_t i = 0; i < fresh->target_count; i++)
        for (size_t p = 0; p < fresh->targets[i].part_count; p++)
            set->wholes[ends[fresh->targets[i].parts[p]]++] = i;
    return ERR_OK;
}

static void free_lists(struct machine_set *set)
{
    free(set->list);
    free(set->whole_starts);
    free(set->wholes);
    *set = (struct machine_set){0};
}

/* region_of - where the target is: in the region of the first seat that it fills. */
static uint16_t region_of(const struct snapshot *fresh, const struct snapshot_target *target)
{
    if (target->seat_count == 0)
        return CONFIG_NONE;
    const struct snapshot_seat *seat = &fresh->seats[target->seats[0]];
    return fresh->config->services[seat->service].regions[seat->region].region;
}

enum err machine_set_build(const struct machine_plan *plan, const struct snapshot *fresh,
                           struct machine_set *out_set)
{
    struct machine_set set = {.count = fresh->target_count};
    set.list = calloc(fresh->target_count + 1, sizeof(struct machine *));
    enum err err = set.list ? link_wholes(fresh, &set) : ERR_NO_MEMORY;
    if (err == ERR_OK) {
        match(plan->old, fresh, set.list);
        err = start_missing(plan, fresh, set.list);
    }
    if (err != ERR_OK) {
        free_lists(&set);
        return err;
    }
    for (uint32_t i = 0; i < set.count; i++) {
        set.list[i]->target = i;
        set.list[i]->region = region_of(fresh, &fresh->targets[i]);
    }
    *out_set = set;
    return ERR_OK;
}

void machine_set_leave(struct machine_set *old, const struct machine_set *fresh)
{
    size_t kept = 0;
    for (size_t i = 0; i < old->count; i++) {
        while (kept < fresh->count && fresh->list[kept]->key < old->list[i]->key)
            kept++;
        if (kept < fresh->count && fresh->list[kept] == old->list[i])
            continue;
        machine_free(old->list[i]);
    }
    free_lists(old);
}

struct machine_memory *machine_set_remember(const struct machine_set *set)
{
    struct machine_memory *memories =
        set->count > 0 ? calloc(set->count, sizeof(*memories)) : NULL;
    for (size_t i = 0; memories && i < set->count; i++) {
        const struct machine *machine = set->list[i];
        memories[i].question = machine->question;
        memories[i].key = machine->key;
        memories[i].fsm = machine->fsm;
        memories[i].scale = machine->scale;
        memcpy(memories[i].reason, machine->reason, sizeof(machine->reason));
    }
    if (memories)
        qsort(memories, set->count, sizeof(*memories), machine_memory_compare);
    return memories;
}

void machine_set_forget_probes(struct machine_set *set)
{
    for (size_t i = 0; i < set->count; i++) {
        set->list[i]->probe = NULL;
        if (set->list[i]->host)
            monitor_host_forget_probes(set->list[i]->host);
    }
}
