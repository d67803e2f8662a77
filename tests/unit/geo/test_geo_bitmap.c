#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "geo_bitmap.h"

static void members_are_ranked_and_listed_in_order(void **state)
{
    (void)state;
    static const uint32_t members[] = {0, 1, 63, 64, 65, 127, 128, 4000};

    enum { COUNT = sizeof(members) / sizeof(members[0]) };
    struct geo_bitmap bitmap;
    struct big_array list;
    geo_bitmap_init(&bitmap);
    big_array_init(&list, sizeof(uint32_t), SIZE_MAX);
    assert_int_equal(geo_bitmap_reserve(&bitmap, 4001), ERR_OK);
    for (size_t i = COUNT; i > 0; i--)
        assert_false(geo_bitmap_set(&bitmap, members[i - 1]));
    assert_true(geo_bitmap_set(&bitmap, 64)); /* again */
    assert_int_equal(geo_bitmap_rank(&bitmap), ERR_OK);
    assert_int_equal(geo_bitmap_list(&bitmap, &list), ERR_OK);
    assert_int_equal(list.count, COUNT);
    for (uint32_t i = 0; i < COUNT; i++) {
        assert_int_equal(((const uint32_t *)list.items)[i], members[i]);
        assert_int_equal(geo_bitmap_rank_of(&bitmap, members[i]), i);
    }
    assert_int_equal(geo_bitmap_rank_of(&bitmap, 62), 2);
    big_array_deinit(&list);
    geo_bitmap_deinit(&bitmap);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(members_are_ranked_and_listed_in_order),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
