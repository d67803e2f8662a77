/* Endpoints that flip: how often answers change because of them, and that nobody is held who has
 * just had an outage or two.
 */
#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#include "sim.h"

enum {
    TIMEOUT_MS = 500,
    RTT_MS = 5,
    MINUTE_MS = 60000,
    FLAP_MS = 10 * MINUTE_MS,
    SHORTEST_HALF_MS = 50,
    FLIPS_MAX = FLAP_MS / SHORTEST_HALF_MS,
    CHANGES_MAX = 4, /* in FLAP_MS */
    INTERVALS_S = 30,
    PHASES = 50,
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

static void *new_array(size_t count, size_t size)
{
    void *array = calloc(count, size);
    assert_non_null(array);
    return array;
}

static uint64_t seed_from_environment(void)
{
    const char *text = getenv("RHUMB_SEED");
    return text && text[0] != '\0' ? strtoull(text, NULL, 10) : 1;
}

/* ---- flips ------------------------------------------------------------------------------- */

/* fill_flips - good and bad in turns, each for half_ms; the first turn has begun earlier, by
 * phase_ms. Returns how many. */
static size_t fill_flips(struct sim_phase phases[FLIPS_MAX + 1], uint64_t half_ms,
                         uint64_t phase_ms, enum sim_behaviour bad)
{
    size_t count = 0;
    bool good = phase_ms < half_ms;
    phase_ms = good ? phase_ms : phase_ms - half_ms;
    for (uint64_t at_ms = 0; at_ms < FLAP_MS && count <= FLIPS_MAX; count++) {
        phases[count] = (struct sim_phase){at_ms, good ? SIM_ANSWERS : bad, RTT_MS};
        at_ms += count == 0 ? half_ms - phase_ms : half_ms;
        good = !good;
    }
    return count;
}

/* count_changes - how often it came into the answers or left them. */
static size_t count_changes(const struct sim_target *target)
{
    bool usable = target->thresholds.assume_up;
    size_t changes = 0;
    assert_true(target->event_count <= SIM_EVENTS_MAX);
    for (size_t i = 0; i < target->event_count; i++) {
        enum health_state to = target->events[i].to;
        bool now = to != HEALTH_DOWN && to != HEALTH_HELD;
        changes += now != usable;
        usable = now;
    }
    return changes;
}

/* A rate of flips: how long it is good, and then as long bad. */
struct rate {
    uint32_t half_ms;     /* 0: by the interval */
    uint32_t of_interval; /* percent of it */
};

/* worst_of - the most changes of one target, over all phases. */
static size_t worst_of(uint32_t interval_ms, const struct rate *rate, enum sim_behaviour bad,
                       struct rng *rng)
{
    static struct sim_phase phases[FLIPS_MAX + 1];
    static struct sim_target target;
    uint64_t half_ms =
        rate->half_ms > 0 ? rate->half_ms : (uint64_t)interval_ms * rate->of_interval / 100;
    size_t worst = 0;
    for (uint64_t phase = 0; phase < PHASES; phase++) {
        size_t count = fill_flips(phases, half_ms, 2 * half_ms * phase / PHASES, bad);
        target = (struct sim_target){.phases = phases,
                                     .phase_count = count,
                                     .thresholds = DEFAULTS,
                                     .timeout_ms = TIMEOUT_MS,
                                     .rng = rng,
                                     .next_ms = rng_below(rng, interval_ms)};
        target.thresholds.interval_ms = interval_ms;
        sim_run(&target, 1, FLAP_MS);
        size_t changes = count_changes(&target);
        if (changes > CHANGES_MAX)
            printf("# interval %u ms, good and bad for %" PRIu64 " ms, phase %" PRIu64
                   ": %zu changes\n",
                   interval_ms, half_ms, phase, changes);
        worst = changes > worst ? changes : worst;
    }
    return worst;
}

/* Rates around one flip a second, and those that keep step with the probes. With other seeds (see
 * RHUMB_SEED) five of 1.9 million endpoints changed five times, by chance, all with probes 26 s apart
 * and more: ten minutes are twenty of those. */
static void an_endpoint_that_flips_changes_at_most_4_times_in_10_minutes(void **state)
{
    (void)state;
    static const struct rate rates[] = {
        {50, 0},   {100, 0},  {150, 0},  {250, 0}, {400, 0}, {500, 0}, {700, 0},
        {1000, 0}, {1500, 0}, {2500, 0}, {0, 25},  {0, 33},  {0, 45},  {0, 50},
        {0, 55},   {0, 75},   {0, 90},   {0, 100}, {0, 110}, {0, 150}, {0, 200},
    };
    uint64_t seed = seed_from_environment();
    size_t runs = 0, worst = 0;
    struct rng rng;
    rng_init(&rng, seed);
    for (uint32_t interval_s = 1; interval_s <= INTERVALS_S; interval_s++)
        for (size_t i = 0; i < sizeof(rates) / sizeof(rates[0]); i++) {
            enum sim_behaviour bad = i % 2 == 0 ? SIM_REFUSES : SIM_BLACK_HOLE;
            size_t changes = worst_of(interval_s * 1000, &rates[i], bad, &rng);
            worst = changes > worst ? changes : worst;
            runs += PHASES;
        }
    printf("# RHUMB_SEED=%" PRIu64 ": %zu endpoints, at most %zu changes\n", seed, runs, worst);
    assert_in_range(worst, 2, CHANGES_MAX);
}

/* ---- in the answers ---------------------------------------------------------------------- */

struct flap {
    size_t usable_changes, state_changes, steps, reviews;
};

static struct sim_target target_of(const struct sim_phase *phases, size_t count)
{
    return (struct sim_target){
        .phases = phases,
        .phase_count = count,
        .thresholds = DEFAULTS,
        .timeout_ms = TIMEOUT_MS,
    };
}

/* run_flap - one target that flips beside one that is well. */
static struct flap run_flap(uint64_t half_ms, uint32_t interval_ms, uint64_t first_ms,
                            struct rng *rng)
{
    static struct sim_phase phases[FLIPS_MAX + 1];
    static struct sim_service service;
    struct sim_target *targets = new_array(2, sizeof(*targets));
    size_t count = fill_flips(phases, half_ms, 0, SIM_REFUSES);
    targets[0] = target_of(phases, count);
    targets[1] = target_of(QUIET, 1);
    for (size_t i = 0; i < 2; i++) {
        targets[i].thresholds.interval_ms = interval_ms;
        targets[i].next_ms = first_ms;
        targets[i].rng = rng;
    }
    sim_service_init(&service, targets, "aa", &FREE, NULL);
    sim_service_run(&service, FLAP_MS);
    free(targets);
    return (struct flap){service.fates[0].usable_changes, service.fates[0].state_changes,
                         service.step_count, service.review_count};
}

static void nor_do_the_answers(void **state)
{
    (void)state;
    static const uint32_t intervals_ms[] = {1000, 2000, 5000, 10000, 30000};
    static const uint64_t halves_ms[] = {500, 1000};
    for (size_t i = 0; i < 2 * sizeof(intervals_ms) / sizeof(intervals_ms[0]); i++) {
        struct flap worst = {0};
        struct rng rng;
        rng_init(&rng, seed_from_environment());
        for (uint64_t first_ms = 0; first_ms < 2000; first_ms += 40) {
            struct flap flap = run_flap(halves_ms[i % 2], intervals_ms[i / 2], first_ms, &rng);
            if (flap.usable_changes > worst.usable_changes)
                worst.usable_changes = flap.usable_changes;
            if (flap.state_changes > worst.state_changes)
                worst.state_changes = flap.state_changes;
        }
        printf("# interval %u ms, %u ms up and down: at most %zu changes in the answers, "
               "%zu of the state\n",
               intervals_ms[i / 2], (unsigned)halves_ms[i % 2], worst.usable_changes,
               worst.state_changes);
        assert_true(worst.usable_changes <= CHANGES_MAX);
    }
}

/* Without jitter: each phase for itself stays what it is. */
static void nor_when_probes_and_flips_stay_in_step(void **state)
{
    (void)state;
    static const uint32_t intervals_ms[] = {1000, 10000};
    for (size_t i = 0; i < 2; i++)
        for (uint64_t first_ms = 0; first_ms < 1000; first_ms += 50)
            assert_true(run_flap(500, intervals_ms[i], first_ms, NULL).usable_changes <= 4);
}

/* ---- real outages ------------------------------------------------------------------------ */

static void wait_times_grow_with_each_failure(void **state)
{
    (void)state;
    /* Down for 2 s at each of these; the machine needs 30 s at least to come back. */
    static const struct sim_phase phases[] = {
        {0, SIM_ANSWERS, RTT_MS},      {100000, SIM_REFUSES, RTT_MS},
        {102000, SIM_ANSWERS, RTT_MS}, {200000, SIM_REFUSES, RTT_MS},
        {202000, SIM_ANSWERS, RTT_MS}, {500000, SIM_REFUSES, RTT_MS},
        {502000, SIM_ANSWERS, RTT_MS}, {900000, SIM_REFUSES, RTT_MS},
        {902000, SIM_ANSWERS, RTT_MS},
    };
    /* Penalties at the returns: 1000; 1000 + 1000 / 2^(69/120) = 1670, held until 750, so for
     * 120 * log2(1670/750) = 139 s; 1000 + 1670 / 2^(269/120) = 1353, for 102 s; 1159. */
    static const uint64_t expected_s[] = {30, 30 + 139, 30 + 102, 30};
    static struct sim_service service;
    struct sim_target *targets = new_array(2, sizeof(*targets));
    targets[0] = target_of(phases, sizeof(phases) / sizeof(phases[0]));
    targets[1] = target_of(QUIET, 1);
    sim_service_init(&service, targets, "aa", &FREE, NULL);
    sim_service_run(&service, 30 * MINUTE_MS);
    uint64_t outs_s[4];
    assert_int_equal(targets[0].to_down_count, 4);
    for (size_t i = 0; i < 4; i++) {
        uint64_t down_ms = sim_time_of(&targets[0], HEALTH_DOWN, i), up_ms = UINT64_MAX;
        for (size_t n = 0; n < targets[0].event_count && up_ms == UINT64_MAX; n++)
            if (targets[0].events[n].to == HEALTH_UP && targets[0].events[n].at_ms > down_ms)
                up_ms = targets[0].events[n].at_ms;
        outs_s[i] = (up_ms - down_ms) / 1000;
        printf("# failure %zu: out for %u s\n", i + 1, (unsigned)outs_s[i]);
    }
    for (size_t i = 0; i < 4; i++)
        assert_in_range(outs_s[i], expected_s[i] - 1, expected_s[i] + 2);
    free(targets);
}

enum { OUTAGES_MAX = 2, OUTAGE_PHASES_MAX = 2 * OUTAGES_MAX + 3 };

/* An outage; and whether it has a false start at its end: an answer or two, and then none again
 * for a moment. */
struct outage {
    uint64_t at_ms, for_ms;
    bool stumbles;
};

static size_t fill_outages(struct sim_phase phases[OUTAGE_PHASES_MAX],
                           const struct outage *outages, size_t count, uint32_t interval_ms)
{
    size_t at = 0;
    uint64_t stumble_ms = interval_ms * 5 / 4; /* a probe comes in, and not three */
    phases[at++] = (struct sim_phase){0, SIM_ANSWERS, RTT_MS};
    for (size_t i = 0; i < count; i++) {
        uint64_t end_ms = outages[i].at_ms + outages[i].for_ms;
        phases[at++] = (struct sim_phase){outages[i].at_ms, SIM_REFUSES, RTT_MS};
        phases[at++] = (struct sim_phase){end_ms, SIM_ANSWERS, RTT_MS};
        if (!outages[i].stumbles)
            continue;
        phases[at++] = (struct sim_phase){end_ms + stumble_ms, SIM_REFUSES, RTT_MS};
        phases[at++] = (struct sim_phase){end_ms + 2 * stumble_ms, SIM_ANSWERS, RTT_MS};
    }
    return at;
}

/* latest_return_ms - after an outage that ended at end_ms: min_down may have to pass, and then
 * come `rise` successes, each at most 5/4 of an interval after the one before it; a stumble of two
 * and a half intervals starts the count again. */
static uint64_t latest_return_ms(const struct outage *outage, uint32_t interval_ms)
{
    uint64_t end_ms = outage->at_ms + outage->for_ms;
    uint64_t steps_ms = (DEFAULTS.rise + 1) * (uint64_t)(interval_ms * 5 / 4 + RTT_MS);
    return end_ms + DEFAULTS.min_down_ms + steps_ms +
           (outage->stumbles ? interval_ms * 5 / 2 : 0);
}

static void check_outages(const struct outage *outages, size_t count, uint32_t interval_ms,
                          struct rng *rng)
{
    static struct sim_target target;
    struct sim_phase phases[OUTAGE_PHASES_MAX];
    size_t filled = fill_outages(phases, outages, count, interval_ms);
    target = target_of(phases, filled);
    target.thresholds.interval_ms = interval_ms;
    target.rng = rng;
    target.next_ms = rng_below(rng, interval_ms);
    sim_run(&target, 1, 2 * FLAP_MS);
    assert_int_equal(sim_time_of(&target, HEALTH_HELD, 0), UINT64_MAX);
    assert_int_equal(target.to_down_count, count);
    assert_int_equal(count_changes(&target), 2 * count);
    for (size_t i = 0; i < count; i++) {
        uint64_t back_ms = UINT64_MAX;
        for (size_t e = 0; e < target.event_count && back_ms == UINT64_MAX; e++)
            if (target.events[e].to == HEALTH_UP &&
                target.events[e].at_ms > sim_time_of(&target, HEALTH_DOWN, i))
                back_ms = target.events[e].at_ms;
        assert_true(back_ms <= latest_return_ms(&outages[i], interval_ms));
    }
}

/* One outage, also one with a false start; two with four minutes of work between them. */
static void who_had_one_or_two_real_outages_is_never_held(void **state)
{
    (void)state;
    static const uint64_t lengths_ms[] = {20000, 60000, 150000};
    struct rng rng;
    rng_init(&rng, seed_from_environment());
    for (uint32_t interval_ms = 1000; interval_ms <= INTERVALS_S * 1000; interval_ms += 1000)
        for (size_t l = 0; l < sizeof(lengths_ms) / sizeof(lengths_ms[0]); l++)
            for (unsigned phase = 0; phase < PHASES; phase++) {
                struct outage outages[OUTAGES_MAX] = {
                    {.at_ms = 60000 + rng_below(&rng, interval_ms),
                     .for_ms = lengths_ms[l] + 3 * interval_ms},
                };
                outages[1] = (struct outage){
                    .at_ms = latest_return_ms(&outages[0], interval_ms) + 4 * MINUTE_MS,
                    .for_ms = lengths_ms[l] + 3 * interval_ms,
                };
                check_outages(outages, 2, interval_ms, &rng);
                outages[0].stumbles = true;
                check_outages(outages, 1, interval_ms, &rng);
            }
}

/* Probes that get lost are no outage: however many, they hold nobody who then has a real one. */
static void lost_probes_hold_nobody(void **state)
{
    (void)state;

    enum {
        LOST = 300,
        APART_MS = 2700,
        LOSS_MS = 90 /* below confirm_ms, its jitter included */
    };

    static struct sim_phase phases[2 * LOST + 3];
    static struct sim_target target;
    struct rng rng;
    rng_init(&rng, seed_from_environment());
    for (unsigned phase = 0; phase < PHASES; phase++) {
        size_t count = 0;
        uint64_t at_ms = 0;
        for (unsigned i = 0; i < LOST; i++, at_ms += APART_MS) {
            phases[count++] = (struct sim_phase){at_ms, SIM_ANSWERS, RTT_MS};
            phases[count++] =
                (struct sim_phase){at_ms + APART_MS - LOSS_MS, SIM_REFUSES, RTT_MS};
        }
        phases[count++] = (struct sim_phase){at_ms, SIM_ANSWERS, RTT_MS};
        phases[count++] = (struct sim_phase){at_ms + 5000, SIM_REFUSES, RTT_MS};
        phases[count++] = (struct sim_phase){at_ms + 65000, SIM_ANSWERS, RTT_MS};
        target = target_of(phases, count);
        target.rng = &rng;
        target.next_ms = phase * 20;
        sim_run(&target, 1, 2 * FLAP_MS);
        assert_true(sim_time_of(&target, HEALTH_SUSPECT, 4) < at_ms);
        assert_int_equal(target.to_down_count, 1);
        assert_int_equal(sim_time_of(&target, HEALTH_HELD, 0), UINT64_MAX);
    }
}

/* ---- what it costs ----------------------------------------------------------------------- */

static void flapping_costs_little_more_than_quiet(void **state)
{
    (void)state;

    enum { ENDPOINTS = 1000, OF_SERVICE = 10 };

    static struct sim_phase flips[FLIPS_MAX + 1];
    static struct sim_service service;
    double seconds[2];
    size_t steps[2] = {0}, reviews[2] = {0};
    size_t flip_count = fill_flips(flips, 500, 0, SIM_REFUSES);
    struct sim_target *targets = new_array(OF_SERVICE, sizeof(*targets));
    for (unsigned flaps = 0; flaps < 2; flaps++) {
        struct rng rng;
        rng_init(&rng, 3);
        clock_t begun = clock();
        for (unsigned n = 0; n < ENDPOINTS / OF_SERVICE; n++) {
            memset(targets, 0, OF_SERVICE * sizeof(*targets));
            for (unsigned i = 0; i < OF_SERVICE; i++) {
                targets[i] = flaps ? target_of(flips, flip_count) : target_of(QUIET, 1);
                targets[i].next_ms = rng_below(&rng, 1000);
                targets[i].rng = &rng;
            }
            sim_service_init(&service, targets, "aabbccddee", &FREE, NULL);
            sim_service_run(&service, FLAP_MS);
            steps[flaps] += service.step_count;
            reviews[flaps] += service.review_count;
        }
        seconds[flaps] = (double)(clock() - begun) / CLOCKS_PER_SEC;
    }
    free(targets);
    printf("# 1000 quiet: %zu steps, %zu reviews, %.3f s; 1000 flapping: %zu steps, %zu "
           "reviews, %.3f s\n",
           steps[0], reviews[0], seconds[0], steps[1], reviews[1], seconds[1]);
    /* A step is a probe: its sockets cost a hundred times what its review does. */
    assert_true(steps[1] * 10 <= steps[0] * 12);
    assert_true(reviews[1] <= steps[1] + (size_t)ENDPOINTS / OF_SERVICE * FLAP_MS / 1000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_endpoint_that_flips_changes_at_most_4_times_in_10_minutes),
        cmocka_unit_test(nor_do_the_answers),
        cmocka_unit_test(nor_when_probes_and_flips_stay_in_step),
        cmocka_unit_test(wait_times_grow_with_each_failure),
        cmocka_unit_test(who_had_one_or_two_real_outages_is_never_held),
        cmocka_unit_test(lost_probes_hold_nobody),
        cmocka_unit_test(flapping_costs_little_more_than_quiet),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
