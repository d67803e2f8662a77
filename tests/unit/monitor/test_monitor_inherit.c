/* Services inside services, and what of a service outlives a reload. */
#include "service_case.h"

/* ---- services inside services ---- */

/* The inner one stands behind or before the outer one: the order of reviews follows that. */
static const char inner_last[] = "  outer: {ttl: {settle: 0s}, regions: {ap: {service: a}, "
                                 "us: {addresses: [192.0.2.9]}}}\n"
                                 "  a: {" CHECKED ", regions: {" EU ", " US "}}\n";
static const char inner_first[] = "  a: {" CHECKED ", regions: {" EU ", " US "}}\n"
                                  "  outer: {ttl: {settle: 0s}, regions: {ap: {service: a}, "
                                  "us: {addresses: [192.0.2.9]}}}\n";
static const char *const nestings[] = {inner_last, inner_first};

static void a_dark_inner_service_is_a_seat_that_is_down(void **state)
{
    (void)state;
    for (size_t i = 0; i < 2; i++) {
        struct service_bed bed;
        open_well(&bed, nestings[i]);
        assert_true(is_usable(&bed, "outer", "ap", 0));
        take_down(&bed, "eu");
        assert_true(is_usable(&bed, "outer", "ap", 0));
        take_down(&bed, "us");
        assert_false(is_usable(&bed, "outer", "ap", 0));
        assert_int_equal(health_word_state(service_bed_word(&bed, "outer", "ap", 0)),
                         HEALTH_DOWN);
        assert_int_equal(test_log_count("event=region_lost service=outer region=ap"), 1);
        assert_int_equal(test_log_count("event=service_all_down"), 1); /* of the inner one */
        service_bed_set_all(&bed, "a", "us", HEALTH_UP);
        review(&bed);
        assert_true(is_usable(&bed, "outer", "ap", 0));
        assert_int_equal(test_log_count("event=region_back service=outer region=ap"), 1);
        service_bed_close(&bed);
    }
}

static void what_is_unsettled_inside_is_so_outside(void **state)
{
    (void)state;
    for (size_t i = 0; i < 2; i++) {
        struct service_bed bed;
        open_well(&bed, nestings[i]);
        assert_false(is_unsettled(&bed, "outer"));
        take_down(&bed, "eu");
        assert_true(is_unsettled(&bed, "a"));
        assert_true(is_unsettled(&bed, "outer"));
        service_bed_set_all(&bed, "a", "eu", HEALTH_UP);
        review(&bed);
        assert_false(is_unsettled(&bed, "a"));
        assert_false(is_unsettled(&bed, "outer"));
        service_bed_close(&bed);
    }
}

static void darkness_passes_through_three_floors(void **state)
{
    (void)state;
    struct service_bed bed;
    open_well(&bed, "  top: {ttl: {settle: 0s}, regions: {eu: {service: middle}}}\n"
                    "  a: {" CHECKED ", regions: {" EU ", " US "}}\n"
                    "  middle: {ttl: {settle: 0s}, regions: {eu: {service: a}}}\n");
    service_bed_set_all(&bed, "a", "eu", HEALTH_DOWN);
    take_down(&bed, "us");
    assert_int_equal(test_log_count("event=service_all_down"), 3);
    assert_false(is_usable(&bed, "top", "eu", 0));
    assert_true(is_unsettled(&bed, "top"));
    service_bed_set_all(&bed, "a", "us", HEALTH_UP);
    review(&bed);
    assert_int_equal(test_log_count("event=service_usable"), 3);
    assert_true(is_usable(&bed, "top", "eu", 0));
    service_bed_close(&bed);
}

/* ---- reloads ---- */

/* show - as monitor.c does after a reload, before the first review: the machines
 * know what they knew. */
static void show(struct service_bed *bed, enum health_state eu, enum health_state us)
{
    service_bed_set_all(bed, "a", "eu", eu);
    service_bed_set_all(bed, "a", "us", us);
}

