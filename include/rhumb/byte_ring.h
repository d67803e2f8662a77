/* byte_ring.h - records of any length from one thread to another: bounded, without lock or wait.
 *
 *      head                      tail
 *      | len | record | len | ... |  free ...        lengths and records begin at multiples of 8
 *                                 ... | SKIP |       a record that would not fit before the end
 *                                                    stands at the start
 *
 * One thread puts, one takes. When there is no room the record is dropped and counted: whoever
 * puts never waits for whoever takes, and wakes nobody up.
 */
#pragma once

#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>

#include "rhumb/err.h"

enum { BYTE_RING_LINE = 64 };

struct byte_ring {
    uint8_t *bytes; /* owned */
    size_t size;    /* a power of two */

    /* of who puts; read by the other */
    _Alignas(BYTE_RING_LINE) _Atomic size_t tail;
    _Atomic uint64_t dropped;
    size_t head_seen, start; /* head when it was last looked at; of the record being put */

    /* of who takes; read by the other */
    _Alignas(BYTE_RING_LINE) _Atomic size_t head;
    size_t next; /* behind the record that was looked at last */
};

/* byte_ring_init - size: a power of two, 64..2^30.
 * returns  ERR_OK; ERR_NO_MEMORY: *ring is untouched */
WARN_UNUSED enum err byte_ring_init(struct byte_ring *ring, size_t size);
void byte_ring_deinit(struct byte_ring *ring);

/* byte_ring_reserve - room for a record of at most max bytes, which may be any up to a quarter of
 * the size; nobody sees it before byte_ring_put(). NULL: there is none, and one more is dropped. */
void *byte_ring_reserve(struct byte_ring *ring, size_t max);

/* byte_ring_put - the record that was reserved is there, with so many bytes, at most max. */
void byte_ring_put(struct byte_ring *ring, size_t len);

/* byte_ring_look - the oldest record, borrowed until byte_ring_drop(); NULL: there is none. */
const void *byte_ring_look(struct byte_ring *ring, size_t *out_len);

/* byte_ring_drop - its room is free again. */
void byte_ring_drop(struct byte_ring *ring);

/* byte_ring_dropped - how many found no room; any thread. */
static inline uint64_t byte_ring_dropped(const struct byte_ring *ring)
{
    return atomic_load_explicit(&ring->dropped, memory_order_relaxed);
}
