#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "rhumb/geo_place.h"

static struct geo_place at(const char *country, float latitude, float longitude)
{
    struct geo_place place = {
        .flags = GEO_HAS_COORDINATES,
        .latitude = latitude,
        .longitude = longitude,
    };
    place.country[0] = country[0];
    place.country[1] = country[0] == '\0' ? '\0' : country[1];
    return place;
}

/* At one point the estimate is the base times the stretch. */
static void stretch_follows_the_table_with_thin_cells_half_way_to_1(void **state)
{
    (void)state;

    static const struct {
        const char *client, *region;
        double stretch;
    } cases[] = {
        {"US", "CA", 0.90},
        {"NL", "DE", 0.81},
        {"NL", "GB", 0.88},
        {"BR", "AR", 2.21},
        {"JP", "CN", 1.39},
        {"AU", "NZ", 0.67},
        {"ZA", "KE", 0.90},
        {"US", "ZA", 1.11},
        {"IN", "RU", 2.43},
        {"RU", "IN", 2.47},           /* not symmetric, as fitted */
        {"MX", "CU", (2.91 + 1) / 2}, /* thin: Central America inside */
        {"AE", "TR", (3.14 + 1) / 2}, /* thin: Western Asia inside */
        {"AU", "ZA", (2.16 + 1) / 2}, /* thin, one way */
        {"ZA", "AU", (2.14 + 1) / 2}, /* and the other */
        {"AU", "EG", 1.18},           /* a neighbour of a thin cell is not */
        {"", "NL", 1},
        {"NL", "XX", 1}, /* unknown sub-region */
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct geo_place client = at(cases[i].client, 10, 10),
                         region = at(cases[i].region, 10, 10);
        assert_true(fabs(geo_latency_ms(&client, &region) - 14.2 * cases[i].stretch) < 1e-9);
    }
}

static void distance_adds_its_share(void **state)
{
    (void)state;
    struct geo_place client = at("US", 0, 0), region = at("US", 0, 90);
    double expected = (14.2 + 0.01666 * 10007.557) * 0.90;
    assert_true(fabs(geo_latency_ms(&client, &region) - expected) < 0.001);
}

static void a_client_without_coordinates_stands_in_its_country(void **state)
{
    (void)state;
    struct geo_place client = {.country = "NL"}, region = at("NL", 52.37F, 4.90F);
    double ms = geo_latency_ms(&client, &region);
    assert_true(ms > 14.2 * 0.81 && ms < 20 * 0.81);
}

static void without_any_coordinates_the_estimate_is_negative(void **state)
{
    (void)state;
    struct geo_place nothing = {0}, unheard = {.country = "XX"}, region = at("NL", 52, 5);
    assert_true(geo_latency_ms(&nothing, &region) < 0);
    assert_true(geo_latency_ms(&region, &nothing) < 0);
    assert_true(geo_latency_ms(&unheard, &region) < 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(stretch_follows_the_table_with_thin_cells_half_way_to_1),
        cmocka_unit_test(distance_adds_its_share),
        cmocka_unit_test(a_client_without_coordinates_stands_in_its_country),
        cmocka_unit_test(without_any_coordinates_the_estimate_is_negative),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
