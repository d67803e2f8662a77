/* What services publish and tell: real configurations, endpoints that do as the test says. */
#include "service_case.h"

/* ---- words ---- */

static void what_is_reviewed_is_published(void **state)
{
    (void)state;
    struct service_bed bed;
    service_bed_open(&bed, PLAIN);
    review(&bed);
    assert_true(is_usable(&bed, "a", "eu", 0)); /* as assumed */
    assert_int_equal(health_word_state(service_bed_word(&bed, "a", "eu", 0)), HEALTH_UNKNOWN);
    service_bed_set(&bed, service_bed_seat(&bed, "a", "eu", 0), HEALTH_DOWN);
    service_bed_set(&bed, service_bed_seat(&bed, "a", "eu", 1), HEALTH_SUSPECT);
    assert_true(is_usable(&bed, "a", "eu", 0)); /* not before the review */
    review(&bed);
    assert_false(is_usable(&bed, "a", "eu", 0));
    assert_true(service_bed_word(&bed, "a", "eu", 1) & HEALTH_WORD_SUSPECT);
    assert_true(is_usable(&bed, "a", "eu", 1));
    assert_true(is_usable(&bed, "a", "us", 0));
    assert_true(is_unsettled(&bed, "a"));
    service_bed_set_all(&bed, "a", "eu", HEALTH_UP);
    review(&bed);
    assert_true(is_usable(&bed, "a", "eu", 0));
    assert_false(is_unsettled(&bed, "a"));
    service_bed_close(&bed);
}

static void a_review_without_news_tells_and_changes_nothing(void **state)
{
    (void)state;
    struct service_bed bed;
    open_well(&bed, FAILOVER);
    health_word before = service_bed_word(&bed, "a", "eu", 0);
    service_bed_set_all(&bed, "a", "eu", HEALTH_UP);
    assert_int_equal(bed.services->due_count, 0);
    monitor_services_set_due(bed.services, 0);
    monitor_services_set_due(bed.services, 0); /* once is enough */
    assert_int_equal(bed.services->due_count, 1);
    review(&bed);
    assert_int_equal(test_log_count("event="), 0);
    assert_int_equal(service_bed_word(&bed, "a", "eu", 0), before);
    service_bed_close(&bed);
}

/* ---- what is told ---- */

static void all_down_and_usable_again_are_told_once_each(void **state)
{
    (void)state;
    struct service_bed bed;
    open_well(&bed, PLAIN);
    assert_int_equal(test_log_count("event=service_"), 0);
    take_down(&bed, "eu");
    assert_int_equal(test_log_count("event=service_"), 0);
    take_down(&bed, "us");
    assert_int_equal(test_log_count("event=service_all_down severity=critical service=a "
                                    "reason=\"none of 3 endpoints is usable\""),
                     1);
    monitor_services_set_due(bed.services, 0);
    review(&bed);
    assert_int_equal(test_log_count("event=service_all_down"), 0);
    service_bed_set_all(&bed, "a", "us", HEALTH_UP);
    review(&bed);
    assert_int_equal(test_log_count("event=service_usable service=a "
                                    "reason=\"1 region usable again\""),
                     1);
    service_bed_set_all(&bed, "a", "eu", HEALTH_UP);
    review(&bed);
    assert_int_equal(test_log_count("event=service_usable"), 0);
    service_bed_close(&bed);
}

static void a_failover_says_from_where_to_where(void **state)
{
    (void)state;
    struct service_bed bed;
    open_well(&bed, FAILOVER);
    assert_int_equal(test_log_count("event=failover"), 0); /* the first choice is none */
    take_down(&bed, "eu");
    assert_int_equal(test_log_count("event=failover service=a from=eu to=us"), 1);
    take_down(&bed, "us");
    assert_int_equal(test_log_count("event=failover service=a from=us to=none"), 1);
    service_bed_set_all(&bed, "a", "eu", HEALTH_UP);
    review(&bed);
    assert_int_equal(test_log_count("event=failover service=a from=none to=eu"), 1);
    service_bed_close(&bed);
}

static void other_policies_have_no_failover(void **state)
{
    (void)state;
    struct service_bed bed;
    open_well(&bed, PLAIN);
    take_down(&bed, "eu");
    assert_int_equal(test_log_count("event=failover"), 0);
    service_bed_close(&bed);
}

