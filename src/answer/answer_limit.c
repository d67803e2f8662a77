#include "rhumb/answer_limit.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "rhumb/cursor.h"
#include "rhumb/hash.h"

enum {
    SET_SLOTS = 8,
    SET_BYTES = SET_SLOTS * sizeof(uint64_t), /* a cache line */
    SETS = 1 << 14,
    TAG_SHIFT = 48,
    SECOND_US = 1000000,
};

struct limit_set {
    _Atomic uint64_t slots[SET_SLOTS];
};

struct answer_limiter {
    uint8_t key[16];
    void *memory;           /* owned */
    struct limit_set *sets; /* in memory, at the start of a cache line */
};

struct answer_limiter *answer_limiter_new(const uint8_t key[16])
{
    struct answer_limiter *limiter = malloc(sizeof(*limiter));
    void *memory =
        calloc(SETS + 1, SET_BYTES); /* not aligned_alloc(): untouched pages cost nothing */
    if (!limiter || !memory) {
        free(limiter);
        free(memory);
        return NULL;
    }
    memcpy(limiter->key, key, sizeof(limiter->key));
    uintptr_t over = (uintptr_t)memory % SET_BYTES;
    limiter->memory = memory;
    limiter->sets = (void *)((uint8_t *)memory + (SET_BYTES - over) % SET_BYTES);
    return limiter;
}

void answer_limiter_free(struct answer_limiter *limiter)
{
    if (!limiter)
        return;
    free(limiter->memory);
    free(limiter);
}

/* hash_of - of the client's network and the class. */
static uint64_t hash_of(const struct answer_limiter *limiter,
                        const struct config_rate_limit *rate, const struct ip_addr *client,
                        const struct answer_limit_class *class)
{
    uint8_t hashed[sizeof(client->bytes) + sizeof(class->hash) + 2];
    unsigned bits = client->family == IP_V4 ? rate->v4_prefix : rate->v6_prefix;
    struct ip_addr network = ip_masked(client, bits);
    struct writer w = writer_init(hashed, sizeof(hashed));
    writer_u8(&w, (uint8_t) class->kind);
    writer_u8(&w, network.family);
    writer_bytes(&w, network.bytes, (bits + 7) / 8);
    writer_bytes(&w, &class->hash, sizeof(class->hash));
    return siphash24(limiter->key, hashed, writer_len(&w));
}

static uint64_t empty_us_of(uint64_t slot)
{
    return slot & ((UINT64_C(1) << TAG_SHIFT) - 1);
}

/* find_slot - the slot with this tag, or else the one whose bucket runs empty first. */
static _Atomic uint64_t *find_slot(struct limit_set *set, uint64_t tag, uint64_t *out_value)
{
    _Atomic uint64_t *first = NULL;
    uint64_t first_value = 0;
    for (unsigned i = 0; i < SET_SLOTS; i++) {
        uint64_t value = atomic_load_explicit(&set->slots[i], memory_order_relaxed);
        if (value >> TAG_SHIFT == tag && value != 0) {
            *out_value = value;
            return &set->slots[i];
        }
        if (!first || empty_us_of(value) < empty_us_of(first_value)) {
            first = &set->slots[i];
            first_value = value;
        }
    }
    *out_value = first_value;
    return first;
}

bool answer_limiter_take(struct answer_limiter *limiter, const struct config_rate_limit *rate,
                         const struct ip_addr *client, const struct answer_limit_class *class,
                         uint64_t steady_ms)
{
    uint64_t hash = hash_of(limiter, rate, client, class);
    uint64_t tag = hash >> TAG_SHIFT, now_us = steady_ms * 1000;
    uint64_t share_us = SECOND_US / rate->per_second;
    struct limit_set *set = &limiter->sets[hash % SETS];
    _Atomic uint64_t *slot;
    uint64_t value, empty_us;
    do { /* again when another worker was faster: each such round, one of them has passed */
        slot = find_slot(set, tag, &value);
        bool is_ours = value >> TAG_SHIFT == tag;
        empty_us = is_ours && empty_us_of(value) > now_us ? empty_us_of(value) : now_us;
        empty_us += share_us;
        if (empty_us > now_us + SECOND_US)
            return false;
    } while (!atomic_compare_exchange_strong_explicit(
        slot, &value, tag << TAG_SHIFT | empty_us, memory_order_relaxed, memory_order_relaxed));
    return true;
}

bool answer_limit_is_exempt(const struct config_rate_limit *rate, const struct ip_addr *client)
{
    for (size_t i = 0; i < rate->exempt_count; i++)
        if (ip_prefix_contains(&rate->exempt[i], client))
            return true;
    return false;
}
