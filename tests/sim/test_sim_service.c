/* What clients see of a service whose endpoints fail, to the millisecond: machines, guard and
 * suspicion of ourselves together.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "sim.h"

enum {
    TIMEOUT_MS = 500,
    RTT_MS = 5,
    MINUTE_MS = 60000,
};

static const struct health_thresholds DEFAULTS = {
    .fall = 3,
    .rise = 3,
    .interval_ms = 1000,
    .confirm_ms = 100,
    .min_down_ms = 30000,
    .proofs = HEALTH_PROOFS,
    .assume_up = true,
    .damped = true,
};

static const struct health_rules FREE = {.min_up_permille = 500, .max_down_permille = 1000};

static const struct sim_phase QUIET[] = {{0, SIM_ANSWERS, RTT_MS}};

static struct sim_target target_of(const struct sim_phase *phases, size_t count)
{
    return (struct sim_target){
        .phases = phases,
        .phase_count = count,
        .thresholds = DEFAULTS,
        .timeout_ms = TIMEOUT_MS,
    };
}

static void *new_array(size_t count, size_t size)
{
    void *array = calloc(count, size);
    assert_non_null(array);
    return array;
}

/* ---- many at once ------------------------------------------------------------------------ */

enum { CROWD = 100 };

/* What a mass failure may never do, seen after each review. */
struct watch {
    size_t budget, min_usable;
    uint64_t removed_ms[CROWD];
    bool was_in[CROWD];
    size_t most_removed; /* in any minute */
    size_t most_frozen;
    size_t fewest_usable;
};

static void watch_removals(const struct sim_service *service, uint64_t now_ms)
{
    struct watch *watch = service->ctx;
    size_t removed = 0;
    for (size_t i = 0; i < service->count; i++) {
        if (watch->was_in[i] && !service->seats[i].in)
            watch->removed_ms[i] = now_ms;
        watch->was_in[i] = service->seats[i].in;
        removed += watch->removed_ms[i] > 0 && now_ms - watch->removed_ms[i] < MINUTE_MS;
    }
    if (removed > watch->most_removed)
        watch->most_removed = removed;
    if (service->guard.frozen_count > watch->most_frozen)
        watch->most_frozen = service->guard.frozen_count;
    if (service->guard.usable_regions < watch->fewest_usable)
        watch->fewest_usable = service->guard.usable_regions;
}

/* fail_most - 80 of 100 endpoints in 20 regions die between 60 and 70 s and answer again after
 * back_ms; runs for end_ms. */
static void fail_most(struct sim_service *service, struct watch *watch,
                      const struct health_rules *rules, struct health_self *self,
                      uint64_t back_ms, uint64_t end_ms)
{
    static struct sim_phase phases[CROWD][3];
    char regions[CROWD + 1] = "";
    struct rng rng;
    struct sim_target *targets = new_array(CROWD, sizeof(*targets));
    rng_init(&rng, 5);
    for (size_t i = 0; i < CROWD; i++) {
        regions[i] = (char)('a' + i / 5);
        phases[i][0] = (struct sim_phase){0, SIM_ANSWERS, RTT_MS};
        phases[i][1] = (struct sim_phase){60000 + rng_below(&rng, 10000), SIM_BLACK_HOLE, 0};
        phases[i][2] = (struct sim_phase){back_ms, SIM_ANSWERS, RTT_MS};
        targets[i] = i % 5 == 4 ? target_of(QUIET, 1) : target_of(phases[i], 3);
        targets[i].next_ms = rng_below(&rng, 1000);
        targets[i].rng = &rng;
        watch->was_in[i] = true;
    }
    watch->fewest_usable = CROWD;
    sim_service_init(service, targets, regions, rules, NULL);
    service->on_review = watch_removals;
    service->ctx = watch;
    if (self)
        sim_service_watch_self(service, self, 500);
    sim_service_run(service, end_ms);
    free(targets);
}

static size_t count_in(const struct sim_service *service)
{
    size_t in = 0;
    for (size_t i = 0; i < service->count; i++)
        in += service->seats[i].in;
    return in;
}

