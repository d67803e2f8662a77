#include "zone_draft.h"

#include <stdlib.h>
#include <string.h>

#include "rhumb/dns_type.h"

#include "zone_limits.h"

enum { SLOTS_MIN = 1024 };

enum err zone_draft_init(struct zone_draft *draft, const uint8_t *origin,
                         const struct zone_limits *limits)
{
    uint32_t apex;
    *draft = (struct zone_draft){.origin_labels = dns_name_labels(origin),
                                 .limits = zone_limits_fill(limits),
                                 .slot_mask = SLOTS_MIN - 1};
    draft->slots = calloc(SLOTS_MIN, sizeof(*draft->slots));
    draft->texts = arena_new(SIZE_MAX);
    if (draft->slots && draft->texts)
        draft->origin = arena_copy(draft->texts, origin, dns_name_len(origin));
    if (draft->slots && draft->origin && zone_draft_add_owner(draft, origin, &apex) == ERR_OK)
        return ERR_OK;
    zone_draft_deinit(draft);
    return ERR_NO_MEMORY;
}

void zone_draft_deinit(struct zone_draft *draft)
{
    free(draft->owners);
    free(draft->records);
    free(draft->slots);
    free(draft->order);
    arena_free(draft->texts);
    *draft = (struct zone_draft){0};
}

/* slot_of - the slot of this name, or the free one where it belongs. */
static size_t slot_of(const struct zone_draft *draft, const uint8_t *name, uint64_t hash)
{
    size_t slot = hash & draft->slot_mask;
    for (; draft->slots[slot] != 0; slot = (slot + 1) & draft->slot_mask) {
        const struct zone_owner *owner = &draft->owners[draft->slots[slot] - 1];
        if (owner->hash == hash && dns_name_equal(owner->name, name))
            break;
    }
    return slot;
}

static enum err grow_slots(struct zone_draft *draft)
{
    size_t count = (draft->slot_mask + 1) * 2;
    uint32_t *slots = calloc(count, sizeof(*slots));
    if (!slots)
        return ERR_NO_MEMORY;
    free(draft->slots);
    draft->slots = slots;
    draft->slot_mask = count - 1;
    for (size_t i = 0; i < draft->owner_count; i++) {
        size_t slot = draft->owners[i].hash & draft->slot_mask;
        while (slots[slot] != 0)
            slot = (slot + 1) & draft->slot_mask;
        slots[slot] = (uint32_t)i + 1;
    }
    return ERR_OK;
}

/* make_room - for one more owner, in the array and in the table. */
static enum err make_room(struct zone_draft *draft)
{
    if (draft->owner_count >= 2 * draft->limits.max_records + DNS_LABELS_MAX)
        return ERR_LIMIT;
    if (draft->owner_count == draft->owner_capacity) {
        size_t capacity = draft->owner_capacity ? draft->owner_capacity * 2 : 256;
        struct zone_owner *owners = realloc(draft->owners, capacity * sizeof(*owners));
        if (!owners)
            return ERR_NO_MEMORY;
        draft->owners = owners;
        draft->owner_capacity = capacity;
    }
    return draft->owner_count * 2 > draft->slot_mask ? grow_slots(draft) : ERR_OK;
}

static enum err add_one(struct zone_draft *draft, const uint8_t *name, uint64_t hash,
                        unsigned labels, uint32_t parent, uint32_t *out_idx)
{
    enum err err = make_room(draft);
    if (err != ERR_OK)
        return err;
    uint32_t idx = (uint32_t)draft->owner_count++;
    draft->owners[idx] = (struct zone_owner){
        .name = name,
        .hash = hash,
        .parent = parent,
        .cut = ZONE_NO_OWNER,
        .labels = (uint8_t)labels,
    };
    draft->slots[slot_of(draft, name, hash)] = idx + 1;
    *out_idx = idx;
    return ERR_OK;
}

