#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "policy_measure.h"
#include "policy_world.h"

static const char YAML[] = "checks: { tcp: { tcp: { port: 80 } } }\n"
                           "geo: { networks: { 198.51.100.0/24: { country: DE } } }\n"
                           "regions:\n"
                           "  a: { location: [0, 0] }\n"
                           "  b: { location: [0, 10] }\n"
                           "  c: { location: [0, 20] }\n"
                           "  z: { location: [0, 30] }\n"
                           "services:\n"
                           "  pop:\n"
                           "    policy: latency\n"
                           "    latency: { source: pop }\n"
                           "    check: tcp\n"
                           "    regions:\n"
                           "      a: { addresses: [ 10.0.1.1, 10.0.1.2, 2001:db8::1 ] }\n"
                           "      b: { addresses: [ 10.0.2.1, 2001:db8::2 ] }\n"
                           "      z: { addresses: [ 10.0.9.1, 2001:db8::9 ], weight: 0 }\n"
                           "      c: { addresses: [ 10.0.3.1, 2001:db8::3 ] }\n"
                           "    residency: { DE: [ c, b ] }\n";

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

static const char *order_text(uint32_t class, enum ip_family family, char buffer[128])
{
    struct policy_request request = world_request(&world, "pop", family, "192.0.2.1");
    const struct policy_service *service = &world.set.services[request.service];
    struct policy_order_storage storage;
    struct policy_order order =
        policy_order_by_rtt(&request, service, policy_class_get(service, class), &storage);
    size_t used = 0;
    for (uint8_t i = 0; i < order.region_count; i++) {
        bool opens = i > 0 && order.group_end[i - 1] == i;
        used += (size_t)snprintf(buffer + used, 128 - used, "%s%s",
                                 i == 0  ? ""
                                 : opens ? " | "
                                         : ",",
                                 service->regions[order.regions[i]].name);
    }
    return buffer;
}

static void regions_stand_by_their_measured_round_trip(void **state)
{
    (void)state;

    static const struct {
        uint32_t a1, a2, b, c, z; /* microseconds */
        const char *order;
    } rows[] = {
        {0, 0, 0, 0, 0, "a,b,c | z"}, /* nothing is measured yet */
        {30000, 30000, 20000, 10000, 1000, "c | b | a | z"},
        {15000, 15000, 10000, 20000, 1000, "b,a | c | z"},     /* 5 ms */
        {15001, 15001, 10000, 20001, 1000, "b | a,c | z"},     /* more than 5 ms */
        {110000, 110000, 100000, 110001, 1000, "b,a | c | z"}, /* 10 % */
        {20000, 0, 40000, 0, 0, "a | b | c | z"},         /* only what is measured counts */
        {10000, 30000, 14000, 60000, 0, "b | a | c | z"}, /* the mean */
    };

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        char buffer[128];
        world_set_rtt(&world, "10.0.1.1", rows[i].a1);
        world_set_rtt(&world, "10.0.1.2", rows[i].a2);
        world_set_rtt(&world, "10.0.2.1", rows[i].b);
        world_set_rtt(&world, "10.0.3.1", rows[i].c);
        world_set_rtt(&world, "10.0.9.1", rows[i].z);
        assert_string_equal(order_text(0, IP_V4, buffer), rows[i].order);
    }
}

static void each_family_has_its_own_round_trips(void **state)
{
    (void)state;
    char buffer[128];
    world_set_rtt(&world, "10.0.1.1", 1000);
    world_set_rtt(&world, "2001:db8::3", 1000);
    assert_string_equal(order_text(0, IP_V4, buffer), "a | b,c | z");
    assert_string_equal(order_text(0, IP_V6, buffer), "c | a,b | z");
}

static void the_answer_follows_and_residency_still_holds(void **state)
{
    (void)state;
    world_set_rtt(&world, "10.0.1.1", 1000);
    world_set_rtt(&world, "10.0.1.2", 1000);
    world_set_rtt(&world, "10.0.2.1", 20000);
    world_set_rtt(&world, "10.0.3.1", 10000);
    assert_int_equal(world_ask(&world, "pop", IP_V4, "192.0.2.1")->region, 0);
    assert_int_equal(world_ask(&world, "pop", IP_V4, "198.51.100.1")->region, 3);

    /* a refused pin too is ordered by what is measured */
    struct policy_request request = world_request(&world, "pop", IP_V4, "198.51.100.1");
    request.pinned = 0;
    policy_select(&request, &world.rng, &world.answer);
    assert_int_equal(world.answer.region, 3);
    assert_int_equal(world.answer.flags, POLICY_PIN_REFUSED);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(regions_stand_by_their_measured_round_trip, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(each_family_has_its_own_round_trips, setup, teardown),
        cmocka_unit_test_setup_teardown(the_answer_follows_and_residency_still_holds, setup,
                                        teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
