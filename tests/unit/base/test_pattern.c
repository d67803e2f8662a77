#include <regex.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "rhumb/pattern.h"
#include "rhumb/rng.h"

/* matches - does text match? Fed in pieces of piece bytes. */
static bool matches(const struct pattern *pattern, const char *text, size_t len, size_t piece)
{
    struct pattern_search search;
    pattern_start(&search, pattern);
    for (size_t at = 0; at < len; at += piece)
        pattern_feed(&search, text + at, len - at < piece ? len - at : piece);
    return pattern_end(&search);
}

static void compile(const char *text, struct pattern *pattern)
{
    struct pattern_fault fault = {0};
    if (!pattern_compile(text, pattern, &fault))
        fail_msg("%s: %s at %zu", text, fault.why, fault.offset);
}

static void patterns_find_what_they_say(void **state)
{
    (void)state;

    static const struct {
        const char *pattern, *text;
        bool found;
    } cases[] = {
        {"ok", "all ok here", true},
        {"ok", "o k", false},
        {"o.k", "o\nk", true},
        {"^ok", "ok", true},
        {"^ok", "not ok", false},
        {"ok$", "all ok", true},
        {"ok$", "ok, but", false},
        {"^ok$", "ok", true},
        {"^$", "", true},
        {"^$", "x", false},
        {"^(^ok|x)($$|y)", "ok", true},
        {"(^|,)ok(,|$)", "no,ok", true},
        {"(^|,)ok(,|$)", "no,okay", false},
        {"colou?r", "color", true},
        {"ab*c", "ac", true},
        {"ab+c", "ac", false},
        {"ab+c", "abbbbc", true},
        {"up|ready", "it is ready", true},
        {"x(up|down)+y", "xupdownupy", true},
        {"x(up|down)+y", "xy", false},
        {"^a{3}$", "aa", false},
        {"^a{3}$", "aaa", true},
        {"^a{3}$", "aaaa", false},
        {"^a{2,}$", "a", false},
        {"^a{2,}$", "aaaaaaa", true},
        {"^a{0,2}b", "aab", true},
        {"^a{1,2}b", "aaab", false},
        {"^(ab){2}$", "abab", true},
        {"^(a{2}b){2}$", "aabaab", true},
        {"[0-9]+ms", "took 12ms", true},
        {"[^0-9]+ms", "12ms", false},
        {"[]x]y", "]y", true},
        {"[^]x]y", "]y", false},
        {"[a-]z", "-z", true},
        {"[[:digit:][:space:]]x", "4x", true},
        {"[[:alpha:]]", "42", false},
        {"a\\.b", "axb", false},
        {"a\\.b", "a.b", true},
        {"\\^\\$\\\\", "^$\\", true},
        {"\"ready\": *true", "{\"ready\":  true}", true},
        {"a}", "a}", true},
        {"\xc3\xa9t\xc3\xa9", "l'\xc3\xa9t\xc3\xa9", true}, /* bytes, so UTF-8 finds itself */
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct pattern pattern;
        compile(cases[i].pattern, &pattern);
        for (size_t piece = 1; piece < 4; piece++) {
            if (matches(&pattern, cases[i].text, strlen(cases[i].text), piece) !=
                cases[i].found)
                fail_msg("%s in %s", cases[i].pattern, cases[i].text);
        }
    }
}

static void what_is_no_pattern_says_why_and_where(void **state)
{
    (void)state;

    static const struct {
        const char *pattern, *why;
        size_t offset;
    } cases[] = {
        {"", "something must stand here", 0},
        {"a|", "something must stand here", 2},
        {"()", "something must stand here", 1},
        {"x(ab", "this '(' is never closed", 1},
        {"ab)", "this ')' closes nothing", 2},
        {"x[ab", "this '[' is never closed", 1},
        {"x[]", "this '[' is never closed", 1},
        {"[[:alfa:]]", "no such class", 1},
        {"[[=a=]]", "no such class", 1},
        {"[z-a]", "a range goes from the lower", 1},
        {"*a", "nothing here to repeat", 0},
        {"a**", "one repetition is enough", 2},
        {"a{x}", "write {n}", 1},
        {"a{2", "write {n}", 1},
        {"a{3,2}", "write {n}", 1},
        {"a{0}", "write {n}", 1},
        {"\\d", "a backslash stands before", 0},
        {"a\\", "a backslash stands before", 1},
        {"(a)\\1", "a backslash stands before", 3},
        {"a*", "and so everything", 0},
        {"^", "and so everything", 0},
        {"(a|b?)", "and so everything", 0},
        {"a{129}", "too long", 0},
        {"(((((a{9}){9}){9}){9}){9}){9}", "too long", 5},
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct pattern pattern;
        struct pattern_fault fault = {0};
        if (pattern_compile(cases[i].pattern, &pattern, &fault))
            fail_msg("%s is taken", cases[i].pattern);
        if (!strstr(fault.why, cases[i].why) || fault.offset != cases[i].offset)
            fail_msg("%s: %s at %zu", cases[i].pattern, fault.why, fault.offset);
    }
}

