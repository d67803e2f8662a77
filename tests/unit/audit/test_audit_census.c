#include <math.h>

#include "rhumb/audit_census.h"

#include "audit_bed.h"

static const char YAML[] =
    "geo:\n"
    "  networks:\n"
    "    198.51.100.0/24: { country: DE }\n"
    "    198.51.100.128/25: { country: FR }\n"
    "    192.0.2.0/24: { country: US }\n"
    "    192.0.2.0/26: { country: US, asn: AS64500 }\n"
    "    \"2001:db8::/44\": { country: DE }\n"
    "    \"2001:db8:ffff:ff00::/56\": { country: DE }\n"
    "    \"2002:c000:200::/40\": { country: DE }\n" /* never looked up: 6to4 */
    "  default: { country: IE }\n"
    "regions: { us: {}, eu: {}, ap: {} }\n"
    "services:\n"
    "  app:\n"
    "    policy: geo\n"
    "    regions:\n"
    "      us: { serves: [ US ], addresses: [ 10.0.1.1 ] }\n"
    "      eu: { serves: [ EU ], service: inner }\n"
    "      ap: { serves: [ default ], addresses: [ 10.0.3.1 ] }\n"
    "    residency: { DE: [ eu ], AS64500: [ us ] }\n"
    "  inner:\n"
    "    policy: failover\n"
    "    regions: { eu: { addresses: [ 10.0.2.1 ] }, ap: { addresses: [ 10.0.3.1 ] } }\n"
    "    residency: { DE: [ eu ] }\n";

static struct audit_bed bed;
static struct audit_census census;

static int setup(void **state)
{
    (void)state;
    bed_open(&bed, YAML);
    assert_int_equal(audit_census_take(bed.snapshot, &census), ERR_OK);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    audit_census_free(&census);
    bed_close(&bed);
    return 0;
}

static const char *end_name(const struct audit_end *end)
{
    const struct config_service *of = &bed.snapshot->config->services[end->reach.service];
    return of->regions[end->reach.region].name;
}

static void assert_count(const struct audit_count *count, uint64_t v4, double v6_48s)
{
    assert_int_equal(count->v4, v4);
    assert_true(fabs(audit_48s(count) - v6_48s) < 0.05); /* of 2^48, as exact as a double */
}

static const struct audit_row *row(size_t service, const char *country, bool assumed,
                                   size_t nth)
{
    const struct audit_service *of = &census.services[service];
    for (size_t i = 0; i < of->row_count; i++)
        if (strcmp(of->rows[i].country, country) == 0 && of->rows[i].assumed == assumed &&
            nth-- == 0)
            return &of->rows[i];
    fail_msg("no such row of %s", country);
    return NULL;
}

/* All of IPv4; all of IPv6 but the four ranges whose addresses hold an IPv4 one. */
static const double ALL_48S = 281474976710656.0 - 4294967296.0 /* 2002::/16 */
                              - 65536.0                        /* 2001::/32 */
                              - 2 / 281474976710656.0;         /* two of /96 */

static void every_address_counts_once(void **state)
{
    (void)state;
    assert_count(&census.all, UINT64_C(1) << 32, ALL_48S);
    for (size_t s = 0; s < census.service_count; s++) {
        struct audit_count sum = {0};
        for (size_t i = 0; i < census.services[s].row_count; i++) {
            sum.networks += census.services[s].rows[i].count.networks;
            sum.v4 += census.services[s].rows[i].count.v4;
            sum.v6 += census.services[s].rows[i].count.v6;
        }
        assert_int_equal(sum.networks, census.all.networks);
        assert_count(&sum, UINT64_C(1) << 32, ALL_48S);
    }
}

static void ends_are_those_behind_nested_services(void **state)
{
    (void)state;

    static const char *const expected[] = {"us", "eu", "ap", "ap"};

    const struct audit_service *app = &census.services[0];
    assert_int_equal(app->end_count, 4); /* us, inner's eu and ap, ap */
    for (size_t e = 0; e < 4; e++)
        assert_string_equal(end_name(&app->ends[e]), expected[e]);
    assert_int_equal(app->ends[1].reach.service, 1);
    assert_int_equal(app->ends[2].reach.service, 1);
    assert_int_equal(app->ends[3].reach.service, 0);
}

static void countries_have_a_row_for_each_set_of_regions(void **state)
{
    (void)state;
    const struct audit_service *app = &census.services[0];
    const struct audit_row *de = row(0, "DE", false, 0);
    assert_count(&de->count, 128, 16 + 1.0 / 256);
    assert_true(audit_row_has(de, 1));
    assert_int_equal(de->ends[0], 1 << 1); /* the inner rule holds too */
    assert_false(audit_row_is_free(app, de));
    const struct audit_row *fr = row(0, "FR", false, 0);
    assert_count(&fr->count, 128, 0);
    assert_true(audit_row_is_free(app, fr));
    /* the US in two rows, the larger first: AS64500 stays in us */
    assert_int_equal(row(0, "US", false, 0)->count.v4, 192);
    assert_true(audit_row_is_free(app, row(0, "US", false, 0)));
    assert_int_equal(row(0, "US", false, 1)->count.v4, 64);
    assert_int_equal(row(0, "US", false, 1)->ends[0], 1 << 0);
    /* those that no source knows stand for themselves */
    assert_true(row(0, "IE", true, 0)->count.v4 > 4000000000);
    assert_int_equal(app->row_count, 5);
}

static void first_choices_come_from_the_table(void **state)
{
    (void)state;
    const struct audit_service *app = &census.services[0], *inner = &census.services[1];
    assert_count(&app->ends[0].first, 256, 0);
    assert_count(&app->ends[1].first, 0, 0); /* the nested service has its own */
    assert_count(&app->ends[3].first, 0, 0); /* Ireland is in Europe */
    assert_count(&inner->ends[0].first, UINT64_C(1) << 32, ALL_48S);
    assert_count(&inner->ends[1].first, 0, 0);
    assert_count(&inner->ends[1].may, (UINT64_C(1) << 32) - 128, ALL_48S - 16 - 1.0 / 256);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(every_address_counts_once),
        TEST(ends_are_those_behind_nested_services),
        TEST(countries_have_a_row_for_each_set_of_regions),
        TEST(first_choices_come_from_the_table),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
