/* The home of libmaxminddb: a file of networks and records becomes tilings and places.
 *
 *   copy     into a sealed memory file, opened by its number (geo_file.h)
 *   walk     the whole search tree in address order; each node once, or the file is refused
 *   decode   each distinct record once, however many networks point to it
 *
 * A file of both families keeps IPv4 below 96 zero bits (::/96). MaxMind's files let three
 * ranges point there again (::ffff:0:0/96, 2001::/32, 2002::/16): the walk enters the IPv4 tree
 * once, from ::/96, and leaves those ranges empty. Addresses in them are looked up by the IPv4
 * address inside (ip_embedded).
 *
 * source  MaxMind DB file format specification 2.0
 */
#include "geo_db.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <maxminddb.h>

#include "rhumb/geo_file.h"

#include "geo_bitmap.h"
#include "geo_field.h"
#include "geo_metadata.h"

struct geo_db {
    char *path;
    uint64_t build_epoch;
    struct geo_tiling tilings[GEO_FAMILY_COUNT];
    struct big_array places; /* struct geo_place, by value - 1 */
};

/* ---- The search tree ---- */

enum { V4_DEPTH = 96 }; /* where IPv4 begins in a tree for both families */

enum { RECORDS_MAX = 1 << 26 };

struct walk {
    const MMDB_s *mmdb;
    struct geo_db *db;
    struct geo_bitmap visited; /* one bit per node */
    struct geo_bitmap used;    /* one bit per byte of the data section: a record starts here */
    struct big_array offsets;  /* uint32_t: where the distinct records start, ascending */
    const char *fault;         /* why the file is refused; NULL so far */
};

/* A record of a node: a subtree, a data record, or nothing. */
struct branch {
    uint64_t node;
    uint32_t offset;
    uint8_t type;
};

static enum err refuse_tree(struct walk *walk, const char *fault)
{
    walk->fault = fault;
    return ERR_CORRUPT;
}

static enum err put_leaf(struct walk *walk, unsigned family, unsigned len,
                         const struct branch *branch)
{
    uint32_t value = 0; /* now the offset + 1; number_records() makes it the record's number */
    if (branch->type == MMDB_RECORD_TYPE_DATA) {
        if (branch->offset >= walk->mmdb->data_section_size)
            return refuse_tree(walk, "a network points outside the data section");
        geo_bitmap_set(&walk->used, branch->offset);
        value = branch->offset + 1;
    }
    return geo_tiling_add(&walk->db->tilings[family], len, value);
}

static enum err walk_node(struct walk *walk, unsigned family, uint64_t node,
                          struct geo_key start, unsigned len);

static enum err walk_branch(struct walk *walk, unsigned family, const struct branch *branch,
                            struct geo_key start, unsigned len)
{
    static const struct branch nothing = {.type = MMDB_RECORD_TYPE_EMPTY};

    bool v4_inside = family == GEO_V6 && len <= V4_DEPTH && geo_key_is_zero(start);
    if (branch->type == MMDB_RECORD_TYPE_INVALID)
        return refuse_tree(walk, "the search tree points outside the file");
    if (branch->type != MMDB_RECORD_TYPE_SEARCH_NODE) {
        enum err err = put_leaf(walk, family, len, branch);
        if (err == ERR_OK && v4_inside) /* a network so wide that it holds all of IPv4 */
            err = put_leaf(walk, GEO_V4, 0, branch);
        return err;
    }
    if (v4_inside && len == V4_DEPTH) {
        enum err err = put_leaf(walk, GEO_V6, len, &nothing);
        return err == ERR_OK ? walk_node(walk, GEO_V4, branch->node, start, 0) : err;
    }
    bool is_alias = family == GEO_V6 && branch->node == walk->mmdb->ipv4_start_node.node_value;
    if (is_alias && !v4_inside) /* on the way to ::/96 it is a cycle: the walk meets itself */
        return put_leaf(walk, family, len, &nothing);
    return walk_node(walk, family, branch->node, start, len);
}

