#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "notify_pace.h"

static void pauses_double_from_a_second_to_a_minute(void **state)
{
    (void)state;

    static const struct {
        unsigned failures;
        uint32_t most_ms;
    } cases[] = {{1, 1000},  {2, 2000},  {3, 4000},    {4, 8000},
                 {6, 32000}, {7, 60000}, {100, 60000}, {4000000000, 60000}};

    struct notify_pace pace = notify_pace_usual();
    struct rng rng;
    rng_init(&rng, 7);
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        uint32_t most_ms = cases[i].most_ms, lowest_ms = UINT32_MAX, highest_ms = 0;
        for (size_t tries = 0; tries < 2000; tries++) {
            uint32_t ms = notify_retry_ms(&pace, cases[i].failures, &rng);
            lowest_ms = ms < lowest_ms ? ms : lowest_ms;
            highest_ms = ms > highest_ms ? ms : highest_ms;
        }
        assert_in_range(lowest_ms, most_ms - most_ms / 4, most_ms - most_ms / 5);
        assert_in_range(highest_ms, most_ms - most_ms / 20, most_ms);
    }
}

static void an_outage_of_ten_minutes_costs_about_fifteen_attempts(void **state)
{
    (void)state;
    struct notify_pace pace = notify_pace_usual();
    struct rng rng;
    uint64_t elapsed_ms = 0;
    unsigned attempts = 0;
    rng_init(&rng, 7);
    for (; elapsed_ms < pace.give_up_ms; attempts++)
        elapsed_ms += notify_retry_ms(&pace, attempts + 1, &rng);
    assert_in_range(attempts, 14, 20);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(pauses_double_from_a_second_to_a_minute),
        cmocka_unit_test(an_outage_of_ten_minutes_costs_about_fifteen_attempts),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
