#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "http_text.h"

static void percent_signs_are_taken_off(void **state)
{
    static const struct {
        const char *from, *path, *query; /* NULL: refused */
    } cases[] = {
        {"", "", ""},
        {"/v1/status", "/v1/status", "/v1/status"},
        {"a%20b", "a b", "a b"},
        {"a+b", "a+b", "a b"},
        {"%2F%2f%25", "//%", "//%"},
        {"%e2%82%AC", "\xe2\x82\xac", "\xe2\x82\xac"},
        {"%ff", "\xff", "\xff"},
        {"%01", "\x01", "\x01"},
        {"%2500", "%00", "%00"}, /* once, not twice */
        {"%00", NULL, NULL},
        {"a%00b", NULL, NULL},
        {"%", NULL, NULL},
        {"%4", NULL, NULL},
        {"%g0", NULL, NULL},
        {"%0g", NULL, NULL},
        {"%%41", NULL, NULL},
        {"% 41", NULL, NULL},
        {"%-1", NULL, NULL},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        char path[32], query[32];
        snprintf(path, sizeof(path), "%s", cases[i].from);
        snprintf(query, sizeof(query), "%s", cases[i].from);
        assert_int_equal(http_decode(path, false), cases[i].path != NULL);
        assert_int_equal(http_decode(query, true), cases[i].query != NULL);
        if (cases[i].path) {
            assert_string_equal(path, cases[i].path);
            assert_string_equal(query, cases[i].query);
        }
    }
}

static void a_token_stands_behind_bearer(void **state)
{
    static const struct {
        const char *header, *token;
    } cases[] = {
        {"Bearer abc", "abc"},
        {"bearer abc", "abc"},
        {"BEARER   abc", "abc"},
        {"Bearer a b ", "a b "},
        {"Bearer ", NULL},
        {"Bearer   ", NULL},
        {"Bearer", NULL},
        {"Bearerabc", NULL},
        {" Bearer abc", NULL},
        {"Basic YTpi", NULL},
        {"", NULL},
        {NULL, NULL},
        {"Bearer\tabc", NULL},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        const char *token = http_bearer(cases[i].header);
        if (cases[i].token) {
            assert_non_null(token);
            assert_string_equal(token, cases[i].token);
        } else {
            assert_null(token);
        }
    }
}

static void a_host_is_local_by_address_or_localhost(void **state)
{
    static const struct {
        const char *host;
        bool is_local;
    } cases[] = {
        {"127.0.0.1", true},
        {"127.0.0.1:8053", true},
        {"192.0.2.1:8053", true},
        {"[::1]", true},
        {"[::1]:8053", true},
        {"[2001:db8::1]:8053", true},
        {"localhost", true},
        {"localhost:8053", true},
        {"LocalHost", true},
        {"", false},
        {":8053", false},
        {"[]", false},
        {"[localhost]", false},
        {"example.com", false},
        {"localhost.example.com", false},
        {"127.0.0.1.example.com", false},
        {"127.1", false},
        {"2130706433", false},
        {"localhostt", false},
        {"a.very.long.name.that.is.longer.than.any.address.could.ever.be.example.com", false},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
        if (http_host_is_local(cases[i].host) != cases[i].is_local)
            fail_msg("'%s'", cases[i].host);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(percent_signs_are_taken_off),
        cmocka_unit_test(a_token_stands_behind_bearer),
        cmocka_unit_test(a_host_is_local_by_address_or_localhost),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
