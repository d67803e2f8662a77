#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "rhumb/ip.h"

static void prefix_texts_are_accepted_or_refused(void **state)
{
    (void)state;

    static const struct {
        const char *text;
        bool ok;
        const char *again;
    } cases[] = {
        {"192.0.2.0/24", true, "192.0.2.0/24"},
        {"192.0.2.1", true, "192.0.2.1/32"},
        {"0.0.0.0/0", true, "0.0.0.0/0"},
        {"2001:DB8::/32", true, "2001:db8::/32"},
        {"2001:db8::1", true, "2001:db8::1/128"},
        {"192.0.2.1/24", false, NULL},
        {"192.0.2.0/33", false, NULL},
        {"192.0.2.0/", false, NULL},
        {"192.0.2.0/2x", false, NULL},
        {"192.0.2/24", false, NULL},
        {"2001:db8::/129", false, NULL},
        {"", false, NULL},
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct ip_prefix prefix;
        char buffer[IP_TEXT_MAX];
        assert_int_equal(ip_prefix_parse(cases[i].text, &prefix), cases[i].ok);
        if (cases[i].ok)
            assert_string_equal(ip_prefix_format(&prefix, buffer), cases[i].again);
    }
}

static void embedded_addresses_are_found_inside(void **state)
{
    (void)state;

    static const struct {
        const char *outer, *inner; /* NULL: none */
        unsigned offset;
    } cases[] = {
        {"::ffff:192.0.2.1", "192.0.2.1/32", 96},
        {"64:ff9b::c000:201", "192.0.2.1/32", 96},
        {"64:ff9b::c000:0/112", "192.0.0.0/16", 96},
        {"2002:c000:201::/48", "192.0.2.1/32", 16},
        {"2002:c000::/32", "192.0.0.0/16", 16},
        {"2001:0:1111:1111:0:0:3fff:fdfe", "192.0.2.1/32", 96}, /* Teredo: inverted */
        {"2001:0:1111::/56", NULL, 0},
        {"2002::/16", NULL, 0},
        {"2001:db8::1", NULL, 0},
        {"192.0.2.1", NULL, 0},
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct ip_prefix outer, inner;
        unsigned offset = 0;
        char buffer[IP_TEXT_MAX];
        assert_true(ip_prefix_parse(cases[i].outer, &outer));
        assert_int_equal(ip_embedded(&outer, &inner, &offset), cases[i].inner != NULL);
        if (!cases[i].inner)
            continue;
        assert_string_equal(ip_prefix_format(&inner, buffer), cases[i].inner);
        assert_int_equal(offset, cases[i].offset);
    }
}

static void masking_and_containing_agree(void **state)
{
    (void)state;
    struct ip_prefix prefix;
    struct ip_addr in, out, v6;
    assert_true(ip_prefix_parse("198.51.96.0/19", &prefix));
    assert_true(ip_parse("198.51.127.255", &in));
    assert_true(ip_parse("198.51.128.0", &out));
    assert_true(ip_parse("c633:6000::", &v6));
    assert_true(ip_prefix_contains(&prefix, &in));
    assert_false(ip_prefix_contains(&prefix, &out));
    assert_false(ip_prefix_contains(&prefix, &v6));
    struct ip_addr masked = ip_masked(&in, 19);
    assert_true(ip_equal(&masked, &prefix.addr));
}

static void socket_addresses_go_both_ways(void **state)
{
    (void)state;
    static const char *const texts[][2] = {
        {"192.0.2.1", "192.0.2.1"},
        {"2001:db8::1", "2001:db8::1"},
        {"::ffff:192.0.2.1", "192.0.2.1"}, /* what a dual-stack socket reports */
    };
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        struct ip_addr addr, again;
        struct sockaddr_storage storage;
        uint16_t port = 0;
        char buffer[IP_TEXT_MAX];
        assert_true(ip_parse(texts[i][0], &addr));
        ip_to_sockaddr(&addr, 5300, &storage);
        assert_true(ip_from_sockaddr((const struct sockaddr *)&storage, &again, &port));
        assert_string_equal(ip_format(&again, buffer), texts[i][1]);
        assert_int_equal(port, 5300);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(prefix_texts_are_accepted_or_refused),
        cmocka_unit_test(embedded_addresses_are_found_inside),
        cmocka_unit_test(masking_and_containing_agree),
        cmocka_unit_test(socket_addresses_go_both_ways),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
