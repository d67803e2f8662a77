#include "sim.h"

enum { US_PER_MS = 1000 };

static const struct sim_phase *phase_at(const struct sim_target *target, uint64_t at_ms)
{
    size_t i = target->phase_count - 1;
    while (i > 0 && target->phases[i].from_ms > at_ms)
        i--;
    return &target->phases[i];
}

/* start_probe - decide what will come of a probe that starts now, and when. A target that
 * stops answering while the probe is under way does not answer it any more. */
static void start_probe(struct sim_target *target)
{
    uint64_t start_ms = target->next_ms;
    const struct sim_phase *phase = phase_at(target, start_ms);
    enum sim_behaviour behaviour = phase->behaviour;
    if (behaviour == SIM_ANSWERS)
        behaviour = phase_at(target, start_ms + phase->rtt_ms)->behaviour;
    bool vanishes = behaviour == SIM_BLACK_HOLE || phase->rtt_ms >= target->timeout_ms;
    target->probing = true;
    target->probe_count++;
    target->coming = behaviour == SIM_ANSWERS ? HEALTH_SUCCESS : HEALTH_FAILURE;
    target->coming_rtt_us = phase->rtt_ms * US_PER_MS;
    target->next_ms = start_ms + phase->rtt_ms;
    if (vanishes) {
        target->coming = HEALTH_FAILURE;
        target->next_ms = start_ms + target->timeout_ms;
    }
    if (phase->behaviour == SIM_OWN_FAULT) {
        target->coming = HEALTH_OWN_FAULT;
        target->next_ms = start_ms;
    }
}

static void end_probe(struct sim_target *target)
{
    struct health_event event;
    target->probing = false;
    if (health_fsm_step(&target->machine, target->coming, target->coming_rtt_us,
                        &target->thresholds, target->next_ms, &event)) {
        if (target->event_count < SIM_EVENTS_MAX)
            target->events[target->event_count] =
                (struct sim_event){.at_ms = target->next_ms, .to = event.to};
        target->event_count++;
        target->to_down_count += event.to == HEALTH_DOWN;
    }
    target->next_ms += health_fsm_next_probe_ms(&target->machine, &target->thresholds);
}

static struct sim_target *earliest(struct sim_target *targets, size_t count)
{
    struct sim_target *first = &targets[0];
    for (size_t i = 1; i < count; i++)
        if (targets[i].next_ms < first->next_ms)
            first = &targets[i];
    return first;
}

void sim_run(struct sim_target *targets, size_t count, uint64_t end_ms)
{
    struct sim_target *target;
    while ((target = earliest(targets, count))->next_ms < end_ms) {
        if (target->probing)
            end_probe(target);
        else
            start_probe(target);
    }
}

uint64_t sim_time_of(const struct sim_target *target, enum health_state state, size_t nth)
{
    for (size_t i = 0; i < target->event_count && i < SIM_EVENTS_MAX; i++) {
        if (target->events[i].to != state)
            continue;
        if (nth-- == 0)
            return target->events[i].at_ms;
    }
    return UINT64_MAX;
}
