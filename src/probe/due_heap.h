/* due_heap.h - what is due next: a binary min-heap of times, linked into the things that wait.
 *
 * One uv timer armed for the first item serves thousands of probes: putting, moving and
 * removing cost log2(n) steps and no system call. Not thread-safe.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "rhumb/err.h"

struct due {
    uint64_t at_ms;
    size_t place; /* index in the heap + 1; 0: not in it */
};

struct due_heap {
    struct due **items; /* owned array of borrowed items: items[i] is due before 2i+1, 2i+2 */
    size_t count, capacity;
};

void due_heap_deinit(struct due_heap *heap);

/* due_heap_reserve - room for count items, so that due_heap_put() cannot fail.
 * returns  ERR_OK, ERR_NO_MEMORY (heap untouched) */
WARN_UNUSED enum err due_heap_reserve(struct due_heap *heap, size_t count);

/* due_heap_put - item is due at at_ms; moves it when it is in the heap already. */
void due_heap_put(struct due_heap *heap, struct due *item, uint64_t at_ms);

/* due_heap_remove - no harm when item is not in the heap. */
void due_heap_remove(struct due_heap *heap, struct due *item);

/* due_heap_first - the item that is due first; NULL when empty. */
struct due *due_heap_first(const struct due_heap *heap);
