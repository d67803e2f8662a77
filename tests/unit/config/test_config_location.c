#include "config_case.h"
#include "config_location.h"

static void countries_are_two_capitals_that_may_be_assigned(void **state)
{
    (void)state;

    static const struct {
        const char *text;
        bool ok;
        const char *meant; /* NULL: anybody's guess */
    } cases[] = {
        {"DE", true, NULL},  {"XK", true, NULL},  {"QA", true, NULL},  {"AF", true, NULL},
        {"de", false, "DE"}, {"De", false, "DE"}, {"UK", false, "GB"}, {"uk", false, "GB"},
        {"EL", false, "GR"}, {"EU", false, NULL}, {"ZZ", false, NULL}, {"AA", false, NULL},
        {"XA", false, NULL}, {"QM", false, NULL}, {"D", false, NULL},  {"DEU", false, NULL},
        {"D1", false, NULL}, {"", false, NULL},
    };

    for (size_t i = 0; i < COUNT(cases); i++) {
        char code[3] = "";
        char buffer[3];
        assert_int_equal(config_parse_country(cases[i].text, code), cases[i].ok);
        assert_string_equal(code, cases[i].ok ? cases[i].text : "");
        const char *meant = config_country_meant(cases[i].text, buffer);
        assert_int_equal(meant != NULL, cases[i].meant != NULL);
        if (meant)
            assert_string_equal(meant, cases[i].meant);
    }
}

static void subdivisions_have_a_country_and_a_code(void **state)
{
    (void)state;

    static const struct {
        const char *text, *country, *code; /* country NULL: refused */
    } cases[] = {
        {"US-CA", "US", "CA"}, {"GB-ENG", "GB", "ENG"}, {"FR-75", "FR", "75"},
        {"AT-9", "AT", "9"},   {"US-", NULL, NULL},     {"US-CALI", NULL, NULL},
        {"us-ca", NULL, NULL}, {"USCA", NULL, NULL},    {"UK-ENG", NULL, NULL},
        {"-CA", NULL, NULL},   {"US-C-A", NULL, NULL},  {"", NULL, NULL},
    };

    for (size_t i = 0; i < COUNT(cases); i++) {
        char country[3], code[4];
        bool ok = config_parse_subdivision(cases[i].text, country, code);
        assert_int_equal(ok, cases[i].country != NULL);
        if (!ok)
            continue;
        assert_string_equal(country, cases[i].country);
        assert_string_equal(code, cases[i].code);
    }
}

static void autonomous_systems_fit_32_bits(void **state)
{
    (void)state;

    static const struct {
        const char *text;
        uint32_t asn; /* 0: refused */
    } cases[] = {
        {"AS1", 1},          {"AS4294967295", UINT32_MAX},
        {"AS4294967296", 0}, {"AS0", 0},
        {"AS", 0},           {"as1", 0},
        {"AS1x", 0},         {"1", 0},
    };

    for (size_t i = 0; i < COUNT(cases); i++) {
        uint32_t asn = 0;
        assert_int_equal(config_parse_asn(cases[i].text, &asn), cases[i].asn != 0);
        assert_int_equal(asn, cases[i].asn);
    }
}

static void mistakes_are_named_with_their_place(void **state)
{
    (void)state;

    static const struct broken cases[] = {
        {"regions: {eu: {country: de}}\n", 1, 25, "'de' is no country", "did you mean 'DE'", 0},
        {"regions: {eu: {country: UK}}\n", 1, 25, "'UK' is no country", "did you mean 'GB'", 0},
        {"regions: {eu: {country: Germany}}\n", 1, 25, "'Germany' is no country",
         "two capital letters", 0},
        {"regions: {eu: {country: }}\n", 1, 16, "'country' must be a single value, not nothing",
         NULL, 0},
        {"regions: {eu: {continent: EUR}}\n", 1, 27, "unknown value 'EUR'", "did you mean 'EU'",
         0},
        {"regions: {eu: {continent: Africa}}\n", 1, 27, "unknown value 'Africa'",
         "expected one of: AF, AN", 0},
        {"regions: {eu: {subdivision: California}}\n", 1, 29, "is no subdivision", "ISO 3166-2",
         0},
        {"regions: {eu: {subdivision: US-CA, country: DE}}\n", 1, 29,
         "the subdivision US-CA is not in DE", "leave one", 0},
        {"regions: {eu: {asn: AS0}}\n", 1, 21, "'AS0' is no autonomous system", "AS64496", 0},
        {"regions: {eu: {asn: 4294967296}}\n", 1, 21, "is no autonomous system", NULL, 0},
        {"regions: {eu: {location: 5}}\n", 1, 26, "'location' takes two numbers",
         "[latitude, longitude]", 0},
        {"regions: {eu: {location: [5]}}\n", 1, 26, "'location' takes two numbers", NULL, 0},
        {"regions: {eu: {location: [91, 0]}}\n", 1, 27,
         "the latitude must be a number from -90", NULL, 0},
        {"regions: {eu: {location: [0, -180.5]}}\n", 1, 30,
         "the longitude must be a number from -180 to 180", NULL, 0},
        {"regions: {eu: {location: [x, y]}}\n", 1, 27, "the latitude must be", NULL, 2},
        {"regions: {eu: {location: [[1], 2]}}\n", 1, 27, "the latitude must be", NULL, 0},
    };

    expect_broken(cases, COUNT(cases));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(countries_are_two_capitals_that_may_be_assigned),
        cmocka_unit_test(subdivisions_have_a_country_and_a_code),
        cmocka_unit_test(autonomous_systems_fit_32_bits),
        cmocka_unit_test(mistakes_are_named_with_their_place),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
