/* Where the server is, and how a URL and an age are written. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "age.h"
#include "server_place.h"
#include "url_text.h"

enum { BYTES_MAX = 64 * 1024 };

static const char *text_or_dash(const char *text)
{
    return text ? text : "-";
}

static void a_place_is_a_path_an_address_or_a_url(void **state)
{
    static const struct {
        const char *text, *path, *url;
    } cases[] = {
        {"/run/rhumb/admin.sock", "/run/rhumb/admin.sock", NULL},
        {"admin.sock", "admin.sock", NULL},
        {"unix:/run/a.sock", "/run/a.sock", NULL},
        {"127.0.0.1:8053", NULL, "http://127.0.0.1:8053"},
        {"[::1]:8053", NULL, "http://[::1]:8053"},
        {"http://192.0.2.1:8053/", NULL, "http://192.0.2.1:8053"},
        {"https://dns.example.net", NULL, "https://dns.example.net"},
        {"::1:8053", "::1:8053", NULL}, /* an IPv6 address without brackets has no port */
        {"[127.0.0.1]:8053", "[127.0.0.1]:8053", NULL},
        {"127.0.0.1", "127.0.0.1", NULL},
        {"127.0.0.1:", "127.0.0.1:", NULL},
        {"127.0.0.1:80a", "127.0.0.1:80a", NULL},
        {"[]:80", "[]:80", NULL},
        {":80", ":80", NULL},
        {"a:80", "a:80", NULL},
        {"", NULL, NULL},
        {"unix:", NULL, NULL},
    };

    struct arena *arena = arena_new(BYTES_MAX);
    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct server_place place;
        assert_int_equal(server_place_parse(cases[i].text, arena, &place),
                         cases[i].path || cases[i].url);
        assert_string_equal(text_or_dash(place.path), text_or_dash(cases[i].path));
        assert_string_equal(text_or_dash(place.url), text_or_dash(cases[i].url));
    }
    arena_free(arena);
}

static void a_listener_is_asked_where_it_can_be_reached(void **state)
{
    static const struct {
        const char *addr, *url;
    } cases[] = {
        {"192.0.2.1", "http://192.0.2.1:8053"},
        {"2001:db8::1", "http://[2001:db8::1]:8053"},
        {"0.0.0.0", "http://127.0.0.1:8053"},
        {"::", "http://[::1]:8053"},
    };

    struct arena *arena = arena_new(BYTES_MAX);
    struct server_place place;
    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct config_admin_listener listener = {.port = 8053};
        assert_true(ip_parse(cases[i].addr, &listener.addr));
        assert_true(server_place_listener(&listener, arena, &place));
        assert_string_equal(place.url, cases[i].url);
        assert_null(place.path);
    }
    const struct config_admin_listener unix_listener = {.path = "/run/a.sock"};
    assert_true(server_place_listener(&unix_listener, arena, &place));
    assert_string_equal(place.path, "/run/a.sock");
    arena_free(arena);
}

/* finds - where, and who said so; the environment has this RHUMB_SOCKET. */
static void finds(const struct options *options, const char *environment, const char *path,
                  const char *source)
{
    struct arena *arena = arena_new(BYTES_MAX);
    struct server_place place;
    if (environment)
        setenv("RHUMB_SOCKET", environment, 1);
    else
        unsetenv("RHUMB_SOCKET");
    assert_true(server_place_find(options, arena, stderr, &place));
    assert_string_equal(place.path, path);
    assert_string_equal(place.source, source);
    arena_free(arena);
}

