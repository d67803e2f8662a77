/* source  MaxMind DB file format specification 2.0. Any failure aborts: this is test code. */
#include "mmdb_builder.h"

#include <endian.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "rhumb/require.h"

enum { EMPTY = -1, BYTES_MAX = 1 << 20, NODES_MAX = 1 << 16, SEPARATOR_BYTES = 16 };

/* A branch is EMPTY, a node (>= 0), or record r as RECORD(r). */
#define RECORD(r) (-2 - (int)(r))

struct mmdb_builder {
    struct mmdb_options options;
    int branches[NODES_MAX][2];
    int node_count;
    uint8_t data[BYTES_MAX];
    size_t data_bytes;
    size_t record_offsets[NODES_MAX];
    size_t record_count;
};

struct mmdb_builder *mmdb_builder_new(const struct mmdb_options *options)
{
    struct mmdb_builder *builder = calloc(1, sizeof(*builder));
    REQUIRE(builder);
    builder->options = *options;
    builder->branches[0][0] = builder->branches[0][1] = EMPTY;
    builder->node_count = 1;
    return builder;
}

void mmdb_builder_free(struct mmdb_builder *builder)
{
    free(builder);
}

/* ---- Data ---- */

enum type { TYPE_TEXT = 2, TYPE_DOUBLE = 3, TYPE_U16 = 5, TYPE_U32 = 6, TYPE_MAP = 7 };

enum extended { EXTENDED_U64 = 9, EXTENDED_ARRAY = 11, EXTENDED_FLOAT = 15 };

static void put_byte(struct mmdb_builder *builder, unsigned byte)
{
    REQUIRE(builder->data_bytes < BYTES_MAX);
    builder->data[builder->data_bytes++] = (uint8_t)byte;
}

static void put_control(struct mmdb_builder *builder, unsigned type, size_t size)
{
    REQUIRE(size < 29);
    if (type <= TYPE_MAP) {
        put_byte(builder, type << 5 | (unsigned)size);
    } else {
        put_byte(builder, (unsigned)size);
        put_byte(builder, type - 7);
    }
}

static void put_number(struct mmdb_builder *builder, unsigned type, uint64_t number,
                       size_t bytes)
{
    put_control(builder, type, bytes);
    while (bytes-- > 0)
        put_byte(builder, (unsigned)(number >> 8 * bytes & 0xff));
}

static void put_text(struct mmdb_builder *builder, const char *text)
{
    size_t len = strlen(text);
    put_control(builder, TYPE_TEXT, len);
    for (size_t i = 0; i < len; i++)
        put_byte(builder, (uint8_t)text[i]);
}

static void put_pair(struct mmdb_builder *builder, const char *key, const char *value)
{
    put_text(builder, key);
    put_text(builder, value);
}

static void put_double(struct mmdb_builder *builder, const char *key, double value)
{
    uint64_t bits;
    memcpy(&bits, &value, sizeof(bits));
    put_text(builder, key);
    put_number(builder, TYPE_DOUBLE, bits, sizeof(bits));
}

static void put_float(struct mmdb_builder *builder, const char *key, double value)
{
    uint32_t bits;
    float narrow = (float)value;
    memcpy(&bits, &narrow, sizeof(bits));
    put_text(builder, key);
    put_number(builder, EXTENDED_FLOAT, bits, sizeof(bits));
}

static void put_nested(struct mmdb_builder *builder, const char *map, const char *key,
                       const char *value)
{
    put_text(builder, map);
    put_control(builder, TYPE_MAP, 1);
    put_pair(builder, key, value);
}

