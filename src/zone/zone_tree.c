#include "zone_tree.h"

#include <stdlib.h>
#include <string.h>

#include "rhumb/dns_type.h"

/* The blocks while they are filled: what is handed out moves up. */
struct blocks {
    struct zone_node *nodes;
    uint8_t *names;
    struct rrset *rrsets;
    uint8_t *rdata;
};

struct sizes {
    size_t names_bytes, rrset_count, rdata_bytes, record_count;
};

/* compare_siblings - by parent, then by label as in RFC 4034 section 6.1. */
static int compare_siblings(const void *a, const void *b, void *context)
{
    const struct zone_draft *draft = context;
    const struct zone_owner *x = &draft->owners[*(const uint32_t *)a];
    const struct zone_owner *y = &draft->owners[*(const uint32_t *)b];
    if (x->parent != y->parent)
        return x->parent < y->parent ? -1 : 1;
    size_t shorter = x->name[0] < y->name[0] ? x->name[0] : y->name[0];
    int order = memcmp(x->name + 1, y->name + 1, shorter);
    return order != 0 ? order : (int)x->name[0] - (int)y->name[0];
}

/* canonical_order - position[i] = where owner i stands. Canonical order is the order of a walk
 * that visits a parent, then its children by label; parents have lower indices than their
 * children, so sizes add up backwards and positions follow forwards, without a stack. */
static enum err canonical_order(const struct zone_draft *draft, uint32_t *position)
{
    size_t count = draft->owner_count;
    uint32_t *sorted = malloc(count * sizeof(*sorted));
    uint32_t *size = malloc(count * sizeof(*size)); /* of the subtree; then the next position */
    if (!sorted || !size) {
        free(sorted);
        free(size);
        return ERR_NO_MEMORY;
    }
    for (size_t i = 0; i < count; i++) {
        sorted[i] = (uint32_t)i;
        size[i] = 1;
    }
    for (size_t i = count - 1; i > 0; i--)
        size[draft->owners[i].parent] += size[i];
    /* The apex, whose parent is the highest number, comes last; all others by parent. */
    qsort_r(sorted, count, sizeof(*sorted), compare_siblings,
            (void *)(uintptr_t)draft); // NOLINT: the context is read only
    position[0] = 0;
    uint32_t parent = ZONE_NO_OWNER, next = 0;
    for (size_t i = 0; i + 1 < count; i++) {
        const struct zone_owner *owner = &draft->owners[sorted[i]];
        if (owner->parent != parent) {
            parent = owner->parent;
            next = position[parent] + 1;
        }
        position[sorted[i]] = next;
        next += size[sorted[i]];
    }
    free(sorted);
    free(size);
    return ERR_OK;
}

static struct sizes measure(const struct zone_draft *draft)
{
    struct sizes s = {0};
    for (size_t i = 0; i < draft->owner_count; i++) {
        const struct zone_owner *owner = &draft->owners[i];
        int last = -1;
        s.names_bytes += dns_name_len(owner->name);
        for (size_t j = 0; j < owner->count; j++) {
            const struct zone_record *record = zone_draft_record(draft, owner, j);
            s.rrset_count += record->type != last;
            last = record->type;
            if (record->duplicate)
                continue;
            s.rdata_bytes += sizeof(uint16_t) + record->rdata_len;
            s.record_count++;
        }
    }
    return s;
}

/* put_record - append to the RRset that is being filled. */
static void put_record(struct blocks *blocks, struct rrset *set,
                       const struct zone_record *record)
{
    memcpy(blocks->rdata, &record->rdata_len, sizeof(uint16_t));
    memcpy(blocks->rdata + sizeof(uint16_t), record->rdata, record->rdata_len);
    blocks->rdata += sizeof(uint16_t) + record->rdata_len;
    set->rdata_bytes += (uint32_t)sizeof(uint16_t) + record->rdata_len;
    set->count++;
}

static void fill_rrsets(const struct zone_draft *draft, const struct zone_owner *owner,
                        struct zone_node *node, struct blocks *blocks)
{
    struct rrset *set = NULL;
    node->rrsets = owner->count > 0 ? blocks->rrsets : NULL;
    for (size_t i = 0; i < owner->count; i++) {
        const struct zone_record *record = zone_draft_record(draft, owner, i);
        if (!set || set->type != record->type) {
            set = blocks->rrsets++;
            *set = (struct rrset){
                .type = record->type, .ttl_s = record->ttl_s, .rdata = blocks->rdata};
            node->rrset_count++;
        }
        if (record->ttl_s < set->ttl_s)
            set->ttl_s = record->ttl_s;
        if (!record->duplicate)
            put_record(blocks, set, record);
    }
}

