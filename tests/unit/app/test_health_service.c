/* What services publish and tell, and what outlives a reload: real configurations, endpoints that
 * do as the test says. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "clock.h"
#include "health_overrides.h"
#include "overrides.h"
#include "service_bed.h"

enum { MINUTE_MS = 60000 };

#define CHECKED "check: web, ttl: {settle: 0s}"
#define EU      "eu: {addresses: [192.0.2.1, 192.0.2.2]}"
#define US      "us: {addresses: [192.0.2.3]}"

static const char plain[] = "  a: {" CHECKED ", regions: {" EU ", " US "}}\n";
static const char manual[] =
    "  a: {" CHECKED ", failback: manual, regions: {" EU ", " US "}}\n";
static const char failover[] = "  a: {" CHECKED ", policy: failover, order: [eu, us], regions: "
                               "{" EU ", " US "}}\n";

static void review(struct service_bed *bed)
{
    service_bed_review(bed, HEALTH_FREEZE_NONE);
}

/* open_well - every endpoint of a is up, and that has been reviewed. */
static void open_well(struct service_bed *bed, const char *services)
{
    service_bed_open(bed, services);
    service_bed_set_all(bed, "a", "eu", HEALTH_UP);
    service_bed_set_all(bed, "a", "us", HEALTH_UP);
    review(bed);
}

static void take_down(struct service_bed *bed, const char *region)
{
    service_bed_set_all(bed, "a", region, HEALTH_DOWN);
    review(bed);
}

static bool is_usable(const struct service_bed *bed, const char *service, const char *region,
                      size_t nth)
{
    return service_bed_word(bed, service, region, nth) & HEALTH_WORD_USABLE;
}

static bool is_unsettled(const struct service_bed *bed, const char *service)
{
    size_t index = (size_t)(service_bed_service(bed, service) - bed->services->list);
    return health_table_service(&bed->snapshot->health, index) == HEALTH_SERVICE_UNSETTLED;
}

/* ---- words ---- */

static void what_is_reviewed_is_published(void **state)
{
    (void)state;
    struct service_bed bed;
    service_bed_open(&bed, plain);
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
    open_well(&bed, failover);
    health_word before = service_bed_word(&bed, "a", "eu", 0);
    service_bed_set_all(&bed, "a", "eu", HEALTH_UP);
    assert_int_equal(bed.services->due_count, 0);
    health_services_set_due(bed.services, 0);
    health_services_set_due(bed.services, 0); /* once is enough */
    assert_int_equal(bed.services->due_count, 1);
    review(&bed);
    assert_int_equal(app_log_count("event="), 0);
    assert_int_equal(service_bed_word(&bed, "a", "eu", 0), before);
    service_bed_close(&bed);
}

/* ---- what is told ---- */

static void all_down_and_usable_again_are_told_once_each(void **state)
{
    (void)state;
    struct service_bed bed;
    open_well(&bed, plain);
    assert_int_equal(app_log_count("event=service_"), 0);
    take_down(&bed, "eu");
    assert_int_equal(app_log_count("event=service_"), 0);
    take_down(&bed, "us");
    assert_int_equal(app_log_count("event=service_all_down severity=critical service=a "
                                   "reason=\"none of 3 endpoints is usable\""),
                     1);
    health_services_set_due(bed.services, 0);
    review(&bed);
    assert_int_equal(app_log_count("event=service_all_down"), 0);
    service_bed_set_all(&bed, "a", "us", HEALTH_UP);
    review(&bed);
    assert_int_equal(app_log_count("event=service_usable service=a "
                                   "reason=\"1 region usable again\""),
                     1);
    service_bed_set_all(&bed, "a", "eu", HEALTH_UP);
    review(&bed);
    assert_int_equal(app_log_count("event=service_usable"), 0);
    service_bed_close(&bed);
}

static void a_failover_says_from_where_to_where(void **state)
{
    (void)state;
    struct service_bed bed;
    open_well(&bed, failover);
    assert_int_equal(app_log_count("event=failover"), 0); /* the first choice is none */
    take_down(&bed, "eu");
    assert_int_equal(app_log_count("event=failover service=a from=eu to=us"), 1);
    take_down(&bed, "us");
    assert_int_equal(app_log_count("event=failover service=a from=us to=none"), 1);
    service_bed_set_all(&bed, "a", "eu", HEALTH_UP);
    review(&bed);
    assert_int_equal(app_log_count("event=failover service=a from=none to=eu"), 1);
    service_bed_close(&bed);
}

