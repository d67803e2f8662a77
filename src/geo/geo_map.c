/* Merging is one walk over all sources of a family at once:
 *
 *     database 0   |      US      |  FR  |      -      |      lanes: one tiling each,
 *     database 1   |  -   |  AS1  |     AS2     |  -   |      a finger on the leaf around
 *     networks     |      -       |      #1     |  -   |      the current address
 *     marks        |             -              |  #0  |
 *     ranges       |                 -                 |      ip_embedding_ranges, IPv6 only
 *     merged       |  A   |   B   |  C   |   D  |   E  |      the smallest leaf of all lanes
 *
 * What the lanes say at a leaf, as numbers, is a *finding*. Findings are interned, so the rules
 * of geo_merge.h run once for each distinct one and not once for each network; locations are
 * interned again, because different findings may come to the same.
 */
#include "rhumb/geo_map.h"

#include <stdlib.h>
#include <string.h>

#include "rhumb/intern.h"

#include "geo_db.h"
#include "geo_map_tiling.h"
#include "geo_merge.h"

enum { LANES_MAX = GEO_DATABASES_MAX + 3, LOCATIONS_MAX = (1 << 24) - 1 };

_Static_assert(sizeof(struct geo_location) ==
                   sizeof(struct geo_place) + sizeof(uint32_t) + 4 * sizeof(uint8_t),
               "interned by bytes: no padding");

/* Leaves do not say where they start; geo_map_find() starts from the nearest milestone. */
enum { MILESTONE_LEAVES = 256 };

struct geo_map {
    struct geo_tiling tilings[GEO_FAMILY_COUNT];
    struct big_array milestones[GEO_FAMILY_COUNT]; /* struct geo_key: of every 256th leaf */
    struct intern locations; /* struct geo_location; the first is the fallback */
};

/* A finding: the value of each database's leaf, then these. Fixed length per map. */
struct finding {
    uint32_t network;      /* index + 1; 0: none */
    uint32_t network_wins; /* as in struct geo_evidence */
    uint32_t mark;         /* index + 1; 0: none */
    uint32_t records[GEO_DATABASES_MAX];
};

struct merger {
    const struct geo_map_input *input;
    struct geo_map *map;
    struct intern findings;       /* struct finding, cut to the databases there are */
    struct big_array location_of; /* uint32_t: location of each finding */
    /* With one database, most networks are found by it alone: then its record decides, and the
     * location is kept per record (+ 1; 0: not judged yet), without hashing. */
    struct big_array location_of_record; /* uint32_t */
    struct geo_tiling networks, marks;   /* of the family at work */
    struct geo_tiling ranges;
};

struct lane {
    const struct geo_leaf *leaf;
    struct geo_key end; /* the first address behind the leaf; zero behind the last one */
};

/* ---- Findings and locations ---- */

static struct geo_location judge(const struct merger *merger, const struct finding *finding)
{
    const struct geo_map_input *input = merger->input;
    struct geo_evidence evidence = {
        .database_count = input->database_count,
        .network = finding->network > 0 ? &input->networks[finding->network - 1].place : NULL,
        .network_wins = finding->network_wins,
        .fallback = &input->fallback,
    };
    for (size_t i = 0; i < input->database_count; i++) {
        if (finding->records[i] > 0)
            evidence.databases[i] = geo_db_record(input->databases[i], finding->records[i]);
    }
    struct geo_location location = geo_merge(&evidence);
    if (finding->mark > 0)
        location.mark = finding->mark - 1;
    return location;
}

/* locate_new - the location of a finding that was not met before. */
static enum err locate_new(struct merger *merger, const struct finding *finding,
                           uint32_t *out_location)
{
    struct geo_location judged = judge(merger, finding);
    return intern_put(&merger->map->locations, &judged, out_location);
}

/* locate_any - by the finding as a whole. */
static enum err locate_any(struct merger *merger, const struct finding *finding,
                           uint32_t *out_location)
{
    uint32_t idx;
    enum err err = intern_put(&merger->findings, finding, &idx);
    if (err == ERR_OK && idx == merger->location_of.count) {
        uint32_t fresh;
        err = locate_new(merger, finding, &fresh);
        if (err == ERR_OK)
            err = big_array_add(&merger->location_of, &fresh);
    }
    if (err != ERR_OK)
        return err;
    const uint32_t *location_of = merger->location_of.items;
    *out_location = location_of[idx];
    return ERR_OK;
}

/* locate - the location of a finding, judged when new: by its record where that says all. */
static enum err locate(struct merger *merger, const struct finding *finding,
                       uint32_t *out_location)
{
    if (merger->input->database_count != 1 || finding->network > 0 || finding->mark > 0)
        return locate_any(merger, finding, out_location);
    uint32_t *known = (uint32_t *)merger->location_of_record.items + finding->records[0];
    if (*known == 0) {
        uint32_t fresh;
        enum err err = locate_new(merger, finding, &fresh);
        if (err != ERR_OK)
            return err;
        *known = fresh + 1;
    }
    *out_location = *known - 1;
    return ERR_OK;
}

