#include "rhumb/byte_ring.h"

#include <stdlib.h>
#include <string.h>

enum { HEAD_BYTES = 8 };

static const uint64_t SKIP = UINT64_MAX;

enum err byte_ring_init(struct byte_ring *ring, size_t size)
{
    uint8_t *bytes = aligned_alloc(BYTE_RING_LINE, size);
    if (!bytes)
        return ERR_NO_MEMORY;
    memset(ring, 0, sizeof(*ring));
    ring->bytes = bytes;
    ring->size = size;
    return ERR_OK;
}

void byte_ring_deinit(struct byte_ring *ring)
{
    free(ring->bytes);
    ring->bytes = NULL;
}

static size_t taken_by(size_t len)
{
    return (HEAD_BYTES + len + 7) / 8 * 8;
}

static size_t offset_of(const struct byte_ring *ring, size_t position)
{
    return position & (ring->size - 1);
}

static void set_head(struct byte_ring *ring, size_t position, uint64_t head)
{
    memcpy(ring->bytes + offset_of(ring, position), &head, sizeof(head));
}

/* has_room - between tail and the record that is taken next; who takes is asked only when what was
 * known of him does not do. */
static int has_room(struct byte_ring *ring, size_t end)
{
    if (end - ring->head_seen <= ring->size)
        return 1;
    ring->head_seen = atomic_load_explicit(&ring->head, memory_order_acquire);
    return end - ring->head_seen <= ring->size;
}

void *byte_ring_reserve(struct byte_ring *ring, size_t max)
{
    size_t tail = atomic_load_explicit(&ring->tail, memory_order_relaxed);
    size_t to_end = ring->size - offset_of(ring, tail), need = taken_by(max);
    size_t start = need > to_end ? tail + to_end : tail;
    if (!has_room(ring, start + need)) {
        uint64_t dropped = atomic_load_explicit(&ring->dropped, memory_order_relaxed);
        atomic_store_explicit(&ring->dropped, dropped + 1, memory_order_relaxed);
        return NULL;
    }
    if (start != tail)
        set_head(ring, tail, SKIP);
    ring->start = start;
    return ring->bytes + offset_of(ring, start) + HEAD_BYTES;
}

void byte_ring_put(struct byte_ring *ring, size_t len)
{
    set_head(ring, ring->start, len);
    atomic_store_explicit(&ring->tail, ring->start + taken_by(len), memory_order_release);
}

const void *byte_ring_look(struct byte_ring *ring, size_t *out_len)
{
    size_t head = atomic_load_explicit(&ring->head, memory_order_relaxed);
    uint64_t len;
    if (head == atomic_load_explicit(&ring->tail, memory_order_acquire))
        return NULL;
    memcpy(&len, ring->bytes + offset_of(ring, head), sizeof(len));
    if (len == SKIP) { /* a record always follows: both came with one step of tail */
        head += ring->size - offset_of(ring, head);
        memcpy(&len, ring->bytes + offset_of(ring, head), sizeof(len));
    }
    ring->next = head + taken_by(len);
    *out_len = len;
    return ring->bytes + offset_of(ring, head) + HEAD_BYTES;
}

void byte_ring_drop(struct byte_ring *ring)
{
    atomic_store_explicit(&ring->head, ring->next, memory_order_release);
}
