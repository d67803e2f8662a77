/* intern - equal items once, each with a dense number from 0 in order of arrival.
 *
 * An item is a fixed number of 32-bit words without padding; equality is equality of bytes.
 */
#pragma once

#include <stdint.h>

#include "rhumb/big_array.h"

struct intern {
    struct big_array items;
    struct big_array slots; /* uint32_t: index of an item + 1, 0: free; capacity 2^n */
};

/* intern_init - item_bytes is a multiple of 4. */
void intern_init(struct intern *intern, size_t item_bytes, size_t max_count);
void intern_deinit(struct intern *intern);

/* intern_reserve - room for so many items without filing anything anew. ERR_OK,
 * ERR_NO_MEMORY. */
WARN_UNUSED enum err intern_reserve(struct intern *intern, size_t items);

/* intern_put - the number of item, which is copied when it is new (then *out_idx is the
 * count before). ERR_OK, ERR_NO_MEMORY, ERR_LIMIT. */
WARN_UNUSED enum err intern_put(struct intern *intern, const void *item, uint32_t *out_idx);

/* intern_get - the item; borrowed until the next put. */
const void *intern_get(const struct intern *intern, size_t idx);
