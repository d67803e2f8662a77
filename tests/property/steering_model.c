#include "steering_model.h"

#include <string.h>

/* ---- where the client is ----------------------------------------------------------------- */

static bool bit_of(const struct ip_addr *addr, unsigned bit)
{
    return (addr->bytes[bit / 8] >> (7 - bit % 8) & 1) != 0;
}

static bool contains(const struct ip_prefix *prefix, const struct ip_addr *addr)
{
    if (prefix->addr.family != addr->family)
        return false;
    for (unsigned bit = 0; bit < prefix->len; bit++)
        if (bit_of(&prefix->addr, bit) != bit_of(addr, bit))
            return false;
    return true;
}

struct ip_addr model_addr(const struct policy_client *client)
{
    static const uint8_t mapped[12] = {[10] = 0xff, [11] = 0xff};
    static const uint8_t nat64[12] = {0x00, 0x64, 0xff, 0x9b};
    static const uint8_t six_to_four[2] = {0x20, 0x02};
    static const uint8_t teredo[4] = {0x20, 0x01, 0x00, 0x00};
    const uint8_t *bytes = client->network.addr.bytes;
    struct ip_addr inner = {.family = IP_V4};
    if (client->network.addr.family == IP_V4)
        return client->network.addr;
    if (memcmp(bytes, mapped, 12) == 0 || memcmp(bytes, nat64, 12) == 0)
        memcpy(inner.bytes, bytes + 12, 4);
    else if (memcmp(bytes, six_to_four, 2) == 0)
        memcpy(inner.bytes, bytes + 2, 4);
    else if (memcmp(bytes, teredo, 4) == 0)
        for (unsigned i = 0; i < 4; i++)
            inner.bytes[i] = (uint8_t)~bytes[12 + i];
    else
        return client->network.addr;
    return inner;
}

static bool is_somewhere(const struct geo_place *place)
{
    return place->country[0] != '\0' || place->continent[0] != '\0' ||
           (place->flags & GEO_HAS_COORDINATES) != 0;
}

static struct geo_place place_of(const struct config *config, const struct ip_addr *addr)
{
    const struct config_network *best = NULL;
    for (size_t i = 0; i < config->geo.network_count; i++) {
        const struct config_network *network = &config->geo.networks[i];
        if (contains(&network->prefix, addr) &&
            (!best || network->prefix.len > best->prefix.len))
            best = network;
    }
    struct geo_place fallback = policy_place_of(&config->geo.fallback);
    if (!best)
        return fallback;
    struct geo_place place = policy_place_of(&best->location);
    if (!is_somewhere(&place)) {
        uint32_t asn = place.asn;
        place = fallback;
        if (asn != 0)
            place.asn = asn;
    }
    return place;
}

/* ---- residency --------------------------------------------------------------------------- */

/* specificity - 0: it does not match. */
static int specificity(const struct config *config, const struct config_matcher *matcher,
                       const struct ip_addr *addr)
{
    struct geo_place place = place_of(config, addr);
    switch (matcher->kind) {
    case CONFIG_MATCH_NETWORK:
        return contains(&matcher->network, addr) ? 10 + matcher->network.len : 0;
    case CONFIG_MATCH_ASN: return place.asn == matcher->asn ? 6 : 0;
    case CONFIG_MATCH_SUBDIVISION:
        return memcmp(place.country, matcher->code, 2) == 0 &&
                       strncmp(place.subdivision, matcher->subdivision, 3) == 0
                   ? 5
                   : 0;
    case CONFIG_MATCH_COUNTRY: return memcmp(place.country, matcher->code, 2) == 0 ? 4 : 0;
    case CONFIG_MATCH_UNION: return (place.flags & GEO_IN_EU) != 0 ? 3 : 0;
    case CONFIG_MATCH_CONTINENT: return memcmp(place.continent, matcher->code, 2) == 0 ? 2 : 0;
    case CONFIG_MATCH_DEFAULT: return 1;
    }
    return 0;
}

int model_rule(const struct config *config, const struct config_service *service,
               const struct ip_addr *addr)
{
    int best = 0, rule = -1;
    for (size_t i = 0; i < service->residency_count; i++) {
        int how = specificity(config, &service->residency[i].who, addr);
        if (how > best) {
            best = how;
            rule = (int)i;
        }
    }
    return rule;
}

uint64_t model_allowed(const struct config *config, const struct config_service *service,
                       const struct ip_addr *addr)
{
    int rule = model_rule(config, service, addr);
    uint64_t all =
        service->region_count == 64 ? UINT64_MAX : (UINT64_C(1) << service->region_count) - 1;
    return rule < 0 ? all : service->residency[rule].allowed;
}

/* ---- health ------------------------------------------------------------------------------ */

static const struct config_service *service_of(const struct model *model, uint16_t service)
{
    return &model->world->config->services[service];
}

