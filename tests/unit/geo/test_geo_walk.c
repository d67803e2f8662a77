/* Tries and maps side by side: no gap, no overlap, and the same value as a look-up everywhere. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "rhumb/arena.h"
#include "rhumb/geo_walk.h"

#include "naive_geo.h"

enum { WORLDS = 60, ARENA_BYTES = 1 << 26, LANES = 5 };

struct side {
    struct world world;
    struct geo_map *map;
    const struct geo_trie *trie;
};

struct walked {
    struct side sides[2];
    struct arena *arena;
    struct rng rng;
    struct ip_addr next; /* where the next network of this family must start */
    size_t networks;
    double covered[2]; /* shares of the space */
};

static void make_side(struct walked *w, struct side *side)
{
    world_make(&side->world, &w->rng);
    assert_int_equal(geo_map_build(&side->world.input, &side->map), ERR_OK);
    size_t count = geo_map_location_count(side->map);
    uint32_t *class_of = calloc(count, sizeof(*class_of));
    assert_non_null(class_of);
    for (size_t i = 0; i < count; i++)
        class_of[i] = rng_below(&w->rng, 3);
    assert_int_equal(geo_trie_build(side->map, class_of, w->arena, &side->trie), ERR_OK);
    free(class_of);
}

static void set_up(struct walked *w, uint64_t seed)
{
    *w = (struct walked){.arena = arena_new(ARENA_BYTES)};
    assert_non_null(w->arena);
    rng_init(&w->rng, seed);
    make_side(w, &w->sides[0]);
    make_side(w, &w->sides[1]);
}

static void tear_down(struct walked *w)
{
    for (size_t i = 0; i < 2; i++) {
        geo_map_free(w->sides[i].map);
        world_deinit(&w->sides[i].world);
    }
    arena_free(w->arena);
}

static bool is_embedding(const struct ip_addr *addr)
{
    for (size_t i = 0; i < IP_EMBEDDING_RANGE_COUNT; i++)
        if (ip_prefix_contains(&ip_embedding_ranges[i], addr))
            return true;
    return false;
}

/* after - the first address behind a network; all zero behind the last one. */
static struct ip_addr after(const struct ip_prefix *network)
{
    struct ip_addr addr = network->addr;
    for (unsigned len = network->len; len > 0; len--) {
        uint8_t bit = (uint8_t)(0x80 >> (len - 1) % 8), *byte = &addr.bytes[(len - 1) / 8];
        *byte ^= bit;
        if ((*byte & bit) != 0)
            break;
    }
    return addr;
}

/* skip_embedding - over the ranges that the walk leaves out. */
static struct ip_addr skip_embedding(struct ip_addr addr)
{
    for (size_t i = 0; i < IP_EMBEDDING_RANGE_COUNT; i++)
        if (ip_equal(&addr, &ip_embedding_ranges[i].addr))
            return after(&ip_embedding_ranges[i]);
    return addr;
}

static void on_network(void *ctx, const struct ip_prefix *network, const uint32_t *values)
{
    struct walked *w = ctx;
    uint8_t longest = 0;
    if (w->next.family != network->addr.family) /* a family begins at its first address */
        w->next = (struct ip_addr){.family = network->addr.family};
    w->next = skip_embedding(w->next);
    assert_true(ip_equal(&w->next, &network->addr));
    w->next = after(network);
    struct ip_addr inside[2] = {network->addr, random_inside(network, &w->rng)};
    for (size_t i = 0; i < 2; i++) {
        for (size_t s = 0; s < 2; s++) {
            uint8_t len;
            struct ip_prefix piece;
            assert_int_equal(geo_trie_find(w->sides[s].trie, &inside[i], &len), values[s]);
            longest = len > longest ? len : longest;
            assert_int_equal(geo_map_find(w->sides[s].map, &inside[i], &piece), values[2 + s]);
            longest = piece.len > longest ? piece.len : longest;
        }
    }
    assert_int_equal(values[4], 0);
    assert_int_equal(network->len, longest); /* not cut without need */
    assert_false(network->addr.family == IP_V6 && is_embedding(&network->addr));
    double share = 1;
    for (unsigned i = 0; i < network->len; i++)
        share /= 2;
    w->covered[network->addr.family == IP_V6] += share;
    w->networks++;
}

static void tiles_the_space_with_what_a_look_up_finds(void **state)
{
    (void)state;
    double left_out = 0;
    for (size_t i = 0; i < IP_EMBEDDING_RANGE_COUNT; i++) {
        double share = 1;
        for (unsigned bit = 0; bit < ip_embedding_ranges[i].len; bit++)
            share /= 2;
        left_out += share;
    }
    for (uint64_t seed = 1; seed <= WORLDS; seed++) {
        struct walked w;
        set_up(&w, seed);
        const struct geo_lane lanes[LANES] = {
            {.trie = w.sides[0].trie},
            {.trie = w.sides[1].trie},
            {.map = w.sides[0].map},
            {.map = w.sides[1].map},
            {0},
        };
        assert_int_equal(geo_walk(lanes, LANES, on_network, &w), ERR_OK);
        assert_true(w.networks > 10);
        assert_true(w.covered[0] == 1); /* sums of powers of two: exact */
        assert_true(w.covered[1] > 1 - left_out - 1e-15 && w.covered[1] < 1 - left_out + 1e-15);
        tear_down(&w);
    }
}

static void count_networks(void *ctx, const struct ip_prefix *network, const uint32_t *values)
{
    (void)values;
    assert_int_equal(network->len, 0);
    ++*(size_t *)ctx;
}

static void without_a_lane_each_family_is_one_network(void **state)
{
    (void)state;
    size_t count = 0;
    assert_int_equal(geo_walk(NULL, 0, count_networks, &count), ERR_OK);
    assert_int_equal(count, 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(tiles_the_space_with_what_a_look_up_finds),
        cmocka_unit_test(without_a_lane_each_family_is_one_network),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
