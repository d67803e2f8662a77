#include "config_case.h"

static void expect_limits(const struct config_limits *got, struct config_limits wanted)
{
    assert_int_equal(got->records, wanted.records);
    assert_int_equal(got->records_per_rrset, wanted.records_per_rrset);
    assert_int_equal(got->types_per_name, wanted.types_per_name);
    assert_int_equal(got->records_per_generate, wanted.records_per_generate);
    assert_int_equal(got->includes, wanted.includes);
    assert_int_equal(got->include_depth, wanted.include_depth);
    assert_int_equal(got->bytes, wanted.bytes);
}

static void nothing_is_limited_by_who_says_nothing(void **state)
{
    (void)state;
    static const char *const texts[] = {
        "zones: {a.example: {file: a}}\n",
        "limits:\nzones: {a.example: {file: a}}\n",
        "limits: {}\nzones: {a.example: {file: a, limits: {}}}\n",
        "zones: {a.example: {file: a, limits: }}\n",
    };
    for (size_t i = 0; i < COUNT(texts); i++) {
        struct loaded loaded = load_good(texts[i]);
        expect_limits(&loaded.config->zones[0].limits, (struct config_limits){0});
        unload(&loaded);
    }
}

static void a_zone_has_limits_of_its_own(void **state)
{
    (void)state;
    struct loaded loaded = load_good("zones:\n"
                                     "  a.example:\n"
                                     "    file: a\n"
                                     "    limits:\n"
                                     "      records: 1\n"
                                     "      records_per_rrset: 2\n"
                                     "      types_per_name: 3\n"
                                     "      records_per_generate: 4\n"
                                     "      includes: 5\n"
                                     "      include_depth: 6\n"
                                     "      size: 7MiB\n"
                                     "  b.example: {file: b}\n");
    expect_limits(&loaded.config->zones[0].limits,
                  (struct config_limits){.records = 1,
                                         .records_per_rrset = 2,
                                         .types_per_name = 3,
                                         .records_per_generate = 4,
                                         .includes = 5,
                                         .include_depth = 6,
                                         .bytes = 7 << 20});
    expect_limits(&loaded.config->zones[1].limits, (struct config_limits){0});
    unload(&loaded);
}

/* The section stands where it likes: also behind the zones. */
static void limits_of_all_zones_hold_where_a_zone_does_not_say(void **state)
{
    (void)state;
    struct loaded loaded =
        load_good("zones:\n"
                  "  a.example: {file: a}\n"
                  "  b.example: {file: b, limits: {records: 500, size: 4096}}\n"
                  "limits: {records: 9, records_per_rrset: 8}\n");
    expect_limits(&loaded.config->zones[0].limits,
                  (struct config_limits){.records = 9, .records_per_rrset = 8});
    expect_limits(
        &loaded.config->zones[1].limits,
        (struct config_limits){.records = 500, .records_per_rrset = 8, .bytes = 4096});
    unload(&loaded);
}

static void the_largest_values_are_taken(void **state)
{
    (void)state;
    struct loaded loaded = load_good("limits: {records: 1000000000, records_per_rrset: 65535, "
                                     "types_per_name: 65535, size: 1024GiB}\n");
    expect_limits(&loaded.config->limits, (struct config_limits){.records = 1000000000,
                                                                 .records_per_rrset = 65535,
                                                                 .types_per_name = 65535,
                                                                 .bytes = UINT64_C(1) << 40});
    unload(&loaded);
}

static void mistakes_are_named_with_their_place(void **state)
{
    (void)state;

    static const struct broken cases[] = {
        {"limits: [1]\n", 1, 9, "'limits' must be a mapping", NULL, 0},
        {"limits: {record: 1}\n", 1, 10, "unknown key 'record'", "did you mean 'records'?", 0},
        {"limits: {records: 0}\n", 1, 19, "'records' must be a whole number from 1 to", NULL,
         0},
        {"limits: {records_per_rrset: 65536}\n", 1, 29, "from 1 to 65535", NULL, 0},
        {"limits: {size: 1G}\n", 1, 16, "'size' must be a size from 1 to 1024GiB, not '1G'",
         "64KiB, 16MiB or 1GiB", 0},
        {"limits: {size: 0}\n", 1, 16, "a size from 1 to 1024GiB", NULL, 0},
        {"limits: {size: 1025GiB}\n", 1, 16, "a size from 1 to 1024GiB", NULL, 0},
        {"limits: {size: [1]}\n", 1, 16, "a size from 1 to 1024GiB, not a list", NULL, 0},
        {"zones: {a.example: {file: a, limits: {include_depth: 101}}}\n", 1, 54,
         "from 1 to 100", NULL, 0},
        {"zones: {a.example: {file: a, limits: none}}\n", 1, 38, "'limits' must be a mapping",
         NULL, 0},
    };

    expect_broken(cases, COUNT(cases));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nothing_is_limited_by_who_says_nothing),
        cmocka_unit_test(a_zone_has_limits_of_its_own),
        cmocka_unit_test(limits_of_all_zones_hold_where_a_zone_does_not_say),
        cmocka_unit_test(the_largest_values_are_taken),
        cmocka_unit_test(mistakes_are_named_with_their_place),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
