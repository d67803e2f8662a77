/* health_table.h - what the answering code sees of health: one word per target, one per
 * service.
 *
 * One writer (the control thread), any number of readers; one release store per change, so a
 * failover costs one store and needs no new snapshot. Part of a snapshot, and the only part of
 * it that changes.
 *
 *   target word   bit 0 usable   bit 1 suspect   bits 2-4 state   bits 8-14 weight scale 0..100
 *   rtt word      smoothed round trip in microseconds; 0: unknown
 *   service word  bit 0 unsettled
 */
#pragma once

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "rhumb/arena.h"
#include "rhumb/err.h"
#include "rhumb/health_fsm.h"

typedef uint32_t health_word;

enum {
    HEALTH_WORD_USABLE = 1 << 0,
    HEALTH_WORD_SUSPECT = 1 << 1,
    HEALTH_WORD_STATE_SHIFT = 2,
    HEALTH_WORD_SCALE_SHIFT = 8,
    HEALTH_SERVICE_UNSETTLED = 1 << 0,
};

/* The word of an endpoint without a check: up, for good. */
#define HEALTH_WORD_ALWAYS_UP                                                                  \
    ((health_word)(HEALTH_WORD_USABLE | (HEALTH_UP << HEALTH_WORD_STATE_SHIFT) |               \
                   (100u << HEALTH_WORD_SCALE_SHIFT)))

struct health_table {
    size_t target_count, service_count;
    _Atomic uint32_t *words, *rtts_us; /* per target */
    _Atomic uint32_t *services;
};

/* health_table_init - all targets always up, all services settled. Lives in arena. On failure
 * (ERR_NO_MEMORY) *table is untouched. */
WARN_UNUSED enum err health_table_init(struct health_table *table, size_t target_count,
                                       size_t service_count, struct arena *arena);

/* health_word_of - the word a machine publishes. */
health_word health_word_of(const struct health_machine *machine,
                           const struct health_thresholds *thresholds);

static inline health_word health_table_get(const struct health_table *table, size_t target)
{
    return atomic_load_explicit(&table->words[target], memory_order_acquire);
}

static inline void health_table_set(struct health_table *table, size_t target, health_word word)
{
    atomic_store_explicit(&table->words[target], word, memory_order_release);
}

static inline uint32_t health_table_rtt_us(const struct health_table *table, size_t target)
{
    return atomic_load_explicit(&table->rtts_us[target], memory_order_relaxed);
}

static inline void health_table_set_rtt_us(struct health_table *table, size_t target,
                                           uint32_t us)
{
    atomic_store_explicit(&table->rtts_us[target], us, memory_order_relaxed);
}

static inline uint32_t health_table_service(const struct health_table *table, size_t service)
{
    return atomic_load_explicit(&table->services[service], memory_order_acquire);
}

static inline void health_table_set_service(struct health_table *table, size_t service,
                                            uint32_t word)
{
    atomic_store_explicit(&table->services[service], word, memory_order_release);
}

static inline enum health_state health_word_state(health_word word)
{
    return (enum health_state)(word >> HEALTH_WORD_STATE_SHIFT & 7);
}
