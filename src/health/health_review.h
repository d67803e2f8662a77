/* health_review.h - one review of a service on its way: what health_guard.c has decided so far, for
 * health_conclude.c to sum up. Private to health/. On the stack of health_guard_review().
 */
#pragma once

#include "rhumb/health_guard.h"

#include "health_standing.h"

/* Regions, by index. */
struct health_standings {
    struct health_standing of[HEALTH_REGIONS_MAX];
};

struct health_review {
    struct health_guard *guard;
    enum health_freeze freeze;
    uint64_t now_ms;
    struct health_standings wanted; /* by health and operator */
    struct health_standings kept;   /* in already, or forced in now */
    struct health_standings in;     /* in the answers, kept up while seats move */
    struct health_standings seated; /* the same, whatever happens inside nested services */
    bool stood[HEALTH_REGIONS_MAX]; /* usable before health took anybody in this review */
    bool heard[HEALTH_REGIONS_MAX]; /* a probe has said something about one of its seats */
    uint32_t removals_left;
    bool any_well; /* somebody of this service works */
};

static inline unsigned review_enough(const struct health_guard *guard,
                                     const struct health_standings *standings, uint8_t region)
{
    return health_standing_enough(&standings->of[region], guard->rules.min_up_permille);
}

/* review_works_for - the families that the seat answers while it is in: of a nested service those
 * that are not dark. */
static inline unsigned review_works_for(const struct health_seat *seat)
{
    return seat->families & ~(unsigned)seat->dark_families;
}

static inline void review_count(struct health_standings *standings,
                                const struct health_seat *seat, unsigned up)
{
    health_standing_add(&standings->of[seat->region], seat->families, up);
}

static inline bool review_is_forced(const struct health_seat *seat)
{
    return health_seat_force(seat) != HEALTH_FORCE_NONE;
}

/* review_is_held_back - a seat that would come in, but its region is lost; an operator's `up` is
 * not kept waiting. What was left of the region in the answers may stay: it is not enough. A
 * region that is not well yet keeps its seats out as well: else one that relapses while it waits
 * would come back by that. */
bool review_is_held_back(const struct health_guard *guard, const struct health_seat *seat);

/* review_conclude - seats stand where they are to stand: regions, the service, words. */
void review_conclude(struct health_review *r);
