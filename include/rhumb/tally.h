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

/* tally_start - where the search for a key begins. */
static inline size_t tally_start(const struct tally *tally, uint64_t key)
{
    return (size_t)((key * UINT64_C(0x9e3779b97f4a7c15)) >> tally->shift);
}

/* tally_put - count more of a key, which may be new. The writer alone. */
void tally_put(struct tally *tally, uint64_t key, uint64_t count);

/* tally_add - one more. The writer alone. */
static inline void tally_add(struct tally *tally, uint64_t key)
{
    struct tally_cell *cell = &tally->cells[tally_start(tally, key)];
    if (atomic_load_explicit(&cell->key, memory_order_relaxed) != key) {
        tally_put(tally, key, 1); /* it is new, or another was there before it */
        return;
    }
    uint64_t count = atomic_load_explicit(&cell->count, memory_order_relaxed);
    atomic_store_explicit(&cell->count, count + 1, memory_order_relaxed);
}

/* tally_get - how many there were of a key. Any thread. */
uint64_t tally_get(const struct tally *tally, uint64_t key);

/* tally_each - every key with its count, in no order; last, the others with key 0, when there
 * are any. Any thread. */
typedef void (*tally_on_count)(void *ctx, uint64_t key, uint64_t count);
void tally_each(const struct tally *tally, tally_on_count on_count, void *ctx);

/* tally_add_all - what from has counted, into a tally of the caller's. */
void tally_add_all(struct tally *tally, const struct tally *from);
