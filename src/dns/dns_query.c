/* The parser of everything that comes from the network. It reads through one struct reader,
 * which cannot leave the packet; each step is judged once, at its end. The order of the checks
 * follows what a server may say: nothing at all, then a bare header, then an answer that echoes
 * the question, then one with OPT.
 */
#include "rhumb/dns_query.h"

#include <string.h>

#include "rhumb/cursor.h"
#include "rhumb/dns_cookie.h"

enum {
    OPCODE_SHIFT = 11,
    OPCODE_MASK = 0xf,
    LABEL_POINTER = 0xc0, /* RFC 1035 section 4.1.4 */
    ADDITIONAL_MAX = 2,   /* OPT and TSIG */
    ECS_FAMILY_V4 = 1,
    ECS_FAMILY_V6 = 2,
    FIXED_BYTES = 10,     /* of a record, between owner and data */
    TSIG_TIMES_BYTES = 8, /* time signed and fudge */
};

/* parse_name - the question name, lower case, uncompressed. */
static bool parse_name(struct reader *r, struct query *q)
{
    size_t used = 0;
    for (;;) {
        uint8_t label = reader_u8(r);
        const uint8_t *bytes = reader_take(r, label);
        size_t root = label > 0; /* behind every other label the root's must fit */
        if (!bytes || label > DNS_LABEL_MAX || used + 1 + label + root > DNS_NAME_MAX)
            return false;
        q->name[used++] = label;
        if (label == 0)
            break;
        memcpy(q->name + used, bytes, label);
        used += label;
    }
    dns_name_lower(q->name, used);
    q->name_bytes = used;
    return true;
}

static bool parse_question(struct reader *r, struct query *q)
{
    const uint8_t *start = r->pos;
    if (!parse_name(r, q))
        return false;
    q->qtype = reader_u16(r);
    q->qclass = reader_u16(r);
    if (r->failed)
        return false;
    q->question = start;
    q->question_bytes = (size_t)(r->pos - start);
    q->has_question = true;
    return true;
}

/* A name behind the question, where it lies. */
struct raw_name {
    const uint8_t *bytes; /* NULL: compressed */
    uint16_t len;
};

/* parse_raw_name - compression is allowed here, but never followed. */
static bool parse_raw_name(struct reader *r, struct raw_name *out_name)
{
    const uint8_t *start = r->pos;
    *out_name = (struct raw_name){0};
    for (;;) {
        uint8_t label = reader_u8(r);
        if ((label & LABEL_POINTER) == LABEL_POINTER) {
            reader_u8(r);
            return !r->failed;
        }
        if (label > DNS_LABEL_MAX || !reader_take(r, label) || r->pos - start > DNS_NAME_MAX)
            return false;
        if (label > 0)
            continue;
        out_name->bytes = start;
        out_name->len = (uint16_t)(r->pos - start);
        return true;
    }
}

/* parse_ecs - RFC 7871 section 6: exactly as many address bytes as the prefix needs, no stray
 * bits, scope 0. The first one counts, as in BIND. */
static bool parse_ecs(struct reader option, struct query *q)
{
    if (q->has_ecs)
        return true;
    uint16_t family = reader_u16(&option);
    uint8_t source = reader_u8(&option), scope = reader_u8(&option);
    if (option.failed || scope != 0)
        return false;
    struct ip_addr addr = {0};
    if (family == ECS_FAMILY_V4)
        addr.family = IP_V4;
    else if (family == ECS_FAMILY_V6)
        addr.family = IP_V6;
    else if (family != 0)
        return false;
    if (source > ip_bits(addr.family) || reader_left(&option) != (source + 7u) / 8)
        return false;
    size_t bytes = reader_left(&option);
    if (bytes > 0)
        memcpy(addr.bytes, option.pos, bytes);
    struct ip_addr masked = ip_masked(&addr, source);
    if (!ip_equal(&masked, &addr))
        return false;
    q->has_ecs = true;
    q->ecs_family = family;
    q->ecs = (struct ip_prefix){.addr = addr, .len = source};
    return true;
}

