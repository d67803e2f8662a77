/* health_fsm.h - one target's state machine. Pure: time is an argument, in milliseconds of a
 * monotonic clock; a step back in time counts as no time at all.
 *
 *   state      | a success                  | a failure              | time
 *   -----------+----------------------------+------------------------+---------------------
 *   UNKNOWN    | -> UP                      | count; `fall` -> DOWN  |
 *   UP         | stays                      | `fall` 1: -> DOWN;     |
 *              |                            | else -> SUSPECT        |
 *   SUSPECT    | -> UP                      | count; `fall` -> DOWN  |
 *   DOWN       | count; at `rise` and after | count back to 0        |
 *              | `min_down`: returns        |                        |
 *   HELD       | count when calm; `proofs`: | count; `fall` -> DOWN  | calm and proven: returns
 *              | returns                    |                        |
 *   RECOVERING | stays                      | -> DOWN                | after `ramp`: -> UP
 *
 * "Returns" is -> HELD while damped, else -> RECOVERING when there is a `ramp`, else -> UP.
 * An own fault - no descriptor, no route, no memory on our side - is never held against a
 * target: it changes nothing.
 *
 * Damping delays the return of a target that keeps failing, and nothing else. Each DOWN adds
 * 1000 to a penalty that halves every 120 s, but not while the target is DOWN: that is no calm. A
 * return above 1250 is held until it is below 750, so who fails again within four minutes of
 * work is held. The penalty's ceiling makes that 10 minutes at most. (The scheme is RFC 2439's.)
 *
 * Who flips faster than it is probed shows few of its failures, and none while flips and probes
 * keep step: a target that flips at 1 Hz and is probed each 5 s looks well for minutes. Therefore
 *
 *   - each reversal adds 250: a failure that follows a success while DOWN or HELD, a success that
 *     follows a failure while SUSPECT and in doubt. A real outage has one or none of them;
 *   - while in doubt (a penalty above 250) probes come at random: after half an interval to a whole
 *     one, and while DOWN or HELD after three to five quarters;
 *   - the end of HELD must be proven by `proofs` successes in a row, close together at random, in
 *     about one interval.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

enum health_state {
    HEALTH_UNKNOWN,
    HEALTH_UP,
    HEALTH_SUSPECT,
    HEALTH_DOWN,
    HEALTH_HELD,
    HEALTH_RECOVERING,
};

enum {
    HEALTH_STATE_COUNT = HEALTH_RECOVERING + 1,
    HEALTH_SCALE_FULL = 100,
    HEALTH_PROOFS = 10, /* of who is probed; half of the time up, one in a thousand has them */
};

enum health_outcome { HEALTH_SUCCESS, HEALTH_FAILURE, HEALTH_OWN_FAULT };

struct health_thresholds {
    uint32_t fall, rise;  /* consecutive, at least 1 */
    uint32_t interval_ms; /* between probes while nothing is wrong */
    uint32_t confirm_ms;  /* pause before the next probe while failures are being counted */
    uint32_t min_down_ms; /* DOWN lasts at least this long */
    uint32_t ramp_ms;     /* from the return to the whole weight; 0: at once */
    uint32_t proofs;      /* successes in a row, quickly, that end HELD; 0: time alone does */
    bool assume_up;       /* how UNKNOWN is answered */
    bool damped;          /* whether penalties count */
};

struct health_penalty {
    double value; /* at at_ms; less by now */
    uint64_t at_ms;
};

struct health_machine {
    enum health_state state;
    uint32_t failures, successes; /* in a row; only one is not 0 */
    uint32_t proofs;              /* of the successes: those since HELD is calm */
    uint64_t since_ms;            /* when state was entered */
    struct health_penalty penalty;
    uint32_t rtt_us; /* smoothed over successes (1/8 new); 0: none yet */
};

struct health_event { /* a change of state */
    enum health_state from, to;
};

void health_fsm_init(struct health_machine *machine, uint64_t now_ms);

/* health_fsm_step - take one result in. True and *out_event when the state changed.
 * rtt_us counts with HEALTH_SUCCESS only. */
bool health_fsm_step(struct health_machine *machine, enum health_outcome outcome,
                     uint32_t rtt_us, const struct health_thresholds *thresholds,
                     uint64_t now_ms, struct health_event *out_event);

/* health_fsm_tick - what time alone brings. To be called now and then while the state is HELD or
 * RECOVERING; a second apart is often enough. */
bool health_fsm_tick(struct health_machine *machine, const struct health_thresholds *thresholds,
                     uint64_t now_ms, struct health_event *out_event);

/* health_fsm_resume - the operator forgives: no penalty, and HELD returns now. */
bool health_fsm_resume(struct health_machine *machine,
                       const struct health_thresholds *thresholds, uint64_t now_ms,
                       struct health_event *out_event);

/* health_fsm_next_probe_ms - how long after a result the next probe starts: confirm_ms while
 * failures of a target that is not DOWN are being counted; at random while in doubt, see above;
 * else interval_ms. Only while DOWN or HELD it is ever more than interval_ms.
 * chance: any number, evenly from all of them; 0: the plain interval, the longest gap. */
uint32_t health_fsm_next_probe_ms(const struct health_machine *machine,
                                  const struct health_thresholds *thresholds, uint64_t now_ms,
                                  uint32_t chance);

/* health_fsm_is_usable - may answers name it? UNKNOWN as assumed, SUSPECT and RECOVERING yes,
 * DOWN and HELD no. */
bool health_fsm_is_usable(const struct health_machine *machine,
                          const struct health_thresholds *thresholds);

/* health_fsm_scale - percent of its weight: 10 to 100 while RECOVERING, else 100. DOWN is said
 * by usability, never by a scale of 0, so that `when_all_down: all` still has weights to work
 * with. */
uint8_t health_fsm_scale(const struct health_machine *machine,
                         const struct health_thresholds *thresholds, uint64_t now_ms);

const char *health_state_name(enum health_state state);

/* health_state_parse - false: no such state; *out_state is untouched then. */
bool health_state_parse(const char *name, enum health_state *out_state);

/* ---- penalties ---- */

/* health_penalty_now - what is left of it. */
double health_penalty_now(const struct health_penalty *penalty, uint64_t now_ms);

/* health_penalty_add_down, health_penalty_add_reversal - one more of them. */
void health_penalty_add_down(struct health_penalty *penalty, uint64_t now_ms);
void health_penalty_add_reversal(struct health_penalty *penalty, uint64_t now_ms);

bool health_penalty_holds(const struct health_penalty *penalty, uint64_t now_ms);
bool health_penalty_is_calm(const struct health_penalty *penalty, uint64_t now_ms);
bool health_penalty_is_doubt(const struct health_penalty *penalty, uint64_t now_ms);
