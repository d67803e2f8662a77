/* Walks rdata field by field. It is the judge over what ldns made of a text and the only one
 * over what was given as \# length hex (RFC 3597 section 5), so it trusts nothing. */
#include <string.h>

#include "rhumb/cursor.h"
#include "rhumb/dns_name.h"
#include "rhumb/hash.h"

#include "zone_rdata.h"

/* take_name - an uncompressed name; hashes it in lower case. */
static void take_name(struct reader *r, uint64_t *hash)
{
    uint8_t name[DNS_NAME_MAX];
    size_t used = 0;
    for (;;) {
        uint8_t len = reader_u8(r);
        const uint8_t *label = len <= DNS_LABEL_MAX ? reader_take(r, len) : NULL;
        if (!label || used + len + 1 > DNS_NAME_MAX) {
            r->failed = true;
            return;
        }
        name[used++] = len;
        memcpy(name + used, label, len);
        used += len;
        if (len == 0)
            break;
    }
    dns_name_lower(name, used);
    *hash = hash_bytes(*hash, name, used);
}

/* check_bitmap - windows in ascending order, 1..32 bytes each (RFC 4034 section 4.1.2). */
static bool check_bitmap(struct reader r)
{
    int last = -1;
    while (reader_left(&r) > 0 && !r.failed) {
        int window = reader_u8(&r);
        uint8_t len = reader_u8(&r);
        reader_take(&r, len);
        if (window <= last || len < 1 || len > 32)
            return false;
        last = window;
    }
    return !r.failed;
}

/* has_param - is key among the parameters? */
static bool has_param(struct reader r, uint16_t wanted)
{
    while (reader_left(&r) > 0 && !r.failed) {
        uint16_t key = reader_u16(&r);
        reader_take(&r, reader_u16(&r));
        if (key == wanted)
            return true;
    }
    return false;
}

/* check_svcparam - the value of one parameter whose form we know (RFC 9460 sections 7, 8). */
static bool check_svcparam(struct reader all, uint16_t key, struct reader value)
{
    size_t len = reader_left(&value);
    int last = -1;
    switch (key) {
    case SVC_MANDATORY:
        while (reader_left(&value) > 0) {
            uint16_t listed = reader_u16(&value);
            if (value.failed || listed == SVC_MANDATORY || (int)listed <= last ||
                !has_param(all, listed))
                return false;
            last = listed;
        }
        return len > 0;
    case SVC_ALPN:
        while (reader_left(&value) > 0) {
            uint8_t id_len = reader_u8(&value);
            if (id_len == 0 || !reader_take(&value, id_len))
                return false;
        }
        return len > 0;
    case SVC_NO_DEFAULT_ALPN: return len == 0 && has_param(all, SVC_ALPN);
    case SVC_PORT: return len == 2;
    case SVC_IPV4HINT: return len > 0 && len % 4 == 0;
    case SVC_IPV6HINT: return len > 0 && len % 16 == 0;
    default: return true;
    }
}

static bool check_svcparams(struct reader all)
{
    struct reader r = all;
    int last = -1;
    while (reader_left(&r) > 0) {
        uint16_t key = reader_u16(&r);
        uint16_t len = reader_u16(&r);
        const uint8_t *value = reader_take(&r, len);
        if (!value || (int)key <= last || !check_svcparam(all, key, reader_init(value, len)))
            return false;
        last = key;
    }
    return true;
}

/* take_apl - one prefix (RFC 3123 section 4). */
static void take_apl(struct reader *r)
{
    uint16_t family = reader_u16(r);
    uint8_t prefix = reader_u8(r), len = reader_u8(r) & 0x7f;
    const uint8_t *address = reader_take(r, len);
    size_t max = family == 1 ? 4 : family == 2 ? 16 : 127;
    if (!address || len > max || (max < 127 && prefix > max * 8) ||
        (len > 0 && address[len - 1] == 0)) /* trailing zeros are left out */
        r->failed = true;
}

static void take_ipseckey(struct reader *r, uint64_t *hash)
{
    reader_take(r, 1);
    uint8_t gateway = reader_u8(r);
    reader_take(r, 1);
    switch (gateway) {
    case 0: break;
    case 1: reader_take(r, 4); break;
    case 2: reader_take(r, 16); break;
    case 3: take_name(r, hash); break;
    default: r->failed = true;
    }
    reader_take(r, reader_left(r));
}

static void take_hip(struct reader *r)
{
    uint8_t tag_len = reader_u8(r);
    reader_take(r, 1);
    uint16_t key_len = reader_u16(r);
    if (tag_len == 0 || key_len == 0)
        r->failed = true;
    reader_take(r, tag_len);
    reader_take(r, key_len);
}

