#include "due_heap.h"

#include <stdlib.h>

#include "rhumb/require.h"

#define COUNT_MAX (SIZE_MAX / 4 / sizeof(struct due *)) /* no product here can overflow */

void due_heap_deinit(struct due_heap *heap)
{
    free(heap->items);
    *heap = (struct due_heap){0};
}

enum err due_heap_reserve(struct due_heap *heap, size_t count)
{
    if (count <= heap->capacity)
        return ERR_OK;
    if (count > COUNT_MAX)
        return ERR_NO_MEMORY;
    size_t capacity = count < 64 ? 64 : count * 2;
    struct due **items = (struct due **)realloc(heap->items, capacity * sizeof(*items));
    if (!items)
        return ERR_NO_MEMORY;
    heap->items = items;
    heap->capacity = capacity;
    return ERR_OK;
}

static void set_at(struct due_heap *heap, size_t i, struct due *item)
{
    heap->items[i] = item;
    item->place = i + 1;
}

/* sift_up, sift_down - move the hole at i to where item belongs, and fill it. */
static void sift_up(struct due_heap *heap, size_t i, struct due *item)
{
    while (i > 0 && item->at_ms < heap->items[(i - 1) / 2]->at_ms) {
        set_at(heap, i, heap->items[(i - 1) / 2]);
        i = (i - 1) / 2;
    }
    set_at(heap, i, item);
}

static void sift_down(struct due_heap *heap, size_t i, struct due *item)
{
    for (size_t child; (child = 2 * i + 1) < heap->count; i = child) {
        if (child + 1 < heap->count &&
            heap->items[child + 1]->at_ms < heap->items[child]->at_ms)
            child++;
        if (item->at_ms <= heap->items[child]->at_ms)
            break;
        set_at(heap, i, heap->items[child]);
    }
    set_at(heap, i, item);
}

static void settle(struct due_heap *heap, size_t i, struct due *item)
{
    if (i > 0 && item->at_ms < heap->items[(i - 1) / 2]->at_ms)
        sift_up(heap, i, item);
    else
        sift_down(heap, i, item);
}

void due_heap_put(struct due_heap *heap, struct due *item, uint64_t at_ms)
{
    item->at_ms = at_ms;
    if (item->place > 0) {
        settle(heap, item->place - 1, item);
        return;
    }
    REQUIRE(heap->count < heap->capacity);
    sift_up(heap, heap->count++, item);
}

void due_heap_remove(struct due_heap *heap, struct due *item)
{
    if (item->place == 0)
        return;
    size_t hole = item->place - 1;
    item->place = 0;
    struct due *last = heap->items[--heap->count];
    if (last != item)
        settle(heap, hole, last);
}

struct due *due_heap_first(const struct due_heap *heap)
{
    return heap->count > 0 ? heap->items[0] : NULL;
}
