#include "config_case.h"

static void everything_has_a_default(void **state)
{
    (void)state;
    static const char *const texts[] = {"zones: {}\n", "server:\n", "server: {}\n"};
    for (size_t i = 0; i < COUNT(texts); i++) {
        struct loaded loaded = load_good(texts[i]);
        const struct config_server *server = &loaded.config->server;
        assert_int_equal(server->listener_count, 2);
        assert_int_equal(server->listeners[0].addr.family, IP_V4);
        assert_int_equal(server->listeners[1].addr.family, IP_V6);
        assert_int_equal(server->listeners[0].port, 53);
        assert_int_equal(server->listeners[1].port, 53);
        assert_int_equal(server->workers, 0);
        assert_null(server->identity);
        assert_null(server->user);
        assert_null(server->state);
        assert_int_equal(server->udp_size_bytes, 1232);
        assert_int_equal(server->tcp_connections, 1000);
        assert_int_equal(server->tcp_per_prefix, 250);
        assert_int_equal(server->tcp_idle_ms, 10000);
        assert_int_equal(server->tcp_message_ms, 3000);
        assert_int_equal(server->drain_ms, 2000);
        assert_false(server->allow_shrink);
        assert_int_equal(server->probes_in_flight, 256);
        assert_int_equal(server->probe_commands, 16);
        assert_int_equal(server->probes_per_address, 8);
        unload(&loaded);
    }
}

static void everything_can_be_set(void **state)
{
    (void)state;
    struct loaded loaded = load_good("server:\n"
                                     "  listen: '127.0.0.1'\n"
                                     "  workers: 4\n"
                                     "  identity: ams1\n"
                                     "  user: rhumb\n"
                                     "  state: var\n"
                                     "  udp_size: 4096\n"
                                     "  tcp: {connections: 1, per_prefix: 2, idle: 500ms,\n"
                                     "        message: 100ms}\n"
                                     "  drain: 0s\n"
                                     "  allow_shrink: true\n"
                                     "  probes: {max_in_flight: 10, max_per_address: 2}\n");
    const struct config_server *server = &loaded.config->server;
    assert_int_equal(server->listener_count, 1);
    assert_int_equal(server->workers, 4);
    assert_string_equal(server->identity, "ams1");
    assert_string_equal(server->user, "rhumb");
    assert_string_equal(server->state, "dir/var");
    assert_int_equal(server->state_place.line, 6);
    assert_int_equal(server->udp_size_bytes, 4096);
    assert_int_equal(server->tcp_connections, 1);
    assert_int_equal(server->tcp_per_prefix, 2);
    assert_int_equal(server->tcp_idle_ms, 500);
    assert_int_equal(server->tcp_message_ms, 100);
    assert_int_equal(server->drain_ms, 0);
    assert_true(server->allow_shrink);
    assert_int_equal(server->probes_in_flight, 10);
    assert_int_equal(server->probes_per_address, 2);
    unload(&loaded);
}

static void listeners_are_an_address_and_perhaps_a_port(void **state)
{
    (void)state;

    static const struct {
        const char *text, *address;
        uint16_t port;
    } cases[] = {
        {"server: {listen: ['127.0.0.1:5300']}\n", "127.0.0.1", 5300},
        {"server: {listen: ['127.0.0.1']}\n", "127.0.0.1", 53},
        {"server: {listen: ['[::1]:5300']}\n", "::1", 5300},
        {"server: {listen: ['[::1]']}\n", "::1", 53},
        {"server: {listen: ['2001:db8::1']}\n", "2001:db8::1", 53},
        {"server:\n  listen:\n    - 0.0.0.0:65535\n", "0.0.0.0", 65535},
    };

    for (size_t i = 0; i < COUNT(cases); i++) {
        struct loaded loaded = load_good(cases[i].text);
        const struct config_listener *listener = &loaded.config->server.listeners[0];
        char buffer[IP_TEXT_MAX];
        assert_string_equal(ip_format(&listener->addr, buffer), cases[i].address);
        assert_int_equal(listener->port, cases[i].port);
        assert_true(listener->place.line > 0);
        unload(&loaded);
    }
}

