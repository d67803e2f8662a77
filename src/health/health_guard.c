/* One review, in this order:
 *
 *   want      what each seat's health and the operator ask for
 *   hold      regions that wait for their fail-back want nothing, unless nothing else is there
 *   move      those that may leave leave, those that may return return
 *   conclude  regions, service, words
 */
#include "rhumb/health_guard.h"

#include <string.h>

enum { FAMILIES = 3, MINUTE_MS = 60000, PERMILLE = 1000 };

/* How the seats of one region stand, by family. */
struct standing {
    uint32_t total[FAMILIES], up[FAMILIES];
};

struct review {
    struct health_guard *guard;
    enum health_freeze freeze;
    uint64_t now_ms;
    struct standing wanted[HEALTH_REGIONS_MAX]; /* by health and operator */
    struct standing kept[HEALTH_REGIONS_MAX];   /* in already, or forced in now */
    struct standing in[HEALTH_REGIONS_MAX];     /* in the answers, kept up while seats move */
    bool stood[HEALTH_REGIONS_MAX]; /* usable before health took anybody in this review */
    bool heard[HEALTH_REGIONS_MAX]; /* a probe has said something about one of its seats */
    uint32_t removals_left;
    bool any_well; /* somebody of this service works */
};

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

/* is_enough - the rule of policy_select: one family of the region, above its floor, will do. */
static bool is_enough(const struct health_guard *guard, const struct standing *standing)
{
    for (int f = 0; f < FAMILIES; f++)
        if (standing->up[f] > 0 &&
            (uint64_t)standing->up[f] * PERMILLE >=
                (uint64_t)guard->rules.min_up_permille * standing->total[f])
            return true;
    return false;
}

static void count(struct standing *standing, const struct health_seat *seat, bool up)
{
    standing->total[seat->family]++;
    standing->up[seat->family] += up;
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
    switch (seat->force) {
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
static bool hold_regions(struct review *r)
{
    struct health_guard *guard = r->guard;
    bool any = false;
    for (uint8_t i = 0; i < guard->region_count; i++) {
        struct health_region *region = &guard->regions[i];
        bool well = is_enough(guard, &r->wanted[i]);
        if (!well)
            region->well_since_ms = 0;
        else if (region->well_since_ms == 0 || region->well_since_ms > r->now_ms)
            region->well_since_ms = r->now_ms;
        if (is_enough(guard, &r->kept[i])) /* the operator has brought it back */
            region->lost = false;
        if (well && region->lost && may_come_back(guard, region, r->now_ms))
            region->lost = false;
        region->held = well && region->lost;
        any = any || (well && !region->held);
    }
    return any;
}

/* use_what_is_held - nothing else is usable: held regions, and without one, damped seats. */
static void use_what_is_held(struct review *r)
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
        if (seat->state != HEALTH_HELD || seat->force != HEALTH_FORCE_NONE || seat->in)
            continue;
        seat->in = true;                           /* is_well() from now on */
        guard->regions[seat->region].lost = false; /* so it does not wait a second time */
        seat->changed_ms = r->now_ms > 0 ? r->now_ms : 1;
    }
}

/* is_held_back - a seat that would come in, but its region is lost; an operator's `up` is not
 * kept waiting. What was left of the region in the answers may stay: it is not enough. A region
 * that is not well yet keeps its seats out as well: else one that relapses while it waits would
 * come back by that. */
static bool is_held_back(const struct health_guard *guard, const struct health_seat *seat)
{
    return !seat->in && guard->regions[seat->region].lost &&
           guard->rules.failback != HEALTH_FAILBACK_AUTO && is_wanted(seat) &&
           seat->force != HEALTH_FORCE_UP;
}

/* ---- move ---- */

static void set_in(struct review *r, struct health_seat *seat, bool in)
{
    struct standing *standing = &r->in[seat->region];
    seat->in = in;
    seat->changed_ms = r->now_ms > 0 ? r->now_ms : 1; /* 0 would say "never" */
    if (in)
        standing->up[seat->family]++;
    else
        standing->up[seat->family]--;
}

static uint32_t usable_regions(const struct review *r)
{
    uint32_t usable = 0;
    for (uint8_t i = 0; i < r->guard->region_count; i++)
        usable += is_enough(r->guard, &r->in[i]);
    return usable;
}

/* breaks_floor - would too few regions be left without this seat? */
static bool breaks_floor(struct review *r, const struct health_seat *seat)
{
    const struct health_guard *guard = r->guard;
    struct standing *standing = &r->in[seat->region];
    if (guard->rules.min_usable == 0 || !is_enough(guard, standing))
        return false;
    struct standing without = *standing;
    without.up[seat->family]--;
    return !is_enough(guard, &without) && usable_regions(r) <= guard->rules.min_usable;
}

