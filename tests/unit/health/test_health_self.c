#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "rhumb/health_self.h"

enum { START = 1000 * 1000, REGIONS = 8, MOST = 750 /* permille */ };

struct bed {
    struct health_self self;
    struct health_self_region regions[REGIONS];
};

/* open_bed - so many regions of so many targets each, all well. */
static void open_bed(struct bed *bed, size_t regions, uint32_t targets)
{
    *bed = (struct bed){0};
    bed->self.regions = bed->regions;
    bed->self.region_count = regions;
    for (size_t r = 0; r < regions; r++)
        for (uint32_t t = 0; t < targets; t++)
            health_self_count(&bed->self, r, 0);
}

static void fail_targets(struct bed *bed, size_t region, uint32_t count, uint64_t now_ms)
{
    for (uint32_t i = 0; i < count; i++)
        health_self_began(&bed->self, region, now_ms);
}

static void mend_targets(struct bed *bed, size_t region, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++)
        health_self_ended(&bed->self, region);
}

static bool review(struct bed *bed, uint64_t now_ms)
{
    return health_self_review(&bed->self, MOST, now_ms);
}

static void one_region_that_dies_is_no_fault_of_ours(void **state)
{
    (void)state;
    struct bed bed;
    open_bed(&bed, 2, 10);
    fail_targets(&bed, 0, 10, START);
    assert_false(review(&bed, START));
    open_bed(&bed, 3, 1);
    fail_targets(&bed, 0, 1, START);
    fail_targets(&bed, 1, 1, START);
    assert_false(review(&bed, START)); /* two of three: 66 % */
}

/* Most targets are in the region that dies; that must not hold its failover back. */
static void targets_do_not_outvote_regions(void **state)
{
    (void)state;
    struct bed bed;
    open_bed(&bed, 2, 1);
    for (int i = 0; i < 99; i++)
        health_self_count(&bed.self, 0, 0);
    fail_targets(&bed, 0, 100, START);
    assert_false(review(&bed, START));
}

static void most_regions_within_the_window_are(void **state)
{
    (void)state;
    struct bed bed;
    open_bed(&bed, 4, 4);
    fail_targets(&bed, 0, 2, START); /* half of a region's targets */
    fail_targets(&bed, 1, 2, START + 10000);
    assert_false(review(&bed, START + 10000));
    fail_targets(&bed, 2, 1, START + HEALTH_SELF_WINDOW_MS - 1);
    assert_false(review(&bed, START + HEALTH_SELF_WINDOW_MS - 1)); /* a quarter is not half */
    fail_targets(&bed, 2, 1, START + HEALTH_SELF_WINDOW_MS - 1);
    assert_true(review(&bed, START + HEALTH_SELF_WINDOW_MS - 1));
    assert_int_equal(bed.self.since_ms, START + HEALTH_SELF_WINDOW_MS - 1);
}

static void one_after_the_other_they_are_believed(void **state)
{
    (void)state;
    struct bed bed;
    open_bed(&bed, 4, 1);
    for (size_t r = 0; r < 4; r++) {
        uint64_t now_ms = START + r * HEALTH_SELF_WINDOW_MS;
        fail_targets(&bed, r, 1, now_ms);
        assert_false(review(&bed, now_ms));
    }
}

static void who_failed_before_does_not_count(void **state)
{
    (void)state;
    struct bed bed;
    open_bed(&bed, 4, 1);
    fail_targets(&bed, 0, 1, START - 100000);
    fail_targets(&bed, 1, 1, START - 100000);
    assert_false(review(&bed, START));
    fail_targets(&bed, 2, 1, START);
    assert_false(review(&bed, START)); /* one of the two that worked */
    fail_targets(&bed, 3, 1, START);
    assert_true(review(&bed, START)); /* both */
}

static void fewer_than_two_that_worked_prove_nothing(void **state)
{
    (void)state;
    struct bed bed;
    open_bed(&bed, 1, 20);
    fail_targets(&bed, 0, 20, START);
    assert_false(review(&bed, START));
    open_bed(&bed, 2, 5);
    fail_targets(&bed, 0, 5, START - 100000);
    fail_targets(&bed, 1, 5, START);
    assert_false(review(&bed, START));
}

