/* Each step of a decision is told; what is told is what policy_select() does. */
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
    "geo:\n"
    "  networks:\n"
    "    192.0.2.0/24: { country: US, location: [0, 0] }\n"
    "    198.51.100.0/24: { country: DE, asn: AS64496 }\n"
    "    198.51.100.128/25: { country: US }\n"
    "  default: { country: NL }\n"
    "regions: { a: { location: [0, 10] }, b: { location: [0, 20] }, c: { location: [0, 30] }, "
    "d: { location: [0, 40] } }\n"
    "services:\n"
    "  geo:\n"
    "    policy: geo\n"
    "    check: tcp\n"
    "    residency: { DE: [ b, c ] }\n"
    "    regions:\n"
    "      a: { serves: [ US ], weight: 3, addresses: [ 10.0.1.1, 10.0.1.2 ] }\n"
    "      b: { serves: [ EU-union ], addresses: [ 10.0.2.1, \"2001:db8::2\" ] }\n"
    "      c: { names: [ c.example.net ], weight: 0 }\n"
    "      d: { service: inner }\n"
    "  inner: { policy: latency, latency: { source: pop }, check: tcp, regions: { a: { "
    "addresses: [ 10.0.1.1 ] }, b: { addresses: [ 10.0.2.1 ] } } }\n"
    "  empty: { policy: failover, check: tcp, when_all_down: empty, regions: { b: { addresses: "
    "[ 10.0.2.1 ] }, a: { addresses: [ 10.0.1.1 ] } } }\n"
    "  nearest: { policy: nearest, regions: { b: { addresses: [ 10.0.2.1 ] }, a: { addresses: "
    "[ 10.0.1.1 ] } } }\n"
    "  latency: { policy: latency, depth: 1, regions: { b: { addresses: [ 10.0.2.1 ] }, a: { "
    "addresses: [ 10.0.1.1 ] } } }\n"
    "  sticky: { policy: weighted, sticky: true, regions: { b: { addresses: [ 10.0.2.1 ] } } "
    "}\n";
/* clang-format on */

static struct world world;
static struct text out;

static int setup(void **state)
{
    (void)state;
    world_init(&world, YAML);
    text_init(&out, 65536);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    text_deinit(&out);
    world_deinit(&world);
    return 0;
}

static void explain(const struct policy_request *request)
{
    text_deinit(&out);
    text_init(&out, 65536);
    policy_explain(request, world.config, world.map, &world.rng, &out);
    assert_false(out.failed);
}

/* told - these lines, each whole, in this order, whatever is between. */
static void told(const char *lines)
{
    const char *rest = text_get(&out);
    while (lines[0] != '\0') {
        size_t len = strcspn(lines, "\n") + 1;
        const char *found = memmem(rest, strlen(rest), lines, len);
        if (!found || (found != text_get(&out) && found[-1] != '\n'))
            fail_msg("not told: %.*s\nbut:\n%s", (int)len, lines, text_get(&out));
        rest = found + len;
        lines += len;
    }
}

static void explain_one(const char *service, enum ip_family family, const char *client)
{
    struct policy_request request = world_request(&world, service, family, client);
    explain(&request);
}

static void each_step_is_told(void **state)
{
    (void)state;
    explain_one("geo", IP_V4, "192.0.2.0/24");
    told("client     192.0.2.0/24 (EDNS Client Subnet)\n"
         "network    192.0.2.0/24, place from geo.networks\n"
         "location   US NA 0.00,0.00\n"
         "service    geo: policy geo\n"
         "residency  no rule matches: every region is allowed\n"
         "order       1. a                serves country US, weight 3; health: 10.0.1.1 up, "
         "10.0.1.2 up (usable with 50 % up)\n"
         "            2. b                2224 km; health: 10.0.2.1 up\n"
         "            3. d                4448 km; health: service inner\n"
         "            4. c                weight 0: last resort; health: c.example.net. up\n"
         "service    inner: policy latency\n"
         "pick       a of geo, group 1\n"
         "ttl        30 s (stable: nothing of the service has changed lately)\n"
         "scope      /24\n");
}

static void residency_and_the_sources_are_told(void **state)
{
    (void)state;
    explain_one("geo", IP_V4, "198.51.100.1");
    told("client     198.51.100.1/32 (source address)\n"
         "network    198.51.100.0/25, place from geo.networks, AS from geo.networks\n"
         "residency  country DE: only b c\n"
         "order       1. b                serves EU-union; health: 10.0.2.1 up\n"
         "            2. c                weight 0: last resort; health: c.example.net. up\n"
         "answer     10.0.2.1\n"
         "scope      /25 (would be sent to a resolver that forwards subnets)\n");
    explain_one("geo", IP_V4, "203.0.113.1");
    told("network    200.0.0.0/5, place from geo.default\n");
}

