/* big_array - a growable array in pages of its own, for the big temporary tables of a reload.
 *
 * malloc() raises its threshold for mapping after each large free and then keeps tens of
 * megabytes in the heap between two reloads. Pages mapped here go back to the system at once.
 * Items may move when the array grows; fresh memory is zero.
 */
#pragma once

#include <stddef.h>

#include "rhumb/err.h"

struct big_array {
    void *items; /* owned; NULL while capacity is 0 */
    size_t count, capacity;
    size_t item_bytes;
    size_t max_count; /* ceiling of count */
};

void big_array_init(struct big_array *array, size_t item_bytes, size_t max_count);
void big_array_deinit(struct big_array *array);

/* big_array_reserve - room for count items. ERR_OK, ERR_NO_MEMORY, ERR_LIMIT. */
WARN_UNUSED enum err big_array_reserve(struct big_array *array, size_t count);

/* big_array_add - append a copy of one item. ERR_OK, ERR_NO_MEMORY, ERR_LIMIT. */
WARN_UNUSED enum err big_array_add(struct big_array *array, const void *item);

/* big_array_extend - append count zeroed items; *out_first is the index of the first. */
WARN_UNUSED enum err big_array_extend(struct big_array *array, size_t count, size_t *out_first);