static void a_region_is_lost_held_and_back(void **state)
{
    (void)state;
    struct service_bed bed;
    open_well(&bed, MANUAL);
    service_bed_set(&bed, service_bed_seat(&bed, "a", "eu", 0), HEALTH_DOWN);
    review(&bed);
    assert_int_equal(test_log_count("event=region_lost"), 0); /* half of it is enough */
    take_down(&bed, "eu");
    assert_int_equal(test_log_count("event=region_lost service=a region=eu"), 1);
    service_bed_set_all(&bed, "a", "eu", HEALTH_UP);
    review(&bed);
    assert_int_equal(test_log_count("event=region_held service=a region=eu"), 1);
    assert_int_equal(test_log_count("resume"), 1); /* the way out */
    assert_false(is_usable(&bed, "a", "eu", 0));
    assert_int_equal(health_word_state(service_bed_word(&bed, "a", "eu", 0)), HEALTH_HELD);
    service_bed_region(&bed, "a", "eu")->resumed_ms = bed.now_ms;
    monitor_services_set_due(bed.services, 0);
    review(&bed);
    assert_int_equal(test_log_count("event=region_back service=a region=eu"), 1);
    assert_int_equal(test_log_count("event=region_"), 1);
    assert_true(is_usable(&bed, "a", "eu", 0));
    service_bed_close(&bed);
}

/* Nothing but time ends the wait: it is the tick that makes the service due. */
static void a_tick_ends_a_wait(void **state)
{
    (void)state;
    struct service_bed bed;
    open_well(&bed, "  a: {" CHECKED ", failback: {after: 1m}, regions: {" EU ", " US "}}\n");
    monitor_services_tick(bed.services);
    assert_int_equal(bed.services->due_count, 0);
    take_down(&bed, "eu");
    service_bed_set_all(&bed, "a", "eu", HEALTH_UP);
    review(&bed);
    assert_int_equal(test_log_count("event=region_held service=a region=eu"), 1);
    bed.now_ms += MINUTE_MS;
    monitor_services_tick(bed.services);
    assert_int_equal(bed.services->due_count, 1);
    review(&bed);
    assert_int_equal(test_log_count("event=region_back service=a region=eu"), 1);
    service_bed_close(&bed);
}

static void what_a_rule_keeps_is_frozen(void **state)
{
    (void)state;
    struct service_bed bed;
    open_well(&bed,
              "  a: {" CHECKED ", protect: {min_usable: 1}, regions: {" EU ", " US "}}\n");
    take_down(&bed, "eu");
    assert_int_equal(test_log_count("event=service_frozen"), 0);
    take_down(&bed, "us");
    assert_int_equal(test_log_count("event=service_frozen severity=critical service=a "
                                    "reason=\"1 of 3 endpoints fail and stay: "
                                    "max_down_per_minute or min_usable is reached\""),
                     1);
    assert_true(service_bed_word(&bed, "a", "us", 0) & HEALTH_WORD_FROZEN);
    assert_true(is_usable(&bed, "a", "us", 0));
    assert_int_equal(test_log_count("event=service_all_down"), 0);
    service_bed_set_all(&bed, "a", "us", HEALTH_UP);
    review(&bed);
    assert_int_equal(test_log_count("event=service_unfrozen service=a"), 1);
    assert_false(service_bed_word(&bed, "a", "us", 0) & HEALTH_WORD_FROZEN);
    service_bed_close(&bed);
}

static void the_reason_says_who_freezes(void **state)
{
    (void)state;

    static const struct {
        enum health_freeze freeze;
        const char *reason;
    } cases[] = {
        {HEALTH_FREEZE_REMOVALS, "most targets fail together: it may be us"},
        {HEALTH_FREEZE_ALL, "health is switched off"},
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct service_bed bed;
        open_well(&bed, PLAIN);
        service_bed_set_all(&bed, "a", "eu", HEALTH_DOWN);
        service_bed_review(&bed, cases[i].freeze);
        assert_int_equal(test_log_count("event=service_frozen"), 1);
        assert_int_equal(test_log_count(cases[i].reason), 1);
        assert_true(is_usable(&bed, "a", "eu", 0));
        monitor_services_set_due(bed.services, 0);
        review(&bed);
        assert_int_equal(test_log_count("event=service_unfrozen"), 1);
        assert_int_equal(test_log_count("event=region_lost service=a region=eu"), 1);
        service_bed_close(&bed);
    }
}

