/* audit_walker.h - one thread of the second proof: one address family. Private to audit/. */
#pragma once

#include "rhumb/audit.h"

#include "naive_geo.h"
#include "naive_rules.h"

/* One service, seen from both sides. */
struct audit_view {
    const struct policy_service *service;
    struct naive_rules rules;
    const struct naive_network *network; /* of rules, where the walk stands */
    naive_number first;                  /* since here the rule has been the same */
    uint16_t rule;
    size_t leaves, leaves_max; /* of the table: those compared; more than this is a fault */
    size_t faults;
};

struct audit_walker {
    const struct snapshot *snapshot;
    enum ip_family family;
    struct naive_geo geo;
    struct audit_view *views; /* by service */
    struct naive_cuts cuts;   /* of all networks that are named anywhere, and the ranges */
    naive_number *stretches;  /* where each begins; not those of transition ranges */
    size_t stretch_count, stretch_capacity;
    struct diag_list *diags;
    struct audit_naive found;
};

/* audit_walker_open - ERR_OK, ERR_INVALID (diags), ERR_NO_MEMORY; audit_walker_close() in any
 * case. diags: of this walker alone. */
WARN_UNUSED enum err audit_walker_open(struct audit_walker *walker,
                                       const struct snapshot *snapshot, enum ip_family family,
                                       struct diag_list *diags);
void audit_walker_close(struct audit_walker *walker);

/* audit_walk - from the first address to the last. ERR_OK also with faults, ERR_NO_MEMORY. */
WARN_UNUSED enum err audit_walk(struct audit_walker *walker);

/* audit_sample - after audit_walk(): random clients. ERR_OK also with faults, ERR_NO_MEMORY. */
WARN_UNUSED enum err audit_sample(struct audit_walker *walker, uint64_t seed, uint32_t samples);

/* ---- judging ---- */

/* audit_judge_run - from first to last the sources say rule. */
void audit_judge_run(struct audit_walker *walker, struct audit_view *view, naive_number first,
                     naive_number last, uint16_t rule);

/* audit_judge_address - the sources say rule of this address. */
void audit_judge_address(struct audit_walker *walker, struct audit_view *view,
                         enum ip_family family, naive_number number, uint16_t rule);

/* audit_tell - one more fault of a service, at the place of its rule; format begins with who. */
void audit_tell(struct audit_walker *walker, struct audit_view *view, uint16_t rule,
                const char *format, ...) __attribute__((format(printf, 4, 5)));
