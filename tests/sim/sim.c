#include "sim.h"

#include <string.h>

enum { US_PER_MS = 1000, TICK_MS = 1000, SHORTER_PERMILLE = 50 };

static const struct sim_phase *phase_at(const struct sim_target *target, uint64_t at_ms)
{
    size_t low = 0, high = target->phase_count;
    while (high - low > 1) {
        size_t middle = low + (high - low) / 2;
        if (target->phases[middle].from_ms <= at_ms)
            low = middle;
        else
            high = middle;
    }
    return &target->phases[low];
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

/* delay_of - up to 5 % shorter, so that no two clocks stay in step. */
static uint64_t delay_of(struct sim_target *target, uint64_t now_ms)
{
    uint32_t chance = target->rng ? (uint32_t)rng_next(target->rng) : 0;
    uint64_t delay_ms =
        health_fsm_next_probe_ms(&target->machine, &target->thresholds, now_ms, chance);
    uint64_t most = delay_ms * SHORTER_PERMILLE / 1000;
    return target->rng ? delay_ms - rng_below(target->rng, (uint32_t)most + 1) : delay_ms;
}

static void note(struct sim_target *target, const struct health_event *event, uint64_t now_ms)
{
    if (target->event_count < SIM_EVENTS_MAX)
        target->events[target->event_count] =
            (struct sim_event){.at_ms = now_ms, .to = event->to};
    target->event_count++;
    target->to_down_count += event->to == HEALTH_DOWN;
}

static void end_probe(struct sim_target *target)
{
    struct health_event event;
    target->probing = false;
    if (health_fsm_step(&target->machine, target->coming, target->coming_rtt_us,
                        &target->thresholds, target->next_ms, &event))
        note(target, &event, target->next_ms);
    target->next_ms += delay_of(target, target->next_ms);
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

/* ---- a service ---------------------------------------------------------------------------- */

static void read_target(struct sim_service *service, size_t i, uint64_t now_ms)
{
    const struct sim_target *target = &service->targets[i];
    struct health_seat *seat = &service->seats[i];
    seat->state = target->machine.state;
    seat->usable = health_fsm_is_usable(&target->machine, &target->thresholds);
    seat->suspect = seat->usable && target->machine.failures > 0;
    seat->scale = health_fsm_scale(&target->machine, &target->thresholds, now_ms);
}

/* tell_self - a target that has been DOWN fails until it is UP again or on its way. */
static void tell_self(struct sim_service *service, size_t i, uint64_t now_ms)
{
    enum health_state state = service->targets[i].machine.state;
    const struct health_seat *seat = &service->seats[i];
    uint64_t *began_ms = &service->began_ms[i];
    if (!service->self)
        return;
    if (state == HEALTH_DOWN && *began_ms == 0) {
        health_self_began(service->self, seat->region, now_ms);
        *began_ms = now_ms + 1;
    } else if (state != HEALTH_DOWN && *began_ms > 0) {
        health_self_ended(service->self, seat->region);
        *began_ms = 0;
    }
}

static void review(struct sim_service *service, uint64_t now_ms)
{
    health_word before[SIM_SEATS_MAX];
    for (size_t i = 0; i < service->count; i++)
        before[i] = service->seats[i].word;
    bool suspicious =
        service->self && health_self_review(service->self, service->self_permille, now_ms);
    health_guard_review(&service->guard,
                        suspicious ? HEALTH_FREEZE_REMOVALS : HEALTH_FREEZE_NONE, now_ms);
    service->review_count++;
    for (size_t i = 0; i < service->count; i++) {
        health_word word = service->seats[i].word;
        struct sim_fate *fate = &service->fates[i];
        if (((before[i] ^ word) & HEALTH_WORD_USABLE) != 0) {
            fate->usable_changes++;
            fate->changed_ms = now_ms;
        }
        fate->state_changes += health_word_state(before[i]) != health_word_state(word);
    }
    if (service->on_review)
        service->on_review(service, now_ms);
}

void sim_service_init(struct sim_service *service, struct sim_target *targets,
                      const char *regions, const struct health_rules *rules,
                      const uint8_t *order)
{
    uint8_t region_count = 0;
    memset(service, 0, sizeof(*service));
    service->targets = targets;
    service->count = strlen(regions);
    service->tick_ms = TICK_MS;
    for (size_t i = 0; i < service->count; i++) {
        service->seats[i].region = (uint8_t)(regions[i] - 'a');
        service->seats[i].families = HEALTH_V4;
        if (service->seats[i].region >= region_count)
            region_count = (uint8_t)(service->seats[i].region + 1);
        read_target(service, i, 0);
    }
    health_guard_init(&service->guard, rules, service->seats, service->count, order,
                      region_count);
    health_guard_review(&service->guard, HEALTH_FREEZE_NONE, 0);
}

/* tick - what time alone brings, each second. */
static void tick(struct sim_service *service)
{
    uint64_t now_ms = service->tick_ms;
    bool waits = health_guard_is_waiting(&service->guard);
    for (size_t i = 0; i < service->count; i++) {
        struct sim_target *target = &service->targets[i];
        enum health_state state = target->machine.state;
        struct health_event event;
        if (state != HEALTH_HELD && state != HEALTH_RECOVERING)
            continue;
        if (health_fsm_tick(&target->machine, &target->thresholds, now_ms, &event))
            note(target, &event, now_ms);
        read_target(service, i, now_ms);
        waits = true;
    }
    if (waits)
        review(service, now_ms);
    service->tick_ms += TICK_MS;
}

static void finish_probe(struct sim_service *service, struct sim_target *target)
{
    size_t i = (size_t)(target - service->targets);
    uint64_t now_ms = target->next_ms;
    struct health_seat before = service->seats[i];
    end_probe(target);
    service->step_count++;
    read_target(service, i, now_ms);
    tell_self(service, i, now_ms);
    if (memcmp(&before, &service->seats[i], sizeof(before)) != 0)
        review(service, now_ms);
}

void sim_service_run(struct sim_service *service, uint64_t end_ms)
{
    for (;;) {
        struct sim_target *target = earliest(service->targets, service->count);
        bool ticks = service->tick_ms <= target->next_ms;
        if ((ticks ? service->tick_ms : target->next_ms) >= end_ms)
            return;
        if (ticks)
            tick(service);
        else if (target->probing)
            finish_probe(service, target);
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

void sim_service_watch_self(struct sim_service *service, struct health_self *self,
                            uint32_t permille)
{
    *self = (struct health_self){.regions = service->self_regions,
                                 .region_count = service->guard.region_count};
    for (size_t i = 0; i < self->region_count; i++)
        self->regions[i] = (struct health_self_region){0};
    for (size_t i = 0; i < service->count; i++)
        health_self_count(self, service->seats[i].region, 0);
    service->self = self;
    service->self_permille = permille;
}
