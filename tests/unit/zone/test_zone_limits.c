#include "zone_limits.h"
#include "zone_test.h"

static void expect_limits(struct zone_limits got, struct zone_limits wanted)
{
    assert_int_equal(got.max_records, wanted.max_records);
    assert_int_equal(got.max_rrset_records, wanted.max_rrset_records);
    assert_int_equal(got.max_types, wanted.max_types);
    assert_int_equal(got.max_bytes, wanted.max_bytes);
    assert_int_equal(got.max_includes, wanted.max_includes);
    assert_int_equal(got.max_include_depth, wanted.max_include_depth);
    assert_int_equal(got.max_generate_records, wanted.max_generate_records);
}

static const struct zone_limits defaults = {
    10 * 1000 * 1000, 1000, 100, 1024 * 1024 * 1024, 10000, 10, 65536};

static void every_limit_has_a_default(void **state)
{
    (void)state;
    expect_limits(zone_limits_fill(NULL), defaults);
    expect_limits(zone_limits_fill(&(struct zone_limits){0}), defaults);
}

static void what_is_set_stays(void **state)
{
    (void)state;
    const struct zone_limits all = {1, 2, 3, 4, 5, 6, 7};
    struct zone_limits one = defaults;
    one.max_types = 8;
    expect_limits(zone_limits_fill(&all), all);
    expect_limits(zone_limits_fill(&(struct zone_limits){.max_types = 8}), one);
}

/* What is counted in 16 or 32 bits, and what goes down the stack. */
static void no_limit_is_above_its_maximum(void **state)
{
    (void)state;
    const struct zone_limits all = {SIZE_MAX, SIZE_MAX, SIZE_MAX, SIZE_MAX,
                                    SIZE_MAX, SIZE_MAX, SIZE_MAX};
    const struct zone_limits most = {1000 * 1000 * 1000, 65535, 65535,   SIZE_MAX,
                                     SIZE_MAX,           100,   SIZE_MAX};
    expect_limits(zone_limits_fill(&all), most);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_limit_has_a_default),
        cmocka_unit_test(what_is_set_stays),
        cmocka_unit_test(no_limit_is_above_its_maximum),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
