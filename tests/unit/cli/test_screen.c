/* Output for people: cut, folded, coloured, and never able to steer the terminal. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "screen.h"

/* What a screen of that width got. */
struct shown {
    struct screen screen;
    char *text;
    size_t len;
};

static void begin(struct shown *shown, unsigned width, bool colour)
{
    shown->screen = (struct screen){.width = width, .colour = colour};
    shown->screen.out = open_memstream(&shown->text, &shown->len);
    assert_non_null(shown->screen.out);
}

static void expect(struct shown *shown, const char *wanted)
{
    assert_int_equal(fclose(shown->screen.out), 0);
    assert_string_equal(shown->text, wanted);
    free(shown->text);
}

static void control_characters_do_not_reach_the_terminal(void **state)
{
    struct shown shown;
    (void)state;
    begin(&shown, 0, false);
    screen_put(&shown.screen, "a\033[31mb\r\nc\td\x7f", 0, TONE_PLAIN);
    screen_put(&shown.screen,
               "e\xc2\x9b"
               "31mf",
               0, TONE_PLAIN); /* the same in one character */
    screen_fold(&shown.screen, " g\033]0;title\007h", 0, 0);
    expect(&shown, "a?[31mb??c?d?e?31mf g?]0;title?h");
}

static void what_is_cut_ends_in_an_ellipsis(void **state)
{
    static const struct {
        const char *text;
        size_t max;
        const char *wanted;
    } cases[] = {
        {"region", 0, "region"},
        {"region", 6, "region"},
        {"region", 5, "regi…"},
        {"region", 1, "…"},
        {"köln-süd", 8, "köln-süd"},
        {"köln-süd", 4, "köl…"},
        {"", 3, ""},
        {NULL, 0, "-"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct shown shown;
        begin(&shown, 0, false);
        screen_put(&shown.screen, cases[i].text, cases[i].max, TONE_BAD);
        expect(&shown, cases[i].wanted);
    }
}

static void colours_stand_around_the_text_alone(void **state)
{
    struct shown shown;
    (void)state;
    begin(&shown, 0, true);
    screen_put(&shown.screen, "down", 0, TONE_BAD);
    screen_put(&shown.screen, "-", 0, TONE_PLAIN);
    screen_put(&shown.screen, "upwards", 3, TONE_GOOD);
    expect(&shown, "\033[31mdown\033[0m-\033[32mup…\033[0m");
}

static void a_long_line_goes_on_below(void **state)
{
    static const struct {
        unsigned width;
        size_t at, indent;
        const char *text, *wanted;
    } cases[] = {
        {0, 0, 4, "one two three", "one two three"},
        {8, 0, 4, "one two three", "one two\n    three"},
        {13, 0, 4, "one two three", "one two three"},
        {8, 4, 2, "one two three", "one\n  two\n  three"},
        {8, 0, 2, "order   1. eu", "order\n  1. eu"},
        {6, 0, 2, "unbreakable word", "unbreakable\n  word"},
        {4, 0, 9, "too narrow", "too narrow"},
        {8, 8, 2, "over", "over"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct shown shown;
        begin(&shown, cases[i].width, false);
        screen_fold(&shown.screen, cases[i].text, cases[i].at, cases[i].indent);
        expect(&shown, cases[i].wanted);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(control_characters_do_not_reach_the_terminal),
        cmocka_unit_test(what_is_cut_ends_in_an_ellipsis),
        cmocka_unit_test(colours_stand_around_the_text_alone),
        cmocka_unit_test(a_long_line_goes_on_below),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