/* find_encloser - the existing owner nearest to the key, going up; *out_labels: how many labels
 * it has. ZONE_NO_OWNER when there is none at all (the apex is being made). */
static uint32_t find_encloser(const struct zone_draft *draft, const struct name_key *key,
                              unsigned *out_labels)
{
    unsigned labels = key->labels + 1;
    while (labels-- > draft->origin_labels) {
        const uint8_t *name = key->name + key->suffix[labels];
        uint32_t found = draft->slots[slot_of(draft, name, key->hash[labels])];
        if (found != 0) {
            *out_labels = labels;
            return found - 1;
        }
    }
    *out_labels = draft->origin_labels - 1;
    return ZONE_NO_OWNER;
}

enum err zone_draft_add_owner(struct zone_draft *draft, const uint8_t *name, uint32_t *out_idx)
{
    struct name_key key;
    unsigned labels;
    name_key_init(&key, name);
    uint32_t idx = find_encloser(draft, &key, &labels);
    if (idx != ZONE_NO_OWNER && labels == key.labels) {
        *out_idx = idx;
        return ERR_OK;
    }
    const uint8_t *copy = arena_copy(draft->texts, name, key.suffix[0] + 1u);
    if (!copy)
        return ERR_NO_MEMORY;
    while (++labels != key.labels + 1) { /* a parent before its children */
        enum err err =
            add_one(draft, copy + key.suffix[labels], key.hash[labels], labels, idx, &idx);
        if (err != ERR_OK)
            return err;
    }
    *out_idx = idx;
    return ERR_OK;
}

uint32_t zone_draft_find(const struct zone_draft *draft, const uint8_t *name,
                         uint32_t *out_encloser)
{
    struct name_key key;
    unsigned labels;
    name_key_init(&key, name);
    uint32_t idx = find_encloser(draft, &key, &labels);
    if (out_encloser)
        *out_encloser = idx;
    return labels == key.labels ? idx : ZONE_NO_OWNER;
}

enum err zone_draft_add_record(struct zone_draft *draft, const struct zone_record *record)
{
    if (draft->record_count >= draft->limits.max_records)
        return ERR_LIMIT;
    if (draft->record_count == draft->record_capacity) {
        size_t capacity = draft->record_capacity ? draft->record_capacity * 2 : 256;
        struct zone_record *records = realloc(draft->records, capacity * sizeof(*records));
        if (!records)
            return ERR_NO_MEMORY;
        draft->records = records;
        draft->record_capacity = capacity;
    }
    const uint8_t *rdata = arena_copy(draft->texts, record->rdata, record->rdata_len);
    if (!rdata)
        return ERR_NO_MEMORY;
    struct zone_record *copy = &draft->records[draft->record_count++];
    *copy = *record;
    copy->rdata = rdata;
    draft->owners[record->owner].count++;
    return ERR_OK;
}

const struct zone_record *zone_draft_record(const struct zone_draft *draft,
                                            const struct zone_owner *owner, size_t n)
{
    return &draft->records[draft->order[owner->first + n]];
}

const struct zone_record *zone_draft_first(const struct zone_draft *draft,
                                           const struct zone_owner *owner, uint16_t type)
{
    size_t low = 0, high = owner->count; /* by halves: an owner may have a million records */
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (zone_draft_record(draft, owner, middle)->type < type)
            low = middle + 1;
        else
            high = middle;
    }
    /* The first one of a type in the file is nobody's duplicate. */
    const struct zone_record *record =
        low < owner->count ? zone_draft_record(draft, owner, low) : NULL;
    return record && record->type == type ? record : NULL;
}

static int compare_type(const void *a, const void *b, void *context)
{
    const struct zone_draft *draft = context;
    uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
    int order = (int)draft->records[x].type - (int)draft->records[y].type;
    return order != 0 ? order : (x > y) - (x < y);
}

