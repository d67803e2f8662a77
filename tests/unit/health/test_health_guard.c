/* One test for each rule of health_guard.h, and for what happens where two of them meet. */
#include "guard_bed.h"

enum { MINUTE_MS = 60000 };

static const struct health_rules FREE = {.min_up_permille = 500, .max_down_permille = 1000};

static const struct health_rules FLOOR_1 = {
    .min_up_permille = 500, .min_usable = 1, .max_down_permille = 1000};

static const struct health_rules FLOOR_2 = {
    .min_up_permille = 500, .min_usable = 2, .max_down_permille = 1000};

/* Of ten endpoints two a minute. */
static const struct health_rules BUDGET = {.min_up_permille = 500, .max_down_permille = 200};

static const struct health_rules MANUAL = {
    .min_up_permille = 500, .max_down_permille = 1000, .failback = HEALTH_FAILBACK_MANUAL};

static const struct health_rules AFTER = {.min_up_permille = 500,
                                          .max_down_permille = 1000,
                                          .failback = HEALTH_FAILBACK_AFTER,
                                          .failback_after_ms = 300000};

static const uint8_t A_B_C[] = {0, 1, 2};

/* ---- without rules ----------------------------------------------------------------------- */

static void a_fresh_guard_has_everything_in_the_answers(void **state)
{
    (void)state;
    struct guard_bed bed;
    bed_init(&bed, &FREE, "abc", NULL);
    assert_answers(&bed, "111");
    assert_int_equal(bed.guard.usable_regions, 3);
    assert_false(bed.guard.dark);
    assert_false(bed.guard.unsettled);
    assert_false(health_guard_is_waiting(&bed.guard));
    assert_int_equal(bed.guard.active, HEALTH_NO_REGION); /* no failover */
    assert_int_equal(bed.guard.standby, HEALTH_NO_REGION);
}

static void seats_follow_their_machines(void **state)
{
    (void)state;
    struct guard_bed bed;
    bed_init(&bed, &FREE, "aabbc", NULL);
    bed_step(&bed, "DSDRU", 1, "01011");
    bed_step(&bed, "..H..", 1, "01011");
    bed_step(&bed, "?!UUD", 1, "10110");
    bed_step(&bed, "UUUUU", 1, "11111");
}

static void a_service_is_dark_when_nothing_is_usable(void **state)
{
    (void)state;
    struct guard_bed bed;
    bed_init(&bed, &FREE, "aabb", NULL);
    bed_step(&bed, "DUDU", 1, "0101"); /* half of each is enough */
    assert_false(bed.guard.dark);
    bed_step(&bed, "DDDU", 1, "0001");
    assert_int_equal(bed.guard.usable_regions, 1);
    bed_step(&bed, "DDDD", 1, "0000");
    assert_true(bed.guard.dark);
    assert_int_equal(bed.guard.usable_regions, 0);
    bed_step(&bed, "UDDD", 1, "1000");
    assert_false(bed.guard.dark);
}

/* ---- a region chosen by hand ------------------------------------------------------------- */

static void what_stands_before_the_chosen_region_is_in_reserve(void **state)
{
    (void)state;

    static const struct {
        uint8_t chosen;
        const char *health, *words;
        uint8_t active, standby;
    } rows[] = {
        {HEALTH_NO_REGION, "UUU", "111", 0, 1},
        {0, "UUU", "111", 0, 1},
        {1, "UUU", "r11", 1, 2},
        {2, "UUU", "rr1", 2, 0},
        {1, "UDU", "r01", 2, 0},
        {2, "UUD", "rr0", 0, 1},
        {1, "DUU", "011", 1, 2},
        {1, "DDD", "000", HEALTH_NO_REGION, HEALTH_NO_REGION},
    };

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct guard_bed bed;
        bed_init(&bed, &FREE, "abc", A_B_C);
        bed.guard.chosen = rows[i].chosen;
        bed_set(&bed, rows[i].health);
        bed_review(&bed, 1);
        assert_words(&bed, rows[i].words);
        assert_int_equal(bed.guard.active, rows[i].active);
        assert_int_equal(bed.guard.standby, rows[i].standby);
        assert_int_equal(bed.guard.dark, strchr(rows[i].health, 'U') == NULL);
    }
}

static void without_an_order_all_others_give_way(void **state)
{
    (void)state;
    struct guard_bed bed;
    bed_init(&bed, &FREE, "abc", NULL);
    bed.guard.chosen = 1;
    bed_review(&bed, 1);
    assert_words(&bed, "r1r");
    bed.guard.chosen = HEALTH_NO_REGION;
    bed_review(&bed, 1);
    assert_words(&bed, "111");
}

