#include "dns_answer.h"

#include <string.h>

#include "rhumb/cursor.h"
#include "rhumb/dns_type.h"

enum {
    FLAG_QR = 0x8000,
    FLAG_TC = 0x0200,
    OPCODE_MASK = 0x7800,
    RCODE_MASK = 0x000f,
    POINTER_MASK = 0xc0,
};

size_t dns_question_put(const struct dns_question *question,
                        uint8_t out_message[DNS_QUESTION_MAX])
{
    struct writer w = writer_init(out_message, DNS_QUESTION_MAX);
    const uint16_t header[] = {question->id, 0, 1, 0, 0, 1};
    for (size_t i = 0; i < sizeof(header) / sizeof(header[0]); i++)
        writer_u16(&w, header[i]);
    writer_bytes(&w, question->name, dns_name_len(question->name));
    writer_u16(&w, question->type);
    writer_u16(&w, DNS_CLASS_IN);
    writer_u8(&w, 0);
    writer_u16(&w, DNS_TYPE_OPT);
    writer_u16(&w, DNS_ANSWER_UDP_MAX);
    writer_u32(&w, 0);
    writer_u16(&w, 0);
    return writer_len(&w);
}

/* is_echoed - does the question section hold our question? RFC 4343: whatever its case. */
static bool is_echoed(struct reader *r, const struct dns_question *question)
{
    size_t len = dns_name_len(question->name);
    const uint8_t *name = reader_take(r, len);
    for (size_t i = 0; name && i < len; i++)
        if (dns_byte_lower(name[i]) != dns_byte_lower(question->name[i]))
            return false;
    uint16_t type = reader_u16(r), class = reader_u16(r);
    return !r->failed && type == question->type && class == DNS_CLASS_IN;
}

/* skip_name - labels up to a zero byte or a pointer, which is not followed. */
static void skip_name(struct reader *r)
{
    while (!r->failed) {
        uint8_t len = reader_u8(r);
        if (len == 0)
            return;
        if ((len & POINTER_MASK) == POINTER_MASK) {
            reader_u8(r);
            return;
        }
        if (len > DNS_LABEL_MAX)
            r->failed = true;
        else
            reader_take(r, len);
    }
}

struct record {
    uint16_t type, class, len;
    uint32_t ttl;
    const uint8_t *data; /* NULL when the message ends before */
};

static bool read_record(struct reader *r, struct record *out)
{
    skip_name(r);
    out->type = reader_u16(r);
    out->class = reader_u16(r);
    out->ttl = reader_u32(r);
    out->len = reader_u16(r);
    out->data = reader_take(r, out->len);
    return !r->failed;
}

/* address_of - false when record is no address. */
static bool address_of(const struct record *record, struct ip_addr *out)
{
    bool v6 = record->type == DNS_TYPE_AAAA;
    size_t len = v6 ? 16 : 4;
    if (record->class != DNS_CLASS_IN || (!v6 && record->type != DNS_TYPE_A) ||
        record->len != len)
        return false;
    *out = (struct ip_addr){.family = v6 ? IP_V6 : IP_V4};
    memcpy(out->bytes, record->data, len);
    return true;
}

static void note_address(const struct ip_addr *addr, const struct ip_addr *wanted,
                         struct dns_answer *out)
{
    out->has_address = out->has_address || ip_equal(addr, wanted);
    if (out->address_count < DNS_ANSWER_ADDRESSES_MAX)
        out->addresses[out->address_count++] = *addr;
}

/* read_answers - the answer section. RFC 2181 section 8: a TTL with the top bit set is 0. */
static void read_answers(struct reader *r, unsigned count, const struct ip_addr *wanted,
                         struct dns_answer *out)
{
    struct record record;
    struct ip_addr addr;
    for (unsigned i = 0; i < count && read_record(r, &record); i++) {
        uint32_t ttl_s = record.ttl > INT32_MAX ? 0 : record.ttl;
        out->records++;
        if (address_of(&record, &addr))
            note_address(&addr, wanted, out);
        if (ttl_s < out->ttl_min_s)
            out->ttl_min_s = ttl_s;
    }
}

/* read_rest - authority and additional, for the sake of OPT. */
static void read_rest(struct reader *r, unsigned authority, unsigned additional,
                      struct dns_answer *out)
{
    struct record record;
    for (unsigned i = 0; i < authority + additional && read_record(r, &record); i++)
        if (i >= authority && record.type == DNS_TYPE_OPT)
            out->rcode |= record.ttl >> 24 << 4;
}

enum dns_answer_kind dns_answer_read(const uint8_t *message, size_t len,
                                     const struct dns_question *question,
                                     const struct ip_addr *wanted, struct dns_answer *out)
{
    struct reader r = reader_init(message, len);
    uint16_t id = reader_u16(&r), flags = reader_u16(&r);
    uint16_t questions = reader_u16(&r), answers = reader_u16(&r);
    uint16_t authority = reader_u16(&r), additional = reader_u16(&r);
    if (r.failed || id != question->id || (flags & FLAG_QR) == 0 || (flags & OPCODE_MASK) != 0)
        return DNS_ANSWER_OTHER;
    struct dns_answer answer = {
        .rcode = flags & RCODE_MASK,
        .truncated = (flags & FLAG_TC) != 0,
        .ttl_min_s = UINT32_MAX,
    };
    bool bare = questions == 0 && answers == 0 && answer.rcode != DNS_RCODE_NOERROR;
    if (!bare && (questions != 1 || !is_echoed(&r, question)))
        return DNS_ANSWER_OTHER;
    read_answers(&r, answers, wanted, &answer);
    read_rest(&r, authority, additional, &answer);
    if (r.failed && !answer.truncated)
        return DNS_ANSWER_MALFORMED;
    *out = answer;
    return DNS_ANSWER_OURS;
}
