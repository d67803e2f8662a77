/* health_guard.h - between the machines and the answers: the rules that protect a service.
 *
 * A machine says how one target does. What clients of a service see of it is decided here, for
 * all endpoints of the service together, because the rules are about the whole:
 *
 *   1. What an operator forces comes first, and no rule holds it back.
 *   2. At most `max_down_per_minute` endpoints leave the answers in a minute, and never so many
 *      that less than `min_usable` regions are left, in all and for each family. Those who should
 *      leave and may not are *frozen*: they stay in the answers.
 *   3. A region that was lost comes back at once, after it has been well for a time, or when the
 *      operator says so (`failback`). Meanwhile it is *held*. Going away from a dead region is
 *      never delayed: when nothing else is usable, what is held is used.
 *      What is held is in *reserve* (HEALTH_WORD_RESERVE): a client who finds nothing usable, by
 *      the family he asks for or by residency, gets it all the same.
 *   4. Likewise a damped endpoint (HELD by its machine) is used when nothing else is.
 *      Likewise the regions that stand before the one an operator has made the active one; of a
 *      policy other than `failover` all others.
 *   5. While we suspect ourselves nothing leaves - but where nothing at all works, the service is
 *      dark, and what the operator wants answered then is answered. While health is switched off
 *      nothing changes.
 *
 *   machines --state--> seats --health_guard_review()--> words --> the answers
 *
 * Clients see a service through one family: who asks for AAAA has nothing from endpoints that
 * have A alone. A region is usable for a family when enough of its endpoints are, and the service
 * is dark for a family when no region is left for it. Fail-back is about regions as a whole: one
 * that is usable for either family was not lost. For a single client even less may be left (see
 * residency), of which nothing is known here: policy_select() uses what is HELD for such a one.
 *
 * A *seat* is one endpoint's place in one service: an address, an alias, or a nested service,
 * which stands for a region of its own. What an operator does inside a nested service is passed
 * on as such: a service that is dark because he drained it is drained, not lost.
 *
 * Pure: time is an argument, as in health_fsm.h. A guard belongs to the control thread.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "rhumb/err.h"
#include "rhumb/health_fsm.h"
#include "rhumb/health_table.h"

enum { HEALTH_REGIONS_MAX = 64, HEALTH_NO_REGION = 0xff };

/* Address families, as bits of a set. */
enum { HEALTH_V4 = 1 << 0, HEALTH_V6 = 1 << 1, HEALTH_FAMILIES = 2 };

/* What an operator wants of an endpoint. */
enum health_force {
    HEALTH_FORCE_NONE,
    HEALTH_FORCE_UP,
    HEALTH_FORCE_DOWN,
    HEALTH_FORCE_DRAIN, /* out of the answers, whatever its health: work is done on it */
};

const char *health_force_name(enum health_force force); /* "free", "up", "down", "drain" */

struct health_seat {
    /* who it is; set once */
    uint8_t region;
    uint8_t families; /* that it can answer; an alias may have both, a nested service what is in
                         it */
    bool unchecked;   /* nobody probes it: UP, usable */
    /* how it does; set by the caller before a review */
    enum health_state state;
    bool usable;  /* health_fsm_is_usable() */
    bool suspect; /* its latest result was a failure, and it is usable still */
    uint8_t scale;
    enum health_force force;
    /* of a nested service, what its own guard has concluded; the state above is without force */
    enum health_force passed;
    uint8_t dark_families, unforced_dark;
    /* what became of it; kept from review to review */
    bool known;          /* it was decided once: what comes now is a change */
    bool in;             /* answers may name it */
    bool frozen;         /* only because a rule keeps it */
    uint64_t changed_ms; /* when in changed; 0: never */
    uint64_t removed_ms; /* when a rule counted it as removed; 0: never */
    health_word word;
};

/* health_seat_force - what the operator wants of it: his word on the seat itself counts before
 * what he does inside. */
static inline enum health_force health_seat_force(const struct health_seat *seat)
{
    return seat->force != HEALTH_FORCE_NONE ? seat->force : seat->passed;
}

enum health_failback { HEALTH_FAILBACK_AUTO, HEALTH_FAILBACK_AFTER, HEALTH_FAILBACK_MANUAL };

struct health_rules {
    uint16_t min_up_permille;   /* of a region's endpoints of one family */
    uint16_t min_usable;        /* regions; 0: no rule */
    uint32_t max_down_permille; /* of the service's endpoints, a minute; at least one */
    enum health_failback failback;
    uint32_t failback_after_ms;
    uint32_t settle_ms;
};

struct health_region {
    bool usable;            /* by what is in the answers */
    bool lost;              /* it was usable, health took it, and it has not come back yet */
    bool held;              /* lost, well again, and waiting */
    uint64_t lost_ms;       /* when */
    uint64_t resumed_ms;    /* the operator's latest `resume`; 0: none */
    uint64_t well_since_ms; /* by health, without a break; 0: it is not well */
};

enum health_freeze {
    HEALTH_FREEZE_NONE,
    HEALTH_FREEZE_REMOVALS, /* we suspect ourselves */
    HEALTH_FREEZE_ALL,      /* the operator has switched health off */
};

struct health_guard {
    struct health_rules rules;
    struct health_seat *seats; /* borrowed */
    size_t seat_count;
    const uint8_t *order; /* borrowed: policy `failover`, regions by preference; NULL: another
                             policy */
    uint8_t region_count;
    struct health_region regions[HEALTH_REGIONS_MAX];
    /* the state of the service, after a review */
    uint8_t
        chosen; /* set by the caller: the operator wants this region; HEALTH_NO_REGION: he leaves
                       it to the order */
    uint8_t obeyed;          /* chosen, at the last review */
    uint8_t active, standby; /* policy `failover`; HEALTH_NO_REGION: none */
    uint8_t usable_regions;
    uint8_t families;         /* that its seats can answer */
    uint8_t dark_families;    /* of these nothing is usable: `when_all_down` answers */
    uint8_t unforced_dark;    /* as dark_families, had the operator forced nothing */
    bool dark;                /* all of them are */
    enum health_force forced; /* DRAIN: it is dark by the operator's hand alone; UP: it is not
                                 dark because of it */
    bool unsettled;           /* TTLs are short */
    size_t frozen_count;  /* those that fail and stay; who was never heard of does not fail */
    uint64_t failover_ms; /* when active changed last; 0: never */
    bool reviewed;
};

/* health_guard_init - seats, each with its region and family, and order are borrowed as long as
 * the guard lives. Everything counts as usable until the first review. */
void health_guard_init(struct health_guard *guard, const struct health_rules *rules,
                       struct health_seat *seats, size_t seat_count, const uint8_t *order,
                       uint8_t region_count);

/* health_guard_gives_way - is this region in reserve because another was chosen by hand? */
bool health_guard_gives_way(const struct health_guard *guard, uint8_t region);

/* health_guard_review - decide what answers see: sets every seat's word, and the state of the
 * service. The caller compares before and after for what there is to tell. */
void health_guard_review(struct health_guard *guard, enum health_freeze freeze,
                         uint64_t now_ms);

/* health_seat_take - a seat that stands for a service, after a review of that one's guard: its health is
 * what it would be without the operator's word, which is passed on beside it. */
void health_seat_take(struct health_seat *seat, const struct health_guard *inner);

/* health_guard_is_waiting - may time alone change something? Then review again within a
 * second. */
bool health_guard_is_waiting(const struct health_guard *guard);