/* ---- The walk ---- */

/* Lanes: the databases, then networks, marks, ranges. */
static size_t open_lanes(const struct merger *merger, unsigned family,
                         struct lane lanes[LANES_MAX])
{
    const struct geo_map_input *input = merger->input;
    size_t count = 0;
    for (; count < input->database_count; count++) {
        const struct geo_tiling *tiling = geo_db_tiling(input->databases[count], family);
        lanes[count].leaf = geo_tiling_leaves(tiling);
    }
    lanes[count++].leaf = geo_tiling_leaves(&merger->networks);
    lanes[count++].leaf = geo_tiling_leaves(&merger->marks);
    lanes[count++].leaf = geo_tiling_leaves(&merger->ranges);
    for (size_t i = 0; i < count; i++)
        lanes[i].end = geo_key_after((struct geo_key){0}, lanes[i].leaf->len);
    return count;
}

/* find_here - what the lanes say where they stand. Database leaves and networks are compared by
 * the length of the whole network, not of the piece of it at hand. */
static void find_here(const struct merger *merger, const struct lane *lanes,
                      struct finding *out_finding)
{
    const struct geo_map_input *input = merger->input;
    size_t count = input->database_count;
    out_finding->network = lanes[count].leaf->value;
    out_finding->mark = lanes[count + 1].leaf->value;
    out_finding->network_wins = 0;
    for (size_t i = 0; i < count; i++)
        out_finding->records[i] = lanes[i].leaf->value;
    if (out_finding->network == 0)
        return;
    unsigned len = input->networks[out_finding->network - 1].prefix.len;
    for (size_t i = 0; i < count; i++)
        out_finding->network_wins |= (uint32_t)(len >= lanes[i].leaf->len) << i;
}

static unsigned longest(const struct lane *lanes, size_t count)
{
    unsigned len = 0;
    for (size_t i = 0; i < count; i++)
        len = lanes[i].leaf->len > len ? lanes[i].leaf->len : len;
    return len;
}

/* put_leaf - the next prefix of the map, and a milestone where one is due. */
static enum err put_leaf(struct geo_map *map, unsigned family, struct geo_key at, unsigned len,
                         uint32_t location)
{
    struct geo_tiling *tiling = &map->tilings[family];
    enum err err = ERR_OK;
    if (tiling->leaves.count % MILESTONE_LEAVES == 0)
        err = big_array_add(&map->milestones[family], &at);
    return err == ERR_OK ? geo_tiling_add(tiling, len, location) : err;
}

static enum err walk_lanes(struct merger *merger, unsigned family, struct lane *lanes,
                           size_t count)
{
    struct geo_key at = {0};
    struct finding finding = {0};
    for (;;) {
        uint32_t location;
        unsigned len = longest(lanes, count);
        find_here(merger, lanes, &finding);
        enum err err = locate(merger, &finding, &location);
        if (err == ERR_OK)
            err = put_leaf(merger->map, family, at, len, location);
        if (err != ERR_OK)
            return err;
        at = geo_key_after(at, len);
        if (geo_key_is_zero(at)) /* past the last address of either family */
            return ERR_OK;
        for (size_t i = 0; i < count; i++) {
            if (!geo_key_equal(lanes[i].end, at))
                continue;
            lanes[i].leaf++;
            lanes[i].end = geo_key_after(at, lanes[i].leaf->len);
        }
    }
}

/* ---- The operator's prefixes ---- */

/* fill_lane - tile by the prefixes of one family; prefix i of count stands at first + i *
 * stride and gets the value i + 1. */
static enum err fill_lane(struct geo_tiling *tiling, unsigned family, const void *first,
                          size_t stride, size_t count)
{
    struct geo_chosen *chosen = calloc(count + 1, sizeof(*chosen));
    if (!chosen)
        return ERR_NO_MEMORY;
    size_t chosen_count = 0;
    for (size_t i = 0; i < count; i++) {
        struct ip_prefix prefix;
        memcpy(&prefix, (const uint8_t *)first + i * stride, sizeof(prefix));
        if (prefix.addr.family != geo_ip_family(family))
            continue;
        chosen[chosen_count++] = (struct geo_chosen){
            .start = geo_key_from_addr(&prefix.addr),
            .len = prefix.len,
            .value = (uint32_t)i + 1,
        };
    }
    enum err err = geo_tiling_fill(tiling, chosen, chosen_count);
    free(chosen);
    return err;
}

static enum err fill_lanes(struct merger *merger, unsigned family)
{
    _Static_assert(offsetof(struct geo_network, prefix) == 0, "fill_lane() reads there");
    const struct geo_map_input *input = merger->input;
    enum err err = fill_lane(&merger->networks, family, input->networks,
                             sizeof(*input->networks), input->network_count);
    if (err == ERR_OK)
        err = fill_lane(&merger->marks, family, input->marks, sizeof(*input->marks),
                        input->mark_count);
    if (err == ERR_OK)
        err = fill_lane(&merger->ranges, family, ip_embedding_ranges,
                        sizeof(*ip_embedding_ranges), IP_EMBEDDING_RANGE_COUNT);
    return err;
}