/* let_fail - the first `count` endpoints of region eu fail, the others work. */
static void let_fail(struct service_bed *bed, size_t count, size_t of,
                     enum health_freeze freeze)
{
    for (size_t i = 0; i < of; i++)
        service_bed_set(bed, service_bed_seat(bed, "a", "eu", i),
                        i < count ? HEALTH_DOWN : HEALTH_UP);
    monitor_services_tick(bed->services);
    service_bed_review(bed, freeze);
}

static void the_freeze_is_told_again_when_it_is_another_thing(void **state)
{
    (void)state;
    struct service_bed bed;
    open_well(&bed,
              "  a: {" CHECKED ", regions: {" US ", eu: {addresses: [192.0.2.11, 192.0.2.12, "
              "192.0.2.13, 192.0.2.14, 192.0.2.15, 192.0.2.16]}}}\n");
    service_bed_set_all(&bed, "a", "eu", HEALTH_UP);
    review(&bed);
    let_fail(&bed, 1, 6, HEALTH_FREEZE_REMOVALS);
    assert_int_equal(test_log_count("reason=\"1 of 7 endpoints"), 1);
    let_fail(&bed, 4, 6, HEALTH_FREEZE_REMOVALS); /* not twice in a minute */
    assert_int_equal(test_log_count("event=service_frozen"), 0);
    bed.now_ms += MINUTE_MS;
    let_fail(&bed, 4, 6, HEALTH_FREEZE_REMOVALS); /* time alone brings it */
    assert_int_equal(test_log_count("reason=\"4 of 7 endpoints fail and stay: most targets"),
                     1);
    bed.now_ms += MINUTE_MS;
    let_fail(&bed, 5, 6, HEALTH_FREEZE_REMOVALS); /* one more is not worth it */
    assert_int_equal(test_log_count("event=service_frozen"), 0);
    let_fail(&bed, 6, 6, HEALTH_FREEZE_REMOVALS);
    assert_int_equal(test_log_count("reason=\"6 of 7 endpoints"), 1);
    bed.now_ms += MINUTE_MS;
    let_fail(&bed, 6, 6, HEALTH_FREEZE_ALL);
    assert_int_equal(test_log_count("6 of 7 endpoints fail and stay: health is switched off"),
                     1);
    let_fail(&bed, 0, 6, HEALTH_FREEZE_ALL); /* the end waits for nothing */
    assert_int_equal(test_log_count("event=service_unfrozen"), 1);
    let_fail(&bed, 2, 6, HEALTH_FREEZE_ALL);
    assert_int_equal(test_log_count("reason=\"2 of 7 endpoints"), 1);
    service_bed_close(&bed);
}

/* ---- the operator ---- */

static void an_override_is_told_for_each_endpoint_and_when_it_ends(void **state)
{
    (void)state;
    static const char drain[] = "{\"overrides\": [{\"service\": \"a\", \"region\": \"eu\", "
                                "\"state\": \"drain\", \"by\": \"anna\", "
                                "\"reason\": \"kernel update\"}]}";
    struct service_bed bed;
    open_well(&bed, PLAIN);
    service_bed_override(&bed, drain);
    assert_int_equal(test_log_count("event=override service=a region=eu address=192.0.2.1 "
                                    "from=free to=drain reason=\"kernel update (anna)\""),
                     1);
    assert_int_equal(test_log_count("event=override "), 2);
    assert_false(is_usable(&bed, "a", "eu", 0));
    assert_true(service_bed_word(&bed, "a", "eu", 1) & HEALTH_WORD_FORCED);
    assert_true(is_usable(&bed, "a", "us", 0));
    assert_int_equal(test_log_count("event=region_lost"), 0); /* health did not take it */
    service_bed_override(&bed, drain);
    assert_int_equal(test_log_count("event=override "), 0);
    service_bed_override(&bed, "{\"overrides\": []}");
    assert_int_equal(test_log_count("event=override "), 2);
    assert_int_equal(test_log_count("address=192.0.2.2 from=drain to=free"), 1);
    assert_true(is_usable(&bed, "a", "eu", 0));
    service_bed_close(&bed);
}