static int compare_hash(const void *a, const void *b, void *context)
{
    const struct zone_draft *draft = context;
    uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
    const struct zone_record *p = &draft->records[x], *q = &draft->records[y];
    if (p->type != q->type)
        return (int)p->type - (int)q->type;
    if (p->hash != q->hash)
        return p->hash < q->hash ? -1 : 1;
    return (x > y) - (x < y);
}

/* same_data - equal but for case; with equal hashes, the case differs in names only. */
static bool same_data(const struct zone_record *a, const struct zone_record *b)
{
    if (a->type != b->type || a->hash != b->hash || a->rdata_len != b->rdata_len)
        return false;
    for (size_t i = 0; i < a->rdata_len; i++) {
        uint8_t x[2] = {a->rdata[i], b->rdata[i]};
        dns_name_lower(x, 2);
        if (x[0] != x[1])
            return false;
    }
    return true;
}

/* mark_duplicates - of one owner, whose records are still in no special order: by hash, so that
 * a thousand records of one owner cost no million comparisons. */
static void mark_duplicates(struct zone_draft *draft, uint32_t *order, size_t count)
{
    qsort_r(order, count, sizeof(*order), compare_hash, draft);
    for (size_t i = 1; i < count; i++) {
        struct zone_record *record = &draft->records[order[i]];
        record->duplicate = same_data(&draft->records[order[i - 1]], record);
    }
}

enum err zone_draft_sort(struct zone_draft *draft)
{
    draft->order = malloc((draft->record_count + 1) * sizeof(*draft->order));
    if (!draft->order)
        return ERR_NO_MEMORY;
    uint32_t first = 0;
    for (size_t i = 0; i < draft->owner_count; i++) {
        draft->owners[i].first = first;
        first += draft->owners[i].count;
        draft->owners[i].count = 0; /* counted again while they are placed */
    }
    for (size_t i = 0; i < draft->record_count; i++) {
        struct zone_owner *owner = &draft->owners[draft->records[i].owner];
        draft->order[owner->first + owner->count++] = (uint32_t)i;
    }
    for (size_t i = 0; i < draft->owner_count; i++) {
        struct zone_owner *owner = &draft->owners[i];
        if (owner->count < 2)
            continue;
        mark_duplicates(draft, &draft->order[owner->first], owner->count);
        qsort_r(&draft->order[owner->first], owner->count, sizeof(*draft->order), compare_type,
                draft);
    }
    return ERR_OK;
}

/* own_flags - what the records of the owner itself make of it. */
static uint8_t own_flags(const struct zone_draft *draft, const struct zone_owner *owner)
{
    unsigned flags = 0;
    for (size_t i = 0; i < owner->count; i++) {
        uint16_t type = zone_draft_record(draft, owner, i)->type;
        if (type == DNS_TYPE_NS && owner->parent != ZONE_NO_OWNER)
            flags |= ZONE_NODE_CUT;
        else if (type == DNS_TYPE_DNAME)
            flags |= ZONE_NODE_DNAME;
        else if (type == DNS_TYPE_CNAME)
            flags |= ZONE_NODE_CNAME;
    }
    return (uint8_t)flags;
}

void zone_draft_link(struct zone_draft *draft)
{
    for (size_t i = 0; i < draft->owner_count; i++) { /* a parent before its children */
        struct zone_owner *owner = &draft->owners[i];
        owner->flags = own_flags(draft, owner);
        if (owner->parent == ZONE_NO_OWNER)
            continue;
        const struct zone_owner *parent = &draft->owners[owner->parent];
        bool parent_cuts = parent->flags & (ZONE_NODE_CUT | ZONE_NODE_DNAME);
        owner->cut = parent->cut == ZONE_NO_OWNER && parent_cuts ? owner->parent : parent->cut;
        if (owner->cut != ZONE_NO_OWNER && draft->owners[owner->cut].flags & ZONE_NODE_CUT)
            owner->flags |= ZONE_NODE_BELOW_CUT;
    }
}
