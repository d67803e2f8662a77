#include "config_check.h"

#include <string.h>
#include <strings.h>

static bool has_place(const struct config *config, const struct config_service_region *region)
{
    if (region->region == CONFIG_NONE)
        return false;
    const struct config_location *location = &config->regions[region->region].location;
    return location->has_coordinates || location->country[0] != '\0';
}

/* check_places - policies that measure distance need to know where each region is. */
static void check_places(struct config_reader *reader, const struct config *config,
                         const struct config_service *service)
{
    if (service->policy != CONFIG_POLICY_NEAREST && service->policy != CONFIG_POLICY_LATENCY)
        return;
    for (size_t i = 0; i < service->region_count; i++) {
        const struct config_service_region *region = &service->regions[i];
        if (has_place(config, region))
            continue;
        if (region->region == CONFIG_NONE && region->service == CONFIG_NONE)
            continue; /* no such region: said already */
        config_error(reader, &region->place,
                     "the policy %s needs to know where the region '%s' is",
                     config_policy_name(service->policy), region->name);
        config_remedy(reader, "give '%s' a location: or country: in regions:", region->name);
    }
}

static void check_weights(struct config_reader *reader, const struct config_service *service)
{
    for (size_t i = 0; i < service->region_count; i++) {
        if (service->regions[i].weight > 0)
            return;
    }
    if (service->region_count == 0)
        return;
    config_error(reader, &service->regions[0].place, "every region of '%s' has weight 0",
                 service->name);
    config_remedy(reader, "weight 0 means: only when every other is unusable; give one more");
}

static void check_protect(struct config_reader *reader, const struct config_service *service)
{
    if (service->region_count == 0 || service->protect.min_usable <= service->region_count)
        return;
    config_error(reader, &service->place, "'%s' has %zu regions, but min_usable is %u",
                 service->name, service->region_count, service->protect.min_usable);
    config_remedy(reader, "min_usable counts regions: make it smaller");
}

static void warn_pop_latency(struct config_reader *reader, const struct config_service *service)
{
    if (service->policy != CONFIG_POLICY_LATENCY ||
        service->latency_source != CONFIG_LATENCY_POP)
        return;
    config_warning(reader, &service->place,
                   "'%s' orders regions by this server's own round trips: right only for "
                   "clients near it (an anycast edge)",
                   service->name);
    config_remedy(reader, "use latency: {source: prior} otherwise");
}

/* find_named - by index: does a service answer with a CNAME somewhere, itself or nested? A
 * round follows nesting one level down. */
static void find_named(const struct config *config, bool *named)
{
    bool changed = true;
    for (int round = 0; changed && round <= CONFIG_NESTING_MAX; round++) {
        changed = false;
        for (size_t i = 0; i < config->service_count; i++) {
            const struct config_service *service = &config->services[i];
            for (size_t r = 0; r < service->region_count && !named[i]; r++) {
                uint16_t nested = service->regions[r].service;
                named[i] = service->regions[r].name_count > 0 ||
                           (nested != CONFIG_NONE && named[nested]);
                changed = changed || named[i];
            }
        }
    }
}

static bool is_apex(const struct config_zone *zone, const struct config_name *name)
{
    return strcmp(name->owner, "@") == 0 || strcasecmp(name->owner, zone->origin) == 0;
}

static void check_apex(struct config_reader *reader, const struct config *config,
                       const struct config_zone *zone, const bool *named)
{
    for (size_t i = 0; i < zone->name_count; i++) {
        const struct config_name *name = &zone->names[i];
        if (name->service == CONFIG_NONE || !named[name->service] || !is_apex(zone, name))
            continue;
        config_error(reader, &name->place,
                     "'%s' answers with a CNAME, which the apex of a zone cannot have",
                     config->services[name->service].name);
        config_remedy(reader, "give it addresses: instead of names: (RFC 1034 section 3.6.2)");
    }
}

/* mark_used - by index: is a service reachable from a name, or part of another? */
static void mark_used(const struct config *config, bool *used)
{
    for (size_t i = 0; i < config->service_count; i++) {
        const struct config_service *service = &config->services[i];
        for (size_t r = 0; r < service->region_count; r++) {
            if (service->regions[r].service != CONFIG_NONE)
                used[service->regions[r].service] = true;
        }
    }
    for (size_t z = 0; z < config->zone_count; z++) {
        const struct config_zone *zone = &config->zones[z];
        for (size_t i = 0; i < zone->name_count; i++) {
            if (zone->names[i].service != CONFIG_NONE)
                used[zone->names[i].service] = true;
        }
    }
}

static void warn_unused(struct config_builder *builder)
{
    struct config_reader *reader = &builder->reader;
    const struct config *config = builder->config;
    bool *used = config_alloc(reader, config->service_count, sizeof(*used));
    if (!used)
        return;
    mark_used(config, used);
    for (size_t i = 0; i < config->service_count; i++) {
        if (used[i] || builder->service_inherited[i])
            continue;
        config_warning(reader, &config->services[i].place, "the service '%s' has no name",
                       config->services[i].name);
        config_remedy(reader, "point a name at it in zones:, or take it out");
    }
}

static void check_zones(struct config_builder *builder)
{
    struct config_reader *reader = &builder->reader;
    const struct config *config = builder->config;
    if (config->zone_count == 0) {
        config_warning(reader, &(struct diag_place){.file = config->path},
                       "there are no zones: every query will be refused");
        config_remedy(reader, "add zones: with at least one zone and its file");
    }
    bool *named = config_alloc(reader, config->service_count, sizeof(*named));
    if (!named)
        return;
    find_named(config, named);
    for (size_t i = 0; i < config->zone_count; i++)
        check_apex(reader, config, &config->zones[i], named);
}

void config_check(struct config_builder *builder)
{
    struct config_reader *reader = &builder->reader;
    const struct config *config = builder->config;
    config_check_nesting(reader, config);
    for (size_t i = 0; i < config->service_count; i++) {
        const struct config_service *service = &config->services[i];
        check_places(reader, config, service);
        check_weights(reader, service);
        check_protect(reader, service);
        warn_pop_latency(reader, service);
    }
    check_zones(builder);
    warn_unused(builder);
}