static void a_choice_is_told_as_failover_and_leaves_ttls_short_for_a_while(void **state)
{
    (void)state;
    struct health_rules rules = FREE;
    struct guard_bed bed;
    rules.settle_ms = 60000;
    bed_init(&bed, &rules, "abc", A_B_C);
    assert_int_equal(bed.guard.failover_ms, 0);
    bed.guard.chosen = 2;
    bed_review(&bed, 5);
    assert_int_equal(bed.guard.failover_ms, bed.now_ms);
    assert_true(bed.guard.unsettled);
    bed_review(&bed, 60000);
    assert_false(bed.guard.unsettled);
    bed.guard.chosen = HEALTH_NO_REGION;
    bed_review(&bed, 5);
    assert_true(bed.guard.unsettled);
    assert_int_equal(bed.guard.active, 0);
}

static void what_is_held_or_damped_is_in_reserve(void **state)
{
    (void)state;
    struct guard_bed bed;
    bed_init(&bed, &MANUAL, "aab", A_B_C);
    bed_step(&bed, "DDU", 1, "001");
    assert_words(&bed, "001");
    bed_step(&bed, "UUU", 1, "001");
    assert_words(&bed, "rr1");
    bed_init(&bed, &FREE, "ab", A_B_C);
    bed_step(&bed, "DU", 1, "01");
    bed_step(&bed, "HU", 1, "01");
    assert_words(&bed, "r1");
    bed.seats[0].force = HEALTH_FORCE_DRAIN; /* what the operator took is not */
    bed_review(&bed, 1);
    assert_words(&bed, "01");
}

/* ---- min_usable -------------------------------------------------------------------------- */

static void the_last_regions_do_not_leave(void **state)
{
    (void)state;
    struct guard_bed bed;
    bed_init(&bed, &FLOOR_2, "abc", NULL);
    bed_step(&bed, "DUU", 1, "011");
    bed_step(&bed, "DDU", 1, "0f1");
    bed_step(&bed, "DDD", 1, "0ff");
    assert_int_equal(bed.guard.usable_regions, 2);
    assert_true(health_guard_is_waiting(&bed.guard));
    bed_step(&bed, "UDD", 1, "10f"); /* who is well takes a dead one's place at once */
    bed_step(&bed, "UUD", 1, "110");
}

static void of_the_last_region_no_more_than_it_can_spare_leave(void **state)
{
    (void)state;
    struct guard_bed bed;
    bed_init(&bed, &FLOOR_1, "aaaa", NULL);
    bed_step(&bed, "DUUU", 1, "0111");
    bed_step(&bed, "DDDU", 1, "00f1"); /* two of four are enough */
    bed_step(&bed, "DDDD", 1, "00ff");
    bed_step(&bed, "UUDD", 1, "1100");
}

static void a_region_that_was_not_usable_keeps_nobody(void **state)
{
    (void)state;
    struct guard_bed bed;
    bed_init(&bed, &FLOOR_1, "aabb", NULL);
    bed.guard.rules.min_up_permille = 1000;
    bed_step(&bed, "DUUU", 1, "0111");
    bed_step(&bed, "DDUU", 1, "0011"); /* a's second was of no use any more */
}

/* ---- the budget -------------------------------------------------------------------------- */

static void no_more_leave_in_a_minute_than_the_budget_allows(void **state)
{
    (void)state;
    struct guard_bed bed;
    bed_init(&bed, &BUDGET, "abcdefghij", NULL);
    bed_step(&bed, "DDDDUUUUUU", 1000, "00ff111111");
    bed_step(&bed, "..........", MINUTE_MS - 1, "00ff111111");
    bed_step(&bed, "..........", 1, "0000111111");
}

static void the_minute_slides(void **state)
{
    (void)state;
    struct guard_bed bed;
    bed_init(&bed, &BUDGET, "abcdefghij", NULL);
    bed_step(&bed, "DUUUUUUUUU", 0, "0111111111");
    bed_step(&bed, ".D........", 40000, "0011111111");
    bed_step(&bed, "..DD......", 10000, "00ff111111");
    bed_step(&bed, "..........", 9999, "00ff111111");
    bed_step(&bed, "..........", 1, "000f111111"); /* the first is a minute ago */
    bed_step(&bed, "..........", 39999, "000f111111");
    bed_step(&bed, "..........", 1, "0000111111"); /* the second */
}

static void one_endpoint_a_minute_may_always_leave(void **state)
{
    (void)state;
    static const uint32_t permilles[] = {0, 1, 499};
    for (size_t i = 0; i < sizeof(permilles) / sizeof(permilles[0]); i++) {
        struct guard_bed bed;
        struct health_rules rules = {.min_up_permille = 500, .max_down_permille = permilles[i]};
        bed_init(&bed, &rules, "aab", NULL);
        bed_step(&bed, "DDU", 1, "0f1");
        bed_step(&bed, "...", MINUTE_MS, "001");
    }
}

static void who_recovers_is_not_frozen_and_spends_nothing(void **state)
{
    (void)state;
    struct guard_bed bed;
    bed_init(&bed, &BUDGET, "abcdefghij", NULL);
    bed_step(&bed, "DDDUUUUUUU", 1, "00f1111111");
    bed_step(&bed, "..U.......", 1000, "0011111111");
    bed_step(&bed, "UU........", 1000, "1111111111");
    bed_step(&bed, "...D......", 1000, "111f111111"); /* those two have left in this minute */
}

