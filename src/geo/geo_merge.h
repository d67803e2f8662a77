/* geo_merge - what several sources say about one network, made into one location.
 *
 * For each field the winner is the first listed database that knows it; the operator's network
 * then takes the field if it knows it and its prefix is as long as that database's or longer.
 * So between operator and database the length decides, among databases the order does.
 *
 *     field        known when it has           and only from a source that
 *     country      a country                   -
 *     continent    a continent                 names the chosen country or none
 *     coordinates  GEO_HAS_COORDINATES         names the chosen country or none
 *     subdivision  a subdivision               names the chosen country
 *     asn          an AS number                -
 *
 * When country, continent and coordinates are all unknown the fallback is the place. In the end
 * the country table completes what is unsaid.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "rhumb/geo_map.h"

struct geo_evidence {
    const struct geo_place *databases[GEO_DATABASES_MAX]; /* in order; NULL: has no record */
    size_t database_count;
    const struct geo_place *network; /* the operator's; NULL: none */
    uint32_t network_wins;           /* bit i: its prefix is at least as long as database i's */
    const struct geo_place *fallback; /* all zero: none */
};

/* geo_merge - place, place_source and asn_source; mark is GEO_MARK_NONE. */
struct geo_location geo_merge(const struct geo_evidence *evidence);