/* walk_node - recursion is at most 128 deep: a longer path is refused. */
static enum err walk_node(struct walk *walk, unsigned family, uint64_t node,
                          struct geo_key start, unsigned len)
{
    MMDB_search_node_s found;
    if (len == ip_bits(geo_ip_family(family)))
        return refuse_tree(walk, "the search tree is deeper than an address");
    if (geo_bitmap_set(&walk->visited, node)) /* a cycle, or a shared subtree */
        return refuse_tree(walk, "the search tree meets itself");
    if (MMDB_read_node(walk->mmdb, (uint32_t)node, &found) != MMDB_SUCCESS)
        return refuse_tree(walk, "a node cannot be read");
    struct branch left = {
        .node = found.left_record,
        .offset = found.left_record_entry.offset,
        .type = found.left_record_type,
    };
    struct branch right = {
        .node = found.right_record,
        .offset = found.right_record_entry.offset,
        .type = found.right_record_type,
    };
    enum err err = walk_branch(walk, family, &left, start, len + 1);
    if (err == ERR_OK)
        err = walk_branch(walk, family, &right, geo_key_with_bit(start, len), len + 1);
    return err;
}

static enum err walk_tree(struct walk *walk)
{
    const MMDB_metadata_s *metadata = &walk->mmdb->metadata;
    uint64_t tree_bytes = (uint64_t)metadata->node_count * walk->mmdb->full_record_byte_size;
    if (metadata->ip_version != 4 && metadata->ip_version != 6)
        return refuse_tree(walk, "the metadata names no IP version");
    if (metadata->node_count == 0 || tree_bytes > (uint64_t)walk->mmdb->file_size)
        return refuse_tree(walk, "the metadata has a wrong number of nodes");
    enum err err = geo_bitmap_reserve(&walk->visited, metadata->node_count);
    if (err == ERR_OK)
        err = geo_bitmap_reserve(&walk->used, walk->mmdb->data_section_size);
    if (err != ERR_OK)
        return err;
    struct geo_key zero = {0};
    if (metadata->ip_version == 6)
        return walk_node(walk, GEO_V6, 0, zero, 0);
    err = walk_node(walk, GEO_V4, 0, zero, 0);
    return err == ERR_OK ? geo_tiling_add(&walk->db->tilings[GEO_V6], 0, 0) : err;
}

/* ---- The records ---- */

/* number_records - the leaves hold offsets; a record's number is how many start before it. */
static enum err number_records(struct walk *walk)
{
    enum err err = geo_bitmap_rank(&walk->used);
    if (err == ERR_OK)
        err = geo_bitmap_list(&walk->used, &walk->offsets);
    if (err != ERR_OK)
        return err;
    if (walk->offsets.count > RECORDS_MAX)
        return refuse_tree(walk, "it has too many records");
    for (unsigned family = 0; family < GEO_FAMILY_COUNT; family++) {
        struct big_array *array = &walk->db->tilings[family].leaves;
        struct geo_leaf *leaves = array->items;
        for (size_t i = 0; i < array->count; i++)
            if (leaves[i].value > 0)
                leaves[i].value = geo_bitmap_rank_of(&walk->used, leaves[i].value - 1) + 1;
    }
    return ERR_OK;
}

enum { PATH_MAX_KEYS = 3, ALTERNATIVES = 2 };

/* Where a field stands: alternatives in turn, each the keys from the top of the record down;
 * unused ones are empty. */
struct field_path {
    const char *keys[ALTERNATIVES][PATH_MAX_KEYS + 1];
};

struct schema {
    struct field_path country, continent, subdivision, latitude, longitude, asn,
        registered_country;
};

static const struct schema schemas[] = {
    {
        /* GeoIP2 and GeoLite2: Country, City, Enterprise, ASN, ISP; DB-IP */
        .country = {{{"country", "iso_code"}}},
        .continent = {{{"continent", "code"}}},
        .subdivision = {{{"subdivisions", "0", "iso_code"}}},
        .latitude = {{{"location", "latitude"}}},
        .longitude = {{{"location", "longitude"}}},
        .asn = {{{"autonomous_system_number"}, {"traits", "autonomous_system_number"}}},
        .registered_country = {{{"registered_country", "iso_code"}}},
    },
    {
        /* flat: everything at the top level */
        .country = {{{"country_code"}}},
        .continent = {{{"continent_code"}}},
        .latitude = {{{"latitude"}}},
        .longitude = {{{"longitude"}}},
        .asn = {{{"asn"}}},
    },
};

