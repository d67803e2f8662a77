#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "policy_locate.h"
#include "policy_world.h"

static const char YAML[] =
    "geo:\n"
    "  networks:\n"
    "    192.0.2.0/24: { country: US }\n"
    "    192.0.2.128/25: { country: DE }\n"
    "    198.51.100.0/22: { country: US }\n"
    "    255.255.255.255: { country: DE }\n"
    "    \"2001:db8::/32\": { country: US }\n"
    "    \"2001:db8:1:80::/57\": { country: DE }\n"
    "regions: { a: {}, b: {}, c: {} }\n"
    "x-regions: &regions\n"
    "  a: { serves: [ US ], addresses: [ 10.0.1.1 ] }\n"
    "  b: { serves: [ DE ], addresses: [ 10.0.2.1 ] }\n"
    "  c: { serves: [ default ], addresses: [ 10.0.3.1 ] }\n"
    "services:\n"
    "  geo: { policy: geo, regions: *regions }\n"
    "  resident: { policy: geo, regions: *regions, residency: { DE: [ b ] } }\n"
    "  same: { policy: failover, regions: *regions }\n";

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

/* locate - the name of the first region of the class. */
static const char *locate(const char *service_name, const char *client, uint8_t *out_scope)
{
    const struct policy_service *service =
        &world.set.services[world_service(&world, service_name)];
    struct policy_client parsed = world_client(client);
    uint32_t class = policy_locate(service, &parsed, out_scope);
    return service->regions[policy_class_get(service, class).regions[0]].name;
}

struct row {
    const char *service, *client, *first;
    unsigned scope;
};

static void check_rows(const struct row *rows, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        uint8_t scope;
        const char *first = locate(rows[i].service, rows[i].client, &scope);
        if (first[0] != rows[i].first[0] || scope != rows[i].scope)
            fail_msg("%s for %s: %s /%u instead of %s /%u", rows[i].service, rows[i].client,
                     first, scope, rows[i].first, rows[i].scope);
    }
}

#define ROWS(name, ...)                                                                        \
    static void name(void **state)                                                             \
    {                                                                                          \
        (void)state;                                                                           \
        static const struct row rows[] = {__VA_ARGS__};                                        \
        check_rows(rows, sizeof(rows) / sizeof(rows[0]));                                      \
    }

/* clang-format off: one row a line */
ROWS(an_ecs_network_counts_with_24_or_56_bits, {"geo", "192.0.2.0/24", "a", 24},
     {"geo", "192.0.2.200/32", "a", 24}, {"geo", "192.0.2.128/25", "a", 24},
     {"geo", "198.51.100.0/24", "a", 22}, {"geo", "2001:db8:1::/56", "a", 56},
     {"geo", "2001:db8:1:80::/57", "a", 56}, {"geo", "2001:db8:1:ff::1/128", "a", 56},
     {"geo", "2001:db8:1:100::/56", "a", 56}, {"geo", "2001:db8:1:200::/56", "a", 55})

ROWS(a_source_address_counts_whole, {"geo", "192.0.2.1", "a", 24},
     {"geo", "192.0.2.200", "b", 24}, {"geo", "2001:db8:1:ff::1", "b", 56})

ROWS(residency_rules_keep_every_bit, {"resident", "192.0.2.0/24", "a", 25},
     {"resident", "192.0.2.0/25", "a", 25}, {"resident", "192.0.2.200/32", "b", 25},
     {"resident", "192.0.2.200", "b", 25}, {"resident", "2001:db8:1::/56", "a", 57},
     {"resident", "2001:db8:1:ff::1/128", "b", 57})

ROWS(a_short_prefix_is_told_what_would_matter, {"geo", "192.0.0.0/16", "c", 23},
     {"geo", "0.0.0.0/1", "c", 1}, {"geo", "128.0.0.0/1", "c", 2}, {"geo", "2000::/3", "c", 16})

ROWS(an_order_for_all_has_scope_0, {"same", "192.0.2.0/24", "a", 0},
     {"same", "2001:db8:1::/56", "a", 0}, {"same", "2002:c000:200::/40", "a", 0})

