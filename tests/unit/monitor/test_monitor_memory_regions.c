/* Regions that were lost still are after a restart: services of a real configuration. */
#include "memory_case.h"
#include "service_bed.h"

#define MANUAL      "  a: {check: web, failback: manual, ttl: {settle: 0s}, regions: "
#define AFTER       "  a: {check: web, failback: {after: 5m}, ttl: {settle: 0s}, regions: "
#define TWO_REGIONS "{eu: {addresses: [192.0.2.1, 192.0.2.2]}, us: {addresses: [192.0.2.3]}}}\n"

/* lose_eu - open a bed whose region eu was lost; returns when, by its clock. */
static uint64_t lose_eu(struct service_bed *bed, const char *services)
{
    service_bed_open(bed, services);
    service_bed_set_all(bed, "a", "eu", HEALTH_UP);
    service_bed_set_all(bed, "a", "us", HEALTH_UP);
    service_bed_review(bed, HEALTH_FREEZE_NONE);
    service_bed_set_all(bed, "a", "eu", HEALTH_DOWN);
    service_bed_review(bed, HEALTH_FREEZE_NONE);
    assert_true(service_bed_region(bed, "a", "eu")->lost);
    return bed->now_ms;
}

/* restart - another process, ms later, whose clock began anew. */
static void restart(struct service_bed *bed, const char *services, uint64_t ms)
{
    struct monitor_moment before = {.wall_ms = THEN.wall_ms, .steady_ms = bed->now_ms};
    struct monitor_moment after = later(ms);
    struct monitor_memory memory;
    char *text = put(NULL, 0, bed->services, &before);
    service_bed_close(bed);
    service_bed_open(bed, services);
    bed->now_ms = after.steady_ms;
    assert_true(parse(text, &after, &memory));
    monitor_memory_apply(&memory, bed->services, 1);
    monitor_memory_deinit(&memory);
    free(text);
}

static void a_lost_region_waits_for_the_operator_after_a_restart(void **state)
{
    (void)state;
    struct service_bed bed;
    lose_eu(&bed, MANUAL TWO_REGIONS);
    restart(&bed, MANUAL TWO_REGIONS, MINUTE_MS);
    assert_true(service_bed_region(&bed, "a", "eu")->lost);
    assert_false(service_bed_region(&bed, "a", "us")->lost);
    service_bed_set_all(&bed, "a", "eu", HEALTH_UP);
    service_bed_set_all(&bed, "a", "us", HEALTH_UP);
    service_bed_review(&bed, HEALTH_FREEZE_NONE);
    assert_true(service_bed_region(&bed, "a", "eu")->lost);
    assert_true(service_bed_region(&bed, "a", "eu")->held);
    assert_false(service_bed_word(&bed, "a", "eu", 0) & HEALTH_WORD_USABLE);
    assert_false(service_bed_word(&bed, "a", "eu", 1) & HEALTH_WORD_USABLE);
    assert_true(service_bed_word(&bed, "a", "us", 0) & HEALTH_WORD_USABLE);
    assert_int_equal(test_log_count("event=region_lost"), 0); /* it was told then */
    service_bed_region(&bed, "a", "eu")->resumed_ms = bed.now_ms;
    monitor_services_set_due(bed.services, 0);
    service_bed_review(&bed, HEALTH_FREEZE_NONE);
    assert_false(service_bed_region(&bed, "a", "eu")->lost);
    assert_true(service_bed_word(&bed, "a", "eu", 0) & HEALTH_WORD_USABLE);
    service_bed_close(&bed);
}

/* Two of the five minutes before the restart, one while nobody ran, two after it. */
static void a_region_that_is_well_goes_on_waiting_where_it_was(void **state)
{
    (void)state;
    struct service_bed bed;
    lose_eu(&bed, AFTER TWO_REGIONS);
    service_bed_set_all(&bed, "a", "eu", HEALTH_UP);
    service_bed_review(&bed, HEALTH_FREEZE_NONE);
    uint64_t well_ms = bed.now_ms;
    assert_int_equal(service_bed_region(&bed, "a", "eu")->well_since_ms, well_ms);
    bed.now_ms = well_ms + 2 * MINUTE_MS;
    restart(&bed, AFTER TWO_REGIONS, MINUTE_MS);
    assert_int_equal(bed.now_ms - service_bed_region(&bed, "a", "eu")->well_since_ms,
                     3 * MINUTE_MS);
    service_bed_review(&bed, HEALTH_FREEZE_NONE);
    assert_true(service_bed_region(&bed, "a", "eu")->held);
    bed.now_ms += 2 * MINUTE_MS;
    monitor_services_tick(bed.services);
    service_bed_review(&bed, HEALTH_FREEZE_NONE);
    assert_false(service_bed_region(&bed, "a", "eu")->lost);
    assert_true(service_bed_word(&bed, "a", "eu", 0) & HEALTH_WORD_USABLE);
    assert_int_equal(test_log_count("event=region_back service=a region=eu"), 1);
    service_bed_close(&bed);
}

static void when_it_was_lost_is_remembered(void **state)
{
    (void)state;
    struct service_bed bed;
    uint64_t lost_ms = lose_eu(&bed, MANUAL TWO_REGIONS);
    bed.now_ms = lost_ms + 7000;
    restart(&bed, MANUAL TWO_REGIONS, 1000);
    assert_int_equal(bed.now_ms - service_bed_region(&bed, "a", "eu")->lost_ms, 8000);
    service_bed_close(&bed);
}

static void a_region_that_is_gone_is_forgotten(void **state)
{
    (void)state;
    struct service_bed bed;
    lose_eu(&bed, MANUAL TWO_REGIONS);
    restart(&bed, MANUAL "{ap: {addresses: [192.0.2.1]}, us: {addresses: [192.0.2.3]}}}\n", 1);
    assert_false(service_bed_region(&bed, "a", "ap")->lost);
    assert_false(service_bed_region(&bed, "a", "us")->lost);
    service_bed_close(&bed);
}

static void odd_regions_are_left_out(void **state)
{
    (void)state;
    struct monitor_memory memory;
    assert_true(parse("{\"written\": 1785585600123, \"regions\": [7, null, {}, "
                      "{\"service\": \"a\"}, {\"region\": \"eu\"}, "
                      "{\"service\": 1, \"region\": \"eu\"}, "
                      "{\"service\": \"a\", \"region\": \"eu\", \"lost\": -1, \"well\": -1}]}",
                      &THEN, &memory));
    assert_int_equal(memory.region_count, 1);
    assert_string_equal(memory.regions[0].service, "a");
    assert_int_equal(memory.regions[0].lost_ms, 1);
    assert_int_equal(memory.regions[0].well_ms, 0);
    monitor_memory_deinit(&memory);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_lost_region_waits_for_the_operator_after_a_restart),
        cmocka_unit_test(a_region_that_is_well_goes_on_waiting_where_it_was),
        cmocka_unit_test(when_it_was_lost_is_remembered),
        cmocka_unit_test(a_region_that_is_gone_is_forgotten),
        cmocka_unit_test(odd_regions_are_left_out),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
