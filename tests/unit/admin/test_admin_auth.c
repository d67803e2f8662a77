#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "admin_auth.h"

/* sha256 of "abc" (FIPS 180-4, example B.1) */
static const uint8_t SHA256_OF_ABC[] = {
    0xba, 0x78, 0x16, 0xbf, 0x8f, 0x01, 0xcf, 0xea, 0x41, 0x41, 0x40,
    0xde, 0x5d, 0xae, 0x22, 0x23, 0xb0, 0x03, 0x61, 0xa3, 0x96, 0x17,
    0x7a, 0x9c, 0xb4, 0x10, 0xff, 0x61, 0xf2, 0x00, 0x15, 0xad,
};

static unsigned find(const struct admin_tokens *tokens, const char *token, const char *name)
{
    const char *found = "";
    unsigned scopes = admin_tokens_find(tokens, token, &found);
    assert_string_equal(found, name);
    return scopes;
}

static void a_token_is_known_by_its_digest(void **state)
{
    char secret[] = "0123456789abcdef";
    struct config_token list[] = {
        {.name = "ops", .scopes = CONFIG_SCOPE_READ | CONFIG_SCOPE_OPERATE},
        {.name = "file", .scopes = CONFIG_SCOPE_CONFIG, .secret = secret},
    };
    const struct config_admin config = {.tokens = list, .token_count = 2};

    (void)state;
    memcpy(list[0].sha256, SHA256_OF_ABC, sizeof(SHA256_OF_ABC));
    struct admin_tokens *tokens = admin_tokens_new(&config);
    assert_non_null(tokens);
    assert_int_equal(find(tokens, "abc", "ops"), CONFIG_SCOPE_READ | CONFIG_SCOPE_OPERATE);
    assert_int_equal(find(tokens, "0123456789abcdef", "file"), CONFIG_SCOPE_CONFIG);
    assert_int_equal(find(tokens, "ab", ""), 0);
    assert_int_equal(find(tokens, "abcd", ""), 0);
    assert_int_equal(find(tokens, "ABC", ""), 0);
    assert_int_equal(find(tokens, "abc ", ""), 0);
    assert_int_equal(find(tokens, "", ""), 0);
    admin_tokens_free(tokens);
}

static void the_secret_of_a_file_is_wiped(void **state)
{
    static const char nothing[sizeof("0123456789abcdef")];
    char secret[] = "0123456789abcdef";
    struct config_token token = {.name = "t", .scopes = CONFIG_SCOPE_READ, .secret = secret};
    const struct config_admin config = {.tokens = &token, .token_count = 1};

    (void)state;
    struct admin_tokens *tokens = admin_tokens_new(&config);
    assert_non_null(tokens);
    assert_memory_equal(secret, nothing, sizeof(secret));
    assert_int_equal(find(tokens, "0123456789abcdef", "t"), CONFIG_SCOPE_READ);
    admin_tokens_free(tokens);
}

static void without_tokens_none_is_known(void **state)
{
    static const struct config_admin config;

    (void)state;
    struct admin_tokens *tokens = admin_tokens_new(&config);
    assert_non_null(tokens);
    assert_int_equal(find(tokens, "abc", ""), 0);
    admin_tokens_free(tokens);
    admin_tokens_free(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_token_is_known_by_its_digest),
        cmocka_unit_test(the_secret_of_a_file_is_wiped),
        cmocka_unit_test(without_tokens_none_is_known),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
