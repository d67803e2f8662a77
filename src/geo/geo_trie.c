#include "rhumb/geo_trie.h"

#include "geo_trie_node.h"

/* find - the leaf around key. At most one node per 6 bits, and every address ends in a leaf. */
static inline uint32_t find(const struct geo_trie_half *half, struct geo_key key)
{
    uint32_t entry = half->direct[key.high >> (64 - TRIE_DIRECT_BITS)];
    if ((entry & 0xff) != TRIE_IS_NODE)
        return entry;
    const struct geo_trie_node *node = &half->nodes[entry >> 8];
    uint64_t high = key.high << TRIE_DIRECT_BITS | key.low >> (64 - TRIE_DIRECT_BITS);
    uint64_t low = key.low << TRIE_DIRECT_BITS;
    for (;;) {
        unsigned slot = (unsigned)(high >> (64 - TRIE_STRIDE_BITS));
        uint64_t up_to = UINT64_MAX >> (TRIE_SLOTS - 1 - slot); /* slots 0..slot */
        if (!(node->children >> slot & 1)) {
            int rank = __builtin_popcountll(node->leaf_starts & up_to);
            return half->leaves[node->first_leaf + (uint32_t)rank - 1];
        }
        int rank = __builtin_popcountll(node->children & up_to);
        node = &half->nodes[node->first_child + (uint32_t)rank - 1];
        high = high << TRIE_STRIDE_BITS | low >> (64 - TRIE_STRIDE_BITS);
        low <<= TRIE_STRIDE_BITS;
    }
}

uint32_t geo_trie_find(const struct geo_trie *trie, const struct ip_addr *addr,
                       uint8_t *out_len)
{
    unsigned family = addr->family == IP_V4 ? GEO_V4 : GEO_V6;
    uint32_t leaf = find(&trie->halves[family], geo_key_from_addr(addr));
    *out_len = (uint8_t)leaf;
    return leaf >> 8;
}

/* Leaves hold no address: look each one up and step behind it. */
void geo_trie_walk(const struct geo_trie *trie, geo_trie_on_leaf on_leaf, void *ctx)
{
    for (unsigned family = 0; family < GEO_FAMILY_COUNT; family++) {
        struct geo_key key = {0};
        do {
            uint32_t leaf = find(&trie->halves[family], key);
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
    return (sizeof(uint32_t) << TRIE_DIRECT_BITS) +
           half->node_count * sizeof(struct geo_trie_node) +
           half->leaf_count * sizeof(uint32_t);
}

size_t geo_trie_bytes(const struct geo_trie *trie)
{
    return sizeof(*trie) + half_bytes(&trie->halves[GEO_V4]) +
           half_bytes(&trie->halves[GEO_V6]);
}
