#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "rhumb/rng.h"

#include "due_heap.h"

enum { ITEMS = 1000 };

static void an_empty_heap_has_no_first(void **state)
{
    (void)state;
    struct due_heap heap = {0};
    struct due item = {0};
    assert_null(due_heap_first(&heap));
    due_heap_remove(&heap, &item); /* in no heap: no harm */
    assert_int_equal(due_heap_reserve(&heap, 1), ERR_OK);
    assert_null(due_heap_first(&heap));
    due_heap_deinit(&heap);
}

static void a_reserve_beyond_memory_is_refused(void **state)
{
    (void)state;
    struct due_heap heap = {0};
    struct due item = {0};
    assert_int_equal(due_heap_reserve(&heap, 10), ERR_OK);
    due_heap_put(&heap, &item, 5);
    assert_int_equal(due_heap_reserve(&heap, SIZE_MAX / 8), ERR_NO_MEMORY);
    assert_ptr_equal(due_heap_first(&heap), &item);
    due_heap_deinit(&heap);
}

static void items_leave_in_order_of_time(void **state)
{
    (void)state;
    static struct due items[ITEMS];
    struct due_heap heap = {0};
    struct rng rng;
    rng_init(&rng, 1);
    assert_int_equal(due_heap_reserve(&heap, ITEMS), ERR_OK);
    for (size_t i = 0; i < ITEMS; i++) {
        items[i] = (struct due){0};
        due_heap_put(&heap, &items[i], rng_below(&rng, 500)); /* with doubles */
    }
    uint64_t last_ms = 0;
    for (size_t i = 0; i < ITEMS; i++) {
        struct due *first = due_heap_first(&heap);
        assert_true(first->at_ms >= last_ms);
        last_ms = first->at_ms;
        due_heap_remove(&heap, first);
        assert_int_equal(first->place, 0);
    }
    assert_null(due_heap_first(&heap));
    due_heap_deinit(&heap);
}

/* Against the simplest thing that is right: a search through all items. */
static void moves_and_removals_keep_the_order(void **state)
{
    (void)state;

    enum { FEW = 40, STEPS = 20000 };
    static struct due items[FEW];
    struct due_heap heap = {0};
    struct rng rng;
    rng_init(&rng, 2);
    assert_int_equal(due_heap_reserve(&heap, FEW), ERR_OK);
    for (size_t step = 0; step < STEPS; step++) {
        struct due *item = &items[rng_below(&rng, FEW)];
        if (rng_below(&rng, 3) == 0)
            due_heap_remove(&heap, item);
        else
            due_heap_put(&heap, item, rng_below(&rng, 100));
        uint64_t least_ms = UINT64_MAX;
        size_t count = 0;
        for (size_t i = 0; i < FEW; i++) {
            if (items[i].place == 0)
                continue;
            count++;
            if (items[i].at_ms < least_ms)
                least_ms = items[i].at_ms;
        }
        assert_int_equal(heap.count, count);
        const struct due *first = due_heap_first(&heap);
        assert_int_equal(first ? first->at_ms : UINT64_MAX, least_ms);
    }
    due_heap_deinit(&heap);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_empty_heap_has_no_first),
        cmocka_unit_test(a_reserve_beyond_memory_is_refused),
        cmocka_unit_test(items_leave_in_order_of_time),
        cmocka_unit_test(moves_and_removals_keep_the_order),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
