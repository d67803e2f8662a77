/* What a guard makes of the two families of addresses, and of services inside others. */
#include "guard_bed.h"

enum { BOTH = HEALTH_V4 | HEALTH_V6 };

static const struct health_rules FREE = {.min_up_permille = 500, .max_down_permille = 1000};

static const struct health_rules FLOOR_1 = {
    .min_up_permille = 500, .min_usable = 1, .max_down_permille = 1000};

static const struct health_rules FLOOR_2 = {
    .min_up_permille = 500, .min_usable = 2, .max_down_permille = 1000};

static const struct health_rules MANUAL = {
    .min_up_permille = 500, .max_down_permille = 1000, .failback = HEALTH_FAILBACK_MANUAL};

static const uint8_t A_B_C[] = {0, 1, 2};

/* ---- families ---------------------------------------------------------------------------- */

static void families_are_counted_apart(void **state)
{
    (void)state;

    static const struct {
        const char *health;
        bool usable;
    } cases[] = {
        {"UUUU", true}, {"DUUU", true}, {"DDUU", true},  {"UUDD", true},
        {"DDDU", true}, {"DUDU", true}, {"DDDD", false},
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct guard_bed bed;
        bed_init(&bed, &FREE, "aaAA", NULL);
        bed_set(&bed, cases[i].health);
        bed_review(&bed, 1);
        assert_int_equal(bed.guard.regions[0].usable, cases[i].usable);
    }
    struct health_rules all = FREE; /* one of each family is half of both: not all of one */
    struct guard_bed bed;
    all.min_up_permille = 1000;
    bed_init(&bed, &all, "aaAA", NULL);
    bed_step(&bed, "DUDU", 1, "0101");
    assert_true(bed.guard.dark);
    bed_step(&bed, "UUDU", 1, "1101");
    assert_false(bed.guard.dark);
}

static void an_alias_is_no_address_of_either_family(void **state)
{
    (void)state;
    struct guard_bed bed;
    bed_init(&bed, &FREE, "ab", NULL);
    bed.seats[1].families = HEALTH_V4 | HEALTH_V6;
    bed_step(&bed, "DU", 1, "01");
    assert_int_equal(bed.guard.usable_regions, 1);
    bed_step(&bed, "DD", 1, "00");
    assert_true(bed.guard.dark);
}

static void a_family_of_which_nothing_is_left_is_dark(void **state)
{
    (void)state;

    static const struct {
        const char *health;
        uint8_t dark;
    } rows[] = {
        {"UUUU", 0},         {"UDUU", 0},         {"UDUD", HEALTH_V6}, {"DUDU", HEALTH_V4},
        {"DUUD", 0},         {"DDUD", HEALTH_V6}, {"DDDD", BOTH},      {"UHUD", 0},
        {"UHUH", 0},         {"SURR", 0},         {"DDUU", 0},         {"UUDD", 0},
        {"DDDH", HEALTH_V4},
    };

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct guard_bed bed;
        bed_init(&bed, &FREE, "aAbB", NULL);
        bed_set(&bed, rows[i].health);
        bed_review(&bed, 1);
        assert_int_equal(bed.guard.families, BOTH);
        assert_int_equal(bed.guard.dark_families, rows[i].dark);
        assert_int_equal(bed.guard.dark, rows[i].dark == BOTH);
    }
}

static void a_family_that_is_not_there_is_not_dark(void **state)
{
    (void)state;
    struct guard_bed bed;
    bed_init(&bed, &FREE, "ab", NULL);
    bed_step(&bed, "UD", 1, "10");
    assert_int_equal(bed.guard.families, HEALTH_V4);
    assert_int_equal(bed.guard.dark_families, 0);
    bed_step(&bed, "DD", 1, "00");
    assert_int_equal(bed.guard.dark_families, HEALTH_V4);
    assert_true(bed.guard.dark);
}

/* ---- min_usable -------------------------------------------------------------------------- */

static void the_last_region_of_a_family_does_not_leave(void **state)
{
    (void)state;
    struct guard_bed bed;
    bed_init(&bed, &FLOOR_1, "aaAA", NULL);
    bed_step(&bed, "DDUU", 1, "0f11");
    bed_step(&bed, "UUDD", 1, "110f");
    bed_step(&bed, "DDDD", 1, "0f0f");
    assert_int_equal(bed.guard.dark_families, 0);
    bed_init(&bed, &FLOOR_1, "aAbB", NULL);
    bed_step(&bed, "UDUU", 1, "1011"); /* b has it still */
    bed_step(&bed, "UDUD", 1, "101f");
    bed_step(&bed, "UUUD", 1, "1110"); /* and may leave now */
}

/* Of three regions one may be missing. Two of them have IPv6: of these one may be, too; and the
 * last one of a family never. */