enum value_status { VALUE_FOUND, VALUE_ABSENT, VALUE_BROKEN };

static enum value_status read_value(const MMDB_s *mmdb, uint32_t offset,
                                    const struct field_path *path, MMDB_entry_data_s *out)
{
    for (size_t i = 0; i < ALTERNATIVES && path->keys[i][0]; i++) {
        MMDB_entry_s entry = {.mmdb = mmdb, .offset = offset};
        int status = MMDB_aget_value(&entry, out, path->keys[i]);
        if (status == MMDB_SUCCESS && out->has_data)
            return VALUE_FOUND;
        if (status != MMDB_SUCCESS && status != MMDB_LOOKUP_PATH_DOES_NOT_MATCH_DATA_ERROR)
            return VALUE_BROKEN;
    }
    return VALUE_ABSENT;
}

typedef void (*put_text)(struct geo_place *place, const char *text, size_t len);

/* read_text - false when the record is broken; another type than text counts as unsaid. */
static bool read_text(const MMDB_s *mmdb, uint32_t offset, const struct field_path *path,
                      put_text put, struct geo_place *place)
{
    MMDB_entry_data_s data;
    enum value_status status = read_value(mmdb, offset, path, &data);
    if (status == VALUE_FOUND && data.type == MMDB_DATA_TYPE_UTF8_STRING)
        put(place, data.utf8_string, data.data_size);
    return status != VALUE_BROKEN;
}

static bool number_of(const MMDB_entry_data_s *data, double *out_number)
{
    if (data->type == MMDB_DATA_TYPE_DOUBLE)
        *out_number = data->double_value;
    else if (data->type == MMDB_DATA_TYPE_FLOAT)
        *out_number = (double)data->float_value;
    else
        return false;
    return true;
}

static bool read_coordinates(const MMDB_s *mmdb, uint32_t offset, const struct schema *schema,
                             struct geo_place *place)
{
    MMDB_entry_data_s data;
    double latitude, longitude;
    enum value_status status = read_value(mmdb, offset, &schema->latitude, &data);
    if (status != VALUE_FOUND || !number_of(&data, &latitude))
        return status != VALUE_BROKEN;
    status = read_value(mmdb, offset, &schema->longitude, &data);
    if (status == VALUE_FOUND && number_of(&data, &longitude))
        geo_field_coordinates(place, latitude, longitude);
    return status != VALUE_BROKEN;
}

/* has_no_asn - MaxMind's City and Country files have no AS number by their documentation. To
 * look for it in vain costs a third of the decoding: a key that is absent is compared with
 * every key. */
static bool has_no_asn(const MMDB_s *mmdb)
{
    const char *type = mmdb->metadata.database_type;
    static const char *const without[] = {"GeoLite2-City", "GeoLite2-Country", "GeoIP2-City",
                                          "GeoIP2-Country"};
    for (size_t i = 0; i < sizeof(without) / sizeof(without[0]); i++)
        if (strncmp(type, without[i], strlen(without[i])) == 0)
            return true;
    return false;
}

static bool read_asn(const MMDB_s *mmdb, uint32_t offset, const struct schema *schema,
                     struct geo_place *place)
{
    MMDB_entry_data_s data;
    if (has_no_asn(mmdb))
        return true;
    enum value_status status = read_value(mmdb, offset, &schema->asn, &data);
    if (status != VALUE_FOUND)
        return status != VALUE_BROKEN;
    if (data.type == MMDB_DATA_TYPE_UTF8_STRING)
        geo_field_asn_text(place, data.utf8_string, data.data_size);
    else if (data.type == MMDB_DATA_TYPE_UINT32)
        geo_field_asn(place, data.uint32);
    else if (data.type == MMDB_DATA_TYPE_UINT16)
        geo_field_asn(place, data.uint16);
    else if (data.type == MMDB_DATA_TYPE_UINT64)
        geo_field_asn(place, data.uint64);
    return true;
}

