#include "rhumb/geo_audit.h"

#include <stdbool.h>
#include <stdlib.h>

#include "rhumb/bits.h"

#include "geo_map_tiling.h"
#include "geo_trie_node.h"

struct walk {
    const struct geo_trie_half *half;
    unsigned family;
    struct geo_key at;             /* where the walk stands, in the trie and in the map */
    const struct geo_leaf *leaf;   /* of the map, the next */
    const struct geo_leaf *behind; /* the last one of the map */
    size_t units_seen;             /* of nodes */
    uint32_t *class_of;            /* by location: its latest class + 1; 0: not met */
    geo_audit_on_pair on_pair;
    void *ctx;
    struct geo_audit *out;
};

static bool refuse(struct walk *walk, const char *fault, unsigned len)
{
    walk->out->fault = fault;
    walk->out->network = (struct ip_prefix){
        .addr = geo_key_to_addr(walk->at, walk->family),
        .len = (uint8_t)len,
    };
    return false;
}

/* hides_range - an embedding range lies in the leaf, and is not all of it. */
static bool hides_range(struct geo_key start, unsigned len)
{
    for (size_t i = 0; i < IP_EMBEDDING_RANGE_COUNT; i++) {
        const struct ip_prefix *range = &ip_embedding_ranges[i];
        if (len < range->len && geo_key_within(geo_key_from_addr(&range->addr), start, len))
            return true;
    }
    return false;
}

static void tell(const struct walk *walk, const struct geo_leaf *leaf, uint32_t class)
{
    struct ip_prefix network = {
        .addr = geo_key_to_addr(walk->at, walk->family),
        .len = leaf->len,
    };
    walk->on_pair(walk->ctx, &network, leaf->value, class);
}

/* pass_leaf - a leaf of the trie starts where the walk stands: the networks of the map in it,
 * and then the walk stands behind them. */
static bool pass_leaf(struct walk *walk, uint32_t entry)
{
    unsigned len = entry & 0xff;
    uint32_t class = entry >> 8;
    struct geo_key end = geo_key_after(walk->at, len);
    if (!geo_key_equal(geo_key_masked(walk->at, len), walk->at))
        return refuse(walk, "a leaf does not begin where its length says", len);
    if (walk->family == GEO_V6 && hides_range(walk->at, len))
        return refuse(walk, "a leaf hides addresses that hold an IPv4 address", len);
    do {
        const struct geo_leaf *leaf = walk->leaf;
        if (leaf == walk->behind || leaf->len < len)
            return refuse(walk, "a leaf ends inside a network", len);
        if (walk->class_of[leaf->value] != class + 1) {
            walk->class_of[leaf->value] = class + 1;
            tell(walk, leaf, class);
        }
        walk->at = geo_key_after(walk->at, leaf->len);
        walk->leaf++;
        walk->out->networks++;
    } while (!geo_key_equal(walk->at, end));
    walk->out->leaves++;
    return true;
}

/* The slots of the direct table or of one node. */
struct slots {
    unsigned depth; /* bits of the address before those that choose the slot */
    unsigned bits;  /* that choose it */
    size_t count;
};

static bool pass_node(struct walk *walk, uint32_t entry, unsigned depth);

/* pass_entry - what stands in a slot; a leaf stands in *out_width of them. */
static bool pass_entry(struct walk *walk, const struct slots *slots, size_t slot,
                       uint32_t entry, size_t *out_width)
{
    unsigned below = slots->depth + slots->bits, len = entry & 0xff;
    *out_width = 1;
    if (len == TRIE_IS_NODE)
        return pass_node(walk, entry, below);
    bool fits = len <= below && len <= ip_bits(geo_ip_family(walk->family)) &&
                (len > slots->depth || slots->depth == 0);
    if (!fits)
        return refuse(walk, "a leaf has a length that its place does not allow", len);
    *out_width = (size_t)1 << (below - len);
    if (slot % *out_width != 0)
        return refuse(walk, "a leaf does not begin where its length says", len);
    return pass_leaf(walk, entry);
}

