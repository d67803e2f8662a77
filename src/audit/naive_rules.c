#include "naive_rules.h"

#include <stdlib.h>
#include <string.h>

enum err naive_rules_init(struct naive_rules *rules, const struct config_service *service)
{
    *rules = (struct naive_rules){.service = service};
    enum err err = naive_networks_init(&rules->networks, service->residency_count);
    for (size_t i = 0; i < service->residency_count && err == ERR_OK; i++)
        if (service->residency[i].who.kind == CONFIG_MATCH_NETWORK)
            naive_networks_add(&rules->networks, &service->residency[i].who.network, i);
    naive_networks_sort(&rules->networks);
    return err;
}

void naive_rules_deinit(struct naive_rules *rules)
{
    naive_networks_deinit(&rules->networks);
    free(rules->rule_of);
    *rules = (struct naive_rules){0};
}

static bool holds(const struct config_matcher *who, const struct naive_place *place)
{
    switch (who->kind) {
    case CONFIG_MATCH_NETWORK: return false; /* naive_networks_find() knows */
    case CONFIG_MATCH_ASN: return place->asn == who->asn && who->asn != 0;
    case CONFIG_MATCH_SUBDIVISION:
        return place->country == naive_code_of(who->code) &&
               place->subdivision == naive_code_of(who->subdivision);
    case CONFIG_MATCH_COUNTRY: return place->country == naive_code_of(who->code);
    case CONFIG_MATCH_UNION: return place->in_union != 0;
    case CONFIG_MATCH_CONTINENT: return place->continent == naive_code_of(who->code);
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

uint16_t naive_rules_find_new(struct naive_rules *rules, const struct naive_geo *geo,
                              uint32_t place)
{
    uint16_t rule = find_by_place(rules, naive_geo_place(geo, place));
    if (place >= rules->rule_count) {
        size_t count = geo->places.capacity;
        uint32_t *rule_of = realloc(rules->rule_of, count * sizeof(*rule_of));
        if (!rule_of)
            return rule; /* it is found again the next time */
        memset(rule_of + rules->rule_count, 0, (count - rules->rule_count) * sizeof(*rule_of));
        rules->rule_of = rule_of;
        rules->rule_count = count;
    }
    rules->rule_of[place] = (uint32_t)rule + 1;
    return rule;
}
