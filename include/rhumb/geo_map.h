/* geo_map.h - all sources of geography merged: which location has each network.
 *
 * Built once per reload: every database is walked once, whatever the number of policies; the
 * operator's own networks are laid over it. The result tiles the whole address space of both
 * families with prefixes, each with the number of a *location*: a distinct combination of
 * place, sources and mark. Policies turn locations into classes; geo_trie_build() turns (map,
 * class of each location) into the trie that a query reads. The map itself is needed while
 * compiling and by `rhumb explain` only, and is freed before the snapshot is published: it
 * holds no memory of the arena.
 *
 * Merging, field by field (country, continent, subdivision, coordinates; ASN):
 *   - among databases the first listed that knows the field wins;
 *   - the operator's network wins over that database if its matching network is as long or
 *     shorter; of two operator networks the longer one counts alone;
 *   - place fields are never mixed between countries: subdivision, continent and coordinates
 *     come from a source only if it names no other country than the one chosen;
 *   - a record that cannot be decoded is an unknown place.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "rhumb/arena.h"
#include "rhumb/diag.h"
#include "rhumb/err.h"
#include "rhumb/geo_place.h"
#include "rhumb/ip.h"

struct geo_db; /* one opened MMDB file, private copy in memory */

/* geo_db_open - copy the file, check that it is whole (metadata, complete walk of the search
 * tree).
 *
 * returns  ERR_OK (diags may have one warning: records that cannot be decoded); ERR_INVALID
 *          (diags has one error at place: unreadable, corrupt, no known schema); ERR_NO_MEMORY
 * threads  any, one at a time for one object; nothing of it remains mapped after
 *          geo_db_close()
 */
WARN_UNUSED enum err geo_db_open(const char *path, const struct diag_place *place,
                                 struct diag_list *diags, struct geo_db **out_db);
void geo_db_close(struct geo_db *db);

/* geo_db_build_epoch - seconds since 1970, from the metadata. */
uint64_t geo_db_build_epoch(const struct geo_db *db);
const char *geo_db_path(const struct geo_db *db);

struct geo_network {
    struct ip_prefix prefix;
    struct geo_place place;
};

enum { GEO_DATABASES_MAX = 32 };

enum { GEO_SOURCE_NONE = 255, GEO_SOURCE_NETWORK = 254, GEO_SOURCE_DEFAULT = 253 };

enum { GEO_MARK_NONE = 0xffffffff };

struct geo_location {
    struct geo_place place; /* completed; the operator's default where no source knows the
                               country, the continent or coordinates */
    uint32_t mark; /* index into geo_map_input.marks of the longest one around; or none */
    uint8_t place_source; /* index of a database, or GEO_SOURCE_... */
    uint8_t asn_source;
    uint8_t zero[2]; /* instead of padding: locations are compared by their bytes */
};

struct geo_map_input {
    struct geo_db *const *databases; /* at most GEO_DATABASES_MAX, by preference */
    size_t database_count;
    const struct geo_network *networks; /* the operator's */
    size_t network_count;
    const struct ip_prefix *marks; /* networks that policies name (`serves: 192.0.2.0/24`) */
    size_t mark_count;
    struct geo_place fallback; /* `geo.default`; all zero: none */
};

struct geo_map;

/* geo_map_build - walk, merge, intern. The map borrows nothing: databases may be closed.
 * ERR_OK, ERR_NO_MEMORY, ERR_LIMIT (too many databases, or 2^24 locations). A database cannot
 * be found corrupt here: geo_db_open() has read all of it. */
WARN_UNUSED enum err geo_map_build(const struct geo_map_input *input, struct geo_map **out_map);
void geo_map_free(struct geo_map *map);

size_t geo_map_location_count(const struct geo_map *map);
const struct geo_location *geo_map_location(const struct geo_map *map, size_t idx);

/* geo_map_fallback - the location of an address nobody knows; its mark is none. */
size_t geo_map_fallback(const struct geo_map *map);

/* geo_map_find - for explain: the location of an address and the prefix of the map that holds
 * it. */
size_t geo_map_find(const struct geo_map *map, const struct ip_addr *addr,
                    struct ip_prefix *out_prefix);

/* geo_map_walk - every prefix of the map in address order, IPv4 first, with its location. */
typedef void (*geo_map_on_network)(void *ctx, const struct ip_prefix *network,
                                   uint32_t location);
void geo_map_walk(const struct geo_map *map, geo_map_on_network on_network, void *ctx);

/* geo_map_network_count - prefixes in the map, both families. */
size_t geo_map_network_count(const struct geo_map *map);
