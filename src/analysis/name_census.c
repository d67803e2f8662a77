#include "name_census.h"

#include <string.h>

bool census_is_name(const struct zone_node *node)
{
    return node->rrset_count > 0 || node->binding != ZONE_NOT_STEERED;
}

const struct zone_node *census_find(const struct zone_set *zones, const uint8_t *lower)
{
    struct name_key key;
    name_key_init(&key, lower);
    const struct zone *zone = zone_set_find(zones, &key, false);
    const struct zone_node *node =
        zone ? zone_find_node(zone, lower, key.hash[key.labels]) : NULL;
    return node && census_is_name(node) ? node : NULL;
}

void census_services(const struct snapshot *snapshot, const struct zone_set *others,
                     struct census_service *out_census)
{
    memset(out_census, 0, snapshot->config->service_count * sizeof(*out_census));
    for (size_t z = 0; z < snapshot->zones.zone_count; z++) {
        const struct zone *zone = snapshot->zones.zones[z];
        for (size_t n = 0; n < zone->node_count; n++) {
            const struct zone_node *node = zone->nodes[n];
            if (node->binding == ZONE_NOT_STEERED)
                continue;
            struct census_service *service =
                &out_census[snapshot->bindings[node->binding].service];
            service->names++;
            service->gone += census_find(others, node->name) == NULL;
        }
    }
}
