/* What a guard promises, whatever the seats, the rules, the operator and the order of events:
 *
 *   force     who is forced is where he was forced to
 *   floor     health never leaves less than `min_usable` regions, nor a family less than its part
 *   budget    health takes no more endpoints in any minute than may leave
 *   freeze    nobody leaves while removals are frozen, nothing changes while all is
 *   light     a service with a region that is well is never dark, nor is a family
 *   passing   what outer services are told is the health without the operator's word, and his word
 *             where it alone decides
 *   fail-back who is held returns by its rule only, or when nothing else is there
 *   reasons   who is kept out, or in, is so for a reason that is told
 *   calm      a second look at the same moment changes nothing
 *
 * Each is computed here the slow and obvious way. RHUMB_SEED is the seed of the first case,
 * RHUMB_CASES their number.
 */
#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "rhumb/health_guard.h"
#include "rhumb/rng.h"

enum { CASES = 1500, STEPS = 120, SEATS_MAX = 24, REGIONS_MAX = 6, MINUTE_MS = 60000 };

struct trial {
    uint64_t seed;
    struct rng rng;
    unsigned step;
    struct health_guard guard;
    struct health_seat seats[SEATS_MAX];
    uint8_t order[REGIONS_MAX];
    enum health_freeze freeze;
    uint64_t now_ms;
    bool nested[SEATS_MAX];
    uint64_t taken_ms[SEATS_MAX]; /* when health took a seat out last, by the model */
    /* before the review */
    struct health_guard guard_before;
    struct health_seat seats_before[SEATS_MAX];
};

/* A test that never meets a branch proves nothing about it. */
static struct {
    unsigned reviews, frozen, held, released, damped_used, dark, floor, budget, forced;
    unsigned dark_family, family_floor, passed_drain, passed_up;
} tally;

static void tell(const struct trial *t)
{
    const struct health_rules *rules = &t->guard.rules;
    fprintf(stderr, "# min_up %u floor %u budget %u failback %d freeze %d now %" PRIu64 "\n",
            rules->min_up_permille, rules->min_usable, rules->max_down_permille,
            (int)rules->failback, (int)t->freeze, t->now_ms);
    for (size_t i = 0; i < t->guard.seat_count; i++) {
        const struct health_seat *seat = &t->seats[i];
        fprintf(stderr,
                "# region %u families %u dark %u force %d passed %d %s%s; before %s%s%s, after "
                "%s%s\n",
                seat->region, seat->families, seat->dark_families, (int)seat->force,
                (int)seat->passed, health_state_name(seat->state),
                seat->usable ? "" : " not usable", t->seats_before[i].in ? "in" : "out",
                t->seats_before[i].frozen ? " frozen" : "",
                t->seats_before[i].known ? "" : " not known", seat->in ? "in" : "out",
                seat->frozen ? " frozen" : "");
    }
    for (unsigned i = 0; i < t->guard.region_count; i++)
        fprintf(stderr, "# region %u: lost %d held %d; after lost %d held %d usable %d\n", i,
                t->guard_before.regions[i].lost, t->guard_before.regions[i].held,
                t->guard.regions[i].lost, t->guard.regions[i].held, t->guard.regions[i].usable);
}

static void promise_that(const struct trial *t, bool kept, const char *promise)
{
    if (!kept)
        tell(t);
    if (!kept)
        fail_msg("%s (RHUMB_SEED=%" PRIu64 " RHUMB_CASES=1, step %u)", promise, t->seed,
                 t->step);
}

static unsigned chance(struct trial *t, unsigned limit)
{
    return rng_below(&t->rng, limit);
}

/* ---- the model --------------------------------------------------------------------------- */

static enum health_force force_of(const struct health_seat *seat)
{
    return seat->force == HEALTH_FORCE_NONE ? seat->passed : seat->force;
}

static bool is_well(const struct health_seat *seat)
{
    return force_of(seat) == HEALTH_FORCE_UP ||
           (force_of(seat) == HEALTH_FORCE_NONE && seat->usable);
}

enum { BOTH = HEALTH_V4 | HEALTH_V6 };

/* is_enough_for - of the seats with a mark, in one region, for one family; dark: of each nested
 * seat the families that it does not answer. */
