/* geo_intern - equal items once, each with a dense number from 0 in order of arrival.
 *
 * An item is a fixed number of 32-bit words without padding; equality is equality of bytes.
 */
#pragma once

#include <stdint.h>

#include "geo_array.h"

struct geo_intern {
    struct geo_array items;
    struct geo_array slots; /* uint32_t: index of an item + 1, 0: free; capacity 2^n */
};

/* geo_intern_init - item_bytes is a multiple of 4. */
void geo_intern_init(struct geo_intern *intern, size_t item_bytes, size_t max_count);
void geo_intern_deinit(struct geo_intern *intern);

/* geo_intern_reserve - room for so many items without filing anything anew. ERR_OK,
 * ERR_NO_MEMORY. */
WARN_UNUSED enum err geo_intern_reserve(struct geo_intern *intern, size_t items);

/* geo_intern_put - the number of item, which is copied when it is new (then *out_idx is the
 * count before). ERR_OK, ERR_NO_MEMORY, ERR_LIMIT. */
WARN_UNUSED enum err geo_intern_put(struct geo_intern *intern, const void *item,
                                    uint32_t *out_idx);

/* geo_intern_get - the item; borrowed until the next put. */
const void *geo_intern_get(const struct geo_intern *intern, size_t idx);