static void put_geoip2(struct mmdb_builder *builder, const struct mmdb_record *record)
{
    int pairs = (record->country != NULL) + (record->continent != NULL) +
                (record->subdivision != NULL) + (record->registered_country != NULL) +
                record->has_coordinates + (record->asn > 0);
    put_control(builder, TYPE_MAP, (size_t)pairs);
    if (record->asn > 0) {
        put_text(builder, "autonomous_system_number");
        put_number(builder, TYPE_U32, record->asn, 4);
    }
    if (record->continent)
        put_nested(builder, "continent", "code", record->continent);
    if (record->country)
        put_nested(builder, "country", "iso_code", record->country);
    if (record->has_coordinates) {
        put_text(builder, "location");
        put_control(builder, TYPE_MAP, 2);
        put_double(builder, "latitude", record->latitude);
        put_double(builder, "longitude", record->longitude);
    }
    if (record->registered_country)
        put_nested(builder, "registered_country", "iso_code", record->registered_country);
    if (record->subdivision) {
        put_text(builder, "subdivisions");
        put_control(builder, EXTENDED_ARRAY, 1);
        put_control(builder, TYPE_MAP, 1);
        put_pair(builder, "iso_code", record->subdivision);
    }
}

static void put_flat(struct mmdb_builder *builder, const struct mmdb_record *record)
{
    int pairs = (record->country != NULL) + (record->continent != NULL) +
                2 * record->has_coordinates + (record->asn > 0);
    put_control(builder, TYPE_MAP, (size_t)pairs);
    if (record->asn > 0) {
        char text[16];
        snprintf(text, sizeof(text), "AS%u", record->asn);
        put_pair(builder, "asn", text);
    }
    if (record->continent)
        put_pair(builder, "continent_code", record->continent);
    if (record->country)
        put_pair(builder, "country_code", record->country);
    if (record->has_coordinates) {
        put_float(builder, "latitude", record->latitude);
        put_float(builder, "longitude", record->longitude);
    }
}

static int put_record(struct mmdb_builder *builder, const struct mmdb_record *record)
{
    REQUIRE(builder->record_count < NODES_MAX);
    builder->record_offsets[builder->record_count] = builder->data_bytes;
    if (builder->options.schema == MMDB_SCHEMA_GEOIP2) {
        put_geoip2(builder, record);
    } else if (builder->options.schema == MMDB_SCHEMA_FLAT) {
        put_flat(builder, record);
    } else {
        put_control(builder, TYPE_MAP, 1);
        put_pair(builder, "domain", "example.net");
    }
    return RECORD(builder->record_count++);
}

/* ---- The tree ---- */

static unsigned bit_of(const uint8_t *bytes, unsigned idx)
{
    return (unsigned)bytes[idx / 8] >> (7 - idx % 8) & 1;
}

static void insert_bits(struct mmdb_builder *builder, const uint8_t *bytes, unsigned len,
                        int branch)
{
    REQUIRE(len > 0);
    int node = 0;
    for (unsigned i = 0; i + 1 < len; i++) {
        int *next = &builder->branches[node][bit_of(bytes, i)];
        if (*next < 0) { /* split what covers it */
            REQUIRE(builder->node_count < NODES_MAX);
            int *halves = builder->branches[builder->node_count];
            halves[0] = halves[1] = *next;
            *next = builder->node_count++;
        }
        node = *next;
    }
    builder->branches[node][bit_of(bytes, len - 1)] = branch;
}

void mmdb_builder_insert(struct mmdb_builder *builder, const struct ip_prefix *prefix,
                         const struct mmdb_record *record)
{
    uint8_t bytes[16] = {0};
    unsigned len = prefix->len;
    if (prefix->addr.family == IP_V4 && builder->options.ip_version == 6) {
        memcpy(bytes + 12, prefix->addr.bytes, 4);
        len += 96;
    } else {
        memcpy(bytes, prefix->addr.bytes, sizeof(bytes));
    }
    insert_bits(builder, bytes, len, put_record(builder, record));
}

