/* health_fsm.c - the state machine as data.
 *
 * TABLE is the table of health_fsm.h, cell by cell. A result adds one to the count of its kind
 * and clears the other; while the count is below its limit (`rise` for successes, `fall` for
 * failures) the machine goes to .below, from the limit on to .reached. Own faults never get
 * here. Nothing else decides about states but come_back(), which says what "returns" means.
 */
#include "rhumb/health_fsm.h"

#include <stddef.h>
#include <string.h>

enum { OUTCOME_COUNT = HEALTH_FAILURE + 1, RAMP_FROM = 10 };

struct cell {
    enum health_state below, reached;
    bool returns; /* .reached also needs min_down in this state, and may be held or ramped */
};

static const struct cell TABLE[HEALTH_STATE_COUNT][OUTCOME_COUNT] = {
    [HEALTH_UNKNOWN] =
        {
            [HEALTH_SUCCESS] = {HEALTH_UP, HEALTH_UP, false},
            [HEALTH_FAILURE] = {HEALTH_UNKNOWN, HEALTH_DOWN, false},
        },
    [HEALTH_UP] =
        {
            [HEALTH_SUCCESS] = {HEALTH_UP, HEALTH_UP, false},
            [HEALTH_FAILURE] = {HEALTH_SUSPECT, HEALTH_DOWN, false},
        },
    [HEALTH_SUSPECT] =
        {
            [HEALTH_SUCCESS] = {HEALTH_UP, HEALTH_UP, false},
            [HEALTH_FAILURE] = {HEALTH_SUSPECT, HEALTH_DOWN, false},
        },
    [HEALTH_DOWN] =
        {
            [HEALTH_SUCCESS] = {HEALTH_DOWN, HEALTH_UP, true},
            [HEALTH_FAILURE] = {HEALTH_DOWN, HEALTH_DOWN, false},
        },
    [HEALTH_HELD] =
        {
            [HEALTH_SUCCESS] = {HEALTH_HELD, HEALTH_HELD, false},
            [HEALTH_FAILURE] = {HEALTH_HELD, HEALTH_DOWN, false},
        },
    [HEALTH_RECOVERING] =
        {
            [HEALTH_SUCCESS] = {HEALTH_RECOVERING, HEALTH_RECOVERING, false},
            [HEALTH_FAILURE] = {HEALTH_DOWN, HEALTH_DOWN, false},
        },
};

void health_fsm_init(struct health_machine *machine, uint64_t now_ms)
{
    *machine = (struct health_machine){.state = HEALTH_UNKNOWN, .since_ms = now_ms};
}

/* turn_back_clock - after a step back in time, forget what lies in the future. The span before
 * the step is lost; counting it as elapsed would end min_down too early. */
static void turn_back_clock(struct health_machine *machine, uint64_t now_ms)
{
    if (machine->since_ms > now_ms)
        machine->since_ms = now_ms;
    if (machine->penalty.at_ms > now_ms)
        machine->penalty.at_ms = now_ms;
}

/* count_one - one more of these in a row; stops at the top instead of starting again. */
static uint32_t count_one(uint32_t *mine, uint32_t *other)
{
    *other = 0;
    if (*mine < UINT32_MAX)
        (*mine)++;
    return *mine;
}

/* smooth_rtt - an exponential average with weight 1/8, as TCP's (RFC 6298 section 2.3). */
static void smooth_rtt(struct health_machine *machine, uint32_t rtt_us)
{
    uint64_t old = machine->rtt_us;
    uint64_t mean = old == 0 ? rtt_us : (7 * old + rtt_us) / 8;
    machine->rtt_us = mean > 0 ? (uint32_t)mean : 1; /* 0 would say "none yet" */
}

/* come_back - where a target goes that has been DOWN or HELD for long enough. */
static enum health_state come_back(const struct health_machine *machine,
                                   const struct health_thresholds *thresholds, uint64_t now_ms)
{
    if (machine->state == HEALTH_DOWN && thresholds->damped &&
        health_penalty_holds(&machine->penalty, now_ms))
        return HEALTH_HELD;
    return thresholds->ramp_ms > 0 ? HEALTH_RECOVERING : HEALTH_UP;
}

