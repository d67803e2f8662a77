#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "rhumb/json_path.h"

static void a_path_is_read_step_by_step(void **state)
{
    (void)state;
    const char *path = "load.cpu[10][0].share of", *at = path;
    struct json_path_step step = json_path_next(path, &at);
    assert_int_equal(step.kind, JSON_PATH_KEY);
    assert_int_equal(step.len, 4);
    assert_memory_equal(step.key, "load", 4);
    step = json_path_next(path, &at);
    assert_int_equal(step.kind, JSON_PATH_KEY);
    assert_memory_equal(step.key, "cpu", 3);
    step = json_path_next(path, &at);
    assert_int_equal(step.kind, JSON_PATH_INDEX);
    assert_int_equal(step.index, 10);
    step = json_path_next(path, &at);
    assert_int_equal(step.kind, JSON_PATH_INDEX);
    assert_int_equal(step.index, 0);
    step = json_path_next(path, &at);
    assert_int_equal(step.kind, JSON_PATH_KEY);
    assert_int_equal(step.len, 8);
    step = json_path_next(path, &at);
    assert_int_equal(step.kind, JSON_PATH_END);
}

static void good_and_bad_paths(void **state)
{
    (void)state;

    static const struct {
        const char *path;
        bool good;
    } cases[] = {
        {"a", true},          {"a.b", true},  {"[0]", true},     {"[0].a", true},
        {"[0][1]", true},     {"a[3]", true}, {"a-b_c d", true}, {"a[99999]", true},
        {"", false},          {".a", false},  {"a.", false},     {"a..b", false},
        {"a[", false},        {"a[]", false}, {"a[x]", false},   {"a[-1]", false},
        {"a[100000]", false}, {"a]", false},  {"a[0]b", false},  {"a.[0]", false},
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
        if (json_path_is_good(cases[i].path) != cases[i].good)
            fail_msg("'%s'", cases[i].path);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_path_is_read_step_by_step),
        cmocka_unit_test(good_and_bad_paths),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
