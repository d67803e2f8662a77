#include "census.h"

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
            service->gone += others && census_find(others, node->name) == NULL;
        }
    }
}

struct census_endpoints census_endpoints(const struct config *config,
                                         const struct config_service *service)
{
    struct census_endpoints sum = {0};
    for (size_t r = 0; r < service->region_count; r++) {
        const struct config_service_region *region = &service->regions[r];
        struct census_endpoints inner = {.v4 = region->name_count, .v6 = region->name_count};
        if (region->service != CONFIG_NONE)
            inner = census_endpoints(config, &config->services[region->service]);
        for (size_t a = 0; a < region->address_count; a++) {
            inner.v4 += region->addresses[a].family == IP_V4;
            inner.v6 += region->addresses[a].family == IP_V6;
        }
        sum.v4 += inner.v4;
        sum.v6 += inner.v6;
    }
    return sum;
}

const struct config_service *census_service_named(const struct config *config, const char *name)
{
    for (size_t s = 0; s < config->service_count; s++)
        if (strcmp(config->services[s].name, name) == 0)
            return &config->services[s];
    return NULL;
}

static bool is_nested(const struct config *config, size_t service)
{
    for (size_t s = 0; s < config->service_count; s++)
        for (size_t r = 0; r < config->services[s].region_count; r++)
            if (config->services[s].regions[r].service == service)
                return true;
    return false;
}

bool census_is_asked(const struct config *config, const struct census_service *census,
                     size_t service)
{
    return census[service].names > 0 || !is_nested(config, service);
}
