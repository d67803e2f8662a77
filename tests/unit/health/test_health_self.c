#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "rhumb/health_self.h"

enum { HALF = 500, SECOND_MS = 1000, LONGEST_MS = HEALTH_SELF_LONGEST_MS };

static void begin(struct health_self *self, unsigned count, uint64_t now_ms)
{
    for (unsigned i = 0; i < count; i++)
        health_self_began(self, now_ms);
}

static void end(struct health_self *self, unsigned count, uint64_t began_ms, uint64_t now_ms)
{
    for (unsigned i = 0; i < count; i++)
        health_self_ended(self, began_ms, now_ms);
}

static void half_of_those_that_worked_make_us_suspicious(void **state)
{
    (void)state;
    struct health_self self = {.targets = 10};
    assert_false(health_self_review(&self, HALF, 0));
    begin(&self, 4, 1000);
    assert_false(health_self_review(&self, HALF, 1000));
    begin(&self, 1, 2000);
    assert_true(health_self_review(&self, HALF, 2000));
    assert_int_equal(self.since_ms, 2000);
}

static void failures_of_more_than_half_a_minute_apart_are_no_sign(void **state)
{
    (void)state;
    struct health_self self = {.targets = 10};
    begin(&self, 2, 0);
    begin(&self, 2, 15 * SECOND_MS);
    assert_false(health_self_review(&self, HALF, 29 * SECOND_MS));
    begin(&self, 2, 30 * SECOND_MS); /* four of the eight that worked half a minute ago */
    assert_int_equal(self.recent, 4);
    assert_true(health_self_review(&self, HALF, 30 * SECOND_MS));

    self = (struct health_self){.targets = 100};
    for (unsigned i = 0; i < 50; i++) { /* one every ten seconds: three are recent */
        begin(&self, 1, i * 10 * SECOND_MS);
        assert_false(health_self_review(&self, HALF, i * 10 * SECOND_MS));
        assert_true(self.recent <= 3);
    }
}

static void who_failed_before_counts_neither_way(void **state)
{
    (void)state;
    struct health_self self = {.targets = 20};
    begin(&self, 9, 0);
    assert_false(health_self_review(&self, HALF, 60 * SECOND_MS));
    begin(&self, 5, 60 * SECOND_MS); /* of eleven that worked */
    assert_false(health_self_review(&self, HALF, 60 * SECOND_MS));
    begin(&self, 1, 61 * SECOND_MS);
    assert_true(health_self_review(&self, HALF, 61 * SECOND_MS));
}

static void fewer_than_four_targets_prove_nothing(void **state)
{
    (void)state;
    for (uint32_t targets = 0; targets <= 4; targets++) {
        struct health_self self = {.targets = targets};
        begin(&self, targets, 1000);
        assert_int_equal(health_self_review(&self, HALF, 1000), targets >= 4);
    }
    struct health_self self = {.targets = 10}; /* nor do three of ten that still worked */
    begin(&self, 7, 0);
    assert_false(health_self_review(&self, 800, 60 * SECOND_MS));
    begin(&self, 3, 60 * SECOND_MS);
    assert_false(health_self_review(&self, 800, 60 * SECOND_MS));
}

static void it_is_over_when_less_than_half_of_that_still_fails(void **state)
{
    (void)state;
    struct health_self self = {.targets = 100};
    begin(&self, 60, 0);
    assert_true(health_self_review(&self, HALF, 0));
    assert_true(health_self_review(&self, HALF, 300 * SECOND_MS)); /* not recent, still there */
    end(&self, 35, 0, 300 * SECOND_MS);
    assert_int_equal(self.failing, 25);
    assert_true(health_self_review(&self, HALF, 300 * SECOND_MS));
    end(&self, 1, 0, 301 * SECOND_MS);
    assert_false(health_self_review(&self, HALF, 301 * SECOND_MS));
    assert_int_equal(self.since_ms, 301 * SECOND_MS);
}

static void it_is_over_after_ten_minutes(void **state)
{
    (void)state;
    struct health_self self = {.targets = 10};
    begin(&self, 10, 0);
    assert_true(health_self_review(&self, HALF, 1000));
    assert_true(health_self_review(&self, HALF, 1000 + LONGEST_MS - 1));
    assert_false(health_self_review(&self, HALF, 1000 + LONGEST_MS));
    for (uint64_t i = 1; i < 3600; i++) /* and does not come back by itself */
        assert_false(health_self_review(&self, HALF, 1000 + LONGEST_MS + i * SECOND_MS));
}

static void zero_permille_switches_it_off(void **state)
{
    (void)state;
    struct health_self self = {.targets = 10};
    begin(&self, 10, 0);
    assert_false(health_self_review(&self, 0, 0));
    assert_true(health_self_review(&self, HALF, 0));
    assert_false(health_self_review(&self, 0, 1));
}

static void a_failure_that_ended_is_not_recent(void **state)
{
    (void)state;
    struct health_self self = {.targets = 10};
    begin(&self, 4, 1000);
    end(&self, 4, 1000, 2000);
    assert_int_equal(self.recent, 0);
    assert_int_equal(self.failing, 0);
    begin(&self, 4, 3000);
    assert_false(health_self_review(&self, HALF, 3000));
    end(&self, 4, 3000, 90 * SECOND_MS); /* it had left the ring before */
    assert_int_equal(self.recent, 0);
    assert_int_equal(self.failing, 0);
}

static void the_ring_forgets_each_second_in_its_turn(void **state)
{
    (void)state;
    struct health_self self = {.targets = 1000};
    for (unsigned second = 0; second < 100; second++) {
        begin(&self, 1, second * SECOND_MS + 999);
        assert_int_equal(self.recent, second < 30 ? second + 1 : 30);
    }
    health_self_review(&self, HALF, 109 * SECOND_MS);
    assert_int_equal(self.recent, 20);
    health_self_review(&self, HALF, 100000 * SECOND_MS);
    assert_int_equal(self.recent, 0);
    assert_int_equal(self.failing, 100);
}

static void a_step_back_in_time_is_survived(void **state)
{
    (void)state;
    struct health_self self = {.targets = 10};
    begin(&self, 3, 100 * SECOND_MS);
    begin(&self, 3, 10 * SECOND_MS); /* counts as now */
    assert_int_equal(self.recent, 6);
    assert_true(health_self_review(&self, HALF, 10 * SECOND_MS));
    assert_true(health_self_review(&self, HALF, 5 * SECOND_MS));
    end(&self, 3, 100 * SECOND_MS, 11 * SECOND_MS);
    end(&self, 3, 10 * SECOND_MS, 11 * SECOND_MS);
    assert_int_equal(self.failing, 0);
    assert_true(self.recent <= 6); /* never below nothing */
    assert_false(health_self_review(&self, HALF, 12 * SECOND_MS));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(half_of_those_that_worked_make_us_suspicious),
        cmocka_unit_test(failures_of_more_than_half_a_minute_apart_are_no_sign),
        cmocka_unit_test(who_failed_before_counts_neither_way),
        cmocka_unit_test(fewer_than_four_targets_prove_nothing),
        cmocka_unit_test(it_is_over_when_less_than_half_of_that_still_fails),
        cmocka_unit_test(it_is_over_after_ten_minutes),
        cmocka_unit_test(zero_permille_switches_it_off),
        cmocka_unit_test(a_failure_that_ended_is_not_recent),
        cmocka_unit_test(the_ring_forgets_each_second_in_its_turn),
        cmocka_unit_test(a_step_back_in_time_is_survived),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
