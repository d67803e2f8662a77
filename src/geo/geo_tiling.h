/* geo_tiling - one family's whole address space as adjoining prefixes in address order.
 *
 *     0.0.0.0/5 -> 0 | 8.0.0.0/7 -> 3 | 10.0.0.0/8 -> 1 | ...
 *
 * Every source of geography becomes tilings, so merging is one walk over all of them. Because
 * prefixes nest, the smallest of those that hold an address always starts where the walk is.
 *
 * The prefixes adjoin, so where one starts is not stored: whoever walks adds up the lengths. A
 * City database has millions of them, and the memory that a reload touches is most of its time.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "rhumb/big_array.h"

#include "geo_key.h"

struct geo_leaf {
    uint32_t value; /* meaning by tiling; 0 mostly "nothing here" */
    uint8_t len;    /* 0..32 or 0..128 */
};

/* A prefix that geo_tiling_fill() is to put into a tiling. */
struct geo_chosen {
    struct geo_key start; /* bits beyond len are zero */
    uint32_t value;
    uint8_t len;
};

struct geo_tiling {
    struct big_array leaves; /* struct geo_leaf, sorted, without gap or overlap */
};

void geo_tiling_init(struct geo_tiling *tiling);
void geo_tiling_deinit(struct geo_tiling *tiling);

/* geo_tiling_add - append a prefix; the caller keeps the order. ERR_OK, ERR_NO_MEMORY. Inline:
 * it runs for every network, several times a reload. */
WARN_UNUSED static inline enum err geo_tiling_add(struct geo_tiling *tiling, unsigned len,
                                                  uint32_t value)
{
    struct big_array *array = &tiling->leaves;
    if (array->count == array->capacity) {
        enum err err = big_array_reserve(array, array->count + 1);
        if (err != ERR_OK)
            return err;
    }
    struct geo_leaf *leaves = array->items;
    leaves[array->count++] = (struct geo_leaf){.value = value, .len = (uint8_t)len};
    return ERR_OK;
}

/* geo_tiling_fill - tile the space by a set of prefixes: an address gets the value of the
 * longest around it, 0 without one. prefixes are sorted in place; of equal ones the one with
 * the highest value counts. ERR_OK, ERR_NO_MEMORY. */
WARN_UNUSED enum err geo_tiling_fill(struct geo_tiling *tiling, struct geo_chosen *prefixes,
                                     size_t count);

const struct geo_leaf *geo_tiling_leaves(const struct geo_tiling *tiling);