/* parse_cookie - the first one counts, and is kept where it lies. source: RFC 7873 section 5.2 */
static bool parse_cookie(const uint8_t *bytes, uint16_t len, struct query *q)
{
    if (q->cookie_bytes > 0)
        return true;
    if (len != DNS_COOKIE_CLIENT_BYTES &&
        (len < DNS_COOKIE_BYTES_MIN || len > DNS_COOKIE_BYTES_MAX))
        return false;
    q->cookie = bytes;
    q->cookie_bytes = (uint8_t)len;
    return true;
}

/* parse_option - what an option says beside what was asked for is ignored where its RFC says so or
 * says nothing; options we do not know are none of our business (RFC 6891 section 6.1.2). */
static bool parse_option(uint16_t code, const uint8_t *bytes, uint16_t len, struct query *q)
{
    switch (code) {
    case DNS_OPTION_NSID: q->wants_nsid = true; return true;
    case DNS_OPTION_ZONEVERSION: q->wants_zoneversion = true; return true;
    case DNS_OPTION_PADDING: q->wants_padding = true; return true;
    case DNS_OPTION_KEEPALIVE: q->wants_keepalive = true; return true;
    case DNS_OPTION_ECS: return parse_ecs(reader_init(bytes, len), q);
    case DNS_OPTION_COOKIE: return parse_cookie(bytes, len, q);
    default: return true;
    }
}

static bool parse_options(struct reader r, struct query *q)
{
    while (reader_left(&r) > 0) {
        uint16_t code = reader_u16(&r);
        uint16_t len = reader_u16(&r);
        const uint8_t *bytes = reader_take(&r, len);
        if (!bytes || !parse_option(code, bytes, len, q))
            return false;
    }
    return true;
}

/* A record behind the question, its data not looked at. */
struct record {
    struct raw_name owner;
    uint16_t type, class, len;
    uint32_t ttl;
    const uint8_t *rdata;
};

static bool parse_record(struct reader *r, struct record *out_record)
{
    if (!parse_raw_name(r, &out_record->owner))
        return false;
    const uint8_t *fixed = reader_take(r, FIXED_BYTES);
    if (!fixed)
        return false;
    out_record->type = load_u16(fixed);
    out_record->class = load_u16(fixed + 2);
    out_record->ttl = load_u32(fixed + 4);
    out_record->len = load_u16(fixed + 8);
    out_record->rdata = reader_take(r, out_record->len);
    return out_record->rdata != NULL;
}

static enum query_verdict parse_opt(const struct record *record, struct query *q)
{
    bool at_root = record->owner.bytes && record->owner.len == 1;
    if (q->has_edns || !at_root)
        return QUERY_FORMERR;
    q->has_edns = true;
    q->udp_size_bytes =
        record->class < DNS_UDP_PLAIN_BYTES ? (uint16_t)DNS_UDP_PLAIN_BYTES : record->class;
    q->dnssec_ok = (record->ttl & DNS_OPT_FLAG_DO) != 0;
    if ((record->ttl >> 16 & 0xff) != 0)
        return QUERY_BADVERS;
    return parse_options(reader_init(record->rdata, record->len), q) ? QUERY_OK : QUERY_FORMERR;
}

/* parse_tsig - as far as is needed to say that nobody here has the key: RFC 8945 section 4.2. */
static enum query_verdict parse_tsig(const struct record *record, struct query *q)
{
    struct reader r = reader_init(record->rdata, record->len);
    struct raw_name algorithm;
    if (record->class != DNS_CLASS_ANY || record->ttl != 0 || !parse_raw_name(&r, &algorithm))
        return QUERY_FORMERR;
    const uint8_t *times = reader_take(&r, TSIG_TIMES_BYTES);
    reader_take(&r, reader_u16(&r)); /* the MAC */
    uint16_t original_id = reader_u16(&r);
    reader_u16(&r); /* error */
    reader_take(&r, reader_u16(&r));
    if (r.failed || reader_left(&r) > 0)
        return QUERY_FORMERR;
    if (record->owner.bytes && algorithm.bytes)
        q->tsig = (struct query_tsig){
            .key = record->owner.bytes,
            .key_bytes = record->owner.len,
            .algorithm = algorithm.bytes,
            .algorithm_bytes = algorithm.len,
            .times = times,
            .original_id = original_id,
        };
    return QUERY_BADKEY;
}

