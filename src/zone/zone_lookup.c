/* Looking a name up: one probe for a name that exists, one more per label for one that does
 * not. No allocation, no lock; reads the immutable zone only. */
#include <string.h>

#include "rhumb/dns_type.h"
#include "rhumb/zone.h"

void name_key_init(struct name_key *key, const uint8_t *lower_name)
{
    uint8_t starts[DNS_LABELS_MAX + 1];
    unsigned labels = 0;
    const uint8_t *at = lower_name;
    for (; *at > 0 && labels < DNS_LABELS_MAX; at += *at + 1)
        starts[labels++] = (uint8_t)(at - lower_name);
    key->name = lower_name;
    key->labels = labels;
    key->suffix[0] = (uint8_t)(at - lower_name);
    key->hash[0] = DNS_NAME_HASH_ROOT;
    for (unsigned i = 1; i <= labels; i++) {
        key->suffix[i] = starts[labels - i];
        key->hash[i] = dns_name_hash_label(key->hash[i - 1], lower_name + key->suffix[i]);
    }
}

const uint8_t *rrset_next(const struct rrset *set, const uint8_t **cursor, uint16_t *out_len)
{
    const uint8_t *at = *cursor ? *cursor : set->rdata;
    if (at == set->rdata + set->rdata_bytes)
        return NULL;
    memcpy(out_len, at, sizeof(*out_len));
    at += sizeof(*out_len);
    *cursor = at + *out_len;
    return at;
}

const struct zone_node *zone_find_node(const struct zone *zone, const uint8_t *lower_name,
                                       uint64_t hash)
{
    for (size_t slot = hash & zone->slot_mask;; slot = (slot + 1) & zone->slot_mask) {
        const struct zone_node *node = zone->slots[slot];
        if (!node)
            return NULL;
        if (node->hash == hash && dns_name_equal(node->name, lower_name))
            return node;
    }
}

const struct rrset *zone_node_rrset(const struct zone_node *node, uint16_t type)
{
    for (unsigned i = 0; i < node->rrset_count; i++) {
        if (node->rrsets[i].type == type)
            return &node->rrsets[i];
        if (node->rrsets[i].type > type)
            break;
    }
    return NULL;
}

/* below - what a cut or a DNAME above a name means for it. */
static enum zone_match below(const struct zone_node *cut, const struct zone_node **out_node)
{
    *out_node = cut;
    return cut->flags & ZONE_NODE_CUT ? ZONE_DELEGATION : ZONE_DNAME;
}

/* found - the name exists. DS belongs to the side above a cut (RFC 4035 section 3.1.4.1). */
static enum zone_match found(const struct zone_node *node, uint16_t qtype,
                             const struct zone_node **out_node)
{
    if (node->cut)
        return below(node->cut, out_node);
    *out_node = node;
    bool delegated = node->flags & ZONE_NODE_CUT && qtype != DNS_TYPE_DS;
    return delegated ? ZONE_DELEGATION : ZONE_FOUND;
}

/* missed - it does not; encloser is its closest ancestor that does (RFC 4592 section 3.3.1). */
static enum zone_match missed(const struct zone_node *encloser,
                              const struct zone_node **out_node)
{
    if (encloser->cut)
        return below(encloser->cut, out_node);
    if (encloser->flags & (ZONE_NODE_CUT | ZONE_NODE_DNAME))
        return below(encloser, out_node);
    *out_node = encloser->wildcard ? encloser->wildcard : encloser;
    return encloser->wildcard ? ZONE_WILDCARD : ZONE_NXDOMAIN;
}

enum zone_match zone_lookup(const struct zone *zone, const struct name_key *key, uint16_t qtype,
                            const struct zone_node **out_node)
{
    const struct zone_node *node =
        zone_find_node(zone, key->name + key->suffix[key->labels], key->hash[key->labels]);
    if (node)
        return found(node, qtype, out_node);
    for (unsigned n = key->labels; !node && n > zone->origin_labels + 1; n--)
        node = zone_find_node(zone, key->name + key->suffix[n - 1], key->hash[n - 1]);
    return missed(node ? node : zone->apex, out_node);
}