static void the_first_word_about_a_target_is_no_departure(void **state)
{
    (void)state;
    struct guard_bed bed;
    bed_init(&bed, &BUDGET, "abcdefghij", NULL);
    for (size_t i = 0; i < bed.count; i++)
        bed.seats[i].known = false;
    bed_step(&bed, "DDDDD?????", 1, "0000011111");
    bed_step(&bed, ".....UUUUU", 1, "0000011111");
    bed_step(&bed, ".....DDD..", 1, "0000000f11"); /* these were known to work */
}

static void the_floor_holds_for_the_first_word_too(void **state)
{
    (void)state;
    struct guard_bed bed;
    bed_init(&bed, &FLOOR_1, "ab", NULL);
    bed.seats[0].known = bed.seats[1].known = false;
    bed_step(&bed, "DD", 1, "0f");
}

/* ---- force ------------------------------------------------------------------------------- */

static void what_is_forced_outranks_rules_and_freezes(void **state)
{
    (void)state;

    static const enum health_freeze freezes[] = {HEALTH_FREEZE_NONE, HEALTH_FREEZE_REMOVALS,
                                                 HEALTH_FREEZE_ALL};

    for (size_t i = 0; i < sizeof(freezes) / sizeof(freezes[0]); i++) {
        struct guard_bed bed;
        struct health_rules rules = {.min_up_permille = 500, .min_usable = 3};
        bed_init(&bed, &rules, "abc", NULL);
        bed.freeze = freezes[i];
        bed.seats[0].force = HEALTH_FORCE_DOWN;
        bed.seats[1].force = HEALTH_FORCE_DRAIN;
        bed_step(&bed, "UUD", 1, i == 2 ? "00f" : "00f");
        bed.seats[0].force = HEALTH_FORCE_UP;
        bed_step(&bed, "D..", 1, "10f");
        assert_true((bed.seats[0].word & HEALTH_WORD_FORCED) != 0);
        assert_true((bed.seats[1].word & HEALTH_WORD_FORCED) != 0);
        assert_false((bed.seats[2].word & HEALTH_WORD_FORCED) != 0);
        assert_int_equal(health_word_state(bed.seats[0].word), HEALTH_DOWN); /* both are told */
        bed.seats[2].force = HEALTH_FORCE_DOWN;
        bed.seats[0].force = HEALTH_FORCE_DOWN;
        bed_step(&bed, "...", 1, "000");
        assert_true(bed.guard.dark);
    }
}

static void what_is_forced_spends_no_budget(void **state)
{
    (void)state;
    struct guard_bed bed;
    bed_init(&bed, &BUDGET, "abcdefghij", NULL);
    for (size_t i = 0; i < 5; i++)
        bed.seats[i].force = HEALTH_FORCE_DOWN;
    bed_step(&bed, "UUUUUDDDUU", 1, "0000000f11");
}

static void a_forced_down_region_counts_for_the_floor(void **state)
{
    (void)state;
    struct guard_bed bed;
    bed_init(&bed, &FLOOR_1, "ab", NULL);
    bed.seats[0].force = HEALTH_FORCE_DOWN;
    bed_step(&bed, "UD", 1, "0f");
    bed.seats[0].force = HEALTH_FORCE_NONE;
    bed_step(&bed, "UD", 1, "10");
}

static void who_was_forced_up_leaves_by_the_rules(void **state)
{
    (void)state;
    struct guard_bed bed;
    bed_init(&bed, &BUDGET, "abcdefghij", NULL);
    for (size_t i = 0; i < 3; i++)
        bed.seats[i].force = HEALTH_FORCE_UP;
    bed_step(&bed, "DDDUUUUUUU", 1, "1111111111");
    for (size_t i = 0; i < 3; i++)
        bed.seats[i].force = HEALTH_FORCE_NONE;
    bed_step(&bed, "..........", 1, "00f1111111");
}

/* ---- fail-back --------------------------------------------------------------------------- */

static void by_default_a_region_comes_back_at_once(void **state)
{
    (void)state;
    struct guard_bed bed;
    bed_init(&bed, &FREE, "ab", A_B_C);
    bed_step(&bed, "DU", 1, "01");
    bed_step(&bed, "UU", 1, "11");
}

static void a_region_waits_until_it_has_been_well_for_long_enough(void **state)
{
    (void)state;
    struct guard_bed bed;
    bed_init(&bed, &AFTER, "ab", A_B_C);
    bed_step(&bed, "DU", 1000, "01");
    bed_step(&bed, "UU", 1000, "01");
    assert_true(bed.guard.regions[0].held);
    assert_true(health_guard_is_waiting(&bed.guard));
    assert_int_equal(health_word_state(bed.seats[0].word), HEALTH_HELD);
    bed_step(&bed, "UU", 299999, "01");
    bed_step(&bed, "UU", 1, "11");
    assert_false(bed.guard.regions[0].held);
    assert_int_equal(health_word_state(bed.seats[0].word), HEALTH_UP);
}

