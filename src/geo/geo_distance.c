#include <math.h>

#include "rhumb/geo_place.h"

#define EARTH_RADIUS_KM 6371.0088 /* mean radius, IUGG */

static double radians(double degrees)
{
    return degrees * (M_PI / 180.0);
}

double geo_distance_km(double lat1, double lon1, double lat2, double lon2)
{
    double north = sin(radians(lat2 - lat1) / 2), east = sin(radians(lon2 - lon1) / 2);
    double h = north * north + cos(radians(lat1)) * cos(radians(lat2)) * east * east;
    return 2 * EARTH_RADIUS_KM * asin(sqrt(fmin(h, 1.0))); /* rounding may exceed 1 */
}