static void of_a_family_as_many_may_be_missing_as_of_the_service(void **state)
{
    (void)state;
    struct guard_bed bed;
    bed_init(&bed, &FLOOR_2, "aAbBc", NULL);
    bed_step(&bed, "UDUUU", 1, "10111");
    bed_step(&bed, "UDUDU", 1, "101f1");
    bed_init(&bed, &FLOOR_2, "aAbc", NULL);
    bed_step(&bed, "UDUU", 1, "1f11");
    bed_step(&bed, "DDUU", 1, "0f11"); /* its other family is one of three */
    bed_step(&bed, "DDDU", 1, "0ff1");
}

/* a and b have one family each, c both: one of each family would be one region in all. */
static void and_so_many_regions_are_left_in_all(void **state)
{
    (void)state;
    struct guard_bed bed;
    bed_init(&bed, &FLOOR_2, "aBcC", NULL);
    bed_step(&bed, "DUUU", 1, "0111");
    bed_step(&bed, "DDUU", 1, "0f11");
}

/* ---- services inside --------------------------------------------------------------------- */

/* set_inner - what the guard of a nested service has concluded. */
static void set_inner(struct guard_bed *bed, size_t i, uint8_t dark, uint8_t unforced)
{
    struct health_seat *seat = &bed->seats[i];
    seat->families = BOTH;
    seat->dark_families = dark;
    seat->unforced_dark = unforced;
    seat->usable = unforced != BOTH;
    seat->state = seat->usable ? HEALTH_UP : HEALTH_DOWN;
    seat->passed = dark == BOTH && unforced != BOTH   ? HEALTH_FORCE_DRAIN
                   : dark != BOTH && unforced == BOTH ? HEALTH_FORCE_UP
                                                      : HEALTH_FORCE_NONE;
}

/* init_outer - a and b stand for services. */
static void init_outer(struct guard_bed *bed, const struct health_rules *rules)
{
    bed_init(bed, rules, "ab", A_B_C);
    for (size_t i = 0; i < 2; i++)
        set_inner(bed, i, 0, 0);
    bed_review(bed, 1);
}

static void a_family_that_is_dark_inside_is_dark_outside_too(void **state)
{
    (void)state;
    struct guard_bed bed;
    init_outer(&bed, &FREE);
    set_inner(&bed, 0, HEALTH_V6, HEALTH_V6);
    bed_review(&bed, 1);
    assert_answers(&bed, "11");
    assert_int_equal(bed.guard.dark_families, 0);
    set_inner(&bed, 1, HEALTH_V6, HEALTH_V6);
    bed_review(&bed, 1);
    assert_answers(&bed, "11");
    assert_int_equal(bed.guard.dark_families, HEALTH_V6);
    assert_int_equal(bed.guard.usable_regions, 2);
    set_inner(&bed, 0, HEALTH_V4, HEALTH_V4);
    bed_review(&bed, 1);
    assert_int_equal(bed.guard.dark_families, 0);
}

static void a_service_that_is_lost_waits_for_its_fail_back(void **state)
{
    (void)state;
    struct guard_bed bed;
    init_outer(&bed, &MANUAL);
    set_inner(&bed, 0, BOTH, BOTH);
    bed_review(&bed, 1);
    assert_answers(&bed, "01");
    assert_true(bed.guard.regions[0].lost);
    set_inner(&bed, 0, 0, 0);
    bed_review(&bed, 1);
    assert_answers(&bed, "01");
    assert_words(&bed, "r1");
}

static void a_service_that_was_drained_inside_does_not(void **state)
{
    (void)state;
    struct guard_bed bed;
    init_outer(&bed, &MANUAL);
    set_inner(&bed, 0, BOTH, 0);
    bed_review(&bed, 1);
    assert_answers(&bed, "01");
    assert_true(bed.seats[0].word & HEALTH_WORD_FORCED);
    assert_false(bed.guard.regions[0].lost);
    assert_int_equal(bed.guard.active, 1);
    set_inner(&bed, 0, 0, 0);
    bed_review(&bed, 1);
    assert_answers(&bed, "11");
    assert_int_equal(bed.guard.active, 0);
}

static void no_rule_keeps_a_service_that_was_drained_inside(void **state)
{
    (void)state;
    struct guard_bed bed;
    init_outer(&bed, &FLOOR_2);
    bed.freeze = HEALTH_FREEZE_ALL;
    set_inner(&bed, 0, BOTH, 0);
    bed_review(&bed, 1);
    assert_answers(&bed, "01");
}

/* Lost, held; and then somebody forces up what is inside. */
static void a_service_that_is_up_by_force_inside_is_back(void **state)
{
    (void)state;
    struct guard_bed bed;
    init_outer(&bed, &MANUAL);
    set_inner(&bed, 0, BOTH, BOTH);
    bed_review(&bed, 1);
    set_inner(&bed, 0, 0, BOTH);
    bed_review(&bed, 1);
    assert_answers(&bed, "11");
    assert_false(bed.guard.regions[0].lost);
    set_inner(&bed, 0, BOTH, BOTH); /* and when he lets go, health has it again */
    bed_review(&bed, 1);
    assert_answers(&bed, "01");
    assert_true(bed.guard.regions[0].lost);
}