static void a_relapse_starts_the_wait_again(void **state)
{
    (void)state;
    struct guard_bed bed;
    bed_init(&bed, &AFTER, "ab", A_B_C);
    bed_step(&bed, "DU", 1000, "01");
    bed_step(&bed, "UU", 1000, "01");
    bed_step(&bed, "DU", 200000, "01");
    bed_step(&bed, "UU", 1000, "01");
    bed_step(&bed, "UU", 299999, "01");
    bed_step(&bed, "UU", 1, "11");
}

static void a_region_waits_for_the_operator(void **state)
{
    (void)state;
    struct guard_bed bed;
    bed_init(&bed, &MANUAL, "ab", A_B_C);
    bed_step(&bed, "DU", 1000, "01");
    bed_step(&bed, "UU", 24u * 60 * MINUTE_MS, "01");
    bed.guard.regions[0].resumed_ms = bed.now_ms + 1;
    bed_step(&bed, "UU", 1, "11");
    bed_step(&bed, "DU", 1000, "01"); /* that was for this time */
    bed_step(&bed, "UU", 1000, "01");
}

static void a_resume_of_the_past_is_for_the_losses_before_it(void **state)
{
    (void)state;
    struct guard_bed bed;
    bed_init(&bed, &MANUAL, "ab", A_B_C);
    bed.guard.regions[0].resumed_ms = bed.now_ms;
    bed_step(&bed, "DU", 1000, "01");
    bed_step(&bed, "UU", 1000, "01");
}

static void what_is_held_is_used_when_nothing_else_is(void **state)
{
    (void)state;
    static const struct health_rules *const rules[] = {&AFTER, &MANUAL};
    for (size_t i = 0; i < 2; i++) {
        struct guard_bed bed;
        bed_init(&bed, rules[i], "abb", A_B_C);
        bed_step(&bed, "DUU", 1000, "011");
        bed_step(&bed, "UUU", 1000, "011");
        bed_step(&bed, "UDU", 1000, "001"); /* half of b is enough */
        bed_step(&bed, "UDD", 1000, "100");
        assert_int_equal(bed.guard.active, 0);
        /* and it is not thrown out again when the other comes back: that one waits now */
        bed_step(&bed, "UUU", 1000, "100");
        assert_false(bed.guard.regions[0].held);
        assert_true(bed.guard.regions[1].held);
        bed_step(&bed, "UUU", 60 * MINUTE_MS, i == 0 ? "111" : "100");
        assert_true(bed.seats[0].in);
    }
}

static void a_frozen_region_is_nothing_to_wait_behind(void **state)
{
    (void)state;
    struct guard_bed bed;
    struct health_rules rules = MANUAL;
    rules.min_usable = 1;
    bed_init(&bed, &rules, "ab", A_B_C);
    bed_step(&bed, "DU", 1, "01");
    bed_step(&bed, "DD", 1, "0f");
    bed_step(&bed, "UD", 1, "10"); /* b answers only because nothing else did */
}

static void a_drain_is_no_loss(void **state)
{
    (void)state;

    static const enum health_force forces[] = {HEALTH_FORCE_DRAIN, HEALTH_FORCE_DOWN};

    for (size_t i = 0; i < 2; i++) {
        struct guard_bed bed;
        bed_init(&bed, &MANUAL, "aab", A_B_C);
        bed.seats[0].force = bed.seats[1].force = forces[i];
        bed_step(&bed, "UUU", 1000, "001");
        assert_int_equal(bed.guard.active, 1);
        bed_step(&bed, "UUU", 60 * MINUTE_MS, "001");
        bed.seats[0].force = bed.seats[1].force = HEALTH_FORCE_NONE;
        bed_step(&bed, "UUU", 1000, "111");
        assert_int_equal(bed.guard.active, 0);
    }
}

static void who_fails_while_drained_comes_back_without_waiting(void **state)
{
    (void)state;
    struct guard_bed bed;
    bed_init(&bed, &MANUAL, "ab", A_B_C);
    bed.seats[0].force = HEALTH_FORCE_DRAIN;
    bed_step(&bed, "UU", 1000, "01");
    bed_step(&bed, "DU", 1000, "01");
    bed.seats[0].force = HEALTH_FORCE_NONE;
    bed_step(&bed, "DU", 1000, "01");
    bed_step(&bed, "UU", 1000, "11");
}

/* Half of a would be enough, and the operator has taken that half: health took the rest. */
static void what_health_takes_beside_a_drain_is_a_loss(void **state)
{
    (void)state;
    struct guard_bed bed;
    bed_init(&bed, &MANUAL, "aab", A_B_C);
    bed.seats[0].force = HEALTH_FORCE_DRAIN;
    bed_step(&bed, "UUU", 1000, "011");
    bed_step(&bed, "UDU", 1000, "001");
    bed_step(&bed, "UUU", 1000, "001");
    assert_true(bed.guard.regions[0].held);
}

