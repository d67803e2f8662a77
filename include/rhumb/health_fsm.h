/* health_fsm.h - one target's state machine. Pure: time is an argument, in milliseconds of a
 * monotonic clock; a step back in time counts as no time at all.
 *
 *   state      | a success                       | a failure                        | own fault
 *   -----------+---------------------------------+----------------------------------+----------
 *   UNKNOWN    | -> UP                           | count; at `fall` -> DOWN         | stays
 *   UP         | stays                           | `fall` 1: -> DOWN; else SUSPECT  | stays
 *   SUSPECT    | -> UP                           | count; at `fall` -> DOWN         | stays
 *   DOWN       | count; at `rise` and after      | count back to 0                  | stays
 *              | `min_down` -> UP                |                                  |
 *
 * (RECOVERING and HELD of the design are added with ramp and damping.) An own fault - no
 * descriptor, no route, no memory on our side - is never held against a target: it changes no
 * count.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

enum health_state { HEALTH_UNKNOWN, HEALTH_UP, HEALTH_SUSPECT, HEALTH_DOWN };

enum health_outcome { HEALTH_SUCCESS, HEALTH_FAILURE, HEALTH_OWN_FAULT };

struct health_thresholds {
    uint32_t fall, rise;  /* consecutive, at least 1 */
    uint32_t interval_ms; /* between probes while nothing is wrong */
    uint32_t confirm_ms;  /* pause before the next probe while failures are being counted */
    uint32_t min_down_ms; /* DOWN lasts at least this long */
    bool assume_up;       /* how UNKNOWN is answered */
};

struct health_machine {
    enum health_state state;
    uint32_t failures, successes; /* in a row; only one is not 0 */
    uint64_t since_ms;            /* when state was entered */
    uint64_t changed_ms;          /* when answers last changed by it; 0: never */
    uint32_t rtt_us;              /* smoothed over successes (1/8 new); 0: none yet */
};

struct health_event { /* a change of state */
    enum health_state from, to;
};

void health_fsm_init(struct health_machine *machine, uint64_t now_ms);

/* health_fsm_step - take one result in. True and *out_event when the state changed.
 * rtt_us counts with HEALTH_SUCCESS only. changed_ms moves when usability changes: to DOWN,
 * from DOWN, or from UNKNOWN to UP where UNKNOWN was assumed down. */
bool health_fsm_step(struct health_machine *machine, enum health_outcome outcome,
                     uint32_t rtt_us, const struct health_thresholds *thresholds,
                     uint64_t now_ms, struct health_event *out_event);

/* health_fsm_next_probe_ms - how long after a result the next probe starts: confirm_ms while
 * failures of a target that is not DOWN are being counted, else interval_ms. */
uint32_t health_fsm_next_probe_ms(const struct health_machine *machine,
                                  const struct health_thresholds *thresholds);

/* health_fsm_is_usable - may answers name it? UNKNOWN as assumed, SUSPECT yes, DOWN no. */
bool health_fsm_is_usable(const struct health_machine *machine,
                          const struct health_thresholds *thresholds);

const char *health_state_name(enum health_state state);
