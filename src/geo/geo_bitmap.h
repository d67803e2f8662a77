/* geo_bitmap - a set of small numbers, one bit each; and the position of a member among them.
 *
 * Numbering the records of a database by rank costs a load and a popcount a network, where a
 * hash table costs a cache miss.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "rhumb/big_array.h"
#include "rhumb/bits.h"

struct geo_bitmap {
    struct big_array words; /* uint64_t */
    struct big_array ranks; /* uint32_t: members before each word, after geo_bitmap_rank() */
};

void geo_bitmap_init(struct geo_bitmap *bitmap);
void geo_bitmap_deinit(struct geo_bitmap *bitmap);

/* geo_bitmap_reserve - room for 0..count-1, all absent. Once. ERR_OK, ERR_NO_MEMORY. */
WARN_UNUSED enum err geo_bitmap_reserve(struct geo_bitmap *bitmap, size_t count);

/* geo_bitmap_set - put number in; was it there before? */
static inline bool geo_bitmap_set(struct geo_bitmap *bitmap, uint64_t number)
{
    uint64_t *word = (uint64_t *)bitmap->words.items + number / 64;
    uint64_t bit = UINT64_C(1) << number % 64;
    bool was = (*word & bit) != 0;
    *word |= bit;
    return was;
}

/* geo_bitmap_rank - prepare geo_bitmap_rank_of(); nothing is put in any more. ERR_OK,
 * ERR_NO_MEMORY. */
WARN_UNUSED enum err geo_bitmap_rank(struct geo_bitmap *bitmap);

/* geo_bitmap_rank_of - how many members are smaller than number. */
static inline uint32_t geo_bitmap_rank_of(const struct geo_bitmap *bitmap, uint64_t number)
{
    const uint64_t *words = bitmap->words.items;
    const uint32_t *ranks = bitmap->ranks.items;
    uint64_t below = words[number / 64] & ((UINT64_C(1) << number % 64) - 1);
    return ranks[number / 64] + bits_count(below);
}

/* geo_bitmap_list - append the members as uint32_t, ascending. ERR_OK, ERR_NO_MEMORY. */
WARN_UNUSED enum err geo_bitmap_list(const struct geo_bitmap *bitmap, struct big_array *list);
