#include "geo_bitmap.h"

void geo_bitmap_init(struct geo_bitmap *bitmap)
{
    big_array_init(&bitmap->words, sizeof(uint64_t), SIZE_MAX);
    big_array_init(&bitmap->ranks, sizeof(uint32_t), SIZE_MAX);
}

void geo_bitmap_deinit(struct geo_bitmap *bitmap)
{
    big_array_deinit(&bitmap->words);
    big_array_deinit(&bitmap->ranks);
}

enum err geo_bitmap_reserve(struct geo_bitmap *bitmap, size_t count)
{
    size_t first;
    return big_array_extend(&bitmap->words, count / 64 + 1, &first);
}

enum err geo_bitmap_rank(struct geo_bitmap *bitmap)
{
    size_t first;
    enum err err = big_array_extend(&bitmap->ranks, bitmap->words.count, &first);
    if (err != ERR_OK)
        return err;
    const uint64_t *words = bitmap->words.items;
    uint32_t *ranks = bitmap->ranks.items, before = 0;
    for (size_t i = 0; i < bitmap->words.count; i++) {
        ranks[i] = before;
        before += bits_count(words[i]);
    }
    return ERR_OK;
}

enum err geo_bitmap_list(const struct geo_bitmap *bitmap, struct big_array *list)
{
    const uint64_t *words = bitmap->words.items;
    for (size_t i = 0; i < bitmap->words.count; i++) {
        for (uint64_t left = words[i]; left != 0; left &= left - 1) {
            uint32_t number = (uint32_t)(i * 64) + (uint32_t)__builtin_ctzll(left);
            enum err err = big_array_add(list, &number);
            if (err != ERR_OK)
                return err;
        }
    }
    return ERR_OK;
}
