#include "config_case.h"
#include "config_units.h"

static void whole_numbers_are_digits_without_leading_zeros(void **state)
{
    (void)state;

    static const struct {
        const char *text;
        bool ok;
        uint64_t value;
    } cases[] = {
        {"0", true, 0},
        {"53", true, 53},
        {"999999999999999999", true, UINT64_C(999999999999999999)},
        {"1000000000000000000", false, 0},
        {"010", false, 0},
        {"-1", false, 0},
        {"+1", false, 0},
        {"1e3", false, 0},
        {"0x10", false, 0},
        {"1 ", false, 0},
        {"", false, 0},
    };

    for (size_t i = 0; i < COUNT(cases); i++) {
        uint64_t value = 0;
        assert_int_equal(config_parse_uint(cases[i].text, &value), cases[i].ok);
        assert_int_equal(value, cases[i].value);
    }
}

static void numbers_take_a_minus_and_one_point(void **state)
{
    (void)state;

    static const struct {
        const char *text;
        bool ok;
        double value;
    } cases[] = {
        {"-12", true, -12},  {"3.5", true, 3.5}, {"0.04", true, 0.04},
        {"-0", true, 0},     {".5", false, 0},   {"5.", false, 0},
        {"1.2.3", false, 0}, {"nan", false, 0},  {"inf", false, 0},
        {"1e9", false, 0},   {"--1", false, 0},  {"-", false, 0},
        {"", false, 0},      {"1,5", false, 0},  {"12345678901234567890", false, 0},
    };

    for (size_t i = 0; i < COUNT(cases); i++) {
        double value = 0;
        assert_int_equal(config_parse_number(cases[i].text, &value), cases[i].ok);
        assert_true(value == cases[i].value);
    }
}

static void durations_have_one_unit(void **state)
{
    (void)state;

    static const struct {
        const char *text;
        bool ok;
        uint64_t ms;
    } cases[] = {
        {"500ms", true, 500},  {"10s", true, 10000}, {"5m", true, 300000},
        {"1h", true, 3600000}, {"0s", true, 0},      {"5", false, 0},
        {"5 s", false, 0},     {"1h30m", false, 0},  {"1.5s", false, 0},
        {"-1s", false, 0},     {"s", false, 0},      {"1d", false, 0},
        {"5S", false, 0},      {"", false, 0},       {"999999999999999999h", false, 0},
    };

    for (size_t i = 0; i < COUNT(cases); i++) {
        uint64_t ms = 0;
        assert_int_equal(config_parse_duration_ms(cases[i].text, &ms), cases[i].ok);
        if (cases[i].ok)
            assert_int_equal(ms, cases[i].ms);
    }
}

static void sizes_have_a_binary_unit_or_none(void **state)
{
    (void)state;

    static const struct {
        const char *text;
        bool ok;
        uint64_t bytes;
    } cases[] = {
        {"512", true, 512},
        {"64KiB", true, 65536},
        {"16MiB", true, 16777216},
        {"1GiB", true, 1 << 30},
        {"0", true, 0},
        {"1GB", false, 0},
        {"1G", false, 0},
        {"1gib", false, 0},
        {"1.5GiB", false, 0},
        {"1 GiB", false, 0},
        {"-1", false, 0},
        {"GiB", false, 0},
        {"", false, 0},
        {"999999999999999999GiB", false, 0},
    };

    for (size_t i = 0; i < COUNT(cases); i++) {
        uint64_t bytes = 0;
        assert_int_equal(config_parse_size(cases[i].text, &bytes), cases[i].ok);
        if (cases[i].ok)
            assert_int_equal(bytes, cases[i].bytes);
    }
}

static void sizes_are_shown_in_the_largest_exact_unit(void **state)
{
    (void)state;

    static const struct {
        uint64_t bytes;
        const char *text;
    } cases[] = {
        {1, "1"},          {1000, "1000"},    {1024, "1KiB"},
        {1 << 20, "1MiB"}, {3 << 20, "3MiB"}, {UINT64_C(1) << 40, "1024GiB"},
    };

    for (size_t i = 0; i < COUNT(cases); i++) {
        char buffer[CONFIG_SIZE_TEXT_MAX];
        assert_string_equal(config_format_size(cases[i].bytes, buffer), cases[i].text);
    }
}

static void shares_are_fractions_or_percentages(void **state)
{
    (void)state;

    static const struct {
        const char *text;
        bool ok;
        double share;
    } cases[] = {
        {"0.5", true, 0.5}, {"50%", true, 0.5},
        {"100%", true, 1},  {"1", true, 1},
        {"0", true, 0},     {"%", false, 0},
        {"5%%", false, 0},  {"half", false, 0},
        {"", false, 0},     {"50.0000000000000000000000000001%", false, 0},
    };

    for (size_t i = 0; i < COUNT(cases); i++) {
        double share = 0;
        assert_int_equal(config_parse_share(cases[i].text, &share), cases[i].ok);
        assert_true(share == cases[i].share);
    }
}

static void durations_are_shown_in_the_largest_exact_unit(void **state)
{
    (void)state;

    static const struct {
        uint64_t ms;
        const char *text;
    } cases[] = {
        {0, "0s"}, {1, "1ms"}, {1500, "1500ms"}, {2000, "2s"}, {90000, "90s"}, {3600000, "1h"},
    };

    for (size_t i = 0; i < COUNT(cases); i++) {
        char buffer[CONFIG_DURATION_TEXT_MAX];
        assert_string_equal(config_format_duration(cases[i].ms, buffer), cases[i].text);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(whole_numbers_are_digits_without_leading_zeros),
        cmocka_unit_test(numbers_take_a_minus_and_one_point),
        cmocka_unit_test(durations_have_one_unit),
        cmocka_unit_test(sizes_have_a_binary_unit_or_none),
        cmocka_unit_test(sizes_are_shown_in_the_largest_exact_unit),
        cmocka_unit_test(shares_are_fractions_or_percentages),
        cmocka_unit_test(durations_are_shown_in_the_largest_exact_unit),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