static bool is_enough_for(const struct trial *t, const bool *marks, const uint8_t *dark,
                          unsigned region, unsigned family)
{
    unsigned total = 0, up = 0;
    for (size_t i = 0; i < t->guard.seat_count; i++) {
        if (t->seats[i].region != region || (t->seats[i].families & family) == 0)
            continue;
        total++;
        up += marks[i] && (dark[i] & family) == 0;
    }
    return up > 0 && up * 1000 >= t->guard.rules.min_up_permille * total;
}

static void dark_of(const struct trial *t, uint8_t dark[SEATS_MAX])
{
    for (size_t i = 0; i < t->guard.seat_count; i++)
        dark[i] = t->seats[i].dark_families;
}

/* is_enough - for either family. */
static bool is_enough(const struct trial *t, const bool *marks, unsigned region)
{
    uint8_t dark[SEATS_MAX];
    dark_of(t, dark);
    return is_enough_for(t, marks, dark, region, HEALTH_V4) ||
           is_enough_for(t, marks, dark, region, HEALTH_V6);
}

/* count_enough - regions, for one of these families. */
static unsigned count_enough(const struct trial *t, const bool *marks, unsigned families)
{
    uint8_t dark[SEATS_MAX];
    unsigned count = 0;
    dark_of(t, dark);
    for (unsigned region = 0; region < t->guard.region_count; region++)
        count +=
            ((families & HEALTH_V4) != 0 && is_enough_for(t, marks, dark, region, HEALTH_V4)) ||
            ((families & HEALTH_V6) != 0 && is_enough_for(t, marks, dark, region, HEALTH_V6));
    return count;
}

/* count_having - regions with a seat of the family. */
static unsigned count_having(const struct trial *t, unsigned family)
{
    unsigned count = 0;
    for (unsigned region = 0; region < t->guard.region_count; region++) {
        bool has = false;
        for (size_t i = 0; i < t->guard.seat_count; i++)
            has = has || (t->seats[i].region == region && (t->seats[i].families & family) != 0);
        count += has;
    }
    return count;
}

/* ---- the promises ------------------------------------------------------------------------ */

static void check_force(const struct trial *t, const struct health_seat *seat)
{
    if (force_of(seat) == HEALTH_FORCE_NONE)
        return;
    promise_that(t, seat->in == (force_of(seat) == HEALTH_FORCE_UP), "force comes first");
    promise_that(t, !seat->frozen, "who is forced is not frozen");
    tally.forced++;
}

static void check_word(const struct trial *t, const struct health_seat *seat)
{
    health_word word = seat->word;
    enum health_state state = health_word_state(word);
    promise_that(t, ((word & HEALTH_WORD_USABLE) != 0) == seat->in, "the word says who is in");
    promise_that(t, ((word & HEALTH_WORD_FROZEN) != 0) == seat->frozen, "and who is frozen");
    promise_that(t, ((word & HEALTH_WORD_FORCED) != 0) == (force_of(seat) != HEALTH_FORCE_NONE),
                 "and who is forced");
    promise_that(t, health_word_scale(word) == seat->scale, "and its scale");
    promise_that(t,
                 state == seat->state || (state == HEALTH_HELD && !seat->in) ||
                     (state == HEALTH_HELD && seat->frozen),
                 "and its state, unless it waits");
}

/* check_reasons - nobody is out or in without one. */
static void check_reasons(const struct trial *t, const struct health_seat *seat)
{
    bool held = t->guard.regions[seat->region].lost;
    if (t->freeze == HEALTH_FREEZE_ALL)
        return;
    if (is_well(seat) && !seat->in)
        promise_that(t, held, "who is well and out waits with its region");
    if (seat->in && !is_well(seat))
        promise_that(t, seat->frozen || seat->state == HEALTH_HELD,
                     "who is not well and in is frozen, or damped");
    if (seat->frozen)
        promise_that(t, seat->in && !is_well(seat), "who is frozen should be out");
}

