/* Addresses that a resolver would ask for next. Bounded: at most ADDITIONAL_NAMES_MAX names of
 * one set are looked up, whatever its size (hardening.md: the work for a query has a limit).
 * Glue cannot be left out like that (RFC 9471 section 2.1); it ends at the size of the message
 * and at the number of records the zone may have in a set. */
#include <string.h>

#include "answer_stage.h"

enum { ADDITIONAL_NAMES_MAX = 20 };

/* target_of - the name inside rdata of a type that has one; NULL otherwise. */
static const uint8_t *target_of(uint16_t type, const uint8_t *rdata)
{
    switch (type) {
    case DNS_TYPE_NS: return rdata;
    case DNS_TYPE_MX: return rdata + 2;
    case DNS_TYPE_SRV: return rdata + 6;
    default: return NULL;
    }
}

static bool put_address_sets(struct stage *stage, const struct zone_node *node)
{
    static const uint16_t types[] = {DNS_TYPE_A, DNS_TYPE_AAAA};
    bool all = true;
    for (unsigned i = 0; i < 2; i++) {
        const struct rrset *set = zone_node_rrset(node, types[i]);
        if (set)
            all &= response_put_run(stage->response, RESPONSE_ADDITIONAL, node->name, types[i],
                                    set->ttl_s, set->rdata, set->count);
    }
    return all;
}

static void copy_lower(uint8_t lower[DNS_NAME_MAX], const uint8_t *name)
{
    size_t len = dns_name_len(name);
    memcpy(lower, name, len);
    dns_name_lower(lower, len);
}

/* find_target - the node of a lower name, when it lies in the zone that answers. */
static const struct zone_node *find_target(const struct stage *stage, const uint8_t *lower)
{
    if (!dns_name_is_at_or_below(lower, stage->zone->origin))
        return NULL;
    return zone_find_node(stage->zone, lower, dns_name_hash(lower));
}

void answer_additional(struct stage *stage, const struct rrset *set)
{
    const uint8_t *cursor = NULL, *rdata;
    uint8_t lower[DNS_NAME_MAX];
    uint16_t len;
    for (unsigned i = 0; i < ADDITIONAL_NAMES_MAX && (rdata = rrset_next(set, &cursor, &len));
         i++) {
        const uint8_t *target = target_of(set->type, rdata);
        if (!target)
            return;
        copy_lower(lower, target);
        const struct zone_node *node = find_target(stage, lower);
        if (node)
            put_address_sets(stage, node);
    }
}

/* put_glue - the addresses of the name servers inside the delegated zone, or of all others,
 * until one does not fit. */
static bool put_glue(struct stage *stage, const struct zone_node *cut, const struct rrset *ns,
                     bool in_domain)
{
    const uint8_t *cursor = NULL, *target;
    uint8_t lower[DNS_NAME_MAX];
    uint16_t len;
    while ((target = rrset_next(ns, &cursor, &len))) {
        copy_lower(lower, target);
        if (dns_name_is_at_or_below(lower, cut->name) != in_domain)
            continue;
        const struct zone_node *node = find_target(stage, lower);
        if (node && !put_address_sets(stage, node))
            return false;
    }
    return true;
}

bool answer_glue(struct stage *stage, const struct zone_node *cut, const struct rrset *ns)
{
    if (!put_glue(stage, cut, ns, true))
        return false;
    put_glue(stage, cut, ns, false);
    return true;
}
