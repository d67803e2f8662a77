#include "config_case.h"

static void regions_are_read_in_order_with_their_defaults(void **state)
{
    (void)state;
    struct loaded loaded = load_good(
        PLACES
        "services:\n"
        "  a:\n"
        "    regions:\n"
        "      us: {addresses: [192.0.2.1, '2001:db8::1'], weight: 0}\n"
        "      eu: {names: [a.example.net, b.example.net.], bias_km: -12.5, capacity: 250.5,\n"
        "           weight: 10000, serves: [DE, 192.0.2.0/24, default]}\n"
        "      lab: {service: b}\n"
        "      asia: {service: b}\n"
        "  b: {regions: {eu: {addresses: 192.0.2.9}}}\n");
    const struct config_service *a = &loaded.config->services[0];
    assert_int_equal(a->region_count, 4);
    const struct config_service_region *us = &a->regions[0], *eu = &a->regions[1];
    assert_string_equal(us->name, "us");
    assert_string_equal(loaded.config->regions[us->region].name, "us");
    assert_int_equal(us->address_count, 2);
    assert_int_equal(us->addresses[0].family, IP_V4);
    assert_int_equal(us->addresses[1].family, IP_V6);
    assert_int_equal(us->weight, 0);
    assert_int_equal(us->serves_count, 0);
    assert_int_equal(us->service, CONFIG_NONE);
    assert_int_equal(us->place.line, 5);
    assert_int_equal(eu->name_count, 2);
    assert_string_equal(eu->names[0], "a.example.net.");
    assert_string_equal(eu->names[1], "b.example.net.");
    assert_true(eu->bias_km == -12.5);
    assert_true(eu->capacity == 250.5);
    assert_true(us->capacity == 0);
    assert_int_equal(eu->weight, 10000);
    assert_int_equal(eu->serves_count, 3);
    assert_int_equal(eu->serves[1].kind, CONFIG_MATCH_NETWORK);
    assert_int_equal(eu->serves[2].kind, CONFIG_MATCH_DEFAULT);
    assert_int_equal(eu->serves[2].place.line, 7);
    assert_int_equal(a->regions[2].region,
                     CONFIG_NONE); /* a name for the nested service only */
    assert_int_equal(a->regions[2].service, 1);
    assert_int_equal(a->regions[3].region, 2); /* nested, and a place as well */
    assert_int_equal(a->regions[3].weight, 1);
    unload(&loaded);
}