static bool pass_direct(struct walk *walk)
{
    const uint32_t *direct = walk->half->direct;
    const struct slots slots = {.bits = walk->half->direct_bits,
                                .count = (size_t)1 << walk->half->direct_bits};
    size_t width;
    for (size_t slot = 0; slot < slots.count; slot += width) {
        if (!pass_entry(walk, &slots, slot, direct[slot], &width))
            return false;
        for (size_t i = 1; i < width; i++)
            if (direct[slot + i] != direct[slot])
                return refuse(walk, "another entry stands inside a leaf", 0);
    }
    return true;
}

/* pass_slots - of a node: bit s of the bitmap is set where slot s has the next entry. */
static bool pass_slots(struct walk *walk, const uint32_t *entries, uint64_t bitmap,
                       unsigned depth)
{
    const struct slots slots = {.depth = depth, .bits = TRIE_STRIDE_BITS, .count = TRIE_SLOTS};
    size_t width, rank = 0;
    for (size_t slot = 0; slot < slots.count; slot += width) {
        rank += bitmap >> slot & 1;
        if (!pass_entry(walk, &slots, slot, entries[rank - 1], &width))
            return false;
        uint64_t others = width > 1 ? ((UINT64_C(1) << (width - 1)) - 1) << 1 << slot : 0;
        if ((bitmap & others) != 0)
            return refuse(walk, "another entry stands inside a leaf", 0);
    }
    return true;
}

/* pass_node - depth: bits of the address before the node's own. Nodes lie in the order in which
 * the walk comes to them, so none can stand in two places. Recursion is at most 19 deep: an
 * address has no more bits. */
static bool pass_node(struct walk *walk, uint32_t entry, unsigned depth)
{
    const struct geo_trie_half *half = walk->half;
    size_t unit = entry >> 8, word = unit * TRIE_UNIT_WORDS;
    if (unit != walk->units_seen || word + TRIE_BITMAP_WORDS > half->node_words ||
        depth >= ip_bits(geo_ip_family(walk->family)))
        return refuse(walk, "an entry leads to a node that is not its own", depth);
    const uint32_t *node = &half->nodes[word];
    uint64_t bitmap = node[0] | (uint64_t)node[1] << 32;
    size_t words = TRIE_BITMAP_WORDS + bits_count(bitmap);
    if ((bitmap & 1) == 0 || word + words > half->node_words)
        return refuse(walk, "a node is broken", depth);
    walk->units_seen += (words + TRIE_UNIT_WORDS - 1) / TRIE_UNIT_WORDS;
    return pass_slots(walk, node + TRIE_BITMAP_WORDS, bitmap, depth);
}

static bool pass_family(struct walk *walk, const struct geo_map *map,
                        const struct geo_trie *trie, unsigned family)
{
    const struct geo_tiling *tiling = geo_map_tiling(map, family);
    walk->half = &trie->halves[family];
    walk->family = family;
    walk->at = (struct geo_key){0};
    walk->leaf = geo_tiling_leaves(tiling);
    walk->behind = walk->leaf + tiling->leaves.count;
    walk->units_seen = 0;
    if (!pass_direct(walk))
        return false;
    if (!geo_key_is_zero(walk->at) || walk->leaf != walk->behind)
        return refuse(walk, "the leaves do not reach the end of the address space", 0);
    if (walk->units_seen * TRIE_UNIT_WORDS != walk->half->node_words)
        return refuse(walk, "a node stands nowhere", 0);
    return true;
}

enum err geo_audit_trie(const struct geo_map *map, const struct geo_trie *trie,
                        geo_audit_on_pair on_pair, void *ctx, struct geo_audit *out_audit)
{
    *out_audit = (struct geo_audit){0};
    struct walk walk = {
        .class_of = calloc(geo_map_location_count(map), sizeof(*walk.class_of)),
        .on_pair = on_pair,
        .ctx = ctx,
        .out = out_audit,
    };
    if (!walk.class_of)
        return ERR_NO_MEMORY;
    bool good = true;
    for (unsigned family = 0; family < GEO_FAMILY_COUNT && good; family++)
        good = pass_family(&walk, map, trie, family);
    free(walk.class_of);
    return good ? ERR_OK : ERR_CORRUPT;
}
