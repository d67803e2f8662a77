/* Writing responses. The message is built in place: nothing is moved once written, and what
 * does not fit is undone by resetting the writer. Compression remembers where each name and
 * each of its suffixes was written (at most RESPONSE_NAMES_MAX places: a bound on the work for
 * one name).
 */
#include "rhumb/dns_response.h"

#include <string.h>

#include "dns_edns.h"

enum {
    POINTER_BITS = 0xc000,
    POINTER_MAX = 0x3fff,
    QUESTION_OFFSET = DNS_HEADER_BYTES,
    OPCODE_AND_RD = 0x7900,
    FIXED_BYTES = 10,      /* of a record, between owner and data */
    TSIG_TIMES_BYTES = 8,  /* time signed and fudge */
    TSIG_FIXED_BYTES = 16, /* data without the algorithm, without MAC */
};

/* ---- names ---- */

/* label_equal - two labels of one message or of a name, case ignored (RFC 4343). */
static bool label_equal(const uint8_t *a, const uint8_t *b)
{
    if (*a != *b)
        return false;
    for (unsigned i = 1; i <= *a; i++)
        if (a[i] != b[i] && dns_byte_lower(a[i]) != dns_byte_lower(b[i]))
            return false;
    return true;
}

/* written_equal - is the name at offset of our own message the same as name? Pointers in it
 * were made by us and lead backwards. */
static bool written_equal(const uint8_t *message, unsigned offset, const uint8_t *name)
{
    const uint8_t *at = message + offset;
    for (;; name += *name + 1, at += *at + 1) {
        while (*at >= (POINTER_BITS >> 8))
            at = message + (((unsigned)at[0] << 8 | at[1]) & POINTER_MAX);
        if (!label_equal(at, name))
            return false;
        if (*name == 0)
            return true;
    }
}

static void remember(struct response *r, size_t offset, uint64_t hash)
{
    if (r->name_count == RESPONSE_NAMES_MAX || offset > POINTER_MAX)
        return;
    r->name_hashes[r->name_count] = hash;
    r->names[r->name_count++] = (uint16_t)offset;
}

/* remember_question - when a name other than its own is written: most answers need none. */
static void remember_question(struct response *r)
{
    uint8_t starts[DNS_LABELS_MAX];
    uint64_t hashes[DNS_LABELS_MAX];
    r->knows_question = true;
    if (!r->query->has_question)
        return;
    unsigned labels = dns_name_hash_suffixes(r->query->name, starts, hashes);
    for (unsigned i = 0; i < labels; i++)
        remember(r, QUESTION_OFFSET + starts[i], hashes[i]);
}

/* find_written - the first of known places where this name stands; -1: none. The hash spares a
 * query of many labels from costing milliseconds. */
static int find_written(const struct response *r, unsigned known, const uint8_t *name,
                        uint64_t hash)
{
    for (unsigned i = 0; i < known; i++)
        if (r->name_hashes[i] == hash && written_equal(r->out.start, r->names[i], name))
            return (int)i;
    return -1;
}

/* put_name - as few bytes as the names so far allow. Once something did not fit, names that
 * were remembered may be incomplete: they are not looked at any more. */
static void put_name(struct response *r, const uint8_t *name)
{
    uint8_t lower[DNS_NAME_MAX], starts[DNS_LABELS_MAX];
    uint64_t hashes[DNS_LABELS_MAX];
    size_t bytes = dns_name_len(name);
    memcpy(lower, name, bytes);
    dns_name_lower(lower, bytes);
    unsigned labels = dns_name_hash_suffixes(lower, starts, hashes);
    if (!r->knows_question)
        remember_question(r);
    unsigned known = r->name_count; /* what this call adds cannot match its own suffixes */
    for (unsigned i = 0; i < labels && !r->out.failed; i++) {
        const uint8_t *label = name + starts[i];
        int written = find_written(r, known, label, hashes[i]);
        if (written >= 0) {
            writer_u16(&r->out, (uint16_t)(POINTER_BITS | r->names[written]));
            return;
        }
        remember(r, writer_len(&r->out), hashes[i]);
        writer_bytes(&r->out, label, *label + 1u);
    }
    writer_u8(&r->out, 0);
}

