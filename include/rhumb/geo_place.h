/* geo_place.h - what is known about where an address is, and the geometry of it. Pure. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum geo_place_flags {
    GEO_HAS_COORDINATES = 1 << 0,
    GEO_IN_EU = 1 << 1, /* member state of the European Union (by our country table) */
};

/* All zero = nothing known. Codes are upper case and not zero-terminated. */
struct geo_place {
    char country[2];
    char continent[2]; /* AF AN AS EU NA OC SA; from the source, else from our country table */
    char subdivision[3];       /* ISO 3166-2 without the country: "CA", "ENG"; left-aligned,
                                  zero-padded */
    uint8_t flags;             /* enum geo_place_flags */
    uint32_t asn;              /* 0: unknown */
    float latitude, longitude; /* degrees; valid with GEO_HAS_COORDINATES */
};

/* geo_place_complete - fill continent and EU membership from the country, where unsaid. */
void geo_place_complete(struct geo_place *place);

/* geo_place_coordinates - the place's own, else its country's centroid; false when neither is
 * known. */
bool geo_place_coordinates(const struct geo_place *place, double *out_latitude,
                           double *out_longitude);

/* A point of the unit sphere: made once for a place, compared often. */
struct geo_point {
    double x, y, z;
};

struct geo_point geo_point_of(double latitude, double longitude);

/* geo_point_km - great-circle distance on a sphere of 6371.0088 km, by the chord. */
double geo_point_km(const struct geo_point *a, const struct geo_point *b);

/* geo_distance_km - the same for two pairs of degrees. */
double geo_distance_km(double lat1, double lon1, double lat2, double lon2);

/* geo_latency_ms - the round trip to expect between a client and a region before anything was
 * measured: (14.2 ms + 0.01666 ms/km * distance) * stretch[sub-region of client][sub-region of
 * region]. Unknown sub-region: stretch 1. Negative when either has no coordinates at all.
 * source   table and constants fitted on public ping data of 2018, see geo_latency.c */
double geo_latency_ms(const struct geo_place *client, const struct geo_place *region);

/* geo_country_is_known - is this a country code of our table? text: two letters, upper case. */
bool geo_country_is_known(const char *code);

/* geo_place_format - "US-CA NA 37.77,-122.42 AS64496"; "unknown" when empty. Returns buffer. */
enum { GEO_PLACE_TEXT_MAX = 96 };

const char *geo_place_format(const struct geo_place *place, char buffer[GEO_PLACE_TEXT_MAX]);