static void an_override_of_an_endpoint_that_goes_is_told_to_end(void **state)
{
    (void)state;
    struct service_bed bed;
    open_well(&bed, PLAIN);
    service_bed_override(&bed, "{\"overrides\": [{\"region\": \"eu\", \"state\": \"drain\", "
                               "\"by\": \"anna\", \"reason\": \"fire\"}]}");
    test_log_open();
    service_bed_reload(&bed,
                       "  a: {" CHECKED ", regions: {eu: {addresses: [192.0.2.2]}, " US "}}\n");
    assert_int_equal(test_log_count("event=override "), 1);
    assert_int_equal(test_log_count("event=override service=a region=eu address=192.0.2.1 "
                                    "from=drain to=free reason=\"it was taken out of the "
                                    "configuration\""),
                     1);
    test_log_open();
    service_bed_reload(&bed, "  b: {" CHECKED ", regions: {" EU ", " US "}}\n");
    assert_int_equal(test_log_count("address=192.0.2.2 from=drain to=free"), 1);
    service_bed_close(&bed);
}

/* It has not come yet: what is lost until then is not to come back by itself. */
static void a_resume_of_the_future_resumes_nothing(void **state)
{
    (void)state;
    static const char future[] = "{\"overrides\": [{\"service\": \"a\", \"state\": \"resume\", "
                                 "\"since\": \"2999-01-01T00:00:00Z\", \"by\": \"anna\", "
                                 "\"reason\": \"typo\"}]}";
    struct service_bed bed;
    open_well(&bed, MANUAL);
    take_down(&bed, "eu");
    service_bed_set_all(&bed, "a", "eu", HEALTH_UP);
    review(&bed);
    service_bed_override(&bed, future);
    service_bed_override(&bed, future);
    assert_true(service_bed_region(&bed, "a", "eu")->held);
    assert_false(is_usable(&bed, "a", "eu", 0));
    service_bed_close(&bed);
}

static void a_chosen_region_that_goes_is_told_to_end(void **state)
{
    (void)state;
    struct service_bed bed;
    open_well(&bed, PLAIN);
    service_bed_override(&bed,
                         "{\"overrides\": [{\"service\": \"a\", \"region\": \"us\", "
                         "\"state\": \"active\", \"by\": \"anna\", \"reason\": \"fire\"}]}");
    assert_int_equal(test_log_count("event=override_active service=a from=free to=us"), 1);
    test_log_open();
    service_bed_reload(&bed, PLAIN);
    assert_int_equal(test_log_count("event="), 0);
    service_bed_reload(&bed, "  a: {" CHECKED ", regions: {" EU "}}\n");
    assert_int_equal(test_log_count("event=override_active service=a from=us to=free"), 1);
    service_bed_close(&bed);
}

static void twenty_overrides_are_told_at_once_and_how_many_more(void **state)
{
    (void)state;
    struct service_bed bed;
    char services[1024];
    size_t used = (size_t)snprintf(services, sizeof(services),
                                   "  a: {" CHECKED ", regions: {" US ", eu: {addresses: [");
    for (unsigned i = 1; i <= 30; i++)
        used +=
            (size_t)snprintf(services + used, sizeof(services) - used, "198.51.100.%u, ", i);
    snprintf(services + used, sizeof(services) - used, "198.51.100.31]}}}\n");
    open_well(&bed, services);
    service_bed_override(&bed, "{\"overrides\": [{\"region\": \"eu\", \"state\": \"down\", "
                               "\"by\": \"anna\", \"reason\": \"fire\"}]}");
    assert_int_equal(test_log_count("event=override service=a region=eu"), 20);
    assert_int_equal(test_log_count("event=override reason=\"and 11 more endpoints\""), 1);
    for (size_t i = 0; i < 31; i++)
        assert_false(is_usable(&bed, "a", "eu", i));
    service_bed_close(&bed);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_reviewed_is_published),
        cmocka_unit_test(a_review_without_news_tells_and_changes_nothing),
        cmocka_unit_test(all_down_and_usable_again_are_told_once_each),
        cmocka_unit_test(a_failover_says_from_where_to_where),
        cmocka_unit_test(other_policies_have_no_failover),
        cmocka_unit_test(a_region_is_lost_held_and_back),
        cmocka_unit_test(a_tick_ends_a_wait),
        cmocka_unit_test(what_a_rule_keeps_is_frozen),
        cmocka_unit_test(the_reason_says_who_freezes),
        cmocka_unit_test(the_freeze_is_told_again_when_it_is_another_thing),
        cmocka_unit_test(an_override_is_told_for_each_endpoint_and_when_it_ends),
        cmocka_unit_test(an_override_of_an_endpoint_that_goes_is_told_to_end),
        cmocka_unit_test(a_resume_of_the_future_resumes_nothing),
        cmocka_unit_test(a_chosen_region_that_goes_is_told_to_end),
        cmocka_unit_test(twenty_overrides_are_told_at_once_and_how_many_more),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
