#include "config_case.h"

static void databases_networks_and_the_default_are_read(void **state)
{
    (void)state;
    struct loaded loaded =
        load_good("geo:\n"
                  "  databases: [geo/country.mmdb, /abs/city.mmdb]\n"
                  "  networks:\n"
                  "    198.51.100.0/24: {country: JP, location: [35.68, -139.69]}\n"
                  "    '2001:db8::/32': {subdivision: US-CA, continent: NA, asn: AS64496}\n"
                  "    192.0.2.1: {asn: 64497}\n"
                  "  default: {country: NL}\n");
    const struct config_geo *geo = &loaded.config->geo;
    assert_int_equal(geo->database_count, 2);
    assert_string_equal(geo->databases[0].path, "dir/geo/country.mmdb");
    assert_string_equal(geo->databases[1].path, "/abs/city.mmdb");
    assert_int_equal(geo->databases[1].place.line, 2);

    assert_int_equal(geo->network_count, 3);
    const struct config_network *first = &geo->networks[0], *second = &geo->networks[1];
    char buffer[IP_TEXT_MAX];
    assert_string_equal(ip_prefix_format(&first->prefix, buffer), "198.51.100.0/24");
    assert_string_equal(first->location.country, "JP");
    assert_true(first->location.has_coordinates);
    assert_true(first->location.latitude == 35.68);
    assert_true(first->location.longitude == -139.69);
    assert_int_equal(first->place.line, 4);
    assert_int_equal(first->place.column, 5);
    assert_string_equal(second->location.country, "US"); /* from the subdivision */
    assert_string_equal(second->location.subdivision, "CA");
    assert_string_equal(second->location.continent, "NA");
    assert_int_equal(second->location.asn, 64496);
    assert_false(second->location.has_coordinates);
    assert_int_equal(geo->networks[2].prefix.len, 32);
    assert_int_equal(geo->networks[2].location.asn, 64497);
    assert_string_equal(geo->fallback.country, "NL");
    unload(&loaded);
}

static void nothing_is_required(void **state)
{
    (void)state;
    static const char *const texts[] = {"geo: {}\n", "geo:\n", "geo: {databases: []}\n",
                                        "geo: {networks: }\n", "regions:\n"};
    for (size_t i = 0; i < COUNT(texts); i++) {
        struct loaded loaded = load_good(texts[i]);
        assert_int_equal(loaded.config->geo.database_count, 0);
        assert_int_equal(loaded.config->geo.network_count, 0);
        assert_int_equal(loaded.config->region_count, 0);
        assert_string_equal(loaded.config->geo.fallback.country, "");
        unload(&loaded);
    }
}

static void regions_keep_their_order_and_may_be_mere_names(void **state)
{
    (void)state;
    struct loaded loaded = load_good("regions:\n"
                                     "  us-east: {location: [39.04, -77.49], country: US}\n"
                                     "  lab_1:\n"
                                     "  eu: {continent: EU, capacity: 1200}\n");
    const struct config *config = loaded.config;
    assert_int_equal(config->region_count, 3);
    assert_string_equal(config->regions[0].name, "us-east");
    assert_string_equal(config->regions[1].name, "lab_1");
    assert_int_equal(config->regions[1].place.line, 3);
    assert_string_equal(config->regions[1].location.country, "");
    assert_string_equal(config->regions[2].location.continent, "EU");
    assert_true(config->regions[0].capacity == 0);
    assert_true(config->regions[2].capacity == 1200);
    unload(&loaded);
}

static void mistakes_are_named_with_their_place(void **state)
{
    (void)state;

    static const struct broken cases[] = {
        {"geo: {database: [a]}\n", 1, 7, "unknown key 'database'", "'databases'", 0},
        {"geo: {databases: {a: b}}\n", 1, 18, "'databases' must be a list", NULL, 0},
        {"geo: {databases: ['']}\n", 1, 19, "'databases' is empty", NULL, 0},
        {"geo: {networks: [a]}\n", 1, 17, "'networks' must be a mapping", NULL, 0},
        {"geo:\n  networks:\n    198.51.100.1/24: {country: JP}\n", 3, 5,
         "'198.51.100.1/24' is no network", "did you mean '198.51.100.0/24'", 0},
        {"geo:\n  networks:\n    '2001:db8::1/32': {country: JP}\n", 3, 5, "is no network",
         "did you mean '2001:db8::/32'", 0},
        {"geo: {networks: {198.51.100.0/33: {country: JP}}}\n", 1, 18, "is no network",
         "write it as", 0},
        {"geo: {networks: {here: {country: JP}}}\n", 1, 18, "'here' is no network",
         "192.0.2.0/24", 0},
        {"geo: {networks: {192.0.2.0/24: {}}}\n", 1, 32, "nothing is said about '192.0.2.0/24'",
         "give country", 0},
        {"geo: {networks: {192.0.2.0/24: JP}}\n", 1, 32, "must be a mapping, not 'JP'", NULL,
         0},
        {"geo:\n  networks:\n    '2001:db8::/32': {country: JP}\n"
         "    '2001:DB8::/32': {country: JP}\n",
         4, 5, "stands here twice", "in line 3", 0},
        {"geo:\n  networks:\n    192.0.2.1: {country: JP}\n    192.0.2.1/32: {country: JP}\n",
         4, 5, "stands here twice", NULL, 0},
        {"geo: {default: NL}\n", 1, 16, "'default' must be a mapping", NULL, 0},
        {"geo: {default: {}}\n", 1, 16, "nothing is said about 'default'", NULL, 0},
        {"regions: [eu]\n", 1, 10, "'regions' must be a mapping, not a list", NULL, 0},
        {"regions: {eu: DE}\n", 1, 15, "'eu' must be a mapping", NULL, 0},
        {"regions: {'e u': {}}\n", 1, 11, "'e u' cannot be the name of a region",
         "letters, digits", 0},
        {"regions: {eu.west: {}}\n", 1, 11, "cannot be the name of a region", NULL, 0},
        {"regions:\n  eu: {}\n  EU: {}\n", 3, 3, "'EU' is there already, as 'eu'", NULL, 0},
        {"regions:\n  eu: {}\n  eu: {}\n", 3, 3, "the key 'eu' stands here twice", "in line 2",
         0},
        {"regions: {eu: {countri: DE}}\n", 1, 16, "unknown key 'countri'", "'country'", 0},
        {"regions: {eu: {capacity: many}}\n", 1, 26, "a number from 1 to 1000000000000", NULL,
         0},
        {"geo: {default: {country: NL, capacity: 5}}\n", 1, 30, "unknown key 'capacity'", NULL,
         0},
    };

    expect_broken(cases, COUNT(cases));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(databases_networks_and_the_default_are_read),
        cmocka_unit_test(nothing_is_required),
        cmocka_unit_test(regions_keep_their_order_and_may_be_mere_names),
        cmocka_unit_test(mistakes_are_named_with_their_place),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