static void an_operators_up_that_is_not_enough_brings_one_endpoint_back(void **state)
{
    (void)state;
    struct guard_bed bed;
    bed_init(&bed, &MANUAL, "aaab", A_B_C);
    bed_step(&bed, "DDDU", 1000, "0001");
    bed_step(&bed, "UUUU", 1000, "0001");
    bed.seats[0].force = HEALTH_FORCE_UP;
    bed_step(&bed, "UUUU", 1000, "1001");
    assert_int_equal(bed.guard.active, 1);
    assert_int_equal(health_word_state(bed.seats[0].word), HEALTH_UP);
    assert_int_equal(health_word_state(bed.seats[1].word), HEALTH_HELD);
}

/* Its dead endpoint is frozen in the answers, so a would be whole with the one that is well. */
static void a_region_that_relapses_does_not_come_back_by_that(void **state)
{
    (void)state;
    struct guard_bed bed;
    struct health_rules rules = {.min_up_permille = 1000, .failback = HEALTH_FAILBACK_MANUAL};
    bed_init(&bed, &rules, "aabc", A_B_C); /* one a minute may leave */
    bed_step(&bed, "UDUU", 1000, "1011");
    bed_step(&bed, "UUUU", MINUTE_MS, "1011");
    bed_step(&bed, "UUDU", 1000, "1001"); /* that was this minute's */
    bed_step(&bed, "DUDU", 1000, "f001");
    assert_false(bed.guard.regions[0].usable);
    bed_step(&bed, "UUDU", 1000, "1001");
}

static void a_drain_beside_what_health_took_is_none(void **state)
{
    (void)state;
    struct guard_bed bed;
    bed_init(&bed, &MANUAL, "aab", A_B_C);
    bed_step(&bed, "DUU", 1000, "011");
    bed.seats[1].force = HEALTH_FORCE_DRAIN;
    bed_step(&bed, "DUU", 1000, "001");
    bed.seats[1].force = HEALTH_FORCE_NONE;
    bed_step(&bed, "DUU", 1000, "011");
}

static void what_was_only_assumed_to_be_down_was_not_lost(void **state)
{
    (void)state;
    struct guard_bed bed;
    bed_init(&bed, &MANUAL, "ab", A_B_C);
    for (size_t i = 0; i < 2; i++) {
        bed.seats[i].known = false;
        bed.seats[i].in = true;
    }
    bed_step(&bed, "!!", 1, "00");
    bed_step(&bed, "!U", 1, "01");
    bed_step(&bed, "UU", 1, "11"); /* it is up for the first time, not again */
}

static void an_operators_up_is_not_kept_waiting(void **state)
{
    (void)state;
    struct guard_bed bed;
    bed_init(&bed, &MANUAL, "aab", A_B_C);
    bed_step(&bed, "DDU", 1000, "001");
    bed_step(&bed, "UUU", 1000, "001");
    bed.seats[0].force = HEALTH_FORCE_UP;
    bed_step(&bed, "UUU", 1000, "111"); /* half of a is a: the region is back */
    assert_int_equal(bed.guard.active, 0);
    bed.seats[0].force = HEALTH_FORCE_NONE;
    bed_step(&bed, "UUU", 1000, "111"); /* and stays */
}

/* One of two is not all of a: the region is lost, and the other waits with it. */
static void who_waits_with_its_region_is_no_failure(void **state)
{
    (void)state;
    struct guard_bed bed;
    struct health_rules rules = {.min_up_permille = 1000, .failback = HEALTH_FAILBACK_MANUAL};
    bed_init(&bed, &rules, "aab", A_B_C); /* one a minute may leave */
    bed_step(&bed, "DUU", 1000, "011");
    bed_step(&bed, "UUU", 1000, "011"); /* without spending the budget, or being frozen */
    assert_false(bed.guard.regions[0].usable);
    assert_true(bed.guard.regions[0].held);
    bed_step(&bed, "UUD", MINUTE_MS, "110");
}

static void a_dead_seat_of_a_region_that_waits_is_told_as_down(void **state)
{
    (void)state;
    struct guard_bed bed;
    bed_init(&bed, &MANUAL, "aab", A_B_C);
    bed_step(&bed, "DDU", 1000, "001");
    bed_step(&bed, "DUU", 1000, "001");
    assert_int_equal(health_word_state(bed.seats[0].word), HEALTH_DOWN);
    assert_int_equal(health_word_state(bed.seats[1].word), HEALTH_HELD);
}

/* ---- damping ----------------------------------------------------------------------------- */

static void a_damped_seat_is_used_when_nothing_else_is(void **state)
{
    (void)state;
    struct guard_bed bed;
    bed_init(&bed, &FREE, "abb", NULL);
    bed_step(&bed, "DUU", 1, "011");
    bed_step(&bed, "HUU", 1, "011");
    bed_step(&bed, "HDD", 1, "100");
    assert_false(bed.guard.dark);
    assert_int_equal(health_word_state(bed.seats[0].word), HEALTH_HELD);
    bed_step(&bed, "HUD", 1, "110"); /* damping delays returns, it throws nobody out */
    bed_step(&bed, "DUD", 1, "010");
    bed_step(&bed, "HUD", 1, "010");
}

