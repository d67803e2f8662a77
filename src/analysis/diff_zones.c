/* Zones, steered names and RRsets: two trees in canonical order, side by side. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "diff_parts.h"

/* One zone in both configurations; NULL: only the other has it. */
struct pair {
    struct differ *differ;
    const struct zone *before, *after;
    size_t names_added, names_removed; /* owners */
    size_t changes;                    /* records and steered names, but the serial */
};

/* ---- RRsets ---- */

/* One record, to sort. */
struct record {
    const uint8_t *rdata;
    uint16_t len;
};

static int compare_records(const void *left, const void *right)
{
    const struct record *a = left, *b = right;
    size_t len = a->len < b->len ? a->len : b->len;
    int order = memcmp(a->rdata, b->rdata, len);
    return order != 0 ? order : (a->len > b->len) - (a->len < b->len);
}

/* sorted_records - malloc'ed; NULL: out of memory. */
static struct record *sorted_records(const struct rrset *set)
{
    struct record *records = calloc((size_t)set->count + 1, sizeof(*records));
    const uint8_t *cursor = NULL, *rdata;
    uint16_t len;
    size_t count = 0;
    while (records && (rdata = rrset_next(set, &cursor, &len)) != NULL)
        records[count++] = (struct record){.rdata = rdata, .len = len};
    if (records)
        qsort(records, count, sizeof(*records), compare_records);
    return records;
}

/* has_same_records - the order in the file is nobody's business. */
static bool has_same_records(struct differ *differ, const struct rrset *a,
                             const struct rrset *b)
{
    if (a->count != b->count || a->rdata_bytes != b->rdata_bytes)
        return false;
    if (memcmp(a->rdata, b->rdata, a->rdata_bytes) == 0)
        return true;
    struct record *left = sorted_records(a), *right = sorted_records(b);
    bool same = left && right;
    if (!same)
        differ->err = ERR_NO_MEMORY;
    for (size_t i = 0; same && i < a->count; i++)
        same = compare_records(&left[i], &right[i]) == 0;
    free(left);
    free(right);
    return same;
}

/* is_serial_only - two SOA records that differ in nothing but their serial (RFC 1035 section
 * 3.3.13: five numbers of 32 bits at the end, it is the first). */
static bool is_serial_only(const struct rrset *a, const struct rrset *b)
{
    enum { NUMBERS_BYTES = 20, SERIAL_BYTES = 4 };

    const uint8_t *cursor = NULL, *left, *right;
    uint16_t left_len, right_len;
    left = rrset_next(a, &cursor, &left_len);
    cursor = NULL;
    right = rrset_next(b, &cursor, &right_len);
    if (a->ttl_s != b->ttl_s || left_len != right_len || left_len < NUMBERS_BYTES)
        return false;
    size_t names = left_len - NUMBERS_BYTES;
    return memcmp(left, right, names) == 0 &&
           memcmp(left + names + SERIAL_BYTES, right + names + SERIAL_BYTES,
                  NUMBERS_BYTES - SERIAL_BYTES) == 0;
}

static void add_record(struct pair *pair, enum diff_change change, const struct zone_node *node,
                       const struct rrset *before, const struct rrset *after)
{
    char name[DNS_NAME_TEXT_MAX], buffer[DNS_TYPE_TEXT_MAX];
    const struct rrset *set = after ? after : before;
    const char *type = dns_type_name(set->type, buffer);
    dns_name_to_text(node->name, name);
    pair->changes++;
    if (change != DIFF_CHANGED)
        differ_add(pair->differ, change, DIFF_RECORD, name, "%s, %u record%s", type, set->count,
                   set->count == 1 ? "" : "s");
    else if (before->ttl_s != after->ttl_s)
        differ_add(pair->differ, change, DIFF_RECORD, name,
                   "%s, %u -> %u records, TTL %u -> %u", type, before->count, after->count,
                   before->ttl_s, after->ttl_s);
    else
        differ_add(pair->differ, change, DIFF_RECORD, name, "%s, %u -> %u records", type,
                   before->count, after->count);
}

/* compare_rrsets - both by ascending type; a node that is not there has none. */
static void compare_rrsets(struct pair *pair, const struct zone_node *before,
                           const struct zone_node *after)
{
    uint16_t b = 0, a = 0, b_count = before ? before->rrset_count : 0,
             a_count = after ? after->rrset_count : 0;
    while (b < b_count || a < a_count) {
        const struct rrset *was = b < b_count ? &before->rrsets[b] : NULL;
        const struct rrset *is = a < a_count ? &after->rrsets[a] : NULL;
        if (was && (!is || was->type < is->type)) {
            add_record(pair, DIFF_REMOVED, before, was, NULL);
            b++;
        } else if (is && (!was || is->type < was->type)) {
            add_record(pair, DIFF_ADDED, after, NULL, is);
            a++;
        } else {
            bool same = was->ttl_s == is->ttl_s && has_same_records(pair->differ, was, is);
            if (!same && !(is->type == DNS_TYPE_SOA && is_serial_only(was, is)))
                add_record(pair, DIFF_CHANGED, after, was, is);
            b++;
            a++;
        }
    }
}