static void a_reload_without_a_change_tells_nothing(void **state)
{
    (void)state;
    static const char *const texts[] = {PLAIN, FAILOVER, MANUAL, inner_last, inner_first};
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        struct service_bed bed;
        open_well(&bed, texts[i]);
        take_down(&bed, "eu");
        service_bed_reload(&bed, texts[i]);
        show(&bed, HEALTH_DOWN, HEALTH_UP);
        review(&bed);
        assert_int_equal(test_log_count("event="), 0);
        assert_false(is_usable(&bed, "a", "eu", 0));
        take_down(&bed, "us");
        service_bed_reload(&bed, texts[i]);
        show(&bed, HEALTH_DOWN, HEALTH_DOWN);
        review(&bed);
        if (test_log_count("event=") > 0)
            fail_msg("news of a reload in which nothing changed, text %zu", i);
        service_bed_close(&bed);
    }
}

static void regions_are_found_again_by_name(void **state)
{
    (void)state;
    struct service_bed bed;
    open_well(&bed, MANUAL);
    take_down(&bed, "eu");
    uint64_t lost_ms = service_bed_region(&bed, "a", "eu")->lost_ms;
    service_bed_reload(&bed, "  b: {" CHECKED ", regions: {" EU "}}\n"
                             "  a: {" CHECKED ", failback: manual, regions: {" US
                             ", ap: {addresses: [192.0.2.7]}, " EU "}}\n");
    show(&bed, HEALTH_UP, HEALTH_UP);
    review(&bed);
    assert_true(service_bed_region(&bed, "a", "eu")->held);
    assert_int_equal(service_bed_region(&bed, "a", "eu")->lost_ms, lost_ms);
    assert_false(service_bed_region(&bed, "a", "us")->lost);
    assert_false(service_bed_region(&bed, "a", "ap")->lost);
    assert_false(service_bed_region(&bed, "b", "eu")->lost); /* another service */
    assert_false(is_usable(&bed, "a", "eu", 0));
    assert_true(is_usable(&bed, "a", "us", 0));
    assert_true(is_usable(&bed, "b", "eu", 0));
    assert_int_equal(test_log_count("event=region_lost"), 0);
    service_bed_close(&bed);
}

static void the_active_region_is_the_same_after_it_moved(void **state)
{
    (void)state;
    struct service_bed bed;
    open_well(&bed, FAILOVER);
    take_down(&bed, "eu");
    service_bed_reload(&bed, "  a: {" CHECKED ", policy: failover, order: [eu, us], "
                             "regions: {" US ", " EU "}}\n");
    show(&bed, HEALTH_DOWN, HEALTH_UP);
    review(&bed);
    assert_int_equal(test_log_count("event=failover"), 0); /* it was us, and is */
    service_bed_reload(&bed, "  a: {" CHECKED ", policy: failover, order: [eu, ap], "
                             "regions: {ap: {addresses: [192.0.2.7]}, " EU "}}\n");
    service_bed_set_all(&bed, "a", "eu", HEALTH_DOWN);
    service_bed_set_all(&bed, "a", "ap", HEALTH_UP);
    review(&bed);
    assert_int_equal(test_log_count("event=failover"), 0); /* the file has taken us away */
    service_bed_set_all(&bed, "a", "eu", HEALTH_UP);
    review(&bed);
    assert_int_equal(test_log_count("event=failover service=a from=ap to=eu"), 1);
    service_bed_close(&bed);
}

static void a_policy_that_begins_to_order_regions_is_no_failover(void **state)
{
    (void)state;
    struct service_bed bed;
    open_well(&bed, PLAIN);
    service_bed_reload(&bed, FAILOVER);
    show(&bed, HEALTH_UP, HEALTH_UP);
    review(&bed);
    assert_int_equal(test_log_count("event=failover"), 0);
    take_down(&bed, "eu");
    assert_int_equal(test_log_count("event=failover service=a from=eu to=us"), 1);
    service_bed_close(&bed);
}

