#include "geo_map_tiling.h"

void geo_map_walk(const struct geo_map *map, geo_map_on_network on_network, void *ctx)
{
    for (unsigned family = 0; family < GEO_FAMILY_COUNT; family++) {
        const struct geo_tiling *tiling = geo_map_tiling(map, family);
        const struct geo_leaf *leaves = geo_tiling_leaves(tiling);
        struct geo_key at = {0};
        for (size_t i = 0; i < tiling->leaves.count; i++) {
            struct ip_prefix network = {
                .addr = geo_key_to_addr(at, family),
                .len = leaves[i].len,
            };
            on_network(ctx, &network, leaves[i].value);
            at = geo_key_after(at, leaves[i].len);
        }
    }
}