static void groups_end_before_the_stack_does(void **state)
{
    (void)state;
    char text[4096] = {0};
    struct pattern pattern;
    struct pattern_fault fault = {0};
    for (size_t depth = 32; depth <= 33; depth++) {
        memset(text, '(', depth);
        text[depth] = 'a';
        memset(text + depth + 1, ')', depth);
        assert_int_equal(pattern_compile(text, &pattern, &fault), depth == 32);
    }
    assert_string_equal(fault.why, "too many groups in each other");
    memset(text, '(', sizeof(text) - 1);
    assert_false(pattern_compile(text, &pattern, &fault));
}

/* A pattern of the grammar, at random; without anchors, see below. */
static void put_random(struct rng *rng, char *text, size_t size, unsigned depth)
{
    static const char *const atoms[] = {"a", "b", "c", ".", "[ab]", "[^a]", "[b-c]"};
    static const char *const signs[] = {"",  "",    "",      "*",     "+",
                                        "?", "{2}", "{1,2}", "{0,3}", "{2,}"};

    size_t parts = 1 + rng_below(rng, 3);
    for (size_t i = 0; i < parts; i++) {
        size_t used = strlen(text);
        bool is_group = depth > 0 && rng_below(rng, 3) == 0;
        const char *atom = atoms[rng_below(rng, sizeof(atoms) / sizeof(atoms[0]))];
        if (used > size / 2)
            return;
        if (i > 0 && rng_below(rng, 4) == 0)
            used += (size_t)snprintf(text + used, size - used, "|");
        used += (size_t)snprintf(text + used, size - used, "%s", is_group ? "(" : atom);
        if (is_group) {
            put_random(rng, text, size, depth - 1);
            used = strlen(text);
            used += (size_t)snprintf(text + used, size - used, ")");
        }
        snprintf(text + used, size - used, "%s",
                 signs[rng_below(rng, sizeof(signs) / sizeof(signs[0]))]);
    }
}

/* The judge is another implementation of the same standard. Anchors stand at the ends only: in
 * the middle it errs, as with "(b|.{2,}^){2}" in "babcba". */
static void the_c_library_finds_the_same(void **state)
{
    (void)state;
    struct rng rng;
    size_t compared = 0, found = 0;
    rng_init(&rng, 42);
    for (size_t round = 0; round < 4000; round++) {
        char text[256] = "", body[12];
        struct pattern pattern;
        struct pattern_fault fault;
        regex_t judge;
        snprintf(text, sizeof(text), "%s", rng_below(&rng, 3) == 0 ? "^" : "");
        put_random(&rng, text, sizeof(text) - 1, 2);
        if (rng_below(&rng, 3) == 0)
            snprintf(text + strlen(text), 2, "$");
        if (!pattern_compile(text, &pattern, &fault))
            continue; /* matches everything, or is too long */
        assert_int_equal(regcomp(&judge, text, REG_EXTENDED | REG_NOSUB), 0);
        for (size_t i = 0; i < 10; i++) {
            size_t len = 1 + rng_below(&rng, sizeof(body) - 1);
            for (size_t k = 0; k < len; k++)
                body[k] = (char)('a' + rng_below(&rng, 3));
            body[len] = '\0';
            bool expected = regexec(&judge, body, 0, NULL, 0) == 0;
            if (matches(&pattern, body, len, 3) != expected)
                fail_msg("'%s' in '%s': the C library says %d", text, body, expected);
            compared++;
            found += expected;
        }
        regfree(&judge);
    }
    assert_true(compared > 10000 && found > 1000 && compared - found > 1000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(patterns_find_what_they_say),
        cmocka_unit_test(what_is_no_pattern_says_why_and_where),
        cmocka_unit_test(groups_end_before_the_stack_does),
        cmocka_unit_test(the_c_library_finds_the_same),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
