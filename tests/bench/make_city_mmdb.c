/* make_city_mmdb OUT [SEED] - writes a made-up database in GeoLite2-City's schema.
 *
 * why       A benchmark and a load test need a database as big and as uneven as the real one,
 *           the same on every machine, and free of anyone's licence.
 * how       Address space is split from the top: a block of /12../16 (IPv6: /20../32) gets a
 *           country of its registry, parts of it get an area, smaller parts a home town; the
 *           leaves take that town, a neighbour, "somewhere in the country", or, rarely,
 *           another country. Every decision hashes (seed, prefix): no order, no state.
 * prints    one line of key=value with what it made
 */

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include "city_record.h"
#include "city_world.h"
#include "mmdb_writer.h"

#define PLACE_COUNT 69000u      /* rounding up adds about 1,300 */
#define BUILD_EPOCH 1735689600u /* 2025-01-01: fixed, or the file would differ each day */

/* A prefix of IPv4, or of the upper half of IPv6: bits is left-aligned. */
struct prefix {
    uint64_t bits;
    unsigned len;
};

struct special;

/* How one address family is cut up. Chances are per thousand. */
struct plan {
    bool is_v6;
    unsigned registry_len;         /* the registry is drawn here, unless the root names it */
    unsigned block_min, block_max; /* a country is settled between these lengths */
    unsigned area_len, town_len;   /* down to here, parts may move to another area, town */
    unsigned leaf_min, leaf_max;
    unsigned block_chance;        /* that a block ends at this length */
    unsigned hole_chance;         /* at each length up to block_max: nothing is allocated */
    const uint16_t *split_chance; /* [len - leaf_min]; else a network ends there */
    const struct special *special;
    unsigned special_count;
};

/* What the prefixes above have settled; -1: not yet. */
struct context {
    int registry, country;
    uint32_t area, town;
    unsigned density; /* per cent: scales split_chance, so some blocks are cut finer */
};

struct maker {
    struct mmdb db;
    struct world world;
    struct city_records records;
    uint64_t seed;
    uint32_t v4_node; /* where the IPv4 tree starts */
    uint32_t v4_end;  /* its nodes are [v4_node, v4_end) */
};

/* Root of a stretch of address space in the 128-bit tree. */
struct root {
    struct prefix prefix; /* upper 64 bits */
    int registry;         /* -1: drawn further down */
};

static const uint16_t v4_split[] = {860, 800, 720, 640, 560, 450, 300, 150}; /* /18../25 */
static const uint16_t v6_split[] = {520, 480, 460, 460, 500, 520, 540, 560,
                                    560, 520, 480, 440, 400, 350, 300, 250}; /* /32../47 */

/* Stretches inside a plan's space that follow other rules. */
struct special {
    struct prefix prefix;
    bool is_v4_alias; /* else: no unicast client lives there */
};

/* source: RFC 6890 and RFC 5771 */
static const struct special v4_special[] = {
    {{0x0000000000000000u, 8}, false},  {{0x0a00000000000000u, 8}, false},
    {{0x6440000000000000u, 10}, false}, {{0x7f00000000000000u, 8}, false},
    {{0xa9fe000000000000u, 16}, false}, {{0xac10000000000000u, 12}, false},
    {{0xc0a8000000000000u, 16}, false}, {{0xc612000000000000u, 15}, false},
    {{0xc000020000000000u, 24}, false}, {{0xc633640000000000u, 24}, false},
    {{0xcb00710000000000u, 24}, false}, {{0xe000000000000000u, 3}, false},
};
/* IPv4 is reached a second time through Teredo and 6to4, and ::ffff:0:0/96, as in MaxMind's
 * files. */
static const struct special v6_special[] = {
    {{0x2001000000000000u, 32}, true},
    {{0x20010db800000000u, 32}, false},
    {{0x2002000000000000u, 16}, true},
};

/* Where IPv6 networks are allocated from, and 2002::/16, which is all alias. */
static const struct root v6_roots[] = {
    {{0x2001000000000000u, 16}, -1},      {{0x2002000000000000u, 16}, -1},
    {{0x2400000000000000u, 12}, APNIC},   {{0x2600000000000000u, 12}, ARIN},
    {{0x2800000000000000u, 12}, LACNIC},  {{0x2a00000000000000u, 12}, RIPE},
    {{0x2c00000000000000u, 12}, AFRINIC},
};

static const struct plan v4_plan = {
    .is_v6 = false,
    .registry_len = 8,
    .block_min = 12,
    .block_max = 16,
    .area_len = 17,
    .town_len = 20,
    .leaf_min = 18,
    .leaf_max = 26,
    .block_chance = 350,
    .hole_chance = 18,
    .split_chance = v4_split,
    .special = v4_special,
    .special_count = sizeof v4_special / sizeof v4_special[0],
};
static const struct plan v6_plan = {
    .is_v6 = true,
    .registry_len = 23,
    .block_min = 28,
    .block_max = 32,
    .area_len = 33,
    .town_len = 36,
    .leaf_min = 32,
    .leaf_max = 48,
    .block_chance = 90,
    .hole_chance = 188,
    .split_chance = v6_split,
    .special = v6_special,
    .special_count = sizeof v6_special / sizeof v6_special[0],
};

