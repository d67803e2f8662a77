#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "rhumb/intern.h"

struct item {
    uint32_t words[3];
};

static struct item item_of(uint32_t n)
{
    return (struct item){{n % 7, n, 0}};
}

static void equal_items_have_one_number_in_order_of_arrival(void **state)
{
    (void)state;

    enum { ITEMS = 100000 };

    struct intern intern;
    uint32_t idx;
    intern_init(&intern, sizeof(struct item), ITEMS);
    for (uint32_t round = 0; round < 2; round++) {
        for (uint32_t i = 0; i < ITEMS; i++) {
            struct item item = item_of(i);
            assert_int_equal(intern_put(&intern, &item, &idx), ERR_OK);
            assert_int_equal(idx, i);
        }
        assert_int_equal(intern.items.count, ITEMS);
    }
    struct item expected = item_of(4711);
    assert_memory_equal(intern_get(&intern, 4711), &expected, sizeof(expected));
    intern_deinit(&intern);
}

static void over_the_limit_known_items_are_still_found(void **state)
{
    (void)state;
    struct intern intern;
    uint32_t idx = 99;
    intern_init(&intern, sizeof(struct item), 2);
    for (uint32_t i = 0; i < 3; i++) {
        struct item item = item_of(i);
        assert_int_equal(intern_put(&intern, &item, &idx), i < 2 ? ERR_OK : ERR_LIMIT);
    }
    assert_int_equal(idx, 1);
    struct item item = item_of(0);
    assert_int_equal(intern_put(&intern, &item, &idx), ERR_OK);
    assert_int_equal(idx, 0);
    intern_deinit(&intern);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(equal_items_have_one_number_in_order_of_arrival),
        cmocka_unit_test(over_the_limit_known_items_are_still_found),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
