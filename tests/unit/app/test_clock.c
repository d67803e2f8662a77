#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#include "clock.h"

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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_monotonic_clock_never_goes_back),
        cmocka_unit_test(the_wall_clocks_agree),
        cmocka_unit_test(wall_time_is_written_in_utc_to_the_millisecond),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
