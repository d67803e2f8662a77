/* health_fsm.c - the state machine as data.
 *
 * TABLE is the table of health_fsm.h, cell by cell. A result adds one to the count of its kind
 * and clears the other; while the count is below its limit (`rise` for successes, `fall` for
 * failures) the machine goes to .below, from the limit on to .reached. Own faults never get
 * here. Nothing else decides about states.
 */
#include "rhumb/health_fsm.h"

#include <stddef.h>

enum { STATE_COUNT = HEALTH_DOWN + 1, OUTCOME_COUNT = HEALTH_FAILURE + 1 };

struct cell {
    enum health_state below, reached;
    bool waits_min_down; /* .reached also needs min_down in this state */
};

static const struct cell TABLE[STATE_COUNT][OUTCOME_COUNT] = {
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
    if (machine->changed_ms > now_ms)
        machine->changed_ms = now_ms > 0 ? now_ms : 1; /* 0 would say "never" */
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

static enum health_state next_state(const struct health_machine *machine,
                                    enum health_outcome outcome, bool limit_reached,
                                    const struct health_thresholds *thresholds, uint64_t now_ms)
{
    const struct cell *cell = &TABLE[machine->state][outcome];
    if (!limit_reached)
        return cell->below;
    if (cell->waits_min_down && now_ms - machine->since_ms < thresholds->min_down_ms)
        return cell->below;
    return cell->reached;
}

bool health_fsm_step(struct health_machine *machine, enum health_outcome outcome,
                     uint32_t rtt_us, const struct health_thresholds *thresholds,
                     uint64_t now_ms, struct health_event *out_event)
{
    turn_back_clock(machine, now_ms);
    if (outcome == HEALTH_OWN_FAULT)
        return false;
    bool limit_reached;
    if (outcome == HEALTH_SUCCESS) {
        smooth_rtt(machine, rtt_us);
        limit_reached = count_one(&machine->successes, &machine->failures) >= thresholds->rise;
    } else {
        limit_reached = count_one(&machine->failures, &machine->successes) >= thresholds->fall;
    }
    enum health_state from = machine->state;
    enum health_state to = next_state(machine, outcome, limit_reached, thresholds, now_ms);
    if (to == from)
        return false;
    bool was_usable = health_fsm_is_usable(machine, thresholds);
    machine->state = to;
    machine->since_ms = now_ms;
    if (health_fsm_is_usable(machine, thresholds) != was_usable)
        machine->changed_ms = now_ms > 0 ? now_ms : 1;
    *out_event = (struct health_event){.from = from, .to = to};
    return true;
}

uint32_t health_fsm_next_probe_ms(const struct health_machine *machine,
                                  const struct health_thresholds *thresholds)
{
    bool counting = machine->failures > 0 && machine->state != HEALTH_DOWN;
    return counting ? thresholds->confirm_ms : thresholds->interval_ms;
}

bool health_fsm_is_usable(const struct health_machine *machine,
                          const struct health_thresholds *thresholds)
{
    switch (machine->state) {
    case HEALTH_UNKNOWN: return thresholds->assume_up;
    case HEALTH_UP:
    case HEALTH_SUSPECT: return true;
    case HEALTH_DOWN: break;
    }
    return false;
}

const char *health_state_name(enum health_state state)
{
    static const char *const NAMES[STATE_COUNT] = {
        [HEALTH_UNKNOWN] = "unknown",
        [HEALTH_UP] = "up",
        [HEALTH_SUSPECT] = "suspect",
        [HEALTH_DOWN] = "down",
    };
    return (size_t)state < STATE_COUNT ? NAMES[state] : "invalid";
}
