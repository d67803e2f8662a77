/* geo_trie_node - the inside of a trie, shared by the reader and the builder.
 *
 *     direct[first bits]     an entry; 18 bits of IPv4, so that a /24 is one node away, 16 of
 * IPv6 node, 6 bits           | bitmap, 2 words | entry | entry | ... | 1..64 entries
 *
 *     entry, one word        class << 8 | length   a leaf, and the prefix it is true for
 *                            node << 8 | 0xff      a further node
 *
 * Bit s of the bitmap is set where slot s differs from the slot before it, so the entry of a
 * slot is number (bits set up to s) - 1. Entries lie right behind their bitmap: a step down
 * costs one cache line, seldom two. (With the leaves in an array of their own, as in the paper,
 * a look-up in a City database ended in one more miss and took a third longer.)
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "geo_key.h"

enum { TRIE_DIRECT_BITS_V4 = 18, TRIE_DIRECT_BITS_V6 = 16 };

enum { TRIE_STRIDE_BITS = 6, TRIE_SLOTS = 1 << TRIE_STRIDE_BITS };

/* Node numbers count units of two words, so that 24 bits reach over 128 MB. */
enum {
    TRIE_IS_NODE = 0xff,
    TRIE_UNIT_WORDS = 2,
    TRIE_BITMAP_WORDS = 2,
    TRIE_UNITS_MAX = 1 << 24
};

/* The trie of one family. Everything is in the arena. */
struct geo_trie_half {
    unsigned direct_bits;
    const uint32_t *direct; /* 2^direct_bits entries */
    const uint32_t *nodes;
    size_t node_words;
    size_t prefix_count; /* as walked */
};

struct geo_trie {
    struct geo_trie_half halves[GEO_FAMILY_COUNT];
    bool has_popcnt; /* of the machine, asked once */
};

/* geo_trie_has_popcnt - can this machine count bits in one instruction? */
bool geo_trie_has_popcnt(void);
