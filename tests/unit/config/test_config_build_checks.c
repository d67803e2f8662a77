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

static void a_stream_can_be_told_what_to_send_and_expect(void **state)
{
    (void)state;
    struct loaded loaded = load_good("checks:\n"
                                     "  redis: {tcp: {port: 6379, send: 'PING\\r\\n',\n"
                                     "    expect: +PONG, source: [192.0.2.1, '2001:db8::1']}}\n"
                                     "  ldaps: {tls: {port: 636, host: ldap.example.net,\n"
                                     "    send: '0\\x0c\\0\\\\', expect: \"\\t\",\n"
                                     "    verify: false, ca_file: ca.pem, min_cert_days: 7}}\n"
                                     "  plain: {tls: {port: 636}}\n");
    const struct config_check *redis = &loaded.config->checks[1];
    assert_int_equal(redis->kind, CONFIG_CHECK_TCP);
    assert_int_equal(redis->send.len, 6);
    assert_memory_equal(redis->send.bytes, "PING\r\n", 6);
    assert_int_equal(redis->expect.len, 5);
    assert_memory_equal(redis->expect.bytes, "+PONG", 5);
    assert_int_equal(redis->source.v4.family, IP_V4);
    assert_int_equal(redis->source.v6.family, IP_V6);
    const struct config_check *ldaps = &loaded.config->checks[2];
    assert_int_equal(ldaps->kind, CONFIG_CHECK_TLS);
    assert_int_equal(ldaps->port, 636);
    assert_string_equal(ldaps->host, "ldap.example.net");
    assert_int_equal(ldaps->send.len, 4);
    assert_memory_equal(ldaps->send.bytes, "0\x0c\0\\", 4);
    assert_memory_equal(ldaps->expect.bytes, "\t", 1);
    assert_false(ldaps->verify);
    assert_string_equal(ldaps->ca_file, "dir/ca.pem");
    assert_int_equal(ldaps->min_cert_days, 7);
    const struct config_check *plain = &loaded.config->checks[3];
    assert_true(plain->verify);
    assert_int_equal(plain->send.len, 0);
    assert_int_equal(plain->expect.len, 0);
    assert_int_equal(plain->source.v4.family, IP_NONE);
    unload(&loaded);
}

static void http_has_more_to_ask_for(void **state)
{
    (void)state;
    struct loaded loaded =
        load_good("checks:\n"
                  "  a: {http: {body_regex: '\"ok\": *(true|1)', follow: 3,\n"
                  "    http_version: 2, source: 192.0.2.1},\n"
                  "    metric: {header: X-Lag, degraded: 2.5, down: 10}}\n"
                  "  b: {metric: {json: 'a.b[0].c', degraded: 9, down: -1},\n"
                  "    https: {http_version: 1.1}}\n"
                  "  c: {https: }\n");
    const struct config_check *a = &loaded.config->checks[1];
    assert_string_equal(a->body_regex, "\"ok\": *(true|1)");
    assert_int_equal(a->follow, 3);
    assert_int_equal(a->http_version, CONFIG_HTTP_2);
    assert_int_equal(a->source.v4.family, IP_V4);
    assert_string_equal(a->metric.header, "X-Lag");
    assert_null(a->metric.json);
    assert_true(a->metric.degraded == 2.5 && a->metric.down == 10);
    const struct config_check *b = &loaded.config->checks[2];
    assert_int_equal(b->http_version, CONFIG_HTTP_1_1);
    assert_string_equal(b->metric.json, "a.b[0].c");
    assert_true(b->metric.degraded == 9 && b->metric.down == -1);
    const struct config_check *c = &loaded.config->checks[3];
    assert_null(c->body_regex);
    assert_int_equal(c->follow, 0);
    assert_int_equal(c->http_version, CONFIG_HTTP_1_1);
    assert_null(c->metric.json);
    assert_null(c->metric.header);
    unload(&loaded);
}

static void grpc_asks_one_service_or_the_whole_server(void **state)
{
    (void)state;
    struct loaded loaded = load_good("checks:\n"
                                     "  a: {grpc: {port: 50051}}\n"
                                     "  b: {grpc: {port: 443, service: shop.Cart, tls: true,\n"
                                     "    host: cart.example.net, ca_file: ca.pem,\n"
                                     "    min_cert_days: 7, verify: true}}\n");
    const struct config_check *a = &loaded.config->checks[1];
    assert_int_equal(a->kind, CONFIG_CHECK_GRPC);
    assert_int_equal(a->port, 50051);
    assert_null(a->grpc_service);
    assert_false(a->grpc_tls);
    const struct config_check *b = &loaded.config->checks[2];
    assert_string_equal(b->grpc_service, "shop.Cart");
    assert_true(b->grpc_tls);
    assert_true(b->verify);
    assert_string_equal(b->host, "cart.example.net");
    assert_string_equal(b->ca_file, "dir/ca.pem");
    assert_int_equal(b->min_cert_days, 7);
    unload(&loaded);
}

