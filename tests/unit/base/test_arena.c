#include <setjmp.h>
#include <stdalign.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "rhumb/arena.h"

#include "aborts.h"

enum { MIB = 1024 * 1024 };

static struct arena *arena_of(size_t max_bytes)
{
    struct arena *arena = arena_new(max_bytes);
    assert_non_null(arena);
    return arena;
}

static bool is_zero(const void *bytes, size_t len)
{
    const uint8_t *b = bytes;
    for (size_t i = 0; i < len; i++)
        if (b[i] != 0)
            return false;
    return true;
}

/* Every byte of every block is written to, so that blocks that overlap are seen. */
static void memory_of_any_size_is_aligned_zeroed_and_its_own(void **state)
{
    (void)state;

    static const size_t sizes[] = {1,     2,     3,     7,     8,     15,     16,    17,
                                   100,   4095,  16383, 16384, 16385, 20000,  65535, 65536,
                                   65537, 16380, 16380, 16380, 16380, 200000, 1,     5};

    enum { COUNT = sizeof(sizes) / sizeof(sizes[0]) };

    struct arena *arena = arena_of(MIB);
    uint8_t *blocks[COUNT];
    size_t sum = 0;
    for (size_t i = 0; i < COUNT; i++) {
        blocks[i] = arena_alloc(arena, sizes[i]);
        assert_non_null(blocks[i]);
        assert_int_equal((uintptr_t)blocks[i] % alignof(max_align_t), 0);
        assert_true(is_zero(blocks[i], sizes[i]));
        memset(blocks[i], (int)i + 1, sizes[i]);
        sum += sizes[i];
        assert_int_equal(arena_used_bytes(arena), sum);
    }
    for (size_t i = 0; i < COUNT; i++)
        for (size_t b = 0; b < sizes[i]; b++)
            assert_int_equal(blocks[i][b], i + 1);
    arena_free(arena);
}

/* A large block does not end the common chunk: what is small goes on behind its neighbours. */
static void a_large_block_wastes_no_common_chunk(void **state)
{
    (void)state;
    struct arena *arena = arena_of(MIB);
    uint8_t *first = arena_alloc(arena, 16);
    assert_non_null(arena_alloc(arena, 100000));
    uint8_t *second = arena_alloc(arena, 16);
    assert_ptr_equal(second, first + 16);
    arena_free(arena);
}

static void the_maximum_holds_to_the_byte(void **state)
{
    (void)state;
    struct arena *arena = arena_of(1000);
    assert_non_null(arena_alloc(arena, 600));
    assert_null(arena_alloc(arena, 401));
    assert_int_equal(arena_used_bytes(arena), 600); /* a refusal takes nothing */
    assert_non_null(arena_alloc(arena, 400));
    assert_null(arena_alloc(arena, 1));
    assert_null(arena_strdup(arena, ""));
    assert_null(arena_printf(arena, "%d", 1));
    assert_null(arena_copy(arena, "x", 1));
    arena_free(arena);
}

/* No size wraps around to a small one, even where the maximum would permit it. */
static void sizes_that_overflow_are_refused(void **state)
{
    (void)state;
    struct arena *arena = arena_of(SIZE_MAX);
    assert_null(arena_alloc(arena, SIZE_MAX));
    assert_null(arena_alloc(arena, SIZE_MAX - 15));
    assert_null(arena_alloc(arena, SIZE_MAX / 2 + 1));
    assert_null(arena_alloc_array(arena, SIZE_MAX / 8 + 1, 8));
    assert_null(arena_alloc_array(arena, 8, SIZE_MAX / 8 + 1));
    assert_null(arena_alloc_array(arena, SIZE_MAX, SIZE_MAX));
    assert_int_equal(arena_used_bytes(arena), 0);
    assert_non_null(arena_alloc_array(arena, 3, 5));
    assert_int_equal(arena_used_bytes(arena), 15);
    arena_free(arena);
}

