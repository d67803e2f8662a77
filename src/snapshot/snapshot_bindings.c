#include "snapshot_bindings.h"

#include <string.h>

#include "rhumb/dns_name.h"

static const char region_mark[] = "{region}";

/* count_owners - the names of one zone, with `{region}` written out. */
static size_t count_owners(const struct config *config, const struct config_zone *zone)
{
    size_t count = 0;
    for (size_t n = 0; n < zone->name_count; n++)
        count += zone->names[n].has_region
                     ? config->services[zone->names[n].service].region_count
                     : 1;
    return count;
}

size_t snapshot_bindings_count(const struct config *config)
{
    size_t count = 0;
    for (size_t z = 0; z < config->zone_count; z++)
        count += count_owners(config, &config->zones[z]);
    return count;
}

/* is_alias - can the answer be a CNAME: has it, or a service inside it, endpoints that are
 * names? */
static bool is_alias(const struct config *config, uint16_t index)
{
    const struct config_service *service = &config->services[index];
    for (size_t r = 0; r < service->region_count; r++) {
        const struct config_service_region *region = &service->regions[r];
        if (region->name_count > 0 ||
            (region->service != CONFIG_NONE && is_alias(config, region->service)))
            return true;
    }
    return false;
}

struct binder {
    const struct config *config;
    const uint8_t *origin;
    struct arena *arena;
    struct diag_list *diags;
    struct snapshot *snapshot;
    struct zone_steered *steered;
    size_t count;
};

static enum err bind_owner(struct binder *b, const struct config_name *name, const char *owner,
                           uint8_t pinned)
{
    uint8_t wire[DNS_NAME_MAX];
    const char *reason;
    size_t len = dns_name_from_text(owner, strlen(owner), b->origin, wire, &reason);
    if (len == 0) {
        diag_error(b->diags, &name->place, "'%s' is no domain name: %s", owner, reason);
        return ERR_OK;
    }
    dns_name_lower(wire, len);
    if (!dns_name_is_at_or_below(wire, b->origin)) {
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
        .may_alias = is_alias(b->config, name->service),
    };
    b->steered[b->count++] = (struct zone_steered){
        .name = copy,
        .binding = binding,
        .is_alias = b->snapshot->bindings[binding].may_alias,
        .place = name->place,
    };
    return ERR_OK;
}

/* bind_regions - one pinned owner for each region of the service. */
static enum err bind_regions(struct binder *b, const struct config_name *name)
{
    const char *mark = strstr(name->owner, region_mark);
    const struct config_service *service = &b->config->services[name->service];
    for (size_t r = 0; mark && r < service->region_count; r++) {
        const char *owner =
            arena_printf(b->arena, "%.*s%s%s", (int)(mark - name->owner), name->owner,
                         service->regions[r].name, mark + sizeof(region_mark) - 1);
        if (!owner)
            return ERR_NO_MEMORY;
        enum err err = bind_owner(b, name, owner, (uint8_t)r);
        if (err != ERR_OK)
            return err;
    }
    return ERR_OK;
}

enum err snapshot_bind_zone(const struct config *config, const struct config_zone *zone,
                            struct arena *arena, struct diag_list *diags,
                            struct snapshot *snapshot, struct zone_steered **out_steered,
                            size_t *out_count)
{
    uint8_t origin[DNS_NAME_MAX];
    const char *reason;
    *out_steered = NULL;
    *out_count = 0;
    size_t origin_len =
        dns_name_from_text(zone->origin, strlen(zone->origin), NULL, origin, &reason);
    if (origin_len == 0) {
        diag_error(diags, &zone->place, "'%s' is no domain name: %s", zone->origin, reason);
        return ERR_OK;
    }
    dns_name_lower(origin, origin_len);
    struct binder b = {.config = config,
                       .origin = origin,
                       .arena = arena,
                       .diags = diags,
                       .snapshot = snapshot};
    b.steered = arena_alloc_array(arena, count_owners(config, zone), sizeof(*b.steered));
    if (!b.steered)
        return ERR_NO_MEMORY;
    for (size_t n = 0; n < zone->name_count; n++) {
        const struct config_name *name = &zone->names[n];
        enum err err = name->has_region ? bind_regions(&b, name)
                                        : bind_owner(&b, name, name->owner, POLICY_NO_REGION);
        if (err != ERR_OK)
            return err;
    }
    *out_steered = b.steered;
    *out_count = b.count;
    return ERR_OK;
}
