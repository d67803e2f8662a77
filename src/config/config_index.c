#include "config_index.h"

#include <string.h>

#include "rhumb/hash.h"

struct config_index_slot {
    const char *key; /* NULL: free */
    uint32_t value;
};

void config_index_init(struct config_index *index, struct arena *arena)
{
    *index = (struct config_index){.arena = arena};
}

/* slot_of - where key stands or would stand. There is always a free slot. */
static struct config_index_slot *slot_of(struct config_index_slot *slots, size_t capacity,
                                         const char *key)
{
    size_t at = hash_bytes(HASH_SEED, key, strlen(key)) & (capacity - 1);
    while (slots[at].key && strcmp(slots[at].key, key) != 0)
        at = (at + 1) & (capacity - 1);
    return &slots[at];
}

static bool grow(struct config_index *index)
{
    size_t capacity = index->capacity ? index->capacity * 2 : 16;
    struct config_index_slot *slots = arena_alloc_array(index->arena, capacity, sizeof(*slots));
    if (!slots)
        return false;
    for (size_t i = 0; i < index->capacity; i++) {
        const struct config_index_slot *old = &index->slots[i];
        if (old->key)
            *slot_of(slots, capacity, old->key) = *old;
    }
    index->slots = slots;
    index->capacity = capacity;
    return true;
}

bool config_index_put(struct config_index *index, const char *key, uint32_t value)
{
    if ((index->count + 1) * 2 > index->capacity && !grow(index))
        return false;
    struct config_index_slot *slot = slot_of(index->slots, index->capacity, key);
    index->count += slot->key == NULL;
    *slot = (struct config_index_slot){.key = slot->key ? slot->key : key, .value = value};
    return true;
}

uint32_t config_index_find(const struct config_index *index, const char *key)
{
    if (index->capacity == 0)
        return CONFIG_INDEX_NONE;
    const struct config_index_slot *slot = slot_of(index->slots, index->capacity, key);
    return slot->key ? slot->value : CONFIG_INDEX_NONE;
}
