#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "../../../src/net/tcp_prefix.h"

enum { CONNS = 300 };

static struct ip_addr address(const char *text)
{
    struct ip_addr addr;
    assert_true(ip_parse(text, &addr));
    return addr;
}

static void a_network_is_a_24_or_a_56(void **state)
{
    static const struct {
        const char *one, *other;
        bool same;
    } cases[] = {
        {"192.0.2.1", "192.0.2.255", true},
        {"192.0.2.1", "192.0.3.1", false},
        {"2001:db8:0:1::1", "2001:db8:0:ff:ffff::", true},
        {"2001:db8:0:1::1", "2001:db8:0:100::1", false},
        {"0.0.0.0", "::", false},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct tcp_prefix_table table;
        assert_int_equal(tcp_prefix_table_init(&table, 2, i), ERR_OK);
        struct ip_addr one = address(cases[i].one), other = address(cases[i].other);
        struct tcp_prefix *prefix = tcp_prefix_join(&table, &one);
        assert_int_equal(prefix->count, 1);
        assert_int_equal(tcp_prefix_find(&table, &other) == prefix, cases[i].same);
        assert_int_equal(tcp_prefix_join(&table, &other) == prefix, cases[i].same);
        tcp_prefix_table_deinit(&table);
    }
}

static void networks_come_and_go_with_their_connections(void **state)
{
    (void)state;
    struct tcp_prefix_table table;
    struct tcp_prefix *prefixes[CONNS];
    assert_int_equal(tcp_prefix_table_init(&table, CONNS, 7), ERR_OK);
    for (unsigned round = 0; round < 3; round++) {
        for (unsigned i = 0; i < CONNS; i++) { /* as many networks as there may be */
            char text[IP_TEXT_MAX];
            snprintf(text, sizeof(text), "10.%u.%u.1", round + i / 200, i % 200);
            struct ip_addr addr = address(text);
            assert_null(tcp_prefix_find(&table, &addr));
            prefixes[i] = tcp_prefix_join(&table, &addr);
            assert_int_equal(prefixes[i]->count, 1);
            assert_ptr_equal(tcp_prefix_find(&table, &addr), prefixes[i]);
        }
        for (unsigned i = 0; i < CONNS; i++) { /* from every place of a chain */
            unsigned at = i * 7 % CONNS;
            struct ip_addr addr = prefixes[at]->network;
            tcp_prefix_leave(&table, prefixes[at]);
            assert_null(tcp_prefix_find(&table, &addr));
        }
    }
    tcp_prefix_table_deinit(&table);
}

static void a_network_stays_until_its_last_connection_goes(void **state)
{
    (void)state;
    struct tcp_prefix_table table;
    assert_int_equal(tcp_prefix_table_init(&table, 3, 7), ERR_OK);
    struct ip_addr addr = address("192.0.2.1");
    struct tcp_prefix *prefix = NULL;
    for (size_t i = 1; i <= 3; i++) {
        prefix = tcp_prefix_join(&table, &addr);
        assert_int_equal(prefix->count, i);
    }
    tcp_prefix_leave(&table, prefix);
    tcp_prefix_leave(&table, prefix);
    assert_ptr_equal(tcp_prefix_find(&table, &addr), prefix);
    tcp_prefix_leave(&table, prefix);
    assert_null(tcp_prefix_find(&table, &addr));
    tcp_prefix_table_deinit(&table);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_network_is_a_24_or_a_56),
        cmocka_unit_test(networks_come_and_go_with_their_connections),
        cmocka_unit_test(a_network_stays_until_its_last_connection_goes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