static enum err merge_family(struct merger *merger, unsigned family)
{
    geo_tiling_init(&merger->networks);
    geo_tiling_init(&merger->marks);
    geo_tiling_init(&merger->ranges);
    enum err err = fill_lanes(merger, family);
    if (err == ERR_OK) {
        struct lane lanes[LANES_MAX];
        size_t count = open_lanes(merger, family, lanes);
        err = walk_lanes(merger, family, lanes, count);
    }
    geo_tiling_deinit(&merger->networks);
    geo_tiling_deinit(&merger->marks);
    geo_tiling_deinit(&merger->ranges);
    return err;
}

/* ---- The door ---- */

static enum err merge_all(const struct geo_map_input *input, struct geo_map *map)
{
    struct merger merger = {.input = input, .map = map};
    size_t finding_bytes =
        offsetof(struct finding, records) + input->database_count * sizeof(uint32_t);
    intern_init(&merger.findings, finding_bytes, UINT32_MAX - 1);
    big_array_init(&merger.location_of, sizeof(uint32_t), SIZE_MAX);
    big_array_init(&merger.location_of_record, sizeof(uint32_t), SIZE_MAX);
    size_t first,
        records = input->database_count == 1 ? geo_db_record_count(input->databases[0]) : 0;
    enum err err = big_array_extend(&merger.location_of_record, records + 1, &first);
    if (err == ERR_OK)
        err = intern_reserve(&map->locations, records + 1);
    struct finding nothing = {0};
    uint32_t fallback; /* comes first, hence is location 0 */
    if (err == ERR_OK)
        err = locate(&merger, &nothing, &fallback);
    for (unsigned family = 0; family < GEO_FAMILY_COUNT && err == ERR_OK; family++)
        err = merge_family(&merger, family);
    intern_deinit(&merger.findings);
    big_array_deinit(&merger.location_of);
    big_array_deinit(&merger.location_of_record);
    return err;
}

enum err geo_map_build(const struct geo_map_input *input, struct geo_map **out_map)
{
    if (input->database_count > GEO_DATABASES_MAX)
        return ERR_LIMIT;
    struct geo_map *map = calloc(1, sizeof(*map));
    if (!map)
        return ERR_NO_MEMORY;
    for (unsigned family = 0; family < GEO_FAMILY_COUNT; family++) {
        geo_tiling_init(&map->tilings[family]);
        big_array_init(&map->milestones[family], sizeof(struct geo_key), SIZE_MAX);
    }
    intern_init(&map->locations, sizeof(struct geo_location), LOCATIONS_MAX);
    enum err err = merge_all(input, map);
    if (err != ERR_OK) {
        geo_map_free(map);
        return err;
    }
    *out_map = map;
    return ERR_OK;
}

void geo_map_free(struct geo_map *map)
{
    if (!map)
        return;
    for (unsigned family = 0; family < GEO_FAMILY_COUNT; family++) {
        geo_tiling_deinit(&map->tilings[family]);
        big_array_deinit(&map->milestones[family]);
    }
    intern_deinit(&map->locations);
    free(map);
}

size_t geo_map_location_count(const struct geo_map *map)
{
    return map->locations.items.count;
}

const struct geo_location *geo_map_location(const struct geo_map *map, size_t idx)
{
    return intern_get(&map->locations, idx);
}

size_t geo_map_fallback(const struct geo_map *map)
{
    (void)map;
    return 0;
}

/* milestone_before - the last milestone at or before key. */
static size_t milestone_before(const struct big_array *milestones, struct geo_key key)
{
    const struct geo_key *starts = milestones->items;
    size_t low = 0, high = milestones->count; /* starts[low] <= key < starts[high] */
    while (high - low > 1) {
        size_t middle = low + (high - low) / 2;
        if (geo_key_less(key, starts[middle]))
            high = middle;
        else
            low = middle;
    }
    return low;
}

size_t geo_map_find(const struct geo_map *map, const struct ip_addr *addr,
                    struct ip_prefix *out_prefix)
{
    unsigned family = addr->family == IP_V4 ? GEO_V4 : GEO_V6;
    struct geo_key key = geo_key_from_addr(addr);
    size_t milestone = milestone_before(&map->milestones[family], key);
    const struct geo_leaf *leaf =
        geo_tiling_leaves(&map->tilings[family]) + milestone * MILESTONE_LEAVES;
    struct geo_key at = ((const struct geo_key *)map->milestones[family].items)[milestone];
    for (; !geo_key_within(key, at, leaf->len); leaf++)
        at = geo_key_after(at, leaf->len);
    out_prefix->addr = geo_key_to_addr(at, family);
    out_prefix->len = leaf->len;
    return leaf->value;
}

size_t geo_map_network_count(const struct geo_map *map)
{
    return map->tilings[GEO_V4].leaves.count + map->tilings[GEO_V6].leaves.count;
}

const struct geo_tiling *geo_map_tiling(const struct geo_map *map, unsigned family)
{
    return &map->tilings[family];
}
