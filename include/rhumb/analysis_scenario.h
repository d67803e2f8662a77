/* analysis_scenario.h - health as it would be: everything up, but for what is said to be down or
 * drained. The rules of each service (`protect`, `min_up`, nesting) are those of its health
 * guard, run until nothing changes any more; the clock is ours.
 *
 *   scenario_new() -> scenario_apply() ... -> scenario_settle() -> scenario->table
 *
 * Pure; one thread at a time.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "rhumb/diag.h"
#include "rhumb/err.h"
#include "rhumb/health_table.h"
#include "rhumb/snapshot.h"

enum scenario_kind {
    SCENARIO_DOWN,  /* probes fail: rules may keep it in the answers */
    SCENARIO_DRAIN, /* the operator takes it out: no rule keeps it */
};

struct scenario {
    const struct snapshot *snapshot; /* borrowed */
    struct arena *arena;
    struct health_seat *seats;   /* by seat of the snapshot */
    struct health_guard *guards; /* by service */
    bool *fixed; /* a seat that stands for a service, and is said to be down itself */
    struct health_table table; /* what policy_select() reads */
    size_t unchecked; /* so many were said to be down, and nobody probes them: they stay */
    size_t kept;      /* so many are down, and a rule keeps them in the answers */
    uint64_t now_ms;
};

/* scenario_new - everything up. ERR_OK, ERR_NO_MEMORY. */
WARN_UNUSED enum err scenario_new(const struct snapshot *snapshot,
                                  struct scenario **out_scenario);
void scenario_free(struct scenario *scenario);

/* scenario_apply - what: REGION (of every service), SERVICE, SERVICE/REGION, REGION/ENDPOINT,
 * SERVICE/REGION/ENDPOINT or ENDPOINT (an address, or a name with its final dot).
 * False: there is no such thing; diags has one error with a remedy. */
bool scenario_apply(struct scenario *scenario, enum scenario_kind kind, const char *what,
                    struct diag_list *diags);

/* scenario_settle - as it is when every rule that takes time has had it. */
void scenario_settle(struct scenario *scenario);