static void check_freeze(const struct trial *t, size_t i)
{
    const struct health_seat *seat = &t->seats[i];
    bool was_in = t->seats_before[i].in, any_works = false;
    if (force_of(seat) != HEALTH_FORCE_NONE)
        return;
    for (size_t k = 0; k < t->guard.seat_count; k++)
        any_works = any_works || t->seats[k].usable;
    if (t->freeze == HEALTH_FREEZE_ALL || (t->freeze == HEALTH_FREEZE_REMOVALS && any_works))
        promise_that(t, seat->in || !was_in, "nobody leaves while removals are frozen");
    if (t->freeze == HEALTH_FREEZE_ALL)
        promise_that(t, seat->in == was_in, "nothing changes while all is frozen");
    if (t->freeze == HEALTH_FREEZE_ALL && t->guard_before.reviewed && !was_in)
        promise_that(t, ((seat->word ^ t->seats_before[i].word) & HEALTH_WORD_RESERVE) == 0,
                     "nor who is in reserve");
}

static void check_floor(const struct trial *t)
{
    bool without_health[SEATS_MAX], now[SEATS_MAX];
    for (size_t i = 0; i < t->guard.seat_count; i++) {
        enum health_force force = force_of(&t->seats[i]);
        without_health[i] =
            force == HEALTH_FORCE_NONE ? t->seats_before[i].in : force == HEALTH_FORCE_UP;
        now[i] = t->seats[i].in;
    }
    unsigned had = count_enough(t, without_health, BOTH), has = count_enough(t, now, BOTH);
    unsigned floor = t->guard.rules.min_usable;
    promise_that(t, has >= had || has >= floor, "health does not go below the floor");
    promise_that(t, has == t->guard.usable_regions, "usable regions are counted");
    tally.floor += floor > 0 && has == floor && t->guard.frozen_count > 0;
    for (unsigned family = HEALTH_V4; family <= HEALTH_V6 && floor > 0; family <<= 1) {
        unsigned missing = t->guard.region_count - count_having(t, family);
        unsigned own = floor > missing + 1 ? floor - missing : 1;
        had = count_enough(t, without_health, family);
        has = count_enough(t, now, family);
        promise_that(t, has >= had || has >= own, "nor a family below its own");
        tally.family_floor += has == own && missing > 0 && t->guard.frozen_count > 0;
    }
}

/* would_be - how the seat would stand without the operator's word. */
static bool would_be(const struct health_seat *seat)
{
    return force_of(seat) == HEALTH_FORCE_NONE
               ? (seat->word & (HEALTH_WORD_USABLE | HEALTH_WORD_RESERVE)) != 0
               : seat->usable;
}

/* families_without - of those that the service has, those for which no region is enough. */
static unsigned families_without(const struct trial *t, const bool *marks, const uint8_t *dark)
{
    unsigned without = 0;
    for (unsigned family = HEALTH_V4; family <= HEALTH_V6; family <<= 1) {
        bool any = count_having(t, family) == 0;
        for (unsigned region = 0; region < t->guard.region_count; region++)
            any = any || is_enough_for(t, marks, dark, region, family);
        without |= any ? 0 : family;
    }
    return without;
}

/* check_darkness - nothing usable and nothing in reserve. */
static void check_darkness(const struct trial *t)
{
    const struct health_guard *guard = &t->guard;
    bool left[SEATS_MAX], alone[SEATS_MAX];
    uint8_t dark[SEATS_MAX], unforced[SEATS_MAX];
    unsigned families = 0;
    dark_of(t, dark);
    for (size_t i = 0; i < guard->seat_count; i++) {
        left[i] = (t->seats[i].word & (HEALTH_WORD_USABLE | HEALTH_WORD_RESERVE)) != 0;
        alone[i] = would_be(&t->seats[i]);
        unforced[i] = t->seats[i].unforced_dark;
        families |= t->seats[i].families;
    }
    unsigned is_dark = families_without(t, left, dark);
    unsigned would = families_without(t, alone, unforced);
    promise_that(t, guard->families == families, "families are those of the seats");
    promise_that(t, guard->dark_families == is_dark, "a family is dark when nothing is left");
    promise_that(t, guard->dark == (is_dark == families), "dark is when all are");
    promise_that(t, guard->unforced_dark == would, "health alone is told");
    enum health_force forced = is_dark == families && would != families   ? HEALTH_FORCE_DRAIN
                               : is_dark != families && would == families ? HEALTH_FORCE_UP
                                                                          : HEALTH_FORCE_NONE;
    promise_that(t, guard->forced == forced, "and the operator's word where it decides");
    tally.dark += guard->dark;
    tally.dark_family += is_dark != 0 && is_dark != families;
    tally.passed_drain += forced == HEALTH_FORCE_DRAIN;
    tally.passed_up += forced == HEALTH_FORCE_UP;
}