static void fill_node(const struct zone_draft *draft, const struct zone_owner *owner,
                      const uint32_t *position, const struct blocks *start,
                      struct blocks *blocks)
{
    struct zone_node *node = blocks->nodes++;
    size_t name_len = dns_name_len(owner->name);
    memcpy(blocks->names, owner->name, name_len);
    *node = (struct zone_node){
        .name = blocks->names,
        .hash = owner->hash,
        .flags = owner->flags,
        .labels = owner->labels,
        .binding = owner->steered ? owner->steered->binding : (uint32_t)ZONE_NOT_STEERED,
    };
    blocks->names += name_len;
    if (owner->cut != ZONE_NO_OWNER)
        node->cut = &start->nodes[position[owner->cut]];
    if (owner->parent != ZONE_NO_OWNER) {
        struct zone_node *parent = &start->nodes[position[owner->parent]];
        node->parent = parent;
        if (node->name[0] == 1 && node->name[1] == '*')
            parent->wildcard = node;
    }
    fill_rrsets(draft, owner, node, blocks);
}

/* fill_nodes - in canonical order, so a parent before its children. */
static enum err fill_nodes(const struct zone_draft *draft, const uint32_t *position,
                           const struct blocks *start)
{
    uint32_t *owner_at = calloc(draft->owner_count, sizeof(*owner_at));
    struct blocks blocks = *start;
    if (!owner_at)
        return ERR_NO_MEMORY;
    for (size_t i = 0; i < draft->owner_count; i++)
        owner_at[position[i]] = (uint32_t)i;
    for (size_t i = 0; i < draft->owner_count; i++)
        fill_node(draft, &draft->owners[owner_at[i]], position, start, &blocks);
    free(owner_at);
    return ERR_OK;
}

/* fill_table - at most 5/8 full: a miss costs about four looks at a slot at the worst. */
static enum err fill_table(struct zone *zone, struct zone_node *nodes, struct arena *arena)
{
    size_t slot_count = 8;
    while (slot_count * 5 / 8 < zone->node_count)
        slot_count *= 2;
    zone->nodes = arena_alloc_array(arena, zone->node_count, sizeof(struct zone_node *));
    zone->slots = arena_alloc_array(arena, slot_count, sizeof(struct zone_node *));
    if (!zone->nodes || !zone->slots)
        return ERR_NO_MEMORY;
    zone->slot_mask = slot_count - 1;
    for (size_t i = 0; i < zone->node_count; i++) {
        size_t slot = nodes[i].hash & zone->slot_mask;
        while (zone->slots[slot])
            slot = (slot + 1) & zone->slot_mask;
        zone->slots[slot] = &nodes[i];
        zone->nodes[i] = &nodes[i];
    }
    return ERR_OK;
}

static uint32_t load_u32(const uint8_t *at)
{
    return (uint32_t)at[0] << 24 | (uint32_t)at[1] << 16 | (uint32_t)at[2] << 8 | at[3];
}

/* fill_apex - what the answers need of the apex, found once. The last 20 bytes of a SOA are its
 * five numbers: serial first, minimum last. */
static void fill_apex(struct zone *zone)
{
    const uint8_t *cursor = NULL;
    uint16_t len;
    zone->origin = zone->apex->name;
    zone->origin_labels = zone->apex->labels;
    zone->origin_hash = zone->apex->hash;
    zone->soa = zone_node_rrset(zone->apex, DNS_TYPE_SOA);
    zone->ns = zone_node_rrset(zone->apex, DNS_TYPE_NS);
    const uint8_t *soa = rrset_next(zone->soa, &cursor, &len);
    uint32_t minimum = load_u32(soa + len - 4);
    zone->serial = load_u32(soa + len - 20);
    zone->negative_ttl_s = minimum < zone->soa->ttl_s ? minimum : zone->soa->ttl_s;
}

enum err zone_tree_build(const struct zone_draft *draft, struct arena *arena,
                         struct zone **out_zone)
{
    struct sizes sizes = measure(draft);
    struct zone *zone = arena_alloc(arena, sizeof(*zone));
    struct blocks blocks = {
        .nodes = arena_alloc_array(arena, draft->owner_count, sizeof(struct zone_node)),
        .names = arena_alloc(arena, sizes.names_bytes),
        .rrsets = arena_alloc_array(arena, sizes.rrset_count, sizeof(struct rrset)),
        .rdata = arena_alloc(arena, sizes.rdata_bytes),
    };
    uint32_t *position = calloc(draft->owner_count, sizeof(*position));
    enum err err = ERR_NO_MEMORY;
    if (zone && blocks.nodes && blocks.names && blocks.rrsets && blocks.rdata && position)
        err = canonical_order(draft, position);
    if (err == ERR_OK)
        err = fill_nodes(draft, position, &blocks);
    free(position);
    if (err != ERR_OK)
        return err;
    zone->node_count = draft->owner_count;
    zone->record_count = sizes.record_count;
    zone->apex = &blocks.nodes[0];
    err = fill_table(zone, blocks.nodes, arena);
    if (err != ERR_OK)
        return err;
    fill_apex(zone);
    *out_zone = zone;
    return ERR_OK;
}