static void put_owner(struct response *r, const uint8_t *owner)
{
    if (owner == r->query->name && *owner > 0) /* by far the most frequent */
        writer_u16(&r->out, POINTER_BITS | QUESTION_OFFSET);
    else
        put_name(r, owner);
}

/* ---- records ---- */

/* How rdata of a type may be compressed: bytes before the names, and how many names follow. The
 * types are those of RFC 1035; RFC 3597 section 4 closes the list. Such data holds whole names,
 * also where a master file gave it as \# length hex: loading checks it. */
struct rdata_names {
    unsigned before, names;
};

static struct rdata_names compressible(uint16_t type)
{
    switch (type) {
    case DNS_TYPE_NS:
    case DNS_TYPE_MD:
    case DNS_TYPE_MF:
    case DNS_TYPE_CNAME:
    case DNS_TYPE_MB:
    case DNS_TYPE_MG:
    case DNS_TYPE_MR:
    case DNS_TYPE_PTR: return (struct rdata_names){0, 1};
    case DNS_TYPE_MINFO:
    case DNS_TYPE_SOA: return (struct rdata_names){0, 2};
    case DNS_TYPE_MX: return (struct rdata_names){2, 1};
    default: return (struct rdata_names){0, 0};
    }
}

static void put_rdata(struct response *r, uint16_t type, const uint8_t *rdata, uint16_t bytes)
{
    struct rdata_names shape = compressible(type);
    size_t done = 0;
    if (shape.names > 0) {
        writer_bytes(&r->out, rdata, shape.before);
        done = shape.before;
    }
    for (unsigned i = 0; i < shape.names; i++) {
        put_name(r, rdata + done);
        done += dns_name_len(rdata + done);
    }
    writer_bytes(&r->out, rdata + done, bytes - done);
}

/* put_record - may fail half-way: the caller reverts. */
static bool put_record(struct response *r, enum response_section section, const uint8_t *owner,
                       uint16_t type, uint32_t ttl_s, const uint8_t *rdata, uint16_t bytes)
{
    put_owner(r, owner);
    uint8_t *fixed = writer_reserve(&r->out, FIXED_BYTES);
    if (!fixed)
        return false;
    store_u16(fixed, type);
    store_u16(fixed + 2, r->class);
    store_u32(fixed + 4, ttl_s);
    put_rdata(r, type, rdata, bytes);
    if (r->out.failed)
        return false;
    store_u16(fixed + 8, (uint16_t)(r->out.pos - fixed - FIXED_BYTES));
    r->counts[section]++;
    return true;
}

bool response_put(struct response *response, enum response_section section,
                  const uint8_t *owner, uint16_t type, uint32_t ttl_s, const uint8_t *rdata,
                  uint16_t rdata_bytes)
{
    struct response_mark mark = response_mark(response);
    if (put_record(response, section, owner, type, ttl_s, rdata, rdata_bytes))
        return true;
    response_revert(response, mark);
    return false;
}

bool response_put_run(struct response *response, enum response_section section,
                      const uint8_t *owner, uint16_t type, uint32_t ttl_s, const uint8_t *run,
                      unsigned count)
{
    struct response_mark mark = response_mark(response);
    for (unsigned i = 0; i < count; i++) {
        uint16_t bytes;
        memcpy(&bytes, run, sizeof(bytes));
        run += sizeof(bytes);
        if (!put_record(response, section, owner, type, ttl_s, run, bytes)) {
            response_revert(response, mark);
            return false;
        }
        run += bytes;
    }
    return true;
}

struct response_mark response_mark(const struct response *response)
{
    struct response_mark mark = {
        .len = writer_len(&response->out),
        .name_count = response->name_count,
    };
    memcpy(mark.counts, response->counts, sizeof(mark.counts));
    return mark;
}

void response_revert(struct response *response, struct response_mark mark)
{
    writer_rewind(&response->out, mark.len);
    response->name_count = mark.name_count;
    response->knows_question &= mark.name_count > 0;
    memcpy(response->counts, mark.counts, sizeof(mark.counts));
}

