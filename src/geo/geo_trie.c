#include "rhumb/geo_trie.h"

#include <stdbool.h>

#include "rhumb/bits.h"

#include "geo_trie_node.h"

/* find - the leaf around key. At most one node per 6 bits, and every address ends in a leaf.
 * hardware: POPCNT is there; a constant at each call, so that each caller has its own loop. */
static inline __attribute__((always_inline)) uint32_t find(const struct geo_trie_half *half,
                                                           struct geo_key key, bool hardware)
{
    unsigned bits = half->direct_bits;
    uint32_t entry = half->direct[key.high >> (64 - bits)];
    uint64_t high = key.high << bits | key.low >> (64 - bits), low = key.low << bits;
    while ((entry & 0xff) == TRIE_IS_NODE) {
        const uint32_t *node = &half->nodes[(size_t)(entry >> 8) * TRIE_UNIT_WORDS];
        uint64_t bitmap = node[0] | (uint64_t)node[1] << 32;
        unsigned slot = (unsigned)(high >> (64 - TRIE_STRIDE_BITS));
        uint64_t up_to = bitmap & UINT64_MAX >> (TRIE_SLOTS - 1 - slot);
        unsigned rank = hardware ? (unsigned)__builtin_popcountll(up_to) : bits_count(up_to);
        entry = node[TRIE_BITMAP_WORDS - 1 + rank];
        high = high << TRIE_STRIDE_BITS | low >> (64 - TRIE_STRIDE_BITS);
        low <<= TRIE_STRIDE_BITS;
    }
    return entry;
}

/* The baseline of x86-64 lacks POPCNT, every machine of the last fifteen years has it: a
 * look-up of an IPv6 address takes half the time with it (tests/bench/bench_geo). */
#if defined(__x86_64__)
__attribute__((target("popcnt"))) static uint32_t
find_by_popcnt(const struct geo_trie_half *half, struct geo_key key)
{
    return find(half, key, true);
}

bool geo_trie_has_popcnt(void)
{
    return __builtin_cpu_supports("popcnt");
}
#else
static uint32_t find_by_popcnt(const struct geo_trie_half *half, struct geo_key key)
{
    return find(half, key, true);
}

bool geo_trie_has_popcnt(void)
{
    return true;
}
#endif

static uint32_t find_leaf(const struct geo_trie *trie, unsigned family, struct geo_key key)
{
    const struct geo_trie_half *half = &trie->halves[family];
    return trie->has_popcnt ? find_by_popcnt(half, key) : find(half, key, false);
}

uint32_t geo_trie_find(const struct geo_trie *trie, const struct ip_addr *addr,
                       uint8_t *out_len)
{
    unsigned family = addr->family == IP_V4 ? GEO_V4 : GEO_V6;
    uint32_t leaf = find_leaf(trie, family, geo_key_from_addr(addr));
    *out_len = (uint8_t)leaf;
    return leaf >> 8;
}

/* Leaves hold no address: look each one up and step behind it. */
void geo_trie_walk(const struct geo_trie *trie, geo_trie_on_leaf on_leaf, void *ctx)
{
    for (unsigned family = 0; family < GEO_FAMILY_COUNT; family++) {
        struct geo_key key = {0};
        do {
            uint32_t leaf = find_leaf(trie, family, key);
            struct ip_prefix prefix = {
                .addr = geo_key_to_addr(key, family),
                .len = (uint8_t)leaf,
            };
            on_leaf(ctx, &prefix, leaf >> 8);
            key = geo_key_after(key, prefix.len);
        } while (!geo_key_is_zero(key));
    }
}

size_t geo_trie_leaf_count(const struct geo_trie *trie)
{
    return trie->halves[GEO_V4].prefix_count + trie->halves[GEO_V6].prefix_count;
}

static size_t half_bytes(const struct geo_trie_half *half)
{
    return (sizeof(uint32_t) << half->direct_bits) + half->node_words * sizeof(uint32_t);
}

size_t geo_trie_bytes(const struct geo_trie *trie)
{
    return sizeof(*trie) + half_bytes(&trie->halves[GEO_V4]) +
           half_bytes(&trie->halves[GEO_V6]);
}
