#include "zone_promise.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "rhumb/dns_response.h"

#include "../support/message.h"
#include "fuzz.h"

enum { LOOKUPS_MAX = 64 }; /* nodes below which a name that may not exist is looked up */

/* ---- a naive reader of the tree: all nodes are walked for every question ---- */

static const struct zone_node *naive_find(const struct zone *zone, const uint8_t *name)
{
    for (size_t i = 0; i < zone->node_count; i++)
        if (dns_name_equal(zone->nodes[i]->name, name))
            return zone->nodes[i];
    return NULL;
}

/* suffix - name without its first labels, so that `labels` are left. */
static const uint8_t *suffix(const uint8_t *name, unsigned labels)
{
    for (unsigned have = dns_name_labels(name); have > labels; have--)
        name = dns_name_parent(name);
    return name;
}

/* naive_lookup - RFC 1034 section 4.3.2 as it is written: label by label down from the apex. */
static enum zone_match naive_lookup(const struct zone *zone, const uint8_t *name, uint16_t type,
                                    const struct zone_node **out_node)
{
    unsigned all = dns_name_labels(name);
    const struct zone_node *above = NULL;
    for (unsigned labels = zone->origin_labels; labels <= all; labels++) {
        const struct zone_node *node = naive_find(zone, suffix(name, labels));
        if (!node)
            break;
        above = *out_node = node;
        bool is_cut = node != zone->apex && zone_node_rrset(node, DNS_TYPE_NS);
        if (is_cut && !(labels == all && type == DNS_TYPE_DS))
            return ZONE_DELEGATION;
        if (labels == all)
            return ZONE_FOUND;
        if (zone_node_rrset(node, DNS_TYPE_DNAME))
            return ZONE_DNAME;
    }
    uint8_t star[DNS_NAME_MAX + 2] = {1, '*'};
    memcpy(star + 2, above->name, dns_name_len(above->name));
    *out_node = dns_name_len(star) <= DNS_NAME_MAX ? naive_find(zone, star) : NULL;
    if (*out_node)
        return ZONE_WILDCARD;
    *out_node = above;
    return ZONE_NXDOMAIN;
}

static void check_lookup(const struct zone *zone, const uint8_t *name, uint16_t type)
{
    struct name_key key;
    const struct zone_node *node = NULL, *want_node = NULL;
    name_key_init(&key, name);
    enum zone_match match = zone_lookup(zone, &key, type, &node);
    enum zone_match want = naive_lookup(zone, name, type, &want_node);
    FUZZ_PROMISE(match == want, "a look-up ends as RFC 1034 section 4.3.2 says");
    FUZZ_PROMISE(node == want_node, "a look-up finds the node that a walk from the apex finds");
}

static void check_lookups(const struct zone *zone, const struct zone_node *node)
{
    static const uint8_t label[] = {4, 'n', 'o', 'n', 'e'};
    uint8_t below[DNS_NAME_MAX + sizeof(label)];
    check_lookup(zone, node->name, DNS_TYPE_A);
    check_lookup(zone, node->name, DNS_TYPE_DS);
    memcpy(below, label, sizeof(label));
    memcpy(below + sizeof(label), node->name, dns_name_len(node->name));
    if (dns_name_len(below) <= DNS_NAME_MAX)
        check_lookup(zone, below, DNS_TYPE_A);
}

/* ---- nodes ---- */

static void check_node(const struct zone *zone, const struct zone_node *node)
{
    FUZZ_PROMISE(node->labels == dns_name_labels(node->name), "labels are counted");
    FUZZ_PROMISE(zone_find_node(zone, node->name, dns_name_hash(node->name)) == node,
                 "every node is found by its name");
    if (node != zone->apex)
        FUZZ_PROMISE(node->parent &&
                         dns_name_equal(node->parent->name, dns_name_parent(node->name)),
                     "every node but the apex hangs from the name above it");
    const struct zone_node *cut = NULL;
    for (const struct zone_node *up = node->parent; up; up = up->parent)
        if ((up != zone->apex && zone_node_rrset(up, DNS_TYPE_NS)) ||
            zone_node_rrset(up, DNS_TYPE_DNAME))
            cut = up;
    FUZZ_PROMISE(node->cut == cut, "the highest cut above is remembered");
    FUZZ_PROMISE(!zone_node_rrset(node, DNS_TYPE_CNAME) || node->rrset_count == 1 ||
                     zone_node_rrset(node, DNS_TYPE_RRSIG) ||
                     zone_node_rrset(node, DNS_TYPE_NSEC),
                 "CNAME stands alone");
}

