#include "mmdb_writer.h"

#include <stdlib.h>
#include <string.h>

enum data_type {
    TYPE_POINTER = 1,
    TYPE_STRING = 2,
    TYPE_DOUBLE = 3,
    TYPE_UINT16 = 5,
    TYPE_UINT32 = 6,
    TYPE_MAP = 7,
    TYPE_UINT64 = 9,
    TYPE_ARRAY = 11,
    TYPE_BOOLEAN = 14,
};

#define NODE_BYTES      7u /* two 28-bit records */
#define SEPARATOR_BYTES 16u
#define RECORD_MAX      0x0fffffffu

static _Noreturn void give_up(const char *why)
{
    fprintf(stderr, "mmdb_writer: %s\n", why);
    exit(1);
}

static void *grow(void *old, size_t bytes)
{
    void *memory = realloc(old, bytes);
    if (memory == NULL)
        give_up("out of memory");
    return memory;
}

void mmdb_init(struct mmdb *db)
{
    memset(db, 0, sizeof *db);
}

void mmdb_deinit(struct mmdb *db)
{
    free(db->nodes);
    free(db->data);
    mmdb_init(db);
}

uint32_t mmdb_node_new(struct mmdb *db)
{
    if (db->node_count == db->nodes_cap) {
        if (db->nodes_cap >= MMDB_NODES_MAX)
            give_up("too many nodes");
        db->nodes_cap = db->nodes_cap == 0 ? 1u << 16 : db->nodes_cap * 2;
        db->nodes = grow(db->nodes, db->nodes_cap * sizeof *db->nodes);
    }
    uint32_t node = db->node_count++;
    db->nodes[node][0] = MMDB_EMPTY;
    db->nodes[node][1] = MMDB_EMPTY;
    return node;
}

uint32_t mmdb_node_join(struct mmdb *db, uint32_t node, uint32_t left, uint32_t right)
{
    /* Equal node numbers would be an alias on both sides: nothing to merge there. */
    if (left == right && left >= MMDB_DATA && node + 1 == db->node_count) {
        db->node_count--;
        return left;
    }
    db->nodes[node][0] = left;
    db->nodes[node][1] = right;
    return node;
}

static void put_bytes(struct mmdb *db, const void *bytes, uint32_t len)
{
    if (len > MMDB_DATA_MAX - db->data_len)
        give_up("too much data");
    if (db->data_len + len > db->data_cap) {
        uint32_t cap = db->data_cap == 0 ? 1u << 16 : db->data_cap;
        while (cap < db->data_len + len)
            cap *= 2;
        db->data = grow(db->data, cap);
        db->data_cap = cap;
    }
    memcpy(db->data + db->data_len, bytes, len);
    db->data_len += len;
}

static void put_byte(struct mmdb *db, uint32_t byte)
{
    uint8_t value = (uint8_t)byte;
    put_bytes(db, &value, 1);
}

/* The control byte: type in the upper 3 bits, or 0 there and the type less 7 in a byte of its
 * own; the size in the lower 5 bits, continued when it is 29 or more. */
static void put_control(struct mmdb *db, enum data_type type, uint32_t size)
{
    uint32_t number = (uint32_t)type;
    uint32_t top = number <= 7 ? number << 5 : 0;
    uint32_t low = size < 29 ? size : size < 29 + 256 ? 29 : 30;

    if (size >= 285 + 65536)
        give_up("a value is too long");
    put_byte(db, top | low);
    if (number > 7)
        put_byte(db, number - 7);
    if (low == 29)
        put_byte(db, size - 29);
    if (low == 30) {
        put_byte(db, (size - 285) >> 8);
        put_byte(db, (size - 285) & 0xff);
    }
}

void mmdb_put_map(struct mmdb *db, uint32_t pair_count)
{
    put_control(db, TYPE_MAP, pair_count);
}

void mmdb_put_array(struct mmdb *db, uint32_t item_count)
{
    put_control(db, TYPE_ARRAY, item_count);
}

void mmdb_put_string(struct mmdb *db, const char *text)
{
    uint32_t len = (uint32_t)strlen(text);
    put_control(db, TYPE_STRING, len);
    put_bytes(db, text, len);
}

void mmdb_put_key(struct mmdb *db, const char *literal)
{
    for (uint32_t i = 0; i < db->key_count; i++) {
        if (strcmp(db->keys[i].text, literal) == 0) {
            mmdb_put_pointer(db, db->keys[i].offset);
            return;
        }
    }
    if (db->key_count == MMDB_KEYS_MAX)
        give_up("too many different keys");
    db->keys[db->key_count].text = literal;
    db->keys[db->key_count++].offset = db->data_len;
    mmdb_put_string(db, literal);
}

/* Numbers are big-endian; leading zero bytes of integers are left out. */
static void put_uint(struct mmdb *db, enum data_type type, uint64_t value)
{
    uint32_t len = 0;
    while (len < 8 && value >> (8 * len) != 0)
        len++;
    put_control(db, type, len);
    while (len-- > 0)
        put_byte(db, (uint32_t)(value >> (8 * len)) & 0xff);
}

