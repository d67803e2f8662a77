/* From a map to a trie, in two steps for each family.
 *
 * join    The map's prefixes arrive in address order. Each is pushed on a stack; while the two
 *         on top are the two halves of one prefix and have one class, they become that prefix.
 *         What remains are the widest prefixes of one class. A range of ip_embedding_ranges is
 *         never a half of anything wider.
 * build   From the top down, one node for each 6-bit step at which some prefix is still longer.
 *         A node's children follow it in memory.
 */
#include <stdbool.h>

#include "rhumb/geo_trie.h"

#include "geo_map_tiling.h"
#include "geo_trie_node.h"

struct builder {
    const struct geo_leaf *prefixes; /* joined; values are class << 8 | len */
    size_t prefix_count;
    struct big_array units; /* uint32_t[TRIE_UNIT_WORDS]: the nodes */
};

/* ---- Joining ---- */

static bool is_embedding_range(struct geo_key start, unsigned len)
{
    for (size_t i = 0; i < IP_EMBEDDING_RANGE_COUNT; i++) {
        const struct ip_prefix *range = &ip_embedding_ranges[i];
        if (len == range->len && geo_key_equal(start, geo_key_from_addr(&range->addr)))
            return true;
    }
    return false;
}

/* are_halves - do two neighbours, left before right, right ending before at, make up one prefix
 * of one class? They do when a prefix twice their size ends where right does. */
static bool are_halves(const struct geo_leaf *left, const struct geo_leaf *right,
                       struct geo_key at, unsigned family)
{
    unsigned len = right->len;
    if (left->value != right->value || left->len != len || len == 0 ||
        !geo_key_equal(geo_key_masked(at, len - 1), at))
        return false;
    struct geo_key start = geo_key_before(at, len);
    return family == GEO_V4 || (!is_embedding_range(start, len) &&
                                !is_embedding_range(geo_key_before(start, len), len));
}

/* join - out_joined becomes the stack. */
static enum err join(const struct geo_tiling *tiling, unsigned family, const uint32_t *class_of,
                     struct geo_tiling *joined)
{
    const struct geo_leaf *leaves = geo_tiling_leaves(tiling);
    struct big_array *stack = &joined->leaves;
    struct geo_key at = {0};
    for (size_t i = 0; i < tiling->leaves.count; i++) {
        uint32_t class = class_of[leaves[i].value];
        if (class > GEO_CLASS_MAX)
            return ERR_LIMIT;
        enum err err = geo_tiling_add(joined, leaves[i].len, class);
        if (err != ERR_OK)
            return err;
        at = geo_key_after(at, leaves[i].len);
        struct geo_leaf *items = stack->items;
        while (stack->count >= 2 &&
               are_halves(&items[stack->count - 2], &items[stack->count - 1], at, family)) {
            stack->count--;
            items[stack->count - 1].len--;
        }
    }
    struct geo_leaf *items = stack->items;
    for (size_t i = 0; i < stack->count; i++)
        items[i].value = items[i].value << 8 | items[i].len;
    return ERR_OK;
}

/* ---- Building ---- */

/* A prefix of the joined tiling and where it starts. */
struct place {
    const struct geo_leaf *prefix;
    struct geo_key start;
};

/* skip - the first prefix behind the one of length len around place. */
static struct place skip(struct place place, unsigned len)
{
    struct geo_key end = geo_key_after(geo_key_masked(place.start, len), len);
    do {
        place.start = geo_key_after(place.start, place.prefix->len);
        place.prefix++;
    } while (!geo_key_equal(place.start, end));
    return place;
}

/* A node while it is made. */
struct draft {
    uint64_t bitmap;
    unsigned count;                 /* entries */
    uint32_t entries[TRIE_SLOTS];   /* leaves; TRIE_IS_NODE for children that are to come */
    struct place first[TRIE_SLOTS]; /* of a child: its first prefix */
};

static void put_entry(struct draft *draft, unsigned slot, uint32_t entry, struct place first)
{
    bool repeats =
        entry != TRIE_IS_NODE && draft->count > 0 && draft->entries[draft->count - 1] == entry;
    if (repeats)
        return;
    draft->bitmap |= UINT64_C(1) << slot;
    draft->entries[draft->count] = entry;
    draft->first[draft->count++] = first;
}

/* draw - the draft of the node at depth whose prefixes begin at `at`. A slot of the deepest
 * node may be smaller than an address: then a leaf is several slots wide, as any short one. */
