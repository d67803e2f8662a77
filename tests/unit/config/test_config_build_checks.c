#include "config_case.h"

static void none_is_always_there(void **state)
{
    (void)state;
    struct loaded loaded = load_good("zones: {}\n");
    assert_int_equal(loaded.config->check_count, 1);
    assert_string_equal(loaded.config->checks[0].name, "none");
    assert_int_equal(loaded.config->checks[0].kind, CONFIG_CHECK_NONE);
    assert_true(loaded.config->checks[0].assume_up);
    unload(&loaded);
}

static void a_check_has_defaults(void **state)
{
    (void)state;
    struct loaded loaded =
        load_good("checks: {h: {http: }, s: {https: {}}, t: {tcp: {port: 5432}}}\n");
    assert_int_equal(loaded.config->check_count, 4);
    const struct config_check *http = &loaded.config->checks[1];
    assert_string_equal(http->name, "h");
    assert_int_equal(http->kind, CONFIG_CHECK_HTTP);
    assert_int_equal(http->port, 80);
    assert_string_equal(http->path, "/");
    assert_string_equal(http->method, "GET");
    assert_null(http->host);
    assert_null(http->body);
    assert_null(http->ca_file);
    assert_int_equal(http->header_count, 0);
    assert_int_equal(http->status_count, 1);
    assert_int_equal(http->statuses[0].first, 200);
    assert_int_equal(http->statuses[0].last, 299);
    assert_int_equal(http->interval_ms, 10000);
    assert_int_equal(http->timeout_ms, 2000);
    assert_int_equal(http->confirm_ms, 100);
    assert_int_equal(http->fall, 3);
    assert_int_equal(http->rise, 3);
    assert_int_equal(http->min_down_ms, 30000);
    assert_true(http->assume_up);
    const struct config_check *https = &loaded.config->checks[2];
    assert_int_equal(https->kind, CONFIG_CHECK_HTTPS);
    assert_int_equal(https->port, 443);
    assert_true(https->verify);
    assert_int_equal(https->min_cert_days, 0);
    assert_int_equal(loaded.config->checks[3].kind, CONFIG_CHECK_TCP);
    assert_int_equal(loaded.config->checks[3].port, 5432);
    unload(&loaded);
}

static void everything_can_be_set(void **state)
{
    (void)state;
    struct loaded loaded = load_good("checks:\n"
                                     "  web:\n"
                                     "    https:\n"
                                     "      path: /healthz?full=1\n"
                                     "      method: POST\n"
                                     "      host: app.example.net\n"
                                     "      port: 8443\n"
                                     "      headers: {X-Probe: 'a b', Accept: ''}\n"
                                     "      status: [200, 300-399]\n"
                                     "      body: ok\n"
                                     "      verify: false\n"
                                     "      ca_file: ca.pem\n"
                                     "      min_cert_days: 7\n"
                                     "    interval: 1s\n"
                                     "    timeout: 500ms\n"
                                     "    confirm: 50ms\n"
                                     "    fall: 1\n"
                                     "    rise: 100\n"
                                     "    min_down: 0s\n"
                                     "    assume: down\n");
    const struct config_check *check = &loaded.config->checks[1];
    assert_string_equal(check->path, "/healthz?full=1");
    assert_string_equal(check->method, "POST");
    assert_string_equal(check->host, "app.example.net");
    assert_int_equal(check->port, 8443);
    assert_int_equal(check->header_count, 2);
    assert_string_equal(check->headers[0].name, "X-Probe");
    assert_string_equal(check->headers[0].value, "a b");
    assert_string_equal(check->headers[1].value, "");
    assert_int_equal(check->status_count, 2);
    assert_int_equal(check->statuses[0].last, 200);
    assert_int_equal(check->statuses[1].first, 300);
    assert_int_equal(check->statuses[1].last, 399);
    assert_string_equal(check->body, "ok");
    assert_false(check->verify);
    assert_string_equal(check->ca_file, "dir/ca.pem");
    assert_int_equal(check->min_cert_days, 7);
    assert_int_equal(check->interval_ms, 1000);
    assert_int_equal(check->timeout_ms, 500);
    assert_int_equal(check->confirm_ms, 50);
    assert_int_equal(check->fall, 1);
    assert_int_equal(check->rise, 100);
    assert_int_equal(check->min_down_ms, 0);
    assert_false(check->assume_up);
    assert_int_equal(check->place.line, 2);
    unload(&loaded);
}

