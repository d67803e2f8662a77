#include "class_cells.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "rhumb/geo_walk.h"

enum { SETS_MAX = 1 << 24, CELLS_MAX = 1 << 26 };

struct walk {
    struct class_cells *cells;
    struct geo_lane *lanes; /* the tries of services, then that of countries */
    size_t lane_count;
    uint32_t *latest; /* values of the set met last */
    uint32_t latest_set;
    double addresses[129]; /* in a network, by the bits behind its length */
    enum err err;
};

/* ---- lanes ---- */

/* add_lanes - the tries of a service and of those inside it, each once. */
static void add_lanes(struct walk *walk, const struct policy_set *set, uint16_t service)
{
    const struct policy_service *policy = &set->services[service];
    size_t i = 0;
    while (i < walk->lane_count && walk->lanes[i].trie != policy->trie)
        i++;
    if (policy->trie && i == walk->lane_count)
        walk->lanes[walk->lane_count++].trie = policy->trie;
    for (uint8_t r = 0; r < policy->region_count; r++)
        if (policy->regions[r].nested != CONFIG_NONE)
            add_lanes(walk, set, policy->regions[r].nested);
}

static enum err open_lanes(struct walk *walk, const struct class_side *sides, size_t side_count,
                           const struct geo_trie *countries)
{
    size_t most = 1;
    for (size_t i = 0; i < side_count; i++)
        most += sides[i].snapshot->policies.service_count;
    walk->lanes = calloc(most, sizeof(*walk->lanes));
    walk->latest = calloc(most, sizeof(*walk->latest));
    if (!walk->lanes || !walk->latest)
        return ERR_NO_MEMORY;
    for (size_t i = 0; i < side_count; i++)
        add_lanes(walk, &sides[i].snapshot->policies, sides[i].service);
    walk->lanes[walk->lane_count++].trie = countries;
    for (int bits = 0; bits <= 128; bits++)
        walk->addresses[bits] = ldexp(1, bits);
    return ERR_OK;
}

/* ---- the walk ---- */

/* set_of - neighbours often have the same classes: those met last are compared first. Without
 * a trie all clients are one set, whose item is a zero. */
static enum err set_of(struct walk *walk, const uint32_t *values, const struct ip_addr *client,
                       uint32_t *out_set)
{
    struct class_cells *cells = walk->cells;
    size_t bytes = (walk->lane_count - 1) * sizeof(*values);
    static const uint32_t nothing;
    *out_set = walk->latest_set;
    if (cells->sets.items.count > 0 && memcmp(walk->latest, values, bytes) == 0)
        return ERR_OK;
    size_t known = cells->sets.items.count;
    enum err err = intern_put(&cells->sets, bytes > 0 ? values : &nothing, out_set);
    if (err == ERR_OK && cells->sets.items.count > known)
        err = big_array_add(&cells->clients, client);
    memcpy(walk->latest, values, bytes);
    walk->latest_set = *out_set;
    return err;
}

static void on_network(void *ctx, const struct ip_prefix *network, const uint32_t *values)
{
    struct walk *walk = ctx;
    struct class_cells *cells = walk->cells;
    uint32_t set, at, key[2];
    if (walk->err == ERR_OK)
        walk->err = set_of(walk, values, &network->addr, &set);
    if (walk->err != ERR_OK)
        return;
    key[0] = set;
    key[1] = values[walk->lane_count - 1];
    walk->err = intern_put(&cells->keys, key, &at);
    if (walk->err == ERR_OK && at == cells->cells.count)
        walk->err = big_array_add(&cells->cells,
                                  &(struct class_cell){.set = key[0], .country = key[1]});
    if (walk->err != ERR_OK)
        return;
    struct class_cell *cell = (struct class_cell *)cells->cells.items + at;
    double addresses = walk->addresses[ip_bits(network->addr.family) - network->len];
    cell->networks++;
    if (network->addr.family == IP_V4)
        cell->v4 += addresses;
    else
        cell->v6 += addresses;
}

enum err class_cells_build(const struct class_side *sides, size_t side_count,
                           const struct snapshot *located, struct class_cells *out_cells)
{
    struct walk walk = {.cells = out_cells};
    enum err err = open_lanes(&walk, sides, side_count, located->policies.countries);
    size_t words = walk.lane_count > 1 ? walk.lane_count - 1 : 1;
    intern_init(&out_cells->keys, 2 * sizeof(uint32_t), CELLS_MAX);
    big_array_init(&out_cells->cells, sizeof(struct class_cell), CELLS_MAX);
    intern_init(&out_cells->sets, words * sizeof(uint32_t), SETS_MAX);
    big_array_init(&out_cells->clients, sizeof(struct ip_addr), SETS_MAX);
    if (err == ERR_OK)
        err = geo_walk(walk.lanes, walk.lane_count, on_network, &walk);
    if (err == ERR_OK)
        err = walk.err;
    free(walk.lanes);
    free(walk.latest);
    if (err != ERR_OK)
        class_cells_free(out_cells);
    return err;
}

void class_cells_free(struct class_cells *cells)
{
    intern_deinit(&cells->keys);
    big_array_deinit(&cells->cells);
    intern_deinit(&cells->sets);
    big_array_deinit(&cells->clients);
}
