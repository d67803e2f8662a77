/* geo_map_tiling - the merged prefixes, for geo_trie_build(). */
#pragma once

#include "rhumb/geo_map.h"

#include "geo_tiling.h"

/* geo_map_tiling - family: GEO_V4, GEO_V6. Values are indices of locations; each range of
 * ip_embedding_ranges is exactly one or more whole prefixes. Borrowed until geo_map_free(). */
const struct geo_tiling *geo_map_tiling(const struct geo_map *map, unsigned family);
