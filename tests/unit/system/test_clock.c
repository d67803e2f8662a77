#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#include "rhumb/clock.h"

static void the_monotonic_clock_never_goes_back(void **state)
{
    (void)state;
    uint64_t last_ms = clock_monotonic_ms();
    assert_true(last_ms >= 3600 * 1000); /* "an hour ago" can be said at once */
    for (unsigned i = 0; i < 10000; i++) {
        uint64_t now_ms = clock_monotonic_ms();
        assert_true(now_ms >= last_ms);
        last_ms = now_ms;
    }
}

static void the_wall_clocks_agree(void **state)
{
    (void)state;
    uint64_t before_s = clock_wall_s(), now_ms = clock_wall_ms(), after_s = clock_wall_s();
    assert_true(before_s > 1700000000);
    assert_in_range(now_ms / 1000, before_s - 1, after_s); /* it may lag, never lead */
}

static void wall_time_is_written_in_utc_to_the_millisecond(void **state)
{
    (void)state;
    char buffer[CLOCK_TEXT_MAX];
    struct tm parts = {.tm_isdst = 0};
    unsigned ms;
    char end;
    uint64_t before_s = clock_wall_s();
    assert_ptr_equal(clock_wall_format(buffer), buffer);
    uint64_t after_s = clock_wall_s();
    assert_int_equal(strlen(buffer), strlen("2026-08-01T12:00:00.123Z"));
    const char *rest = strptime(buffer, "%Y-%m-%dT%H:%M:%S", &parts);
    assert_non_null(rest);
    assert_int_equal(sscanf(rest, ".%3u%c", &ms, &end), 2);
    assert_int_equal(end, 'Z');
    assert_in_range(timegm(&parts), before_s, after_s);
}

static void a_time_that_was_written_is_read(void **state)
{
    (void)state;

    static const struct {
        const char *text;
        uint64_t wall_ms;
    } cases[] = {
        {"1970-01-01T00:00:00Z", 0},
        {"2026-08-01T12:00:00Z", 1785585600000},
        {"2026-08-01T12:00:00.123Z", 1785585600123},
        {"2026-08-01T12:00:00.5Z", 1785585600500},
        {"2026-08-01T12:00:00.1239999Z", 1785585600123},
        {"2024-02-29T23:59:59Z", 1709251199000},
        {"2038-01-19T03:14:08Z", 2147483648000},
        {"2106-02-07T06:28:16Z", 4294967296000},
        {"9999-12-31T23:59:59.999Z", 253402300799999},
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        uint64_t wall_ms = 1;
        char buffer[CLOCK_TEXT_MAX];
        assert_true(clock_parse(cases[i].text, &wall_ms));
        assert_int_equal(wall_ms, cases[i].wall_ms);
        assert_true(clock_parse(clock_format(wall_ms, buffer), &wall_ms));
        assert_int_equal(wall_ms, cases[i].wall_ms);
    }
}

static void what_is_no_time_in_utc_is_refused(void **state)
{
    (void)state;
    static const char *const cases[] = {
        "",
        "now",
        "2026-08-01",
        "2026-08-01T12:00:00",
        "2026-08-01T12:00:00+00:00",
        "2026-08-01T12:00:00z",
        "2026-08-01 12:00:00Z",
        "2026-08-01T12:00Z",
        "2026-8-01T12:00:00Z",
        "2026-02-30T12:00:00Z",
        "2025-02-29T12:00:00Z",
        "2026-13-01T12:00:00Z",
        "2026-08-01T24:00:00Z",
        "2026-08-01T12:60:00Z",
        "2026-08-01T12:00:60Z",
        "2026-08-01T12:00:00.Z",
        "2026-08-01T12:00:00.1",
        "2026-08-01T12:00:00ZZ",
        " 2026-08-01T12:00:00Z",
        "2026-08-01T 1:00:00Z",
        "-026-08-01T12:00:00Z",
        "1969-12-31T23:59:59Z",
        "12026-08-01T12:00:00Z",
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        uint64_t wall_ms = 7;
        if (clock_parse(cases[i], &wall_ms))
            fail_msg("'%s' was taken as %ju", cases[i], (uintmax_t)wall_ms);
        assert_int_equal(wall_ms, 7);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_monotonic_clock_never_goes_back),
        cmocka_unit_test(the_wall_clocks_agree),
        cmocka_unit_test(wall_time_is_written_in_utc_to_the_millisecond),
        cmocka_unit_test(a_time_that_was_written_is_read),
        cmocka_unit_test(what_is_no_time_in_utc_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
