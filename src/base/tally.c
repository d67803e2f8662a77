#include "rhumb/tally.h"

#include <stdlib.h>

enum err tally_init(struct tally *tally, unsigned bits)
{
    size_t count = (size_t)1 << bits;
    struct tally_cell *cells = calloc(count, sizeof(*cells));
    if (!cells)
        return ERR_NO_MEMORY;
    *tally = (struct tally){
        .cells = cells, .shift = 64 - bits, .free_count = count - count / 4 /* a free one ends
                                                                               each search */
    };
    return ERR_OK;
}

void tally_deinit(struct tally *tally)
{
    free(tally->cells);
    tally->cells = NULL;
}

static void add(_Atomic uint64_t *counter, uint64_t count)
{
    uint64_t now = atomic_load_explicit(counter, memory_order_relaxed);
    atomic_store_explicit(counter, now + count, memory_order_relaxed);
}

/* take - a free cell becomes the key's. The count is there before the key is: whoever sees the
 * key sees it. */
static void take(struct tally *tally, struct tally_cell *cell, uint64_t key, uint64_t count)
{
    if (tally->free_count == 0) {
        add(&tally->other, count);
        return;
    }
    tally->free_count--;
    atomic_store_explicit(&cell->count, count, memory_order_relaxed);
    atomic_store_explicit(&cell->key, key, memory_order_release);
}

void tally_put(struct tally *tally, uint64_t key, uint64_t count)
{
    size_t mask = SIZE_MAX >> tally->shift;
    for (size_t at = tally_start(tally, key);; at = (at + 1) & mask) {
        struct tally_cell *cell = &tally->cells[at];
        uint64_t there = atomic_load_explicit(&cell->key, memory_order_relaxed);
        if (there == key) {
            add(&cell->count, count);
            return;
        }
        if (there == 0) {
            take(tally, cell, key, count);
            return;
        }
    }
}

uint64_t tally_get(const struct tally *tally, uint64_t key)
{
    size_t mask = SIZE_MAX >> tally->shift;
    for (size_t at = tally_start(tally, key);; at = (at + 1) & mask) {
        const struct tally_cell *cell = &tally->cells[at];
        uint64_t there = atomic_load_explicit(&cell->key, memory_order_acquire);
        if (there == key || there == 0)
            return there == 0 ? 0 : atomic_load_explicit(&cell->count, memory_order_relaxed);
    }
}

void tally_each(const struct tally *tally, tally_on_count on_count, void *ctx)
{
    size_t count = (size_t)1 << (64 - tally->shift);
    for (size_t i = 0; i < count; i++) {
        const struct tally_cell *cell = &tally->cells[i];
        uint64_t key = atomic_load_explicit(&cell->key, memory_order_acquire);
        if (key != 0)
            on_count(ctx, key, atomic_load_explicit(&cell->count, memory_order_relaxed));
    }
    uint64_t other = atomic_load_explicit(&tally->other, memory_order_relaxed);
    if (other > 0)
        on_count(ctx, 0, other);
}

static void add_count(void *ctx, uint64_t key, uint64_t count)
{
    struct tally *tally = ctx;
    if (key == 0)
        add(&tally->other, count);
    else
        tally_put(tally, key, count);
}

void tally_add_all(struct tally *tally, const struct tally *from)
{
    tally_each(from, add_count, tally);
}
