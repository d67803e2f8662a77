#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "geo_field.h"

typedef void (*put_text)(struct geo_place *place, const char *text, size_t len);

static void texts_are_taken_when_their_form_is_right(void **state)
{
    (void)state;

    static const struct {
        put_text put;
        const char *text;
        struct geo_place expected;
    } cases[] = {
        {geo_field_country, "NL", {.country = "NL"}},
        {geo_field_country, "nl", {.country = "NL"}},
        {geo_field_country, "", {.asn = 0}},
        {geo_field_country, "N", {.asn = 0}},
        {geo_field_country, "NLD", {.asn = 0}},
        {geo_field_country, "N1", {.asn = 0}},
        {geo_field_country, "\xc3\x85", {.asn = 0}},
        {geo_field_continent, "EU", {.continent = "EU"}},
        {geo_field_continent, "sa", {.continent = "SA"}},
        {geo_field_continent, "XX", {.asn = 0}},
        {geo_field_continent, "", {.asn = 0}},
        {geo_field_continent, "Europe", {.asn = 0}},
        {geo_field_subdivision, "CA", {.subdivision = "CA"}},
        {geo_field_subdivision, "eng", {.subdivision = {'E', 'N', 'G'}}},
        {geo_field_subdivision, "1", {.subdivision = "1"}},
        {geo_field_subdivision, "", {.asn = 0}},
        {geo_field_subdivision, "A-B", {.asn = 0}},
        {geo_field_subdivision, "California", {.asn = 0}},
        {geo_field_asn_text, "AS64496", {.asn = 64496}},
        {geo_field_asn_text, "as1", {.asn = 1}},
        {geo_field_asn_text, "4294967295", {.asn = 4294967295}},
        {geo_field_asn_text, "4294967296", {.asn = 0}},
        {geo_field_asn_text, "99999999999", {.asn = 0}},
        {geo_field_asn_text, "AS", {.asn = 0}},
        {geo_field_asn_text, "", {.asn = 0}},
        {geo_field_asn_text, "AS12 ", {.asn = 0}},
        {geo_field_asn_text, "-1", {.asn = 0}},
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct geo_place place = {0};
        cases[i].put(&place, cases[i].text, strlen(cases[i].text));
        assert_memory_equal(&place, &cases[i].expected, sizeof(place));
    }
}

static void coordinates_are_taken_when_they_are_on_earth(void **state)
{
    (void)state;

    const struct {
        double latitude, longitude;
        bool taken;
    } cases[] = {
        {0, 0, true},          {90, 180, true},       {-90, -180, true},
        {90.001, 0, false},    {0, -180.5, false},    {NAN, 0, false},
        {0, NAN, false},       {INFINITY, 0, false},  {0, -INFINITY, false},
        {1e300, 1e300, false}, {37.5, -122.25, true},
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct geo_place place = {0};
        geo_field_coordinates(&place, cases[i].latitude, cases[i].longitude);
        assert_int_equal(place.flags & GEO_HAS_COORDINATES, cases[i].taken ? 1 : 0);
        if (cases[i].taken)
            assert_true((double)place.latitude == cases[i].latitude);
    }
}

static void numbers_over_32_bits_are_no_as(void **state)
{
    (void)state;
    struct geo_place place = {0};
    geo_field_asn(&place, UINT64_C(1) << 32);
    assert_int_equal(place.asn, 0);
    geo_field_asn(&place, UINT32_MAX);
    assert_int_equal(place.asn, UINT32_MAX);
}

static void what_can_stand_alone_says_something(void **state)
{
    (void)state;

    static const struct {
        struct geo_place place;
        bool any;
    } cases[] = {
        {{.asn = 0}, false},
        {{.subdivision = "CA"}, false},
        {{.flags = GEO_IN_EU}, false},
        {{.latitude = 1}, false},
        {{.country = "NL"}, true},
        {{.continent = "EU"}, true},
        {{.asn = 1}, true},
        {{.flags = GEO_HAS_COORDINATES}, true},
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
        assert_int_equal(geo_field_any(&cases[i].place), cases[i].any);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(texts_are_taken_when_their_form_is_right),
        cmocka_unit_test(coordinates_are_taken_when_they_are_on_earth),
        cmocka_unit_test(numbers_over_32_bits_are_no_as),
        cmocka_unit_test(what_can_stand_alone_says_something),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
