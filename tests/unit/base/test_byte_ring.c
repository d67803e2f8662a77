#include <pthread.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "rhumb/byte_ring.h"
#include "rhumb/rng.h"

enum { SIZE = 1024, MAX = SIZE / 4 };

static int set_up(void **state)
{
    struct byte_ring *ring = aligned_alloc(BYTE_RING_LINE, sizeof(*ring));
    *state = ring;
    return ring && byte_ring_init(ring, SIZE) == ERR_OK ? 0 : -1;
}

static int tear_down(void **state)
{
    byte_ring_deinit(*state);
    free(*state);
    return 0;
}

/* put - a record of len bytes, all of them value. */
static int put(struct byte_ring *ring, size_t len, uint8_t value)
{
    void *room = byte_ring_reserve(ring, MAX);
    if (!room)
        return 0;
    memset(room, value, len);
    byte_ring_put(ring, len);
    return 1;
}

/* expect - that the next one is such a record, and take it. */
static void expect(struct byte_ring *ring, size_t len, uint8_t value)
{
    size_t got;
    const uint8_t *bytes = byte_ring_look(ring, &got);
    assert_non_null(bytes);
    assert_int_equal(got, len);
    for (size_t i = 0; i < len; i++)
        assert_int_equal(bytes[i], value);
    byte_ring_drop(ring);
}

static void records_come_out_as_they_went_in(void **state)
{
    struct byte_ring *ring = *state;
    size_t len;
    assert_null(byte_ring_look(ring, &len));
    assert_true(put(ring, 0, 1) && put(ring, 1, 2) && put(ring, 100, 3));
    expect(ring, 0, 1);
    expect(ring, 1, 2);
    expect(ring, 100, 3);
    assert_null(byte_ring_look(ring, &len));
}

static void looking_takes_nothing(void **state)
{
    struct byte_ring *ring = *state;
    size_t len;
    assert_true(put(ring, 8, 1));
    assert_ptr_equal(byte_ring_look(ring, &len), byte_ring_look(ring, &len));
    expect(ring, 8, 1);
}

static void what_was_reserved_only_is_not_there(void **state)
{
    struct byte_ring *ring = *state;
    size_t len;
    assert_non_null(byte_ring_reserve(ring, MAX));
    assert_null(byte_ring_look(ring, &len));
    assert_true(put(ring, 8, 1));
    expect(ring, 8, 1);
    assert_int_equal(byte_ring_dropped(ring), 0);
}

static void a_full_one_drops_and_counts(void **state)
{
    struct byte_ring *ring = *state;
    unsigned count = 0;
    while (put(ring, 56, (uint8_t)count))
        count++;
    assert_in_range(count, (SIZE - MAX) / 64 - 1, SIZE / 64);
    assert_int_equal(byte_ring_dropped(ring), 1);
    assert_false(put(ring, 0, 0));
    assert_int_equal(byte_ring_dropped(ring), 2);
    for (unsigned i = 0; i < count; i++)
        expect(ring, 56, (uint8_t)i);
    assert_true(put(ring, 56, 99)); /* there is room again */
    expect(ring, 56, 99);
    assert_int_equal(byte_ring_dropped(ring), 2);
}

/* Lengths of all sorts, at every offset, with as many inside as there is room for. */
static void nothing_is_lost_or_changed_at_the_end_of_the_room(void **state)
{
    struct byte_ring *ring = *state;
    struct rng lengths, expected;
    rng_init(&lengths, 5);
    rng_init(&expected, 5);
    unsigned in = 0, out = 0;
    uint32_t len = rng_below(&lengths, MAX + 1);
    while (out < 20000) {
        while (put(ring, len, (uint8_t)in)) {
            in++;
            len = rng_below(&lengths, MAX + 1);
        }
        assert_true(in > out);
        for (unsigned take = 1 + out % 3; take > 0 && out < in; take--, out++)
            expect(ring, rng_below(&expected, MAX + 1), (uint8_t)out);
    }
}

/* ---- two threads ---- */

enum { RECORDS = 50000 };

/* produce - numbers 0, 1, 2 ... each as often as its length says. */
static void *produce(void *ring)
{
    struct rng rng;
    rng_init(&rng, 7);
    for (uint32_t i = 0; i < RECORDS; i++) {
        uint32_t count = 1 + rng_below(&rng, MAX / 4), *room;
        while (!(room = byte_ring_reserve(ring, count * sizeof(i))))
            sched_yield();
        for (uint32_t n = 0; n < count; n++)
            room[n] = i;
        byte_ring_put(ring, count * sizeof(i));
    }
    return NULL;
}

static void two_threads_agree(void **state)
{
    struct byte_ring *ring = *state;
    struct rng rng;
    pthread_t producer;
    rng_init(&rng, 7);
    assert_int_equal(pthread_create(&producer, NULL, produce, ring), 0);
    for (uint32_t i = 0; i < RECORDS; i++) {
        const uint32_t *record;
        size_t len;
        while (!(record = byte_ring_look(ring, &len)))
            sched_yield();
        uint32_t count = 1 + rng_below(&rng, MAX / 4);
        assert_int_equal(len, count * sizeof(i));
        for (uint32_t n = 0; n < count; n++)
            assert_int_equal(record[n], i);
        byte_ring_drop(ring);
    }
    pthread_join(producer, NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(records_come_out_as_they_went_in, set_up, tear_down),
        cmocka_unit_test_setup_teardown(looking_takes_nothing, set_up, tear_down),
        cmocka_unit_test_setup_teardown(what_was_reserved_only_is_not_there, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_full_one_drops_and_counts, set_up, tear_down),
        cmocka_unit_test_setup_teardown(nothing_is_lost_or_changed_at_the_end_of_the_room,
                                        set_up, tear_down),
        cmocka_unit_test_setup_teardown(two_threads_agree, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
