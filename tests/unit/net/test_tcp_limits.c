#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "../../../src/net/tcp_limits.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static void idle_time_shrinks_from_half_of_the_slots_on(void **state)
{
    static const struct {
        size_t connections, open;
        uint32_t idle_ms, wanted_ms;
    } cases[] = {
        {1000, 1, 10000, 10000},   {1000, 499, 10000, 10000},
        {1000, 500, 10000, 10000}, {1000, 501, 10000, 9982},
        {1000, 750, 10000, 5500},  {1000, 999, 10000, 1018},
        {1000, 1000, 10000, 1000}, {1000, 1016, 10000, 1000},
        {16, 8, 10000, 10000},     {16, 16, 10000, 1000},
        {2, 1, 500, 500},          {2, 2, 500, 50},
        {1, 1, 500, 500},          {100000, 100000, 3600000, 360000},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        const struct tcp_limits limits = {.connections = cases[i].connections,
                                          .idle_ms = cases[i].idle_ms};
        assert_int_equal(tcp_idle_ms(&limits, cases[i].open), cases[i].wanted_ms);
    }
}

static void patience_shrinks_as_the_queue_grows(void **state)
{
    static const struct {
        size_t connections, waiting, room;
        uint32_t idle_ms, wanted_ms;
    } cases[] = {
        {16, 0, 4096, 10000, 1000}, /* a tenth of the idle time */
        {16, 1, 4096, 10000, 1000},
        {16, 20, 4096, 10000, 800}, /* the last of the queue waits for TCP_WAIT_MS */
        {16, 32, 4096, 10000, 500},
        {16, 284, 4096, 10000, 500}, /* never less than two round trips */
        {16, 3583, 4096, 10000, 500},
        {16, 3584, 4096, 10000, 0}, /* but when the queue is nearly full */
        {16, 4096, 4096, 10000, 0},
        {1000, 1000, 4096, 10000, 1000},
        {1000, 1500, 4096, 10000, 666},
        {16, 1000, 4096, 100, 10}, /* a short idle time is kept */
        {16, 0, 0, 10000, 0},      /* nothing is known of the queue */
    };

    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        const struct tcp_limits limits = {.connections = cases[i].connections,
                                          .idle_ms = cases[i].idle_ms};
        assert_int_equal(tcp_patience_ms(&limits, cases[i].waiting, cases[i].room),
                         cases[i].wanted_ms);
    }
}

static void no_wait_is_shorter_than_the_shortest(void **state)
{
    (void)state;
    struct tcp_limits limits = {.connections = 10, .idle_ms = 10000, .message_ms = 3000};
    assert_int_equal(tcp_shortest_ms(&limits), tcp_idle_ms(&limits, 10));
    limits.message_ms = 500;
    assert_int_equal(tcp_shortest_ms(&limits), 500);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(idle_time_shrinks_from_half_of_the_slots_on),
        cmocka_unit_test(no_wait_is_shorter_than_the_shortest),
        cmocka_unit_test(patience_shrinks_as_the_queue_grows),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