static void a_service_that_was_dark_fails_over_from_none_after_a_reload_too(void **state)
{
    (void)state;
    struct service_bed bed;
    open_well(&bed, FAILOVER);
    take_down(&bed, "eu");
    take_down(&bed, "us");
    service_bed_reload(&bed, FAILOVER);
    show(&bed, HEALTH_DOWN, HEALTH_UP);
    review(&bed);
    assert_int_equal(test_log_count("event=failover service=a from=none to=us"), 1);
    service_bed_close(&bed);
}

/* What waited for its fail-back and is not there under its name any more. */
static void a_hold_that_is_lost_with_its_name_is_warned_of(void **state)
{
    (void)state;

    static const struct {
        const char *before, *after;
        size_t warnings;
    } cases[] = {
        {MANUAL,
         "  a: {" CHECKED ", failback: manual, regions: {ap: {addresses: [192.0.2.1, "
         "192.0.2.2]}, " US "}}\n",
         1},
        {MANUAL, "  b: {" CHECKED ", failback: manual, regions: {" EU ", " US "}}\n", 1},
        {MANUAL, MANUAL, 0},
        {PLAIN, "  b: {" CHECKED ", regions: {" EU ", " US "}}\n",
         0}, /* it waits for nothing */
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct service_bed bed;
        open_well(&bed, cases[i].before);
        take_down(&bed, "eu");
        service_bed_set_all(&bed, "a", "eu", HEALTH_UP);
        review(&bed);
        test_log_open();
        service_bed_reload(&bed, cases[i].after);
        assert_int_equal(test_log_count("event=region_forgotten service=a region=eu reason="),
                         cases[i].warnings);
        assert_int_equal(test_log_count("event="), cases[i].warnings);
        service_bed_close(&bed);
    }
}

/* Alarms end with what they are about. */
static void a_service_that_is_removed_ends_its_alarms(void **state)
{
    (void)state;
    static const char other[] = "  b: {" CHECKED ", regions: {" EU "}}\n";
    struct service_bed bed;
    open_well(&bed, PLAIN);
    take_down(&bed, "eu");
    take_down(&bed, "us");
    test_log_open();
    service_bed_reload(&bed, other);
    assert_int_equal(
        test_log_count("event=service_usable service=a reason=\"it was taken out of "
                       "the configuration\""),
        1);
    assert_int_equal(test_log_count("event="), 1);
    service_bed_close(&bed);
    open_well(&bed, PLAIN);
    service_bed_set_all(&bed, "a", "eu", HEALTH_DOWN);
    service_bed_review(&bed, HEALTH_FREEZE_ALL);
    test_log_open();
    service_bed_reload(&bed, other);
    assert_int_equal(test_log_count("event=service_unfrozen service=a"), 1);
    assert_int_equal(test_log_count("event="), 1);
    service_bed_close(&bed);
    open_well(&bed, PLAIN);
    test_log_open();
    service_bed_reload(&bed, other); /* no alarm, no end */
    assert_int_equal(test_log_count("event="), 0);
    service_bed_close(&bed);
}

/* An endpoint belongs to its region: in another one it starts anew. */
static void an_endpoint_that_moves_starts_anew(void **state)
{
    (void)state;
    struct service_bed bed;
    open_well(&bed, PLAIN);
    service_bed_set(&bed, service_bed_seat(&bed, "a", "eu", 1), HEALTH_DOWN);
    review(&bed);
    uint64_t changed_ms = bed.now_ms;
    service_bed_reload(&bed, "  a: {" CHECKED ", regions: {"
                             "eu: {addresses: [192.0.2.8, 192.0.2.2, 192.0.2.1]}, "
                             "us: {addresses: [192.0.2.2]}}}\n");
    const struct health_seat *seats = bed.services->seats;
    assert_false(seats[service_bed_seat(&bed, "a", "eu", 0)].known);
    assert_true(seats[service_bed_seat(&bed, "a", "eu", 1)].known);
    assert_false(seats[service_bed_seat(&bed, "a", "eu", 1)].in);
    assert_int_equal(seats[service_bed_seat(&bed, "a", "eu", 1)].changed_ms, changed_ms);
    assert_true(seats[service_bed_seat(&bed, "a", "eu", 2)].in);
    assert_false(seats[service_bed_seat(&bed, "a", "us", 0)].known);
    assert_true(seats[service_bed_seat(&bed, "a", "us", 0)].in);
    service_bed_close(&bed);
}