static void other_policies_have_no_failover(void **state)
{
    (void)state;
    struct service_bed bed;
    open_well(&bed, plain);
    take_down(&bed, "eu");
    assert_int_equal(app_log_count("event=failover"), 0);
    service_bed_close(&bed);
}

static void a_region_is_lost_held_and_back(void **state)
{
    (void)state;
    struct service_bed bed;
    open_well(&bed, manual);
    service_bed_set(&bed, service_bed_seat(&bed, "a", "eu", 0), HEALTH_DOWN);
    review(&bed);
    assert_int_equal(app_log_count("event=region_lost"), 0); /* half of it is enough */
    take_down(&bed, "eu");
    assert_int_equal(app_log_count("event=region_lost service=a region=eu"), 1);
    service_bed_set_all(&bed, "a", "eu", HEALTH_UP);
    review(&bed);
    assert_int_equal(app_log_count("event=region_held service=a region=eu"), 1);
    assert_int_equal(app_log_count("resume"), 1); /* the way out */
    assert_false(is_usable(&bed, "a", "eu", 0));
    assert_int_equal(health_word_state(service_bed_word(&bed, "a", "eu", 0)), HEALTH_HELD);
    service_bed_region(&bed, "a", "eu")->resumed_ms = bed.now_ms;
    health_services_set_due(bed.services, 0);
    review(&bed);
    assert_int_equal(app_log_count("event=region_back service=a region=eu"), 1);
    assert_int_equal(app_log_count("event=region_"), 1);
    assert_true(is_usable(&bed, "a", "eu", 0));
    service_bed_close(&bed);
}

/* Nothing but time ends the wait: it is the tick that makes the service due. */
static void a_tick_ends_a_wait(void **state)
{
    (void)state;
    struct service_bed bed;
    open_well(&bed, "  a: {" CHECKED ", failback: {after: 1m}, regions: {" EU ", " US "}}\n");
    health_services_tick(bed.services);
    assert_int_equal(bed.services->due_count, 0);
    take_down(&bed, "eu");
    service_bed_set_all(&bed, "a", "eu", HEALTH_UP);
    review(&bed);
    assert_int_equal(app_log_count("event=region_held service=a region=eu"), 1);
    bed.now_ms += MINUTE_MS;
    health_services_tick(bed.services);
    assert_int_equal(bed.services->due_count, 1);
    review(&bed);
    assert_int_equal(app_log_count("event=region_back service=a region=eu"), 1);
    service_bed_close(&bed);
}

static void what_a_rule_keeps_is_frozen(void **state)
{
    (void)state;
    struct service_bed bed;
    open_well(&bed,
              "  a: {" CHECKED ", protect: {min_usable: 1}, regions: {" EU ", " US "}}\n");
    take_down(&bed, "eu");
    assert_int_equal(app_log_count("event=service_frozen"), 0);
    take_down(&bed, "us");
    assert_int_equal(app_log_count("event=service_frozen severity=critical service=a "
                                   "reason=\"1 of 3 endpoints fail and stay: "
                                   "max_down_per_minute or min_usable is reached\""),
                     1);
    assert_true(service_bed_word(&bed, "a", "us", 0) & HEALTH_WORD_FROZEN);
    assert_true(is_usable(&bed, "a", "us", 0));
    assert_int_equal(app_log_count("event=service_all_down"), 0);
    service_bed_set_all(&bed, "a", "us", HEALTH_UP);
    review(&bed);
    assert_int_equal(app_log_count("event=service_unfrozen service=a"), 1);
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
        open_well(&bed, plain);
        service_bed_set_all(&bed, "a", "eu", HEALTH_DOWN);
        service_bed_review(&bed, cases[i].freeze);
        assert_int_equal(app_log_count("event=service_frozen"), 1);
        assert_int_equal(app_log_count(cases[i].reason), 1);
        assert_true(is_usable(&bed, "a", "eu", 0));
        health_services_set_due(bed.services, 0);
        review(&bed);
        assert_int_equal(app_log_count("event=service_unfrozen"), 1);
        assert_int_equal(app_log_count("event=region_lost service=a region=eu"), 1);
        service_bed_close(&bed);
    }
}

/* ---- the operator ---- */

