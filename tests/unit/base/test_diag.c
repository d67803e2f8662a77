#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "rhumb/diag.h"

static struct diag_list *list_new(void)
{
    struct diag_list *list = diag_list_new();
    assert_non_null(list);
    return list;
}

/* printed - what diag_print_all() writes; the caller frees. */
static char *printed(const struct diag_list *list)
{
    char *text = NULL;
    size_t len = 0;
    FILE *out = open_memstream(&text, &len);
    assert_non_null(out);
    diag_print_all(list, out);
    assert_int_equal(fclose(out), 0);
    return text;
}

static void assert_printed(const struct diag_list *list, const char *wanted)
{
    char *text = printed(list);
    assert_string_equal(text, wanted);
    free(text);
}

static void an_error_is_printed_with_line_caret_and_remedy(void **state)
{
    (void)state;
    struct diag_list *list = list_new();
    struct diag_place place = {"rhumb.yaml", "    polcy: geo", 12, 5};
    diag_error(list, &place, "unknown key '%s'", "polcy");
    diag_remedy(list, "did you mean '%s'?", "policy");
    assert_printed(list, "rhumb.yaml:12:5: error: unknown key 'polcy'\n"
                         "    12 |     polcy: geo\n"
                         "       |     ^\n"
                         "       = did you mean 'policy'?\n");
    diag_list_free(list);
}

static void what_is_not_known_is_left_out(void **state)
{
    (void)state;

    static const struct {
        struct diag_place place;
        const char *printed;
    } cases[] = {
        {{"f", "abc", 3, 3}, "f:3:3: warning: odd\n     3 | abc\n       |   ^\n"},
        {{"f", "abc", 3, 4},
         "f:3:4: warning: odd\n     3 | abc\n       |    ^\n"},      /* its end */
        {{"f", "abc", 3, 5}, "f:3:5: warning: odd\n     3 | abc\n"}, /* not in the line */
        {{"f", "abc", 3, 0}, "f:3: warning: odd\n     3 | abc\n"},
        {{"f", "abc", 0, 1}, "f: warning: odd\n"},
        {{"f", NULL, 3, 1}, "f:3:1: warning: odd\n"},
        {{"f", "", 3, 1}, "f:3:1: warning: odd\n     3 | \n       | ^\n"},
        {{"f", NULL, 0, 0}, "f: warning: odd\n"},
        {{NULL, NULL, 3, 1}, "warning: odd\n"},
        {{"f", "abc", 1234567, 1}, "f:1234567:1: warning: odd\n1234567 | abc\n       | ^\n"},
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct diag_list *list = list_new();
        diag_warning(list, &cases[i].place, "odd");
        assert_printed(list, cases[i].printed);
        diag_list_free(list);
    }
    struct diag_list *list = list_new();
    diag_error(list, NULL, "out of luck");
    assert_printed(list, "error: out of luck\n");
    diag_list_free(list);
}

static void tabs_before_the_column_stay_tabs_before_the_caret(void **state)
{
    (void)state;
    struct diag_list *list = list_new();
    struct diag_place place = {"z", "www\tIN\tQ 1", 7, 8};
    diag_error(list, &place, "no type");
    assert_printed(list, "z:7:8: error: no type\n"
                         "     7 | www\tIN\tQ 1\n"
                         "       |    \t  \t^\n");
    diag_list_free(list);
}

static void a_long_line_is_cut_and_a_caret_behind_the_cut_left_out(void **state)
{
    (void)state;
    char line[301], wanted[256];
    memset(line, 'x', 300);
    line[300] = '\0';
    struct diag_list *list = list_new();
    struct diag_place place = {"z", line, 7, 250};
    diag_error(list, &place, "long");
    snprintf(wanted, sizeof(wanted), "z:7:250: error: long\n     7 | %.160s\n", line);
    assert_printed(list, wanted);
    diag_list_free(list);
}

static void every_text_is_a_copy(void **state)
{
    (void)state;
    char file[] = "f", excerpt[] = "line", word[] = "word", remedy[] = "other";
    struct diag_list *list = list_new();
    struct diag_place place = {file, excerpt, 1, 1};
    diag_error(list, &place, "%s", word);
    diag_remedy(list, "%s", remedy);
    file[0] = excerpt[0] = word[0] = remedy[0] = '?';
    const struct diag *diag = diag_get(list, 0);
    assert_string_equal(diag->place.file, "f");
    assert_string_equal(diag->place.excerpt, "line");
    assert_string_equal(diag->message, "word");
    assert_string_equal(diag->remedy, "other");
    diag_list_free(list);
}

