/* One review, in this order:
 *
 *   want      what each seat's health and the operator ask for
 *   hold      regions that wait for their fail-back want nothing, unless nothing else is there
 *   move      those that may leave leave, those that may return return
 *   conclude  regions, service, words
 */
#include "rhumb/health_guard.h"

#include "health_review.h"

enum { MINUTE_MS = 60000, PERMILLE = 1000 };

void health_guard_init(struct health_guard *guard, const struct health_rules *rules,
                       struct health_seat *seats, size_t seat_count, const uint8_t *order,
                       uint8_t region_count)
{
    *guard = (struct health_guard){
        .rules = *rules,
        .seats = seats,
        .seat_count = seat_count,
        .order = order,
        .region_count = region_count,
        .chosen = HEALTH_NO_REGION,
        .obeyed = HEALTH_NO_REGION,
        .active = HEALTH_NO_REGION,
        .standby = HEALTH_NO_REGION,
    };
    for (size_t i = 0; i < region_count; i++)
        guard->regions[i].usable = true;
    for (size_t i = 0; i < seat_count; i++)
        seats[i].in = true;
}

/* ---- want ---- */

/* is_well - by health alone. A damped endpoint that is in the answers all the same stays there:
 * damping delays returns, and causes no departure. */
static bool is_well(const struct health_seat *seat)
{
    return seat->usable || (seat->state == HEALTH_HELD && seat->in);
}

static bool is_wanted(const struct health_seat *seat)
{
    switch (health_seat_force(seat)) {
    case HEALTH_FORCE_UP: return true;
    case HEALTH_FORCE_DOWN:
    case HEALTH_FORCE_DRAIN: return false;
    case HEALTH_FORCE_NONE: break;
    }
    return is_well(seat);
}

/* ---- hold ---- */

static bool may_come_back(const struct health_guard *guard, const struct health_region *region,
                          uint64_t now_ms)
{
    uint64_t well_ms = now_ms > region->well_since_ms ? now_ms - region->well_since_ms : 0;
    if (region->resumed_ms > region->lost_ms)
        return true;
    switch (guard->rules.failback) {
    case HEALTH_FAILBACK_AUTO: return true;
    case HEALTH_FAILBACK_AFTER: return well_ms >= guard->rules.failback_after_ms;
    case HEALTH_FAILBACK_MANUAL: break;
    }
    return false;
}

/* hold_regions - which of the lost regions that are well again wait; true when a region is left
 * that does not. */
static bool hold_regions(struct health_review *r)
{
    struct health_guard *guard = r->guard;
    bool any = false;
    for (uint8_t i = 0; i < guard->region_count; i++) {
        struct health_region *region = &guard->regions[i];
        bool well = review_enough(guard, &r->wanted, i) != 0;
        if (!well)
            region->well_since_ms = 0;
        else if (region->well_since_ms == 0 || region->well_since_ms > r->now_ms)
            region->well_since_ms = r->now_ms;
        if (review_enough(guard, &r->kept, i) != 0) /* the operator has brought it back */
            region->lost = false;
        if (well && region->lost && may_come_back(guard, region, r->now_ms))
            region->lost = false;
        region->held = well && region->lost;
        any = any || (well && !region->held);
    }
    return any;
}

/* use_what_is_held - nothing else is usable: held regions, and without one, damped seats. */
static void use_what_is_held(struct health_review *r)
{
    struct health_guard *guard = r->guard;
    bool any = false;
    for (uint8_t i = 0; i < guard->region_count; i++) {
        struct health_region *region = &guard->regions[i];
        any = any || region->held;
        if (region->held)
            region->lost = region->held = false;
    }
    for (size_t i = 0; !any && i < guard->seat_count; i++) {
        struct health_seat *seat = &guard->seats[i];
        if (seat->state != HEALTH_HELD || review_is_forced(seat) || seat->in)
            continue;
        seat->in = true;                           /* is_well() from now on */
        guard->regions[seat->region].lost = false; /* so it does not wait a second time */
        seat->changed_ms = r->now_ms > 0 ? r->now_ms : 1;
    }
}

bool review_is_held_back(const struct health_guard *guard, const struct health_seat *seat)
{
    return !seat->in && guard->regions[seat->region].lost &&
           guard->rules.failback != HEALTH_FAILBACK_AUTO && is_wanted(seat) &&
           health_seat_force(seat) != HEALTH_FORCE_UP;
}

/* ---- move ---- */

static void set_in(struct health_review *r, struct health_seat *seat, bool in)
{
    seat->in = in;
    seat->changed_ms = r->now_ms > 0 ? r->now_ms : 1; /* 0 would say "never" */
    health_standing_move(&r->in.of[seat->region], review_works_for(seat), in);
    health_standing_move(&r->seated.of[seat->region], seat->families, in);
}

/* breaks_floor - would too few regions be left without this seat? */
static bool breaks_floor(const struct health_review *r, const struct health_seat *seat)
{
    const struct health_guard *guard = r->guard;
    uint16_t min_up = guard->rules.min_up_permille;
    struct health_standing without = r->in.of[seat->region];
    health_standing_move(&without, review_works_for(seat), false);
    unsigned lost =
        review_enough(guard, &r->in, seat->region) & ~health_standing_enough(&without, min_up);
    return health_standing_breaks_floor(r->in.of, guard->region_count, min_up,
                                        guard->rules.min_usable, seat->region, lost);
}

