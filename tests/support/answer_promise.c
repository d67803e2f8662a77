#include "answer_promise.h"

#include <string.h>

#include "answer_fixture.h"
#include "message.h"

enum { RATIO_MAX = 4 };

/* limit_of - the most that the reply may have, from what the parser of the tests makes of the
 * query; one it cannot read gets what a reply with or without OPT may have at most. */
static size_t limit_of(const struct answer_exchange *e, const struct message *reply)
{
    static struct message query;
    if (e->request.transport != ANSWER_UDP)
        return DNS_MESSAGE_MAX;
    size_t limit = reply->opt ? ANSWER_FIXTURE_UDP_BYTES : DNS_UDP_PLAIN_BYTES;
    if (!message_parse(e->request.packet, e->request.packet_bytes, &query) && query.opt &&
        query.opt->class < limit)
        limit = query.opt->class;
    if (limit < DNS_UDP_PLAIN_BYTES)
        limit = DNS_UDP_PLAIN_BYTES;
    return limit < e->capacity ? limit : e->capacity;
}

static const char *check_header(const struct answer_exchange *e, const struct message *m)
{
    const uint8_t *query = e->request.packet;
    unsigned sent = (unsigned)query[2] << 8 | query[3];
    if (m->id != ((unsigned)query[0] << 8 | query[1]))
        return "another id";
    if ((m->flags & DNS_FLAG_QR) == 0)
        return "QR is not set";
    if (((m->flags ^ sent) & 0x7900) != 0)
        return "another opcode or RD";
    if ((m->flags & 0x00f0) != 0)
        return "RA, Z, AD or CD is set";
    return NULL;
}

const char *answer_promise_broken(const struct answer_exchange *e)
{
    static struct message m;
    bool is_query =
        e->request.packet_bytes >= DNS_HEADER_BYTES && (e->request.packet[2] & 0x80) == 0;
    if (e->reply_bytes == 0)
        return is_query ? "no reply" : NULL;
    if (!is_query)
        return "a reply to what is no query";
    const char *fault = message_parse(e->reply, e->reply_bytes, &m);
    if (!fault)
        fault = check_header(e, &m);
    if (fault)
        return fault;
    if (e->reply_bytes > limit_of(e, &m))
        return "too long";
    unsigned rcode = message_rcode(&m);
    bool is_refusal = rcode == DNS_RCODE_FORMERR || rcode == DNS_RCODE_NOTIMP;
    bool asks_nothing = (e->request.packet[4] | e->request.packet[5]) == 0;
    if (m.question_bytes == 0 && !is_refusal && !asks_nothing)
        return "the question is missing";
    if (m.question_bytes + DNS_HEADER_BYTES > e->request.packet_bytes ||
        memcmp(e->reply + DNS_HEADER_BYTES, e->request.packet + DNS_HEADER_BYTES,
               m.question_bytes) != 0)
        return "another question";
    if ((is_refusal || rcode == DNS_RCODE_BADVERS) &&
        (e->reply_bytes > RATIO_MAX * e->request.packet_bytes || m.counts[1] + m.counts[2] > 0))
        return "too much for a malformed packet";
    if ((m.flags & DNS_FLAG_TC) != 0 && m.counts[1] + m.counts[2] > 0)
        return "truncated, but not empty";
    if (rcode == DNS_RCODE_SERVFAIL)
        return "SERVFAIL";
    return NULL;
}
