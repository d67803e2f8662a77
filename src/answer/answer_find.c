/* From a name to what the zones say about it: RFC 1034 section 4.3.2, with one round for each
 * alias that stays inside the zones served here. */
#include <string.h>

#include "answer_stage.h"

/* put_set - an RRset of the zone into a section, all or nothing. */
static bool put_set(struct stage *stage, enum response_section section, const uint8_t *owner,
                    const struct rrset *set)
{
    if (set->type == DNS_TYPE_SVCB || set->type == DNS_TYPE_HTTPS)
        return answer_put_svcb(stage, section, owner, set);
    return response_put_run(stage->response, section, owner, set->type, set->ttl_s, set->rdata,
                            set->count);
}

enum stage_step answer_negative(struct stage *stage, unsigned rcode, uint32_t ttl_s)
{
    const struct zone *zone = stage->zone;
    stage->response->rcode = rcode;
    if (zone->negative_ttl_s < ttl_s)
        ttl_s = zone->negative_ttl_s; /* RFC 2308 section 3 */
    return response_put_run(stage->response, RESPONSE_AUTHORITY, zone->origin, DNS_TYPE_SOA,
                            ttl_s, zone->soa->rdata, 1)
               ? STAGE_DONE
               : STAGE_FULL;
}

/* follow - target becomes the name to answer. The chain ends at a loop and at its cap, with
 * what it has. */
static enum stage_step follow(struct stage *stage, const uint8_t *target)
{
    struct answer_worker *worker = stage->worker;
    if (stage->chain_count >= ANSWER_CHAIN_MAX)
        return STAGE_DONE;
    size_t len = dns_name_len(target);
    memmove(worker->chain_name, target, len);
    dns_name_lower(worker->chain_name, len);
    uint64_t hash = dns_name_hash(worker->chain_name);
    for (unsigned i = 0; i < stage->chain_count; i++)
        if (stage->trail->chain[i] == hash)
            return STAGE_DONE;
    stage->owner = worker->chain_name;
    return STAGE_FOLLOW;
}

/* put_alias - what does not fit does not end the chain: the rcode is that of its end, truncated or
 * not (RFC 6604 section 3). */
static void put_alias(struct stage *stage, const uint8_t *target, uint32_t ttl_s)
{
    if (!response_put(stage->response, RESPONSE_ANSWER, stage->owner, DNS_TYPE_CNAME, ttl_s,
                      target, (uint16_t)dns_name_len(target)))
        stage->is_full = true;
}

enum stage_step answer_alias(struct stage *stage, const uint8_t *target, uint32_t ttl_s)
{
    uint16_t qtype = stage->query->qtype; /* ANY matches the alias: RFC 1034 section 4.3.2 */
    bool matches = qtype == DNS_TYPE_CNAME || qtype == DNS_TYPE_ANY;
    put_alias(stage, target, ttl_s);
    return matches ? STAGE_DONE : follow(stage, target);
}

/* referral - without DS: in a zone that is not signed it would prove nothing. */
static enum stage_step referral(struct stage *stage, const struct zone_node *cut)
{
    const struct rrset *ns = zone_node_rrset(cut, DNS_TYPE_NS);
    if (stage->chain_count == 1)
        stage->response->flags &= (uint16_t)~DNS_FLAG_AA;
    if (!put_set(stage, RESPONSE_AUTHORITY, cut->name, ns))
        return STAGE_FULL;
    return answer_glue(stage, cut, ns) ? STAGE_DONE : STAGE_FULL;
}

/* substitute - RFC 6672 section 2.2: the DNAME's owner at the end of the name becomes its
 * target. 0: too long. */
static size_t substitute(const uint8_t *name, const uint8_t *owner, const uint8_t *target,
                         uint8_t out_name[DNS_NAME_MAX])
{
    size_t prefix = dns_name_len(name) - dns_name_len(owner), tail = dns_name_len(target);
    if (prefix + tail > DNS_NAME_MAX)
        return 0;
    memcpy(out_name, name, prefix);
    memcpy(out_name + prefix, target, tail);
    return prefix + tail;
}

/* has_dname - has the chain passed the DNAME of this node? */
static bool has_dname(const struct stage *stage, const struct zone_node *node)
{
    for (unsigned i = 0; i < stage->dname_count; i++)
        if (stage->trail->dnames[i] == node)
            return true;
    return false;
}

/* put_dname - once, however often the chain passes it. */
static void put_dname(struct stage *stage, const struct zone_node *node,
                      const struct rrset *set)
{
    if (has_dname(stage, node))
        return;
    stage->trail->dnames[stage->dname_count++] = node;
    if (!put_set(stage, RESPONSE_ANSWER, node->name, set))
        stage->is_full = true;
}

static enum stage_step redirect(struct stage *stage, const struct zone_node *node)
{
    const struct rrset *set = zone_node_rrset(node, DNS_TYPE_DNAME);
    const uint8_t *cursor = NULL;
    uint16_t len;
    const uint8_t *target = rrset_next(set, &cursor, &len);
    uint8_t synthesized[DNS_NAME_MAX];
    put_dname(stage, node, set);
    if (substitute(stage->owner, node->name, target, synthesized) == 0) {
        stage->response->rcode = DNS_RCODE_YXDOMAIN;
        return STAGE_DONE;
    }
    /* ANY does not end here, as it would at a CNAME that is data: RFC 6672 section 3.2 step 3C. */
    put_alias(stage, synthesized, set->ttl_s);
    return stage->query->qtype == DNS_TYPE_CNAME ? STAGE_DONE : follow(stage, synthesized);
}

