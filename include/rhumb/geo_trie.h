/* geo_trie.h - client network -> class, in a few cache lines.
 *
 * A multibit trie over each family (direct table for the first 18 or 16 bits, then strides of 6
 * bits with bitmaps and packed leaves, after Asai and Ohara, "Poptrie", SIGCOMM 2015).
 * Neighbouring prefixes of one class are joined first, so the length of a leaf is the widest
 * network around the address in which every address has the same class: the true ECS scope.
 * Immutable; any thread.
 *
 * The four ranges of ip_embedding_ranges never join with their surroundings: an address in
 * them is looked up by the IPv4 address inside it, so a wider scope would be a lie.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "rhumb/arena.h"
#include "rhumb/err.h"
#include "rhumb/geo_map.h"
#include "rhumb/ip.h"

struct geo_trie;

enum { GEO_CLASS_MAX = (1 << 24) - 1 };

/* geo_trie_build - class_of[i] is the class of location i of the map (each <= GEO_CLASS_MAX).
 * owns     the trie lives in arena; the map is not kept
 * returns  ERR_OK, ERR_NO_MEMORY, ERR_LIMIT */
WARN_UNUSED enum err geo_trie_build(const struct geo_map *map, const uint32_t *class_of,
                                    struct arena *arena, const struct geo_trie **out_trie);

/* geo_trie_find - the class of one address, and how many of its leading bits decide it (0..32,
 * 0..128). addr is IPv4 or IPv6; embedded IPv4 addresses are the caller's business
 * (ip_embedded). */
uint32_t geo_trie_find(const struct geo_trie *trie, const struct ip_addr *addr,
                       uint8_t *out_len);

/* geo_trie_walk - every leaf in address order, IPv4 first (audit, tests). */
typedef void (*geo_trie_on_leaf)(void *ctx, const struct ip_prefix *prefix, uint32_t class);
void geo_trie_walk(const struct geo_trie *trie, geo_trie_on_leaf on_leaf, void *ctx);

/* geo_trie_leaf_count, geo_trie_bytes - size, for people. */
size_t geo_trie_leaf_count(const struct geo_trie *trie);
size_t geo_trie_bytes(const struct geo_trie *trie);
