/* dns_name.h - domain names in wire form.
 *
 * A name is a sequence of labels, each a length byte 1..63 and that many bytes, ended by a zero
 * byte: 1..255 bytes in all (RFC 1035 section 3.1). "Lower" names have A-Z folded (RFC 4343).
 * Every name that rhumb stores or compares is a lower one; the case of the question is kept
 * only to echo it.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "rhumb/err.h"

enum {
    DNS_NAME_MAX = 255,
    DNS_LABEL_MAX = 63,
    DNS_LABELS_MAX = 127,         /* without the root label */
    DNS_NAME_TEXT_MAX = 1024 + 1, /* every byte as \DDD, dots, zero byte */
};

/* dns_name_from_text - master file form (RFC 1035 section 5.1: \X, \DDD, a final dot makes it
 * absolute) to wire form, case kept. A relative name gets origin (wire form; may be NULL for a
 * text that must be absolute) appended; "@" is origin.
 *
 * returns  the length, or 0 with *out_reason (static text) when malformed or too long
 */
size_t dns_name_from_text(const char *text, size_t text_len, const uint8_t *origin,
                          uint8_t out_name[DNS_NAME_MAX], const char **out_reason);

/* dns_name_to_text - with a final dot, escaped; returns buffer. */
const char *dns_name_to_text(const uint8_t *name, char buffer[DNS_NAME_TEXT_MAX]);

/* dns_name_len - bytes with the root label; the name must be well formed. */
size_t dns_name_len(const uint8_t *name);

/* dns_name_labels - number of labels without the root. */
unsigned dns_name_labels(const uint8_t *name);

/* dns_byte_lower - A-Z folded, any other byte as it is (RFC 4343 section 3). */
static inline uint8_t dns_byte_lower(uint8_t byte)
{
    return byte >= 'A' && byte <= 'Z' ? (uint8_t)(byte | 0x20) : byte;
}

/* dns_name_lower - fold A-Z in place. Length bytes are below 'A', so the whole name may be
 * folded. */
void dns_name_lower(uint8_t *name, size_t len);

bool dns_name_equal(const uint8_t *a, const uint8_t *b);

/* dns_name_is_at_or_below - is name ancestor itself, or inside it? Both lower. */
bool dns_name_is_at_or_below(const uint8_t *name, const uint8_t *ancestor);

/* dns_name_parent - the name without its first label; NULL for the root. */
const uint8_t *dns_name_parent(const uint8_t *name);

/* dns_name_compare - canonical order (RFC 4034 section 6.1), lower names: <0, 0, >0. */
int dns_name_compare(const uint8_t *a, const uint8_t *b);

/* dns_name_hash_label - the hash of label + the rest, given the hash of the rest. The hash of
 * the root is DNS_NAME_HASH_ROOT; so one pass from the right gives the hash of every ancestor.
 */
#define DNS_NAME_HASH_ROOT UINT64_C(0x9e3779b97f4a7c15)
uint64_t dns_name_hash_label(uint64_t parent_hash, const uint8_t *label);

/* dns_name_hash - the hash of a whole lower name. */
uint64_t dns_name_hash(const uint8_t *name);

/* dns_name_hash_suffixes - of a lower name: where each suffix starts and its hash, the longest
 * first, the root left out. Returns how many: the labels. */
unsigned dns_name_hash_suffixes(const uint8_t *name, uint8_t out_starts[DNS_LABELS_MAX],
                                uint64_t out_hashes[DNS_LABELS_MAX]);