static void a_held_region_goes_before_a_damped_seat(void **state)
{
    (void)state;
    struct guard_bed bed;
    bed_init(&bed, &MANUAL, "abc", A_B_C);
    bed_step(&bed, "DDU", 1, "001");
    bed_step(&bed, "UHU", 1, "001");
    bed_step(&bed, "UHD", 1, "100");
}

static void a_region_that_came_back_by_a_damped_seat_is_back(void **state)
{
    (void)state;
    struct guard_bed bed;
    bed_init(&bed, &MANUAL, "ab", A_B_C);
    bed_step(&bed, "DU", 1, "01");
    bed_step(&bed, "HU", 1, "01");
    bed_step(&bed, "HD", 1, "10");
    bed_step(&bed, "HU", 1, "10"); /* b waits, as behind any region that is usable */
}

static void a_forced_down_seat_is_not_used_even_then(void **state)
{
    (void)state;
    struct guard_bed bed;
    bed_init(&bed, &FREE, "ab", NULL);
    bed.seats[0].force = HEALTH_FORCE_DRAIN;
    bed_step(&bed, "HD", 1, "00");
    assert_true(bed.guard.dark);
}

/* ---- freezes ----------------------------------------------------------------------------- */

static void while_we_suspect_ourselves_nobody_leaves(void **state)
{
    (void)state;
    struct guard_bed bed;
    bed_init(&bed, &FREE, "abcd", NULL);
    bed_step(&bed, "DUUU", 1, "0111");
    bed.freeze = HEALTH_FREEZE_REMOVALS;
    bed_step(&bed, "DDDU", 1, "0ff1");
    bed_step(&bed, "UDUU", 1, "1f11"); /* returns are welcome */
    bed_step(&bed, "UDDD", 60 * MINUTE_MS, "1fff");
    bed.freeze = HEALTH_FREEZE_NONE;
    bed_step(&bed, "UDDD", 1, "1000");
}

static void while_health_is_switched_off_nothing_changes(void **state)
{
    (void)state;
    struct guard_bed bed;
    bed_init(&bed, &FREE, "abcd", NULL);
    bed_step(&bed, "DDUU", 1, "0011");
    bed.freeze = HEALTH_FREEZE_ALL;
    bed_step(&bed, "UHDD", 1, "00ff");
    bed_step(&bed, "UHDD", 60 * MINUTE_MS, "00ff");
    bed.freeze = HEALTH_FREEZE_NONE;
    bed_step(&bed, "UHDD", 1, "1000");
}

static void a_freeze_of_all_leaves_the_dark_dark(void **state)
{
    (void)state;
    struct guard_bed bed;
    bed_init(&bed, &FREE, "ab", NULL);
    bed_step(&bed, "DD", 1, "00");
    bed.freeze = HEALTH_FREEZE_ALL;
    bed_step(&bed, "HU", 1, "00");
    assert_true(bed.guard.dark);
}

static void a_freeze_of_all_leaves_the_reserve_as_it_is(void **state)
{
    (void)state;
    struct guard_bed bed;
    bed_init(&bed, &MANUAL, "abc", NULL);
    bed_step(&bed, "DDU", 1, "001");
    bed_step(&bed, "UDU", 1, "001"); /* a waits */
    assert_words(&bed, "r01");
    bed.freeze = HEALTH_FREEZE_ALL;
    bed_step(&bed, "DUU", 1, "001");
    assert_words(&bed, "r01");
    bed.freeze = HEALTH_FREEZE_NONE;
    bed_step(&bed, "DUU", 1, "001");
    assert_words(&bed, "0r1");
}

static void a_freeze_of_removals_lets_the_budget_be(void **state)
{
    (void)state;
    struct guard_bed bed;
    bed_init(&bed, &BUDGET, "abcdefghij", NULL);
    bed.freeze = HEALTH_FREEZE_REMOVALS;
    bed_step(&bed, "DDDDUUUUUU", 1, "ffff111111");
    bed.freeze = HEALTH_FREEZE_NONE;
    bed_step(&bed, "..........", 1, "00ff111111");
}

/* ---- what is told ------------------------------------------------------------------------ */

static void a_failover_has_an_active_and_a_standby_region(void **state)
{
    (void)state;
    static const uint8_t c_a_b[] = {2, 0, 1};
    struct guard_bed bed;
    bed_init(&bed, &FREE, "abc", c_a_b);
    assert_int_equal(bed.guard.active, 2);
    assert_int_equal(bed.guard.standby, 0);
    assert_int_equal(bed.guard.failover_ms, 0); /* the first one is no failover */
    bed_step(&bed, "DUU", 1000, "011");
    assert_int_equal(bed.guard.active, 2);
    assert_int_equal(bed.guard.standby, 1);
    assert_int_equal(bed.guard.failover_ms, 0);
    bed_step(&bed, "DUD", 1000, "010");
    assert_int_equal(bed.guard.active, 1);
    assert_int_equal(bed.guard.standby, HEALTH_NO_REGION);
    assert_int_equal(bed.guard.failover_ms, 3000);
    bed_step(&bed, "DDD", 1000, "000");
    assert_int_equal(bed.guard.active, HEALTH_NO_REGION);
    assert_int_equal(bed.guard.failover_ms, 4000);
    bed_step(&bed, "UUU", 1000, "111");
    assert_int_equal(bed.guard.active, 2);
    assert_int_equal(bed.guard.standby, 0);
    assert_int_equal(bed.guard.failover_ms, 5000);
}