/* ---- steered names ---- */

static void describe(const struct snapshot *snapshot, const struct zone_node *node,
                     char text[160])
{
    text[0] = '\0';
    if (!node || node->binding == ZONE_NOT_STEERED)
        return;
    const struct snapshot_binding *binding = &snapshot->bindings[node->binding];
    const struct config_service *service = &snapshot->config->services[binding->service];
    bool pinned = binding->pinned != POLICY_NO_REGION;
    (void)snprintf(text, 160, "%s%s%s%s", service->name, pinned ? " at " : "",
                   pinned ? service->regions[binding->pinned].name : "",
                   binding->sticky ? ", sticky" : "");
}

static void compare_binding(struct pair *pair, const struct zone_node *before,
                            const struct zone_node *after)
{
    char was[160], is[160], name[DNS_NAME_TEXT_MAX];
    describe(pair->differ->before, before, was);
    describe(pair->differ->after, after, is);
    if (strcmp(was, is) == 0)
        return;
    pair->changes++;
    dns_name_to_text((after ? after : before)->name, name);
    if (was[0] == '\0')
        differ_add(pair->differ, DIFF_ADDED, DIFF_NAME, name, "%s", is);
    else if (is[0] == '\0')
        differ_add(pair->differ, DIFF_REMOVED, DIFF_NAME, name, "%s", was);
    else
        differ_add(pair->differ, DIFF_CHANGED, DIFF_NAME, name, "%s -> %s", was, is);
}

/* ---- nodes ---- */

static bool is_owner(const struct zone_node *node)
{
    return node && (node->rrset_count > 0 || node->binding != ZONE_NOT_STEERED);
}

static void compare_nodes(struct pair *pair, const struct zone_node *before,
                          const struct zone_node *after)
{
    pair->names_added += !is_owner(before) && is_owner(after);
    pair->names_removed += is_owner(before) && !is_owner(after);
    compare_binding(pair, before, after);
    compare_rrsets(pair, before, after);
}

static void compare_trees(struct pair *pair)
{
    size_t b = 0, a = 0, b_count = pair->before ? pair->before->node_count : 0,
           a_count = pair->after ? pair->after->node_count : 0;
    while ((b < b_count || a < a_count) && pair->differ->err == ERR_OK) {
        const struct zone_node *was = b < b_count ? pair->before->nodes[b] : NULL;
        const struct zone_node *is = a < a_count ? pair->after->nodes[a] : NULL;
        int order = !was ? 1 : !is ? -1 : dns_name_compare(was->name, is->name);
        compare_nodes(pair, order <= 0 ? was : NULL, order >= 0 ? is : NULL);
        b += order <= 0;
        a += order >= 0;
    }
}

/* ---- zones ---- */

/* is_newer - RFC 1982 section 3.2. */
static bool is_newer(uint32_t was, uint32_t is)
{
    return is != was && is - was < UINT32_C(0x80000000);
}

static void add_zone(struct pair *pair)
{
    char name[DNS_NAME_TEXT_MAX];
    const struct zone *was = pair->before, *is = pair->after;
    dns_name_to_text((is ? is : was)->origin, name);
    if (!was || !is) {
        differ_add(pair->differ, is ? DIFF_ADDED : DIFF_REMOVED, DIFF_ZONE, name,
                   "serial %u, %zu names", (is ? is : was)->serial,
                   pair->names_added + pair->names_removed);
        return;
    }
    if (pair->changes == 0 && was->serial == is->serial)
        return;
    const char *warning = "";
    if (was->serial != is->serial && !is_newer(was->serial, is->serial))
        warning = ": backwards, secondaries will not take it";
    else if (was->serial == is->serial)
        warning = ": not raised, secondaries will not take the change";
    differ_add(pair->differ, DIFF_CHANGED, DIFF_ZONE, name,
               "serial %u -> %u%s; %zu names added, %zu removed", was->serial, is->serial,
               warning, pair->names_added, pair->names_removed);
}

static const struct zone *find_zone(const struct snapshot *snapshot, const uint8_t *origin)
{
    struct name_key key;
    name_key_init(&key, origin);
    const struct zone *zone = zone_set_find(&snapshot->zones, &key, false);
    return zone && dns_name_equal(zone->origin, origin) ? zone : NULL;
}

static void compare_zones(struct differ *differ, const struct zone *before,
                          const struct zone *after)
{
    struct pair pair = {.differ = differ, .before = before, .after = after};
    compare_trees(&pair);
    add_zone(&pair);
}

void diff_zones(struct differ *differ)
{
    const struct zone_set *before = &differ->before->zones, *after = &differ->after->zones;
    for (size_t z = 0; z < after->zone_count; z++)
        compare_zones(differ, find_zone(differ->before, after->zones[z]->origin),
                      after->zones[z]);
    for (size_t z = 0; z < before->zone_count; z++)
        if (!find_zone(differ->after, before->zones[z]->origin))
            compare_zones(differ, before->zones[z], NULL);
}
