/* From a map to a trie, in two steps for each family.
 *
 * join    The map's prefixes arrive in address order. Each is pushed on a stack; while the two
 *         on top are the two halves of one prefix and have one class, they become that prefix.
 *         What remains are the widest prefixes of one class. A range of ip_embedding_ranges is
 *         never a half of anything wider.
 * build   From the top down, one node for each 6-bit step at which some prefix is still longer.
 *         The children of a node are allotted together, then filled one by one.
 */
#include "rhumb/geo_trie.h"

#include "geo_map_tiling.h"
#include "geo_trie_node.h"

struct builder {
    const struct geo_leaf *prefixes, *end; /* joined; values are class << 8 | len */
    struct geo_array nodes;                /* struct geo_trie_node */
    struct geo_array leaves;               /* uint32_t */
};

/* ---- Joining ------------------------------------------------------------------------------
 */

static bool is_embedding_range(const struct geo_leaf *leaf, unsigned family)
{
    for (size_t i = 0; i < IP_EMBEDDING_RANGE_COUNT && family == GEO_V6; i++) {
        const struct ip_prefix *range = &ip_embedding_ranges[i];
        if (leaf->len == range->len &&
            geo_key_equal(leaf->start, geo_key_from_addr(&range->addr)))
            return true;
    }
    return false;
}

/* are_halves - do two neighbours, left before right, make up one prefix of one class? */
static bool are_halves(const struct geo_leaf *left, const struct geo_leaf *right,
                       unsigned family)
{
    return left->value == right->value && left->len == right->len && left->len > 0 &&
           geo_key_equal(geo_key_masked(right->start, right->len - 1U), left->start) &&
           !is_embedding_range(left, family) && !is_embedding_range(right, family);
}

/* join - out_joined becomes the stack. */
static enum err join(const struct geo_tiling *tiling, unsigned family, const uint32_t *class_of,
                     struct geo_tiling *joined)
{
    const struct geo_leaf *leaves = geo_tiling_leaves(tiling);
    struct geo_array *stack = &joined->leaves;
    for (size_t i = 0; i < tiling->leaves.count; i++) {
        uint32_t class = class_of[leaves[i].value];
        if (class > GEO_CLASS_MAX)
            return ERR_LIMIT;
        enum err err = geo_tiling_add(joined, leaves[i].start, leaves[i].len, class);
        if (err != ERR_OK)
            return err;
        struct geo_leaf *items = stack->items;
        while (stack->count >= 2 &&
               are_halves(&items[stack->count - 2], &items[stack->count - 1], family)) {
            stack->count--;
            items[stack->count - 1].len--;
        }
    }
    struct geo_leaf *items = stack->items;
    for (size_t i = 0; i < stack->count; i++)
        items[i].value = items[i].value << 8 | items[i].len;
    return ERR_OK;
}

/* ---- Building -----------------------------------------------------------------------------
 */

/* skip - the first prefix that starts behind (start, len). */
static const struct geo_leaf *skip(const struct builder *builder, const struct geo_leaf *prefix,
                                   struct geo_key start, unsigned len)
{
    while (prefix < builder->end && geo_key_within(prefix->start, start, len))
        prefix++;
    return prefix;
}

/* Where the slots of one node begin in the list of prefixes. */
struct slots {
    uint64_t children;
    const struct geo_leaf *first[TRIE_SLOTS]; /* for slots in children */
};

/* put_leaf - add a leaf to the node that is being filled, unless it repeats the one before. */
static enum err put_leaf(struct builder *builder, struct geo_trie_node *node, unsigned slot,
                         uint32_t value)
{
    const uint32_t *leaves = builder->leaves.items;
    if (builder->leaves.count > node->first_leaf && leaves[builder->leaves.count - 1] == value)
        return ERR_OK;
    node->leaf_starts |= UINT64_C(1) << slot;
    return geo_array_add(&builder->leaves, &value);
}

/* fill_slots - leaves of the node at depth whose prefixes begin at prefix, and its children's
 * places in the list. A slot of the last node may be smaller than an address; then the leaf is
 * simply several slots wide, as any short prefix is. */
static enum err fill_slots(struct builder *builder, const struct geo_leaf *prefix,
                           unsigned depth, struct geo_trie_node *out_node,
                           struct slots *out_slots)
{
    struct geo_trie_node node = {.first_leaf = (uint32_t)builder->leaves.count};
    unsigned below = depth + TRIE_STRIDE_BITS, slot = 0;
    while (slot < TRIE_SLOTS) {
        if (prefix->len > below) {
            struct geo_key start = geo_key_masked(prefix->start, below);
            node.children |= UINT64_C(1) << slot;
            out_slots->first[slot] = prefix;
            prefix = skip(builder, prefix, start, below);
            slot++;
            continue;
        }
        enum err err = put_leaf(builder, &node, slot, prefix->value);
        if (err != ERR_OK)
            return err;
        slot += 1U << (below - prefix->len);
        prefix++;
    }
    out_slots->children = node.children;
    *out_node = node;
    return ERR_OK;
}

