#include <math.h>

#include "rhumb/geo_place.h"

#define EARTH_RADIUS_KM 6371.0088 /* mean radius, IUGG */

static double radians(double degrees)
{
    return degrees * (M_PI / 180.0);
}

struct geo_point geo_point_of(double latitude, double longitude)
{
    double across = cos(radians(latitude));
    return (struct geo_point){
        .x = across * cos(radians(longitude)),
        .y = across * sin(radians(longitude)),
        .z = sin(radians(latitude)),
    };
}

double geo_point_km(const struct geo_point *a, const struct geo_point *b)
{
    double x = a->x - b->x, y = a->y - b->y, z = a->z - b->z;
    double half_chord = sqrt(x * x + y * y + z * z) / 2;
    return 2 * EARTH_RADIUS_KM * asin(fmin(half_chord, 1.0)); /* rounding may exceed 1 */
}

double geo_distance_km(double lat1, double lon1, double lat2, double lon2)
{
    struct geo_point a = geo_point_of(lat1, lon1), b = geo_point_of(lat2, lon2);
    return geo_point_km(&a, &b);
}