static void a_timeout_that_is_not_written_leaves_room_in_the_interval(void **state)
{
    (void)state;

    static const struct {
        const char *text;
        uint32_t timeout_ms;
    } cases[] = {
        {"checks: {a: {tcp: {port: 1}, interval: 100ms}}\n", 80},
        {"checks: {a: {tcp: {port: 1}, interval: 1s}}\n", 800},
        {"checks: {a: {tcp: {port: 1}, interval: 2500ms}}\n", 2000},
        {"checks: {a: {tcp: {port: 1}, interval: 1h}}\n", 2000},
    };

    for (size_t i = 0; i < COUNT(cases); i++) {
        struct loaded loaded = load_good(cases[i].text);
        assert_int_equal(loaded.config->checks[1].timeout_ms, cases[i].timeout_ms);
        assert_false(has_warning(&loaded, "SYN"));
        unload(&loaded);
    }
}

static void timeouts_near_a_retransmission_are_warned_of(void **state)
{
    (void)state;

    static const struct {
        const char *text;
        bool warned;
    } cases[] = {
        {"checks:\n  a: {tcp: {port: 1}, timeout: 899ms}\n", false},
        {"checks:\n  a: {tcp: {port: 1}, timeout: 900ms}\n", true},
        {"checks:\n  a: {tcp: {port: 1}, timeout: 1s}\n", true},
        {"checks:\n  a: {tcp: {port: 1}, timeout: 1101ms}\n", false},
        {"checks:\n  a: {tcp: {port: 1}, timeout: 2s}\n", false},
        {"checks:\n  a: {tcp: {port: 1}, timeout: 3s}\n", true},
        {"checks:\n  a: {tcp: {port: 1}, timeout: 4s}\n", false},
    };

    for (size_t i = 0; i < COUNT(cases); i++) {
        struct loaded loaded = load_good(cases[i].text);
        assert_int_equal(has_warning(&loaded, "a lost SYN is sent again"), cases[i].warned);
        unload(&loaded);
    }
    expect_warning("checks:\n  a: {tcp: {port: 1}, timeout: 3s}\n", 2, "after 3 s");
}

