#include "config_case.h"

static void a_file_has_a_path_and_an_age(void **state)
{
    (void)state;
    struct loaded loaded = load_good("checks:\n"
                                     "  a: {file: {path: states.json}, timeout: 1s}\n"
                                     "  b: {file: {path: /run/s.json, max_age: 5m}}\n");
    const struct config_check *check = &loaded.config->checks[1];
    assert_int_equal(check->kind, CONFIG_CHECK_FILE);
    assert_string_equal(check->file.path, "dir/states.json");
    assert_int_equal(check->file.max_age_ms, 30000);
    assert_false(has_warning(&loaded, "SYN"));
    assert_string_equal(loaded.config->checks[2].file.path, "/run/s.json");
    assert_int_equal(loaded.config->checks[2].file.max_age_ms, 300000);
    unload(&loaded);
}

static void mistakes_are_named_with_their_place(void **state)
{
    (void)state;

    static const struct broken cases[] = {
        {"checks: {a: {file: }}\n", 1, 14, "'file' must be a mapping, not nothing", NULL, 0},
        {"checks: {a: {file: s.json}}\n", 1, 20, "'file' must be a mapping", NULL, 0},
        {"checks: {a: {file: {}}}\n", 1, 14, "a file check needs a path", "states.json", 0},
        {"checks: {a: {file: {path: []}}}\n", 1, 27, "'path' must be a single value", NULL, 0},
        {"checks: {a: {file: {path: s, age: 1s}}}\n", 1, 30, "unknown key 'age'", NULL, 0},
        {"checks: {a: {file: {path: s, max_age: 999ms}}}\n", 1, 39, "a duration from 1s to 24h",
         NULL, 0},
        {"checks: {a: {file: {path: s, max_age: 25h}}}\n", 1, 39, "a duration from 1s to 24h",
         NULL, 0},
    };

    expect_broken(cases, COUNT(cases));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_file_has_a_path_and_an_age),
        cmocka_unit_test(mistakes_are_named_with_their_place),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
