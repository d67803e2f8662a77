#include "config_case.h"
#include "config_source.h"

static void offsets_become_lines_and_columns(void **state)
{
    (void)state;

    static const struct {
        const char *text;
        size_t offset;
        uint32_t line, column;
        const char *excerpt;
    } cases[] = {
        {"ab\ncd\n", 0, 1, 1, "ab"},
        {"ab\ncd\n", 1, 1, 2, "ab"},
        {"ab\ncd\n", 3, 2, 1, "cd"},
        {"ab\ncd\n", 6, 3, 1, ""},
        {"ab\r\ncd", 4, 2, 1, "cd"},
        {"ab\rcd", 4, 2, 2, "cd"},
        {"\n\n\n", 2, 3, 1, ""},
        {"", 0, 1, 1, ""},
        {"\xef\xbb\xbfkey", 3, 1, 1, "key"},   /* a byte order mark is no column */
        {"\xc3\xa9 x", 3, 1, 4, "\xc3\xa9 x"}, /* columns are bytes */
    };

    for (size_t i = 0; i < COUNT(cases); i++) {
        struct arena *arena = arena_new(1024 * 1024);
        struct config_source source;
        assert_int_equal(
            config_source_init(&source, "f", cases[i].text, strlen(cases[i].text), arena),
            ERR_OK);
        struct diag_place place = config_source_place(&source, cases[i].offset);
        assert_int_equal(place.line, cases[i].line);
        assert_int_equal(place.column, cases[i].column);
        assert_string_equal(place.excerpt, cases[i].excerpt);
        assert_string_equal(place.file, "f");
        arena_free(arena);
    }
}

static void long_lines_are_cut_in_excerpts_only(void **state)
{
    (void)state;

    enum { LEN = 5000 };

    char text[LEN + 4];
    memset(text, 'x', LEN);
    memcpy(text + LEN, "\nab", 4);
    struct arena *arena = arena_new(1024 * 1024);
    struct config_source source;
    assert_int_equal(config_source_init(&source, "f", text, LEN + 3, arena), ERR_OK);
    struct diag_place place = config_source_place(&source, LEN - 1);
    assert_int_equal(place.column, LEN);
    assert_int_equal(strlen(place.excerpt), CONFIG_EXCERPT_MAX);
    assert_string_equal(config_source_place(&source, LEN + 1).excerpt, "ab");
    arena_free(arena);
}

static void lines_that_do_not_exist_have_no_excerpt(void **state)
{
    (void)state;
    struct arena *arena = arena_new(1024 * 1024);
    struct config_source source;
    assert_int_equal(config_source_init(&source, "f", "a\nb", 3, arena), ERR_OK);
    assert_int_equal(config_source_place_at(&source, 2, 1).line, 2);
    assert_int_equal(config_source_place_at(&source, 3, 1).line, 0);
    assert_int_equal(config_source_place_at(&source, 0, 1).line, 0);
    assert_null(config_source_place_at(&source, 3, 1).excerpt);
    arena_free(arena);
}

static void only_utf8_text_passes(void **state)
{
    (void)state;

    static const struct {
        const char *text;
        size_t len;
        uint32_t bad_line; /* 0: good */
        uint32_t bad_column;
    } cases[] = {
        {"plain\ttext\r\n", 12, 0, 0},
        {"\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80", 9, 0, 0},
        {"a\n\x00z", 4, 2, 1},
        {"ab\x1b[0m", 6, 1, 3},
        {"\x7f", 1, 1, 1},
        {"\xff\xfe"
         "a",
         3, 1, 1},
        {"\xc0\x80", 2, 1, 1},         /* overlong */
        {"\xe0\x80\x80", 3, 1, 1},     /* overlong */
        {"\xf0\x80\x80\x80", 4, 1, 1}, /* overlong */
        {"\xed\xa0\x80", 3, 1, 1},     /* surrogate */
        {"\xf4\x90\x80\x80", 4, 1, 1}, /* above U+10FFFF */
        {"a\xe2\x82", 3, 1, 2},        /* cut short */
        {"\x80", 1, 1, 1},
    };

    for (size_t i = 0; i < COUNT(cases); i++) {
        struct arena *arena = arena_new(1024 * 1024);
        struct diag_list *diags = diag_list_new();
        struct config_source source;
        assert_int_equal(config_source_init(&source, "f", cases[i].text, cases[i].len, arena),
                         ERR_OK);
        bool good = config_source_check_text(&source, cases[i].text, cases[i].len, diags);
        assert_int_equal(good, cases[i].bad_line == 0);
        assert_int_equal(diag_error_count(diags), !good);
        if (!good) {
            assert_int_equal(diag_get(diags, 0)->place.line, cases[i].bad_line);
            assert_int_equal(diag_get(diags, 0)->place.column, cases[i].bad_column);
        }
        diag_list_free(diags);
        arena_free(arena);
    }
}

static void a_full_arena_is_reported(void **state)
{
    (void)state;
    struct arena *arena = arena_new(4);
    struct config_source source;
    assert_int_equal(config_source_init(&source, "f", "text", 4, arena), ERR_NO_MEMORY);
    arena_free(arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(offsets_become_lines_and_columns),
        cmocka_unit_test(long_lines_are_cut_in_excerpts_only),
        cmocka_unit_test(lines_that_do_not_exist_have_no_excerpt),
        cmocka_unit_test(only_utf8_text_passes),
        cmocka_unit_test(a_full_arena_is_reported),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