/* put_asked - what the question is for. A DNAME that the chain passed is there already, unless
 * this is a wildcard's under another owner. */
static bool put_asked(struct stage *stage, const struct zone_node *node,
                      const struct rrset *set)
{
    if (set->type == DNS_TYPE_DNAME && has_dname(stage, node) &&
        dns_name_equal(stage->owner, node->name))
        return true;
    return put_set(stage, RESPONSE_ANSWER, stage->owner, set);
}

enum stage_step answer_any(struct stage *stage, const struct zone_node *node)
{
    if (node->rrset_count == 0)
        return answer_negative(stage, DNS_RCODE_NOERROR, UINT32_MAX);
    return put_asked(stage, node, &node->rrsets[0]) ? STAGE_DONE : STAGE_FULL;
}

/* is_steered_type - does the policy speak for this type at this node? */
static bool is_steered_type(const struct stage *stage, const struct zone_node *node)
{
    if (node->binding == ZONE_NOT_STEERED)
        return false;
    uint16_t qtype = stage->query->qtype;
    return qtype == DNS_TYPE_A || qtype == DNS_TYPE_AAAA || qtype == DNS_TYPE_ANY ||
           stage->snapshot->bindings[node->binding].may_alias;
}

/* answer_node - the name exists here, or a wildcard stands for it. */
static enum stage_step answer_node(struct stage *stage, const struct zone_node *node)
{
    uint16_t qtype = stage->query->qtype;
    if (is_steered_type(stage, node))
        return answer_steered(stage, node);
    if ((node->flags & ZONE_NODE_CNAME) != 0 && qtype != DNS_TYPE_CNAME &&
        qtype != DNS_TYPE_ANY && !zone_node_rrset(node, qtype)) {
        const struct rrset *set = zone_node_rrset(node, DNS_TYPE_CNAME);
        const uint8_t *cursor = NULL;
        uint16_t len;
        return answer_alias(stage, rrset_next(set, &cursor, &len), set->ttl_s);
    }
    if (qtype == DNS_TYPE_ANY)
        return answer_any(stage, node);
    const struct rrset *set = zone_node_rrset(node, qtype);
    if (!set)
        return answer_negative(stage, DNS_RCODE_NOERROR, UINT32_MAX);
    if (!put_asked(stage, node, set))
        return STAGE_FULL;
    answer_additional(stage, set);
    return STAGE_DONE;
}

/* class_of - which answers count as one for the rate limit: names that somebody can make up
 * without end count by what makes them. */
static struct answer_limit_class class_of(const struct zone *zone, enum zone_match match,
                                          const struct zone_node *node,
                                          const struct name_key *key)
{
    switch (match) {
    case ZONE_WILDCARD:
    case ZONE_DNAME:
        return (struct answer_limit_class){.kind = ANSWER_LIMIT_NAME, .hash = node->hash};
    case ZONE_DELEGATION:
        return (struct answer_limit_class){.kind = ANSWER_LIMIT_REFERRAL, .hash = node->hash};
    case ZONE_NXDOMAIN:
        return (struct answer_limit_class){.kind = ANSWER_LIMIT_NXDOMAIN,
                                           .hash = zone->origin_hash};
    case ZONE_FOUND: break;
    }
    return (struct answer_limit_class){.kind = ANSWER_LIMIT_NAME,
                                       .hash = key->hash[key->labels]};
}

enum stage_step answer_find(struct stage *stage)
{
    struct name_key *key = &stage->worker->key;
    uint16_t qtype = stage->query->qtype;
    name_key_init(key, stage->owner);
    const struct zone *zone = zone_set_find(&stage->snapshot->zones, key, qtype == DNS_TYPE_DS);
    if (!zone) { /* the question: not ours. A chain's target: the resolver asks on from there */
        if (stage->chain_count == 0) {
            stage->response->rcode = DNS_RCODE_REFUSED;
            answer_explain(stage, DNS_EDE_NOT_AUTHORITATIVE, NULL);
        }
        return STAGE_DONE;
    }
    stage->zone = zone;
    stage->response->flags |= DNS_FLAG_AA;
    stage->trail->chain[stage->chain_count++] = key->hash[key->labels];

    const struct zone_node *node;
    enum zone_match match = zone_lookup(zone, key, qtype, &node);
    if (stage->chain_count == 1) {
        stage->first_zone = zone;
        stage->class = class_of(zone, match, node, key);
    }
    switch (match) {
    case ZONE_FOUND:
    case ZONE_WILDCARD: return answer_node(stage, node);
    case ZONE_DELEGATION: return referral(stage, node);
    case ZONE_DNAME: return redirect(stage, node);
    case ZONE_NXDOMAIN: break;
    }
    return answer_negative(stage, DNS_RCODE_NXDOMAIN, UINT32_MAX);
}
