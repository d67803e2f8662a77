/* worker_context.h - what the servers of one worker share: the loop, the way to an answer, and
 * the counters.
 *
 * Owned by the worker (worker.c); used by its thread only, but for the counters: those are
 * written by that thread and read by anybody.
 */
#pragma once

#include <stdatomic.h>
#include <stdint.h>

#include <uv.h>

#include "rhumb/answer.h"
#include "rhumb/net.h"
#include "rhumb/snapshot.h"

#include "query_tap.h"

struct net_counters {
#define NET_COUNTER(name) _Atomic uint64_t name;
    NET_COUNTERS(NET_COUNTER)
#undef NET_COUNTER
    _Atomic uint64_t tcp_open; /* a gauge: connections now */
};

struct worker_context {
    uv_loop_t *loop;
    net_wall_clock wall_s;
    struct snapshot_slot *slot;
    struct answer_worker *answer;
    struct net_counters *counters;
    struct query_tap *tap;
    const struct ip_prefix *proxies; /* borrowed: whose PROXY headers are believed */
    size_t proxy_count;
};

/* worker_request - a request without packet and client, at the time it is now. One reading serves
 * a batch. */
static inline struct answer_request worker_request(const struct worker_context *context,
                                                   enum answer_transport transport)
{
    return (struct answer_request){
        .transport = transport,
        .wall_s = context->wall_s(),
        .steady_ms = uv_now(context->loop),
    };
}

/* worker_answer - answer_query(), and a record for the query log when there is one. */
static inline size_t worker_answer(const struct worker_context *context,
                                   const struct snapshot *snapshot,
                                   const struct answer_request *request, uint8_t *buffer,
                                   size_t capacity)
{
    if (!query_tap_is_open(context->tap) || snapshot->config->query_log.chance == 0)
        return answer_query(snapshot, context->answer, request, buffer, capacity);
    return query_tap_answer(context->tap, snapshot, context->answer, request, buffer, capacity);
}

/* counter_add - one writer, so a load and a store do: no bus lock. */
static inline void counter_add(_Atomic uint64_t *counter, uint64_t n)
{
    uint64_t now = atomic_load_explicit(counter, memory_order_relaxed);
    atomic_store_explicit(counter, now + n, memory_order_relaxed);
}

static inline void counter_sub(_Atomic uint64_t *counter, uint64_t n)
{
    counter_add(counter, 0 - n);
}