static void his_word_on_the_seat_counts_before_that_on_what_is_inside(void **state)
{
    (void)state;
    struct guard_bed bed;
    init_outer(&bed, &MANUAL);
    set_inner(&bed, 0, BOTH, 0);
    bed.seats[0].force = HEALTH_FORCE_UP;
    bed_review(&bed, 1);
    assert_answers(&bed, "11");
    assert_false(bed.guard.regions[0].usable); /* but nothing comes from it */
    set_inner(&bed, 0, 0, BOTH);
    bed.seats[0].force = HEALTH_FORCE_DRAIN;
    bed_review(&bed, 1);
    assert_answers(&bed, "01");
}

static void what_is_passed_on_goes_through_every_level(void **state)
{
    (void)state;

    static const struct {
        uint8_t dark[2], unforced[2];
        uint8_t dark_families, unforced_dark;
        enum health_force forced;
    } rows[] = {
        {{0, 0}, {0, 0}, 0, 0, HEALTH_FORCE_NONE},
        {{BOTH, 0}, {0, 0}, 0, 0, HEALTH_FORCE_NONE},
        {{BOTH, BOTH}, {0, 0}, BOTH, 0, HEALTH_FORCE_DRAIN},
        {{BOTH, BOTH},
         {0, BOTH},
         BOTH,
         0,
         HEALTH_FORCE_DRAIN}, /* one of them was dead anyway */
        {{BOTH, BOTH}, {BOTH, BOTH}, BOTH, BOTH, HEALTH_FORCE_NONE},
        {{0, BOTH}, {BOTH, BOTH}, 0, BOTH, HEALTH_FORCE_UP},
        {{0, BOTH}, {BOTH, 0}, 0, 0, HEALTH_FORCE_NONE},
        {{HEALTH_V6, BOTH}, {0, BOTH}, HEALTH_V6, 0, HEALTH_FORCE_NONE},
    };

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct guard_bed bed;
        init_outer(&bed, &FREE);
        for (size_t k = 0; k < 2; k++)
            set_inner(&bed, k, rows[i].dark[k], rows[i].unforced[k]);
        bed_review(&bed, 1);
        assert_int_equal(bed.guard.dark_families, rows[i].dark_families);
        assert_int_equal(bed.guard.unforced_dark, rows[i].unforced_dark);
        assert_int_equal(bed.guard.forced, rows[i].forced);
    }
}

static void what_is_forced_on_endpoints_is_passed_on(void **state)
{
    (void)state;
    struct guard_bed bed;
    bed_init(&bed, &FREE, "aab", NULL);
    for (size_t i = 0; i < 3; i++)
        bed.seats[i].force = HEALTH_FORCE_DRAIN;
    bed_step(&bed, "UUU", 1, "000");
    assert_int_equal(bed.guard.forced, HEALTH_FORCE_DRAIN);
    bed_step(&bed, "DDU", 1, "000");
    assert_int_equal(bed.guard.forced, HEALTH_FORCE_DRAIN);
    bed_step(&bed, "DDD", 1, "000"); /* it would be dark without him */
    assert_int_equal(bed.guard.forced, HEALTH_FORCE_NONE);
    bed.seats[2].force = HEALTH_FORCE_UP;
    bed_step(&bed, "DDD", 1, "001");
    assert_int_equal(bed.guard.forced, HEALTH_FORCE_UP);
    bed_step(&bed, "UDD", 1, "001");
    assert_int_equal(bed.guard.forced, HEALTH_FORCE_NONE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(families_are_counted_apart),
        cmocka_unit_test(an_alias_is_no_address_of_either_family),
        cmocka_unit_test(a_family_of_which_nothing_is_left_is_dark),
        cmocka_unit_test(a_family_that_is_not_there_is_not_dark),
        cmocka_unit_test(the_last_region_of_a_family_does_not_leave),
        cmocka_unit_test(of_a_family_as_many_may_be_missing_as_of_the_service),
        cmocka_unit_test(and_so_many_regions_are_left_in_all),
        cmocka_unit_test(a_family_that_is_dark_inside_is_dark_outside_too),
        cmocka_unit_test(a_service_that_is_lost_waits_for_its_fail_back),
        cmocka_unit_test(a_service_that_was_drained_inside_does_not),
        cmocka_unit_test(no_rule_keeps_a_service_that_was_drained_inside),
        cmocka_unit_test(a_service_that_is_up_by_force_inside_is_back),
        cmocka_unit_test(his_word_on_the_seat_counts_before_that_on_what_is_inside),
        cmocka_unit_test(what_is_passed_on_goes_through_every_level),
        cmocka_unit_test(what_is_forced_on_endpoints_is_passed_on),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
