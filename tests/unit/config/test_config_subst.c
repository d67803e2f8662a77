#include "config_case.h"
#include "config_subst.h"

static const char *lookup(const char *name)
{
    if (strcmp(name, "HOST") == 0)
        return "a.example";
    if (strcmp(name, "EMPTY") == 0)
        return "";
    if (strcmp(name, "NESTED") == 0)
        return "${HOST}";
    return NULL;
}

static void variables_are_filled_in(void **state)
{
    (void)state;

    static const struct {
        const char *text, *result;
    } cases[] = {
        {"plain", "plain"},
        {"${HOST}", "a.example"},
        {"x-${HOST}-y-${HOST}", "x-a.example-y-a.example"},
        {"${NONE:-fallback}", "fallback"},
        {"${NONE:-}", ""},
        {"${NONE:-a:b}", "a:b"},
        {"${EMPTY:-fallback}", "fallback"},
        {"${EMPTY}", ""},
        {"${HOST:-other}", "a.example"},
        {"${HOST:?must be set}", "a.example"},
        {"${NESTED}", "${HOST}"}, /* not looked into again */
        {"$HOST $ 5$", "$HOST $ 5$"},
        {"$${HOST}", "${HOST}"},
        {"$$${HOST}", "$${HOST}"},
        {"a$${b}${HOST}", "a${b}a.example"},
    };

    struct arena *arena = arena_new(1024 * 1024);
    struct diag_list *diags = diag_list_new();
    for (size_t i = 0; i < COUNT(cases); i++) {
        const char *result = NULL;
        assert_int_equal(config_subst(cases[i].text, NULL, lookup, arena, diags, &result),
                         ERR_OK);
        assert_string_equal(result, cases[i].result);
    }
    assert_int_equal(diag_error_count(diags), 0);
    diag_list_free(diags);
    arena_free(arena);
}

static void what_cannot_be_filled_in_is_refused(void **state)
{
    (void)state;

    static const struct {
        const char *text, *message;
    } cases[] = {
        {"${NONE}", "'NONE' is not set"},
        {"${NONE:?say where the API is}", "NONE: say where the API is"},
        {"${EMPTY:?}", "'EMPTY' is empty"},
        {"${", "malformed variable"},
        {"${}", "malformed variable"},
        {"${HOST", "malformed variable"},
        {"${1X}", "malformed variable"},
        {"${HOST-x}", "malformed variable"},
        {"${HOST:=x}", "malformed variable"},
        {"ok ${A B}", "malformed variable"},
    };

    struct arena *arena = arena_new(1024 * 1024);
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct diag_list *diags = diag_list_new();
        const char *result = "untouched";
        assert_int_equal(config_subst(cases[i].text, NULL, lookup, arena, diags, &result),
                         ERR_INVALID);
        assert_non_null(strstr(diag_get(diags, 0)->message, cases[i].message));
        assert_string_equal(result, "untouched");
        diag_list_free(diags);
    }
    arena_free(arena);
}

static void a_full_arena_is_reported(void **state)
{
    (void)state;
    struct arena *arena = arena_new(2);
    struct diag_list *diags = diag_list_new();
    const char *result = NULL;
    assert_int_equal(config_subst("${HOST}", NULL, lookup, arena, diags, &result),
                     ERR_NO_MEMORY);
    diag_list_free(diags);
    arena_free(arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(variables_are_filled_in),
        cmocka_unit_test(what_cannot_be_filled_in_is_refused),
        cmocka_unit_test(a_full_arena_is_reported),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