static enum health_state next_state(const struct health_machine *machine,
                                    enum health_outcome outcome, bool limit_reached,
                                    const struct health_thresholds *thresholds, uint64_t now_ms)
{
    const struct cell *cell = &TABLE[machine->state][outcome];
    if (!limit_reached)
        return cell->below;
    if (!cell->returns)
        return cell->reached;
    bool waited = now_ms - machine->since_ms >= thresholds->min_down_ms;
    return waited ? come_back(machine, thresholds, now_ms) : cell->below;
}

static bool enter(struct health_machine *machine, enum health_state to, uint64_t now_ms,
                  struct health_event *out_event)
{
    if (to == machine->state)
        return false;
    *out_event = (struct health_event){.from = machine->state, .to = to};
    machine->state = to;
    machine->since_ms = now_ms;
    machine->proofs = 0;
    if (to == HEALTH_DOWN)
        health_penalty_add_down(&machine->penalty, now_ms);
    return true;
}

/* count_reversal - does this result take back what the one before it said, of a target that may
 * not be trusted? See health_fsm.h. */
static void count_reversal(struct health_machine *machine, enum health_outcome outcome,
                           uint64_t now_ms)
{
    bool relapses = outcome == HEALTH_FAILURE && machine->successes > 0 &&
                    (machine->state == HEALTH_DOWN || machine->state == HEALTH_HELD);
    bool recovers = outcome == HEALTH_SUCCESS && machine->state == HEALTH_SUSPECT &&
                    health_penalty_is_doubt(&machine->penalty, now_ms);
    if (relapses || recovers)
        health_penalty_add_reversal(&machine->penalty, now_ms);
}

/* is_calm - it is HELD no longer for what it did; it may have to prove itself still. */
static bool is_calm(const struct health_machine *machine,
                    const struct health_thresholds *thresholds, uint64_t now_ms)
{
    return !thresholds->damped || health_penalty_is_calm(&machine->penalty, now_ms);
}

static void count_proof(struct health_machine *machine, enum health_outcome outcome,
                        const struct health_thresholds *thresholds, uint64_t now_ms)
{
    if (outcome == HEALTH_FAILURE)
        machine->proofs = 0;
    else if (machine->state == HEALTH_HELD && is_calm(machine, thresholds, now_ms))
        machine->proofs++;
}

bool health_fsm_step(struct health_machine *machine, enum health_outcome outcome,
                     uint32_t rtt_us, const struct health_thresholds *thresholds,
                     uint64_t now_ms, struct health_event *out_event)
{
    turn_back_clock(machine, now_ms);
    if (outcome == HEALTH_OWN_FAULT)
        return false;
    if (machine->state == HEALTH_DOWN)
        machine->penalty.at_ms = now_ms; /* nothing is forgiven yet */
    count_reversal(machine, outcome, now_ms);
    count_proof(machine, outcome, thresholds, now_ms);
    bool limit_reached;
    if (outcome == HEALTH_SUCCESS) {
        smooth_rtt(machine, rtt_us);
        limit_reached = count_one(&machine->successes, &machine->failures) >= thresholds->rise;
    } else {
        limit_reached = count_one(&machine->failures, &machine->successes) >= thresholds->fall;
    }
    enum health_state to = next_state(machine, outcome, limit_reached, thresholds, now_ms);
    if (thresholds->proofs > 0 && machine->proofs >= thresholds->proofs)
        to = come_back(machine, thresholds, now_ms);
    return enter(machine, to, now_ms, out_event);
}

bool health_fsm_tick(struct health_machine *machine, const struct health_thresholds *thresholds,
                     uint64_t now_ms, struct health_event *out_event)
{
    turn_back_clock(machine, now_ms);
    enum health_state to = machine->state;
    bool proven = !thresholds->damped || machine->proofs >= thresholds->proofs;
    if (machine->state == HEALTH_HELD && proven && is_calm(machine, thresholds, now_ms))
        to = come_back(machine, thresholds, now_ms);
    else if (machine->state == HEALTH_RECOVERING &&
             now_ms - machine->since_ms >= thresholds->ramp_ms)
        to = HEALTH_UP;
    return enter(machine, to, now_ms, out_event);
}

