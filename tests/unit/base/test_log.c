#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "rhumb/log.h"

static void values_are_quoted_where_needed(void **state)
{
    (void)state;

    static const struct {
        const char *text, *quoted;
    } cases[] = {
        {"plain", "plain"},
        {"/etc/rhumb.yaml:3", "/etc/rhumb.yaml:3"},
        {"", "\"\""},
        {"two words", "\"two words\""},
        {"a=b", "\"a=b\""},
        {"say \"hi\"", "\"say \\\"hi\\\"\""},
        {"back\\slash", "\"back\\\\slash\""},
        {"line\nfeed", "\"line\\x0afeed\""}, /* one line a fact: nobody writes a second one */
        {"tab\tesc\x1b", "\"tab\\x09esc\\x1b\""},
        {"del\x7f", "\"del\\x7f\""},
        {"M\xc3\xbcnchen", "M\xc3\xbcnchen"},
        {"7", "\"7\""}, /* a text, whatever it looks like */
        {"-0.25", "\"-0.25\""},
        {"7s", "7s"},
        {"10.0.0.1", "10.0.0.1"},
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        char buffer[LOG_QUOTE_MAX];
        assert_string_equal(log_quote(cases[i].text, buffer), cases[i].quoted);
    }
}

/* Each length around the buffer's, of bytes that take one, two and four characters. */
static void a_long_value_is_cut_but_ends_in_its_quote(void **state)
{
    (void)state;
    static const char fillers[] = {'x', '"', '\n'};
    for (size_t f = 0; f < sizeof(fillers); f++) {
        for (size_t len = LOG_QUOTE_MAX / 4 - 8; len < LOG_QUOTE_MAX + 8; len++) {
            char text[LOG_QUOTE_MAX + 16], buffer[LOG_QUOTE_MAX];
            memset(text, fillers[f], len);
            text[len] = '\0';
            const char *quoted = log_quote(text, buffer);
            size_t quoted_len = strlen(quoted);
            assert_true(quoted_len < LOG_QUOTE_MAX);
            if (quoted != text)
                assert_int_equal(quoted[quoted_len - 1], '"');
            assert_true(quoted != text || fillers[f] == 'x');
        }
    }
}

struct seen {
    unsigned count;
    enum log_level level;
    char line[4096];
};

static void keep(void *ctx, enum log_level level, const char *line)
{
    struct seen *seen = ctx;
    seen->count++;
    seen->level = level;
    snprintf(seen->line, sizeof(seen->line), "%s", line);
}

static void an_event_is_one_line_with_its_pairs(void **state)
{
    (void)state;
    struct seen seen = {.count = 0};
    log_set_sink(keep, &seen);
    log_event(LOG_LEVEL_WARNING, "reload", "generation=%d zones=%s", 7, "three");
    assert_int_equal(seen.count, 1);
    assert_int_equal(seen.level, LOG_LEVEL_WARNING);
    assert_string_equal(seen.line, "event=reload generation=7 zones=three");
    log_event(LOG_LEVEL_ERROR, "stopping", "%s", "");
    assert_string_equal(seen.line, "event=stopping ");
    log_set_sink(NULL, NULL);
}

static void lines_below_the_level_are_left_out(void **state)
{
    (void)state;
    struct seen seen = {.count = 0};
    log_set_sink(keep, &seen);
    log_event(LOG_LEVEL_DEBUG, "detail", "%s", "");
    assert_int_equal(seen.count, 0);
    log_set_level(LOG_LEVEL_DEBUG);
    log_event(LOG_LEVEL_DEBUG, "detail", "%s", "");
    assert_int_equal(seen.count, 1);
    log_set_level(LOG_LEVEL_ERROR);
    log_event(LOG_LEVEL_WARNING, "trouble", "%s", "");
    assert_int_equal(seen.count, 1);
    log_event(LOG_LEVEL_ERROR, "disaster", "%s", "");
    assert_int_equal(seen.count, 2);
    log_set_level(LOG_LEVEL_INFO);
    log_set_sink(NULL, NULL);
}

static void a_line_of_any_length_is_cut_not_lost(void **state)
{
    (void)state;
    char word[5000];
    memset(word, 'w', sizeof(word) - 1);
    word[sizeof(word) - 1] = '\0';
    struct seen seen = {.count = 0};
    log_set_sink(keep, &seen);
    log_event(LOG_LEVEL_INFO, "long", "word=%s", word);
    assert_int_equal(seen.count, 1);
    assert_int_equal(strlen(seen.line), 2047);
    assert_memory_equal(seen.line, "event=long word=www", 19);
    log_set_sink(NULL, NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(values_are_quoted_where_needed),
        cmocka_unit_test(a_long_value_is_cut_but_ends_in_its_quote),
        cmocka_unit_test(an_event_is_one_line_with_its_pairs),
        cmocka_unit_test(lines_below_the_level_are_left_out),
        cmocka_unit_test(a_line_of_any_length_is_cut_not_lost),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
