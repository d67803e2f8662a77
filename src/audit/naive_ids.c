#include "naive_ids.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

void naive_ids_init(struct naive_ids *ids, size_t words)
{
    *ids = (struct naive_ids){.words = words};
}

void naive_ids_deinit(struct naive_ids *ids)
{
    free(ids->keys);
    free(ids->slots);
    *ids = (struct naive_ids){0};
}

static bool is_equal(const uint32_t *a, const uint32_t *b, size_t words)
{
    size_t i = 0;
    while (i < words && a[i] == b[i])
        i++;
    return i == words;
}

/* slot_of - where a key stands, or would stand. */
static size_t slot_of(const struct naive_ids *ids, const uint32_t *key)
{
    uint64_t hash = 0;
    for (size_t i = 0; i < ids->words; i++)
        hash = (hash ^ key[i]) * UINT64_C(0x9e3779b97f4a7c15);
    hash ^= hash >> 32;
    size_t slot = hash & ids->slot_mask;
    while (ids->slots[slot] != 0 &&
           !is_equal(naive_ids_key(ids, ids->slots[slot] - 1), key, ids->words))
        slot = (slot + 1) & ids->slot_mask;
    return slot;
}

/* grow - twice the room, half of the slots free. */
static enum err grow(struct naive_ids *ids)
{
    size_t capacity = ids->capacity > 0 ? ids->capacity * 2 : 1024;
    uint32_t *keys = realloc(ids->keys, capacity * ids->words * sizeof(*keys));
    if (!keys)
        return ERR_NO_MEMORY;
    ids->keys = keys;
    uint32_t *slots = calloc(capacity * 2, sizeof(*slots));
    if (!slots)
        return ERR_NO_MEMORY;
    free(ids->slots);
    ids->slots = slots;
    ids->slot_mask = capacity * 2 - 1;
    ids->capacity = capacity;
    for (size_t i = 0; i < ids->count; i++)
        ids->slots[slot_of(ids, naive_ids_key(ids, (uint32_t)i))] = (uint32_t)i + 1;
    return ERR_OK;
}

uint32_t naive_ids_find(struct naive_ids *ids, const uint32_t *key)
{
    if (ids->count == ids->capacity && grow(ids) != ERR_OK)
        return NAIVE_NO_ID;
    size_t slot = slot_of(ids, key);
    if (ids->slots[slot] == 0) {
        memcpy(ids->keys + ids->count * ids->words, key, ids->words * sizeof(*key));
        ids->slots[slot] = (uint32_t)++ids->count;
    }
    return ids->slots[slot] - 1;
}
