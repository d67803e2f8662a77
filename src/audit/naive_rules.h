/* naive_rules.h - which residency rule of a service holds for a client. Private to audit/.
 *
 * The most specific one: a network (the longest), then AS number, subdivision, country, the
 * European Union, continent, default.
 */
#pragma once

#include "rhumb/config.h"
#include "rhumb/err.h"

#include "naive_geo.h"

enum { NAIVE_NO_RULE = 0xffff };

struct naive_rules {
    const struct config_service *service;
    struct naive_networks networks; /* index: of service->residency */
    uint32_t *rule_of; /* owned: by place: the rule that is not of a network, + 1 */
    size_t rule_count; /* of rule_of */
};

/* naive_rules_init - ERR_OK, ERR_NO_MEMORY; naive_rules_deinit() in any case. */
WARN_UNUSED enum err naive_rules_init(struct naive_rules *rules,
                                      const struct config_service *service);
void naive_rules_deinit(struct naive_rules *rules);

/* naive_rules_find_new - the same for a place that was not met before. */
uint16_t naive_rules_find_new(struct naive_rules *rules, const struct naive_geo *geo,
                              uint32_t place);

/* naive_rules_find - network: what naive_networks_find() says of rules->networks; place: a number
 * of geo. */
static inline uint16_t naive_rules_find(struct naive_rules *rules, const struct naive_geo *geo,
                                        uint32_t place, const struct naive_network *network)
{
    if (network)
        return (uint16_t)network->index;
    if (place < rules->rule_count && rules->rule_of[place] != 0)
        return (uint16_t)(rules->rule_of[place] - 1);
    return naive_rules_find_new(rules, geo, place);
}

/* naive_rules_allowed - the regions that a rule leaves, one bit each. */
static inline uint64_t naive_rules_allowed(const struct naive_rules *rules, uint16_t rule)
{
    const struct config_service *service = rules->service;
    if (rule != NAIVE_NO_RULE)
        return service->residency[rule].allowed;
    return UINT64_MAX >> (CONFIG_REGIONS_MAX - service->region_count);
}