/* check_sent - the RRset in a message is read to the last byte by a parser that is not ours. */
static void check_sent(const struct zone_node *node, const struct rrset *set)
{
    static struct message m;
    static uint8_t buffer[DNS_MESSAGE_MAX];
    static const struct query no_query;
    struct response r;
    response_init(&r, &no_query, buffer, sizeof(buffer));
    FUZZ_PROMISE(response_put_run(&r, RESPONSE_ANSWER, node->name, set->type, set->ttl_s,
                                  set->rdata, set->count),
                 "every RRset fits into a message");
    const char *fault = message_parse(buffer, response_finish(&r), &m);
    if (fault && m.record_count < MESSAGE_RECORDS_MAX)
        fuzz_broken(fault);
}

/* check_rrsets - returns the number of records. */
static size_t check_rrsets(const struct zone_node *node)
{
    size_t records = 0;
    for (unsigned i = 0; i < node->rrset_count; i++) {
        const struct rrset *set = &node->rrsets[i];
        const uint8_t *cursor = NULL;
        uint16_t len;
        size_t count = 0, bytes = 0;
        while (rrset_next(set, &cursor, &len)) {
            count++;
            bytes += sizeof(len) + len;
        }
        FUZZ_PROMISE(count == set->count && count > 0,
                     "an RRset has as many records as it says");
        FUZZ_PROMISE(bytes == set->rdata_bytes, "an RRset has as many bytes as it says");
        FUZZ_PROMISE(i == 0 || node->rrsets[i - 1].type < set->type,
                     "RRsets are sorted by type");
        FUZZ_PROMISE(zone_node_rrset(node, set->type) == set, "an RRset is found by its type");
        check_sent(node, set);
        records += count;
    }
    return records;
}

void zone_promise_check(const struct zone *zone)
{
    size_t records = 0;
    FUZZ_PROMISE(dns_name_equal(zone->apex->name, zone->origin), "the apex is the origin");
    FUZZ_PROMISE(zone->soa && zone->soa == zone_node_rrset(zone->apex, DNS_TYPE_SOA) &&
                     zone->soa->count == 1,
                 "one SOA at the apex");
    FUZZ_PROMISE(zone->ns && zone->ns == zone_node_rrset(zone->apex, DNS_TYPE_NS),
                 "NS at the apex");
    for (size_t i = 0; i < zone->node_count; i++) {
        const struct zone_node *node = zone->nodes[i];
        FUZZ_PROMISE(i == 0 || dns_name_compare(zone->nodes[i - 1]->name, node->name) < 0,
                     "names are in canonical order, each once");
        FUZZ_PROMISE(dns_name_is_at_or_below(node->name, zone->origin),
                     "names are in the zone");
        check_node(zone, node);
        records += check_rrsets(node);
        if (i < LOOKUPS_MAX)
            check_lookups(zone, node);
    }
    FUZZ_PROMISE(records == zone->record_count, "the records are counted");
}

/* ---- print and read again ---- */

static void print_set(FILE *out, const struct zone_node *node, const struct rrset *set)
{
    char name[DNS_NAME_TEXT_MAX];
    const uint8_t *cursor = NULL, *rdata;
    uint16_t len;
    while ((rdata = rrset_next(set, &cursor, &len))) {
        fprintf(out, "%s %u IN TYPE%u \\# %u ", dns_name_to_text(node->name, name), set->ttl_s,
                set->type, len);
        for (unsigned i = 0; i < len; i++)
            fprintf(out, "%02x", rdata[i]);
        fputc('\n', out);
    }
}

char *zone_promise_print(const struct zone *zone, size_t *out_len)
{
    char *text = NULL;
    FILE *out = open_memstream(&text, out_len);
    if (!out)
        return NULL;
    for (size_t i = 0; i < zone->node_count; i++)
        for (unsigned j = 0; j < zone->nodes[i]->rrset_count; j++)
            print_set(out, zone->nodes[i], &zone->nodes[i]->rrsets[j]);
    fclose(out);
    return text;
}

void zone_promise_same(const struct zone *a, const struct zone *b)
{
    FUZZ_PROMISE(a->node_count == b->node_count, "printed and read: the same names");
    for (size_t i = 0; i < a->node_count; i++) {
        const struct zone_node *x = a->nodes[i], *y = b->nodes[i];
        FUZZ_PROMISE(dns_name_equal(x->name, y->name), "printed and read: the same name");
        FUZZ_PROMISE(x->rrset_count == y->rrset_count, "printed and read: the same types");
        for (unsigned j = 0; j < x->rrset_count; j++) {
            const struct rrset *p = &x->rrsets[j], *q = &y->rrsets[j];
            FUZZ_PROMISE(p->type == q->type && p->count == q->count && p->ttl_s == q->ttl_s &&
                             p->rdata_bytes == q->rdata_bytes &&
                             memcmp(p->rdata, q->rdata, p->rdata_bytes) == 0,
                         "printed and read: the same records");
        }
    }
}