/* check_loss - what the operator took, also inside of nested services, was not lost. */
static void check_loss(const struct trial *t, unsigned region)
{
    bool without_health[SEATS_MAX];
    uint8_t none[SEATS_MAX] = {0};
    const struct health_region *now = &t->guard.regions[region];
    if (!now->lost || t->guard_before.regions[region].lost)
        return;
    for (size_t i = 0; i < t->guard.seat_count; i++) {
        enum health_force force = force_of(&t->seats[i]);
        without_health[i] = force == HEALTH_FORCE_NONE ? t->seats_before[i].in || t->seats[i].in
                                                       : force == HEALTH_FORCE_UP;
    }
    promise_that(t,
                 is_enough_for(t, without_health, none, region, HEALTH_V4) ||
                     is_enough_for(t, without_health, none, region, HEALTH_V6),
                 "a region is lost by health alone");
}

static void check_budget(struct trial *t)
{
    const struct health_rules *rules = &t->guard.rules;
    size_t budget = t->guard.seat_count * rules->max_down_permille / 1000, taken = 0;
    bool any = false;
    for (size_t i = 0; i < t->guard.seat_count; i++) {
        const struct health_seat *before = &t->seats_before[i], *seat = &t->seats[i];
        if (before->in && !seat->in && force_of(seat) == HEALTH_FORCE_NONE && before->known &&
            !is_well(seat)) {
            t->taken_ms[i] = t->now_ms;
            any = true;
        }
        taken += t->taken_ms[i] > 0 && t->now_ms - t->taken_ms[i] < MINUTE_MS;
    }
    if (!any || rules->max_down_permille >= 1000)
        return;
    promise_that(t, taken <= (budget > 0 ? budget : 1), "no more leave than the budget allows");
    tally.budget++;
}

static void check_light(const struct trial *t)
{
    bool well[SEATS_MAX];
    for (size_t i = 0; i < t->guard.seat_count; i++)
        well[i] = is_well(&t->seats[i]);
    if (t->freeze == HEALTH_FREEZE_ALL)
        return;
    for (unsigned family = HEALTH_V4; family <= HEALTH_V6; family <<= 1)
        if (count_enough(t, well, family) > 0)
            promise_that(t, (t->guard.dark_families & family) == 0,
                         "a family with a region that is well is not dark");
}

/* check_failback - of a region that was held and is usable now. */
static void check_failback(const struct trial *t, unsigned region)
{
    const struct health_region *before = &t->guard_before.regions[region];
    const struct health_rules *rules = &t->guard.rules;
    bool well[SEATS_MAX], in[SEATS_MAX], others = false, forced = false;
    uint8_t none[SEATS_MAX] = {0};
    tally.held += t->guard.regions[region].held;
    if (!before->held || !t->guard.regions[region].usable)
        return;
    for (size_t i = 0; i < t->guard.seat_count; i++) {
        well[i] = is_well(&t->seats[i]);
        in[i] = t->seats_before[i].in;
        forced |= t->seats[i].region == region && force_of(&t->seats[i]) == HEALTH_FORCE_UP;
    }
    for (unsigned other = 0; other < t->guard.region_count; other++)
        others = others || (other != region && is_enough(t, well, other) &&
                            !t->guard_before.regions[other].lost);
    bool resumed = t->guard.regions[region].resumed_ms > before->lost_ms;
    bool waited = rules->failback == HEALTH_FAILBACK_AFTER &&
                  t->now_ms - before->well_since_ms >= rules->failback_after_ms;
    bool stayed = is_enough_for(t, in, none, region, BOTH); /* frozen, and dark inside */
    promise_that(t, forced || resumed || waited || stayed || !others,
                 "a held region returns by its rule, or when nothing else is usable");
    tally.released += !forced && !resumed && !waited;
}

static void check_failover(const struct trial *t)
{
    uint8_t found[2] = {HEALTH_NO_REGION, HEALTH_NO_REGION};
    unsigned count = 0;
    for (unsigned i = 0; t->guard.order && i < t->guard.region_count && count < 2; i++)
        if (t->guard.regions[t->order[i]].usable)
            found[count++] = t->order[i];
    promise_that(t, t->guard.active == found[0], "the first usable region is active");
    promise_that(t, t->guard.standby == found[1], "the second is its standby");
}

