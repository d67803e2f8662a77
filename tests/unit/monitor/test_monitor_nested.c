/* What is told and published of a service's two families, and of services inside others: real
 * configurations and overrides, endpoints that do as the test says.
 */
#include "service_case.h"

/* ---- families ---------------------------------------------------------------------------- */

#define DUAL                                                                                   \
    "  a: {" CHECKED ", regions: {eu: {addresses: [192.0.2.1, \"2001:db8::1\"]},\n"            \
    "      us: {addresses: [192.0.2.3, \"2001:db8::3\"]}, ap: {addresses: [192.0.2.4]}}}\n"

static void open_dual(struct service_bed *bed)
{
    service_bed_open(bed, DUAL);
    service_bed_set_all(bed, "a", "ap", HEALTH_UP);
    get_well(bed);
}

/* take_v6_down - of the region; its IPv4 address stays up. */
static void take_v6_down(struct service_bed *bed, const char *region)
{
    service_bed_set(bed, service_bed_seat(bed, "a", region, 1), HEALTH_DOWN);
    review(bed);
}

static void a_family_that_is_all_down_is_told_by_name(void **state)
{
    (void)state;
    struct service_bed bed;
    open_dual(&bed);
    take_v6_down(&bed, "eu");
    assert_int_equal(test_log_count("event=service_"), 0);
    take_v6_down(&bed, "us");
    assert_int_equal(
        test_log_count("event=service_all_down severity=critical service=a family=IPv6 "
                       "reason=\"none of 2 IPv6 endpoints is usable\""),
        1);
    assert_int_equal(test_log_count("event=region_lost"), 0); /* both have IPv4 */
    service_bed_set_all(&bed, "a", "us", HEALTH_UP);
    review(&bed);
    assert_int_equal(test_log_count("event=service_usable service=a family=IPv6"), 1);
    assert_int_equal(test_log_count("event=service_"), 1);
    service_bed_close(&bed);
}

static void that_all_is_down_is_told_once_and_what_remains_of_it_anew(void **state)
{
    (void)state;
    struct service_bed bed;
    open_dual(&bed);
    take_down(&bed, "eu");
    take_down(&bed, "us");
    assert_int_equal(test_log_count("event=service_all_down"), 1); /* of IPv6 */
    take_down(&bed, "ap");
    assert_int_equal(test_log_count("event=service_all_down severity=critical service=a "
                                    "reason=\"none of 5 endpoints is usable\""),
                     1);
    assert_int_equal(test_log_count("event=service_"), 1);
    service_bed_set_all(&bed, "a", "ap", HEALTH_UP);
    review(&bed);
    assert_int_equal(test_log_count("event=service_usable service=a reason="), 1);
    assert_int_equal(test_log_count("event=service_all_down severity=critical service=a "
                                    "family=IPv6"),
                     1);
    service_bed_close(&bed);
}

static void a_reload_neither_repeats_nor_forgets_it(void **state)
{
    (void)state;
    struct service_bed bed;
    open_dual(&bed);
    take_v6_down(&bed, "eu");
    take_v6_down(&bed, "us");
    service_bed_reload(&bed, DUAL);
    service_bed_set_all(&bed, "a", "ap", HEALTH_UP);
    for (size_t i = 0; i < 2; i++) {
        const char *region = i == 0 ? "eu" : "us";
        service_bed_set_all(&bed, "a", region, HEALTH_UP);
        service_bed_set(&bed, service_bed_seat(&bed, "a", region, 1), HEALTH_DOWN);
    }
    review(&bed);
    assert_int_equal(test_log_count("event=service_"), 0);
    get_well(&bed);
    assert_int_equal(test_log_count("event=service_usable service=a family=IPv6"), 1);
    service_bed_close(&bed);
}

static void a_service_that_is_taken_out_ends_its_alarm(void **state)
{
    (void)state;
    struct service_bed bed;
    open_dual(&bed);
    take_v6_down(&bed, "eu");
    take_v6_down(&bed, "us");
    service_bed_reload(&bed, "  b: {" CHECKED ", regions: {" EU "}}\n");
    assert_int_equal(
        test_log_count("event=service_usable service=a family=IPv6 reason=\"it was "
                       "taken out of the configuration\""),
        1);
    service_bed_close(&bed);
}

/* What is inside has one family; the outer service is judged by it. */
static void a_family_that_is_dark_inside_is_told_of_the_outer_service_too(void **state)
{
    (void)state;
    struct service_bed bed;
    service_bed_open(&bed, "  outer: {regions: {eu: {service: a}, us: {service: four}}}\n"
                           "  four: {" CHECKED ", regions: {eu: {addresses: [192.0.2.9]}}}\n"
                           "  a: {" CHECKED ", regions: {eu: {addresses: [192.0.2.1, "
                           "\"2001:db8::1\"]}}}\n");
    service_bed_set_all(&bed, "a", "eu", HEALTH_UP);
    service_bed_set_all(&bed, "four", "eu", HEALTH_UP);
    review(&bed);
    take_v6_down(&bed, "eu");
    assert_int_equal(test_log_count("event=service_all_down severity=critical service=a "
                                    "family=IPv6"),
                     1);
    assert_int_equal(test_log_count("event=service_all_down severity=critical service=outer "
                                    "family=IPv6 reason=\"none of 1 IPv6 endpoint"),
                     1);
    assert_int_equal(test_log_count("event="), 2);
    service_bed_close(&bed);
}

/* ---- the operator ------------------------------------------------------------------------ */

#define OUTER                                                                                  \
    "  outer: {" CHECKED ", policy: failover, order: [eu, us], failback: manual,\n"            \
    "          regions: {eu: {service: a}, us: {addresses: [192.0.2.9]}}}\n"