static void draw(struct place at, unsigned depth, struct draft *out_draft)
{
    unsigned below = depth + TRIE_STRIDE_BITS, slot = 0;
    out_draft->bitmap = 0;
    out_draft->count = 0;
    while (slot < TRIE_SLOTS) {
        unsigned len = at.prefix->len;
        if (len > below) {
            put_entry(out_draft, slot, TRIE_IS_NODE, at);
            at = skip(at, below);
            slot++;
        } else {
            put_entry(out_draft, slot, at.prefix->value, at);
            slot += 1U << (below - len);
            at.start = geo_key_after(at.start, len);
            at.prefix++;
        }
    }
}

static void write_word(struct builder *builder, size_t unit, size_t word, uint32_t value)
{
    uint32_t *words = builder->units.items;
    words[unit * TRIE_UNIT_WORDS + word] = value;
}

/* build_node - a node and everything below it; out_entry refers to it. Recursion is at most 19
 * deep. */
static enum err build_node(struct builder *builder, struct place at, unsigned depth,
                           uint32_t *out_entry)
{
    struct draft draft;
    draw(at, depth, &draft);
    size_t unit, words = TRIE_BITMAP_WORDS + draft.count;
    size_t units = (words + TRIE_UNIT_WORDS - 1) / TRIE_UNIT_WORDS;
    enum err err = big_array_extend(&builder->units, units, &unit);
    if (err != ERR_OK)
        return err;
    write_word(builder, unit, 0, (uint32_t)draft.bitmap);
    write_word(builder, unit, 1, (uint32_t)(draft.bitmap >> 32));
    for (unsigned i = 0; i < draft.count; i++) {
        uint32_t entry = draft.entries[i];
        if (entry == TRIE_IS_NODE)
            err = build_node(builder, draft.first[i], depth + TRIE_STRIDE_BITS, &entry);
        if (err != ERR_OK)
            return err;
        write_word(builder, unit, TRIE_BITMAP_WORDS + i, entry);
    }
    *out_entry = (uint32_t)unit << 8 | TRIE_IS_NODE;
    return ERR_OK;
}

static enum err fill_direct(struct builder *builder, unsigned bits, uint32_t *direct)
{
    struct place at = {.prefix = builder->prefixes};
    size_t slot = 0;
    while (slot < (size_t)1 << bits) {
        unsigned len = at.prefix->len;
        if (len <= bits) {
            for (size_t n = (size_t)1 << (bits - len); n > 0; n--)
                direct[slot++] = at.prefix->value;
            at.start = geo_key_after(at.start, len);
            at.prefix++;
            continue;
        }
        enum err err = build_node(builder, at, bits, &direct[slot]);
        if (err != ERR_OK)
            return err;
        at = skip(at, bits);
        slot++;
    }
    return ERR_OK;
}

static enum err keep_half(const struct builder *builder, struct arena *arena,
                          struct geo_trie_half *half)
{
    half->prefix_count = builder->prefix_count;
    half->node_words = builder->units.count * TRIE_UNIT_WORDS;
    half->nodes = arena_copy(arena, builder->units.items, half->node_words * sizeof(uint32_t));
    return half->nodes ? ERR_OK : ERR_NO_MEMORY;
}

static enum err build_half(const struct geo_tiling *joined, unsigned bits, struct arena *arena,
                           struct geo_trie_half *half)
{
    uint32_t *direct = arena_alloc_array(arena, (size_t)1 << bits, sizeof(*direct));
    if (!direct)
        return ERR_NO_MEMORY;
    half->direct = direct;
    half->direct_bits = bits;
    struct builder builder = {
        .prefixes = geo_tiling_leaves(joined),
        .prefix_count = joined->leaves.count,
    };
    big_array_init(&builder.units, TRIE_UNIT_WORDS * sizeof(uint32_t), TRIE_UNITS_MAX);
    enum err err = fill_direct(&builder, bits, direct);
    if (err == ERR_OK)
        err = keep_half(&builder, arena, half);
    big_array_deinit(&builder.units);
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
            err = build_half(&joined,
                             family == GEO_V4 ? TRIE_DIRECT_BITS_V4 : TRIE_DIRECT_BITS_V6,
                             arena, &trie->halves[family]);
        geo_tiling_deinit(&joined);
        if (err != ERR_OK)
            return err;
    }
    trie->has_popcnt = geo_trie_has_popcnt();
    *out_trie = trie;
    return ERR_OK;
}