static void a_renamed_service_starts_anew(void **state)
{
    (void)state;
    struct service_bed bed;
    open_well(&bed, MANUAL);
    take_down(&bed, "eu");
    service_bed_reload(&bed,
                       "  z: {" CHECKED ", failback: manual, regions: {" EU ", " US "}}\n");
    assert_false(service_bed_service(&bed, "z")->guard.reviewed);
    service_bed_set_all(&bed, "z", "eu", HEALTH_UP);
    service_bed_set_all(&bed, "z", "us", HEALTH_UP);
    review(&bed);
    assert_false(service_bed_region(&bed, "z", "eu")->lost);
    assert_true(is_usable(&bed, "z", "eu", 0));
    assert_int_equal(test_log_count("event="), 0);
    service_bed_close(&bed);
}

/* The budget of the minute is not renewed by a reload. */
static void what_left_in_this_minute_counts_after_a_reload(void **state)
{
    (void)state;
    static const char slow[] = "  a: {" CHECKED ", protect: {max_down_per_minute: 40%}, "
                               "regions: {" EU ", " US "}}\n"; /* one of three */
    struct service_bed bed;
    open_well(&bed, slow);
    service_bed_set(&bed, service_bed_seat(&bed, "a", "eu", 0), HEALTH_DOWN);
    review(&bed);
    assert_false(is_usable(&bed, "a", "eu", 0));
    service_bed_reload(&bed, slow);
    show(&bed, HEALTH_DOWN, HEALTH_UP);
    review(&bed);
    assert_false(is_usable(&bed, "a", "eu", 0));
    assert_true(is_usable(&bed, "a", "eu", 1)); /* frozen */
    assert_int_equal(test_log_count("event=service_frozen"), 1);
    bed.now_ms += MINUTE_MS;
    monitor_services_tick(bed.services);
    review(&bed);
    assert_false(is_usable(&bed, "a", "eu", 1));
    service_bed_close(&bed);
}

/* A reload may fail after that: the old ones are as they were. */
static void the_old_services_are_not_touched(void **state)
{
    (void)state;
    struct service_bed bed;
    open_well(&bed, MANUAL);
    take_down(&bed, "eu");
    struct snapshot *fresh_snapshot = service_bed_compile(&bed, PLAIN);
    struct monitor_services *fresh =
        monitor_services_new(fresh_snapshot, bed.services, &(struct herald){.tell = app_tell});
    assert_non_null(fresh);
    monitor_services_free(fresh);
    snapshot_free(fresh_snapshot);
    service_bed_set_all(&bed, "a", "eu", HEALTH_UP);
    review(&bed);
    assert_true(service_bed_region(&bed, "a", "eu")->held);
    assert_int_equal(test_log_count("event=region_held"), 1);
    service_bed_close(&bed);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_dark_inner_service_is_a_seat_that_is_down),
        cmocka_unit_test(what_is_unsettled_inside_is_so_outside),
        cmocka_unit_test(darkness_passes_through_three_floors),
        cmocka_unit_test(a_reload_without_a_change_tells_nothing),
        cmocka_unit_test(regions_are_found_again_by_name),
        cmocka_unit_test(the_active_region_is_the_same_after_it_moved),
        cmocka_unit_test(a_policy_that_begins_to_order_regions_is_no_failover),
        cmocka_unit_test(a_service_that_was_dark_fails_over_from_none_after_a_reload_too),
        cmocka_unit_test(a_hold_that_is_lost_with_its_name_is_warned_of),
        cmocka_unit_test(a_service_that_is_removed_ends_its_alarms),
        cmocka_unit_test(an_endpoint_that_moves_starts_anew),
        cmocka_unit_test(a_renamed_service_starts_anew),
        cmocka_unit_test(what_left_in_this_minute_counts_after_a_reload),
        cmocka_unit_test(the_old_services_are_not_touched),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