static void mistakes_are_named_with_their_place(void **state)
{
    (void)state;

    static const struct broken cases[] = {
        {"checks: [a]\n", 1, 9, "'checks' must be a mapping", NULL, 0},
        {"checks: {a: }\n", 1, 10, "'a' must be a mapping, not nothing", NULL, 0},
        {"checks: {a: {}}\n", 1, 10, "does not say what to do", "tcp: {port: N}", 0},
        {"checks: {a: {interval: 1s}}\n", 1, 10, "does not say what to do", NULL, 0},
        {"checks: {none: {http: }}\n", 1, 10, "the check 'none' is there already", NULL, 0},
        {"checks: {None: {http: }}\n", 1, 10, "the check 'None' is there already, as 'none'",
         NULL, 0},
        {"checks: {a b: {http: }}\n", 1, 10, "cannot be the name of a check", NULL, 0},
        {"checks:\n  a:\n    http: {}\n    tcp: {port: 1}\n", 4, 5, "not of two",
         "'http' stands in line 3", 0},
        {"checks: {a: {htps: }}\n", 1, 14, "unknown key 'htps'", "did you mean 'https'?", 2},
        {"checks: {a: {http: }, a: {http: }}\n", 1, 23, "the key 'a' stands here twice", NULL,
         0},
        {"checks: {a: {http: , metric: {json: x}}}\n", 1, 22, "unknown key 'metric'", NULL, 0},
        {"checks: {a: {tcp: }}\n", 1, 14, "'tcp' must be a mapping, not nothing", NULL, 0},
        {"checks: {a: {tcp: {}}}\n", 1, 14, "a tcp check needs a port", "tcp: {port: 5432}", 0},
        {"checks: {a: {tcp: 80}}\n", 1, 19, "'tcp' must be a mapping, not '80'", NULL, 0},
        {"checks: {a: {tcp: {port: 0}}}\n", 1, 26, "from 1 to 65535, not '0'", NULL, 0},
        {"checks: {a: {tcp: {port: 65536}}}\n", 1, 26, "from 1 to 65535", NULL, 0},
        {"checks: {a: {tcp: {port: 080}}}\n", 1, 26, "from 1 to 65535", NULL, 0},
        {"checks: {a: {tcp: {path: /}}}\n", 1, 20, "unknown key 'path'", NULL, 2},
        {"checks: {a: {http: {path: healthz}}}\n", 1, 27, "'healthz' is no path", "/healthz",
         0},
        {"checks: {a: {http: {path: '/a b'}}}\n", 1, 27, "is no path", NULL, 0},
        {"checks: {a: {http: {path: \"/a\\r\\nX: y\"}}}\n", 1, 27, "is no path", NULL, 0},
        {"checks: {a: {http: {method: get}}}\n", 1, 29, "unknown value 'get' for 'method'",
         "did you mean 'GET'", 0},
        {"checks: {a: {http: {method: DELETE}}}\n", 1, 29, "unknown value 'DELETE'",
         "expected one of: GET", 0},
        {"checks: {a: {http: {method: HEAD, body: ok}}}\n", 1, 35, "the answer to HEAD", NULL,
         0},
        {"checks: {a: {http: {host: 'a b'}}}\n", 1, 27, "'a b' is no host name", NULL, 0},
        {"checks: {a: {http: {host: 'a.example:80'}}}\n", 1, 27, "is no host name",
         "without a port", 0},
        {"checks: {a: {http: {verify: false}}}\n", 1, 21, "unknown key 'verify'", NULL, 0},
        {"checks: {a: {https: {verify: no}}}\n", 1, 30,
         "'verify' must be true or false, not 'no'", NULL, 0},
        {"checks: {a: {https: {verify: True}}}\n", 1, 30, "must be true or false", NULL, 0},
        {"checks: {a: {https: {ca_file: []}}}\n", 1, 31, "'ca_file' must be a single value",
         NULL, 0},
        {"checks: {a: {https: {min_cert_days: 5d}}}\n", 1, 37, "from 0 to 3650, not '5d'", NULL,
         0},
        {"checks: {a: {http: {status: []}}}\n", 1, 29, "'status' has 0 items", NULL, 0},
        {"checks: {a: {http: {status: ok}}}\n", 1, 29, "'ok' is no status", "200-299", 0},
        {"checks: {a: {http: {status: [99]}}}\n", 1, 30, "'99' is no status", NULL, 0},
        {"checks: {a: {http: {status: [600]}}}\n", 1, 30, "'600' is no status", NULL, 0},
        {"checks: {a: {http: {status: [299-200]}}}\n", 1, 30, "'299-200' is no status", NULL,
         0},
        {"checks: {a: {http: {status: [200-2999]}}}\n", 1, 30, "is no status", NULL, 0},
        {"checks: {a: {http: {status: [2xx]}}}\n", 1, 30, "'2xx' is no status", NULL, 0},
        {"checks: {a: {http: {headers: [a]}}}\n", 1, 30, "'headers' must be a mapping", NULL,
         0},
        {"checks: {a: {http: {headers: {'X Y': z}}}}\n", 1, 31, "'X Y' is no name of a header",
         NULL, 0},
        {"checks: {a: {http: {headers: {host: z}}}}\n", 1, 31, "a key of its own", "host:", 0},
        {"checks: {a: {http: {headers: {X: [z]}}}}\n", 1, 34, "a header has a single value",
         NULL, 0},
        {"checks: {a: {http: {headers: {X: \"a\\r\\nY: b\"}}}}\n", 1, 34, "control characters",
         NULL, 0},
        {"checks: {a: {http: {body: ''}}}\n", 1, 27, "'body' is empty", NULL, 0},
        {"checks: {a: {http: , interval: 99ms}}\n", 1, 32, "a duration from 100ms to 1h", NULL,
         0},
        {"checks: {a: {http: , interval: 61m}}\n", 1, 32, "a duration from 100ms to 1h", NULL,
         0},
        {"checks: {a: {http: , timeout: 9ms}}\n", 1, 31, "a duration from 10ms to 1m", NULL, 0},
        {"checks: {a: {http: , timeout: 11s}}\n", 1, 31, "longer than the interval of 10s",
         "at most as long", 0},
        {"checks: {a: {http: , interval: 500ms, timeout: 501ms}}\n", 1, 48,
         "longer than the interval of 500ms", NULL, 0},
        {"checks: {a: {http: , fall: 0}}\n", 1, 28, "from 1 to 100, not '0'", NULL, 0},
        {"checks: {a: {http: , rise: 101}}\n", 1, 28, "from 1 to 100", NULL, 0},
        {"checks: {a: {http: , rise: many}}\n", 1, 28, "from 1 to 100", NULL, 0},
        {"checks: {a: {http: , min_down: 2h}}\n", 1, 32, "a duration from 0s to 1h", NULL, 0},
        {"checks: {a: {http: , confirm: 0s}}\n", 1, 31, "a duration from 10ms to 1m", NULL, 0},
        {"checks: {a: {http: , assume: maybe}}\n", 1, 30, "unknown value 'maybe'",
         "expected one of: up, down", 0},
    };

    expect_broken(cases, COUNT(cases));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(none_is_always_there),
        cmocka_unit_test(a_check_has_defaults),
        cmocka_unit_test(everything_can_be_set),
        cmocka_unit_test(a_timeout_that_is_not_written_leaves_room_in_the_interval),
        cmocka_unit_test(timeouts_near_a_retransmission_are_warned_of),
        cmocka_unit_test(mistakes_are_named_with_their_place),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
