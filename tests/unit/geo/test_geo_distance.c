#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "rhumb/geo_place.h"

static void known_distances_are_met(void **state)
{
    (void)state;

    static const struct {
        double lat1, lon1, lat2, lon2, km, within;
    } cases[] = {
        {0, 0, 0, 0, 0, 0},
        {52.37, 4.90, 52.37, 4.90, 0, 0},
        {0, 0, 0, 1, 111.195, 0.001},          /* one degree of the equator */
        {90, 0, -90, 0, 20015.115, 0.001},     /* half around */
        {0, -179.5, 0, 179.5, 111.195, 0.001}, /* across the date line */
        {0, 0, 0, 180, 20015.115, 0.001},      /* antipodes: rounding may exceed 1 */
        {45.1, 10.2, -45.1, -169.8, 20015.115, 0.001},
        {36.12, -86.67, 33.94, -118.40, 2886.44, 0.1}, /* Nashville to Los Angeles */
        {51.51, -0.13, 35.68, 139.69, 9558.6, 5},      /* London to Tokyo */
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        double km = geo_distance_km(cases[i].lat1, cases[i].lon1, cases[i].lat2, cases[i].lon2);
        double back =
            geo_distance_km(cases[i].lat2, cases[i].lon2, cases[i].lat1, cases[i].lon1);
        assert_true(fabs(km - cases[i].km) <= cases[i].within);
        assert_true(fabs(km - back) < 1e-6);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(known_distances_are_met),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
