/* EDNS: any list of options through query_parse(), judged by a second reader that knows nothing
 * of ours; and what response_finish() makes of it, read by the parser of the tests.
 *
 *   input   | knobs (1) | filler (1) | UDP size (2) | TTL of OPT (4) | options ...
 *   option  | code (2) | length (2) | data as far as the input goes; zeros behind |
 *
 *   knobs   bits 0-1 our NSID: none, short, longest, too long   bit 2 the response has an EDE
 *           bit 3 OPT says a byte too many   bit 4 a byte too few
 *           bits 5-7 size of the response: 512 and up
 *   filler  bytes that one TXT record has; they are put until no more fits
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "rhumb/cursor.h"
#include "rhumb/dns_response.h"

#include "../support/message.h"
#include "edns_reader.h"
#include "fuzz.h"

enum { KNOB_NSID = 3, KNOB_EDE = 1 << 2, KNOB_MORE = 1 << 3, KNOB_LESS = 1 << 4 };

enum { OPT_OFFSET = 29, OPTIONS_OFFSET = OPT_OFFSET + 11, PACKET_MAX = 8192, SIZE_STEP = 177 };

static const uint8_t head[OPT_OFFSET + 3] = {
    0x12, 0x34, 1,   0,   0, 1,   0,   0,   0, 0, 0, 1, 7, 'e', 'x', 'a',
    'm',  'p',  'l', 'e', 3, 'c', 'o', 'm', 0, 0, 1, 0, 1, 0,   0,   DNS_TYPE_OPT,
};

/* put_options - as long as they fit. */
static void put_options(struct writer *w, struct reader *in)
{
    while (reader_left(in) >= 4) {
        uint16_t code = reader_u16(in), len = reader_u16(in);
        if (writer_left(w) < 4u + len)
            return;
        size_t given = reader_left(in) < len ? reader_left(in) : len;
        writer_u16(w, code);
        writer_u16(w, len);
        uint8_t *data = writer_reserve(w, len);
        memset(data, 0, len);
        memcpy(data, reader_take(in, given), given);
    }
}

/* build - the query; returns its length. */
static size_t build(uint8_t packet[PACKET_MAX], uint8_t knobs, struct reader *in)
{
    struct writer w = writer_init(packet, PACKET_MAX);
    writer_bytes(&w, head, sizeof(head));
    writer_u16(&w, reader_u16(in));
    writer_u32(&w, reader_u32(in));
    writer_u16(&w, 0);
    put_options(&w, in);
    size_t bytes = writer_len(&w) - OPTIONS_OFFSET;
    if ((knobs & KNOB_MORE) != 0)
        bytes++;
    else if ((knobs & KNOB_LESS) != 0 && bytes > 0)
        bytes--;
    store_u16(packet + OPTIONS_OFFSET - 2, (uint16_t)bytes);
    return writer_len(&w);
}

/* ---- what the parser made of it ---- */

static void check_query(const struct query *q, const struct edns_read *want)
{
    FUZZ_PROMISE(q->has_edns, "OPT is seen");
    FUZZ_PROMISE(q->udp_size_bytes == want->udp_size, "the UDP size is read, at least 512");
    FUZZ_PROMISE(q->dnssec_ok == want->dnssec_ok, "DO is read");
    FUZZ_PROMISE(q->wants_nsid == want->wants_nsid, "NSID is seen");
    FUZZ_PROMISE(q->has_ecs == (want->ecs != NULL), "a client subnet is seen");
    if (!want->ecs)
        return;
    size_t bytes = want->ecs_bytes - 4u;
    FUZZ_PROMISE(q->ecs_family == (want->ecs[0] << 8 | want->ecs[1]), "ECS: its family");
    FUZZ_PROMISE(q->ecs.len == want->ecs[2], "ECS: its prefix length");
    FUZZ_PROMISE(memcmp(q->ecs.addr.bytes, want->ecs + 4, bytes) == 0, "ECS: its address");
}