/* try_remove - health wants the seat out: unless a rule keeps it. */
static void try_remove(struct health_review *r, struct health_seat *seat)
{
    bool is_news = seat->known; /* the first word about a target is no failure of it */
    bool is_self = r->freeze == HEALTH_FREEZE_REMOVALS && r->any_well;
    bool is_over = is_news && r->removals_left == 0;
    seat->frozen =
        r->freeze == HEALTH_FREEZE_ALL || is_self || is_over || breaks_floor(r, seat);
    if (seat->frozen)
        return;
    if (is_news) {
        r->removals_left--;
        seat->removed_ms = r->now_ms > 0 ? r->now_ms : 1;
    }
    set_in(r, seat, false);
}

/* move_seats - returns first: they may be what lets others leave. */
static void move_seats(struct health_review *r)
{
    struct health_guard *guard = r->guard;
    for (size_t i = 0; i < guard->seat_count; i++) {
        struct health_seat *seat = &guard->seats[i];
        bool wanted = is_wanted(seat) && !review_is_held_back(guard, seat);
        seat->frozen = false;
        if (seat->in != wanted &&
            (review_is_forced(seat) || (wanted && r->freeze != HEALTH_FREEZE_ALL)))
            set_in(r, seat, wanted);
    }
    for (uint8_t i = 0; i < guard->region_count; i++)
        r->stood[i] = review_enough(guard, &r->seated, i) != 0;
    for (size_t i = 0; i < guard->seat_count; i++) {
        struct health_seat *seat = &guard->seats[i];
        if (seat->in && !review_is_forced(seat) && !is_wanted(seat))
            try_remove(r, seat);
        seat->known = seat->known || seat->state != HEALTH_UNKNOWN;
        r->heard[seat->region] = r->heard[seat->region] || seat->known;
    }
}

/* removals_left - the budget of a minute, less what left in the last one. */
static uint32_t removals_left(const struct health_review *r)
{
    const struct health_guard *guard = r->guard;
    uint64_t budget = guard->seat_count * guard->rules.max_down_permille / PERMILLE;
    uint64_t spent = 0;
    if (guard->rules.max_down_permille >= PERMILLE)
        return UINT32_MAX;
    for (size_t i = 0; i < guard->seat_count; i++) {
        const struct health_seat *seat = &guard->seats[i];
        spent += seat->removed_ms > 0 && seat->removed_ms <= r->now_ms &&
                 r->now_ms - seat->removed_ms < MINUTE_MS;
    }
    if (budget == 0)
        budget = 1;
    return spent < budget ? (uint32_t)(budget - spent) : 0;
}

static void turn_back(uint64_t *at_ms, uint64_t now_ms)
{
    if (*at_ms > now_ms)
        *at_ms = now_ms > 0 ? now_ms : 1; /* 0 would say "never" */
}

/* turn_back_clock - after a step back in time, what lies in the future was just now. */
static void turn_back_clock(struct health_guard *guard, uint64_t now_ms)
{
    for (uint8_t i = 0; i < guard->region_count; i++) {
        turn_back(&guard->regions[i].lost_ms, now_ms);
        turn_back(&guard->regions[i].resumed_ms, now_ms);
    }
    for (size_t i = 0; i < guard->seat_count; i++) {
        turn_back(&guard->seats[i].changed_ms, now_ms);
        turn_back(&guard->seats[i].removed_ms, now_ms);
    }
}

/* obey - another region was chosen: TTLs are short for a while, in case it was a mistake. */
static void obey(struct health_guard *guard, uint64_t now_ms)
{
    if (guard->obeyed == guard->chosen)
        return;
    guard->obeyed = guard->chosen;
    for (size_t i = 0; guard->reviewed && i < guard->seat_count; i++)
        guard->seats[i].changed_ms = now_ms > 0 ? now_ms : 1;
}

void health_guard_review(struct health_guard *guard, enum health_freeze freeze, uint64_t now_ms)
{
    struct health_review r = {.guard = guard, .freeze = freeze, .now_ms = now_ms};
    turn_back_clock(guard, now_ms);
    obey(guard, now_ms);
    for (size_t i = 0; i < guard->seat_count; i++) {
        const struct health_seat *seat = &guard->seats[i];
        bool kept = review_is_forced(seat) ? is_wanted(seat) : seat->in;
        review_count(&r.wanted, seat, is_wanted(seat) ? review_works_for(seat) : 0);
        review_count(&r.kept, seat, kept ? review_works_for(seat) : 0);
        r.any_well = r.any_well || seat->usable;
    }
    if (!hold_regions(&r) && freeze != HEALTH_FREEZE_ALL)
        use_what_is_held(&r);
    for (size_t i = 0; i < guard->seat_count; i++) {
        const struct health_seat *seat = &guard->seats[i];
        review_count(&r.in, seat, seat->in ? review_works_for(seat) : 0);
        review_count(&r.seated, seat, seat->in ? seat->families : 0);
    }
    r.removals_left = removals_left(&r);
    move_seats(&r);
    review_conclude(&r);
}

void health_seat_take(struct health_seat *seat, const struct health_guard *inner)
{
    seat->usable = inner->unforced_dark != inner->families;
    seat->state = seat->usable ? HEALTH_UP : HEALTH_DOWN;
    seat->passed = inner->forced;
    seat->dark_families = inner->dark_families;
    seat->unforced_dark = inner->unforced_dark;
}

bool health_guard_is_waiting(const struct health_guard *guard)
{
    for (uint8_t i = 0; i < guard->region_count; i++)
        if (guard->regions[i].held)
            return true;
    return guard->frozen_count > 0 || guard->unsettled;
}

const char *health_force_name(enum health_force force)
{
    static const char *const NAMES[] = {
        [HEALTH_FORCE_NONE] = "free",
        [HEALTH_FORCE_UP] = "up",
        [HEALTH_FORCE_DOWN] = "down",
        [HEALTH_FORCE_DRAIN] = "drain",
    };
    return NAMES[force];
}
