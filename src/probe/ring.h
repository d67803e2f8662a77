/* ring.h - a doubly linked list through the members themselves: no allocation, removal from
 * anywhere. A ring that points at itself is empty or in no list. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

struct ring {
    struct ring *next, *prev;
};

/* CONTAINER_OF - the struct of type whose member pointer points at. */
#define CONTAINER_OF(pointer, type, member)                                                    \
    ((type *)(void *)((char *)(pointer)-offsetof(type, member)))

static inline void ring_init(struct ring *ring)
{
    ring->next = ring->prev = ring;
}

static inline bool ring_is_empty(const struct ring *ring)
{
    return ring->next == ring;
}

/* ring_append - put item, which is in no list, at the end of list. */
static inline void ring_append(struct ring *list, struct ring *item)
{
    item->next = list;
    item->prev = list->prev;
    list->prev->next = item;
    list->prev = item;
}

/* ring_remove - take item out of whatever list it is in; no harm when it is in none. */
static inline void ring_remove(struct ring *item)
{
    item->next->prev = item->prev;
    item->prev->next = item->next;
    ring_init(item);
}