/* override - what this file says is put on the seats; a review follows. */
static void override(struct service_bed *bed, const char *file)
{
    char path[TEMP_PATH_MAX];
    struct app_loop loop;
    struct overrides *overrides;
    const struct health_moment now = {.wall_ms = clock_wall_ms(), .steady_ms = bed->now_ms};
    app_log_open();
    app_loop_open(&loop);
    temp_replace(&bed->folder, "overrides.json", file);
    assert_int_equal(overrides_new(&loop.uv, temp_path(&bed->folder, "overrides.json", path),
                                   NULL, NULL, &overrides),
                     ERR_OK);
    health_overrides_apply(bed->services, overrides, &now);
    overrides_close(overrides);
    app_loop_close(&loop);
    bed->now_ms += 1000;
    health_services_review(bed->services, HEALTH_FREEZE_NONE, bed->now_ms);
}

static void an_override_is_told_for_each_endpoint_and_when_it_ends(void **state)
{
    (void)state;
    static const char drain[] = "{\"overrides\": [{\"service\": \"a\", \"region\": \"eu\", "
                                "\"state\": \"drain\", \"by\": \"anna\", "
                                "\"reason\": \"kernel update\"}]}";
    struct service_bed bed;
    open_well(&bed, plain);
    override(&bed, drain);
    assert_int_equal(app_log_count("event=override service=a region=eu address=192.0.2.1 "
                                   "from=free to=drain reason=\"kernel update (anna)\""),
                     1);
    assert_int_equal(app_log_count("event=override "), 2);
    assert_false(is_usable(&bed, "a", "eu", 0));
    assert_true(service_bed_word(&bed, "a", "eu", 1) & HEALTH_WORD_FORCED);
    assert_true(is_usable(&bed, "a", "us", 0));
    assert_int_equal(app_log_count("event=region_lost"), 0); /* health did not take it */
    override(&bed, drain);
    assert_int_equal(app_log_count("event=override "), 0);
    override(&bed, "{\"overrides\": []}");
    assert_int_equal(app_log_count("event=override "), 2);
    assert_int_equal(app_log_count("address=192.0.2.2 from=drain to=free"), 1);
    assert_true(is_usable(&bed, "a", "eu", 0));
    service_bed_close(&bed);
}

static void no_more_than_twenty_overrides_are_told_at_once(void **state)
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
    override(&bed, "{\"overrides\": [{\"region\": \"eu\", \"state\": \"down\", "
                   "\"by\": \"anna\", \"reason\": \"fire\"}]}");
    assert_int_equal(app_log_count("event=override "), 20);
    for (size_t i = 0; i < 31; i++)
        assert_false(is_usable(&bed, "a", "eu", i));
    service_bed_close(&bed);
}

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
        assert_int_equal(app_log_count("event=region_lost service=outer region=ap"), 1);
        assert_int_equal(app_log_count("event=service_all_down"), 1); /* of the inner one */
        service_bed_set_all(&bed, "a", "us", HEALTH_UP);
        review(&bed);
        assert_true(is_usable(&bed, "outer", "ap", 0));
        assert_int_equal(app_log_count("event=region_back service=outer region=ap"), 1);
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
    assert_int_equal(app_log_count("event=service_all_down"), 3);
    assert_false(is_usable(&bed, "top", "eu", 0));
    assert_true(is_unsettled(&bed, "top"));
    service_bed_set_all(&bed, "a", "us", HEALTH_UP);
    review(&bed);
    assert_int_equal(app_log_count("event=service_usable"), 3);
    assert_true(is_usable(&bed, "top", "eu", 0));
    service_bed_close(&bed);
}

/* ---- reloads ---- */

/* show - as health_monitor.c does after a reload, before the first review: the machines
 * know what they knew. */
static void show(struct service_bed *bed, enum health_state eu, enum health_state us)
{
    service_bed_set_all(bed, "a", "eu", eu);
    service_bed_set_all(bed, "a", "us", us);
}

static void a_reload_without_a_change_tells_nothing(void **state)
{
    (void)state;
    static const char *const texts[] = {plain, failover, manual, inner_last, inner_first};
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        struct service_bed bed;
        open_well(&bed, texts[i]);
        take_down(&bed, "eu");
        service_bed_reload(&bed, texts[i]);
        show(&bed, HEALTH_DOWN, HEALTH_UP);
        review(&bed);
        assert_int_equal(app_log_count("event="), 0);
        assert_false(is_usable(&bed, "a", "eu", 0));
        take_down(&bed, "us");
        service_bed_reload(&bed, texts[i]);
        show(&bed, HEALTH_DOWN, HEALTH_DOWN);
        review(&bed);
        if (app_log_count("event=") > 0)
            fail_msg("news of a reload in which nothing changed, text %zu", i);
        service_bed_close(&bed);
    }
}

