/* The parser of everything that comes from the network. It reads through one struct reader,
 * which cannot leave the packet; each step is judged once, at its end. The order of the checks
 * follows what a server may say: nothing at all, then a bare header, then an answer that echoes
 * the question, then one with OPT.
 */
#include "rhumb/dns_query.h"

#include <string.h>

#include "rhumb/cursor.h"

enum {
    OPCODE_SHIFT = 11,
    OPCODE_MASK = 0xf,
    LABEL_POINTER = 0xc0, /* RFC 1035 section 4.1.4 */
    ADDITIONAL_MAX = 2,   /* OPT and TSIG */
    ECS_FAMILY_V4 = 1,
    ECS_FAMILY_V6 = 2,
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

/* skip_name - an owner name behind the question, which may be compressed: never followed. */
static bool skip_name(struct reader *r, bool *out_is_root)
{
    *out_is_root = false;
    for (unsigned labels = 0;; labels++) {
        uint8_t label = reader_u8(r);
        if (r->failed || labels > DNS_LABELS_MAX)
            return false;
        if (label == 0) {
            *out_is_root = labels == 0;
            return true;
        }
        if ((label & LABEL_POINTER) == LABEL_POINTER) {
            reader_u8(r);
            return !r->failed;
        }
        if (label > DNS_LABEL_MAX || !reader_take(r, label))
            return false;
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

static bool parse_options(struct reader r, struct query *q)
{
    while (reader_left(&r) > 0) {
        uint16_t code = reader_u16(&r);
        uint16_t len = reader_u16(&r);
        const uint8_t *bytes = reader_take(&r, len);
        if (!bytes)
            return false;
        if (code == DNS_OPTION_NSID)
            q->wants_nsid = true;
        else if (code == DNS_OPTION_ECS && !parse_ecs(reader_init(bytes, len), q))
            return false;
    }
    return true;
}

/* A record behind the question, its data not looked at. */
struct record {
    bool at_root;
    uint16_t type, class, len;
    uint32_t ttl;
    const uint8_t *rdata;
};

static bool parse_record(struct reader *r, struct record *out_record)
{
    if (!skip_name(r, &out_record->at_root))
        return false;
    out_record->type = reader_u16(r);
    out_record->class = reader_u16(r);
    out_record->ttl = reader_u32(r);
    out_record->len = reader_u16(r);
    out_record->rdata = reader_take(r, out_record->len);
    return out_record->rdata != NULL;
}

/* parse_additional - OPT is understood; TSIG and SIG(0) are stepped over, unverified and
 * without effect. */
static enum query_verdict parse_additional(struct reader *r, struct query *q)
{
    struct record record;
    if (!parse_record(r, &record))
        return QUERY_FORMERR;
    if (record.type != DNS_TYPE_OPT)
        return QUERY_OK;
    if (q->has_edns || !record.at_root)
        return QUERY_FORMERR;
    q->has_edns = true;
    q->udp_size_bytes =
        record.class < DNS_UDP_PLAIN_BYTES ? (uint16_t)DNS_UDP_PLAIN_BYTES : record.class;
    q->dnssec_ok = (record.ttl & DNS_OPT_FLAG_DO) != 0;
    if ((record.ttl >> 16 & 0xff) != 0)
        return QUERY_BADVERS;
    return parse_options(reader_init(record.rdata, record.len), q) ? QUERY_OK : QUERY_FORMERR;
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

enum query_verdict query_parse(const uint8_t *packet, size_t len, struct query *out_query)
{
    struct query *q = out_query;
    struct reader r = reader_init(packet, len);
    uint16_t id = reader_u16(&r), flags = reader_u16(&r);
    uint16_t questions = reader_u16(&r), answers = reader_u16(&r);
    uint16_t authorities = reader_u16(&r), additionals = reader_u16(&r);
    if (r.failed || (flags & DNS_FLAG_QR) != 0)
        return QUERY_DROP;

    q->id = id;
    q->flags = flags;
    q->opcode = flags >> OPCODE_SHIFT & OPCODE_MASK;
    q->has_question = q->has_edns = q->dnssec_ok = q->wants_nsid = q->has_ecs = false;
    q->udp_size_bytes = q->ecs_family = 0;
    q->ecs = (struct ip_prefix){0};
    if (q->opcode != DNS_OPCODE_QUERY)
        return QUERY_NOTIMP;
    if (questions != 1 || answers != 0 || additionals > ADDITIONAL_MAX)
        return QUERY_FORMERR;
    if (!parse_question(&r, q) || !skip_authorities(&r, q, authorities))
        return QUERY_FORMERR;

    enum query_verdict verdict = QUERY_OK;
    for (unsigned i = 0; i < additionals && verdict == QUERY_OK; i++)
        verdict = parse_additional(&r, q);
    if (verdict == QUERY_OK && reader_left(&r) > 0)
        return QUERY_FORMERR;
    return verdict;
}