void mmdb_put_uint16(struct mmdb *db, uint16_t value)
{
    put_uint(db, TYPE_UINT16, value);
}

void mmdb_put_uint32(struct mmdb *db, uint32_t value)
{
    put_uint(db, TYPE_UINT32, value);
}

void mmdb_put_uint64(struct mmdb *db, uint64_t value)
{
    put_uint(db, TYPE_UINT64, value);
}

void mmdb_put_bool(struct mmdb *db, bool value)
{
    put_control(db, TYPE_BOOLEAN, value ? 1 : 0);
}

void mmdb_put_double(struct mmdb *db, double value)
{
    uint64_t bits;
    memcpy(&bits, &value, sizeof bits);
    put_control(db, TYPE_DOUBLE, 8);
    for (unsigned i = 8; i-- > 0;)
        put_byte(db, (uint32_t)(bits >> (8 * i)) & 0xff);
}

/* Pointers carry the offset in 11, 19, 27 or 32 bits; all but the first and last are biased by
 * the range of the shorter ones. */
void mmdb_put_pointer(struct mmdb *db, uint32_t target)
{
    uint32_t top = TYPE_POINTER << 5;
    uint32_t value = target, extra = 1;
    if (target >= 2048u + (1u << 19)) {
        extra = 3;
        value = target - (2048u + (1u << 19));
    } else if (target >= 2048u) {
        extra = 2;
        value = target - 2048u;
    }
    if (extra == 3 && value >= 1u << 27)
        give_up("a pointer is too far"); /* MMDB_DATA_MAX keeps us out of the 32-bit form */
    put_byte(db, top | (extra - 1) << 3 | value >> (8 * extra));
    for (uint32_t i = extra; i-- > 0;)
        put_byte(db, (value >> (8 * i)) & 0xff);
}

static uint32_t record_value(const struct mmdb *db, uint32_t record)
{
    if (record == MMDB_EMPTY)
        return db->node_count;
    if (record >= MMDB_DATA)
        return db->node_count + SEPARATOR_BYTES + (record - MMDB_DATA);
    return record;
}

/*  | left, low 24 bits | left's top 4 bits, right's top 4 bits | right, low 24 bits |  */
static void node_encode(uint32_t left, uint32_t right, uint8_t out[NODE_BYTES])
{
    out[0] = (uint8_t)(left >> 16);
    out[1] = (uint8_t)(left >> 8);
    out[2] = (uint8_t)left;
    out[3] = (uint8_t)((left >> 20 & 0xf0) | right >> 24);
    out[4] = (uint8_t)(right >> 16);
    out[5] = (uint8_t)(right >> 8);
    out[6] = (uint8_t)right;
}

static void put_metadata(struct mmdb *meta, uint32_t node_count, const char *type,
                         uint64_t build_epoch)
{
    mmdb_put_map(meta, 9);
    mmdb_put_key(meta, "binary_format_major_version");
    mmdb_put_uint16(meta, 2);
    mmdb_put_key(meta, "binary_format_minor_version");
    mmdb_put_uint16(meta, 0);
    mmdb_put_key(meta, "build_epoch");
    mmdb_put_uint64(meta, build_epoch);
    mmdb_put_key(meta, "database_type");
    mmdb_put_string(meta, type);
    mmdb_put_key(meta, "description");
    mmdb_put_map(meta, 1);
    mmdb_put_key(meta, "en");
    mmdb_put_string(meta, "Made-up places for benchmarks");
    mmdb_put_key(meta, "ip_version");
    mmdb_put_uint16(meta, 6);
    mmdb_put_key(meta, "languages");
    mmdb_put_array(meta, 1);
    mmdb_put_string(meta, "en");
    mmdb_put_key(meta, "node_count");
    mmdb_put_uint32(meta, node_count);
    mmdb_put_key(meta, "record_size");
    mmdb_put_uint16(meta, 28);
}

bool mmdb_file_write(const struct mmdb *db, FILE *out, const char *type, uint64_t build_epoch)
{
    static const uint8_t separator[SEPARATOR_BYTES];
    static const char marker[] = "\xab\xcd\xef"
                                 "MaxMind.com";
    struct mmdb meta;

    if (db->data_len > RECORD_MAX - SEPARATOR_BYTES - db->node_count)
        return false;
    for (uint32_t i = 0; i < db->node_count; i++) {
        uint8_t bytes[NODE_BYTES];
        node_encode(record_value(db, db->nodes[i][0]), record_value(db, db->nodes[i][1]),
                    bytes);
        fwrite(bytes, sizeof bytes, 1, out);
    }
    fwrite(separator, sizeof separator, 1, out);
    fwrite(db->data, 1, db->data_len, out);
    fwrite(marker, 1, sizeof marker - 1, out);

    mmdb_init(&meta);
    put_metadata(&meta, db->node_count, type, build_epoch);
    fwrite(meta.data, 1, meta.data_len, out);
    mmdb_deinit(&meta);
    return fflush(out) == 0 && ferror(out) == 0;
}
