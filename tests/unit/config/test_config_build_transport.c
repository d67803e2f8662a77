#include "config_case.h"

static void tls_has_listeners_and_a_pair_of_files(void **state)
{
    (void)state;
    struct loaded loaded = load_good("server:\n"
                                     "  listen: '127.0.0.1'\n"
                                     "  tls:\n"
                                     "    listen: ['127.0.0.1', '[::1]:8853']\n"
                                     "    certificate: tls/server.pem\n"
                                     "    key: /etc/tls/server.key\n");
    const struct config_tls *tls = &loaded.config->server.tls;
    assert_int_equal(tls->listener_count, 2);
    assert_int_equal(tls->listeners[0].port, 853);
    assert_int_equal(tls->listeners[1].port, 8853);
    assert_int_equal(tls->listeners[1].addr.family, IP_V6);
    assert_string_equal(tls->certificate.path, "dir/tls/server.pem");
    assert_string_equal(tls->key.path, "/etc/tls/server.key");
    assert_int_equal(tls->certificate.place.line, 5);
    assert_int_equal(tls->key.place.line, 6);
    assert_int_equal(tls->key.place.column, 10);
    assert_int_equal(loaded.config->server.listeners[0].port, 53);
    unload(&loaded);
}

static void certificate_and_key_are_watched(void **state)
{
    (void)state;
    struct loaded loaded =
        load_good("server: {tls: {listen: '::1', certificate: c, key: k}}\n");
    assert_int_equal(loaded.config->file_count, 3);
    assert_string_equal(loaded.config->files[0], "dir/rhumb.yaml");
    assert_string_equal(loaded.config->files[1], "dir/c");
    assert_string_equal(loaded.config->files[2], "dir/k");
    unload(&loaded);
    loaded = load_good("server: {}\n");
    assert_int_equal(loaded.config->server.tls.listener_count, 0);
    assert_int_equal(loaded.config->file_count, 1);
    unload(&loaded);
}

static void proxies_are_networks(void **state)
{
    (void)state;
    struct loaded loaded =
        load_good("server: {proxy: [192.0.2.0/24, '2001:db8::1', 10.1.2.3]}\n");
    const struct config_server *server = &loaded.config->server;
    char text[IP_TEXT_MAX];
    assert_int_equal(server->proxy_count, 3);
    assert_string_equal(ip_prefix_format(&server->proxies[0], text), "192.0.2.0/24");
    assert_string_equal(ip_prefix_format(&server->proxies[1], text), "2001:db8::1/128");
    assert_string_equal(ip_prefix_format(&server->proxies[2], text), "10.1.2.3/32");
    unload(&loaded);
    loaded = load_good("server: {proxy: 192.0.2.1}\n");
    assert_int_equal(loaded.config->server.proxy_count, 1);
    unload(&loaded);
    loaded = load_good("server: {}\n");
    assert_int_equal(loaded.config->server.proxy_count, 0);
    unload(&loaded);
}

static void a_network_may_have_a_quarter_of_the_connections_but_no_fewer_than_64(void **state)
{
    (void)state;

    static const struct {
        const char *text;
        unsigned per_prefix;
    } cases[] = {
        {"server: {tcp: {connections: 1}}\n", 64},
        {"server: {tcp: {connections: 256}}\n", 64},
        {"server: {tcp: {connections: 260}}\n", 65},
        {"server: {tcp: {connections: 100000}}\n", 25000},
        {"server: {tcp: {connections: 16, per_prefix: 5}}\n", 5},
    };

    for (size_t i = 0; i < COUNT(cases); i++) {
        struct loaded loaded = load_good(cases[i].text);
        assert_int_equal(loaded.config->server.tcp_per_prefix, cases[i].per_prefix);
        unload(&loaded);
    }
}

static void mistakes_are_named_with_their_place(void **state)
{
    (void)state;

    static const struct broken cases[] = {
        {"server: {tls: yes}\n", 1, 15, "'tls' must be a mapping", NULL, 0},
        {"server: {tls: {listen: '::1', certificate: c}}\n", 1, 10, "'tls' needs 'key'",
         "certificate: server.pem", 0},
        {"server: {tls: {listen: '::1', key: k}}\n", 1, 10, "'tls' needs 'certificate'", NULL,
         0},
        {"server: {tls: {certificate: c, key: k}}\n", 1, 10, "'tls' needs 'listen'", NULL, 0},
        {"server: {tls: {}}\n", 1, 10, "'tls' needs 'listen'", NULL, 3},
        {"server: {tls: {listen: [], certificate: c, key: k}}\n", 1, 24, "'listen' has 0 items",
         NULL, 0},
        {"server: {tls: {listen: '::1', certificate: '', key: k}}\n", 1, 44,
         "'certificate' is empty", NULL, 0},
        {"server: {tls: {listen: '::1', certificate: c, key: [k]}}\n", 1, 52,
         "'key' must be a single value, not a list", NULL, 0},
        {"server: {tls: {listen: 'x:1', certificate: c, key: k}}\n", 1, 24,
         "cannot listen on 'x:1'", "127.0.0.1:853", 0},
        {"server: {tls: {listen: ['::1', '::1'], certificate: c, key: k}}\n", 1, 32,
         "stands here twice", NULL, 0},
        {"server: {tls: {listen: '::1', cert: c, key: k}}\n", 1, 31, "unknown key 'cert'", NULL,
         2},
        {"server: {listen: '[::1]:853', tls: {listen: '::1', certificate: c, key: k}}\n", 1, 45,
         "this listener stands in 'listen' of 'server' too", "a port of its own", 0},
        {"server: {proxy: []}\n", 1, 17, "'proxy' has 0 items", NULL, 0},
        {"server: {proxy: localhost}\n", 1, 17, "'localhost' is no network", "192.0.2.0/24", 0},
        {"server: {proxy: [10.0.0.1/8]}\n", 1, 18, "'10.0.0.1/8' is no network",
         "did you mean '10.0.0.0/8'", 0},
        {"server: {proxy: ['::/0']}\n", 1, 18, "would let everybody say who he is",
         "your proxies", 0},
        {"server: {proxy: [a, 10.0.0.0/8, b, [c], '0.0.0.0/0']}\n", 1, 18, "'a' is no network",
         NULL, 4},
        {"server: {proxy: [[a]]}\n", 1, 18, "'proxy' must be a single value", NULL, 0},
    };

    expect_broken(cases, COUNT(cases));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(tls_has_listeners_and_a_pair_of_files),
        cmocka_unit_test(certificate_and_key_are_watched),
        cmocka_unit_test(proxies_are_networks),
        cmocka_unit_test(a_network_may_have_a_quarter_of_the_connections_but_no_fewer_than_64),
        cmocka_unit_test(mistakes_are_named_with_their_place),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
