/* naive_geo - random little worlds, and what is true in them by linear search.
 *
 * A world has databases (written to files and opened as usual), operator networks, marks and a
 * fallback. naive_locate() judges one address from the lists alone, with loops that are slow
 * and plain: nothing of it is shared with src/geo.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "rhumb/diag.h"
#include "rhumb/geo_map.h"
#include "rhumb/rng.h"

#include "mmdb_builder.h"

enum { WORLD_DATABASES_MAX = 4, WORLD_NETWORKS_MAX = 48, WORLD_PREFIXES_MAX = 512 };

struct naive_network {
    struct ip_prefix prefix;
    struct mmdb_record record;
};

struct naive_database {
    struct mmdb_options options;
    struct naive_network networks[WORLD_NETWORKS_MAX]; /* short ones first */
    size_t network_count;
};

struct world {
    struct naive_database databases[WORLD_DATABASES_MAX];
    struct geo_db *opened[WORLD_DATABASES_MAX];
    struct geo_network networks[WORLD_NETWORKS_MAX];
    struct ip_prefix marks[WORLD_NETWORKS_MAX];
    struct geo_map_input input;
    struct ip_prefix prefixes[WORLD_PREFIXES_MAX]; /* every prefix named above */
    size_t prefix_count;
};

/* world_make - invent, write, open. Aborts when a database is refused. */
void world_make(struct world *world, struct rng *rng);
void world_deinit(struct world *world);

/* world_address - addresses worth asking for: around the borders of a prefix, or anywhere. */
struct ip_addr world_address(const struct world *world, struct rng *rng);

/* random_inside - any address of a prefix. */
struct ip_addr random_inside(const struct ip_prefix *prefix, struct rng *rng);

/* naive_locate - the location of one address. */
struct geo_location naive_locate(const struct world *world, const struct ip_addr *addr);
