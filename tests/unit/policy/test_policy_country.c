#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "policy_world.h"

/* clang-format off: reads as the file it is */
static const char YAML[] =
    "geo:\n"
    "  networks:\n"
    "    192.0.2.0/24: { country: US }\n"
    "    192.0.3.0/25: { country: DE }\n"
    "    192.0.3.128/25: { country: FR }\n"
    "    198.51.100.0/24: { asn: 64496 }\n"
    "    203.0.113.0/24: { country: ZW }\n"
    "    2001:db8::/48: { country: AD }\n"
    "    2001:db8:1::/48: { country: JP }\n"
    "  default: { country: NL }\n"
    "regions: { a: {} }\n"
    "services: { s: { policy: failover, regions: { a: { addresses: [ 10.0.0.1 ] } } } }\n";

/* clang-format on */

static void assert_country(const struct world *world, const char *client, const char *name)
{
    char text[POLICY_COUNTRY_TEXT_MAX];
    struct policy_client from = world_client(client);
    assert_string_equal(policy_country_name(policy_country(&world->set, &from), text), name);
}

static void a_client_is_where_its_network_says(void **state)
{
    (void)state;
    static struct world world;
    world_init(&world, YAML);
    assert_country(&world, "192.0.2.77", "US");
    assert_country(&world, "192.0.3.1", "DE");
    assert_country(&world, "192.0.3.200", "FR");
    assert_country(&world, "2001:db8:1::1", "JP");
    assert_country(&world, "192.0.2.0/24", "US");
    assert_country(&world, "2001:db8:1::/56", "JP");
    world_deinit(&world);
}

static void the_first_and_the_last_code_are_known(void **state)
{
    (void)state;
    static struct world world;
    world_init(&world, YAML);
    assert_country(&world, "2001:db8::1", "AD");
    assert_country(&world, "203.0.113.1", "ZW");
    world_deinit(&world);
}

static void nobody_is_counted_where_the_default_says(void **state)
{
    (void)state;
    static struct world world;
    world_init(&world, YAML);
    assert_country(&world, "8.8.8.8", "unknown");
    assert_country(&world, "198.51.100.1", "unknown"); /* its network is known, but not where */
    assert_country(&world, "2001:db8:2::1", "unknown");
    struct policy_client nobody = {0};
    assert_int_equal(policy_country(&world.set, &nobody), POLICY_COUNTRY_UNKNOWN);
    world_deinit(&world);
}

static void the_address_inside_a_transition_address_counts(void **state)
{
    (void)state;
    static struct world world;
    world_init(&world, YAML);
    assert_country(&world, "64:ff9b::c000:201", "US"); /* 192.0.2.1 */
    assert_country(&world, "2002:c000:0201::1", "US");
    world_deinit(&world);
}

static void an_ecs_network_counts_with_24_bits(void **state)
{
    (void)state;
    static struct world world;
    world_init(&world, YAML);
    assert_country(&world, "192.0.3.200/32", "DE");
    world_deinit(&world);
}

static void without_geography_nobody_is_anywhere(void **state)
{
    (void)state;
    static struct world world;
    world_init(&world,
               "geo: { default: { country: NL } }\n"
               "regions: { a: {} }\n"
               "services: { s: { policy: failover, regions: { a: { addresses: [ 10.0.0.1 ] } } "
               "} }\n");
    assert_null(world.set.countries);
    assert_country(&world, "192.0.2.1", "unknown");
    world_deinit(&world);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_client_is_where_its_network_says),
        cmocka_unit_test(the_first_and_the_last_code_are_known),
        cmocka_unit_test(nobody_is_counted_where_the_default_says),
        cmocka_unit_test(the_address_inside_a_transition_address_counts),
        cmocka_unit_test(an_ecs_network_counts_with_24_bits),
        cmocka_unit_test(without_geography_nobody_is_anywhere),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
