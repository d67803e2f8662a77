/* geo_walk.h - several tries and maps side by side: the whole address space in networks of which
 * each has one class in every trie and one location in every map.
 *
 *     trie before   |    3    |        1        |
 *     trie after    |       2       |     1     |
 *     map           |  17  |  4  |     17       |
 *     told          |3 2 17|3|2 |1 2| 1 1 17    |     prefixes, in address order, IPv4 first
 *
 * For whoever compares (diff) or weighs (simulate) what was compiled. The ranges of
 * ip_embedding_ranges are left out: nobody is looked up there. Pure; any thread.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "rhumb/err.h"
#include "rhumb/geo_map.h"
#include "rhumb/geo_trie.h"
#include "rhumb/ip.h"

/* One of the two; neither: 0 everywhere. */
struct geo_lane {
    const struct geo_trie *trie;
    const struct geo_map *map;
};

/* values: a class or a location for each lane, in their order; borrowed for the call. */
typedef void (*geo_walk_on_network)(void *ctx, const struct ip_prefix *network,
                                    const uint32_t *values);

/* geo_walk - ERR_OK, ERR_NO_MEMORY. */
WARN_UNUSED enum err geo_walk(const struct geo_lane *lanes, size_t lane_count,
                              geo_walk_on_network on_network, void *ctx);
