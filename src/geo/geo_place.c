#include "rhumb/geo_place.h"

#include <stdio.h>
#include <string.h>

#include "geo_country.h"

void geo_place_complete(struct geo_place *place)
{
    const struct geo_country *country = geo_country_find(place->country);
    if (!country)
        return;
    if (place->continent[0] == '\0')
        memcpy(place->continent, country->continent, sizeof(place->continent));
    if (country->in_eu)
        place->flags |= GEO_IN_EU;
    else
        place->flags &= (uint8_t)~GEO_IN_EU;
}

bool geo_place_coordinates(const struct geo_place *place, double *out_latitude,
                           double *out_longitude)
{
    if (place->flags & GEO_HAS_COORDINATES) {
        *out_latitude = (double)place->latitude;
        *out_longitude = (double)place->longitude;
        return true;
    }
    const struct geo_country *country = geo_country_find(place->country);
    if (!country)
        return false;
    *out_latitude = (double)country->latitude;
    *out_longitude = (double)country->longitude;
    return true;
}

/* A place as text needs at most "US-ABC NA -12.34,-123.45 AS4294967295": far below the size of
 * the buffer, so the pieces below cannot be cut. */
const char *geo_place_format(const struct geo_place *place, char buffer[GEO_PLACE_TEXT_MAX])
{
    char country[8] = "??", *end = buffer, *limit = buffer + GEO_PLACE_TEXT_MAX;
    bool has_country = place->country[0] != '\0', has_continent = place->continent[0] != '\0';
    if (has_country)
        snprintf(country, sizeof(country), "%.2s%s%.3s", place->country,
                 place->subdivision[0] != '\0' ? "-" : "", place->subdivision);
    *end = '\0';
    if (has_country || has_continent)
        end += snprintf(end, (size_t)(limit - end), " %s", country);
    if (has_continent)
        end += snprintf(end, (size_t)(limit - end), " %.2s", place->continent);
    if (place->flags & GEO_HAS_COORDINATES)
        end += snprintf(end, (size_t)(limit - end), " %.2f,%.2f", (double)place->latitude,
                        (double)place->longitude);
    if (place->asn > 0)
        end += snprintf(end, (size_t)(limit - end), " AS%u", place->asn);
    if (end == buffer)
        snprintf(buffer, GEO_PLACE_TEXT_MAX, " unknown");
    memmove(buffer, buffer + 1, strlen(buffer)); /* the space before the first piece */
    return buffer;
}
