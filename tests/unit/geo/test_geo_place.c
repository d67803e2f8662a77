#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "rhumb/geo_place.h"

static void what_is_unsaid_comes_from_the_country(void **state)
{
    (void)state;

    static const struct {
        struct geo_place before;
        const char *continent;
        bool in_eu;
    } cases[] = {
        {{.country = "NL"}, "EU", true},
        {{.country = "CH"}, "EU", false},
        {{.country = "US"}, "NA", false},
        {{.country = "RU", .continent = "AS"}, "AS", false}, /* the source knows better */
        {{.country = "RE"}, "AF", true},                     /* France, in the Indian Ocean */
        {{.country = "GB", .flags = GEO_IN_EU}, "EU", false},
        {{.country = "XX", .continent = "OC"}, "OC", false},
        {{.country = "XX"}, "\0\0", false},
        {{.continent = "EU"}, "EU", false},
        {{.asn = 0}, "\0\0", false},
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct geo_place place = cases[i].before;
        geo_place_complete(&place);
        assert_memory_equal(place.continent, cases[i].continent, 2);
        assert_int_equal((place.flags & GEO_IN_EU) != 0, cases[i].in_eu);
    }
}

static void coordinates_are_its_own_or_its_countrys_or_none(void **state)
{
    (void)state;
    double latitude = 1, longitude = 2;
    struct geo_place own = {.country = "NL", .flags = GEO_HAS_COORDINATES, .latitude = -33.5F};
    struct geo_place country = {.country = "NL"}, nothing = {0}, other = {.country = "XX"};
    assert_false(geo_place_coordinates(&nothing, &latitude, &longitude));
    assert_false(geo_place_coordinates(&other, &latitude, &longitude));
    assert_true(latitude == 1 && longitude == 2);
    assert_true(geo_place_coordinates(&own, &latitude, &longitude));
    assert_true(latitude == -33.5 && longitude == 0);
    assert_true(geo_place_coordinates(&country, &latitude, &longitude));
    assert_true(latitude > 51 && latitude < 54 && longitude > 4 && longitude < 7);
}

static void places_read_well(void **state)
{
    (void)state;

    static const struct {
        struct geo_place place;
        const char *text;
    } cases[] = {
        {{.asn = 0}, "unknown"},
        {{.flags = GEO_IN_EU}, "unknown"},
        {{.country = "US"}, "US"},
        {{.country = "US", .subdivision = "CA"}, "US-CA"},
        {{.country = "GB", .subdivision = "ENG", .continent = "EU"}, "GB-ENG EU"},
        {{.continent = "EU"}, "?? EU"},
        {{.asn = 4294967295}, "AS4294967295"},
        {{.flags = GEO_HAS_COORDINATES}, "0.00,0.00"},
        {{.country = "US",
          .subdivision = "CA",
          .continent = "NA",
          .flags = GEO_HAS_COORDINATES,
          .latitude = 37.77F,
          .longitude = -122.42F,
          .asn = 64496},
         "US-CA NA 37.77,-122.42 AS64496"},
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        char buffer[GEO_PLACE_TEXT_MAX];
        assert_ptr_equal(geo_place_format(&cases[i].place, buffer), buffer);
        assert_string_equal(buffer, cases[i].text);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_unsaid_comes_from_the_country),
        cmocka_unit_test(coordinates_are_its_own_or_its_countrys_or_none),
        cmocka_unit_test(places_read_well),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