/* Of four regions 75 % made us suspicious; with fewer we trust ourselves again. */
static void it_ends_when_enough_of_them_work(void **state)
{
    (void)state;
    struct bed bed;
    open_bed(&bed, 4, 1);
    for (size_t r = 0; r < 4; r++)
        fail_targets(&bed, r, 1, START);
    assert_true(review(&bed, START));
    assert_true(review(&bed, START + 60000)); /* no longer recent, but still the same ones */
    mend_targets(&bed, 0, 1);
    assert_true(review(&bed, START + 61000));
    mend_targets(&bed, 1, 1);
    assert_false(review(&bed, START + 62000));
    assert_int_equal(bed.self.since_ms, START + 62000);
}

/* A dead region and one lost probe of the other: a moment of doubt, not ten minutes. */
static void a_blip_beside_a_dead_region_is_soon_over(void **state)
{
    (void)state;
    struct bed bed;
    open_bed(&bed, 2, 1);
    fail_targets(&bed, 0, 1, START);
    fail_targets(&bed, 1, 1, START + 500);
    assert_true(review(&bed, START + 500));
    mend_targets(&bed, 1, 1);
    assert_false(review(&bed, START + 600));
}

static void it_ends_after_ten_minutes_whatever_fails(void **state)
{
    (void)state;
    struct bed bed;
    open_bed(&bed, 4, 1);
    for (size_t r = 0; r < 4; r++)
        fail_targets(&bed, r, 1, START);
    assert_true(review(&bed, START));
    assert_true(review(&bed, START + HEALTH_SELF_LONGEST_MS - 1));
    assert_false(review(&bed, START + HEALTH_SELF_LONGEST_MS));
    assert_false(
        review(&bed, START + HEALTH_SELF_LONGEST_MS + 1)); /* and does not begin again */
}

static void a_share_of_zero_switches_it_off(void **state)
{
    (void)state;
    struct bed bed;
    open_bed(&bed, 4, 1);
    for (size_t r = 0; r < 4; r++)
        fail_targets(&bed, r, 1, START);
    assert_false(health_self_review(&bed.self, 0, START));
}

static void regions_without_targets_do_not_count(void **state)
{
    (void)state;
    struct bed bed;
    open_bed(&bed, 2, 1);
    bed.self.region_count = REGIONS; /* six more, of no target */
    fail_targets(&bed, 0, 1, START);
    fail_targets(&bed, 1, 1, START);
    size_t regions;
    assert_int_equal(health_self_failing(&bed.self, &regions), 2);
    assert_int_equal(regions, 2);
    assert_true(review(&bed, START));
}

static void what_was_counted_as_failing_keeps_its_time(void **state)
{
    (void)state;
    struct bed bed;
    open_bed(&bed, 2, 0);
    health_self_count(&bed.self, 0, START - 100000); /* failing since long before */
    health_self_count(&bed.self, 1, START - 100000);
    assert_false(review(&bed, START));
    open_bed(&bed, 2, 0);
    health_self_count(&bed.self, 0, START - 1000);
    health_self_count(&bed.self, 1, START - 1000);
    assert_true(review(&bed, START));
}

static void a_clock_that_steps_back_does_no_harm(void **state)
{
    (void)state;
    struct bed bed;
    open_bed(&bed, 2, 1);
    fail_targets(&bed, 0, 1, START);
    fail_targets(&bed, 1, 1, START);
    assert_true(review(&bed, START - 500000));
    mend_targets(&bed, 0, 1);
    mend_targets(&bed, 1, 1);
    assert_false(review(&bed, START - 400000));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_region_that_dies_is_no_fault_of_ours),
        cmocka_unit_test(targets_do_not_outvote_regions),
        cmocka_unit_test(most_regions_within_the_window_are),
        cmocka_unit_test(one_after_the_other_they_are_believed),
        cmocka_unit_test(who_failed_before_does_not_count),
        cmocka_unit_test(fewer_than_two_that_worked_prove_nothing),
        cmocka_unit_test(it_ends_when_enough_of_them_work),
        cmocka_unit_test(a_blip_beside_a_dead_region_is_soon_over),
        cmocka_unit_test(it_ends_after_ten_minutes_whatever_fails),
        cmocka_unit_test(a_share_of_zero_switches_it_off),
        cmocka_unit_test(regions_without_targets_do_not_count),
        cmocka_unit_test(what_was_counted_as_failing_keeps_its_time),
        cmocka_unit_test(a_clock_that_steps_back_does_no_harm),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
