#include "rhumb/intern.h"

#include <stdbool.h>

#include "rhumb/hash.h"

enum { FIRST_SLOTS = 1024 };

void intern_init(struct intern *intern, size_t item_bytes, size_t max_count)
{
    big_array_init(&intern->items, item_bytes, max_count);
    big_array_init(&intern->slots, sizeof(uint32_t), SIZE_MAX);
}

void intern_deinit(struct intern *intern)
{
    big_array_deinit(&intern->items);
    big_array_deinit(&intern->slots);
}

const void *intern_get(const struct intern *intern, size_t idx)
{
    return (const uint8_t *)intern->items.items + idx * intern->items.item_bytes;
}

/* hash_words - by words, not by bytes as hash_bytes(): this runs for every network. */
static uint64_t hash_words(const uint32_t *words, size_t count)
{
    uint64_t h = HASH_SEED;
    for (size_t i = 0; i < count; i++)
        h = (h ^ words[i]) * UINT64_C(0x9e3779b97f4a7c15);
    return h ^ h >> 32;
}

static bool equal_words(const uint32_t *a, const uint32_t *b, size_t count)
{
    uint32_t difference = 0;
    for (size_t i = 0; i < count; i++)
        difference |= a[i] ^ b[i];
    return difference == 0;
}

/* find_slot - where item is, or the free slot where it belongs. There always is a free one. */
static uint32_t *find_slot(const struct intern *intern, const uint32_t *words)
{
    uint32_t *slots = intern->slots.items;
    const uint32_t *items = intern->items.items;
    size_t mask = intern->slots.count - 1;
    size_t count = intern->items.item_bytes / sizeof(uint32_t);
    size_t at = hash_words(words, count) & mask;
    while (slots[at] > 0 && !equal_words(&items[(slots[at] - 1) * count], words, count))
        at = (at + 1) & mask;
    return &slots[at];
}

/* grow - at least twice as many slots as items wanted, everything filed anew. */
static enum err grow(struct intern *intern, size_t items)
{
    struct big_array slots;
    big_array_init(&slots, sizeof(uint32_t), SIZE_MAX);
    size_t first, count = intern->slots.count > 0 ? intern->slots.count : FIRST_SLOTS;
    while (count < 2 * items)
        count *= 2;
    enum err err = big_array_extend(&slots, count, &first);
    if (err != ERR_OK)
        return err;
    big_array_deinit(&intern->slots);
    intern->slots = slots;
    for (size_t i = 0; i < intern->items.count; i++)
        *find_slot(intern, intern_get(intern, i)) = (uint32_t)i + 1;
    return ERR_OK;
}

enum err intern_reserve(struct intern *intern, size_t items)
{
    return 2 * items > intern->slots.count ? grow(intern, items) : ERR_OK;
}

enum err intern_put(struct intern *intern, const void *item, uint32_t *out_idx)
{
    if (2 * (intern->items.count + 1) > intern->slots.count) {
        enum err err = grow(intern, intern->items.count + 1);
        if (err != ERR_OK)
            return err;
    }
    uint32_t *slot = find_slot(intern, item);
    if (*slot == 0) {
        enum err err = big_array_add(&intern->items, item);
        if (err != ERR_OK)
            return err;
        *slot = (uint32_t)intern->items.count;
    }
    *out_idx = *slot - 1;
    return ERR_OK;
}
