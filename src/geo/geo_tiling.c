#include "geo_tiling.h"

#include <stdlib.h>

void geo_tiling_init(struct geo_tiling *tiling)
{
    big_array_init(&tiling->leaves, sizeof(struct geo_leaf), SIZE_MAX);
}

void geo_tiling_deinit(struct geo_tiling *tiling)
{
    big_array_deinit(&tiling->leaves);
}

const struct geo_leaf *geo_tiling_leaves(const struct geo_tiling *tiling)
{
    return tiling->leaves.items;
}

static int compare_prefixes(const void *a, const void *b)
{
    const struct geo_chosen *x = a, *y = b;
    if (!geo_key_equal(x->start, y->start))
        return geo_key_less(x->start, y->start) ? -1 : 1;
    if (x->len != y->len)
        return x->len < y->len ? -1 : 1;
    return (x->value > y->value) - (x->value < y->value);
}

struct filler {
    struct geo_tiling *tiling;
    const struct geo_chosen *next, *end; /* the prefixes still to come, in order */
};

/* fill_range - tile (start, len), whose surroundings have value. Depth: a range is only split
 * for a longer prefix inside it, so at most as often as a prefix has bits. */
static enum err fill_range(struct filler *filler, struct geo_key start, unsigned len,
                           uint32_t value)
{
    for (; filler->next < filler->end && filler->next->len == len &&
           geo_key_equal(filler->next->start, start);
         filler->next++)
        value = filler->next->value;
    if (filler->next == filler->end || !geo_key_within(filler->next->start, start, len))
        return geo_tiling_add(filler->tiling, len, value);
    enum err err = fill_range(filler, start, len + 1, value);
    if (err == ERR_OK)
        err = fill_range(filler, geo_key_with_bit(start, len), len + 1, value);
    return err;
}

enum err geo_tiling_fill(struct geo_tiling *tiling, struct geo_chosen *prefixes, size_t count)
{
    if (count > 0)
        qsort(prefixes, count, sizeof(*prefixes), compare_prefixes);
    struct filler filler = {
        .tiling = tiling,
        .next = prefixes,
        .end = count > 0 ? prefixes + count : prefixes,
    };
    return fill_range(&filler, (struct geo_key){0}, 0, 0);
}
