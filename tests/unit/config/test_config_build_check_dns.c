#include "config_case.h"

static void a_question_has_defaults(void **state)
{
    (void)state;
    struct loaded loaded = load_good("checks: {a: {dns: {name: example.com}}}\n");
    const struct config_check *check = &loaded.config->checks[1];
    assert_int_equal(check->kind, CONFIG_CHECK_DNS);
    assert_int_equal(check->port, 53);
    assert_string_equal(check->dns.name, "example.com.");
    assert_int_equal(check->dns.type, 1);
    assert_int_equal(check->dns.rcode, 0);
    assert_int_equal(check->dns.address.family, IP_NONE);
    assert_false(check->dns.tcp);
    unload(&loaded);
}

static void everything_can_be_set(void **state)
{
    (void)state;
    struct loaded loaded =
        load_good("checks:\n"
                  "  a: {dns: {name: www.example.com., type: aaaa, port: 5353, tcp: true,\n"
                  "            rcode: NOERROR, address: '2001:db8::1'}}\n"
                  "  b: {dns: {name: ., type: NS, rcode: REFUSED}}\n"
                  "  c: {dns: {name: x.example, address: 192.0.2.1}}\n");
    const struct config_check *check = &loaded.config->checks[1];
    assert_int_equal(check->port, 5353);
    assert_string_equal(check->dns.name, "www.example.com.");
    assert_int_equal(check->dns.type, 28);
    assert_true(check->dns.tcp);
    assert_int_equal(check->dns.address.family, IP_V6);
    assert_string_equal(loaded.config->checks[2].dns.name, ".");
    assert_int_equal(loaded.config->checks[2].dns.rcode, 5);
    assert_int_equal(loaded.config->checks[3].dns.address.family, IP_V4);
    unload(&loaded);
}

static void any_type_can_be_asked_for(void **state)
{
    (void)state;

    static const struct {
        const char *text;
        uint16_t type;
    } cases[] = {
        {"SOA", 6}, {"https", 65}, {"TYPE255", 255}, {"type1", 1}, {"TYPE65535", 65535},
    };

    for (size_t i = 0; i < COUNT(cases); i++) {
        char text[128];
        snprintf(text, sizeof(text), "checks: {a: {dns: {name: x., type: %s}}}\n",
                 cases[i].text);
        struct loaded loaded = load_good(text);
        assert_int_equal(loaded.config->checks[1].dns.type, cases[i].type);
        unload(&loaded);
    }
}

static void only_tcp_has_a_syn_to_lose(void **state)
{
    (void)state;
    struct loaded loaded = load_good("checks: {a: {dns: {name: x.}, timeout: 1s}}\n");
    assert_false(has_warning(&loaded, "SYN"));
    unload(&loaded);
    expect_warning("checks: {a: {dns: {name: x., tcp: true}, timeout: 1s}}\n", 1, "SYN");
}

static void mistakes_are_named_with_their_place(void **state)
{
    (void)state;

    static const struct broken cases[] = {
        {"checks: {a: {dns: }}\n", 1, 14, "'dns' must be a mapping, not nothing", NULL, 0},
        {"checks: {a: {dns: {}}}\n", 1, 14, "a dns check needs a name", "dns: {name:", 0},
        {"checks: {a: {dns: {name: 'a b'}}}\n", 1, 26, "'a b'", NULL, 0},
        {"checks: {a: {dns: {name: a..b}}}\n", 1, 26, "'a..b'", NULL, 0},
        {"checks: {a: {dns: {name: x, type: AAA}}}\n", 1, 35, "'AAA' is no type of record",
         "TYPE99", 0},
        {"checks: {a: {dns: {name: x, type: TYPE}}}\n", 1, 35, "is no type", NULL, 0},
        {"checks: {a: {dns: {name: x, type: TYPE0}}}\n", 1, 35, "is no type", NULL, 0},
        {"checks: {a: {dns: {name: x, type: TYPE41}}}\n", 1, 35, "is no type", NULL, 0},
        {"checks: {a: {dns: {name: x, type: TYPE252}}}\n", 1, 35, "is no type", NULL, 0},
        {"checks: {a: {dns: {name: x, type: TYPE65536}}}\n", 1, 35, "is no type", NULL, 0},
        {"checks: {a: {dns: {name: x, rcode: NXDOMIAN}}}\n", 1, 36,
         "unknown value 'NXDOMIAN' for 'rcode'", "did you mean 'NXDOMAIN'", 0},
        {"checks: {a: {dns: {name: x, address: a.example}}}\n", 1, 38, "is no address",
         "192.0.2.1", 0},
        {"checks: {a: {dns: {name: x, address: '::1'}}}\n", 1, 38, "do not hold an IPv6",
         "type: AAAA", 0},
        {"checks: {a: {dns: {name: x, type: SOA, address: 192.0.2.1}}}\n", 1, 49,
         "do not hold an IPv4", "type: A ", 0},
        {"checks: {a: {dns: {name: x, rcode: REFUSED, address: 192.0.2.1}}}\n", 1, 54,
         "has no address", "leave out", 0},
        {"checks: {a: {dns: {name: x, port: 0}}}\n", 1, 35, "from 1 to 65535", NULL, 0},
        {"checks: {a: {dns: {name: x, tcp: 1}}}\n", 1, 34, "must be true or false", NULL, 0},
        {"checks: {a: {dns: {name: x, server: y}}}\n", 1, 29, "unknown key 'server'", NULL, 0},
    };

    expect_broken(cases, COUNT(cases));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_question_has_defaults),
        cmocka_unit_test(everything_can_be_set),
        cmocka_unit_test(any_type_can_be_asked_for),
        cmocka_unit_test(only_tcp_has_a_syn_to_lose),
        cmocka_unit_test(mistakes_are_named_with_their_place),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