/* An endpoint that leaves twice in a minute spends twice while it does so, and once from then
 * on: with a budget another one may follow at once. */
static void check_calm(const struct trial *t)
{
    if (t->guard.rules.max_down_permille < 1000)
        return;
    struct trial again = *t;
    again.guard.seats = again.seats;
    again.guard.order = t->guard.order ? again.order : NULL;
    health_guard_review(&again.guard, t->freeze, t->now_ms);
    for (size_t i = 0; i < t->guard.seat_count; i++)
        promise_that(t, again.seats[i].word == t->seats[i].word,
                     "a second look at the same moment changes nothing");
}

static void check(struct trial *t)
{
    size_t frozen = 0;
    for (size_t i = 0; i < t->guard.seat_count; i++) {
        const struct health_seat *seat = &t->seats[i];
        check_force(t, seat);
        check_word(t, seat);
        check_reasons(t, seat);
        check_freeze(t, i);
        frozen += seat->frozen && seat->state != HEALTH_UNKNOWN;
        tally.damped_used += seat->in && seat->state == HEALTH_HELD;
    }
    promise_that(t, frozen == t->guard.frozen_count, "who is frozen is counted");
    promise_that(t, frozen == 0 || (t->guard.unsettled && health_guard_is_waiting(&t->guard)),
                 "who is frozen is waited for");
    for (unsigned region = 0; region < t->guard.region_count; region++) {
        check_failback(t, region);
        check_loss(t, region);
    }
    check_darkness(t);
    check_floor(t);
    check_budget(t);
    check_light(t);
    check_failover(t);
    check_calm(t);
    tally.frozen += frozen > 0;
    tally.reviews++;
}

/* ---- events ------------------------------------------------------------------------------ */

/* move_nested - a service inside: as its own guard might conclude. */
static void move_nested(struct trial *t, struct health_seat *seat)
{
    seat->unforced_dark = (uint8_t)(seat->families & chance(t, 4));
    seat->dark_families = seat->unforced_dark;
    seat->passed = HEALTH_FORCE_NONE;
    seat->usable = seat->unforced_dark != seat->families;
    seat->state = seat->usable ? HEALTH_UP : HEALTH_DOWN;
    if (chance(t, 4) > 0)
        return;
    seat->passed = seat->usable ? HEALTH_FORCE_DRAIN : HEALTH_FORCE_UP;
    seat->dark_families = seat->usable ? seat->families : 0;
}

/* move_seat - to a state that a machine may be in next. */
static void move_seat(struct trial *t, struct health_seat *seat)
{
    static const enum health_state next[] = {HEALTH_UP, HEALTH_SUSPECT, HEALTH_DOWN,
                                             HEALTH_DOWN};
    enum health_state to = next[chance(t, 4)];
    if (seat->unchecked)
        return;
    if (t->nested[seat - t->seats]) {
        move_nested(t, seat);
        return;
    }
    if (seat->state == HEALTH_DOWN && chance(t, 3) == 0)
        to = chance(t, 2) == 0 ? HEALTH_HELD : HEALTH_RECOVERING;
    seat->state = to;
    seat->usable = to != HEALTH_DOWN && to != HEALTH_HELD;
    seat->suspect = to == HEALTH_SUSPECT;
    seat->scale = to == HEALTH_RECOVERING ? (uint8_t)(10 + chance(t, 90)) : HEALTH_SCALE_FULL;
}

static void happen(struct trial *t)
{
    static const unsigned waits_ms[] = {1, 900, 5000, 40000};
    size_t count = t->guard.seat_count;
    t->now_ms += 1 + chance(t, waits_ms[chance(t, 4)]);
    unsigned moves = chance(t, 8) == 0 ? (unsigned)count : chance(t, 3);
    for (unsigned i = 0; i < moves; i++)
        move_seat(t, &t->seats[chance(t, (uint32_t)count)]);
    if (chance(t, 12) == 0)
        t->seats[chance(t, (uint32_t)count)].force = (enum health_force)chance(t, 4);
    if (chance(t, 10) == 0)
        for (size_t i = 0; i < count; i++)
            t->seats[i].force = HEALTH_FORCE_NONE;
    if (chance(t, 10) == 0)
        t->freeze = (enum health_freeze)chance(t, 3);
    if (chance(t, 4) == 0)
        t->freeze = HEALTH_FREEZE_NONE;
    if (chance(t, 40) == 0)
        for (size_t i = 0; i < t->guard.region_count; i++)
            t->guard.regions[i].resumed_ms = t->now_ms;
}

