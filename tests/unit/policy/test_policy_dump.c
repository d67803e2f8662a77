#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "rhumb/hash.h"
#include "rhumb/policy_dump.h"

#include "policy_world.h"
#include "slip.h"

/* What stands for %s: one thing that answers depend on, or do not. */
static const char FORMAT[] =
    "%s" /* before all */
    "geo: { networks: { 198.51.100.0/24: { country: %s } } }\n"
    "regions: { us: { country: US }, eu: { country: DE } }\n"
    "services:\n"
    "  app:\n"
    "    policy: geo\n"
    "    ttl: { stable: %s }\n"
    "    residency: { DE: [ eu ] }\n"
    "    regions:\n"
    "      us: { serves: [ default ], addresses: [ 10.0.1.1 ], weight: %s }\n"
    "      eu: { serves: [ EU ], addresses: [ %s, \"2001:db8::1\" ] }\n"
    "  cdn: { policy: weighted, regions: { us: { names: [ %s ] }, eu: { service: app } } }\n";

struct sum {
    uint64_t hash;
    size_t bytes;
};

static void on_bytes(void *ctx, const void *bytes, size_t len)
{
    struct sum *sum = ctx;
    for (size_t i = 0; i < len; i++) /* however it is cut */
        sum->hash = hash_bytes(sum->hash, (const uint8_t *)bytes + i, 1);
    sum->bytes += len;
}

static struct world world;

static struct sum sum_of_set(void)
{
    struct sum sum = {.hash = HASH_SEED};
    policy_dump(&world.set, on_bytes, &sum);
    return sum;
}

static struct sum sum_of(const char *before, const char *country, const char *ttl,
                         const char *weight, const char *address, const char *name)
{
    char yaml[2048];
    int len = snprintf(yaml, sizeof(yaml), FORMAT, before, country, ttl, weight, address, name);
    assert_in_range(len, 1, sizeof(yaml) - 1);
    world_init(&world, yaml);
    struct sum sum = sum_of_set();
    world_deinit(&world);
    return sum;
}

static void the_same_configuration_makes_the_same_bytes(void **state)
{
    (void)state;
    struct sum a = sum_of("", "DE", "30s", "3", "10.0.2.1", "cdn.example.net");
    struct sum b = sum_of("", "DE", "30s", "3", "10.0.2.1", "cdn.example.net");
    assert_true(a.hash == b.hash && a.bytes == b.bytes);
    assert_true(a.bytes > 200);
    /* what has nothing to do with steering, and other words for the same */
    b = sum_of("server: { identity: other }\n", "DE", "30000ms", "3", "10.0.2.1",
               "CDN.example.net.");
    assert_true(a.hash == b.hash && a.bytes == b.bytes);
}

static void whatever_is_answered_otherwise_shows(void **state)
{
    (void)state;
    struct sum a = sum_of("", "DE", "30s", "3", "10.0.2.1", "cdn.example.net");

    const struct sum others[] = {
        sum_of("", "US", "30s", "3", "10.0.2.1", "cdn.example.net"),
        sum_of("", "DE", "31s", "3", "10.0.2.1", "cdn.example.net"),
        sum_of("", "DE", "30s", "4", "10.0.2.1", "cdn.example.net"),
        sum_of("", "DE", "30s", "3", "10.0.2.2", "cdn.example.net"),
        sum_of("", "DE", "30s", "3", "10.0.2.1", "cdm.example.net"),
    };

    for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++)
        assert_true(a.hash != others[i].hash);
}

static void a_slipped_leaf_shows(void **state)
{
    (void)state;
    char yaml[2048];
    struct ip_addr addr;
    snprintf(yaml, sizeof(yaml), FORMAT, "", "DE", "30s", "3", "10.0.2.1", "cdn.example.net");
    world_init(&world, yaml);
    struct sum before = sum_of_set();
    assert_true(ip_parse("198.51.100.1", &addr));
    slip_region(&world.set.services[0], &addr, 0);
    struct sum after = sum_of_set();
    assert_true(before.hash != after.hash);
    world_deinit(&world);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_same_configuration_makes_the_same_bytes),
        cmocka_unit_test(whatever_is_answered_otherwise_shows),
        cmocka_unit_test(a_slipped_leaf_shows),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