static void a_service_is_unsettled_for_a_while_after_a_change(void **state)
{
    (void)state;
    struct guard_bed bed;
    struct health_rules rules = FREE;
    rules.settle_ms = 300000;
    bed_init(&bed, &rules, "ab", NULL);
    assert_false(bed.guard.unsettled);
    bed_step(&bed, "DU", 1000, "01");
    assert_true(bed.guard.unsettled);
    bed_step(&bed, "DU", 60 * MINUTE_MS, "01");
    assert_true(bed.guard.unsettled); /* as long as somebody is out */
    bed_step(&bed, "UU", 1000, "11");
    bed_step(&bed, "UU", 299999, "11");
    assert_true(bed.guard.unsettled);
    assert_true(health_guard_is_waiting(&bed.guard));
    bed_step(&bed, "UU", 1, "11");
    assert_false(bed.guard.unsettled);
    assert_false(health_guard_is_waiting(&bed.guard));
}

static void who_is_frozen_forced_or_damped_keeps_it_unsettled(void **state)
{
    (void)state;
    struct guard_bed bed;
    bed_init(&bed, &FLOOR_1, "a", NULL);
    bed_step(&bed, "D", 1000, "f");
    assert_true(bed.guard.unsettled);
    bed_step(&bed, "S", 1000, "1");
    assert_false(bed.guard.unsettled); /* that is the suspect bit's matter */
    bed.seats[0].force = HEALTH_FORCE_UP;
    bed_step(&bed, "U", 1000, "1");
    assert_true(bed.guard.unsettled);
    bed.seats[0].force = HEALTH_FORCE_NONE;
    bed_step(&bed, "H", 1000, "1");
    assert_true(bed.guard.unsettled);
    bed_step(&bed, "R", 1000, "1");
    assert_false(bed.guard.unsettled);
}

static void a_word_has_all_of_it(void **state)
{
    (void)state;
    struct guard_bed bed;
    bed_init(&bed, &FREE, "abc", NULL);
    bed.seats[1].unchecked = true;
    bed_set(&bed, "SUR");
    bed.seats[2].scale = 37;
    bed_review(&bed, 1);
    assert_int_equal(bed.seats[0].word, HEALTH_WORD_USABLE | HEALTH_WORD_SUSPECT |
                                            HEALTH_SUSPECT << HEALTH_WORD_STATE_SHIFT |
                                            100 << HEALTH_WORD_SCALE_SHIFT);
    assert_int_equal(bed.seats[1].word, HEALTH_WORD_ALWAYS_UP);
    assert_int_equal(bed.seats[2].word, HEALTH_WORD_USABLE |
                                            HEALTH_RECOVERING << HEALTH_WORD_STATE_SHIFT |
                                            37 << HEALTH_WORD_SCALE_SHIFT);
}

/* ---- a clock that steps back ------------------------------------------------------------- */

static void a_step_back_is_no_time_for_a_fail_back(void **state)
{
    (void)state;
    struct guard_bed bed;
    bed_init(&bed, &AFTER, "ab", A_B_C);
    bed.now_ms = 1000000;
    bed_step(&bed, "DU", 0, "01");
    bed_step(&bed, "UU", 1000, "01");
    bed.now_ms = 5000;
    bed_step(&bed, "UU", 0, "01");
    bed_step(&bed, "UU", 299999, "01");
    bed_step(&bed, "UU", 1, "11");
}

static void a_resume_of_before_a_step_back_is_of_the_past(void **state)
{
    (void)state;
    struct guard_bed bed;
    bed_init(&bed, &MANUAL, "ab", A_B_C);
    bed.guard.regions[0].resumed_ms = bed.now_ms = 1000000;
    bed_review(&bed, 0);
    bed.now_ms = 5000;
    bed_step(&bed, "UU", 0, "11");
    bed_step(&bed, "DU", 1000, "01");
    bed_step(&bed, "UU", 1000, "01");
}

static void a_step_back_is_no_time_for_the_budget(void **state)
{
    (void)state;
    struct guard_bed bed;
    bed_init(&bed, &BUDGET, "abcdefghij", NULL);
    bed.now_ms = 1000000;
    bed_step(&bed, "DDDUUUUUUU", 0, "00f1111111");
    bed.now_ms = 5000;
    bed_step(&bed, "..........", 0, "00f1111111");
    bed_step(&bed, "..........", MINUTE_MS - 1, "00f1111111");
    bed_step(&bed, "..........", 1, "0001111111");
}

