#include "zone_test.h"
#include "zone_text.h"

static void numbers_have_digits_only_and_a_maximum(void **state)
{
    (void)state;

    static const struct {
        const char *text;
        uint64_t max;
        bool ok;
        uint64_t value;
    } cases[] = {
        {"0", 255, true, 0},
        {"255", 255, true, 255},
        {"256", 255, false, 0},
        {"007", 255, true, 7},
        {"4294967295", UINT32_MAX, true, UINT32_MAX},
        {"4294967296", UINT32_MAX, false, 0},
        {"18446744073709551615", UINT64_MAX, true, UINT64_MAX},
        {"18446744073709551616", UINT64_MAX, false, 0},
        {"99999999999999999999999999", UINT64_MAX, false, 0},
        {"9", 3, false, 0},
        {"", 255, false, 0},
        {"-1", 255, false, 0},
        {"+1", 255, false, 0},
        {"1 ", 255, false, 0},
        {"0x1", 255, false, 0},
    };

    for (size_t i = 0; i < COUNT(cases); i++) {
        uint64_t value = 42;
        bool ok = zone_text_number(cases[i].text, strlen(cases[i].text), cases[i].max, &value);
        assert_int_equal(ok, cases[i].ok);
        assert_true(value == (ok ? cases[i].value : 42));
    }
}

static void ttls_have_units_and_31_bits(void **state)
{
    (void)state;

    static const struct {
        const char *text;
        enum zone_ttl result;
        uint32_t seconds;
    } cases[] = {
        {"0", ZONE_TTL_OK, 0},
        {"300", ZONE_TTL_OK, 300},
        {"5m", ZONE_TTL_OK, 300},
        {"1h30m", ZONE_TTL_OK, 5400},
        {"1H30M", ZONE_TTL_OK, 5400},
        {"1w2d3h4m5s", ZONE_TTL_OK, 788645},
        {"5s", ZONE_TTL_OK, 5},
        {"2147483647", ZONE_TTL_OK, 2147483647},
        {"2147483648", ZONE_TTL_TOO_BIG, 0},
        {"4294967295", ZONE_TTL_TOO_BIG, 0},
        {"99999999999999999999", ZONE_TTL_TOO_BIG, 0},
        {"3551w", ZONE_TTL_TOO_BIG, 0},
        {"3550w", ZONE_TTL_OK, 2147040000},
        {"9999999999w9999999999w9999999999w9999999999w", ZONE_TTL_TOO_BIG, 0},
        {"5x", ZONE_TTL_MALFORMED, 0},
        {"1h30", ZONE_TTL_MALFORMED, 0},
        {"h", ZONE_TTL_MALFORMED, 0},
        {"1hh", ZONE_TTL_MALFORMED, 0},
        {"", ZONE_TTL_MALFORMED, 0},
        {"-1", ZONE_TTL_MALFORMED, 0},
        {"1.5h", ZONE_TTL_MALFORMED, 0},
    };

    for (size_t i = 0; i < COUNT(cases); i++) {
        uint32_t seconds = 42;
        assert_int_equal(zone_text_ttl(cases[i].text, strlen(cases[i].text), &seconds),
                         cases[i].result);
        assert_int_equal(seconds, cases[i].result == ZONE_TTL_OK ? cases[i].seconds : 42);
    }
}

static void the_periods_of_a_soa_have_32_bits(void **state)
{
    (void)state;
    uint32_t seconds;
    assert_int_equal(zone_text_period("4294967295", 10, &seconds), ZONE_TTL_OK);
    assert_int_equal(seconds, UINT32_MAX);
    assert_int_equal(zone_text_period("4294967296", 10, &seconds), ZONE_TTL_TOO_BIG);
}

static void escapes_are_resolved_or_refused(void **state)
{
    (void)state;

    static const struct {
        const char *text;
        size_t capacity;
        long len;
        const char *bytes;
    } cases[] = {
        {"", 4, 0, ""},
        {"abc", 4, 3, "abc"},
        {"abcde", 4, ZONE_UNESCAPE_TOO_LONG, NULL},
        {"a\\\"b", 4, 3, "a\"b"},
        {"\\\\", 4, 1, "\\"},
        {"\\000\\255", 4, 2, "\0\xff"},
        {"\\065BC", 4, 3, "ABC"},
        {"\\256", 4, ZONE_UNESCAPE_MALFORMED, NULL},
        {"\\1", 4, ZONE_UNESCAPE_MALFORMED, NULL},
        {"\\12", 4, ZONE_UNESCAPE_MALFORMED, NULL},
        {"\\12x", 4, ZONE_UNESCAPE_MALFORMED, NULL},
        {"a\\", 4, ZONE_UNESCAPE_MALFORMED, NULL},
        {"\\a", 4, 1, "a"},
    };

    for (size_t i = 0; i < COUNT(cases); i++) {
        uint8_t bytes[8];
        long len =
            zone_text_unescape(cases[i].text, strlen(cases[i].text), bytes, cases[i].capacity);
        assert_int_equal(len, cases[i].len);
        if (len > 0)
            assert_memory_equal(bytes, cases[i].bytes, (size_t)len);
    }
}

static void classes_have_names_and_numbers(void **state)
{
    (void)state;

    static const struct {
        const char *text;
        uint16_t class;
    } cases[] = {
        {"IN", 1},      {"in", 1},         {"CH", 3},    {"hs", 4},
        {"CLASS1", 1},  {"class254", 254}, {"CLASS", 0}, {"CLASS65536", 0},
        {"CLASS1x", 0}, {"A", 0},          {"INN", 0},   {"", 0},
    };

    for (size_t i = 0; i < COUNT(cases); i++)
        assert_int_equal(zone_text_class(cases[i].text, strlen(cases[i].text)), cases[i].class);
}

static void hex_digits_have_values(void **state)
{
    (void)state;
    assert_int_equal(zone_text_hex_digit('0'), 0);
    assert_int_equal(zone_text_hex_digit('9'), 9);
    assert_int_equal(zone_text_hex_digit('a'), 10);
    assert_int_equal(zone_text_hex_digit('F'), 15);
    assert_int_equal(zone_text_hex_digit('g'), -1);
    assert_int_equal(zone_text_hex_digit('\0'), -1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(numbers_have_digits_only_and_a_maximum),
        cmocka_unit_test(ttls_have_units_and_31_bits),
        cmocka_unit_test(the_periods_of_a_soa_have_32_bits),
        cmocka_unit_test(escapes_are_resolved_or_refused),
        cmocka_unit_test(classes_have_names_and_numbers),
        cmocka_unit_test(hex_digits_have_values),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
