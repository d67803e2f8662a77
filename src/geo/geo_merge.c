#include "geo_merge.h"

#include <string.h>

#include "geo_field.h"

/* A field: does place know it, given the country chosen (all zero: none chosen)? */
typedef bool (*knows_field)(const struct geo_place *place, const char country[2]);

static bool same_country(const struct geo_place *place, const char country[2])
{
    return memcmp(place->country, country, sizeof(place->country)) == 0;
}

static bool names_no_other(const struct geo_place *place, const char country[2])
{
    return place->country[0] == '\0' || same_country(place, country);
}

static bool knows_country(const struct geo_place *place, const char country[2])
{
    (void)country;
    return place->country[0] != '\0';
}

static bool knows_continent(const struct geo_place *place, const char country[2])
{
    return place->continent[0] != '\0' && names_no_other(place, country);
}

static bool knows_coordinates(const struct geo_place *place, const char country[2])
{
    return (place->flags & GEO_HAS_COORDINATES) && names_no_other(place, country);
}

/* A subdivision's code means nothing without its country. */
static bool knows_subdivision(const struct geo_place *place, const char country[2])
{
    return place->subdivision[0] != '\0' && place->country[0] != '\0' &&
           same_country(place, country);
}

static bool knows_asn(const struct geo_place *place, const char country[2])
{
    (void)country;
    return place->asn > 0;
}

/* winner - the source of one field, NULL when nobody knows it. */
static const struct geo_place *winner(const struct geo_evidence *evidence, knows_field knows,
                                      const char country[2], uint8_t *out_source)
{
    const struct geo_place *best = NULL;
    bool network_wins = true;
    for (size_t i = 0; i < evidence->database_count && !best; i++) {
        const struct geo_place *place = evidence->databases[i];
        if (!place || !knows(place, country))
            continue;
        best = place;
        *out_source = (uint8_t)i;
        network_wins = evidence->network_wins >> i & 1;
    }
    if (network_wins && evidence->network && knows(evidence->network, country)) {
        best = evidence->network;
        *out_source = GEO_SOURCE_NETWORK;
    }
    return best;
}

static void merge_place(const struct geo_evidence *evidence, struct geo_location *location)
{
    struct geo_place *place = &location->place;
    uint8_t country_source = GEO_SOURCE_NONE, continent_source = GEO_SOURCE_NONE;
    uint8_t coordinates_source = GEO_SOURCE_NONE, ignored;
    const struct geo_place *from;

    from = winner(evidence, knows_country, place->country, &country_source);
    if (from)
        memcpy(place->country, from->country, sizeof(place->country));
    from = winner(evidence, knows_continent, place->country, &continent_source);
    if (from)
        memcpy(place->continent, from->continent, sizeof(place->continent));
    from = winner(evidence, knows_subdivision, place->country, &ignored);
    if (from)
        memcpy(place->subdivision, from->subdivision, sizeof(place->subdivision));
    from = winner(evidence, knows_coordinates, place->country, &coordinates_source);
    if (from) {
        place->latitude = from->latitude;
        place->longitude = from->longitude;
        place->flags |= GEO_HAS_COORDINATES;
    }
    if (country_source != GEO_SOURCE_NONE)
        location->place_source = country_source;
    else if (continent_source != GEO_SOURCE_NONE)
        location->place_source = continent_source;
    else
        location->place_source = coordinates_source;
}

struct geo_location geo_merge(const struct geo_evidence *evidence)
{
    struct geo_location location = {
        .mark = GEO_MARK_NONE,
        .place_source = GEO_SOURCE_NONE,
        .asn_source = GEO_SOURCE_NONE,
    };
    const struct geo_place *fallback = evidence->fallback;
    merge_place(evidence, &location);
    if (location.place_source == GEO_SOURCE_NONE && geo_field_any(fallback)) {
        location.place = *fallback;
        location.place_source = GEO_SOURCE_DEFAULT;
        location.asn_source = fallback->asn > 0 ? GEO_SOURCE_DEFAULT : GEO_SOURCE_NONE;
    }
    const struct geo_place *from =
        winner(evidence, knows_asn, location.place.country, &location.asn_source);
    if (from)
        location.place.asn = from->asn;
    geo_place_complete(&location.place);
    return location;
}
