#include "config_case.h"

static void strangers_are_served_within_sane_limits_by_default(void **state)
{
    (void)state;
    struct loaded loaded = load_good("zones: {}\n");
    const struct config_server *server = &loaded.config->server;
    const struct config_rate_limit *rate = &server->rate_limit;
    struct ip_addr loopback[2];
    assert_true(server->cookies);
    assert_null(server->cookie_secrets);
    assert_null(server->version);
    assert_null(server->report_agent);
    assert_int_equal(server->udp_plain_bytes, 4096);
    assert_int_equal(server->udp_plain_ratio, 0);
    assert_int_equal(rate->per_second, 1000);
    assert_int_equal(rate->slip, 2);
    assert_int_equal(rate->v4_prefix, 24);
    assert_int_equal(rate->v6_prefix, 56);
    assert_int_equal(rate->exempt_count, 2);
    assert_true(ip_parse("127.1.2.3", &loopback[0]));
    assert_true(ip_parse("::1", &loopback[1]));
    for (unsigned i = 0; i < 2; i++)
        assert_true(ip_prefix_contains(&rate->exempt[i], &loopback[i]));
    unload(&loaded);
}

static void every_key_can_be_set(void **state)
{
    (void)state;
    struct loaded loaded =
        load_good("server:\n"
                  "  version: 'nine point nine'\n"
                  "  report_agent: er.example.net\n"
                  "  cookies: {enabled: false, secrets_file: cookie.secrets}\n"
                  "  max_udp_without_cookie: 600\n"
                  "  rate_limit: {per_second: 50, slip: 3, v4_prefix: 32, v6_prefix: 48,\n"
                  "               exempt: [192.0.2.0/24, '2001:db8::1']}\n");
    const struct config_server *server = &loaded.config->server;
    const struct config_rate_limit *rate = &server->rate_limit;
    assert_string_equal(server->version, "nine point nine");
    assert_string_equal(server->report_agent, "er.example.net.");
    assert_false(server->cookies);
    assert_string_equal(server->cookie_secrets, "dir/cookie.secrets");
    assert_int_equal(server->cookie_secrets_place.line, 4);
    assert_int_equal(server->udp_plain_bytes, 600);
    assert_int_equal(rate->per_second, 50);
    assert_int_equal(rate->slip, 3);
    assert_int_equal(rate->v4_prefix, 32);
    assert_int_equal(rate->v6_prefix, 48);
    assert_int_equal(rate->exempt_count, 2);
    assert_int_equal(rate->exempt[0].len, 24);
    assert_int_equal(rate->exempt[1].len, 128);
    unload(&loaded);
}

static void a_multiple_of_the_query_is_a_limit_too(void **state)
{
    (void)state;
    struct loaded loaded = load_good("server: {max_udp_without_cookie: 4x}\n");
    assert_int_equal(loaded.config->server.udp_plain_ratio, 4);
    unload(&loaded);
    loaded = load_good("server: {rate_limit: {exempt: []}}\n");
    assert_int_equal(loaded.config->server.rate_limit.exempt_count, 0);
    unload(&loaded);
}

static void what_makes_no_sense_is_refused_with_a_remedy(void **state)
{
    (void)state;

    static const struct broken cases[] = {
        {"server: {max_udp_without_cookie: 3x}\n", 1, 34, "cannot be '3x'", "from 4x to 100x",
         0},
        {"server: {max_udp_without_cookie: 101x}\n", 1, 34, "cannot be '101x'", NULL, 0},
        {"server: {max_udp_without_cookie: 511}\n", 1, 34, "cannot be '511'", "512 to 4096", 0},
        {"server: {max_udp_without_cookie: 4097}\n", 1, 34, "cannot be '4097'", NULL, 0},
        {"server: {max_udp_without_cookie: x}\n", 1, 34, "cannot be 'x'", NULL, 0},
        {"server: {max_udp_without_cookie: 4444444444x}\n", 1, 34, "cannot be '4444444444x'",
         NULL, 0},
        {"server: {max_udp_without_cookie: []}\n", 1, 34, "max_udp_without_cookie", NULL, 0},
        {"server: {rate_limit: {slip: 101}}\n", 1, 29, "'slip'", NULL, 0},
        {"server: {rate_limit: {v4_prefix: 0}}\n", 1, 34, "'v4_prefix'", NULL, 0},
        {"server: {rate_limit: {v6_prefix: 129}}\n", 1, 34, "'v6_prefix'", NULL, 0},
        {"server: {rate_limit: {per_second: 100001}}\n", 1, 35, "'per_second'", NULL, 0},
        {"server: {rate_limit: {exempt: [localhost]}}\n", 1, 32, "'localhost' is no network",
         "192.0.2.0/24", 0},
        {"server: {rate_limit: {exempt: [192.0.2.1/24]}}\n", 1, 32, "is no network",
         "did you mean '192.0.2.0/24'", 0},
        {"server: {rate_limit: {exempt: [a, 10.0.0.0/8, b, [c], '0.0.0.0/0']}}\n", 1, 32,
         "'a' is no network", NULL, 3},
        {"server: {rate_limit: {exempt: [{}]}}\n", 1, 32, "exempt", NULL, 0},
        {"server: {rate_limit: {exempt: {}}}\n", 1, 31, "exempt", NULL, 0},
        {"server: {rate_limit: {per_sec: 1}}\n", 1, 23, "per_sec", NULL, 0},
        {"server: {cookies: {enabled: maybe}}\n", 1, 29, "'enabled'", NULL, 0},
        {"server: {cookies: {secrets_file: {}}}\n", 1, 34, "secrets_file", NULL, 0},
        {"server: {cookies: {secret: x}}\n", 1, 20, "secret", "secrets_file", 0},
        {"server: {report_agent: 'a..b'}\n", 1, 24, "empty label", NULL, 0},
        {"server: {report_agent: '.'}\n", 1, 24, "cannot be the root", NULL, 0},
        {"server: {report_agent: []}\n", 1, 24, "report_agent", NULL, 0},
        {"server: {version: []}\n", 1, 19, "version", NULL, 0},
    };

    expect_broken(cases, COUNT(cases));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(strangers_are_served_within_sane_limits_by_default),
        cmocka_unit_test(every_key_can_be_set),
        cmocka_unit_test(a_multiple_of_the_query_is_a_limit_too),
        cmocka_unit_test(what_makes_no_sense_is_refused_with_a_remedy),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