static void mistakes_are_named_with_their_place(void **state)
{
    (void)state;

    static const struct broken cases[] = {
        {"server: 5\n", 1, 9, "'server' must be a mapping, not '5'", "key: value", 0},
        {"server: [a]\n", 1, 9, "'server' must be a mapping, not a list", NULL, 0},
        {"server:\n  lisen: ['::1']\n", 2, 3, "unknown key 'lisen'", "did you mean 'listen'",
         0},
        {"server:\n  wombat: /var/lib\n", 2, 3, "unknown key 'wombat'",
         "expected one of: listen", 0},
        {"server: {listen: []}\n", 1, 18, "'listen' has 0 items", NULL, 0},
        {"server: {listen: }\n", 1, 10, "'listen' must be a list, not nothing", NULL, 0},
        {"server: {listen: {a: 1}}\n", 1, 18, "'listen' must be a list, not a mapping", NULL,
         0},
        {"server: {listen: [localhost]}\n", 1, 19, "cannot listen on 'localhost'",
         "an address and a port", 0},
        {"server: {listen: ['127.0.0.1:0']}\n", 1, 19, "cannot listen on", NULL, 0},
        {"server: {listen: ['127.0.0.1:65536']}\n", 1, 19, "cannot listen on", NULL, 0},
        {"server: {listen: ['127.0.0.1:']}\n", 1, 19, "cannot listen on", NULL, 0},
        {"server: {listen: ['127.0.0.1:dns']}\n", 1, 19, "cannot listen on", NULL, 0},
        {"server: {listen: ['[::1']}\n", 1, 19, "cannot listen on", NULL, 0},
        {"server: {listen: ['[::1]5300']}\n", 1, 19, "cannot listen on", NULL, 0},
        {"server: {listen: ['[127.0.0.1]:53']}\n", 1, 19, "cannot listen on", NULL, 0},
        {"server: {listen: ['unix:/run/x']}\n", 1, 19, "cannot listen on", NULL, 0},
        {"server: {listen: [[a]]}\n", 1, 19, "'listen' must be a single value, not a list",
         NULL, 0},
        {"server: {listen: ['::1', '[::1]:53']}\n", 1, 26, "stands here twice", NULL, 0},
        {"server: {workers: 0}\n", 1, 19, "must be auto or a number from 1 to 256", NULL, 0},
        {"server: {workers: 257}\n", 1, 19, "must be auto or a number", "one per core", 0},
        {"server: {workers: many}\n", 1, 19, "must be auto or a number", NULL, 0},
        {"server: {identity: ''}\n", 1, 20, "'identity' is empty", NULL, 0},
        {"server: {udp_size: 511}\n", 1, 20, "a whole number from 512 to 4096, not '511'", NULL,
         0},
        {"server: {udp_size: 4097}\n", 1, 20, "a whole number from 512 to 4096", NULL, 0},
        {"server: {udp_size: 1k}\n", 1, 20, "a whole number from 512 to 4096", NULL, 0},
        {"server: {tcp: 10s}\n", 1, 15, "'tcp' must be a mapping", NULL, 0},
        {"server: {tcp: {idle: 10}}\n", 1, 22, "'idle' must be a duration from 100ms to 1h",
         "500ms, 10s, 5m or 1h", 0},
        {"server: {tcp: {idle: 2h}}\n", 1, 22, "'idle' must be a duration from 100ms to 1h",
         NULL, 0},
        {"server: {tcp: {idel: 10s}}\n", 1, 16, "unknown key 'idel'", "'idle'", 0},
        {"server: {tcp: {connections: 0}}\n", 1, 29, "from 1 to 100000", NULL, 0},
        {"server: {tcp: {per_prefix: 0}}\n", 1, 28, "from 1 to 100000", NULL, 0},
        {"server: {tcp: {message: 61s}}\n", 1, 25, "a duration from 100ms to 1m", NULL, 0},
        {"server: {drain: 61s}\n", 1, 17, "a duration from 0s to 1m", NULL, 0},
        {"server: {probes: {max_in_flight: -1}}\n", 1, 34, "a whole number from 1 to 10000",
         NULL, 0},
        {"server: {probes: {max: 1}}\n", 1, 19, "unknown key 'max'", "max_in_flight", 0},
        {"server: {state: ''}\n", 1, 17, "'state' is empty", NULL, 0},
        {"server: {state: [a]}\n", 1, 17, "'state' must be a single value", NULL, 0},
        {"server: {user: [a]}\n", 1, 16, "'user' must be a single value", NULL, 0},
    };

    expect_broken(cases, COUNT(cases));
}

static void an_identity_has_at_most_255_bytes(void **state)
{
    (void)state;
    char text[512];
    for (int len = 255; len <= 256; len++) {
        snprintf(text, sizeof(text), "server: {identity: %0*d}\n", len, 1);
        struct loaded loaded = load_bytes(text, strlen(text));
        assert_int_equal(loaded.err, len == 255 ? ERR_OK : ERR_INVALID);
        unload(&loaded);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(everything_has_a_default),
        cmocka_unit_test(everything_can_be_set),
        cmocka_unit_test(listeners_are_an_address_and_perhaps_a_port),
        cmocka_unit_test(mistakes_are_named_with_their_place),
        cmocka_unit_test(an_identity_has_at_most_255_bytes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