/* NULL means "no memory" to every caller, so a table without entries must not look like it. */
static void an_empty_array_is_not_a_failure(void **state)
{
    (void)state;
    struct arena *arena = arena_of(MIB);
    assert_non_null(arena_alloc_array(arena, 0, 24));
    assert_non_null(arena_copy(arena, NULL, 0));
    assert_non_null(arena_alloc(arena, 0));
    arena_free(arena);
}

static void copies_are_whole_and_apart(void **state)
{
    (void)state;
    struct arena *arena = arena_of(MIB);
    char source[] = "ab\0cd";
    char *bytes = arena_copy(arena, source, sizeof(source));
    char *text = arena_strdup(arena, source);
    char *part = arena_strndup(arena, source, 1);
    char *printed = arena_printf(arena, "%s-%05d", source, 42);
    memset(source, 'x', sizeof(source));
    assert_memory_equal(bytes, "ab\0cd", sizeof(source));
    assert_string_equal(text, "ab");
    assert_string_equal(part, "a");
    assert_string_equal(printed, "ab-00042");
    arena_free(arena);
}

struct trail {
    int order[4], count;
};

struct step {
    struct trail *trail;
    int number;
};

static void leave_mark(void *object)
{
    struct step *step = object;
    step->trail->order[step->trail->count++] = step->number;
}

static void clean_ups_run_once_and_in_reverse_order(void **state)
{
    (void)state;
    struct trail trail = {.count = 0};
    struct arena *arena = arena_of(MIB);
    for (int i = 0; i < 3; i++) { /* in the arena itself: cleaned up before it is freed */
        struct step *step = arena_alloc(arena, sizeof(*step));
        *step = (struct step){&trail, i};
        assert_int_equal(arena_on_free(arena, leave_mark, step), ERR_OK);
    }
    assert_int_equal(trail.count, 0);
    arena_close(arena);
    arena_free(arena);
    assert_int_equal(trail.count, 3);
    assert_int_equal(trail.order[0], 2);
    assert_int_equal(trail.order[1], 1);
    assert_int_equal(trail.order[2], 0);
}

static void a_clean_up_that_was_refused_is_not_run(void **state)
{
    (void)state;
    struct trail trail = {.count = 0};
    struct step step = {&trail, 1};
    struct arena *arena = arena_of(1);
    assert_int_equal(arena_on_free(arena, leave_mark, &step), ERR_NO_MEMORY);
    arena_free(arena);
    assert_int_equal(trail.count, 0);
}

static void alloc(void *arena)
{
    (void)arena_alloc(arena, 1);
}

static void print(void *arena)
{
    (void)arena_printf(arena, "x");
}

static void on_free(void *arena)
{
    if (arena_on_free(arena, alloc, NULL) != ERR_OK)
        _exit(0);
}

static void a_closed_arena_aborts_on_allocation_only(void **state)
{
    (void)state;
    struct arena *arena = arena_of(MIB);
    char *text = arena_strdup(arena, "kept");
    assert_false(aborts(alloc, arena));
    arena_close(arena);
    assert_true(aborts(alloc, arena));
    assert_true(aborts(print, arena));
    assert_true(aborts(on_free, arena));
    assert_string_equal(text, "kept");
    assert_int_equal(arena_used_bytes(arena), 5);
    arena_free(arena);
    arena_free(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(memory_of_any_size_is_aligned_zeroed_and_its_own),
        cmocka_unit_test(a_large_block_wastes_no_common_chunk),
        cmocka_unit_test(the_maximum_holds_to_the_byte),
        cmocka_unit_test(sizes_that_overflow_are_refused),
        cmocka_unit_test(an_empty_array_is_not_a_failure),
        cmocka_unit_test(copies_are_whole_and_apart),
        cmocka_unit_test(clean_ups_run_once_and_in_reverse_order),
        cmocka_unit_test(a_clean_up_that_was_refused_is_not_run),
        cmocka_unit_test(a_closed_arena_aborts_on_allocation_only),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
