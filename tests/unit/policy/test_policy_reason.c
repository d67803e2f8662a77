/* Why an answer is what it is, in one word: one case per word, and those that could be mistaken. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "policy_world.h"

/* clang-format off: reads as the file it is */
static const char YAML[] =
    "checks: { tcp: { tcp: { port: 80 } } }\n"
    "geo: { networks: { 192.0.2.0/24: { country: DE } } }\n"
    "regions: { a: {}, b: {}, c: {} }\n"
    "x-three: &three\n"
    "  a: { addresses: [ 10.0.1.1 ] }\n"
    "  b: { addresses: [ 10.0.2.1, '2001:db8::2' ] }\n"
    "  c: { addresses: [ 10.0.3.1 ] }\n"
    "services:\n"
    "  failover: { policy: failover, check: tcp, regions: *three }\n"
    "  two: { inherit: failover, answers: 2 }\n"
    "  weighted: { policy: weighted, check: tcp, regions: *three }\n"
    "  resident: { policy: failover, check: tcp, regions: *three, residency: { DE: [ b ] } }\n"
    "  outer: { policy: failover, regions: { a: { service: failover }, b: { addresses: [ "
    "10.0.9.1 ] } } }\n"
    "  empty: { inherit: failover, when_all_down: empty }\n";
/* clang-format on */

static struct world world;

static int setup(void **state)
{
    (void)state;
    world_init(&world, YAML);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    world_deinit(&world);
    return 0;
}

static const char *reason(const char *service, enum ip_family family)
{
    return policy_reason_name(
        policy_reason_of(world_ask(&world, service, family, "192.0.2.1")));
}

static const char *pinned_reason(const char *service, const char *region)
{
    struct policy_request request = world_request(&world, service, IP_V4, "192.0.2.1");
    request.pinned = world_region(&world, service, region);
    policy_select(&request, &world.rng, &world.answer);
    return policy_reason_name(policy_reason_of(&world.answer));
}

static void the_first_of_the_order(void **state)
{
    (void)state;
    assert_string_equal(reason("failover", IP_V4), "first");
    assert_string_equal(reason("weighted", IP_V4), "first");
    assert_string_equal(reason("outer", IP_V4), "first");
}

static void a_region_without_the_family_is_no_failure(void **state)
{
    (void)state;
    assert_string_equal(reason("failover", IP_V6), "first");
    world_set(&world, "2001:db8::2", WORLD_DOWN);
    assert_string_equal(reason("failover", IP_V6), "all_down");
}

static void an_earlier_one_is_down(void **state)
{
    (void)state;
    world_set(&world, "10.0.1.1", WORLD_DOWN);
    assert_string_equal(reason("failover", IP_V4), "failover");
    assert_string_equal(reason("outer", IP_V4), "failover"); /* inside the region */
    assert_string_equal(reason("weighted", IP_V4), "first"); /* of one group, another member */
}

static void a_whole_nested_service_is_down(void **state)
{
    (void)state;
    world_set(&world, "10.0.1.1", WORLD_DOWN);
    world_set(&world, "10.0.2.1", WORLD_DOWN);
    world_set(&world, "10.0.3.1", WORLD_DOWN);
    assert_string_equal(reason("outer", IP_V4), "failover");
    assert_string_equal(reason("failover", IP_V4), "all_down");
    assert_string_equal(reason("empty", IP_V4), "all_down");
}

static void the_second_answer_has_no_say(void **state)
{
    (void)state;
    world_set(&world, "10.0.2.1", WORLD_DOWN);
    assert_string_equal(reason("two", IP_V4), "first");
    assert_int_equal(world.answer.count, 2);
}

static void an_earlier_one_turned_the_query_away(void **state)
{
    (void)state;
    unsigned first = 0, shed = 0;
    world_set_scaled(&world, "10.0.1.1", WORLD_UP, 50);
    for (unsigned i = 0; i < 1000; i++) {
        const char *why = reason("failover", IP_V4);
        first += strcmp(why, "first") == 0;
        shed += strcmp(why, "shed") == 0;
    }
    assert_int_equal(first + shed, 1000);
    assert_in_range(shed, 400, 600);
    world_set(&world, "10.0.2.1", WORLD_DOWN); /* a failure behind it outweighs that */
    for (unsigned i = 0; i < 1000; i++)
        assert_string_not_equal(reason("failover", IP_V4), "shed");
}

static void the_name_says_which(void **state)
{
    (void)state;
    assert_string_equal(pinned_reason("failover", "c"), "pinned");
    assert_string_equal(pinned_reason("resident", "b"), "pinned");
    assert_string_equal(pinned_reason("resident", "c"), "pin_refused");
}

static void there_is_nothing_of_the_family(void **state)
{
    (void)state;
    assert_string_equal(pinned_reason("failover", "a"), "pinned");
    struct policy_request request = world_request(&world, "outer", IP_V6, "192.0.2.1");
    request.pinned = world_region(&world, "outer", "b");
    policy_select(&request, &world.rng, &world.answer);
    assert_string_equal(policy_reason_name(policy_reason_of(&world.answer)), "none");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(the_first_of_the_order, setup, teardown),
        cmocka_unit_test_setup_teardown(a_region_without_the_family_is_no_failure, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(an_earlier_one_is_down, setup, teardown),
        cmocka_unit_test_setup_teardown(a_whole_nested_service_is_down, setup, teardown),
        cmocka_unit_test_setup_teardown(the_second_answer_has_no_say, setup, teardown),
        cmocka_unit_test_setup_teardown(an_earlier_one_turned_the_query_away, setup, teardown),
        cmocka_unit_test_setup_teardown(the_name_says_which, setup, teardown),
        cmocka_unit_test_setup_teardown(there_is_nothing_of_the_family, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
