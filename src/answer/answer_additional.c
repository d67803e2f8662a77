/* Addresses that a resolver would ask for next, from every zone served here; those of a steered name
 * are the ones this client gets. Bounded: at most ADDITIONAL_NAMES_MAX names of one set are
 * looked up, whatever its size (hardening.md: the work for a query has a limit). Glue cannot be
 * left out like that (RFC 9471 section 2.1); it ends at the size of the message and at the number
 * of records the zone may have in a set. */
#include <string.h>

#include "answer_stage.h"

enum { ADDITIONAL_NAMES_MAX = 20 };

/* target_of - the name inside rdata of a type that has one; NULL otherwise. The target "." of SVCB
 * is the owner (RFC 9460 section 2.5). */
static const uint8_t *target_of(const struct stage *stage, uint16_t type, const uint8_t *rdata)
{
    switch (type) {
    case DNS_TYPE_NS: return rdata;
    case DNS_TYPE_MX:
    case DNS_TYPE_SRV: return rdata + (type == DNS_TYPE_MX ? 2 : 6);
    case DNS_TYPE_SVCB:
    case DNS_TYPE_HTTPS: return rdata[2] == 0 ? stage->owner : rdata + 2;
    default: return NULL;
    }
}

static bool put_plain_addresses(struct stage *stage, const uint8_t *owner,
                                const struct zone_node *node)
{
    static const uint16_t types[] = {DNS_TYPE_A, DNS_TYPE_AAAA};

    bool all = true;
    for (unsigned i = 0; i < 2; i++) {
        const struct rrset *set = zone_node_rrset(node, types[i]);
        if (set)
            all &= response_put_run(stage->response, RESPONSE_ADDITIONAL, owner, types[i],
                                    set->ttl_s, set->rdata, set->count);
    }
    return all;
}

static bool put_steered_addresses(struct stage *stage, const uint8_t *owner,
                                  const struct zone_node *node)
{
    static const enum ip_family families[] = {IP_V4, IP_V6};

    bool all = true;
    for (unsigned i = 0; i < 2; i++) {
        const struct policy_answer *answer = answer_select(stage, node, families[i]);
        if (answer->outcome == POLICY_ADDRESSES)
            all &= answer_put_addresses(stage, RESPONSE_ADDITIONAL, owner, answer);
    }
    return all;
}

static bool put_addresses(struct stage *stage, const uint8_t *owner,
                          const struct zone_node *node)
{
    return node->binding == ZONE_NOT_STEERED ? put_plain_addresses(stage, owner, node)
                                             : put_steered_addresses(stage, owner, node);
}

static void copy_lower(uint8_t lower[DNS_NAME_MAX], const uint8_t *name)
{
    size_t len = dns_name_len(name);
    memcpy(lower, name, len);
    dns_name_lower(lower, len);
}

/* find_here - the node of a lower name in the zone that answers: glue counts. */
static const struct zone_node *find_here(const struct stage *stage, const uint8_t *lower)
{
    if (!dns_name_is_at_or_below(lower, stage->zone->origin))
        return NULL;
    return zone_find_node(stage->zone, lower, dns_name_hash(lower));
}

const struct zone_node *answer_find_target(struct stage *stage, const uint8_t *lower)
{
    const struct zone_node *here = find_here(stage, lower), *node;
    if (here && (here->flags & (ZONE_NODE_CUT | ZONE_NODE_BELOW_CUT)) == 0)
        return here;
    struct name_key *key = &stage->worker->key; /* the name that was asked is found by now */
    name_key_init(key, lower);
    const struct zone *zone = zone_set_find(&stage->snapshot->zones, key, false);
    if (!zone)
        return here;
    enum zone_match match = zone_lookup(zone, key, DNS_TYPE_A, &node);
    return match == ZONE_FOUND || match == ZONE_WILDCARD ? node : here;
}

/* put_alias_target - the next step of an alias in SVCB form: RFC 9460 section 4.1. */
static void put_alias_target(struct stage *stage, const struct rrset *set, const uint8_t *rdata,
                             const uint8_t *owner, const struct zone_node *node)
{
    bool is_alias = rdata[0] == 0 && rdata[1] == 0;
    const struct rrset *next = zone_node_rrset(node, set->type);
    if (is_alias && next && next != set)
        (void)answer_put_svcb(stage, RESPONSE_ADDITIONAL, owner, next);
}

/* is_repeated - was this target of the set seen before? It goes among them. */
static bool is_repeated(uint64_t seen[ADDITIONAL_NAMES_MAX], unsigned count,
                        const uint8_t *lower)
{
    seen[count] = dns_name_hash(lower);
    for (unsigned i = 0; i < count; i++)
        if (seen[i] == seen[count])
            return true;
    return false;
}

void answer_additional(struct stage *stage, const struct rrset *set)
{
    bool is_svcb = set->type == DNS_TYPE_SVCB || set->type == DNS_TYPE_HTTPS;
    const uint8_t *cursor = NULL, *rdata;
    uint8_t lower[DNS_NAME_MAX];
    uint64_t seen[ADDITIONAL_NAMES_MAX];
    uint16_t len;
    for (unsigned i = 0; i < ADDITIONAL_NAMES_MAX && (rdata = rrset_next(set, &cursor, &len));
         i++) {
        const uint8_t *target = target_of(stage, set->type, rdata);
        if (!target)
            return;
        copy_lower(lower, target);
        if (is_repeated(seen, i, lower))
            continue;
        const struct zone_node *node = answer_find_target(stage, lower);
        if (!node)
            continue;
        if (is_svcb)
            put_alias_target(stage, set, rdata, lower, node);
        put_addresses(stage, lower, node);
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
        const struct zone_node *node = find_here(stage, lower);
        if (node && !put_addresses(stage, lower, node))
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
