/* sim.h - targets that live and die by a script, probed in simulated time.
 *
 * No clock, no socket, no loop: a run of ten minutes takes a few milliseconds and every event
 * has its exact millisecond. The simulation does what probe/ and app/ do together: start a
 * probe, wait for its result or for the timeout, let the state machine take a step, plan the
 * next probe. Delays are taken exactly as the machine asks for them; the prober makes them up
 * to 5 % shorter, never longer, so the times here are upper bounds.
 *
 *   script    answers ........| black hole ..........| answers ...
 *   probes    ok      ok      timeout  timeout  timeout
 *   machine   UP              SUSPECT           DOWN
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "rhumb/health_guard.h"
#include "rhumb/health_self.h"
#include "rhumb/rng.h"

enum sim_behaviour {
    SIM_ANSWERS,    /* after rtt_ms */
    SIM_REFUSES,    /* after rtt_ms */
    SIM_BLACK_HOLE, /* packets vanish */
    SIM_OWN_FAULT,  /* we cannot probe at all, and know it at once */
};

/* From from_ms on, until the next phase. */
struct sim_phase {
    uint64_t from_ms;
    enum sim_behaviour behaviour;
    uint32_t rtt_ms;
};

enum { SIM_EVENTS_MAX = 2048 };

struct sim_event {
    uint64_t at_ms;
    enum health_state to;
};

struct sim_target {
    /* set by the test */
    const struct sim_phase *phases; /* borrowed; in order of time, the first from 0 */
    size_t phase_count;
    struct health_thresholds thresholds;
    uint32_t timeout_ms;
    struct rng *rng;  /* borrowed; NULL: no delay is made shorter */
    uint64_t next_ms; /* when the first probe starts; later: the next start or result */
    /* results */
    struct health_machine machine;
    struct sim_event events[SIM_EVENTS_MAX]; /* the first ones */
    size_t event_count, probe_count;
    size_t to_down_count; /* how often it became DOWN */
    /* the probe that is under way */
    bool probing;
    enum health_outcome coming;
    uint32_t coming_rtt_us;
};

/* sim_run - advance all targets, event by event, until nothing is left before end_ms. Targets
 * with equal times take turns in the order of the array. May be called again to go on. */
void sim_run(struct sim_target *targets, size_t count, uint64_t end_ms);

/* ---- a service ---------------------------------------------------------------------------- */

enum { SIM_SEATS_MAX = 128 };

/* How one seat of a service fared in the answers. */
struct sim_fate {
    size_t usable_changes; /* of the word's bit */
    size_t state_changes;  /* of the word's state */
    uint64_t changed_ms;   /* when usable changed last */
};

/* A service whose seats are the targets, one each, as the control thread keeps it: reviewed
 * after each result that changed something, and each second while it waits or a target is HELD
 * or RECOVERING. */
struct sim_service {
    /* set by the test */
    struct sim_target *targets; /* borrowed */
    size_t count;
    struct health_self *self; /* borrowed; NULL: we never suspect ourselves; see below */
    uint32_t self_permille;
    struct health_self_region self_regions[HEALTH_REGIONS_MAX];
    void (*on_review)(const struct sim_service *service, uint64_t now_ms); /* may be NULL */
    void *ctx;                                                             /* for on_review */
    struct health_guard guard;
    struct health_seat seats[SIM_SEATS_MAX];
    /* results */
    struct sim_fate fates[SIM_SEATS_MAX];
    size_t review_count, step_count;
    uint64_t tick_ms;                 /* the next one */
    uint64_t began_ms[SIM_SEATS_MAX]; /* when its failures began, and 1 more; 0: it works */
};

/* sim_service_init - regions: one letter a target, 'a' the first. order as of the guard. */
void sim_service_init(struct sim_service *service, struct sim_target *targets,
                      const char *regions, const struct health_rules *rules,
                      const uint8_t *order);

/* sim_service_watch_self - from now on it may be us; self is borrowed. */
void sim_service_watch_self(struct sim_service *service, struct health_self *self,
                            uint32_t permille);

/* sim_service_run - as sim_run(), with reviews. */
void sim_service_run(struct sim_service *service, uint64_t end_ms);

/* sim_time_of - when target entered state for the nth time (from 0); UINT64_MAX: never. */
uint64_t sim_time_of(const struct sim_target *target, enum health_state state, size_t nth);