static bool prefix_covers(struct prefix outer, struct prefix inner)
{
    return inner.len >= outer.len &&
           (outer.len == 0 || (inner.bits ^ outer.bits) >> (64 - outer.len) == 0);
}

static struct prefix prefix_child(struct prefix p, unsigned bit)
{
    struct prefix child = {p.bits | (uint64_t)bit << (63 - p.len), p.len + 1};
    return child;
}

/* Each decision at a prefix has a number of its own. */
enum purpose { HOLE, REGISTRY, BLOCK, COUNTRY, DENSITY, AREA, TOWN, SPLIT, LEAF, NEIGHBOUR };

static uint64_t chance_of(const struct maker *m, const struct plan *plan, struct prefix p,
                          enum purpose purpose)
{
    uint64_t where = world_hash(m->seed, p.bits);
    return world_hash(where, p.len << 16 | (plan->is_v6 ? 256u : 0u) | (unsigned)purpose);
}

static bool chance_hits(uint64_t chance, unsigned per_mille)
{
    return chance % 1000 < per_mille;
}

static int draw_registry(uint64_t chance)
{
    /* per cent of /8s (and of 2001::/16's /23s), roughly as the registries hold them */
    static const unsigned share[REGISTRY_COUNT] = {38, 23, 27, 7, 5};
    unsigned left = (unsigned)(chance % 100);
    int registry = 0;
    while (left >= share[registry])
        left -= share[registry++];
    return registry;
}

/* context_settle - decide what this prefix decides for everything below it. */
static void context_settle(const struct maker *m, const struct plan *plan, struct prefix p,
                           struct context *ctx)
{
    bool is_new = false;
    if (ctx->registry < 0 && p.len >= plan->registry_len)
        ctx->registry = draw_registry(chance_of(m, plan, p, REGISTRY));
    if (ctx->registry >= 0 && ctx->country < 0 &&
        (p.len >= plan->block_max ||
         (p.len >= plan->block_min &&
          chance_hits(chance_of(m, plan, p, BLOCK), plan->block_chance)))) {
        ctx->country = (int)world_pick_country(&m->world, (enum registry)ctx->registry,
                                               chance_of(m, plan, p, COUNTRY));
        ctx->density = 55 + (unsigned)(chance_of(m, plan, p, DENSITY) % 56);
        is_new = true;
    }
    if (ctx->country < 0)
        return;
    if (is_new || (p.len <= plan->area_len && chance_hits(chance_of(m, plan, p, AREA), 400))) {
        ctx->area = world_pick_area(&m->world, (uint32_t)ctx->country,
                                    chance_of(m, plan, p, AREA) >> 16);
        is_new = true;
    }
    if (is_new || (p.len <= plan->town_len && chance_hits(chance_of(m, plan, p, TOWN), 600)))
        ctx->town = world_pick_place(&m->world, ctx->area, chance_of(m, plan, p, TOWN) >> 16);
}

/* The place of one network: mostly the town its block is in, sometimes not. */
static uint32_t leaf_place(const struct maker *m, const struct plan *plan, struct prefix p,
                           const struct context *ctx)
{
    unsigned draw = (unsigned)(chance_of(m, plan, p, LEAF) % 1000);
    uint64_t chance = chance_of(m, plan, p, NEIGHBOUR);
    const struct country_span *span = &m->world.countries[ctx->country];

    if (draw < 3)
        return span->nowhere;
    if (draw < 100)
        return span->whole;
    if (draw < 115) {
        uint32_t other = world_pick_country(&m->world, (enum registry)ctx->registry, chance);
        return world_pick_place(&m->world, world_pick_area(&m->world, other, chance >> 20),
                                world_hash(chance, 1));
    }
    if (draw < 450)
        return world_pick_place(&m->world, ctx->area, chance);
    return ctx->town;
}

static bool is_leaf(const struct maker *m, const struct plan *plan, struct prefix p,
                    const struct context *ctx)
{
    if (ctx->country < 0 || p.len < plan->leaf_min)
        return false;
    if (p.len >= plan->leaf_max)
        return true;
    return !chance_hits(chance_of(m, plan, p, SPLIT),
                        plan->split_chance[p.len - plan->leaf_min] * ctx->density / 100);
}

