#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "rhumb/arena.h"
#include "rhumb/bits.h"
#include "rhumb/geo_audit.h"

#include "geo_trie_node.h"
#include "naive_geo.h"

enum { WORLDS = 60, FLIPS = 400, ARENA_BYTES = 1 << 26 };

struct compiled {
    struct world world;
    struct geo_map *map;
    struct arena *arena;
    uint32_t *class_of;
    const struct geo_trie *trie;
    struct geo_audit audit;
    size_t pairs, wrong_pairs;
};

static void compile(struct compiled *c, struct rng *rng)
{
    world_make(&c->world, rng);
    assert_int_equal(geo_map_build(&c->world.input, &c->map), ERR_OK);
    size_t count = geo_map_location_count(c->map);
    c->class_of = calloc(count, sizeof(*c->class_of));
    assert_non_null(c->class_of);
    uint32_t classes = 1 + rng_below(rng, 4);
    for (size_t i = 0; i < count; i++)
        c->class_of[i] = rng_below(rng, classes);
    c->arena = arena_new(ARENA_BYTES);
    assert_non_null(c->arena);
    assert_int_equal(geo_trie_build(c->map, c->class_of, c->arena, &c->trie), ERR_OK);
}

static void discard(struct compiled *c)
{
    free(c->class_of);
    arena_free(c->arena);
    geo_map_free(c->map);
    world_deinit(&c->world);
}

static void on_pair(void *ctx, const struct ip_prefix *network, uint32_t location,
                    uint32_t class)
{
    struct compiled *c = ctx;
    struct ip_prefix found;
    assert_int_equal(geo_map_find(c->map, &network->addr, &found), location);
    assert_int_equal(found.len, network->len);
    c->pairs++;
    c->wrong_pairs += c->class_of[location] != class;
}

static enum err audit(struct compiled *c)
{
    c->pairs = c->wrong_pairs = 0;
    return geo_audit_trie(c->map, c->trie, on_pair, c, &c->audit);
}

struct met {
    uint8_t *locations;
    size_t count, networks;
};

static void on_network(void *ctx, const struct ip_prefix *network, uint32_t location)
{
    struct met *met = ctx;
    (void)network;
    met->networks++;
    met->count += !met->locations[location];
    met->locations[location] = 1;
}

static void a_trie_is_what_its_map_says(void **state)
{
    (void)state;
    static struct compiled c;
    struct rng rng;
    rng_init(&rng, 21);
    for (int w = 0; w < WORLDS; w++) {
        compile(&c, &rng);
        struct met met = {.locations = calloc(geo_map_location_count(c.map), 1)};
        assert_non_null(met.locations);
        geo_map_walk(c.map, on_network, &met);
        assert_int_equal(audit(&c), ERR_OK);
        assert_null(c.audit.fault);
        assert_int_equal(c.audit.leaves, geo_trie_leaf_count(c.trie));
        assert_int_equal(c.audit.networks, geo_map_network_count(c.map));
        assert_int_equal(met.networks, c.audit.networks);
        assert_int_equal(c.pairs, met.count); /* each location has one class */
        assert_int_equal(c.wrong_pairs, 0);
        free(met.locations);
        discard(&c);
    }
}

/* is_read - does a look-up ever read this word of the nodes? A node with an odd number of words
 * has one behind it that nobody reads. */
static bool is_read(const struct geo_trie_half *half, size_t word)
{
    size_t at = 0;
    for (;;) {
        uint64_t bitmap = half->nodes[at] | (uint64_t)half->nodes[at + 1] << 32;
        size_t words = TRIE_BITMAP_WORDS + bits_count(bitmap);
        if (word < at + words)
            return true;
        at += (words + TRIE_UNIT_WORDS - 1) / TRIE_UNIT_WORDS * TRIE_UNIT_WORDS;
        if (word < at)
            return false;
    }
}

/* flip - one bit of the trie, which is back after the second time. */
static void flip(const uint32_t *words, size_t word, unsigned bit)
{
    ((uint32_t *)(uintptr_t)words)[word] ^= UINT32_C(1) << bit;
}

static void assert_found(struct compiled *c, const uint32_t *words, size_t word, unsigned bit)
{
    flip(words, word, bit);
    enum err err = audit(c);
    if (err == ERR_OK && c->wrong_pairs == 0)
        fail_msg("bit %u of word %zu was flipped unseen", bit, word);
    assert_true((err == ERR_OK) == (c->audit.fault == NULL));
    flip(words, word, bit);
}

static void any_bit_that_is_wrong_is_found(void **state)
{
    (void)state;
    static struct compiled c;
    struct rng rng;
    size_t in_nodes = 0;
    rng_init(&rng, 22);
    for (int w = 0; w < WORLDS / 4; w++) {
        compile(&c, &rng);
        for (int i = 0; i < FLIPS; i++) {
            const struct geo_trie_half *half = &c.trie->halves[rng_below(&rng, 2)];
            unsigned bit = rng_below(&rng, 32);
            if (half->node_words > 0 && rng_below(&rng, 8) > 0) {
                size_t word = rng_below(&rng, (uint32_t)half->node_words);
                if (is_read(half, word)) {
                    assert_found(&c, half->nodes, word, bit);
                    in_nodes++;
                }
            } else if (i % 16 == 0) { /* slower: the walk comes by many entries before */
                assert_found(&c, half->direct, rng_below(&rng, 1 << half->direct_bits), bit);
            }
        }
        assert_int_equal(audit(&c), ERR_OK);
        discard(&c);
    }
    assert_true(in_nodes > FLIPS);
}

/* One leaf gets the class of another: the pair is told with a network in that leaf. */
static void a_leaf_of_another_class_is_told_with_its_network(void **state)
{
    (void)state;
    struct geo_network networks[] = {
        {.place = {.country = {'D', 'E'}}},
        {.place = {.country = {'U', 'S'}}},
    };
    assert_true(ip_prefix_parse("192.0.2.0/24", &networks[0].prefix));
    assert_true(ip_prefix_parse("198.51.100.0/24", &networks[1].prefix));
    struct geo_map_input input = {.networks = networks, .network_count = 2};
    struct compiled c = {.arena = arena_new(ARENA_BYTES)};
    uint32_t class_of[3] = {0, 1, 2};
    assert_non_null(c.arena);
    assert_int_equal(geo_map_build(&input, &c.map), ERR_OK);
    assert_int_equal(geo_map_location_count(c.map), 3);
    c.class_of = class_of;
    assert_int_equal(geo_trie_build(c.map, class_of, c.arena, &c.trie), ERR_OK);
    const struct geo_trie_half *half = &c.trie->halves[GEO_V4];
    size_t word = 0;
    while (half->nodes[word] != (1 << 8 | 24))
        word++;
    flip(half->nodes, word, 8);
    flip(half->nodes, word, 9); /* 1 becomes 2 */
    assert_int_equal(audit(&c), ERR_OK);
    assert_int_equal(c.wrong_pairs, 1);
    arena_free(c.arena);
    geo_map_free(c.map);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_trie_is_what_its_map_says),
        cmocka_unit_test(any_bit_that_is_wrong_is_found),
        cmocka_unit_test(a_leaf_of_another_class_is_told_with_its_network),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
