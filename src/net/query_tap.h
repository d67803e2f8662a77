/* query_tap.h - a part of the queries of one worker, told to whoever writes the query log.
 *
 *   snapshot's query_log.chance   which part; 0, the default, costs one comparison a query
 *   ring                          where to; nobody listens before query_tap_open()
 *
 * Only of those that are told the time is taken. The worker's thread, but for query_tap_open().
 */
#pragma once

#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>

#include "rhumb/answer.h"
#include "rhumb/byte_ring.h"
#include "rhumb/net.h"
#include "rhumb/rng.h"

struct query_tap {
    struct byte_ring *_Atomic ring; /* borrowed until the worker has stopped; NULL: none */
    net_wall_clock_ns wall_ns;
    struct rng rng;
};

void query_tap_init(struct query_tap *tap, net_wall_clock_ns wall_ns, uint64_t seed);

/* query_tap_open - from now on into ring. Any thread, once. */
void query_tap_open(struct query_tap *tap, struct byte_ring *ring);

/* query_tap_is_open - does anybody listen? tap NULL: nobody. */
static inline bool query_tap_is_open(const struct query_tap *tap)
{
    return tap && atomic_load_explicit(&tap->ring, memory_order_relaxed) != NULL;
}

/* query_tap_answer - answer_query(), told or not. */
size_t query_tap_answer(struct query_tap *tap, const struct snapshot *snapshot,
                        struct answer_worker *worker, const struct answer_request *request,
                        uint8_t *buffer, size_t capacity);