/* decode - the place in a record; false when it is broken anywhere we look.
 *
 * Where a network is registered stands in for where it is only if the record says nothing at
 * all about the latter (anycast, mostly). */
static bool decode(const MMDB_s *mmdb, uint32_t offset, const struct schema *schema,
                   struct geo_place *out_place)
{
    struct geo_place place = {0};
    if (!read_text(mmdb, offset, &schema->country, geo_field_country, &place) ||
        !read_text(mmdb, offset, &schema->continent, geo_field_continent, &place) ||
        !read_coordinates(mmdb, offset, schema, &place) ||
        !read_asn(mmdb, offset, schema, &place))
        return false;
    bool has_country = place.country[0] != '\0';
    if (has_country &&
        !read_text(mmdb, offset, &schema->subdivision, geo_field_subdivision, &place))
        return false;
    bool says_nothing = !has_country && place.continent[0] == '\0' && place.flags == 0;
    if (says_nothing &&
        !read_text(mmdb, offset, &schema->registered_country, geo_field_country, &place))
        return false;
    *out_place = place;
    return true;
}

/* find_schema - the schema of the first record that says something in one of them; NULL. */
static const struct schema *find_schema(const struct walk *walk)
{
    const uint32_t *offsets = walk->offsets.items;
    for (size_t i = 0; i < walk->offsets.count; i++) {
        for (size_t s = 0; s < sizeof(schemas) / sizeof(schemas[0]); s++) {
            struct geo_place place;
            if (decode(walk->mmdb, offsets[i], &schemas[s], &place) && geo_field_any(&place))
                return &schemas[s];
        }
    }
    return NULL;
}

/* decode_all - out_broken counts the records that stay unknown places. */
static enum err decode_all(struct walk *walk, size_t *out_broken)
{
    const struct schema *schema = find_schema(walk);
    if (!schema)
        return refuse_tree(walk, "no record has a country, coordinates or an AS number");
    const uint32_t *offsets = walk->offsets.items;
    size_t first, count = walk->offsets.count, broken = 0;
    enum err err = big_array_extend(&walk->db->places, count, &first);
    if (err != ERR_OK)
        return err;
    struct geo_place *places = walk->db->places.items;
    for (size_t i = 0; i < count; i++)
        broken += !decode(walk->mmdb, offsets[i], schema, &places[i]);
    *out_broken = broken;
    return ERR_OK;
}

/* ---- Opening ---- */

/* read_all - walk and decode; what is wrong with the file becomes a diagnostic. */
static enum err read_all(const MMDB_s *mmdb, struct geo_db *db, const struct diag_place *place,
                         struct diag_list *diags)
{
    struct walk walk = {.mmdb = mmdb, .db = db};
    geo_bitmap_init(&walk.visited);
    geo_bitmap_init(&walk.used);
    big_array_init(&walk.offsets, sizeof(uint32_t), SIZE_MAX);
    size_t broken = 0;
    enum err err = walk_tree(&walk);
    if (err == ERR_OK)
        err = number_records(&walk);
    if (err == ERR_OK)
        err = decode_all(&walk, &broken);
    if (err == ERR_CORRUPT) {
        diag_error(diags, place, "geo database '%s' is not usable: %s", db->path, walk.fault);
        diag_remedy(diags,
                    "expected a whole GeoIP2 or GeoLite2 file (City, Country, ASN), or a "
                    "flat one with 'country_code'");
        err = ERR_INVALID;
    } else if (err == ERR_OK && broken > 0) {
        diag_warning(diags, place,
                     "geo database '%s': %zu of %zu records cannot be decoded; their networks "
                     "count as unknown",
                     db->path, broken, walk.offsets.count);
    }
    geo_bitmap_deinit(&walk.visited);
    geo_bitmap_deinit(&walk.used);
    big_array_deinit(&walk.offsets);
    return err;
}

