#include "query_tap.h"

#include <uv.h>

#include "rhumb/answer_record.h"

void query_tap_init(struct query_tap *tap, net_wall_clock_ns wall_ns, uint64_t seed)
{
    atomic_init(&tap->ring, NULL);
    tap->wall_ns = wall_ns;
    rng_init(&tap->rng, seed);
}

void query_tap_open(struct query_tap *tap, struct byte_ring *ring)
{
    atomic_store_explicit(&tap->ring, ring, memory_order_release);
}

static bool is_chosen(struct query_tap *tap, uint64_t chance)
{
    return rng_next(&tap->rng) >> (64 - CONFIG_CHANCE_BITS) < chance;
}

size_t query_tap_answer(struct query_tap *tap, const struct snapshot *snapshot,
                        struct answer_worker *worker, const struct answer_request *request,
                        uint8_t *buffer, size_t capacity)
{
    struct byte_ring *ring = atomic_load_explicit(&tap->ring, memory_order_acquire);
    struct answer_request told = *request;
    struct answer_record_source source = {
        .snapshot = snapshot, .worker = worker, .request = &told, .response = buffer};
    if (!ring || !is_chosen(tap, snapshot->config->query_log.chance))
        return answer_query(snapshot, worker, request, buffer, capacity);
    told.wants_note = true;
    source.wall_ns = tap->wall_ns();
    uint64_t began_ns = uv_hrtime();
    source.response_bytes = answer_query(snapshot, worker, &told, buffer, capacity);
    source.took_ns = uv_hrtime() - began_ns;
    answer_record_put(ring, &source);
    return source.response_bytes;
}