/* check_loc - version 0, a place on Earth, sizes that are decimal (RFC 1876 section 2). */
static bool check_loc(const uint8_t *loc)
{
    struct reader r = reader_init(loc, 16);
    uint8_t version = reader_u8(&r);
    for (int i = 0; i < 3; i++) {
        uint8_t size = reader_u8(&r);
        if (size >> 4 > 9 || (size & 15) > 9)
            return false;
    }
    int64_t equator = INT64_C(1) << 31, degree = INT64_C(3600) * 1000;
    int64_t latitude = (int64_t)reader_u32(&r) - equator;
    int64_t longitude = (int64_t)reader_u32(&r) - equator;
    return version == 0 && latitude >= -90 * degree && latitude <= 90 * degree &&
           longitude >= -180 * degree && longitude <= 180 * degree;
}

/* take_special - the fields that are more than so many bytes. */
static void take_special(struct reader *r, enum zone_field field, uint64_t *hash)
{
    bool failed = false;
    if (field == ZONE_FIELD_NAME)
        take_name(r, hash);
    else if (field == ZONE_FIELD_APL)
        take_apl(r);
    else if (field == ZONE_FIELD_IPSECKEY)
        take_ipseckey(r, hash);
    else if (field == ZONE_FIELD_HIP)
        take_hip(r);
    else if (field == ZONE_FIELD_BITMAP)
        failed = !check_bitmap(*r);
    else if (field == ZONE_FIELD_SVCPARAMS)
        failed = !check_svcparams(*r);
    else if (field == ZONE_FIELD_LOC)
        failed = reader_left(r) != 16 || !check_loc(r->pos);
    if (zone_field_takes_rest(field) && field != ZONE_FIELD_IPSECKEY)
        reader_take(r, reader_left(r));
    if (failed)
        r->failed = true;
}

static void take_field(struct reader *r, enum zone_field field, uint64_t *hash)
{
    switch (field) {
    case ZONE_FIELD_U8:
    case ZONE_FIELD_ALGORITHM:
    case ZONE_FIELD_TLSA_USAGE:
    case ZONE_FIELD_TLSA_SELECTOR:
    case ZONE_FIELD_TLSA_MATCHING: reader_take(r, 1); return;
    case ZONE_FIELD_U16:
    case ZONE_FIELD_TYPE:
    case ZONE_FIELD_CERT_TYPE: reader_take(r, 2); return;
    case ZONE_FIELD_U32:
    case ZONE_FIELD_PERIOD:
    case ZONE_FIELD_TIME:
    case ZONE_FIELD_A: reader_take(r, 4); return;
    case ZONE_FIELD_EUI48: reader_take(r, 6); return;
    case ZONE_FIELD_EUI64:
    case ZONE_FIELD_ILNP64: reader_take(r, 8); return;
    case ZONE_FIELD_AAAA: reader_take(r, 16); return;
    case ZONE_FIELD_STRING:
    case ZONE_FIELD_SALT: reader_take(r, reader_u8(r)); return;
    case ZONE_FIELD_NEXT_HASH:
    case ZONE_FIELD_TAG: {
        uint8_t len = reader_u8(r);
        reader_take(r, len);
        r->failed = r->failed || len == 0;
        return;
    }
    case ZONE_FIELD_LONG_STRING:
    case ZONE_FIELD_OPAQUE: reader_take(r, reader_left(r)); return;
    case ZONE_FIELD_NAME:
    case ZONE_FIELD_HEX:
    case ZONE_FIELD_BASE64:
    case ZONE_FIELD_BITMAP:
    case ZONE_FIELD_APL:
    case ZONE_FIELD_LOC:
    case ZONE_FIELD_IPSECKEY:
    case ZONE_FIELD_HIP:
    case ZONE_FIELD_SVCPARAMS: take_special(r, field, hash); return;
    }
}

bool zone_rdata_check(uint16_t type, const uint8_t *rdata, size_t len, uint64_t *out_hash,
                      const char **out_reason)
{
    size_t min, max;
    uint64_t hash = HASH_SEED;
    if (!zone_rdata_fields(type, &min, &max)) {
        *out_hash = hash_bytes(hash, rdata, len);
        return true;
    }
    struct reader r = reader_init(rdata, len);
    for (size_t i = 0; i < max && !r.failed && (i < min || reader_left(&r) > 0); i++) {
        const uint8_t *start = r.pos;
        enum zone_field field = zone_rdata_field(type, i);
        take_field(&r, field, &hash);
        if (field != ZONE_FIELD_NAME && !r.failed)
            hash = hash_bytes(hash, start, (size_t)(r.pos - start));
        if (r.failed)
            *out_reason = field == ZONE_FIELD_SVCPARAMS
                              ? "the parameters contradict each other (RFC 9460 sections 7, 8)"
                              : "the data is not what the type asks for";
    }
    *out_hash = hash;
    if (!r.failed && reader_left(&r) > 0)
        *out_reason = "bytes are left over behind the data of the type";
    return !r.failed && reader_left(&r) == 0;
}