static void mistakes_are_named_with_their_place(void **state)
{
    (void)state;

    static const struct broken cases[] = {
        {PLACES "services: {a: {regions: [eu]}}\n", 2, 25, "'regions' must be a mapping", NULL,
         2},
        {PLACES "services: {a: {regions: {eu: 192.0.2.1}}}\n", 2, 30,
         "'eu' must be a mapping, not '192.0.2.1'", NULL, 0},
        {PLACES "services: {a: {regions: {eu: {}}}}\n", 2, 26,
         "the region 'eu' has no endpoints", "addresses:, names: or service:", 0},
        {PLACES "services: {a: {regions: {uk: {addresses: 192.0.2.1}}}}\n", 2, 26,
         "there is no region 'uk'", "did you mean", 0},
        {PLACES "services: {a: {regions: {mars: {addresses: 192.0.2.1}}}}\n", 2, 26,
         "there is no region 'mars'", "expected one of: eu, us, asia", 0},
        {"services: {a: {regions: {eu: {addresses: 192.0.2.1}}}}\n", 1, 26,
         "there is no region 'eu'", "define it in 'regions:'", 0},
        {PLACES "services: {a: {regions: {eu: {adresses: [192.0.2.1]}}}}\n", 2, 31,
         "unknown key 'adresses'", "did you mean 'addresses'?", 2},
        {PLACES "services: {a: {regions: {eu: {addresses: []}}}}\n", 2, 42,
         "'addresses' has 0 items", NULL, 0},
        {PLACES "services: {a: {regions: {eu: {addresses: [192.0.2.256]}}}}\n", 2, 43,
         "'192.0.2.256' is no address", "2001:db8::1", 0},
        {PLACES "services: {a: {regions: {eu: {addresses: [192.0.2.1/32]}}}}\n", 2, 43,
         "is no address", NULL, 0},
        {PLACES "services: {a: {regions: {eu: {addresses: [a.example]}}}}\n", 2, 43,
         "is no address", "names:", 0},
        {PLACES "services: {a: {regions: {eu: {addresses: ['192.0.2.1:80']}}}}\n", 2, 43,
         "is no address", NULL, 0},
        {PLACES "services: {a: {regions: {eu: {addresses: [0.0.0.0]}}}}\n", 2, 43,
         "no client can connect to 0.0.0.0", "unicast", 0},
        {PLACES "services: {a: {regions: {eu: {addresses: [224.0.0.1]}}}}\n", 2, 43,
         "no client can connect", NULL, 0},
        {PLACES "services: {a: {regions: {eu: {addresses: ['::']}}}}\n", 2, 43,
         "no client can connect", NULL, 0},
        {PLACES "services: {a: {regions: {eu: {addresses: ['ff02::1']}}}}\n", 2, 43,
         "no client can connect", NULL, 0},
        {PLACES "services: {a: {regions: {eu: {addresses: ['::ffff:192.0.2.1']}}}}\n", 2, 43,
         "no client can connect", NULL, 0},
        {PLACES "services: {a: {regions: {eu: {addresses: [192.0.2.1, 192.0.2.1]}}}}\n", 2, 54,
         "the address 192.0.2.1 stands here twice", NULL, 0},
        {PLACES "services: {a: {regions: {eu: {addresses: ['::1', '0:0::1']}}}}\n", 2, 50,
         "the address 0:0::1 stands here twice", NULL, 0},
        {PLACES "services: {a: {regions: {eu: {addresses: 192.0.2.1, names: a.example}}}}\n", 2,
         53, "'names' and 'addresses' exclude each other", "keep one", 0},
        {PLACES "services:\n  a: {regions: {eu: {addresses: 192.0.2.1, service: b}}}\n"
                "  b: {regions: {eu: {addresses: 192.0.2.1}}}\n",
         3, 44, "'service' and 'addresses' exclude each other", NULL, 0},
        {PLACES "services: {a: {regions: {eu: {names: [a.example, A.example.]}}}}\n", 2, 50,
         "the name A.example. stands here twice", NULL, 0},
        {PLACES "services: {a: {regions: {eu: {names: [192.0.2.1]}}}}\n", 2, 39,
         "192.0.2.1 is an address, not a name", "addresses:", 0},
        {PLACES "services: {a: {regions: {eu: {names: [a..example]}}}}\n", 2, 39,
         "the name 'a..example' has an empty label", NULL, 0},
        {PLACES "services: {a: {regions: {eu: {names: ['a b.example']}}}}\n", 2, 39,
         "a character that does not belong there", NULL, 0},
        {PLACES "services: {a: {regions: {eu: {service: b}}}}\n", 2, 40,
         "there is no service 'b'", "expected one of: a", 0},
        {PLACES "services: {app: {regions: {eu: {service: apo}}}}\n", 2, 42,
         "there is no service 'apo'", "did you mean 'app'?", 0},
        {PLACES "services:\n  a: {regions: {l.ab: {service: b}}}\n"
                "  b: {regions: {eu: {addresses: 192.0.2.1}}}\n",
         3, 17, "cannot be the name of a region", NULL, 0},
        {PLACES "services: {a: {regions: {eu: {addresses: 192.0.2.1, weight: -1}}}}\n", 2, 61,
         "from 0 to 10000, not '-1'", NULL, 0},
        {PLACES "services: {a: {regions: {eu: {addresses: 192.0.2.1, weight: 10001}}}}\n", 2,
         61, "from 0 to 10000", NULL, 0},
        {PLACES "services: {a: {regions: {eu: {addresses: 192.0.2.1, weight: 70%}}}}\n", 2, 61,
         "from 0 to 10000", NULL, 0},
        {PLACES "services: {a: {regions: {eu: {addresses: 192.0.2.1, bias_km: far}}}}\n", 2, 62,
         "a number from -20000 to 20000", NULL, 0},
        {PLACES "services: {a: {regions: {eu: {addresses: 192.0.2.1, capacity: 0}}}}\n", 2, 63,
         "a number from 1 to 1000000000000", NULL, 0},
        {PLACES "services: {a: {regions: {eu: {addresses: 192.0.2.1, serves: [Europe]}}}}\n", 2,
         62, "'Europe' says nothing about clients", "expected a network", 0},
        {PLACES "services: {a: {regions: {eu: {addresses: 192.0.2.1, serves: [de, uk]}}}}\n", 2,
         62, "'de' says nothing about clients", "did you mean 'DE'?", 2},
        {PLACES "services: {a: {regions: {eu: {addresses: 192.0.2.1, serves: {a: b}}}}}\n", 2,
         61, "'serves' must be a list, not a mapping", NULL, 0},
    };

    expect_broken(cases, COUNT(cases));
}

static void a_service_has_at_most_64_regions(void **state)
{
    (void)state;
    for (int count = 64; count <= 65; count++) {
        char regions[2048] = "regions:\n", services[8192] = "services:\n  a:\n    regions:\n";
        for (int i = 0; i < count; i++) {
            size_t len = strlen(regions);
            snprintf(regions + len, sizeof(regions) - len, "  r%d: {}\n", i);
            len = strlen(services);
            snprintf(services + len, sizeof(services) - len,
                     "      r%d: {addresses: 192.0.2.%d}\n", i, i + 1);
        }
        char text[12000];
        snprintf(text, sizeof(text), "%s%s", regions, services);
        struct loaded loaded = load_bytes(text, strlen(text));
        assert_int_equal(loaded.err, count == 64 ? ERR_OK : ERR_INVALID);
        if (count == 64) {
            assert_int_equal(loaded.config->services[0].order[63], 63);
        } else {
            const struct diag *diag = first_of(loaded.diags, DIAG_ERROR);
            assert_string_equal(diag->message, "a service has at most 64 regions, not 65");
            assert_int_equal(diag->place.line, 69);
            assert_int_equal(diag_error_count(loaded.diags), 1);
        }
        unload(&loaded);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(regions_are_read_in_order_with_their_defaults),
        cmocka_unit_test(mistakes_are_named_with_their_place),
        cmocka_unit_test(a_service_has_at_most_64_regions),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