/* build - the tree below one prefix; returns the record for it. At most leaf_max deep. */
static uint32_t build(struct maker *m, const struct plan *plan, struct prefix p,
                      struct context ctx)
{
    bool must_split = false;
    for (unsigned i = 0; i < plan->special_count; i++) {
        if (prefix_covers(plan->special[i].prefix, p))
            return plan->special[i].is_v4_alias ? m->v4_node : MMDB_EMPTY;
        must_split = must_split || prefix_covers(p, plan->special[i].prefix);
    }
    if (!must_split) {
        if (ctx.country < 0 && chance_hits(chance_of(m, plan, p, HOLE), plan->hole_chance))
            return MMDB_EMPTY;
        context_settle(m, plan, p, &ctx);
        if (is_leaf(m, plan, p, &ctx))
            return city_record_get(&m->records, leaf_place(m, plan, p, &ctx));
    }
    uint32_t node = mmdb_node_new(&m->db);
    uint32_t left = build(m, plan, prefix_child(p, 0), ctx);
    uint32_t right = build(m, plan, prefix_child(p, 1), ctx);
    return mmdb_node_join(&m->db, node, left, right);
}

/* A chain of nodes for `levels` equal bits, with `end` at its end and nothing beside it. */
static uint32_t build_chain(struct maker *m, unsigned levels, unsigned bit, uint32_t end)
{
    for (; levels > 0; levels--) {
        uint32_t node = mmdb_node_new(&m->db);
        m->db.nodes[node][bit] = end;
        end = node;
    }
    return end;
}

/* ::/64, with IPv4 at ::/96 and again at ::ffff:0:0/96. */
static uint32_t build_v4_space(struct maker *m)
{
    struct prefix all = {0, 0};
    struct context none = {-1, -1, 0, 0, 0};

    m->v4_node = build(m, &v4_plan, all, none);
    m->v4_end = m->db.node_count;
    uint32_t fork = mmdb_node_new(&m->db); /* ::/80 */
    m->db.nodes[fork][0] = build_chain(m, 15, 0, m->v4_node);
    m->db.nodes[fork][1] = build_chain(m, 15, 1, m->v4_node);
    return build_chain(m, 16, 0, fork);
}

/* build_top - the upper 64 bits outside the roots. The leftmost path comes first, so the IPv4
 * tree exists before anything wants an alias to it. */
static uint32_t build_top(struct maker *m, struct prefix p)
{
    bool is_needed = p.bits == 0;
    if (p.bits == 0 && p.len == 64)
        return build_v4_space(m);
    for (unsigned i = 0; i < sizeof v6_roots / sizeof v6_roots[0]; i++) {
        struct context ctx = {v6_roots[i].registry, -1, 0, 0, 0};
        if (prefix_covers(v6_roots[i].prefix, p))
            return build(m, &v6_plan, p, ctx);
        is_needed = is_needed || prefix_covers(p, v6_roots[i].prefix);
    }
    if (!is_needed)
        return MMDB_EMPTY;
    uint32_t node = mmdb_node_new(&m->db);
    uint32_t left = build_top(m, prefix_child(p, 0));
    uint32_t right = build_top(m, prefix_child(p, 1));
    return mmdb_node_join(&m->db, node, left, right);
}

/* Each node stands in the array once, however many aliases lead to it. */
static void print_counts(const struct maker *m)
{
    unsigned long networks[2] = {0, 0};
    for (uint32_t i = 0; i < m->db.node_count; i++) {
        bool is_v6 = i < m->v4_node || i >= m->v4_end;
        for (unsigned bit = 0; bit < 2; bit++)
            networks[is_v6] +=
                m->db.nodes[i][bit] >= MMDB_DATA && m->db.nodes[i][bit] != MMDB_EMPTY;
    }
    printf("networks=%lu ipv4=%lu ipv6=%lu records=%u nodes=%u data_bytes=%u\n",
           networks[0] + networks[1], networks[0], networks[1], m->records.used_count,
           m->db.node_count, m->db.data_len);
}

int main(int argc, char **argv)
{
    struct maker m = {.seed = 1};
    struct prefix all = {0, 0};
    bool is_written;

    if (argc < 2 || argc > 3) {
        fprintf(stderr, "usage: make_city_mmdb OUT [SEED]\n");
        return 2;
    }
    if (argc == 3)
        m.seed = strtoull(argv[2], NULL, 10);
    FILE *out = fopen(argv[1], "wb");
    if (out == NULL) {
        perror(argv[1]);
        return 1;
    }

    mmdb_init(&m.db);
    world_init(&m.world, m.seed, PLACE_COUNT);
    city_records_init(&m.records, &m.db, &m.world);
    build_top(&m, all);
    is_written = mmdb_file_write(&m.db, out, "GeoLite2-City", BUILD_EPOCH);
    if (fclose(out) != 0)
        is_written = false;
    if (is_written)
        print_counts(&m);
    else
        fprintf(stderr, "make_city_mmdb: %s could not be written\n", argv[1]);

    city_records_deinit(&m.records);
    world_deinit(&m.world);
    mmdb_deinit(&m.db);
    return is_written ? 0 : 1;
}
