/* tally.h - counters that are found by a key: one writer, any number of readers.
 *
 *   cells    | key | count | key | count | ...     open addressing, a power of two
 *
 * The writer adds without lock, locked instruction or allocation. A key is put in place once and
 * stays: so a reader meets each key at most once, and a count that never goes back. The size is
 * fixed: once three quarters are taken, what would need a new cell is counted as "other".
 *
 * Keys are hashes, or numbers, of the caller's making, never 0. Who counts by names makes the key
 * from the names: then it means the same before and after a reload.
 */
#pragma once

#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>

#include "rhumb/err.h"

struct tally_cell {
    _Atomic uint64_t key; /* 0: free */
    _Atomic uint64_t count;
};

struct tally {
    struct tally_cell *cells; /* owned */
    unsigned shift;           /* 64 - log2 of how many cells there are */
    size_t free_count;        /* keys that may still come; the writer's */
    _Atomic uint64_t other;
};

/* tally_init - with 2^bits cells, 1..30. Only what is used is touched.
 * returns  ERR_OK; ERR_NO_MEMORY: *tally is untouched */
WARN_UNUSED enum err tally_init(struct tally *tally, unsigned bits);
void tally_deinit(struct tally *tally);

/* tally_find - the cell of the key, or the free one that it would get. */
static inline size_t tally_find(const struct tally *tally, uint64_t key)
{
    size_t mask = SIZE_MAX >> tally->shift;
    size_t at = (size_t)((key * UINT64_C(0x9e3779b97f4a7c15)) >> tally->shift);
    for (;; at = (at + 1) & mask) {
        uint64_t there = atomic_load_explicit(&tally->cells[at].key, memory_order_relaxed);
        if (there == key || there == 0)
            return at;
    }
}

/* tally_put - the first of its key, in a cell that tally_find() has found free. */
void tally_put(struct tally *tally, size_t at, uint64_t key);

/* tally_add - one more. The writer alone. */
static inline void tally_add(struct tally *tally, uint64_t key)
{
    size_t at = tally_find(tally, key);
    struct tally_cell *cell = &tally->cells[at];
    if (atomic_load_explicit(&cell->key, memory_order_relaxed) == 0) {
        tally_put(tally, at, key);
        return;
    }
    uint64_t count = atomic_load_explicit(&cell->count, memory_order_relaxed);
    atomic_store_explicit(&cell->count, count + 1, memory_order_relaxed);
}

/* tally_each - every key with its count, in no order; last, the others with key 0, when there
 * are any. Any thread. */
typedef void (*tally_on_count)(void *ctx, uint64_t key, uint64_t count);
void tally_each(const struct tally *tally, tally_on_count on_count, void *ctx);

/* tally_add_all - what from has counted, into a tally of the caller's. */
void tally_add_all(struct tally *tally, const struct tally *from);