void response_cap_ttl(struct response *response, struct response_mark since, uint32_t ttl_s)
{
    uint8_t *at = response->out.start + since.len;
    while (at < response->out.pos) {
        while (*at > 0 && *at < (POINTER_BITS >> 8))
            at += *at + 1;
        uint8_t *fixed =
            at + (*at == 0 ? 1 : 2); /* behind the owner: type, class, TTL, length */
        struct reader r = reader_init(fixed + 4, 6);
        uint32_t now_s = reader_u32(&r);
        if (now_s > ttl_s)
            store_u32(fixed + 4, ttl_s);
        at = fixed + FIXED_BYTES + reader_u16(&r);
    }
}

/* ---- the whole ---- */

void response_init(struct response *response, const struct query *query, uint8_t *buffer,
                   size_t limit_bytes)
{
    struct response *r = response;
    r->query = query;
    r->reserved = query->has_edns ? edns_reserve_bytes(query) : 0;
    r->out = writer_init(buffer, limit_bytes - r->reserved);
    r->edns = (struct response_edns){0};
    r->flags = (uint16_t)(DNS_FLAG_QR | (query->flags & OPCODE_AND_RD));
    r->rcode = DNS_RCODE_NOERROR;
    r->class = DNS_CLASS_IN;
    r->name_count = 0;
    r->knows_question = false;
    memset(r->counts, 0, sizeof(r->counts));
    writer_reserve(&r->out, DNS_HEADER_BYTES);
    if (query->has_question)
        writer_bytes(&r->out, query->question, query->question_bytes);
}

void response_clear(struct response *response)
{
    const struct query *query = response->query;
    struct response_mark start = {.len = DNS_HEADER_BYTES +
                                         (query->has_question ? query->question_bytes : 0)};
    response_revert(response, start);
}

static void put_header(uint8_t *header, const struct query *q, uint16_t flags, unsigned rcode)
{
    store_u16(header, q->id);
    store_u16(header + 2, (uint16_t)(flags | (rcode & 0xf)));
}

/* put_tsig - the key of the query is not known here: error BADKEY, unsigned, when there is room.
 * source   RFC 8945 sections 4.2 and 5.2.1 */
static bool put_tsig(struct response *r)
{
    const struct query_tsig *tsig = &r->query->tsig;
    struct writer *w = &r->out;
    size_t start = writer_len(w);
    writer_bytes(w, tsig->key, tsig->key_bytes);
    writer_u16(w, DNS_TYPE_TSIG);
    writer_u16(w, DNS_CLASS_ANY);
    writer_u32(w, 0);
    writer_u16(w, (uint16_t)(tsig->algorithm_bytes + TSIG_FIXED_BYTES));
    writer_bytes(w, tsig->algorithm, tsig->algorithm_bytes);
    writer_bytes(w, tsig->times, TSIG_TIMES_BYTES);
    writer_u16(w, 0); /* no MAC */
    writer_u16(w, tsig->original_id);
    writer_u16(w, DNS_TSIG_BADKEY);
    writer_u16(w, 0); /* no other data */
    if (!w->failed)
        return true;
    writer_rewind(w, start);
    return false;
}

size_t response_finish(struct response *response)
{
    struct response *r = response;
    unsigned extra = r->query->has_edns;
    r->out.end += r->reserved;
    if (r->query->has_edns)
        edns_put(r);
    if (r->query->tsig.key)
        extra += put_tsig(r);
    uint8_t *header = r->out.start;
    put_header(header, r->query, r->flags, r->rcode);
    store_u16(header + 4, r->query->has_question);
    store_u16(header + 6, r->counts[RESPONSE_ANSWER]);
    store_u16(header + 8, r->counts[RESPONSE_AUTHORITY]);
    store_u16(header + 10, (uint16_t)(r->counts[RESPONSE_ADDITIONAL] + extra));
    return writer_len(&r->out);
}

size_t response_header_only(const struct query *query, unsigned rcode, uint8_t *buffer)
{
    memset(buffer, 0, DNS_HEADER_BYTES);
    put_header(buffer, query, (uint16_t)(DNS_FLAG_QR | (query->flags & OPCODE_AND_RD)), rcode);
    return DNS_HEADER_BYTES;
}
