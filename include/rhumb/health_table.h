/* health_table.h - what the answering code sees of health: one word per seat (an endpoint's place
 * in a service, see health_guard.h), one per service, one for all.
 *
 * One writer (the control thread), any number of readers; one release store per change, so a
 * failover costs one store and needs no new snapshot. Part of a snapshot, and the only part of
 * it that changes.
 *
 *   seat word     bit 0 usable   bit 1 suspect   bits 2-4 state   bit 5 forced   bit 6 frozen
 *                 bit 7 unchecked   bits 8-14 weight scale 0..100
 *   proof word    when the latest probe succeeded: ms of the monotonic clock, low 32 bits; 0: never
 *   rtt word      smoothed round trip in microseconds; 0: unknown
 *   service word  bit 0 unsettled
 *   switches      what the operator has switched off
 */
#pragma once

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "rhumb/arena.h"
#include "rhumb/err.h"
#include "rhumb/health_fsm.h"

/* Seats are numbered as the configuration lists them: by service, by region, each region's
 * addresses or names, one for a nested service. config_region_seat_count() counts them. */
typedef uint32_t health_word;

enum {
    HEALTH_WORD_USABLE = 1 << 0,
    HEALTH_WORD_SUSPECT = 1 << 1,
    HEALTH_WORD_STATE_SHIFT = 2,
    HEALTH_WORD_FORCED = 1 << 5,
    HEALTH_WORD_FROZEN = 1 << 6,
    HEALTH_WORD_UNCHECKED = 1 << 7, /* nobody probes it */
    HEALTH_WORD_SCALE_SHIFT = 8,
    HEALTH_WORD_RESERVE = 1 << 15, /* not usable, but better than nothing: for clients who would
                                      else find nothing usable */
    HEALTH_SERVICE_UNSETTLED = 1 << 0,
};

enum health_switches {
    HEALTH_IGNORE_GEO = 1 << 0, /* every client is where nobody knows */
    HEALTH_IGNORE_ECS = 1 << 1, /* the source address counts alone */
};

/* The word of a seat that nobody probes, and of every seat before its first review. */
#define HEALTH_WORD_ALWAYS_UP                                                                  \
    ((health_word)(HEALTH_WORD_USABLE | HEALTH_WORD_UNCHECKED |                                \
                   (HEALTH_UP << HEALTH_WORD_STATE_SHIFT) |                                    \
                   (100u << HEALTH_WORD_SCALE_SHIFT)))

struct health_table {
    size_t seat_count, service_count;
    _Atomic uint32_t *words, *rtts_us, *proofs_ms; /* per seat */
    _Atomic uint32_t *services;
    _Atomic uint32_t switches; /* enum health_switches */
};

/* health_table_init - all seats up, all services settled. Lives in arena. On failure
 * (ERR_NO_MEMORY) *table is untouched. */
WARN_UNUSED enum err health_table_init(struct health_table *table, size_t seat_count,
                                       size_t service_count, struct arena *arena);

static inline health_word health_table_get(const struct health_table *table, size_t seat)
{
    return atomic_load_explicit(&table->words[seat], memory_order_acquire);
}

static inline void health_table_set(struct health_table *table, size_t seat, health_word word)
{
    atomic_store_explicit(&table->words[seat], word, memory_order_release);
}

static inline uint32_t health_table_rtt_us(const struct health_table *table, size_t seat)
{
    return atomic_load_explicit(&table->rtts_us[seat], memory_order_relaxed);
}

static inline void health_table_set_rtt_us(struct health_table *table, size_t seat, uint32_t us)
{
    atomic_store_explicit(&table->rtts_us[seat], us, memory_order_relaxed);
}

static inline uint32_t health_table_proof_ms(const struct health_table *table, size_t seat)
{
    return atomic_load_explicit(&table->proofs_ms[seat], memory_order_relaxed);
}

static inline void health_table_set_proof_ms(struct health_table *table, size_t seat,
                                             uint32_t at_ms)
{
    atomic_store_explicit(&table->proofs_ms[seat], at_ms, memory_order_relaxed);
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

static inline unsigned health_table_switches(const struct health_table *table)
{
    return atomic_load_explicit(&table->switches, memory_order_relaxed);
}

static inline void health_table_set_switches(struct health_table *table, unsigned switches)
{
    atomic_store_explicit(&table->switches, switches, memory_order_relaxed);
}

static inline enum health_state health_word_state(health_word word)
{
    return (enum health_state)(word >> HEALTH_WORD_STATE_SHIFT & 7);
}

/* health_word_scale - percent of its weight, 0..100. */
static inline unsigned health_word_scale(health_word word)
{
    return word >> HEALTH_WORD_SCALE_SHIFT & 0x7f;
}