static void the_nearest_word_is_suggested_or_all_are_listed(void **state)
{
    (void)state;

    static const char *const candidates[] = {"policy", "check", "ttl", "regions", "residency"};

    static const struct {
        const char *word, *remedy;
    } cases[] = {
        {"policy", "did you mean 'policy'?"},
        {"polcy", "did you mean 'policy'?"},   /* one left out */
        {"policyy", "did you mean 'policy'?"}, /* one too many */
        {"pollcy", "did you mean 'policy'?"},  /* one wrong */
        {"polciy", "did you mean 'policy'?"},  /* two swapped count as one */
        {"opilcy", "did you mean 'policy'?"},  /* two, and one left out would be three */
        {"POLICY", "did you mean 'policy'?"},
        {"regoins", "did you mean 'regions'?"},
        {"residxxxy", NULL}, /* three edits are another word */
        {"tll", "did you mean 'ttl'?"},
        {"tl", "did you mean 'ttl'?"},
        {"lt", NULL}, /* two edits of two letters */
        {"x", NULL},
        {"", NULL},
        {"chck", "did you mean 'check'?"},
        {"chyc", "did you mean 'check'?"}, /* two edits of four letters: just near enough */
        {"something", NULL},
        {"xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx", NULL},
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct diag_list *list = list_new();
        diag_error(list, NULL, "unknown");
        diag_remedy_nearest(list, cases[i].word, candidates, 5);
        assert_string_equal(diag_get(list, 0)->remedy,
                            cases[i].remedy
                                ? cases[i].remedy
                                : "expected one of: policy, check, ttl, regions, residency");
        diag_list_free(list);
    }
}

static void without_candidates_there_is_no_remedy(void **state)
{
    (void)state;
    struct diag_list *list = list_new();
    diag_error(list, NULL, "unknown");
    diag_remedy_nearest(list, "word", NULL, 0);
    assert_null(diag_get(list, 0)->remedy);
    diag_list_free(list);
}

/* The list of all would be longer than a remedy may be: it is cut, nothing more. */
static void many_candidates_are_cut(void **state)
{
    (void)state;

    enum { COUNT = 300 };

    const char *candidates[COUNT];
    for (size_t i = 0; i < COUNT; i++)
        candidates[i] = "abcdefghij";
    struct diag_list *list = list_new();
    diag_error(list, NULL, "unknown");
    diag_remedy_nearest(list, "word", candidates, COUNT);
    size_t len = strlen(diag_get(list, 0)->remedy);
    assert_in_range(len, 900, 1024);
    diag_list_free(list);
}

static void errors_beyond_the_maximum_are_counted_not_kept(void **state)
{
    (void)state;
    struct diag_list *list = list_new();
    for (int i = 0; i < DIAG_MAX; i++)
        diag_error(list, NULL, "error %d", i);
    diag_remedy(list, "remedy of the last kept");
    diag_error(list, NULL, "not kept");
    diag_remedy(list, "remedy of one not kept");
    diag_warning(list, NULL, "not kept");
    diag_warning(list, NULL, "not kept");
    assert_int_equal(diag_count(list), DIAG_MAX);
    assert_int_equal(diag_error_count(list), DIAG_MAX + 1);
    assert_int_equal(diag_warning_count(list), 2);
    const struct diag *last = diag_get(list, DIAG_MAX - 1);
    assert_string_equal(last->message, "error 999");
    assert_string_equal(last->remedy, "remedy of the last kept");
    char *text = printed(list);
    static const char end[] = "\n       = remedy of the last kept\n... and 3 more\n";
    assert_string_equal(text + strlen(text) - (sizeof(end) - 1), end);
    free(text);
    diag_list_free(list);
}

static void an_empty_list_is_silent(void **state)
{
    (void)state;
    struct diag_list *list = list_new();
    diag_remedy(list, "of nothing");
    assert_int_equal(diag_count(list), 0);
    assert_printed(list, "");
    diag_list_free(list);
    diag_list_free(NULL);
}

static void a_message_of_any_length_is_cut_not_lost(void **state)
{
    (void)state;
    char word[5000];
    memset(word, 'w', sizeof(word) - 1);
    word[sizeof(word) - 1] = '\0';
    struct diag_list *list = list_new();
    diag_error(list, NULL, "%s", word);
    assert_int_equal(strlen(diag_get(list, 0)->message), 1023);
    diag_list_free(list);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_error_is_printed_with_line_caret_and_remedy),
        cmocka_unit_test(what_is_not_known_is_left_out),
        cmocka_unit_test(tabs_before_the_column_stay_tabs_before_the_caret),
        cmocka_unit_test(a_long_line_is_cut_and_a_caret_behind_the_cut_left_out),
        cmocka_unit_test(every_text_is_a_copy),
        cmocka_unit_test(the_nearest_word_is_suggested_or_all_are_listed),
        cmocka_unit_test(without_candidates_there_is_no_remedy),
        cmocka_unit_test(many_candidates_are_cut),
        cmocka_unit_test(errors_beyond_the_maximum_are_counted_not_kept),
        cmocka_unit_test(an_empty_list_is_silent),
        cmocka_unit_test(a_message_of_any_length_is_cut_not_lost),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
