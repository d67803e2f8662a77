/* health_table.c - the words that the answering code reads; see health_table.h for their bits.
 *
 * One array per kind, so that a query which looks at a few neighbouring seats touches one
 * cache line of words and none of round-trip times.
 */
#include "rhumb/health_table.h"

/* alloc_words - count words, all set to value; at least one, so that NULL means no memory. */
static _Atomic uint32_t *alloc_words(struct arena *arena, size_t count, uint32_t value)
{
    _Atomic uint32_t *words =
        (_Atomic uint32_t *)arena_alloc_array(arena, count > 0 ? count : 1, sizeof(*words));
    for (size_t i = 0; words && i < count; i++)
        atomic_init(&words[i], value);
    return words;
}

enum err health_table_init(struct health_table *table, size_t seat_count, size_t service_count,
                           struct arena *arena)
{
    struct health_table filled = {
        .seat_count = seat_count,
        .service_count = service_count,
        .words = alloc_words(arena, seat_count, HEALTH_WORD_ALWAYS_UP),
        .rtts_us = alloc_words(arena, seat_count, 0),
        .proofs_ms = alloc_words(arena, seat_count, 0),
        .services = alloc_words(arena, service_count, 0),
    };
    if (!filled.words || !filled.rtts_us || !filled.proofs_ms || !filled.services)
        return ERR_NO_MEMORY;
    *table = filled;
    return ERR_OK;
}
