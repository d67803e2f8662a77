#include "health_review.h"

/* conclude_region - lost is what health has taken: what the operator took, he gives back, and
 * what was only assumed to be down was never there. */
static void conclude_region(struct health_review *r, uint8_t index)
{
    struct health_region *region = &r->guard->regions[index];
    bool usable = review_enough(r->guard, &r->in, index) != 0;
    if (region->usable && r->stood[index] && !usable && r->heard[index]) {
        region->lost = true;
        region->lost_ms = r->now_ms;
    }
    region->usable = usable;
}

bool health_guard_gives_way(const struct health_guard *guard, uint8_t region)
{
    if (guard->chosen == HEALTH_NO_REGION || guard->chosen == region)
        return false;
    for (uint8_t i = 0; guard->order && i < guard->region_count; i++)
        if (guard->order[i] == region || guard->order[i] == guard->chosen)
            return guard->order[i] == region;
    return true;
}

static void find_active(struct health_review *r)
{
    struct health_guard *guard = r->guard;
    uint8_t active = HEALTH_NO_REGION, standby = HEALTH_NO_REGION;
    for (unsigned i = 0; guard->order && i < 2u * guard->region_count; i++) {
        uint8_t region = guard->order[i % guard->region_count];
        bool late = i >= guard->region_count; /* those that give way come last */
        if (!guard->regions[region].usable || health_guard_gives_way(guard, region) != late)
            continue;
        if (active == HEALTH_NO_REGION)
            active = region;
        else if (standby == HEALTH_NO_REGION)
            standby = region;
    }
    if (guard->reviewed && active != guard->active)
        guard->failover_ms = r->now_ms > 0 ? r->now_ms : 1;
    guard->active = active;
    guard->standby = standby;
}

/* is_in_reserve - it works, and waits. While health is switched off, who was so is. */
static bool is_in_reserve(const struct health_review *r, const struct health_seat *seat)
{
    if (review_is_forced(seat))
        return false;
    if (r->freeze == HEALTH_FREEZE_ALL && r->guard->reviewed)
        return (seat->word & HEALTH_WORD_RESERVE) != 0;
    return review_is_held_back(r->guard, seat) || seat->state == HEALTH_HELD;
}

static health_word word_of(const struct health_review *r, const struct health_seat *seat)
{
    const struct health_guard *guard = r->guard;
    enum health_state state = review_is_held_back(guard, seat) ? HEALTH_HELD : seat->state;
    health_word word = (uint32_t)state << HEALTH_WORD_STATE_SHIFT |
                       (uint32_t)seat->scale << HEALTH_WORD_SCALE_SHIFT;
    if (seat->in && !health_guard_gives_way(guard, seat->region))
        word |= HEALTH_WORD_USABLE;
    else if (seat->in || is_in_reserve(r, seat))
        word |= HEALTH_WORD_RESERVE;
    if (seat->suspect)
        word |= HEALTH_WORD_SUSPECT;
    if (review_is_forced(seat))
        word |= HEALTH_WORD_FORCED;
    if (seat->frozen)
        word |= HEALTH_WORD_FROZEN;
    if (seat->unchecked)
        word |= HEALTH_WORD_UNCHECKED;
    return word;
}

static bool is_unsettled(const struct health_review *r, const struct health_seat *seat)
{
    uint64_t age_ms = r->now_ms > seat->changed_ms ? r->now_ms - seat->changed_ms : 0;
    return !seat->in || seat->frozen || review_is_forced(seat) || seat->state == HEALTH_DOWN ||
           seat->state == HEALTH_HELD ||
           (seat->changed_ms > 0 && age_ms < r->guard->rules.settle_ms);
}

/* conclude_darkness - for which families nothing is left, what is in reserve included; and for
 * which it would be without the operator's word: seats that he forces count by their health. */
static void conclude_darkness(struct health_review *r)
{
    struct health_guard *guard = r->guard;
    struct health_standings left = {0}, unforced = {0};
    unsigned families_left = 0, unforced_left = 0, families = 0;
    for (size_t i = 0; i < guard->seat_count; i++) {
        const struct health_seat *seat = &guard->seats[i];
        bool is_left = (seat->word & (HEALTH_WORD_USABLE | HEALTH_WORD_RESERVE)) != 0;
        bool would_be = review_is_forced(seat) ? seat->usable : is_left;
        families |= seat->families;
        review_count(&left, seat, is_left ? review_works_for(seat) : 0);
        review_count(&unforced, seat, would_be ? ~(unsigned)seat->unforced_dark : 0);
    }
    for (uint8_t i = 0; i < guard->region_count; i++) {
        families_left |= review_enough(guard, &left, i);
        unforced_left |= review_enough(guard, &unforced, i);
    }
    guard->families = (uint8_t)families;
    guard->dark_families = (uint8_t)(families & ~families_left);
    guard->unforced_dark = (uint8_t)(families & ~unforced_left);
    guard->dark = families_left == 0;
    guard->forced = HEALTH_FORCE_NONE;
    if (guard->dark && unforced_left != 0)
        guard->forced = HEALTH_FORCE_DRAIN;
    else if (!guard->dark && unforced_left == 0)
        guard->forced = HEALTH_FORCE_UP;
}

void review_conclude(struct health_review *r)
{
    struct health_guard *guard = r->guard;
    guard->usable_regions = 0;
    for (uint8_t i = 0; i < guard->region_count; i++) {
        conclude_region(r, i);
        guard->usable_regions = (uint8_t)(guard->usable_regions + guard->regions[i].usable);
    }
    guard->unsettled = false;
    guard->frozen_count = 0;
    for (size_t i = 0; i < guard->seat_count; i++) {
        struct health_seat *seat = &guard->seats[i];
        seat->word = word_of(r, seat);
        guard->unsettled = guard->unsettled || is_unsettled(r, seat);
        guard->frozen_count += seat->frozen && seat->state != HEALTH_UNKNOWN; /* it fails */
    }
    conclude_darkness(r);
    find_active(r);
    guard->reviewed = true;
}