static void what_is_said_nearer_comes_first(void **state)
{
    char file[] = "/tmp/rhumb-place-XXXXXX";
    static const char text[] =
        "admin: {listen: [\"unix:/run/of-config.sock\", \"127.0.0.1:8053\"]}\n";
    int fd = mkstemp(file);
    (void)state;
    assert_true(fd >= 0);
    assert_int_equal(write(fd, text, sizeof(text) - 1), sizeof(text) - 1);
    close(fd);

    struct options options = {.config_path = file, .config_is_default = true};
    finds(&options, NULL, "/run/of-config.sock", file);
    finds(&options, "", "/run/of-config.sock", file);
    finds(&options, "/run/of-environment.sock", "/run/of-environment.sock", "RHUMB_SOCKET");
    options.config_is_default = false; /* -c was said */
    finds(&options, "/run/of-environment.sock", "/run/of-config.sock", file);
    options.socket = "/run/of-option.sock";
    finds(&options, "/run/of-environment.sock", "/run/of-option.sock", "--socket");
    unlink(file);
}

/* complains - server_place_find() of a configuration with this text; NULL: without the file. */
static void complains(const char *text, const char *wanted)
{
    char file[] = "/tmp/rhumb-place-XXXXXX", *told = NULL;
    size_t len = 0;
    int fd = mkstemp(file);
    assert_true(fd >= 0);
    if (text)
        assert_int_equal(write(fd, text, strlen(text)), strlen(text));
    else
        unlink(file);
    close(fd);
    unsetenv("RHUMB_SOCKET");
    struct options options = {.config_path = file, .config_is_default = true};
    struct arena *arena = arena_new(BYTES_MAX);
    struct server_place place;
    FILE *errors = open_memstream(&told, &len);
    assert_false(server_place_find(&options, arena, errors, &place));
    fclose(errors);
    if (!strstr(told, wanted))
        print_error("%s", told);
    assert_non_null(strstr(told, wanted));
    assert_non_null(strstr(told, "--socket PATH or RHUMB_SOCKET"));
    free(told);
    arena_free(arena);
    unlink(file);
}

static void a_configuration_that_does_not_say_is_told(void **state)
{
    (void)state;
    complains("server: {identity: x}\n", "opens no admin API");
    complains("server: {identty: x}\n", "did you mean 'identity'?");
    complains(NULL, "No such file");
}

static void urls_are_percent_encoded(void **state)
{
    struct text url;
    (void)state;
    text_init(&url, BYTES_MAX);
    text_printf(&url, "/v1/services/");
    url_text_put(&url, "a b/c?d%ü-._~Z9");
    url_text_put_query(&url, "region", NULL);
    url_text_put_query(&url, "service", "app");
    url_text_put_query(&url, "client", "2001:db8::/56");
    assert_string_equal(text_get(&url), "/v1/services/a%20b%2Fc%3Fd%25%C3%BC-._~Z9?service=app&"
                                        "client=2001%3Adb8%3A%3A%2F56");
    text_deinit(&url);
}

static void ages_have_two_units_at_most(void **state)
{
    static const struct {
        uint64_t ms;
        const char *text;
    } cases[] = {
        {0, "0s"},
        {999, "0s"},
        {59999, "59s"},
        {60000, "1m"},
        {192000, "3m 12s"},
        {3600000, "1h"},
        {3659000, "1h"},
        {7500000, "2h 5m"},
        {86400000, "1d"},
        {86400000 + 3 * 3600000 + 59000, "1d 3h"},
        {UINT64_C(400) * 86400000, "400d"},
    };

    char buffer[AGE_TEXT_MAX];
    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
        assert_string_equal(age_format(cases[i].ms, buffer), cases[i].text);
    assert_string_equal(age_since(1000, 61000, buffer), "1m");
    assert_string_equal(age_since(61000, 1000, buffer), "0s"); /* another clock is ahead */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_place_is_a_path_an_address_or_a_url),
        cmocka_unit_test(a_listener_is_asked_where_it_can_be_reached),
        cmocka_unit_test(what_is_said_nearer_comes_first),
        cmocka_unit_test(a_configuration_that_does_not_say_is_told),
        cmocka_unit_test(urls_are_percent_encoded),
        cmocka_unit_test(ages_have_two_units_at_most),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
