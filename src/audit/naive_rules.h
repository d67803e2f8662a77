/* naive_rules.h - which residency rule of a service holds for a client. Private to audit/.
 *
 * The most specific one: a network (the longest), then AS number, subdivision, country, the
 * European Union, continent, default.
 */
#pragma once

#include "rhumb/config.h"
#include "rhumb/err.h"

#include "naive_networks.h"
#include "naive_place.h"

enum { NAIVE_NO_RULE = 0xffff, NAIVE_KEPT = 1 << 12 };

struct naive_rules {
    const struct config_service *service;
    struct naive_networks networks; /* index: of service->residency */

    struct naive_kept_rule {
        struct naive_place place;
        uint32_t rule; /* + 1; 0: the slot is free */
    } * kept;          /* owned; by a hash of the place: the rule that is not of a network */
};

/* naive_rules_init - ERR_OK, ERR_NO_MEMORY; naive_rules_deinit() in any case. */
WARN_UNUSED enum err naive_rules_init(struct naive_rules *rules,
                                      const struct config_service *service);
void naive_rules_deinit(struct naive_rules *rules);

/* naive_rules_find - network: what naive_networks_find() says of rules->networks. */
uint16_t naive_rules_find(struct naive_rules *rules, const struct naive_place *place,
                          const struct naive_network *network);

/* naive_rules_allowed - the regions that a rule leaves, one bit each. */
uint64_t naive_rules_allowed(const struct naive_rules *rules, uint16_t rule);
