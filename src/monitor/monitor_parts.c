#include "monitor_parts.h"

#include <stdio.h>
#include <stdlib.h>

enum { PARTS_MAX = 16 };

/* is_up - a part that is damped works: what it is part of is damped itself, once. */
static bool is_up(const struct machine *part)
{
    return machine_is_usable(part) || part->fsm.state == HEALTH_HELD;
}

/* How the parts of a whole stand. */
struct tally {
    size_t up, suspect, undecided;
    uint8_t scales[PARTS_MAX];   /* of those that are up, in no order */
    uint32_t rtt_us;             /* the longest */
    const struct machine *worst; /* one that is not up, for the reason */
};

static void count(struct tally *tally, const struct machine *part, uint64_t now_ms)
{
    if (part->fsm.rtt_us > tally->rtt_us)
        tally->rtt_us = part->fsm.rtt_us;
    if (!machine_is_decided(part)) {
        tally->undecided++;
    } else if (is_up(part)) {
        tally->scales[tally->up++] = machine_scale(part, now_ms);
        tally->suspect += machine_is_suspect(part);
    } else {
        tally->worst = part;
    }
}

static int compare_scales(const void *left, const void *right)
{
    return *(const uint8_t *)right - *(const uint8_t *)left;
}

static void fail(const struct snapshot *snapshot, const struct machine *worst,
                 struct probe_result *result)
{
    const struct snapshot_target *target = &snapshot->targets[worst->target];
    result->outcome = HEALTH_FAILURE;
    (void)snprintf(result->reason, sizeof(result->reason), "%.40s: %.80s",
                   snapshot->config->checks[target->check].name, worst->reason);
}

void monitor_parts_judge(const struct machine_set *machines, const struct snapshot *snapshot,
                         struct machine *whole, uint64_t now_ms,
                         struct probe_result *out_result)
{
    const struct snapshot_target *target = &snapshot->targets[whole->target];
    size_t needed = snapshot->config->checks[target->check].parts_needed;
    struct tally tally = {0};
    for (size_t i = 0; i < target->part_count && i < PARTS_MAX; i++)
        count(&tally, machines->list[target->parts[i]], now_ms);
    *out_result = (struct probe_result){
        .outcome = HEALTH_OWN_FAULT, .rtt_us = tally.rtt_us, .scale = HEALTH_SCALE_FULL};
    (void)snprintf(out_result->reason, sizeof(out_result->reason),
                   "%zu of %zu checks up, %zu needed", tally.up, target->part_count, needed);
    whole->leans = tally.up >= needed && tally.up - tally.suspect < needed;
    if (tally.up >= needed) {
        out_result->outcome = HEALTH_SUCCESS;
        qsort(tally.scales, tally.up, sizeof(tally.scales[0]), compare_scales);
        out_result->scale = tally.scales[needed - 1];
    } else if (tally.up + tally.undecided < needed) {
        fail(snapshot, tally.worst, out_result);
    }
}
