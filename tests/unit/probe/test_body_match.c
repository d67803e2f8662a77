#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "body_match.h"

static const struct {
    const char *pattern, *body;
    bool found;
} CASES[] = {
    {"ok", "ok", true},
    {"ok", "all ok here", true},
    {"ok", "o k", false},
    {"ok", "o", false},
    {"ok", "", false},
    {"aab", "aaaaaab", true}, /* the match begins within a failed one */
    {"abab", "abaababab", true},
    {"abcabd", "abcabcabd", true},
    {"abcabd", "abcabcabc", false},
    {"aaaa", "aaabaaabaaa", false},
    {"\"status\":\"up\"", "{\"status\":\"down\",\"x\":{\"status\":\"up\"}}", true},
};

static void a_pattern_is_found_wherever_the_body_is_cut(void **state)
{
    (void)state;
    for (size_t c = 0; c < sizeof(CASES) / sizeof(CASES[0]); c++) {
        struct body_pattern pattern;
        struct body_match match;
        size_t len = strlen(CASES[c].body);
        assert_int_equal(body_pattern_init(&pattern, CASES[c].pattern), ERR_OK);
        for (size_t first = 0; first <= len; first++) {
            for (size_t second = first; second <= len; second++) {
                body_match_start(&match, &pattern);
                body_match_feed(&match, CASES[c].body, first);
                body_match_feed(&match, CASES[c].body + first, second - first);
                bool found = body_match_feed(&match, CASES[c].body + second, len - second);
                assert_int_equal(found, CASES[c].found);
                assert_int_equal(body_match_is_found(&match), CASES[c].found);
            }
        }
        body_pattern_deinit(&pattern);
    }
}

static void a_body_may_hold_zero_bytes(void **state)
{
    (void)state;
    struct body_pattern pattern;
    struct body_match match;
    assert_int_equal(body_pattern_init(&pattern, "ok"), ERR_OK);
    body_match_start(&match, &pattern);
    assert_false(body_match_feed(&match, "o\0k", 3));
    assert_true(body_match_feed(&match, "\0ok", 3));
    body_pattern_deinit(&pattern);
}

static void no_pattern_matches_any_body(void **state)
{
    (void)state;
    static const char *const nothing[] = {NULL, ""};
    for (size_t i = 0; i < 2; i++) {
        struct body_pattern pattern;
        struct body_match match;
        assert_int_equal(body_pattern_init(&pattern, nothing[i]), ERR_OK);
        body_match_start(&match, &pattern);
        assert_true(body_match_is_found(&match));
        assert_true(body_match_feed(&match, "anything", 8));
        body_pattern_deinit(&pattern);
    }
}

static void a_match_stays_found(void **state)
{
    (void)state;
    struct body_pattern pattern;
    struct body_match match;
    assert_int_equal(body_pattern_init(&pattern, "ok"), ERR_OK);
    body_match_start(&match, &pattern);
    assert_true(body_match_feed(&match, "ok", 2));
    assert_true(body_match_feed(&match, "nothing", 7));
    body_pattern_deinit(&pattern);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_pattern_is_found_wherever_the_body_is_cut),
        cmocka_unit_test(a_body_may_hold_zero_bytes),
        cmocka_unit_test(no_pattern_matches_any_body),
        cmocka_unit_test(a_match_stays_found),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