static void begin(struct trial *t, uint64_t seed)
{
    static const uint16_t min_ups[] = {0, 1, 500, 750, 1000};
    static const uint32_t budgets[] = {0, 100, 300, 1000};
    memset(t, 0, sizeof(*t));
    t->seed = seed;
    t->now_ms = 1000;
    rng_init(&t->rng, seed);
    unsigned family_count = 1 + chance(t, 2);
    uint8_t regions = (uint8_t)(1 + chance(t, REGIONS_MAX));
    size_t count = regions + chance(t, SEATS_MAX - regions + 1);
    for (size_t i = 0; i < count; i++) {
        struct health_seat *seat = &t->seats[i];
        seat->region = (uint8_t)(i < regions ? i : chance(t, regions));
        seat->families =
            (uint8_t)(seat->region % 3 == 2 ? BOTH : 1 + chance(t, 2) % family_count);
        seat->unchecked = chance(t, 20) == 0;
        t->nested[i] = !seat->unchecked && seat->region % 6 == 2;
        seat->state = seat->unchecked || t->nested[i] ? HEALTH_UP : HEALTH_UNKNOWN;
        seat->usable = seat->unchecked || t->nested[i] || seed % 3 > 0;
        seat->scale = HEALTH_SCALE_FULL;
    }
    for (uint8_t i = 0; i < regions; i++) { /* shuffled */
        uint8_t at = (uint8_t)chance(t, i + 1u);
        t->order[i] = t->order[at];
        t->order[at] = i;
    }
    struct health_rules rules = {
        .min_up_permille = min_ups[chance(t, 5)],
        .min_usable = (uint16_t)chance(t, 4),
        .max_down_permille = budgets[chance(t, 4)],
        .failback = (enum health_failback)chance(t, 3),
        .failback_after_ms = 1000 + chance(t, 100000),
        .settle_ms = chance(t, 60000),
    };
    health_guard_init(&t->guard, &rules, t->seats, count, chance(t, 2) ? t->order : NULL,
                      regions);
}

static void run_case(uint64_t seed)
{
    static struct trial t;
    begin(&t, seed);
    for (t.step = 0; t.step < STEPS; t.step++) {
        happen(&t);
        t.guard_before = t.guard;
        memcpy(t.seats_before, t.seats, sizeof(t.seats));
        health_guard_review(&t.guard, t.freeze, t.now_ms);
        check(&t);
    }
}

static uint64_t number_from(const char *variable, uint64_t otherwise)
{
    const char *text = getenv(variable);
    return text && text[0] != '\0' ? strtoull(text, NULL, 10) : otherwise;
}

static void every_promise_is_kept(void **state)
{
    (void)state;
    uint64_t seed = number_from("RHUMB_SEED", 1), cases = number_from("RHUMB_CASES", CASES);
    for (uint64_t i = 0; i < cases; i++)
        run_case(seed + i);
    printf(
        "# reviews %u: frozen %u, held %u, released %u, damped in use %u, dark %u, at the "
        "floor %u, budget used %u, forced %u, a family dark %u, at its floor %u, drain passed "
        "%u, up passed %u\n",
        tally.reviews, tally.frozen, tally.held, tally.released, tally.damped_used, tally.dark,
        tally.floor, tally.budget, tally.forced, tally.dark_family, tally.family_floor,
        tally.passed_drain, tally.passed_up);
    if (cases < CASES)
        return;
    const unsigned seen[] = {tally.frozen,       tally.held,         tally.released,
                             tally.damped_used,  tally.dark,         tally.floor,
                             tally.budget,       tally.forced,       tally.dark_family,
                             tally.family_floor, tally.passed_drain, tally.passed_up};
    for (size_t i = 0; i < sizeof(seen) / sizeof(seen[0]); i++)
        assert_true(seen[i] > tally.reviews / 1000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_promise_is_kept),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
