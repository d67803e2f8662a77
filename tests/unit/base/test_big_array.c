#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "rhumb/big_array.h"

static void items_stay_while_the_array_grows(void **state)
{
    (void)state;
    struct big_array array;
    big_array_init(&array, sizeof(uint32_t), 1000000);
    for (uint32_t i = 0; i < 1000000; i++)
        assert_int_equal(big_array_add(&array, &i), ERR_OK);
    const uint32_t *items = array.items;
    for (uint32_t i = 0; i < 1000000; i++)
        assert_int_equal(items[i], i);
    big_array_deinit(&array);
    assert_null(array.items);
    assert_int_equal(array.count, 0);
}

static void extended_items_are_zero(void **state)
{
    (void)state;
    struct big_array array;
    size_t first;
    uint64_t one = 1;
    big_array_init(&array, sizeof(uint64_t), SIZE_MAX);
    assert_int_equal(big_array_add(&array, &one), ERR_OK);
    assert_int_equal(big_array_extend(&array, 100000, &first), ERR_OK);
    assert_int_equal(first, 1);
    const uint64_t *items = array.items;
    for (size_t i = 1; i <= 100000; i++)
        assert_int_equal(items[i], 0);
    big_array_deinit(&array);
}

static void the_ceiling_holds_and_changes_nothing(void **state)
{
    (void)state;
    struct big_array array;
    size_t first = 77;
    uint32_t item = 5;
    big_array_init(&array, sizeof(uint32_t), 20000);
    assert_int_equal(big_array_extend(&array, 20000, &first), ERR_OK);
    assert_int_equal(first, 0);
    assert_int_equal(big_array_add(&array, &item), ERR_LIMIT);
    assert_int_equal(big_array_extend(&array, SIZE_MAX, &first), ERR_LIMIT);
    assert_int_equal(array.count, 20000);
    assert_int_equal(first, 0);
    big_array_deinit(&array);
}

static void more_than_the_system_has_is_out_of_memory(void **state)
{
    (void)state;
    struct big_array array;
    big_array_init(&array, 4096, SIZE_MAX);
    assert_int_equal(big_array_reserve(&array, SIZE_MAX / 4096), ERR_NO_MEMORY);
    assert_int_equal(big_array_reserve(&array, (size_t)1 << 45), ERR_NO_MEMORY);
    big_array_deinit(&array);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(items_stay_while_the_array_grows),
        cmocka_unit_test(extended_items_are_zero),
        cmocka_unit_test(the_ceiling_holds_and_changes_nothing),
        cmocka_unit_test(more_than_the_system_has_is_out_of_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