static void a_step_back_is_no_time_to_settle(void **state)
{
    (void)state;
    struct guard_bed bed;
    struct health_rules rules = FREE;
    rules.settle_ms = 30000;
    bed_init(&bed, &rules, "ab", NULL);
    bed.now_ms = 1000000;
    bed_step(&bed, "DU", 0, "01");
    bed_step(&bed, "UU", 0, "11");
    bed.now_ms = 5000;
    bed_step(&bed, "UU", 0, "11");
    bed_step(&bed, "UU", 29999, "11");
    assert_true(bed.guard.unsettled);
    bed_step(&bed, "UU", 1, "11"); /* not only when the clock has caught up */
    assert_false(bed.guard.unsettled);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_fresh_guard_has_everything_in_the_answers),
        cmocka_unit_test(seats_follow_their_machines),
        cmocka_unit_test(a_service_is_dark_when_nothing_is_usable),
        cmocka_unit_test(what_stands_before_the_chosen_region_is_in_reserve),
        cmocka_unit_test(without_an_order_all_others_give_way),
        cmocka_unit_test(a_choice_is_told_as_failover_and_leaves_ttls_short_for_a_while),
        cmocka_unit_test(what_is_held_or_damped_is_in_reserve),
        cmocka_unit_test(the_last_regions_do_not_leave),
        cmocka_unit_test(of_the_last_region_no_more_than_it_can_spare_leave),
        cmocka_unit_test(a_region_that_was_not_usable_keeps_nobody),
        cmocka_unit_test(no_more_leave_in_a_minute_than_the_budget_allows),
        cmocka_unit_test(the_minute_slides),
        cmocka_unit_test(one_endpoint_a_minute_may_always_leave),
        cmocka_unit_test(who_recovers_is_not_frozen_and_spends_nothing),
        cmocka_unit_test(the_first_word_about_a_target_is_no_departure),
        cmocka_unit_test(the_floor_holds_for_the_first_word_too),
        cmocka_unit_test(what_is_forced_outranks_rules_and_freezes),
        cmocka_unit_test(what_is_forced_spends_no_budget),
        cmocka_unit_test(a_forced_down_region_counts_for_the_floor),
        cmocka_unit_test(who_was_forced_up_leaves_by_the_rules),
        cmocka_unit_test(by_default_a_region_comes_back_at_once),
        cmocka_unit_test(a_region_waits_until_it_has_been_well_for_long_enough),
        cmocka_unit_test(a_relapse_starts_the_wait_again),
        cmocka_unit_test(a_region_waits_for_the_operator),
        cmocka_unit_test(a_resume_of_the_past_is_for_the_losses_before_it),
        cmocka_unit_test(what_is_held_is_used_when_nothing_else_is),
        cmocka_unit_test(a_frozen_region_is_nothing_to_wait_behind),
        cmocka_unit_test(a_drain_is_no_loss),
        cmocka_unit_test(who_fails_while_drained_comes_back_without_waiting),
        cmocka_unit_test(what_health_takes_beside_a_drain_is_a_loss),
        cmocka_unit_test(an_operators_up_that_is_not_enough_brings_one_endpoint_back),
        cmocka_unit_test(a_region_that_relapses_does_not_come_back_by_that),
        cmocka_unit_test(a_drain_beside_what_health_took_is_none),
        cmocka_unit_test(what_was_only_assumed_to_be_down_was_not_lost),
        cmocka_unit_test(an_operators_up_is_not_kept_waiting),
        cmocka_unit_test(who_waits_with_its_region_is_no_failure),
        cmocka_unit_test(a_dead_seat_of_a_region_that_waits_is_told_as_down),
        cmocka_unit_test(a_damped_seat_is_used_when_nothing_else_is),
        cmocka_unit_test(a_held_region_goes_before_a_damped_seat),
        cmocka_unit_test(a_region_that_came_back_by_a_damped_seat_is_back),
        cmocka_unit_test(a_forced_down_seat_is_not_used_even_then),
        cmocka_unit_test(while_we_suspect_ourselves_nobody_leaves),
        cmocka_unit_test(while_health_is_switched_off_nothing_changes),
        cmocka_unit_test(a_freeze_of_all_leaves_the_dark_dark),
        cmocka_unit_test(a_freeze_of_all_leaves_the_reserve_as_it_is),
        cmocka_unit_test(a_freeze_of_removals_lets_the_budget_be),
        cmocka_unit_test(a_failover_has_an_active_and_a_standby_region),
        cmocka_unit_test(a_service_is_unsettled_for_a_while_after_a_change),
        cmocka_unit_test(who_is_frozen_forced_or_damped_keeps_it_unsettled),
        cmocka_unit_test(a_word_has_all_of_it),
        cmocka_unit_test(a_step_back_is_no_time_for_a_fail_back),
        cmocka_unit_test(a_resume_of_before_a_step_back_is_of_the_past),
        cmocka_unit_test(a_step_back_is_no_time_for_the_budget),
        cmocka_unit_test(a_step_back_is_no_time_to_settle),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