static uint64_t allowed_in(const struct model *model, uint16_t service)
{
    return model_allowed(model->world->config, service_of(model, service), &model->addr);
}

health_word model_word(const struct model *model, uint16_t service, size_t region, size_t nth)
{
    size_t first = world_first_seat(model->world, service, (uint8_t)region);
    return health_table_get(&model->world->health, first + nth);
}

static bool is_up(const struct model *model, uint16_t service, size_t region, size_t nth)
{
    health_word word = model_word(model, service, region, nth);
    health_word wanted = HEALTH_WORD_USABLE | (model->takes_reserve ? HEALTH_WORD_RESERVE : 0);
    return (word & wanted) != 0;
}

static bool region_exists(const struct model *model, const struct config_service_region *region)
{
    if (region->service != CONFIG_NONE)
        return model_exists(model, region->service, allowed_in(model, region->service));
    bool has = region->name_count > 0;
    for (size_t i = 0; i < region->address_count; i++)
        has = has || region->addresses[i].family == model->family;
    return has;
}

static bool region_is_usable(const struct model *model, uint16_t service, size_t index)
{
    const struct config_service *config = service_of(model, service);
    const struct config_service_region *region = &config->regions[index];
    if (region->service != CONFIG_NONE)
        return is_up(model, service, index, 0) &&
               model_is_usable(model, region->service, allowed_in(model, region->service));
    unsigned total = 0, up = 0;
    for (size_t i = 0; i < config_region_seat_count(region); i++) {
        if (region->name_count == 0 && region->addresses[i].family != model->family)
            continue;
        total++;
        up += is_up(model, service, index, i);
    }
    return up > 0 && (double)up >= config->min_up * total - 1e-9;
}

bool model_exists(const struct model *model, uint16_t service, uint64_t regions)
{
    const struct config_service *config = service_of(model, service);
    for (size_t i = 0; i < config->region_count; i++)
        if ((regions >> i & 1) != 0 && region_exists(model, &config->regions[i]))
            return true;
    return false;
}

bool model_is_usable(const struct model *model, uint16_t service, uint64_t regions)
{
    const struct config_service *config = service_of(model, service);
    for (size_t i = 0; i < config->region_count; i++)
        if ((regions >> i & 1) != 0 && region_is_usable(model, service, i))
            return true;
    return false;
}

bool model_may_be_empty(const struct model *model, uint16_t service, uint64_t regions)
{
    const struct config_service *config = service_of(model, service);
    bool may = config->all_down == CONFIG_ALL_DOWN_EMPTY;
    for (size_t i = 0; i < config->region_count; i++) {
        uint16_t nested = config->regions[i].service;
        if ((regions >> i & 1) != 0 && nested != CONFIG_NONE)
            may = may || model_may_be_empty(model, nested, allowed_in(model, nested));
    }
    return may;
}

/* ---- which regions can answer ------------------------------------------------------------ */

/* region_has - with usable: in a seat that is up, in a region that is usable. */
static bool region_has(const struct model *model, uint16_t service, size_t index,
                       const struct ip_addr *addr, bool usable)
{
    const struct config_service_region *region = &service_of(model, service)->regions[index];
    for (size_t i = 0; i < region->address_count; i++)
        if (ip_equal(&region->addresses[i], addr) &&
            (!usable ||
             (is_up(model, service, index, i) && region_is_usable(model, service, index))))
            return true;
    return false;
}

bool model_find(const struct model *model, uint16_t service, uint64_t regions,
                const struct ip_addr *addr, bool usable)
{
    const struct config_service *config = service_of(model, service);
    for (size_t i = 0; i < config->region_count; i++) {
        uint16_t nested = config->regions[i].service;
        if ((regions >> i & 1) == 0)
            continue;
        if (nested != CONFIG_NONE &&
            model_find(model, nested, allowed_in(model, nested), addr, usable))
            return true;
        if (region_has(model, service, i, addr, usable))
            return true;
    }
    return false;
}

bool model_reaches(const struct model *model, uint16_t service, uint64_t regions,
                   uint16_t leaf_service, uint8_t leaf_region)
{
    const struct config_service *config = service_of(model, service);
    if (service == leaf_service)
        return (regions >> leaf_region & 1) != 0;
    for (size_t i = 0; i < config->region_count; i++) {
        uint16_t nested = config->regions[i].service;
        if ((regions >> i & 1) != 0 && nested != CONFIG_NONE &&
            model_reaches(model, nested, allowed_in(model, nested), leaf_service, leaf_region))
            return true;
    }
    return false;
}

bool model_nests(const struct model *model, uint16_t service, uint64_t regions)
{
    const struct config_service *config = service_of(model, service);
    for (size_t i = 0; i < config->region_count; i++)
        if ((regions >> i & 1) != 0 && config->regions[i].service != CONFIG_NONE)
            return true;
    return false;
}