static void regions_are_found_again_by_name(void **state)
{
    (void)state;
    struct service_bed bed;
    open_well(&bed, manual);
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
    assert_int_equal(app_log_count("event=region_lost"), 0);
    service_bed_close(&bed);
}

static void the_active_region_is_the_same_after_it_moved(void **state)
{
    (void)state;
    struct service_bed bed;
    open_well(&bed, failover);
    take_down(&bed, "eu");
    service_bed_reload(&bed, "  a: {" CHECKED ", policy: failover, order: [eu, us], "
                             "regions: {" US ", " EU "}}\n");
    show(&bed, HEALTH_DOWN, HEALTH_UP);
    review(&bed);
    assert_int_equal(app_log_count("event=failover"), 0); /* it was us, and is */
    service_bed_reload(&bed, "  a: {" CHECKED ", policy: failover, order: [eu, ap], "
                             "regions: {ap: {addresses: [192.0.2.7]}, " EU "}}\n");
    service_bed_set_all(&bed, "a", "eu", HEALTH_DOWN);
    service_bed_set_all(&bed, "a", "ap", HEALTH_UP);
    review(&bed);
    assert_int_equal(app_log_count("event=failover service=a from=none to=ap"), 1);
    service_bed_close(&bed);
}

/* An endpoint belongs to its region: in another one it starts anew. */
static void an_endpoint_that_moves_starts_anew(void **state)
{
    (void)state;
    struct service_bed bed;
    open_well(&bed, plain);
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
    open_well(&bed, manual);
    take_down(&bed, "eu");
    service_bed_reload(&bed,
                       "  z: {" CHECKED ", failback: manual, regions: {" EU ", " US "}}\n");
    assert_false(service_bed_service(&bed, "z")->guard.reviewed);
    service_bed_set_all(&bed, "z", "eu", HEALTH_UP);
    service_bed_set_all(&bed, "z", "us", HEALTH_UP);
    review(&bed);
    assert_false(service_bed_region(&bed, "z", "eu")->lost);
    assert_true(is_usable(&bed, "z", "eu", 0));
    assert_int_equal(app_log_count("event="), 0);
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
    assert_int_equal(app_log_count("event=service_frozen"), 1);
    bed.now_ms += MINUTE_MS;
    health_services_tick(bed.services);
    review(&bed);
    assert_false(is_usable(&bed, "a", "eu", 1));
    service_bed_close(&bed);
}

/* A reload may fail after that: the old ones are as they were. */
static void the_old_services_are_not_touched(void **state)
{
    (void)state;
    struct service_bed bed;
    open_well(&bed, manual);
    take_down(&bed, "eu");
    struct snapshot *fresh_snapshot = service_bed_compile(&bed, plain);
    struct health_services *fresh =
        health_services_new(fresh_snapshot, bed.services, &(struct herald){.tell = app_tell});
    assert_non_null(fresh);
    health_services_free(fresh);
    snapshot_free(fresh_snapshot);
    service_bed_set_all(&bed, "a", "eu", HEALTH_UP);
    review(&bed);
    assert_true(service_bed_region(&bed, "a", "eu")->held);
    assert_int_equal(app_log_count("event=region_held"), 1);
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
        cmocka_unit_test(an_override_is_told_for_each_endpoint_and_when_it_ends),
        cmocka_unit_test(no_more_than_twenty_overrides_are_told_at_once),
        cmocka_unit_test(a_dark_inner_service_is_a_seat_that_is_down),
        cmocka_unit_test(what_is_unsettled_inside_is_so_outside),
        cmocka_unit_test(darkness_passes_through_three_floors),
        cmocka_unit_test(a_reload_without_a_change_tells_nothing),
        cmocka_unit_test(regions_are_found_again_by_name),
        cmocka_unit_test(the_active_region_is_the_same_after_it_moved),
        cmocka_unit_test(an_endpoint_that_moves_starts_anew),
        cmocka_unit_test(a_renamed_service_starts_anew),
        cmocka_unit_test(what_left_in_this_minute_counts_after_a_reload),
        cmocka_unit_test(the_old_services_are_not_touched),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
