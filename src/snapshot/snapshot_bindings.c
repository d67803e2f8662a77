#include "snapshot_bindings.h"

#include <string.h>

#include "rhumb/dns_name.h"

static const char region_mark[] = "{region}";

/* zone_bindings_max - how many owners the names of a zone can make. */
static size_t zone_bindings_max(const struct config *config, const struct config_zone *zone)
{
    size_t count = 0;
    for (size_t n = 0; n < zone->name_count; n++)
        count += zone->names[n].has_region
                     ? config->services[zone->names[n].service].region_count
                     : 1;
    return count;
}

/* find_aliases - which services have, or contain a service that has, endpoints that are names?
 * Each round goes one level up; the configuration has no loops. */
static void find_aliases(const struct config *config, bool *may_alias)
{
    bool changed = true;
    while (changed) {
        changed = false;
        for (size_t s = 0; s < config->service_count; s++) {
            const struct config_service *service = &config->services[s];
            for (size_t r = 0; r < service->region_count && !may_alias[s]; r++) {
                uint16_t nested = service->regions[r].service;
                may_alias[s] = service->regions[r].name_count > 0 ||
                               (nested != CONFIG_NONE && may_alias[nested]);
                changed |= may_alias[s];
            }
        }
    }
}

enum err snapshot_binder_init(struct snapshot_binder *binder, const struct config *config,
                              struct arena *arena, struct diag_list *diags,
                              struct snapshot *snapshot)
{
    size_t count = 0;
    for (size_t z = 0; z < config->zone_count; z++)
        count += zone_bindings_max(config, &config->zones[z]);
    bool *may_alias = arena_alloc_array(arena, config->service_count, sizeof(*may_alias));
    struct snapshot_binding *bindings = arena_alloc_array(arena, count, sizeof(*bindings));
    if (!may_alias || !bindings)
        return ERR_NO_MEMORY;
    find_aliases(config, may_alias);
    snapshot->bindings = bindings;
    *binder = (struct snapshot_binder){
        .config = config,
        .arena = arena,
        .diags = diags,
        .snapshot = snapshot,
        .may_alias = may_alias,
    };
    return ERR_OK;
}

/* The owners of one zone as they come. */
struct owners {
    const struct snapshot_binder *binder;
    const uint8_t *origin;
    struct zone_steered *steered;
    size_t count;
};

static enum err bind_owner(struct owners *owners, const struct config_name *name,
                           const char *owner, uint8_t pinned)
{
    const struct snapshot_binder *b = owners->binder;
    uint8_t wire[DNS_NAME_MAX];
    const char *reason;
    size_t len = dns_name_from_text(owner, strlen(owner), owners->origin, wire, &reason);
    if (len == 0) {
        diag_error(b->diags, &name->place, "'%s' is no domain name: %s", owner, reason);
        return ERR_OK;
    }
    dns_name_lower(wire, len);
    if (!dns_name_is_at_or_below(wire, owners->origin)) {
        diag_error(b->diags, &name->place, "'%s' is not inside the zone", owner);
        diag_remedy(b->diags, "write it relative to the zone, without the final dot");
        return ERR_OK;
    }
    const uint8_t *copy = arena_copy(b->arena, wire, len);
    if (!copy)
        return ERR_NO_MEMORY;
    const struct config_service *service = &b->config->services[name->service];
    uint32_t binding = (uint32_t)b->snapshot->binding_count++;
    b->snapshot->bindings[binding] = (struct snapshot_binding){
        .service = name->service,
        .pinned = pinned,
        .sticky = name->sticky < 0 ? service->sticky : name->sticky != 0,
        .may_alias = b->may_alias[name->service],
    };
    owners->steered[owners->count++] = (struct zone_steered){
        .name = copy,
        .binding = binding,
        .is_alias = b->may_alias[name->service],
        .place = name->place,
    };
    return ERR_OK;
}

/* bind_regions - one pinned owner for each region of the service. */
static enum err bind_regions(struct owners *owners, const struct config_name *name)
{
    const char *mark = strstr(name->owner, region_mark);
    const struct config_service *service = &owners->binder->config->services[name->service];
    for (size_t r = 0; mark && r < service->region_count; r++) {
        const char *owner =
            arena_printf(owners->binder->arena, "%.*s%s%s", (int)(mark - name->owner),
                         name->owner, service->regions[r].name, mark + sizeof(region_mark) - 1);
        if (!owner)
            return ERR_NO_MEMORY;
        enum err err = bind_owner(owners, name, owner, (uint8_t)r);
        if (err != ERR_OK)
            return err;
    }
    return ERR_OK;
}

enum err snapshot_bind_zone(const struct snapshot_binder *binder,
                            const struct config_zone *zone, struct zone_steered **out_steered,
                            size_t *out_count)
{
    uint8_t origin[DNS_NAME_MAX];
    const char *reason;
    *out_steered = NULL;
    *out_count = 0;
    size_t origin_len =
        dns_name_from_text(zone->origin, strlen(zone->origin), NULL, origin, &reason);
    if (origin_len == 0) {
        diag_error(binder->diags, &zone->place, "'%s' is no domain name: %s", zone->origin,
                   reason);
        return ERR_OK;
    }
    dns_name_lower(origin, origin_len);
    struct owners owners = {.binder = binder, .origin = origin};
    owners.steered = arena_alloc_array(binder->arena, zone_bindings_max(binder->config, zone),
                                       sizeof(*owners.steered));
    if (!owners.steered)
        return ERR_NO_MEMORY;
    for (size_t n = 0; n < zone->name_count; n++) {
        const struct config_name *name = &zone->names[n];
        enum err err = name->has_region
                           ? bind_regions(&owners, name)
                           : bind_owner(&owners, name, name->owner, POLICY_NO_REGION);
        if (err != ERR_OK)
            return err;
    }
    *out_steered = owners.steered;
    *out_count = owners.count;
    return ERR_OK;
}