bool health_fsm_resume(struct health_machine *machine,
                       const struct health_thresholds *thresholds, uint64_t now_ms,
                       struct health_event *out_event)
{
    machine->penalty = (struct health_penalty){.at_ms = now_ms};
    machine->proofs = thresholds->proofs;
    return health_fsm_tick(machine, thresholds, now_ms, out_event);
}

/* part_of - so much of span as chance says, 0 to all of it. */
static uint32_t part_of(uint32_t span, uint32_t chance)
{
    return (uint32_t)((uint64_t)span * chance >> 32);
}

uint32_t health_fsm_next_probe_ms(const struct health_machine *machine,
                                  const struct health_thresholds *thresholds, uint64_t now_ms,
                                  uint32_t chance)
{
    uint32_t interval_ms = thresholds->interval_ms, quarter_ms = interval_ms / 4;
    bool is_out = machine->state == HEALTH_DOWN || machine->state == HEALTH_HELD;
    if (machine->failures > 0 && machine->state != HEALTH_DOWN)
        return thresholds->confirm_ms;
    if (machine->state == HEALTH_HELD && thresholds->proofs > 0 &&
        is_calm(machine, thresholds, now_ms)) {
        uint32_t gap_ms = quarter_ms - part_of(quarter_ms, chance);
        uint32_t least_ms =
            thresholds->confirm_ms < quarter_ms ? thresholds->confirm_ms : quarter_ms;
        return gap_ms > least_ms ? gap_ms : least_ms;
    }
    if (!health_penalty_is_doubt(&machine->penalty, now_ms))
        return interval_ms;
    if (!is_out)
        return interval_ms - part_of(interval_ms / 2, chance);
    /* around the interval, from 0 upwards: so that no chance is the interval */
    uint32_t turned = chance + (UINT32_C(1) << 31);
    return interval_ms - quarter_ms + part_of(2 * quarter_ms, turned);
}

bool health_fsm_is_usable(const struct health_machine *machine,
                          const struct health_thresholds *thresholds)
{
    switch (machine->state) {
    case HEALTH_UNKNOWN: return thresholds->assume_up;
    case HEALTH_UP:
    case HEALTH_SUSPECT:
    case HEALTH_RECOVERING: return true;
    case HEALTH_DOWN:
    case HEALTH_HELD: break;
    }
    return false;
}

uint8_t health_fsm_scale(const struct health_machine *machine,
                         const struct health_thresholds *thresholds, uint64_t now_ms)
{
    if (machine->state != HEALTH_RECOVERING || thresholds->ramp_ms == 0)
        return HEALTH_SCALE_FULL;
    uint64_t age_ms = now_ms > machine->since_ms ? now_ms - machine->since_ms : 0;
    if (age_ms >= thresholds->ramp_ms)
        return HEALTH_SCALE_FULL;
    return (uint8_t)(RAMP_FROM +
                     (HEALTH_SCALE_FULL - RAMP_FROM) * age_ms / thresholds->ramp_ms);
}

static const char *const NAMES[HEALTH_STATE_COUNT] = {
    [HEALTH_UNKNOWN] = "unknown", [HEALTH_UP] = "up",     [HEALTH_SUSPECT] = "suspect",
    [HEALTH_DOWN] = "down",       [HEALTH_HELD] = "held", [HEALTH_RECOVERING] = "recovering",
};

const char *health_state_name(enum health_state state)
{
    return NAMES[state];
}

bool health_state_parse(const char *name, enum health_state *out_state)
{
    for (int state = 0; state < HEALTH_STATE_COUNT; state++) {
        if (strcmp(NAMES[state], name) != 0)
            continue;
        *out_state = (enum health_state)state;
        return true;
    }
    return false;
}
