#include "override_index.h"

#include <stdlib.h>
#include <string.h>

#include "rhumb/hash.h"

enum { BY_SERVICE = 1, BY_REGION = 2, BY_ADDRESS = 4 };

static unsigned shape_of(const struct override *target)
{
    return (target->service ? BY_SERVICE : 0u) | (target->region ? BY_REGION : 0u) |
           (target->address.family != IP_NONE ? BY_ADDRESS : 0u);
}

/* part_of - the target without what the shape does not ask for. */
static struct override part_of(const struct override *target, unsigned shape)
{
    struct override part = {0};
    if (shape & BY_SERVICE)
        part.service = target->service;
    if (shape & BY_REGION)
        part.region = target->region;
    if (shape & BY_ADDRESS)
        part.address = target->address;
    return part;
}

static uint64_t hash_text(uint64_t seed, const char *text)
{
    return text ? hash_bytes(seed, text, strlen(text) + 1) : hash_mix(seed);
}

static uint64_t hash_target(const struct override *target)
{
    uint64_t hash = hash_text(hash_text(HASH_SEED, target->service), target->region);
    hash = hash_bytes(hash, &target->address.family, 1);
    return hash_bytes(hash, target->address.bytes, sizeof(target->address.bytes));
}

static bool is_same_text(const char *a, const char *b)
{
    return a && b ? strcmp(a, b) == 0 : a == b;
}

/* find_slot - of this very target, or the free one where it belongs. */
static size_t find_slot(const struct override_index *index, const struct override *target)
{
    size_t slot = hash_target(target) & index->slot_mask;
    for (; index->slots[slot] != 0; slot = (slot + 1) & index->slot_mask) {
        const struct override *there = &index->items[index->slots[slot] - 1];
        if (is_same_text(there->service, target->service) &&
            is_same_text(there->region, target->region) &&
            ip_equal(&there->address, &target->address))
            break;
    }
    return slot;
}

/* better - of two entries that match. */
static const struct override *better(const struct override_index *index,
                                     const struct override *a, const struct override *b)
{
    if (!a || !b)
        return a ? a : b;
    if (index->resumes)
        return a->since_ms > b->since_ms ? a : b;
    return a > b ? a : b; /* the one further down in the list */
}

enum err override_index_init(struct override_index *index, const struct override *items,
                             size_t count, bool resumes)
{
    size_t slots = 16;
    while (slots < 2 * count)
        slots *= 2;
    *index = (struct override_index){
        .items = items,
        .slots = calloc(slots, sizeof(*index->slots)),
        .slot_mask = slots - 1,
        .resumes = resumes,
    };
    if (!index->slots)
        return ERR_NO_MEMORY;
    for (size_t i = 0; i < count; i++) {
        if (resumes ? items[i].state != OVERRIDE_RESUME : !override_is_force(&items[i]))
            continue;
        size_t slot = find_slot(index, &items[i]);
        const struct override *there =
            index->slots[slot] ? &items[index->slots[slot] - 1] : NULL;
        if (better(index, there, &items[i]) == &items[i])
            index->slots[slot] = (uint32_t)i + 1;
        index->shapes[shape_of(&items[i])] = true;
    }
    return ERR_OK;
}

void override_index_deinit(struct override_index *index)
{
    free(index->slots);
    *index = (struct override_index){0};
}

const struct override *override_index_same(const struct override_index *index,
                                           const struct override *target)
{
    uint32_t slot = index->slots[find_slot(index, target)];
    return slot != 0 ? &index->items[slot - 1] : NULL;
}

/* each_match - of every shape that occurs the entry that speaks of the target. */
static void each_match(const struct override_index *index, const struct override *target,
                       void (*visit)(void *ctx, const struct override *entry), void *ctx)
{
    unsigned known = shape_of(target);
    for (unsigned shape = 1; shape < 8; shape++) {
        if (!index->shapes[shape] || (shape & known) != shape)
            continue;
        struct override part = part_of(target, shape);
        const struct override *entry = override_index_same(index, &part);
        if (entry)
            visit(ctx, entry);
    }
}

static struct override make_target(const char *service, const char *region,
                                   const struct ip_addr *address)
{
    struct override target = {.service = service, .region = region};
    if (address)
        target.address = *address;
    return target;
}

struct finding {
    const struct override_index *index;
    const struct override *found;
};

static void choose(void *ctx, const struct override *entry)
{
    struct finding *finding = ctx;
    finding->found = better(finding->index, finding->found, entry);
}

const struct override *override_index_find(const struct override_index *index,
                                           const char *service, const char *region,
                                           const struct ip_addr *address)
{
    const struct override target = make_target(service, region, address);
    struct finding finding = {.index = index};
    each_match(index, &target, choose, &finding);
    return finding.found;
}

struct marking {
    const struct override_index *index;
    bool *marks;
};

static void mark(void *ctx, const struct override *entry)
{
    struct marking *marking = ctx;
    marking->marks[entry - marking->index->items] = true;
}

void override_index_mark(const struct override_index *index, const char *service,
                         const char *region, const struct ip_addr *address, bool *marks)
{
    const struct override target = make_target(service, region, address);
    each_match(index, &target, mark, &(struct marking){.index = index, .marks = marks});
}