static void add_aliases(struct mmdb_builder *builder)
{
    int v4 = 0;
    for (unsigned i = 0; i < 96 && v4 >= 0; i++)
        v4 = builder->branches[v4][0];
    if (v4 < 0)
        return;
    insert_bits(builder, ip_embedding_ranges[0].addr.bytes, 96, v4); /* ::ffff:0:0/96 */
    insert_bits(builder, ip_embedding_ranges[2].addr.bytes, 16, v4); /* 2002::/16 */
    insert_bits(builder, ip_embedding_ranges[3].addr.bytes, 32, v4); /* 2001::/32 */
}

/* ---- The file ---- */

static uint32_t number_of(const struct mmdb_builder *builder, int branch)
{
    uint32_t node_count = (uint32_t)builder->node_count;
    if (branch >= 0)
        return (uint32_t)branch;
    if (branch == EMPTY)
        return node_count;
    return node_count + SEPARATOR_BYTES + (uint32_t)builder->record_offsets[-branch - 2];
}

static void write_node(const struct mmdb_builder *builder, int node, FILE *file)
{
    uint32_t left = number_of(builder, builder->branches[node][0]);
    uint32_t right = number_of(builder, builder->branches[node][1]);
    uint8_t b[8];
    size_t count = builder->options.record_size / 4;
    if (count == 6) {
        memcpy(b, (uint8_t[]){left >> 16 & 0xff, left >> 8 & 0xff, left & 0xff}, 3);
        memcpy(b + 3, (uint8_t[]){right >> 16 & 0xff, right >> 8 & 0xff, right & 0xff}, 3);
    } else if (count == 7) {
        memcpy(b, (uint8_t[]){left >> 16 & 0xff, left >> 8 & 0xff, left & 0xff}, 3);
        b[3] = (uint8_t)((left >> 24 & 0xf) << 4 | (right >> 24 & 0xf));
        memcpy(b + 4, (uint8_t[]){right >> 16 & 0xff, right >> 8 & 0xff, right & 0xff}, 3);
    } else {
        uint32_t be[2] = {htobe32(left), htobe32(right)};
        memcpy(b, be, sizeof(be));
    }
    REQUIRE(fwrite(b, 1, count, file) == count);
}

static void put_metadata(struct mmdb_builder *builder)
{
    put_control(builder, TYPE_MAP, 9);
    put_text(builder, "binary_format_major_version");
    put_number(builder, TYPE_U16, 2, 2);
    put_text(builder, "binary_format_minor_version");
    put_number(builder, TYPE_U16, 0, 2);
    put_text(builder, "build_epoch");
    put_number(builder, EXTENDED_U64, 1700000000, 8);
    put_pair(builder, "database_type", "Rhumb-Test");
    put_text(builder, "description");
    put_control(builder, TYPE_MAP, 1);
    put_pair(builder, "en", "made by a test");
    put_text(builder, "ip_version");
    put_number(builder, TYPE_U16, builder->options.ip_version, 2);
    put_text(builder, "languages");
    put_control(builder, EXTENDED_ARRAY, 1);
    put_text(builder, "en");
    put_text(builder, "node_count");
    put_number(builder, TYPE_U32, (uint64_t)builder->node_count, 4);
    put_text(builder, "record_size");
    put_number(builder, TYPE_U16, builder->options.record_size, 2);
}

void mmdb_builder_write(struct mmdb_builder *builder, const char *path)
{
    static const uint8_t separator[SEPARATOR_BYTES] = {0};

    if (builder->options.aliases)
        add_aliases(builder);
    FILE *file = fopen(path, "wb");
    REQUIRE(file);
    for (int node = 0; node < builder->node_count; node++)
        write_node(builder, node, file);
    fwrite(separator, 1, sizeof(separator), file);
    fwrite(builder->data, 1, builder->data_bytes, file);
    fwrite("\xab\xcd\xefMaxMind.com", 1, 14, file);
    builder->data_bytes = 0;
    put_metadata(builder);
    fwrite(builder->data, 1, builder->data_bytes, file);
    REQUIRE(fclose(file) == 0);
}