/* ---- the response ---- */

static void fill(struct response *r, uint8_t filler)
{
    uint8_t text[256] = {filler};
    memset(text + 1, 'x', filler);
    while (response_put(r, RESPONSE_ANSWER, r->query->name, DNS_TYPE_TXT, 60, text,
                        (uint16_t)(filler + 1)))
        ;
}

static void check_reply(const uint8_t *reply, size_t len, const struct response *r,
                        const struct edns_read *want)
{
    static struct message m;
    static struct edns_read got;
    const char *fault = message_parse(reply, len, &m);
    if (fault)
        fuzz_broken(fault);
    FUZZ_PROMISE(m.opt && m.opt->class == r->edns.udp_size_bytes, "OPT with our UDP size");
    edns_read(reply + m.opt->rdata, m.opt->rdata_bytes, &got);
    size_t nsid = r->edns.nsid ? strnlen(r->edns.nsid, RESPONSE_NSID_MAX) : 0;
    bool has_nsid = want->wants_nsid && r->edns.nsid;
    FUZZ_PROMISE(got.wants_nsid == has_nsid && got.nsid_bytes == (has_nsid ? nsid : 0),
                 "NSID when it was asked for, and whole");
    FUZZ_PROMISE(got.ede_count <= r->edns.has_ede, "at most one extended error");
    if (want->ecs && got.ecs_any)
        FUZZ_PROMISE(got.ecs_bytes == want->ecs_bytes &&
                         memcmp(got.ecs_any, want->ecs, 3) == 0 &&
                         got.ecs_any[3] == r->edns.ecs_scope &&
                         memcmp(got.ecs_any + 4, want->ecs + 4, want->ecs_bytes - 4u) == 0,
                     "the client subnet comes back as it was sent, with our scope");
    FUZZ_PROMISE((got.ecs_any != NULL) == (want->ecs != NULL), "ECS in reply to ECS only");
}

static void respond(const struct query *q, uint8_t knobs, uint8_t filler,
                    const struct edns_read *want)
{
    static const char *const ids[] = {
        NULL, "ns1", "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef",
        "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef-longer"};
    struct response r;
    size_t limit = DNS_UDP_PLAIN_BYTES + (size_t)(knobs >> 5) * SIZE_STEP;
    uint8_t *buffer = malloc(limit); /* of exactly that size, for the sanitizer */
    if (!buffer)
        return;
    response_init(&r, q, buffer, limit);
    r.edns.udp_size_bytes = 1232;
    r.edns.nsid = ids[knobs & KNOB_NSID];
    r.edns.ecs_scope = filler & 31;
    r.edns.has_ede = (knobs & KNOB_EDE) != 0;
    r.edns.ede_text =
        "why this is so, in about as many words as one may want to send to others";
    fill(&r, filler);
    size_t len = response_finish(&r);
    FUZZ_PROMISE(len <= limit, "the response is no longer than the client can take");
    check_reply(buffer, len, &r, want);
    free(buffer);
}

static void run(const uint8_t *data, size_t size)
{
    static struct query q;
    static uint8_t packet[PACKET_MAX];
    struct reader in = reader_init(data, size);
    uint8_t knobs = reader_u8(&in), filler = reader_u8(&in);
    size_t len = build(packet, knobs, &in);
    uint8_t *exact = malloc(len);
    if (!exact)
        return;
    memcpy(exact, packet, len);
    struct edns_read want;
    edns_read_query(exact + OPT_OFFSET, len - OPT_OFFSET, &want);
    enum query_verdict verdict = query_parse(exact, len, &q);
    FUZZ_PROMISE((want.verdicts >> verdict & 1) != 0, "the verdict is that of the RFCs");
    if (verdict == QUERY_OK && want.is_certain) {
        check_query(&q, &want);
        respond(&q, knobs, filler, &want);
    }
    free(exact);
}

const struct fuzz_harness fuzz_harness = {.limit_us = 5000, .run = run};
