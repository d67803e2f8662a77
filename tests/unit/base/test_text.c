#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "rhumb/text.h"

static void pieces_add_up(void **state)
{
    (void)state;
    struct text text;
    text_init(&text, 1000);
    assert_string_equal(text_get(&text), "");
    text_printf(&text, "%s=%d", "a", 1);
    text_put(&text, " b", 2);
    text_put(&text, NULL, 0);
    text_printf(&text, "%s", "");
    assert_string_equal(text_get(&text), "a=1 b");
    assert_int_equal(text.len, 5);
    assert_false(text.failed);
    text_deinit(&text);
    assert_string_equal(text_get(&text), "");
}

static void it_grows_to_its_maximum(void **state)
{
    (void)state;

    enum { MAX = 10000 };

    struct text text;
    text_init(&text, MAX);
    for (unsigned i = 0; i < MAX / 10; i++) {
        text_printf(&text, "%09u,", i);
        assert_int_equal(strlen(text_get(&text)), 10 * (i + 1));
    }
    assert_false(text.failed);
    assert_memory_equal(text_get(&text), "000000000,000000001,", 20);
    assert_string_equal(text_get(&text) + MAX - 10, "000000999,");
    text_deinit(&text);
}

/* A piece that does not fit is left out whole, and so is all behind it: the text has no gap. */
static void over_the_maximum_it_fails_for_good(void **state)
{
    (void)state;
    struct text text;
    text_init(&text, 8);
    text_put(&text, "12345", 5);
    text_printf(&text, "%d", 6789);
    assert_true(text.failed);
    assert_string_equal(text_get(&text), "12345");
    text_put(&text, "6", 1);
    text_printf(&text, "%d", 7);
    assert_string_equal(text_get(&text), "12345");
    text_deinit(&text);

    text_init(&text, 8);
    text_put(&text, "12345678", 8); /* exactly */
    assert_false(text.failed);
    text_put(&text, "9", 1);
    assert_true(text.failed);
    assert_string_equal(text_get(&text), "12345678");
    text_deinit(&text);
}

static void lengths_that_overflow_are_refused(void **state)
{
    (void)state;
    struct text text;
    text_init(&text, 100);
    text_put(&text, "x", 1);
    text_put(&text, "y", SIZE_MAX);
    assert_true(text.failed);
    assert_string_equal(text_get(&text), "x");
    text_deinit(&text);
    text_init(&text, 0);
    text_put(&text, "x", 1);
    assert_true(text.failed);
    assert_string_equal(text_get(&text), "");
    text_deinit(&text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(pieces_add_up),
        cmocka_unit_test(it_grows_to_its_maximum),
        cmocka_unit_test(over_the_maximum_it_fails_for_good),
        cmocka_unit_test(lengths_that_overflow_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