/* fill_node - node idx and everything below it; recursion is at most 19 deep. */
static enum err fill_node(struct builder *builder, size_t idx, const struct geo_leaf *prefix,
                          unsigned depth)
{
    struct geo_trie_node node;
    struct slots slots;
    enum err err = fill_slots(builder, prefix, depth, &node, &slots);
    if (err != ERR_OK)
        return err;
    size_t child = 0, count = (size_t)__builtin_popcountll(slots.children);
    err = geo_array_extend(&builder->nodes, count, &child);
    if (err != ERR_OK)
        return err;
    node.first_child = (uint32_t)child;
    struct geo_trie_node *nodes = builder->nodes.items;
    nodes[idx] = node;
    for (unsigned slot = 0; slot < TRIE_SLOTS && err == ERR_OK; slot++) {
        if (slots.children >> slot & 1)
            err = fill_node(builder, child++, slots.first[slot], depth + TRIE_STRIDE_BITS);
    }
    return err;
}

static enum err fill_direct(struct builder *builder, uint32_t *direct)
{
    const struct geo_leaf *prefix = builder->prefixes;
    size_t slot = 0;
    while (slot < (size_t)1 << TRIE_DIRECT_BITS) {
        if (prefix->len <= TRIE_DIRECT_BITS) {
            for (size_t n = (size_t)1 << (TRIE_DIRECT_BITS - prefix->len); n > 0; n--)
                direct[slot++] = prefix->value;
            prefix++;
            continue;
        }
        struct geo_key start = geo_key_masked(prefix->start, TRIE_DIRECT_BITS);
        size_t node;
        enum err err = geo_array_extend(&builder->nodes, 1, &node);
        if (err == ERR_OK)
            err = fill_node(builder, node, prefix, TRIE_DIRECT_BITS);
        if (err != ERR_OK)
            return err;
        direct[slot++] = (uint32_t)node << 8 | TRIE_IS_NODE;
        prefix = skip(builder, prefix, start, TRIE_DIRECT_BITS);
    }
    return ERR_OK;
}

static enum err keep_half(const struct builder *builder, struct arena *arena,
                          struct geo_trie_half *half)
{
    half->node_count = builder->nodes.count;
    half->leaf_count = builder->leaves.count;
    half->prefix_count = (size_t)(builder->end - builder->prefixes);
    half->nodes = arena_copy(arena, builder->nodes.items,
                             half->node_count * sizeof(struct geo_trie_node));
    half->leaves =
        arena_copy(arena, builder->leaves.items, half->leaf_count * sizeof(uint32_t));
    return half->nodes && half->leaves ? ERR_OK : ERR_NO_MEMORY;
}

static enum err build_half(const struct geo_tiling *joined, struct arena *arena,
                           struct geo_trie_half *half)
{
    uint32_t *direct = arena_alloc_array(arena, (size_t)1 << TRIE_DIRECT_BITS, sizeof(*direct));
    if (!direct)
        return ERR_NO_MEMORY;
    half->direct = direct;
    struct builder builder = {
        .prefixes = geo_tiling_leaves(joined),
        .end = geo_tiling_leaves(joined) + joined->leaves.count,
    };
    geo_array_init(&builder.nodes, sizeof(struct geo_trie_node), TRIE_NODES_MAX);
    geo_array_init(&builder.leaves, sizeof(uint32_t), UINT32_MAX);
    enum err err = fill_direct(&builder, direct);
    if (err == ERR_OK)
        err = keep_half(&builder, arena, half);
    geo_array_deinit(&builder.nodes);
    geo_array_deinit(&builder.leaves);
    return err;
}

enum err geo_trie_build(const struct geo_map *map, const uint32_t *class_of,
                        struct arena *arena, const struct geo_trie **out_trie)
{
    struct geo_trie *trie = arena_alloc(arena, sizeof(*trie));
    if (!trie)
        return ERR_NO_MEMORY;
    for (unsigned family = 0; family < GEO_FAMILY_COUNT; family++) {
        struct geo_tiling joined;
        geo_tiling_init(&joined);
        enum err err = join(geo_map_tiling(map, family), family, class_of, &joined);
        if (err == ERR_OK)
            err = build_half(&joined, arena, &trie->halves[family]);
        geo_tiling_deinit(&joined);
        if (err != ERR_OK)
            return err;
    }
    *out_trie = trie;
    return ERR_OK;
}
