/* MMDB: any bytes as a geo database. One that opens tiles both address spaces, and every look-up
 * in it, in the map and in the trie made from it is what libmaxminddb finds for that address.
 *
 *   input   | the file
 */
#include <math.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>

#include <maxminddb.h>

#include "rhumb/geo_trie.h"

#include "../../src/geo/geo_db.h"
#include "fuzz.h"

enum { SAMPLES_MAX = 64, ARENA_BYTES = 256 << 20 };

static struct fuzz_file file;

static void set_up(void)
{
    file = fuzz_file_open();
}

/* ---- the database ---- */

static int is_code(const char *code, size_t len)
{
    int seen_end = 0;
    for (size_t i = 0; i < len; i++) {
        int is_letter =
            (code[i] >= 'A' && code[i] <= 'Z') || (code[i] >= '0' && code[i] <= '9');
        if (code[i] != '\0' && (seen_end || !is_letter))
            return 0;
        seen_end |= code[i] == '\0';
    }
    return 1;
}

static void check_record(const struct geo_place *place)
{
    FUZZ_PROMISE(is_code(place->country, 2) && is_code(place->continent, 2) &&
                     is_code(place->subdivision, 3),
                 "codes are upper case, padded with zeros");
    if ((place->flags & GEO_HAS_COORDINATES) != 0)
        FUZZ_PROMISE(fabsf(place->latitude) <= 90 && fabsf(place->longitude) <= 180,
                     "coordinates are on the globe");
}

/* is_elsewhere - in a range whose addresses are looked up by the IPv4 address inside, or above
 * one: there the library follows the file, and we do not. */
static int is_elsewhere(const struct ip_addr *addr, unsigned len)
{
    static const struct ip_prefix v4_inside = {.addr = {.family = IP_V6}, .len = 96};
    struct ip_prefix prefix = {.addr = *addr, .len = (uint8_t)len};
    if (ip_prefix_contains(&v4_inside, addr) || ip_prefix_contains(&prefix, &v4_inside.addr))
        return 1;
    for (unsigned i = 0; i < IP_EMBEDDING_RANGE_COUNT; i++)
        if (ip_prefix_contains(&ip_embedding_ranges[i], addr) ||
            ip_prefix_contains(&prefix, &ip_embedding_ranges[i].addr))
            return 1;
    return 0;
}

/* check_look_up - the library finds a record where the tiling has one, and none where not. */
static void check_look_up(const MMDB_s *mmdb, const struct ip_addr *addr, uint32_t value)
{
    struct sockaddr_storage name;
    int status;
    (void)ip_to_sockaddr(addr, 0, &name);
    MMDB_lookup_result_s found =
        MMDB_lookup_sockaddr(mmdb, (const struct sockaddr *)&name, &status);
    FUZZ_PROMISE(status == MMDB_SUCCESS, "the library finds its way in a file that we take");
    FUZZ_PROMISE(found.found_entry == (value > 0), "a record where the library has one");
}

static void check_tiling(const struct geo_db *db, unsigned family, const MMDB_s *mmdb)
{
    const struct geo_tiling *tiling = geo_db_tiling(db, family);
    const struct geo_leaf *leaves = geo_tiling_leaves(tiling);
    struct geo_key at = {0};
    size_t count = tiling->leaves.count, step = count / SAMPLES_MAX + 1;
    FUZZ_PROMISE(count > 0, "a tiling covers its space");
    for (size_t i = 0; i < count; i++) {
        FUZZ_PROMISE(i == 0 || !geo_key_is_zero(at), "a tiling ends with its space");
        FUZZ_PROMISE(leaves[i].len <= ip_bits(geo_ip_family(family)), "a prefix has a length");
        FUZZ_PROMISE(geo_key_equal(geo_key_masked(at, leaves[i].len), at), "prefixes adjoin");
        FUZZ_PROMISE(leaves[i].value <= geo_db_record_count(db), "a leaf leads to a record");
        struct ip_addr addr = geo_key_to_addr(at, family);
        if (i % step == 0 && (family == GEO_V4 || mmdb->metadata.ip_version == 6) &&
            (family == GEO_V4 || !is_elsewhere(&addr, leaves[i].len)))
            check_look_up(mmdb, &addr, leaves[i].value);
        at = geo_key_after(at, leaves[i].len);
    }
    FUZZ_PROMISE(geo_key_is_zero(at), "a tiling covers all of its space");
}

/* ---- the map and the trie ---- */

/* One walk over the trie: each leaf's class is the number of the location of the map. */
struct walk {
    const struct geo_map *map;
    const struct geo_trie *trie;
    size_t leaves;
};

static void on_leaf(void *ctx, const struct ip_prefix *prefix, uint32_t class)
{
    struct walk *walk = ctx;
    uint8_t len;
    struct ip_prefix in_map;
    if (walk->leaves++ >= SAMPLES_MAX)
        return;
    FUZZ_PROMISE(geo_trie_find(walk->trie, &prefix->addr, &len) == class && len == prefix->len,
                 "the trie finds its own leaves");
    FUZZ_PROMISE(geo_map_find(walk->map, &prefix->addr, &in_map) == class,
                 "the trie finds what the map has");
}

static void check_map(struct geo_db *db)
{
    struct geo_map *map = NULL;
    struct arena *arena = arena_new(ARENA_BYTES);
    struct geo_map_input input = {.databases = &db, .database_count = 1};
    FUZZ_PROMISE(arena && geo_map_build(&input, &map) == ERR_OK, "what opens can be merged");
    size_t count = geo_map_location_count(map);
    uint32_t *class_of = arena_alloc_array(arena, count, sizeof(*class_of));
    struct walk walk = {.map = map};
    for (size_t i = 0; i < count; i++) {
        check_record(&geo_map_location(map, i)->place);
        class_of[i] = (uint32_t)i;
    }
    FUZZ_PROMISE(geo_trie_build(map, class_of, arena, &walk.trie) == ERR_OK,
                 "what can be merged becomes a trie");
    geo_trie_walk(walk.trie, on_leaf, &walk);
    geo_map_free(map);
    arena_free(arena);
}

static void run(const uint8_t *data, size_t size)
{
    struct diag_list *diags = diag_list_new();
    struct geo_db *db = NULL;
    MMDB_s mmdb;
    FUZZ_PROMISE(diags, "there is memory");
    fuzz_file_write(&file, data, size);
    enum err err = geo_db_open(file.path, NULL, diags, &db);
    FUZZ_PROMISE(err == ERR_OK || err == ERR_INVALID, "it opens, or is refused");
    FUZZ_PROMISE(diag_error_count(diags) == (err == ERR_INVALID),
                 "it is refused with one error, and taken without");
    if (err == ERR_OK) {
        FUZZ_PROMISE(MMDB_open(file.path, MMDB_MODE_MMAP, &mmdb) == MMDB_SUCCESS,
                     "the library takes what we take");
        for (uint32_t i = 1; i <= geo_db_record_count(db); i++)
            check_record(geo_db_record(db, i));
        check_tiling(db, GEO_V4, &mmdb);
        check_tiling(db, GEO_V6, &mmdb);
        MMDB_close(&mmdb);
        check_map(db);
    }
    geo_db_close(db);
    diag_list_free(diags);
}

const struct fuzz_harness fuzz_harness = {.limit_us = 50000, .set_up = set_up, .run = run};