static void mistakes_in_options_of_a_kind_are_named(void **state)
{
    (void)state;

    static const struct broken cases[] = {
        {"checks: {a: {tls: {}}}\n", 1, 14, "a tls check needs a port", "tls: {port: 636}", 0},
        {"checks: {a: {tls: {port: 0}}}\n", 1, 26, "from 1 to 65535, not '0'", NULL, 0},
        {"checks: {a: {tcp: {port: 1, host: x}}}\n", 1, 29, "unknown key 'host'", NULL, 0},
        {"checks: {a: {tcp: {port: 1, verify: true}}}\n", 1, 29, "unknown key 'verify'", NULL,
         0},
        {"checks: {a: {tls: {port: 1, host: 'a b'}}}\n", 1, 35, "'a b' is no host name",
         "without a port", 0},
        {"checks: {a: {tls: {port: 1, min_cert_days: x}}}\n", 1, 44, "from 0 to 3650", NULL, 0},
        {"checks: {a: {tcp: {port: 1, send: ''}}}\n", 1, 35, "'send' is empty", NULL, 0},
        {"checks: {a: {tcp: {port: 1, send: 'a\\q'}}}\n", 1, 35,
         "'\\q' means nothing in 'send'", "\\xHH", 0},
        {"checks: {a: {tcp: {port: 1, send: 'a\\'}}}\n", 1, 35, "means nothing", NULL, 0},
        {"checks: {a: {tcp: {port: 1, expect: '\\x4'}}}\n", 1, 37,
         "'\\x4' means nothing in 'expect'", NULL, 0},
        {"checks: {a: {tcp: {port: 1, source: here}}}\n", 1, 37, "'here' is no address",
         "an address of this machine", 0},
        {"checks: {a: {tcp: {port: 1, source: [192.0.2.1, 192.0.2.2]}}}\n", 1, 49,
         "two sources of one family", NULL, 0},
        {"checks: {a: {http: {source: []}}}\n", 1, 29, "'source' has 0 items", NULL, 0},
        {"checks: {a: {http: {body_regex: 'a(b'}}}\n", 1, 33,
         "'a(b' is no pattern: this '(' is never closed", "character 2: \"(b\"", 0},
        {"checks: {a: {http: {body_regex: 'a*'}}}\n", 1, 33, "and so everything", NULL, 0},
        {"checks: {a: {http: {method: HEAD, body_regex: ok}}}\n", 1, 35, "the answer to HEAD",
         "leave body_regex: out", 0},
        {"checks: {a: {http: {follow: 11}}}\n", 1, 29, "from 0 to 10, not '11'", NULL, 0},
        {"checks: {a: {http: {http_version: 3}}}\n", 1, 35, "unknown value '3'",
         "expected one of: 1.1, 2", 0},
        {"checks: {a: {grpc: {}}}\n", 1, 14, "a grpc check needs a port", "grpc: {port: 50051}",
         0},
        {"checks: {a: {grpc: {port: 1, service: ''}}}\n", 1, 39, "'service' is empty", NULL, 0},
        {"checks: {a: {grpc: {port: 1, tls: yes}}}\n", 1, 35, "must be true or false", NULL, 0},
        {"checks: {a: {grpc: {port: 1, ca_file: x}}}\n", 1, 30,
         "without TLS there is no certificate for 'ca_file'", "tls: true", 0},
        {"checks: {a: {grpc: {port: 1, tls: false, verify: false}}}\n", 1, 42,
         "no certificate for 'verify'", NULL, 0},
        {"checks: {a: {http: , metric: {degraded: 1, down: 2}}}\n", 1, 22,
         "does not say where it stands", "json: replica.lag", 0},
        {"checks: {a: {http: , metric: {json: x, header: y, degraded: 1, down: 2}}}\n", 1, 22,
         "not in both", NULL, 0},
        {"checks: {a: {http: , metric: {json: x, down: 2}}}\n", 1, 22,
         "a metric needs both limits", "degraded: 2, down: 10", 0},
        {"checks: {a: {http: , metric: {json: x, degraded: 2, down: 2}}}\n", 1, 59,
         "'down' and 'degraded' are the same", "whether high or low is bad", 0},
        {"checks: {a: {http: , metric: {json: 'a..b', degraded: 1, down: 2}}}\n", 1, 37,
         "'a..b' is no way to a value", "replica.lag[0].seconds", 0},
        {"checks: {a: {http: , metric: {header: 'X Y', degraded: 1, down: 2}}}\n", 1, 39,
         "'X Y' is no name of a header", NULL, 0},
        {"checks: {a: {http: , metric: {json: a, degraded: x, down: 2}}}\n", 1, 50,
         "'degraded' must be a number", NULL, 0},
        {"checks: {a: {metric: {json: a, degraded: 1, down: 2}, tcp: {port: 1}}}\n", 1, 14,
         "not tcp", "ask by http", 0},
        {"checks: {a: {http: {method: HEAD}, metric: {json: a, degraded: 1, down: 2}}}\n", 1,
         36, "the answer to HEAD", "a metric in a header", 0},
        {"checks: {a: {metric: {json: a, degraded: 1, down: 2}}}\n", 1, 10,
         "does not say what to do", NULL, 0},
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
        cmocka_unit_test(a_stream_can_be_told_what_to_send_and_expect),
        cmocka_unit_test(http_has_more_to_ask_for),
        cmocka_unit_test(grpc_asks_one_service_or_the_whole_server),
        cmocka_unit_test(mistakes_in_options_of_a_kind_are_named),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
