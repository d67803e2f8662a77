/* zone_rdata.h - the data of one record: words of a master file to wire form.
 *
 * Two files know what a type looks like: zone_rdata_ldns.c asks ldns for the list of fields of
 * a type and lets it convert most of them; zone_rdata.c hands it one field at a time and keeps
 * for itself what ldns gets wrong (numbers that wrap, names that need the origin, strings with
 * escapes, RFC 3597). So a fault has the column of the word that is wrong, and ldns never
 * tokenizes anything. zone_rdata_check.c then walks the result and refuses what is not the
 * wire form of the type, whoever made it.
 *
 *     "10 mail" of an MX: fields U16, NAME -> 00 0a 04 m a i l 07 e x a m p l e 03 c o m 00
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "rhumb/cursor.h"

#include "zone_lexer.h"

enum zone_field {
    ZONE_FIELD_OPAQUE, /* no text form but \#; 0: what a table does not say */
    ZONE_FIELD_NAME,
    ZONE_FIELD_U8,
    ZONE_FIELD_U16,
    ZONE_FIELD_U32,
    ZONE_FIELD_PERIOD, /* 32 bits, may have units */
    ZONE_FIELD_STRING, /* up to 255 bytes behind a length byte */
    ZONE_FIELD_LONG_STRING,
    ZONE_FIELD_A,
    ZONE_FIELD_AAAA,
    ZONE_FIELD_HEX,    /* to the end */
    ZONE_FIELD_BASE64, /* to the end */
    ZONE_FIELD_BITMAP, /* to the end: types, RFC 4034 section 4.1.2 */
    ZONE_FIELD_TYPE,
    ZONE_FIELD_ALGORITHM,  /* 8 bits, with names */
    ZONE_FIELD_CERT_TYPE,  /* 16 bits, with names */
    ZONE_FIELD_TLSA_USAGE, /* 8 bits, with names: RFC 7218 */
    ZONE_FIELD_TLSA_SELECTOR,
    ZONE_FIELD_TLSA_MATCHING,
    ZONE_FIELD_TIME,
    ZONE_FIELD_APL,
    ZONE_FIELD_LOC, /* to the end */
    ZONE_FIELD_IPSECKEY,
    ZONE_FIELD_SALT,      /* behind a length byte */
    ZONE_FIELD_NEXT_HASH, /* behind a length byte */
    ZONE_FIELD_ILNP64,
    ZONE_FIELD_EUI48,
    ZONE_FIELD_EUI64,
    ZONE_FIELD_TAG,       /* behind a length byte */
    ZONE_FIELD_HIP,       /* algorithm, HIT, public key: three words */
    ZONE_FIELD_SVCPARAMS, /* to the end, RFC 9460 section 2.1 */
};

/* ---- zone_rdata_ldns.c, the only file that sees ldns ---- */

/* zone_rdata_type - "AAAA", "TYPE28"; 0: unknown. */
uint16_t zone_rdata_type(const char *text, size_t len);

/* zone_rdata_type_name - as dns_type_name(), for every type ldns knows. */
enum { ZONE_TYPE_TEXT_MAX = 16 };

const char *zone_rdata_type_name(uint16_t type, char buffer[ZONE_TYPE_TEXT_MAX]);

/* zone_rdata_fields - how many fields the type has at least and at most; false: we do not know
 * its fields. */
bool zone_rdata_fields(uint16_t type, size_t *out_min, size_t *out_max);
enum zone_field zone_rdata_field(uint16_t type, size_t idx);

/* zone_field_convert - let ldns make wire form of one field. The text is mutable because ldns
 * writes into some.
 *
 * returns  the length (above capacity: nothing was written), or -1 when it refuses the text or
 *          has no memory
 */
long zone_field_convert(enum zone_field field, char *text, uint8_t *out, size_t capacity);

/* ---- zone_field.c ---- */

/* zone_field_expected - "an IPv4 address such as 192.0.2.1"; static text. */
const char *zone_field_expected(enum zone_field field);

/* zone_field_takes_rest - does the field take all the words that are left? */
bool zone_field_takes_rest(enum zone_field field);

/* zone_field_check_word - does this word look like the field? ldns is more generous: it wraps
 * numbers, pads odd hex digits, ignores garbage behind an APL prefix or a LOC. */
bool zone_field_check_word(enum zone_field field, const char *text, size_t len);

/* zone_field_check_loc - the words of a LOC record (RFC 1876 section 3). */
bool zone_field_check_loc(const struct zone_token *tokens, size_t count);

/* ---- zone_svcparams.c ---- */

/* Keys of RFC 9460 section 14.3.2, RFC 9461 and RFC 9540. */
enum {
    SVC_MANDATORY = 0,
    SVC_ALPN = 1,
    SVC_NO_DEFAULT_ALPN = 2,
    SVC_PORT = 3,
    SVC_IPV4HINT = 4,
    SVC_ECH = 5,
    SVC_IPV6HINT = 6,
    SVC_DOHPATH = 7,
    SVC_OHTTP = 8,
    SVC_KEY_MAX = 65534, /* 65535 is reserved */
};

/* zone_svcparams_put - words such as alpn=h2,h3 to wire form, sorted by key.
 *
 * returns  count, or the index of the word that is wrong (or repeats a key)
 */
size_t zone_svcparams_put(const struct zone_token *tokens, size_t count, struct writer *out,
                          uint8_t *scratch, size_t scratch_size);

/* ---- zone_rdata_check.c ---- */

/* zone_rdata_check - is this the wire form of the type? Types without known fields always are.
 * *out_hash is the same for two rdata that are equal but for the case of the names in them. */
bool zone_rdata_check(uint16_t type, const uint8_t *rdata, size_t len, uint64_t *out_hash,
                      const char **out_reason);

/* ---- zone_rdata.c ---- */

enum { ZONE_RDATA_MAX = 65535, ZONE_RDATA_TEXT_MAX = 200000 };

/* Where rdata is made; one for a whole zone, too large for a stack. */
struct zone_rdata {
    uint8_t bytes[ZONE_RDATA_MAX];
    size_t len;
    uint64_t hash;
    char text[ZONE_RDATA_TEXT_MAX]; /* what ldns is shown */
};

/* zone_rdata_parse - the words behind the type to wire form in rdata.
 *
 * shape    tokens: count words behind the word of the type, which is tokens[-1]
 * returns  false with *fault filled
 */
bool zone_rdata_parse(struct zone_rdata *rdata, uint16_t type, const uint8_t *origin,
                      const struct zone_source *source, const struct zone_token *tokens,
                      size_t count, struct zone_fault *fault);
