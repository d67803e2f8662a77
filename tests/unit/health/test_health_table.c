#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "rhumb/health_table.h"

static void a_new_table_is_up_and_settled(void **state)
{
    (void)state;
    struct arena *arena = arena_new(1 << 20);
    struct health_table table;
    assert_int_equal(health_table_init(&table, 5, 3, arena), ERR_OK);
    assert_int_equal(table.seat_count, 5);
    assert_int_equal(table.service_count, 3);
    for (size_t i = 0; i < 5; i++) {
        assert_int_equal(health_table_get(&table, i), HEALTH_WORD_ALWAYS_UP);
        assert_int_equal(health_table_rtt_us(&table, i), 0);
    }
    for (size_t i = 0; i < 3; i++)
        assert_int_equal(health_table_service(&table, i), 0);
    arena_free(arena);
}

static void an_empty_table_is_fine(void **state)
{
    (void)state;
    struct arena *arena = arena_new(1 << 20);
    struct health_table table;
    assert_int_equal(health_table_init(&table, 0, 0, arena), ERR_OK);
    assert_int_equal(table.seat_count, 0);
    arena_free(arena);
}

static void a_table_too_large_for_its_arena_is_refused_untouched(void **state)
{
    (void)state;
    static const size_t sizes[][2] = {{100000, 0}, {0, 100000}, {SIZE_MAX / 2, 0}};
    for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
        struct arena *arena = arena_new(65536);
        struct health_table table = {.seat_count = 77};
        assert_int_equal(health_table_init(&table, sizes[i][0], sizes[i][1], arena),
                         ERR_NO_MEMORY);
        assert_int_equal(table.seat_count, 77);
        arena_free(arena);
    }
}

static void words_and_times_are_read_back(void **state)
{
    (void)state;
    struct arena *arena = arena_new(1 << 20);
    struct health_table table;
    assert_int_equal(health_table_init(&table, 3, 2, arena), ERR_OK);
    health_table_set(&table, 1, 0x1234);
    health_table_set_rtt_us(&table, 1, 5678);
    health_table_set_service(&table, 1, HEALTH_SERVICE_UNSETTLED);
    assert_int_equal(health_table_get(&table, 1), 0x1234);
    assert_int_equal(health_table_rtt_us(&table, 1), 5678);
    assert_int_equal(health_table_service(&table, 1), HEALTH_SERVICE_UNSETTLED);
    assert_int_equal(health_table_get(&table, 0), HEALTH_WORD_ALWAYS_UP);
    assert_int_equal(health_table_get(&table, 2), HEALTH_WORD_ALWAYS_UP);
    assert_int_equal(health_table_service(&table, 0), 0);
    arena_free(arena);
}

static void a_new_table_has_everything_switched_on(void **state)
{
    (void)state;
    struct arena *arena = arena_new(1 << 20);
    struct health_table table;
    assert_int_equal(health_table_init(&table, 1, 1, arena), ERR_OK);
    assert_int_equal(health_table_switches(&table), 0);
    health_table_set_switches(&table, HEALTH_IGNORE_ECS);
    assert_int_equal(health_table_switches(&table), HEALTH_IGNORE_ECS);
    arena_free(arena);
}

static void every_field_of_a_word_has_its_own_bits(void **state)
{
    (void)state;
    static const health_word flags[] = {HEALTH_WORD_USABLE, HEALTH_WORD_SUSPECT,
                                        HEALTH_WORD_FORCED, HEALTH_WORD_FROZEN,
                                        HEALTH_WORD_UNCHECKED};
    health_word all_flags = 0;
    for (size_t i = 0; i < sizeof(flags) / sizeof(flags[0]); i++) {
        assert_int_equal(all_flags & flags[i], 0);
        all_flags |= flags[i];
    }
    for (unsigned state_no = 0; state_no < HEALTH_STATE_COUNT; state_no++)
        for (unsigned scale = 0; scale <= HEALTH_SCALE_FULL; scale++) {
            health_word word = all_flags | state_no << HEALTH_WORD_STATE_SHIFT |
                               scale << HEALTH_WORD_SCALE_SHIFT;
            assert_int_equal(health_word_state(word), state_no);
            assert_int_equal(health_word_scale(word), scale);
            assert_int_equal(word & all_flags, all_flags);
            word &= ~all_flags;
            assert_int_equal(word & all_flags, 0);
            assert_int_equal(health_word_state(word), state_no);
            assert_int_equal(health_word_scale(word), scale);
        }
    assert_int_equal(health_word_state(HEALTH_WORD_ALWAYS_UP), HEALTH_UP);
    assert_int_equal(health_word_scale(HEALTH_WORD_ALWAYS_UP), HEALTH_SCALE_FULL);
}

/* One writer, two readers. The writer first bumps a plain counter, then publishes it in the
 * word; a reader that sees the word must see the counter at least as new. The plain counter is
 * atomic but relaxed, so only the release store and the acquire load order the two. */
enum { ROUNDS = 200000, READERS = 2 };

struct race {
    struct health_table table;
    _Atomic uint32_t behind;
};

static void *write_words(void *ctx)
{
    struct race *race = (struct race *)ctx;
    for (uint32_t i = 1; i <= ROUNDS; i++) {
        atomic_store_explicit(&race->behind, i, memory_order_relaxed);
        health_table_set_rtt_us(&race->table, 0, i);
        health_table_set_service(&race->table, 0, i);
        health_table_set(&race->table, 0, i);
    }
    return NULL;
}

static void *read_words(void *ctx)
{
    struct race *race = (struct race *)ctx;
    uint32_t last = 0;
    uintptr_t faults = 0;
    while (last < ROUNDS) {
        uint32_t word = health_table_get(&race->table, 0);
        uint32_t behind = atomic_load_explicit(&race->behind, memory_order_relaxed);
        if (word == HEALTH_WORD_ALWAYS_UP && last == 0)
            continue; /* the writer has not begun */
        faults += word < last || behind < word;
        faults += health_table_rtt_us(&race->table, 0) < word;
        faults += health_table_service(&race->table, 0) < word;
        last = word;
    }
    return (void *)faults;
}

static void one_writer_and_two_readers_agree(void **state)
{
    (void)state;
    struct arena *arena = arena_new(1 << 20);
    struct race race = {.behind = 0};
    pthread_t writer, readers[READERS];
    assert_int_equal(health_table_init(&race.table, 1, 1, arena), ERR_OK);
    for (size_t i = 0; i < READERS; i++)
        assert_int_equal(pthread_create(&readers[i], NULL, read_words, &race), 0);
    assert_int_equal(pthread_create(&writer, NULL, write_words, &race), 0);
    pthread_join(writer, NULL);
    for (size_t i = 0; i < READERS; i++) {
        void *faults;
        pthread_join(readers[i], &faults);
        assert_null(faults);
    }
    arena_free(arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_new_table_is_up_and_settled),
        cmocka_unit_test(an_empty_table_is_fine),
        cmocka_unit_test(a_table_too_large_for_its_arena_is_refused_untouched),
        cmocka_unit_test(words_and_times_are_read_back),
        cmocka_unit_test(a_new_table_has_everything_switched_on),
        cmocka_unit_test(every_field_of_a_word_has_its_own_bits),
        cmocka_unit_test(one_writer_and_two_readers_agree),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
