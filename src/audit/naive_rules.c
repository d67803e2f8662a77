#include "naive_rules.h"

#include <stdlib.h>

#include "rhumb/hash.h"

enum err naive_rules_init(struct naive_rules *rules, const struct config_service *service)
{
    *rules = (struct naive_rules){.service = service};
    enum err err = naive_networks_init(&rules->networks, service->residency_count);
    rules->kept = calloc(NAIVE_KEPT, sizeof(*rules->kept));
    if (err != ERR_OK || !rules->kept)
        return ERR_NO_MEMORY;
    for (size_t i = 0; i < service->residency_count; i++)
        if (service->residency[i].who.kind == CONFIG_MATCH_NETWORK)
            naive_networks_add(&rules->networks, &service->residency[i].who.network, i);
    naive_networks_sort(&rules->networks);
    return ERR_OK;
}

void naive_rules_deinit(struct naive_rules *rules)
{
    naive_networks_deinit(&rules->networks);
    free(rules->kept);
    *rules = (struct naive_rules){0};
}

static bool holds(const struct config_matcher *who, const struct naive_place *place)
{
    switch (who->kind) {
    case CONFIG_MATCH_NETWORK: return false; /* naive_networks_find() knows */
    case CONFIG_MATCH_ASN: return place->asn == who->asn && who->asn != 0;
    case CONFIG_MATCH_SUBDIVISION:
        return strcmp(place->country, who->code) == 0 &&
               strcmp(place->subdivision, who->subdivision) == 0;
    case CONFIG_MATCH_COUNTRY: return strcmp(place->country, who->code) == 0;
    case CONFIG_MATCH_UNION: return place->in_union != 0;
    case CONFIG_MATCH_CONTINENT: return strcmp(place->continent, who->code) == 0;
    case CONFIG_MATCH_DEFAULT: return true;
    }
    return false;
}

/* find_by_place - enum config_matcher_kind goes from the most specific to the least. */
static uint16_t find_by_place(const struct naive_rules *rules, const struct naive_place *place)
{
    const struct config_service *service = rules->service;
    for (unsigned kind = CONFIG_MATCH_ASN; kind <= CONFIG_MATCH_DEFAULT; kind++)
        for (size_t i = 0; i < service->residency_count; i++)
            if (service->residency[i].who.kind == kind &&
                holds(&service->residency[i].who, place))
                return (uint16_t)i;
    return NAIVE_NO_RULE;
}

uint16_t naive_rules_find(struct naive_rules *rules, const struct naive_place *place,
                          const struct naive_network *network)
{
    if (network)
        return (uint16_t)network->index;
    if (rules->service->residency_count == 0)
        return NAIVE_NO_RULE;
    struct naive_kept_rule *kept =
        &rules->kept[hash_bytes(HASH_SEED, place, sizeof(*place)) % NAIVE_KEPT];
    if (kept->rule == 0 || !naive_place_is(&kept->place, place))
        *kept = (struct naive_kept_rule){*place, (uint32_t)find_by_place(rules, place) + 1};
    return (uint16_t)(kept->rule - 1);
}

uint64_t naive_rules_allowed(const struct naive_rules *rules, uint16_t rule)
{
    const struct config_service *service = rules->service;
    if (rule != NAIVE_NO_RULE)
        return service->residency[rule].allowed;
    return UINT64_MAX >> (CONFIG_REGIONS_MAX - service->region_count);
}