ROWS(a_client_in_a_transition_range_counts_as_the_ipv4_address_inside,
     {"geo", "2002:c000:0201::1", "a", 40}, /* 6to4 */
     {"geo", "2002:c000:200::/40", "a", 40}, {"geo", "2002:c633:6400::/48", "a", 38},
     {"geo", "64:ff9b::192.0.2.1", "a", 120}, /* NAT64 */
     {"geo", "64:ff9b::192.0.2.200/128", "a", 120}, {"geo", "64:ff9b::192.0.2.200", "b", 120},
     {"geo", "::ffff:192.0.2.1", "a", 120},                /* mapped */
     {"geo", "2001:0:102:304:0:ffff:3fff:fdfe", "a", 120}, /* Teredo: 192.0.2.1 */
     {"geo", "2001:0:102:304:0:ffff:3fff:fd37", "b", 120}, /* 192.0.2.200 */
     {"geo", "2001:0:102:304:0:ffff:3fff:fd37/128", "a", 120},
     {"resident", "2001:0:102:304:0:ffff:3fff:fd37/128", "b", 121})

ROWS(a_prefix_too_short_for_the_address_inside_is_told_so, {"geo", "2002::/16", "c", 17},
     {"geo", "2002:c000::/24", "c", 39}, {"geo", "64:ff9b::/96", "c", 97},
     {"geo", "64:ff9b::/32", "c", 97},
     {"geo", "2001:0:102:304::/64", "c", 120}, /* Teredo inverts: 255.255.255.255 */
     {"resident", "2001:0:102:304::/64", "b", 128})

ROWS(a_scope_keeps_the_transition_ranges_out,
     {"geo", "::1/128", "c", 81}, /* mapped begins with 80 zero bits, then a one */
     {"geo", "::/8", "c", 81}, {"geo", "0:0:0:1::/64", "c", 64},
     {"geo", "64:ff9b:0:1::/64", "c", 64}, {"geo", "64:ff9b::1:0:0/112", "c", 96},
     {"geo", "64:ff9b:1::/48", "c", 48})

/* clang-format on */

static void an_unknown_client_is_one_that_no_source_knows(void **state)
{
    (void)state;
    uint8_t scope = 1;
    const struct policy_service *service = &world.set.services[world_service(&world, "geo")];
    struct policy_client nobody = {.network = {.len = 0}};
    assert_int_equal(policy_locate(service, &nobody, &scope), 0);
    assert_int_equal(scope, 0);
    assert_string_equal(service->regions[policy_class_get(service, 0).regions[0]].name, "c");
}

static void an_origin_has_the_bits_that_were_told(void **state)
{
    (void)state;

    static const struct {
        const char *client, *addr;
        unsigned len, offset;
    } rows[] = {
        {"192.0.2.1", "192.0.2.1", 32, 0},
        {"192.0.2.0/24", "192.0.2.0", 24, 0},
        {"2001:db8::/56", "2001:db8::", 56, 0},
        {"2002:c000:201::1", "192.0.2.1", 32, 16},
        {"2002:c000:201::/56", "192.0.2.1", 32, 16},
        {"2002:c000:201::/48", "192.0.2.1", 32, 16},
        {"2002:c000:200::/40", "192.0.2.0", 24, 16},
        {"2002::/16", "0.0.0.0", 0, 16},
        {"2000::/8", "2000::", 8, 0},
        {"2001::/32", "255.255.255.255", 0, 96},
        {"2001:0:102:304:0:ffff:3fff:fdfe", "192.0.2.1", 32, 96},
        {"::ffff:192.0.2.0/120", "192.0.2.0", 24, 96},
    };

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct policy_client client = world_client(rows[i].client);
        struct policy_origin origin = policy_origin_of(&client);
        char text[IP_TEXT_MAX];
        assert_string_equal(ip_format(&origin.addr, text), rows[i].addr);
        assert_int_equal(origin.offset, rows[i].offset);
        assert_int_equal(origin.len, rows[i].len);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_ecs_network_counts_with_24_or_56_bits),
        cmocka_unit_test(a_source_address_counts_whole),
        cmocka_unit_test(residency_rules_keep_every_bit),
        cmocka_unit_test(a_short_prefix_is_told_what_would_matter),
        cmocka_unit_test(an_order_for_all_has_scope_0),
        cmocka_unit_test(a_client_in_a_transition_range_counts_as_the_ipv4_address_inside),
        cmocka_unit_test(a_prefix_too_short_for_the_address_inside_is_told_so),
        cmocka_unit_test(a_scope_keeps_the_transition_ranges_out),
        cmocka_unit_test(an_unknown_client_is_one_that_no_source_knows),
        cmocka_unit_test(an_origin_has_the_bits_that_were_told),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
