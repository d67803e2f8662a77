/* steering_model.h - what policies promise, computed the slow and obvious way from the
 * configuration: no marks, no map, no tries, no classes.
 */
#pragma once

#include "policy_world.h"

/* model_addr - the address that counts: the IPv4 one inside a transition form; bits that were
 * not told are zero. */
struct ip_addr model_addr(const struct policy_client *client);

/* model_rule - the residency rule for an address; -1: none. */
int model_rule(const struct config *config, const struct config_service *service,
               const struct ip_addr *addr);

/* model_allowed - the regions of the service that it may get, as bits. */
uint64_t model_allowed(const struct config *config, const struct config_service *service,
                       const struct ip_addr *addr);

/* A question to the model. */
struct model {
    const struct world *world;
    enum ip_family family;
    struct ip_addr addr; /* of the client */
    bool takes_reserve;  /* what is in reserve counts as up */
};

/* model_word - the health of the nth address or name of a region; 0: of its nested service. */
health_word model_word(const struct model *model, uint16_t service, size_t region, size_t nth);

/* model_exists, model_is_usable - has any of these regions an endpoint of the family, and
 * enough of them up? Nested services by what residency leaves of them. */
bool model_exists(const struct model *model, uint16_t service, uint64_t regions);
bool model_is_usable(const struct model *model, uint16_t service, uint64_t regions);

/* model_may_be_empty - did the operator choose `empty`, in the service or in one nested? */
bool model_may_be_empty(const struct model *model, uint16_t service, uint64_t regions);

/* model_find - a region of the service or of one nested, all allowed, that has the address;
 * with usable: that is usable by itself and in which the address is up. */
bool model_find(const struct model *model, uint16_t service, uint64_t regions,
                const struct ip_addr *addr, bool usable);

/* model_reaches - is this region one that the service may answer with? */
bool model_reaches(const struct model *model, uint16_t service, uint64_t regions,
                   uint16_t leaf_service, uint8_t leaf_region);

/* model_nests - does any of these regions stand for a service? */
bool model_nests(const struct model *model, uint16_t service, uint64_t regions);
