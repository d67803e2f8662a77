/* The round trip to expect between two places before anything was measured.
 *
 * source  constants and table fitted on public ping data of 2018 (a day of pings between 246
 *         cities): base and slope on the great circle, then per pair of sub-regions how much
 *         longer a path is than that line. Rows: the client's sub-region; columns: that of
 *         the region.
 */
#include "rhumb/geo_place.h"

#include "geo_country.h"

#define BASE_MS        14.2
#define PER_KM_MS      0.01666
#define STRETCH_ABSENT 1.0

/* As fitted; both in the order of enum geo_subregion. */
/* clang-format off */ /* one row a line */
static const double stretch_table[GEO_SUBREGION_COUNT][GEO_SUBREGION_COUNT] = {
    /*                        NAm   CAm   SAm   NEu   WEu   SEu   EEu   WAs   SoA   SEA   EAs   Oce   NAf   SSA */
    [GEO_SUBREGION_NAM] = {0.90, 1.30, 1.08, 0.92, 0.86, 0.93, 1.06, 0.97, 1.09, 0.95, 0.95, 0.84, 0.96, 1.11},
    [GEO_SUBREGION_CAM] = {1.30, 2.91, 1.82, 1.07, 1.05, 1.11, 1.13, 1.10, 1.14, 1.00, 1.01, 1.11, 1.15, 1.37},
    [GEO_SUBREGION_SAM] = {1.09, 1.81, 2.21, 1.15, 1.14, 1.27, 1.15, 1.28, 1.32, 1.12, 1.04, 1.41, 1.44, 1.91},
    [GEO_SUBREGION_NEU] = {0.92, 1.07, 1.15, 0.93, 0.88, 1.09, 1.07, 1.24, 1.33, 1.38, 1.65, 1.04, 1.14, 1.18},
    [GEO_SUBREGION_WEU] = {0.86, 1.05, 1.14, 0.88, 0.81, 1.10, 1.05, 1.31, 1.22, 1.32, 1.60, 1.05, 1.20, 1.27},
    [GEO_SUBREGION_SEU] = {0.94, 1.11, 1.27, 1.08, 1.10, 1.57, 1.33, 2.03, 1.59, 1.54, 1.78, 1.16, 1.61, 1.58},
    [GEO_SUBREGION_EEU] = {1.06, 1.12, 1.15, 1.07, 1.05, 1.32, 1.08, 1.86, 2.47, 1.87, 2.06, 1.30, 1.30, 1.52},
    [GEO_SUBREGION_WAS] = {0.97, 1.10, 1.28, 1.26, 1.31, 2.04, 1.87, 3.14, 2.35, 1.98, 1.96, 1.36, 1.73, 1.97},
    [GEO_SUBREGION_SOA] = {1.09, 1.14, 1.32, 1.33, 1.22, 1.59, 2.43, 2.39, 1.37, 1.76, 2.29, 1.21, 1.33, 2.31},
    [GEO_SUBREGION_SEA] = {0.95, 0.99, 1.12, 1.38, 1.31, 1.57, 1.89, 2.03, 1.77, 1.58, 1.24, 1.28, 1.50, 2.32},
    [GEO_SUBREGION_EAS] = {0.96, 1.01, 1.04, 1.66, 1.63, 1.81, 2.06, 2.02, 2.30, 1.22, 1.39, 1.30, 1.70, 1.93},
    [GEO_SUBREGION_OCE] = {0.84, 1.08, 1.41, 1.04, 1.05, 1.16, 1.30, 1.35, 1.21, 1.29, 1.31, 0.67, 1.18, 2.16},
    [GEO_SUBREGION_NAF] = {0.95, 1.16, 1.45, 1.15, 1.20, 1.58, 1.31, 1.73, 1.31, 1.50, 1.72, 1.17, 1.58, 1.73},
    [GEO_SUBREGION_SSA] = {1.11, 1.37, 1.91, 1.17, 1.27, 1.62, 1.52, 2.00, 2.27, 2.33, 1.92, 2.14, 1.73, 0.90},
};

/* clang-format on */

/* Cells that rest on few pairs of cities: taken half way to 1, in both directions. */
static const struct {
    enum geo_subregion a, b;
} thin_cells[] = {
    {GEO_SUBREGION_CAM, GEO_SUBREGION_CAM},
    {GEO_SUBREGION_OCE, GEO_SUBREGION_SSA},
    {GEO_SUBREGION_WAS, GEO_SUBREGION_WAS},
};

static double stretch(enum geo_subregion client, enum geo_subregion region)
{
    double fitted = stretch_table[client][region];
    for (size_t i = 0; i < sizeof(thin_cells) / sizeof(thin_cells[0]); i++) {
        if ((thin_cells[i].a == client && thin_cells[i].b == region) ||
            (thin_cells[i].a == region && thin_cells[i].b == client))
            return (fitted + 1.0) / 2;
    }
    return fitted;
}

double geo_latency_ms(const struct geo_place *client, const struct geo_place *region)
{
    double lat1, lon1, lat2, lon2;
    if (!geo_place_coordinates(client, &lat1, &lon1) ||
        !geo_place_coordinates(region, &lat2, &lon2))
        return -1.0;
    const struct geo_country *from = geo_country_find(client->country);
    const struct geo_country *to = geo_country_find(region->country);
    double factor = from && to ? stretch(from->subregion, to->subregion) : STRETCH_ABSENT;
    return (BASE_MS + PER_KM_MS * geo_distance_km(lat1, lon1, lat2, lon2)) * factor;
}