static void a_mass_failure_stops_at_the_budget(void **state)
{
    (void)state;
    static struct sim_service service;
    static const struct health_rules rules = {
        .min_up_permille = 500, .min_usable = 4, .max_down_permille = 200};
    struct watch watch = {0};
    fail_most(&service, &watch, &rules, NULL, UINT64_MAX, 75000);
    assert_int_equal(watch.most_removed, 20);
    assert_int_equal(count_in(&service), 80);
    assert_int_equal(service.guard.frozen_count, 60);

    watch = (struct watch){0}; /* later the rest leaves, 20 a minute, down to the floor */
    fail_most(&service, &watch, &rules, NULL, UINT64_MAX, 20 * MINUTE_MS);
    assert_int_equal(watch.most_removed, 20);
    assert_int_equal(watch.fewest_usable, 4);
    assert_int_equal(service.guard.usable_regions, 4);
    assert_true(service.guard.frozen_count > 0);
    assert_false(service.guard.dark);

    watch = (struct watch){0}; /* and all is as before when they come back */
    fail_most(&service, &watch, &rules, NULL, 5 * MINUTE_MS, 20 * MINUTE_MS);
    assert_int_equal(count_in(&service), CROWD);
    assert_int_equal(service.guard.frozen_count, 0);
}

static void when_it_is_us_nearly_nobody_leaves(void **state)
{
    (void)state;
    static struct sim_service service;
    static const struct health_rules rules = {
        .min_up_permille = 500, .min_usable = 4, .max_down_permille = 1000};
    struct watch watch = {0};
    struct health_self self = {0};
    fail_most(&service, &watch, &rules, &self, 5 * MINUTE_MS, 2 * MINUTE_MS);
    assert_true(self.suspicious);
    assert_true(watch.most_removed < CROWD / 2); /* those that came before it was clear */
    assert_true(service.guard.frozen_count >= 80 - CROWD / 2);
    assert_int_equal(count_in(&service), CROWD - watch.most_removed);

    watch = (struct watch){0}; /* with the budget it is a fifth */
    self = (struct health_self){0};
    struct health_rules both = rules;
    both.max_down_permille = 200;
    fail_most(&service, &watch, &both, &self, 5 * MINUTE_MS, 9 * MINUTE_MS);
    assert_int_equal(watch.most_removed, 20);
    assert_false(self.suspicious); /* they are back */
    size_t regions;
    assert_int_equal(health_self_failing(&self, &regions), 0);
    assert_int_equal(count_in(&service), CROWD);
}

static void what_fails_for_longer_than_ten_minutes_is_believed(void **state)
{
    (void)state;
    static struct sim_service service;
    static const struct health_rules rules = {
        .min_up_permille = 500, .min_usable = 4, .max_down_permille = 1000};
    struct watch watch = {0};
    struct health_self self = {0};
    fail_most(&service, &watch, &rules, &self, UINT64_MAX, 11 * MINUTE_MS);
    assert_true(self.suspicious);
    assert_true(count_in(&service) > CROWD / 2);

    watch = (struct watch){0};
    self = (struct health_self){0};
    fail_most(&service, &watch, &rules, &self, UINT64_MAX, 13 * MINUTE_MS);
    assert_false(self.suspicious);
    assert_int_equal(watch.fewest_usable, 4);
    assert_int_equal(service.guard.usable_regions, 4);
}

/* ---- going back -------------------------------------------------------------------------- */

/* A primary (a) that dies 1 ms after an answer and answers again from 60 s on; b is well. */
struct journey {
    uint64_t left_ms, back_ms; /* when the active region changed; 0: never */
};

static void watch_active(const struct sim_service *service, uint64_t now_ms)
{
    struct journey *journey = service->ctx;
    if (service->guard.active == 1 && journey->left_ms == 0)
        journey->left_ms = now_ms;
    if (service->guard.active == 0 && journey->left_ms > 0 && journey->back_ms == 0)
        journey->back_ms = now_ms;
}

static struct journey fail_over(const struct health_rules *rules, uint64_t end_ms,
                                uint64_t resume_ms)
{
    static const uint8_t order[] = {0, 1};
    static const struct sim_phase phases[] = {
        {0, SIM_ANSWERS, RTT_MS}, {1011, SIM_BLACK_HOLE, 0}, {60000, SIM_ANSWERS, RTT_MS}};
    static struct sim_service service;
    struct journey journey = {0};
    struct sim_target *targets = new_array(2, sizeof(*targets));
    targets[0] = target_of(phases, 3);
    targets[1] = target_of(QUIET, 1);
    sim_service_init(&service, targets, "ab", rules, order);
    service.on_review = watch_active;
    service.ctx = &journey;
    if (resume_ms > 0) {
        sim_service_run(&service, resume_ms);
        for (size_t i = 0; i < service.guard.region_count; i++)
            service.guard.regions[i].resumed_ms = resume_ms;
    }
    sim_service_run(&service, end_ms);
    free(targets);
    return journey;
}