/* parse_additional - OPT and TSIG are understood; SIG(0) and others are stepped over, unverified
 * and without effect. TSIG comes last or not at all (RFC 8945 section 5.1). */
static enum query_verdict parse_additional(struct reader *r, struct query *q, bool is_last)
{
    struct record record;
    if (!parse_record(r, &record))
        return QUERY_FORMERR;
    switch (record.type) {
    case DNS_TYPE_OPT: return parse_opt(&record, q);
    case DNS_TYPE_TSIG: return is_last ? parse_tsig(&record, q) : QUERY_FORMERR;
    default: return QUERY_OK;
    }
}

/* parse_additionals - the first complaint counts, but for an unknown key: that of a packet with
 * another fault, or with a version of EDNS we do not know, is not worth a word. */
static enum query_verdict parse_additionals(struct reader *r, struct query *q, unsigned count)
{
    enum query_verdict verdict = QUERY_OK;
    for (unsigned i = 0; i < count && verdict == QUERY_OK; i++)
        verdict = parse_additional(r, q, i + 1 == count);
    bool is_whole = verdict == QUERY_OK || verdict == QUERY_BADKEY;
    return is_whole && reader_left(r) > 0 ? QUERY_FORMERR : verdict;
}

/* skip_authorities - none, but for an IXFR query: the SOA that its sender has (RFC 1995
 * section 3). */
static bool skip_authorities(struct reader *r, const struct query *q, unsigned count)
{
    struct record record;
    if (count > (q->qtype == DNS_TYPE_IXFR ? 1 : 0))
        return false;
    return count == 0 || parse_record(r, &record);
}

/* has_sections - a question, as every query (RFC 9619), or none, which only one for a cookie may
 * (RFC 7873 section 5.4): known at its end. */
static bool has_sections(struct reader *r, struct query *q, unsigned questions,
                         unsigned authorities)
{
    if (questions == 0)
        return authorities == 0;
    return questions == 1 && parse_question(r, q) && skip_authorities(r, q, authorities);
}

/* forget_wishes - as if OPT had no options, and nothing were signed. */
static void forget_wishes(struct query *q)
{
    q->tsig = (struct query_tsig){0};
    q->wants_nsid = q->wants_zoneversion = q->wants_keepalive = q->wants_padding = false;
    q->has_ecs = false;
    q->ecs_family = q->cookie_bytes = 0;
    q->ecs = (struct ip_prefix){0};
}

/* parse_body - what stands behind the header of a query. */
static enum query_verdict parse_body(struct reader *r, struct query *q, unsigned questions,
                                     unsigned authorities, unsigned additionals)
{
    if (additionals > ADDITIONAL_MAX || !has_sections(r, q, questions, authorities))
        return QUERY_FORMERR;
    enum query_verdict verdict = parse_additionals(r, q, additionals);
    bool may_stand = q->has_question || q->cookie_bytes > 0 || verdict == QUERY_BADVERS;
    return may_stand ? verdict : QUERY_FORMERR;
}

enum query_verdict query_parse(const uint8_t *packet, size_t len, struct query *out_query)
{
    struct query *q = out_query;
    struct reader r = reader_init(packet, len);
    const uint8_t *header = reader_take(&r, DNS_HEADER_BYTES);
    uint16_t flags = header ? load_u16(header + 2) : DNS_FLAG_QR;
    if ((flags & DNS_FLAG_QR) != 0)
        return QUERY_DROP;

    uint16_t questions = load_u16(header + 4), answers = load_u16(header + 6);
    uint16_t authorities = load_u16(header + 8), additionals = load_u16(header + 10);
    q->id = load_u16(header);
    q->flags = flags;
    q->opcode = flags >> OPCODE_SHIFT & OPCODE_MASK;
    q->has_question = q->has_edns = q->dnssec_ok = false;
    q->udp_size_bytes = 0;
    forget_wishes(q);
    if (q->opcode != DNS_OPCODE_QUERY)
        return QUERY_NOTIMP;
    enum query_verdict verdict =
        answers == 0 ? parse_body(&r, q, questions, authorities, additionals) : QUERY_FORMERR;
    if (verdict == QUERY_FORMERR)
        forget_wishes(q); /* one of them may be what is malformed: none is answered */
    return verdict;
}