static void the_address_inside_is_told(void **state)
{
    (void)state;
    explain_one("geo", IP_V6, "2002:c000:200::/40");
    told(
        "client     2002:c000:200::/40 (EDNS Client Subnet)\n"
        "inside     192.0.2.0, 24 bits of it known\n"
        "network    192.0.2.0/24, place from geo.networks\n"
        "order       1. a                serves country US, weight 3; health: no IPv6 address\n"
        "answer     2001:db8::2\n"
        "scope      /40\n");
}

static void health_and_its_ttl_are_told(void **state)
{
    (void)state;
    world_set(&world, "10.0.1.1", WORLD_DOWN);
    world_set(&world, "10.0.1.2", WORLD_SUSPECT);
    world_set_unsettled(&world, "geo", true);
    explain_one("geo", IP_V4, "192.0.2.0/24");
    told("order       1. a                serves country US, weight 3; health: 10.0.1.1 down, "
         "10.0.1.2 suspect (usable with 50 % up)\n"
         "answer     10.0.1.2\n"
         "ttl        1 s (suspect: an endpoint of the region failed its latest probe)\n");
    world_set(&world, "10.0.1.2", WORLD_UP);
    explain_one("geo", IP_V4, "192.0.2.0/24");
    told("ttl        5 s (unsettled: an endpoint of the service is down or changed lately)\n");
}

static void measured_round_trips_are_told_in_their_order(void **state)
{
    (void)state;
    world_set_rtt(&world, "10.0.2.1", 1500);
    explain_one("inner", IP_V4, "192.0.2.1");
    told("order       1. b                1.5 ms measured; health: 10.0.2.1 up\n"
         "            2. a                not measured yet; health: 10.0.1.1 up\n"
         "pick       b of inner, group 1\n");
}

static void estimates_and_the_tail_are_told(void **state)
{
    (void)state;
    explain_one("nearest", IP_V4, "192.0.2.1");
    told("order       1. a                1112 km; health: 10.0.1.1 not checked\n"
         "            2. b                2224 km; health: 10.0.2.1 not checked\n");
    explain_one("latency", IP_V4, "192.0.2.1");
    told("order       1. a                32.7 ms expected; health: 10.0.1.1 not checked\n"
         "            2. b                the rest, in the order of the file; health: 10.0.2.1 "
         "not checked\n");
    explain_one("empty", IP_V4, "192.0.2.1");
    told("order       1. b                its place in the order; health: 10.0.2.1 up\n");
    explain_one("sticky", IP_V4, "192.0.2.0/24");
    told("service    sticky: policy weighted, sticky\n"
         "order       1. b                weighted; health: 10.0.2.1 not checked\n"
         "scope      /24\n");
}

static void empty_answers_say_why(void **state)
{
    (void)state;
    world_set(&world, "10.0.1.1", WORLD_DOWN);
    world_set(&world, "10.0.2.1", WORLD_DOWN);
    explain_one("empty", IP_V4, "192.0.2.1");
    told("all down   nothing usable: when_all_down decides\n"
         "answer     none (NODATA)\n");
    explain_one("empty", IP_V6, "192.0.2.1");
    told("answer     none (NODATA): no IPv6 address anywhere\n");
}

static void that_reserve_is_used_is_told(void **state)
{
    (void)state;
    world_set(&world, "10.0.1.1", WORLD_DOWN);
    world_set(&world, "10.0.2.1", WORLD_RESERVE);
    explain_one("empty", IP_V4, "192.0.2.1");
    told("order       1. b                its place in the order; health: 10.0.2.1 held\n"
         "reserve    nothing else is usable: what is in reserve is answered\n"
         "answer     10.0.2.1\n");
}

static void pins_are_told(void **state)
{
    (void)state;
    struct policy_request request = world_request(&world, "geo", IP_V4, "198.51.100.1");
    request.pinned = 0;
    explain(&request);
    told("pinned     to region a by the name\n"
         "pinned     refused: residency does not allow it to this client\n"
         "pick       b of geo, group 1\n");
    request.pinned = 2;
    explain(&request);
    told("pinned     to region c by the name\n"
         "answer     CNAME c.example.net.\n");
}

/* The residency rule of geo counts all 32 bits, inner only 24 of them. */
static void a_nested_service_that_looks_elsewhere_says_so(void **state)
{
    (void)state;
    explain_one("geo", IP_V4, "198.51.100.200/32");
    told("network    198.51.100.128/25, place from geo.networks\n"
         "location   US NA\n"
         "service    geo: policy geo\n"
         "network    198.51.100.0/25, place from geo.networks, AS from geo.networks\n"
         "location   DE EU AS64496\n"
         "service    inner: policy latency\n");
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        TEST(each_step_is_told),
        TEST(residency_and_the_sources_are_told),
        TEST(the_address_inside_is_told),
        TEST(health_and_its_ttl_are_told),
        TEST(measured_round_trips_are_told_in_their_order),
        TEST(estimates_and_the_tail_are_told),
        TEST(empty_answers_say_why),
        TEST(that_reserve_is_used_is_told),
        TEST(pins_are_told),
        TEST(a_nested_service_that_looks_elsewhere_says_so),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
