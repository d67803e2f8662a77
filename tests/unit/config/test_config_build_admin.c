#include <sys/stat.h>

#include "../../support/temp_folder.h"
#include "config_case.h"

#define DIGEST "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1eFF"

static void without_a_state_folder_nothing_listens(void **state)
{
    (void)state;
    static const char *const texts[] = {"server: {}\n", "admin:\n", "admin: {listen: []}\n"};
    for (size_t i = 0; i < COUNT(texts); i++) {
        struct loaded loaded = load_good(texts[i]);
        assert_int_equal(loaded.config->admin.listener_count, 0);
        assert_int_equal(loaded.config->admin.token_count, 0);
        unload(&loaded);
    }
}

static void the_default_is_a_socket_beside_the_state(void **state)
{
    (void)state;
    struct loaded loaded = load_good("server: {state: var}\n");
    assert_true(loaded.config->admin.is_default);
    assert_int_equal(loaded.config->admin.listener_count, 1);
    assert_string_equal(loaded.config->admin.listeners[0].path, "dir/var/admin.sock");
    unload(&loaded);
    loaded = load_good("server: {state: var}\nadmin: {listen: []}\n");
    assert_int_equal(loaded.config->admin.listener_count, 0);
    unload(&loaded);
}

static void a_default_path_that_is_too_long_is_told(void **state)
{
    (void)state;
    char text[200], name[101];
    memset(name, 'x', 100);
    name[100] = '\0';
    snprintf(text, sizeof(text), "server: {state: /%s}\n", name);
    expect_warning(text, 1, "no admin API");
}

static void everything_can_be_said(void **state)
{
    (void)state;
    struct loaded loaded = load_good(
        "admin:\n"
        "  listen: ['unix:/run/rhumb/admin.sock', '127.0.0.1', '[::1]:80', '192.0.2.1:1']\n"
        "  tokens:\n"
        "    ops: {sha256: " DIGEST ", scopes: [read, operate]}\n"
        "    all: {sha256: " DIGEST ", scopes: [config]}\n"
        "    look: {sha256: " DIGEST "}\n");
    const struct config_admin *admin = &loaded.config->admin;
    assert_int_equal(admin->listener_count, 4);
    assert_string_equal(admin->listeners[0].path, "/run/rhumb/admin.sock");
    assert_null(admin->listeners[1].path);
    assert_int_equal(admin->listeners[1].port, 8053);
    assert_int_equal(admin->listeners[2].port, 80);
    assert_int_equal(admin->token_count, 3);
    assert_string_equal(admin->tokens[0].name, "ops");
    assert_int_equal(admin->tokens[0].sha256[0], 0);
    assert_int_equal(admin->tokens[0].sha256[10], 10);
    assert_int_equal(admin->tokens[0].sha256[31], 255);
    assert_null(admin->tokens[0].secret);
    assert_int_equal(admin->tokens[0].scopes, CONFIG_SCOPE_READ | CONFIG_SCOPE_OPERATE);
    assert_int_equal(admin->tokens[1].scopes, CONFIG_SCOPE_CONFIG);
    assert_int_equal(admin->tokens[2].scopes, CONFIG_SCOPE_READ);
    unload(&loaded);
}

static void a_token_may_come_from_a_file_that_is_watched(void **state)
{
    (void)state;
    struct temp_folder folder;
    char path[TEMP_PATH_MAX], text[TEMP_PATH_MAX + 100];
    temp_folder_open(&folder);
    temp_write(&folder, "token", "0123456789abcdef\nsecond line\n");
    assert_int_equal(chmod(temp_path(&folder, "token", path), 0600), 0);
    snprintf(text, sizeof(text), "admin: {tokens: {ops: {file: %s}}}\n", path);
    struct loaded loaded = load_good(text);
    assert_string_equal(loaded.config->admin.tokens[0].secret, "0123456789abcdef");
    assert_int_equal(loaded.config->file_count, 2);
    assert_string_equal(loaded.config->files[1], path);
    unload(&loaded);
    assert_int_equal(chmod(path, 0644), 0);
    expect_warning(text, 1, "others than its owner may read the secret");
    temp_write(&folder, "token", "short\n");
    expect_one_broken(&(struct broken){text, 1, 30, "at least 16 characters", "openssl", 0});
    temp_folder_close(&folder);
}

static void mistakes_are_told(void **state)
{
    (void)state;

    static const struct broken cases[] = {
        {"admin: 1\n", 1, 8, "mapping", NULL, 0},
        {"admin: {listne: x}\n", 1, 9, "unknown key 'listne'", "'listen'", 0},
        {"admin: {listen: x}\n", 1, 17, "cannot listen on 'x'", "127.0.0.1:8053", 0},
        {"admin: {listen: 'unix:'}\n", 1, 17, "needs a path", "unix:/run", 0},
        {"admin: {listen: '127.0.0.1:0'}\n", 1, 17, "cannot listen", NULL, 0},
        {"admin: {listen: 0.0.0.0}\n", 1, 17, "needs a token", "tokens", 0},
        {"admin: {listen: '::'}\n", 1, 17, "needs a token", "Unix socket", 0},
        {"admin: {tokens: [a]}\n", 1, 17, "mapping", NULL, 0},
        {"admin: {tokens: {a: {}}}\n", 1, 18, "token 'a' has no secret", "sha256", 0},
        {"admin: {tokens: {a b: {sha256: " DIGEST "}}}\n", 1, 18, "a b", NULL, 0},
        {"admin: {tokens: {a: {sha256: 12}}}\n", 1, 30, "64 hexadecimal digits", "sha256sum",
         0},
        {"admin: {tokens: {a: {sha256: " DIGEST "0}}}\n", 1, 30, "64 hexadecimal", NULL, 0},
        {"admin: {tokens: {a: {sha256: " DIGEST ", scopes: write}}}\n", 1, 104,
         "unknown value 'write'", NULL, 0},
        {"admin: {tokens: {a: {sha256: " DIGEST ", scopes: []}}}\n", 1, 104, "scopes", NULL, 0},
        {"admin: {tokens: {a: {file: nofile}}}\n", 1, 28, "nofile", NULL, 0},
    };

    expect_broken(cases, COUNT(cases));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(without_a_state_folder_nothing_listens),
        cmocka_unit_test(the_default_is_a_socket_beside_the_state),
        cmocka_unit_test(a_default_path_that_is_too_long_is_told),
        cmocka_unit_test(everything_can_be_said),
        cmocka_unit_test(a_token_may_come_from_a_file_that_is_watched),
        cmocka_unit_test(mistakes_are_told),
    };
    return cmocka_run_group_tests_name("config_build_admin", tests, NULL, NULL);
}
