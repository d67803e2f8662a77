#include "rhumb/geo_walk.h"

#include <stdbool.h>
#include <stdlib.h>

#include "geo_map_tiling.h"
#include "geo_trie_node.h"

/* A lane on its way: the prefix around the current address. */
struct finger {
    const struct geo_trie *trie;
    const struct geo_leaf *leaf; /* of a map */
    struct geo_key end;          /* the first address behind it; zero behind the last one */
    uint8_t len;
};

static void step(struct finger *finger, uint32_t *value, struct geo_key at, unsigned family)
{
    if (finger->trie) {
        struct ip_addr addr = geo_key_to_addr(at, family);
        *value = geo_trie_find(finger->trie, &addr, &finger->len);
    } else if (finger->leaf) {
        *value = finger->leaf->value;
        finger->len = finger->leaf->len;
        finger->leaf++;
    }
    finger->end = geo_key_after(at, finger->len);
}

static bool is_embedding(struct geo_key at, unsigned family)
{
    struct ip_addr addr = geo_key_to_addr(at, family);
    for (size_t i = 0; i < IP_EMBEDDING_RANGE_COUNT; i++)
        if (ip_prefix_contains(&ip_embedding_ranges[i], &addr))
            return true;
    return false;
}

static void start(struct finger *finger, const struct geo_lane *lane, unsigned family)
{
    *finger = (struct finger){.trie = lane->trie};
    if (lane->map)
        finger->leaf = geo_tiling_leaves(geo_map_tiling(lane->map, family));
}

static void walk_family(const struct geo_lane *lanes, size_t count, unsigned family,
                        struct finger *fingers, uint32_t *values,
                        geo_walk_on_network on_network, void *ctx)
{
    struct geo_key at = {0};
    for (size_t i = 0; i < count; i++) {
        start(&fingers[i], &lanes[i], family);
        step(&fingers[i], &values[i], at, family);
    }
    do {
        unsigned len = 0;
        for (size_t i = 0; i < count; i++)
            len = fingers[i].len > len ? fingers[i].len : len;
        struct ip_prefix network = {.addr = geo_key_to_addr(at, family), .len = (uint8_t)len};
        if (family == GEO_V4 || !is_embedding(at, family))
            on_network(ctx, &network, values);
        at = geo_key_after(at, len);
        for (size_t i = 0; i < count && !geo_key_is_zero(at); i++)
            if (geo_key_equal(fingers[i].end, at))
                step(&fingers[i], &values[i], at, family);
    } while (!geo_key_is_zero(at));
}

enum err geo_walk(const struct geo_lane *lanes, size_t lane_count,
                  geo_walk_on_network on_network, void *ctx)
{
    struct finger *fingers = calloc(lane_count + 1, sizeof(*fingers));
    uint32_t *values = calloc(lane_count + 1, sizeof(*values));
    enum err err = fingers && values ? ERR_OK : ERR_NO_MEMORY;
    for (unsigned family = 0; family < GEO_FAMILY_COUNT && err == ERR_OK; family++)
        walk_family(lanes, lane_count, family, fingers, values, on_network, ctx);
    free(fingers);
    free(values);
    return err;
}