/* check_metadata - a status of the library, which has not seen the file: see geo_metadata.h. */
static int check_metadata(int fd)
{
    struct stat info;
    uint8_t *tail = malloc(GEO_METADATA_BYTES_MAX);
    if (!tail)
        return MMDB_OUT_OF_MEMORY_ERROR;
    int status = MMDB_IO_ERROR;
    if (fstat(fd, &info) == 0) {
        off_t len =
            info.st_size < GEO_METADATA_BYTES_MAX ? info.st_size : GEO_METADATA_BYTES_MAX;
        if (pread(fd, tail, (size_t)len, info.st_size - len) == len)
            status = geo_metadata_is_sound(tail, (size_t)len) ? MMDB_SUCCESS
                                                              : MMDB_INVALID_METADATA_ERROR;
    }
    free(tail);
    return status;
}

static int open_copy(int fd, MMDB_s *mmdb)
{
    char fd_path[32];
    snprintf(fd_path, sizeof(fd_path), "/proc/self/fd/%d", fd);
    int status = check_metadata(fd);
    return status == MMDB_SUCCESS ? MMDB_open(fd_path, MMDB_MODE_MMAP, mmdb) : status;
}

/* read_copy - as read_all(), from a descriptor. */
static enum err read_copy(int fd, struct geo_db *db, const struct diag_place *place,
                          struct diag_list *diags)
{
    MMDB_s mmdb;
    int status = open_copy(fd, &mmdb);
    if (status == MMDB_OUT_OF_MEMORY_ERROR)
        return ERR_NO_MEMORY;
    if (status != MMDB_SUCCESS) {
        diag_error(diags, place, "geo database '%s' is not usable: %s", db->path,
                   MMDB_strerror(status));
        diag_remedy(diags, "expected a file in the MaxMind DB format (.mmdb)");
        return ERR_INVALID;
    }
    db->build_epoch = mmdb.metadata.build_epoch;
    enum err err = read_all(&mmdb, db, place, diags);
    MMDB_close(&mmdb);
    return err;
}

static struct geo_db *db_new(const char *path)
{
    struct geo_db *db = calloc(1, sizeof(*db));
    if (!db)
        return NULL;
    for (unsigned family = 0; family < GEO_FAMILY_COUNT; family++)
        geo_tiling_init(&db->tilings[family]);
    big_array_init(&db->places, sizeof(struct geo_place), RECORDS_MAX);
    db->path = strdup(path);
    if (!db->path) {
        free(db);
        return NULL;
    }
    return db;
}

enum err geo_db_open(const char *path, const struct diag_place *place, struct diag_list *diags,
                     struct geo_db **out_db)
{
    struct geo_db *db = db_new(path);
    if (!db)
        return ERR_NO_MEMORY;
    int fd;
    enum err err = geo_file_copy(path, place, diags, &fd);
    if (err != ERR_OK)
        goto err_after_new;
    err = read_copy(fd, db, place, diags);
    close(fd);
    if (err != ERR_OK)
        goto err_after_new;
    *out_db = db;
    return ERR_OK;

err_after_new:
    geo_db_close(db);
    return err;
}

void geo_db_close(struct geo_db *db)
{
    if (!db)
        return;
    for (unsigned family = 0; family < GEO_FAMILY_COUNT; family++)
        geo_tiling_deinit(&db->tilings[family]);
    big_array_deinit(&db->places);
    free(db->path);
    free(db);
}

uint64_t geo_db_build_epoch(const struct geo_db *db)
{
    return db->build_epoch;
}

const char *geo_db_path(const struct geo_db *db)
{
    return db->path;
}

const struct geo_tiling *geo_db_tiling(const struct geo_db *db, unsigned family)
{
    return &db->tilings[family];
}

const struct geo_place *geo_db_record(const struct geo_db *db, uint32_t value)
{
    const struct geo_place *places = db->places.items;
    return &places[value - 1];
}

size_t geo_db_record_count(const struct geo_db *db)
{
    return db->places.count;
}
