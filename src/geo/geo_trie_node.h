/* geo_trie_node - the inside of a trie, shared by the reader and the builder.
 *
 *     direct[first 16 bits] --+-- leaf: class << 8 | len
 *                             +-- node number << 8 | 0xff
 *
 *     node, 6 bits:  children     bit s set: slot s is a further node
 *                    leaf_starts  bit s set: slot s is a leaf, and differs from the leaf slot
 *                                 before it
 *
 * The nodes below a node lie side by side in the order of their slots, so do its leaves: the
 * place of one is its base plus a count of bits.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "geo_key.h"

enum { TRIE_DIRECT_BITS = 16, TRIE_STRIDE_BITS = 6, TRIE_SLOTS = 1 << TRIE_STRIDE_BITS };

enum { TRIE_IS_NODE = 0xff, TRIE_NODES_MAX = 1 << 24 };

struct geo_trie_node {
    uint64_t children, leaf_starts;
    uint32_t first_child; /* index into nodes */
    uint32_t first_leaf;  /* index into leaves */
};

/* The trie of one family. Everything is in the arena. */
struct geo_trie_half {
    const uint32_t *direct; /* 2^16 entries */
    const struct geo_trie_node *nodes;
    const uint32_t *leaves; /* class << 8 | length of the prefix that it is true for */
    size_t node_count, leaf_count;
    size_t prefix_count; /* as walked */
};

struct geo_trie {
    struct geo_trie_half halves[GEO_FAMILY_COUNT];
};
