#include "config_case.h"
#include "config_domain.h"

#define LABEL_63 "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"

static void names_are_judged_label_by_label(void **state)
{
    (void)state;

    static const struct {
        const char *name, *wrong; /* NULL: fine */
    } cases[] = {
        {"example.com", NULL},
        {"example.com.", NULL},
        {"_dmarc.EXAMPLE-1.com", NULL},
        {"*", NULL},
        {"*.example.com", NULL},
        {"0/25.2.0.192.in-addr.arpa", NULL},
        {".", NULL},
        {LABEL_63 ".com", NULL},
        {LABEL_63 "." LABEL_63 "." LABEL_63
                  ".aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
         NULL}, /* 253 */
        {LABEL_63 "." LABEL_63 "." LABEL_63
                  ".aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
         "longer than 253"},
        {LABEL_63 "a.com", "longer than 63"},
        {"", "empty label"},
        {"..", "empty label"},
        {".com", "empty label"},
        {"a..com", "empty label"},
        {"*.", "empty label"},
        {"a.*.com", "does not belong"},
        {"a*.com", "does not belong"},
        {"a b", "does not belong"},
        {"a\\046b", "does not belong"},
        {"b\xc3\xbc"
         "cher",
         "does not belong"},
    };

    struct arena *arena = arena_new(1024 * 1024);
    struct diag_place place = {.file = "f", .line = 1, .column = 1};
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct diag_list *diags = diag_list_new();
        struct config_reader reader = {.arena = arena, .diags = diags, .folder = "."};
        bool good = config_check_domain(&reader, cases[i].name, &place);
        assert_int_equal(good, cases[i].wrong == NULL);
        assert_int_equal(diag_error_count(diags), !good);
        if (!good)
            assert_non_null(strstr(diag_get(diags, 0)->message, cases[i].wrong));
        diag_list_free(diags);
    }
    arena_free(arena);
}

static void names_become_absolute_once(void **state)
{
    (void)state;
    struct arena *arena = arena_new(1024 * 1024);
    struct config_reader reader = {.arena = arena, .folder = "."};
    assert_string_equal(config_absolute(&reader, "a.example"), "a.example.");
    assert_string_equal(config_absolute(&reader, "a.example."), "a.example.");
    assert_string_equal(config_absolute(&reader, "."), ".");
    arena_free(arena);
}

static void a_name_is_within_at_label_borders(void **state)
{
    (void)state;

    static const struct {
        const char *name, *domain;
        bool within;
    } cases[] = {
        {"www.example.com.", "example.com.", true},
        {"WWW.Example.COM.", "example.com.", true},
        {"example.com.", "example.com.", true},
        {"notexample.com.", "example.com.", false},
        {"com.", "example.com.", false},
        {"example.com.", ".", true},
        {"example.org.", "example.com.", false},
    };

    for (size_t i = 0; i < COUNT(cases); i++)
        assert_int_equal(config_domain_is_within(cases[i].name, cases[i].domain),
                         cases[i].within);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(names_are_judged_label_by_label),
        cmocka_unit_test(names_become_absolute_once),
        cmocka_unit_test(a_name_is_within_at_label_borders),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