enum {
    LEFT_MS = 1010 + 1000 + TIMEOUT_MS + 2 * (100 + TIMEOUT_MS), /* the third failure */
    /* DOWN probes start 1000 ms after a result: at 4710 + n * 1500 while nothing answers; the
     * first answered one is that of 60210, the third success comes 2 * 1005 ms after it. */
    WELL_MS = 60210 + RTT_MS + 2 * (1000 + RTT_MS),
};

static void a_fail_over_takes_as_long_as_its_rules_say(void **state)
{
    (void)state;
    struct health_rules rules = FREE;
    struct journey journey = fail_over(&rules, 10 * MINUTE_MS, 0);
    assert_int_equal(journey.left_ms, LEFT_MS);
    assert_int_equal(journey.back_ms, WELL_MS);

    rules.failback = HEALTH_FAILBACK_AFTER;
    rules.failback_after_ms = 300000;
    journey = fail_over(&rules, 10 * MINUTE_MS, 0);
    assert_int_equal(journey.left_ms, LEFT_MS);
    assert_int_equal(journey.back_ms, (WELL_MS + 300000 + 999) / 1000 * 1000); /* next tick */

    rules.failback = HEALTH_FAILBACK_MANUAL;
    journey = fail_over(&rules, 60 * MINUTE_MS, 0);
    assert_int_equal(journey.left_ms, LEFT_MS);
    assert_int_equal(journey.back_ms, 0);
    journey = fail_over(&rules, 60 * MINUTE_MS, 20 * MINUTE_MS);
    assert_int_equal(journey.back_ms, 20 * MINUTE_MS); /* the tick of that millisecond */
}

struct ramp {
    unsigned scales[70]; /* by second after the return */
    uint64_t since_ms;
};

static void watch_ramp(const struct sim_service *service, uint64_t now_ms)
{
    struct ramp *ramp = service->ctx;
    health_word word = service->seats[0].word;
    if (health_word_state(word) == HEALTH_RECOVERING && ramp->since_ms == 0)
        ramp->since_ms = now_ms;
    uint64_t second = (now_ms - ramp->since_ms) / 1000;
    if (ramp->since_ms > 0 && second < 70)
        ramp->scales[second] = health_word_scale(word);
}

static void a_ramp_is_told_second_by_second(void **state)
{
    (void)state;
    static const struct sim_phase phases[] = {
        {0, SIM_ANSWERS, RTT_MS}, {1011, SIM_BLACK_HOLE, 0}, {60000, SIM_ANSWERS, RTT_MS}};
    static struct sim_service service;
    struct ramp ramp = {0};
    struct sim_target *targets = new_array(2, sizeof(*targets));
    targets[0] = target_of(phases, 3);
    targets[0].thresholds.ramp_ms = 60000;
    targets[1] = target_of(QUIET, 1);
    sim_service_init(&service, targets, "ab", &FREE, NULL);
    service.on_review = watch_ramp;
    service.ctx = &ramp;
    sim_service_run(&service, 3 * MINUTE_MS);
    assert_int_equal(ramp.since_ms, WELL_MS);
    assert_int_equal(sim_time_of(&targets[0], HEALTH_UP, 1),
                     (WELL_MS + 60000 + 999) / 1000 * 1000);
    for (unsigned second = 1; second < 60; second++) /* 10 % and 1.5 more each second */
        assert_in_range(ramp.scales[second], 10 + second * 3 / 2, 10 + (second + 1) * 3 / 2);
    assert_int_equal(health_word_scale(service.seats[0].word), 100);
    free(targets);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_mass_failure_stops_at_the_budget),
        cmocka_unit_test(when_it_is_us_nearly_nobody_leaves),
        cmocka_unit_test(what_fails_for_longer_than_ten_minutes_is_believed),
        cmocka_unit_test(a_fail_over_takes_as_long_as_its_rules_say),
        cmocka_unit_test(a_ramp_is_told_second_by_second),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