/* try_remove - health wants the seat out: unless a rule keeps it. */
static void try_remove(struct review *r, struct health_seat *seat)
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
static void move_seats(struct review *r)
{
    struct health_guard *guard = r->guard;
    for (size_t i = 0; i < guard->seat_count; i++) {
        struct health_seat *seat = &guard->seats[i];
        bool wanted = is_wanted(seat) && !is_held_back(guard, seat);
        bool is_forced = seat->force != HEALTH_FORCE_NONE;
        seat->frozen = false;
        if (seat->in != wanted && (is_forced || (wanted && r->freeze != HEALTH_FREEZE_ALL)))
            set_in(r, seat, wanted);
    }
    for (uint8_t i = 0; i < guard->region_count; i++)
        r->stood[i] = is_enough(guard, &r->in[i]);
    for (size_t i = 0; i < guard->seat_count; i++) {
        struct health_seat *seat = &guard->seats[i];
        if (seat->in && seat->force == HEALTH_FORCE_NONE && !is_wanted(seat))
            try_remove(r, seat);
        seat->known = seat->known || seat->state != HEALTH_UNKNOWN;
        r->heard[seat->region] = r->heard[seat->region] || seat->known;
    }
}

/* removals_left - the budget of a minute, less what left in the last one. */
static uint32_t removals_left(const struct review *r)
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

/* ---- conclude ---- */

/* conclude_region - lost is what health has taken: what the operator took, he gives back, and
 * what was only assumed to be down was never there. */
static void conclude_region(struct review *r, uint8_t index)
{
    struct health_region *region = &r->guard->regions[index];
    bool usable = is_enough(r->guard, &r->in[index]);
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

static void find_active(struct review *r)
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

/* is_in_reserve - it works, and waits. */
static bool is_in_reserve(const struct health_guard *guard, const struct health_seat *seat)
{
    return seat->force == HEALTH_FORCE_NONE &&
           (is_held_back(guard, seat) || seat->state == HEALTH_HELD);
}

static health_word word_of(const struct health_guard *guard, const struct health_seat *seat)
{
    enum health_state state = is_held_back(guard, seat) ? HEALTH_HELD : seat->state;
    health_word word = (uint32_t)state << HEALTH_WORD_STATE_SHIFT |
                       (uint32_t)seat->scale << HEALTH_WORD_SCALE_SHIFT;
    if (seat->in && !health_guard_gives_way(guard, seat->region))
        word |= HEALTH_WORD_USABLE;
    else if (seat->in || is_in_reserve(guard, seat))
        word |= HEALTH_WORD_RESERVE;
    if (seat->suspect)
        word |= HEALTH_WORD_SUSPECT;
    if (seat->force != HEALTH_FORCE_NONE)
        word |= HEALTH_WORD_FORCED;
    if (seat->frozen)
        word |= HEALTH_WORD_FROZEN;
    if (seat->unchecked)
        word |= HEALTH_WORD_UNCHECKED;
    return word;
}

static bool is_unsettled(const struct review *r, const struct health_seat *seat)
{
    uint64_t age_ms = r->now_ms > seat->changed_ms ? r->now_ms - seat->changed_ms : 0;
    return !seat->in || seat->frozen || seat->force != HEALTH_FORCE_NONE ||
           seat->state == HEALTH_DOWN || seat->state == HEALTH_HELD ||
           (seat->changed_ms > 0 && age_ms < r->guard->rules.settle_ms);
}

static void conclude(struct review *r)
{
    struct health_guard *guard = r->guard;
    guard->usable_regions = 0;
    for (uint8_t i = 0; i < guard->region_count; i++) {
        conclude_region(r, i);
        guard->usable_regions = (uint8_t)(guard->usable_regions + guard->regions[i].usable);
    }
    guard->dark = guard->usable_regions == 0;
    guard->unsettled = false;
    guard->frozen_count = 0;
    for (size_t i = 0; i < guard->seat_count; i++) {
        struct health_seat *seat = &guard->seats[i];
        seat->word = word_of(guard, seat);
        guard->unsettled = guard->unsettled || is_unsettled(r, seat);
        guard->frozen_count += seat->frozen && seat->state != HEALTH_UNKNOWN; /* it fails */
    }
    find_active(r);
    guard->reviewed = true;
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
    struct review r = {.guard = guard, .freeze = freeze, .now_ms = now_ms};
    turn_back_clock(guard, now_ms);
    obey(guard, now_ms);
    for (size_t i = 0; i < guard->seat_count; i++) {
        const struct health_seat *seat = &guard->seats[i];
        bool kept = seat->force == HEALTH_FORCE_NONE ? seat->in : is_wanted(seat);
        count(&r.wanted[seat->region], seat, is_wanted(seat));
        count(&r.kept[seat->region], seat, kept);
        r.any_well = r.any_well || seat->usable;
    }
    if (!hold_regions(&r) && freeze != HEALTH_FREEZE_ALL)
        use_what_is_held(&r);
    for (size_t i = 0; i < guard->seat_count; i++)
        count(&r.in[guard->seats[i].region], &guard->seats[i], guard->seats[i].in);
    r.removals_left = removals_left(&r);
    move_seats(&r);
    conclude(&r);
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
