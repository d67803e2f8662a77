/* The step at which a region fell out; one row for each. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "policy_world.h"

static const char YAML[] = "checks: { tcp: { tcp: { port: 80 } } }\n"
                           "geo:\n"
                           "  networks:\n"
                           "    192.0.2.0/24: { country: US }\n"
                           "    198.51.100.0/24: { country: DE }\n"
                           "regions: { a: {}, b: {}, c: {}, d: {} }\n"
                           "services:\n"
                           "  plain:\n"
                           "    policy: failover\n"
                           "    check: tcp\n"
                           "    residency: { DE: [ b, c ] }\n"
                           "    regions:\n"
                           "      a: { addresses: [ 10.0.1.1, 10.0.1.2 ] }\n"
                           "      b: { addresses: [ 10.0.2.1 ] }\n"
                           "      c: { addresses: [ 10.0.3.1, 2001:db8::3 ] }\n"
                           "  spread:\n"
                           "    policy: weighted\n"
                           "    check: tcp\n"
                           "    regions: { a: { addresses: [ 10.0.1.1 ] }, b: { addresses: [ "
                           "10.0.2.1 ], weight: 0 } }\n"
                           "  outer:\n"
                           "    policy: failover\n"
                           "    check: tcp\n"
                           "    regions:\n"
                           "      d: { addresses: [ 10.0.4.1 ] }\n"
                           "      inside: { service: plain }\n";

static struct world world;

static void expect(const char *service, enum ip_family family, const char *client,
                   const char *region, const char *expected)
{
    struct policy_request request = world_request(&world, service, family, client);
    struct text text;
    text_init(&text, 10000);
    policy_select(&request, &world.rng, &world.answer);
    policy_why_not(&request, &world.answer, region, &text);
    assert_string_equal(text_get(&text), expected);
    text_deinit(&text);
}

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

static void the_answer_and_strangers_are_told_apart(void **state)
{
    (void)state;
    expect("plain", IP_V4, "192.0.2.1", "a", "why not    a: it is the answer\n");
    expect("plain", IP_V4, "192.0.2.1", "x",
           "why not    x: service plain has no such region\n");
}

static void order_residency_and_family_are_named(void **state)
{
    (void)state;
    expect("plain", IP_V4, "192.0.2.1", "c",
           "why not    c of plain: order: it is in group 3, and a in group 1 is usable\n");
    expect("plain", IP_V4, "198.51.100.1", "a",
           "why not    a of plain: residency: it may not be given to this client\n");
    expect("plain", IP_V6, "192.0.2.1", "a",
           "why not    a of plain: family: it has no IPv6 address\n");
}

static void health_is_told_endpoint_by_endpoint(void **state)
{
    (void)state;
    world_set(&world, "10.0.1.1", WORLD_DOWN);
    world_set(&world, "10.0.1.2", WORLD_DOWN);
    expect("plain", IP_V4, "192.0.2.1", "a",
           "why not    a of plain: health: it is not usable: 10.0.1.1 down, 10.0.1.2 down "
           "(usable with 50 % up)\n");
    world_set(&world, "10.0.1.1", WORLD_RESERVE);
    expect(
        "plain", IP_V4, "192.0.2.1", "a",
        "why not    a of plain: health: it is in reserve, because it waits for its fail-back, "
        "is damped, or another region was made active by hand\n");
}

static void a_last_resort_is_a_group_behind(void **state)
{
    (void)state;
    expect("spread", IP_V4, "192.0.2.1", "b",
           "why not    b of spread: order: it is in group 2, and a in group 1 is usable\n");
}

static void levels_are_followed_to_where_it_fell_out(void **state)
{
    (void)state;
    expect("outer", IP_V4, "192.0.2.1", "b",
           "why not    inside of outer: order: it is in group 2, and d in group 1 is usable\n");
    world_set(&world, "10.0.4.1", WORLD_DOWN);
    expect("outer", IP_V4, "192.0.2.1", "b",
           "why not    inside of outer: it was asked\n"
           "           b of plain: order: it is in group 2, and a in group 1 is usable\n");
    expect("outer", IP_V4, "192.0.2.1", "a", "why not    a: it is the answer\n");
}

static void a_pinned_name_says_so(void **state)
{
    (void)state;
    struct policy_request request = world_request(&world, "plain", IP_V4, "192.0.2.1");
    struct text text;
    text_init(&text, 10000);
    request.pinned = world_region(&world, "plain", "b");
    policy_select(&request, &world.rng, &world.answer);
    policy_why_not(&request, &world.answer, "c", &text);
    assert_string_equal(text_get(&text),
                        "why not    c of plain: name: it is pinned to another region\n");
    text_deinit(&text);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        TEST(the_answer_and_strangers_are_told_apart),
        TEST(order_residency_and_family_are_named),
        TEST(health_is_told_endpoint_by_endpoint),
        TEST(a_last_resort_is_a_group_behind),
        TEST(levels_are_followed_to_where_it_fell_out),
        TEST(a_pinned_name_says_so),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