static const char drain_a[] = "{\"overrides\": [{\"service\": \"a\", \"state\": \"drain\", "
                              "\"by\": \"anna\", \"reason\": \"kernel update\"}]}";

static const char up_a[] = "{\"overrides\": [{\"service\": \"a\", \"state\": \"up\", "
                           "\"by\": \"anna\", \"reason\": \"the check is wrong\"}]}";

static const char nothing[] = "{\"overrides\": []}";

static void set_well(struct service_bed *bed)
{
    service_bed_set_all(bed, "outer", "us", HEALTH_UP);
    service_bed_set_all(bed, "a", "eu", HEALTH_UP);
    service_bed_set_all(bed, "a", "us", HEALTH_UP);
}

static void open_outer(struct service_bed *bed)
{
    service_bed_open(bed, OUTER PLAIN);
    set_well(bed);
    review(bed);
}

static void a_drain_inside_is_a_drain_outside(void **state)
{
    (void)state;
    struct service_bed bed;
    open_outer(&bed);
    service_bed_override(&bed, drain_a);
    assert_false(is_usable(&bed, "outer", "eu", 0));
    assert_true(service_bed_word(&bed, "outer", "eu", 0) & HEALTH_WORD_FORCED);
    assert_int_equal(test_log_count("event=failover service=outer from=eu to=us"), 1);
    assert_int_equal(test_log_count("event=region_lost"), 0);
    service_bed_override(&bed, nothing); /* no resume is needed */
    assert_true(is_usable(&bed, "outer", "eu", 0));
    assert_false(service_bed_word(&bed, "outer", "eu", 0) & HEALTH_WORD_FORCED);
    assert_int_equal(test_log_count("event=failover service=outer from=us to=eu"), 1);
    service_bed_close(&bed);
}

static void and_it_stays_one_over_a_reload(void **state)
{
    (void)state;
    struct service_bed bed;
    open_outer(&bed);
    service_bed_override(&bed, drain_a);
    service_bed_reload(&bed, OUTER PLAIN);
    set_well(&bed);
    review(&bed);
    assert_false(is_usable(&bed, "outer", "eu", 0));
    assert_int_equal(test_log_count("event=region_lost"), 0);
    service_bed_override(&bed, nothing);
    assert_true(is_usable(&bed, "outer", "eu", 0));
    service_bed_close(&bed);
}

static void who_is_forced_up_inside_is_up_outside(void **state)
{
    (void)state;
    struct service_bed bed;
    open_outer(&bed);
    service_bed_set_all(&bed, "a", "eu", HEALTH_DOWN);
    service_bed_set_all(&bed, "a", "us", HEALTH_DOWN);
    review(&bed);
    assert_int_equal(test_log_count("event=region_lost service=outer region=eu"), 1);
    service_bed_override(&bed, up_a);
    assert_true(is_usable(&bed, "outer", "eu", 0));
    assert_int_equal(test_log_count("event=region_back service=outer region=eu"), 1);
    service_bed_override(&bed, nothing);
    assert_false(is_usable(&bed, "outer", "eu", 0));
    assert_int_equal(test_log_count("event=region_lost service=outer region=eu"), 1);
    service_bed_close(&bed);
}

/* Who dies while he is drained was lost by nobody: he was not in the answers. */
static void who_dies_while_drained_inside_comes_back_with_the_end_of_the_drain(void **state)
{
    (void)state;
    struct service_bed bed;
    open_outer(&bed);
    service_bed_override(&bed, drain_a);
    service_bed_set_all(&bed, "a", "eu", HEALTH_DOWN);
    service_bed_set_all(&bed, "a", "us", HEALTH_DOWN);
    review(&bed);
    assert_int_equal(test_log_count("event=region_lost"), 0);
    service_bed_override(&bed, nothing);
    assert_false(is_usable(&bed, "outer", "eu", 0));
    service_bed_set_all(&bed, "a", "eu", HEALTH_UP);
    review(&bed);
    assert_true(is_usable(&bed, "outer", "eu", 0));
    service_bed_close(&bed);
}

/* Each level passes it on. */
static void a_drain_goes_through_every_level(void **state)
{
    (void)state;
    struct service_bed bed;
    service_bed_open(
        &bed, "  top: {" CHECKED ", policy: failover, order: [eu, us], failback: manual,\n"
              "        regions: {eu: {service: mid}, us: {addresses: [192.0.2.9]}}}\n"
              "  mid: {" CHECKED ", regions: {eu: {service: a}}}\n" PLAIN);
    service_bed_set_all(&bed, "top", "us", HEALTH_UP);
    get_well(&bed);
    service_bed_override(&bed, drain_a);
    assert_false(is_usable(&bed, "top", "eu", 0));
    assert_int_equal(test_log_count("event=region_lost"), 0);
    service_bed_override(&bed, nothing);
    assert_true(is_usable(&bed, "top", "eu", 0));
    service_bed_close(&bed);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_family_that_is_all_down_is_told_by_name),
        cmocka_unit_test(that_all_is_down_is_told_once_and_what_remains_of_it_anew),
        cmocka_unit_test(a_reload_neither_repeats_nor_forgets_it),
        cmocka_unit_test(a_service_that_is_taken_out_ends_its_alarm),
        cmocka_unit_test(a_family_that_is_dark_inside_is_told_of_the_outer_service_too),
        cmocka_unit_test(a_drain_inside_is_a_drain_outside),
        cmocka_unit_test(and_it_stays_one_over_a_reload),
        cmocka_unit_test(who_is_forced_up_inside_is_up_outside),
        cmocka_unit_test(who_dies_while_drained_inside_comes_back_with_the_end_of_the_drain),
        cmocka_unit_test(a_drain_goes_through_every_level),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
