#include "config_case.h"
#include "config_index.h"

static void every_name_is_found_after_growing(void **state)
{
    (void)state;

    enum { MANY = 5000 };

    struct arena *arena = arena_new(16 * 1024 * 1024);
    struct config_index index;
    config_index_init(&index, arena);
    assert_int_equal(config_index_find(&index, "name0"), CONFIG_INDEX_NONE);
    for (uint32_t i = 0; i < MANY; i++)
        assert_true(config_index_put(&index, arena_printf(arena, "name%u", i), i));
    for (uint32_t i = 0; i < MANY; i++)
        assert_int_equal(config_index_find(&index, arena_printf(arena, "name%u", i)), i);
    assert_int_equal(config_index_find(&index, "name"), CONFIG_INDEX_NONE);
    assert_int_equal(config_index_find(&index, ""), CONFIG_INDEX_NONE);
    arena_free(arena);
}

static void a_name_put_again_gets_the_new_value(void **state)
{
    (void)state;
    struct arena *arena = arena_new(1024 * 1024);
    struct config_index index;
    config_index_init(&index, arena);
    assert_true(config_index_put(&index, "a", 1));
    assert_true(config_index_put(&index, "a", 2));
    assert_int_equal(config_index_find(&index, "a"), 2);
    assert_int_equal(index.count, 1);
    arena_free(arena);
}

static void a_full_arena_is_reported(void **state)
{
    (void)state;
    struct arena *arena = arena_new(300); /* the first table, but not the second */
    struct config_index index;
    config_index_init(&index, arena);
    static const char *const names[] = {"a", "b", "c", "d", "e", "f", "g", "h", "i"};
    size_t put = 0;
    while (put < COUNT(names) && config_index_put(&index, names[put], 0))
        put++;
    assert_int_equal(put, 8);
    assert_int_equal(config_index_find(&index, "h"), 0);
    assert_int_equal(config_index_find(&index, "i"), CONFIG_INDEX_NONE);
    arena_free(arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_name_is_found_after_growing),
        cmocka_unit_test(a_name_put_again_gets_the_new_value),
        cmocka_unit_test(a_full_arena_is_reported),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
