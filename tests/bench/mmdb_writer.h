#pragma once
/* mmdb_writer - writes MaxMind DB files, version 2.0 of the format, with 28-bit records.
 *
 * what      Two halves: a growing data section (maps, strings, numbers, pointers) and a binary
 *           search tree whose leaves name offsets in that section. The caller builds both in
 *           memory, then mmdb_file_write() puts them into one file.
 * who       make_city_mmdb only; the server reads such files through libmaxminddb.
 * lifetime  mmdb_init() .. mmdb_deinit(); everything inside is owned by struct mmdb.
 * threads   one.
 * errors    A benchmark tool: when memory ends, or the data outgrows its maximum, it prints why
 *           and exits.
 * source    MaxMind DB File Format Specification 2.0
 *
 *   file:  | tree: node_count * 7 bytes | 16 zero bytes | data | marker | metadata |
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

/* A record while the tree is being built: the number of a node, or MMDB_DATA plus the offset of
 * a value in the data section, or MMDB_EMPTY ("not in this database"). Final record values
 * depend on the number of all nodes, which is known only at the end. */
#define MMDB_DATA      0x80000000u
#define MMDB_EMPTY     0xffffffffu
#define MMDB_KEYS_MAX  64u
#define MMDB_NODES_MAX (1u << 24)
#define MMDB_DATA_MAX  (1u << 27) /* bytes; every record value must fit 28 bits */

struct mmdb_key {
    const char *text; /* borrowed: a string literal of the caller */
    uint32_t offset;  /* where the data section holds it */
};

struct mmdb {
    uint32_t (*nodes)[2]; /* [left, right], each as described above */
    uint32_t node_count;
    uint32_t nodes_cap;
    uint8_t *data;
    uint32_t data_len; /* bytes */
    uint32_t data_cap; /* bytes */
    struct mmdb_key keys[MMDB_KEYS_MAX];
    uint32_t key_count;
};

void mmdb_init(struct mmdb *db);
void mmdb_deinit(struct mmdb *db);

/* mmdb_node_new - append a node with two empty records; returns its number. */
uint32_t mmdb_node_new(struct mmdb *db);

/* mmdb_node_join - set both records of a node. When they are equal leaves, the two networks are
 * one: the node is given back (it must be the newest) and the leaf itself returned. */
uint32_t mmdb_node_join(struct mmdb *db, uint32_t node, uint32_t left, uint32_t right);

/* Values. A map of n pairs is mmdb_put_map(n), then n times a key and a value. A key is stored
 * once; later uses are pointers to it, as in MaxMind's own files. */
void mmdb_put_map(struct mmdb *db, uint32_t pair_count);
void mmdb_put_array(struct mmdb *db, uint32_t item_count);
void mmdb_put_key(struct mmdb *db, const char *literal);
void mmdb_put_string(struct mmdb *db, const char *text);
void mmdb_put_double(struct mmdb *db, double value);
void mmdb_put_uint16(struct mmdb *db, uint16_t value);
void mmdb_put_uint32(struct mmdb *db, uint32_t value);
void mmdb_put_uint64(struct mmdb *db, uint64_t value);
void mmdb_put_bool(struct mmdb *db, bool value);
/* target: offset of a value that is not itself a pointer (the format forbids chains) */
void mmdb_put_pointer(struct mmdb *db, uint32_t target);

/* mmdb_file_write - write the whole file.
 *
 * shape    type: the metadata's database_type; build_epoch: seconds since 1970
 * returns  false when a write failed (errno is set), or when the records do not fit 28 bits
 */
bool mmdb_file_write(const struct mmdb *db, FILE *out, const char *type, uint64_t build_epoch);
