#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "rhumb/arena.h"
#include "rhumb/geo_trie.h"

#include "naive_geo.h"

enum { WORLDS = 150, ADDRESSES = 200, ARENA_BYTES = 1 << 26 };

/* One world, compiled. */
struct compiled {
    struct world world;
    struct geo_map *map;
    struct arena *arena;
    uint32_t *class_of;
    const struct geo_trie *trie;
};

static void compile(struct compiled *c, struct rng *rng)
{
    world_make(&c->world, rng);
    assert_int_equal(geo_map_build(&c->world.input, &c->map), ERR_OK);
    size_t count = geo_map_location_count(c->map);
    c->class_of = calloc(count, sizeof(*c->class_of));
    assert_non_null(c->class_of);
    uint32_t classes = 1 + rng_below(rng, 4); /* few, so that much joins */
    for (size_t i = 0; i < count; i++)
        c->class_of[i] = rng_below(rng, classes) * (GEO_CLASS_MAX / 4);
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

static uint32_t class_by_map(const struct compiled *c, const struct ip_addr *addr,
                             struct ip_prefix *out_prefix)
{
    return c->class_of[geo_map_find(c->map, addr, out_prefix)];
}

/* next_after - the first address behind a prefix; false behind the last one. */
static bool next_after(const struct ip_prefix *prefix, struct ip_addr *out_addr)
{
    struct ip_addr addr = prefix->addr;
    for (unsigned len = prefix->len; len > 0; len--) {
        uint8_t bit = (uint8_t)(0x80 >> (len - 1) % 8), *byte = &addr.bytes[(len - 1) / 8];
        *byte ^= bit;
        if (*byte & bit) {
            *out_addr = addr;
            return true;
        }
    }
    return false;
}

/* is_constant - has every address of a prefix this class? Step by step through the map. */
static bool is_constant(const struct compiled *c, const struct ip_prefix *prefix,
                        uint32_t class)
{
    struct ip_addr addr = prefix->addr;
    for (;;) {
        struct ip_prefix piece;
        if (class_by_map(c, &addr, &piece) != class)
            return false;
        if (piece.len <= prefix->len || !next_after(&piece, &addr) ||
            !ip_prefix_contains(prefix, &addr))
            return true;
    }
}

/* crosses_range - would a prefix join an embedding range with its surroundings? */
static bool crosses_range(const struct ip_prefix *prefix)
{
    for (size_t i = 0; i < IP_EMBEDDING_RANGE_COUNT; i++) {
        if (prefix->len < ip_embedding_ranges[i].len &&
            ip_prefix_contains(prefix, &ip_embedding_ranges[i].addr))
            return true;
    }
    return false;
}

static void check_leaf(const struct compiled *c, const struct ip_prefix *prefix, uint32_t class)
{
    assert_true(is_constant(c, prefix, class));
    assert_false(crosses_range(prefix));
    if (prefix->len == 0)
        return;
    struct ip_prefix wider = {.len = (uint8_t)(prefix->len - 1)};
    wider.addr = ip_masked(&prefix->addr, wider.len);
    assert_true(crosses_range(&wider) || !is_constant(c, &wider, class));
}

static void class_and_length_are_those_of_the_map(void **state)
{
    (void)state;
    static struct compiled c;
    struct rng rng;
    rng_init(&rng, 11);
    for (size_t w = 0; w < WORLDS; w++) {
        compile(&c, &rng);
        for (size_t i = 0; i < ADDRESSES; i++) {
            struct ip_addr addr = world_address(&c.world, &rng);
            struct ip_prefix piece, leaf;
            uint32_t class = geo_trie_find(c.trie, &addr, &leaf.len);
            assert_int_equal(class, class_by_map(&c, &addr, &piece));
            leaf.addr = ip_masked(&addr, leaf.len);
            assert_true(leaf.len <= piece.len);
            check_leaf(&c, &leaf, class);
        }
        discard(&c);
    }
}

struct walked {
    const struct compiled *compiled;
    struct ip_addr expected; /* where the next leaf has to begin */
    size_t count;
};

static void on_leaf(void *ctx, const struct ip_prefix *prefix, uint32_t class)
{
    struct walked *walked = ctx;
    assert_true(ip_equal(&prefix->addr, &walked->expected));
    check_leaf(walked->compiled, prefix, class);
    walked->count++;
    if (next_after(prefix, &walked->expected))
        return;
    bool was_v4 = prefix->addr.family == IP_V4;
    walked->expected = (struct ip_addr){.family = was_v4 ? IP_V6 : IP_NONE};
}

static void a_walk_tiles_both_families_in_order(void **state)
{
    (void)state;
    static struct compiled c;
    struct rng rng;
    rng_init(&rng, 12);
    for (size_t w = 0; w < WORLDS; w++) {
        compile(&c, &rng);
        struct walked walked = {.compiled = &c, .expected = {.family = IP_V4}};
        geo_trie_walk(c.trie, on_leaf, &walked);
        assert_int_equal(walked.expected.family, IP_NONE);
        assert_int_equal(walked.count, geo_trie_leaf_count(c.trie));
        assert_true(geo_trie_bytes(c.trie) <= arena_used_bytes(c.arena));
        discard(&c);
    }
}

static void leaves_of_every_length_are_found(void **state)
{
    (void)state;
    struct ip_prefix marks[160], prefix;
    struct ip_addr v4, v6;
    assert_true(ip_parse("203.0.113.77", &v4));
    assert_true(ip_parse("2001:db8:a5a5:5a5a:1234:5678:9abc:def1", &v6));
    size_t count = 0;
    for (unsigned len = 1; len <= 32; len++)
        marks[count++] = (struct ip_prefix){ip_masked(&v4, len), (uint8_t)len};
    for (unsigned len = 1; len <= 128; len++)
        marks[count++] = (struct ip_prefix){ip_masked(&v6, len), (uint8_t)len};
    struct geo_map_input input = {.marks = marks, .mark_count = count};
    struct geo_map *map;
    assert_int_equal(geo_map_build(&input, &map), ERR_OK);
    uint32_t class_of[161];
    assert_int_equal(geo_map_location_count(map), 161);
    for (uint32_t i = 0; i < 161; i++)
        class_of[i] = i;
    struct arena *arena = arena_new(ARENA_BYTES);
    const struct geo_trie *trie;
    assert_int_equal(geo_trie_build(map, class_of, arena, &trie), ERR_OK);
    for (size_t i = 0; i < count; i++) {
        struct ip_addr addr = marks[i].addr; /* in this mark, but not in the next longer one */
        unsigned bits = ip_bits((enum ip_family)addr.family);
        const struct ip_addr *full = addr.family == IP_V4 ? &v4 : &v6;
        unsigned len = marks[i].len, expected_len = len < bits ? len + 1 : len;
        if (len < bits)
            addr.bytes[len / 8] |= (uint8_t)(~full->bytes[len / 8] & 0x80 >> len % 8);
        uint8_t found_len;
        uint32_t class = geo_trie_find(trie, &addr, &found_len);
        assert_int_equal(class, geo_map_find(map, &addr, &prefix));
        assert_int_equal(geo_map_location(map, class)->mark, i);
        struct ip_prefix leaf = {ip_masked(&addr, expected_len), (uint8_t)expected_len};
        if (!crosses_range(&leaf))
            assert_int_equal(found_len, expected_len);
    }
    arena_free(arena);
    geo_map_free(map);
}

static void one_class_everywhere_leaves_only_the_embedding_ranges_apart(void **state)
{
    (void)state;
    struct geo_map_input input = {0};
    struct geo_map *map;
    uint32_t class = 5;
    assert_int_equal(geo_map_build(&input, &map), ERR_OK);
    struct arena *arena = arena_new(ARENA_BYTES);
    const struct geo_trie *trie;
    assert_int_equal(geo_trie_build(map, &class, arena, &trie), ERR_OK);
    struct ip_addr addr;
    uint8_t len;
    assert_true(ip_parse("198.51.100.1", &addr));
    assert_int_equal(geo_trie_find(trie, &addr, &len), 5);
    assert_int_equal(len, 0);
    for (size_t i = 0; i < IP_EMBEDDING_RANGE_COUNT; i++) {
        assert_int_equal(geo_trie_find(trie, &ip_embedding_ranges[i].addr, &len), 5);
        assert_int_equal(len, ip_embedding_ranges[i].len);
    }
    arena_free(arena);
    geo_map_free(map);
}

static void what_does_not_fit_is_refused(void **state)
{
    (void)state;

    static const struct {
        uint32_t class;
        size_t arena_bytes;
        enum err err;
    } cases[] = {
        {GEO_CLASS_MAX, ARENA_BYTES, ERR_OK},
        {GEO_CLASS_MAX + 1U, ARENA_BYTES, ERR_LIMIT},
        {UINT32_MAX, ARENA_BYTES, ERR_LIMIT},
        {0, 16, ERR_NO_MEMORY},
        {0, 100 * 1000, ERR_NO_MEMORY},
        {0, (1 << 20) + (1 << 18) + 100, ERR_NO_MEMORY}, /* for all but the nodes */
    };

    struct geo_map_input input = {0};
    struct geo_map *map;
    assert_int_equal(geo_map_build(&input, &map), ERR_OK);
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct arena *arena = arena_new(cases[i].arena_bytes);
        const struct geo_trie *trie = NULL;
        assert_int_equal(geo_trie_build(map, &cases[i].class, arena, &trie), cases[i].err);
        assert_int_equal(trie != NULL, cases[i].err == ERR_OK);
        arena_free(arena);
    }
    geo_map_free(map);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(class_and_length_are_those_of_the_map),
        cmocka_unit_test(a_walk_tiles_both_families_in_order),
        cmocka_unit_test(leaves_of_every_length_are_found),
        cmocka_unit_test(one_class_everywhere_leaves_only_the_embedding_ranges_apart),
        cmocka_unit_test(what_does_not_fit_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
