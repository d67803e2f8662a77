/* OPT is the last record of a response (but for TSIG), and padding its last option, for it fills up
 * what the others leave of a block. */
#include "dns_edns.h"

#include <string.h>

#include "rhumb/dns_cookie.h"
#include "rhumb/require.h"

enum {
    OPT_BYTES = 11, /* without options */
    OPTION_HEADER_BYTES = 4,
    ECS_FIXED_BYTES = 4,
    ZONEVERSION_BYTES = 6,
    ZONEVERSION_SOA_SERIAL = 0, /* the only type there is */
    KEEPALIVE_BYTES = 2,
};

static size_t ecs_bytes(const struct query *q)
{
    return ECS_FIXED_BYTES + (q->ecs.len + 7u) / 8;
}

static size_t option_bytes(bool is_sent, size_t data_bytes)
{
    return is_sent ? OPTION_HEADER_BYTES + data_bytes : 0;
}

size_t edns_reserve_bytes(const struct query *q)
{
    return OPT_BYTES + option_bytes(q->has_ecs, ecs_bytes(q)) +
           option_bytes(q->wants_nsid, RESPONSE_NSID_MAX) +
           option_bytes(q->cookie_bytes > 0, DNS_COOKIE_BYTES) +
           option_bytes(q->wants_zoneversion, ZONEVERSION_BYTES) +
           option_bytes(q->wants_keepalive, KEEPALIVE_BYTES);
}

/* put_option - the head; the caller writes data_bytes behind it. */
static void put_option(struct writer *w, uint16_t code, size_t data_bytes)
{
    writer_u16(w, code);
    writer_u16(w, (uint16_t)data_bytes);
}

static void put_ecs(struct writer *w, const struct query *q, uint8_t scope)
{
    put_option(w, DNS_OPTION_ECS, ecs_bytes(q));
    writer_u16(w, q->ecs_family);
    writer_u8(w, q->ecs.len);
    writer_u8(w, scope);
    writer_bytes(w, q->ecs.addr.bytes, (q->ecs.len + 7u) / 8);
}

static void put_nsid(struct writer *w, const char *nsid)
{
    size_t bytes = strnlen(nsid, RESPONSE_NSID_MAX);
    put_option(w, DNS_OPTION_NSID, bytes);
    writer_bytes(w, nsid, bytes);
}

static void put_zone_version(struct writer *w, const struct response_edns *edns)
{
    put_option(w, DNS_OPTION_ZONEVERSION, ZONEVERSION_BYTES);
    writer_u8(w, edns->zone_labels);
    writer_u8(w, ZONEVERSION_SOA_SERIAL);
    writer_u32(w, edns->zone_serial);
}

/* put_reserved - the options that room was set aside for. */
static void put_reserved(struct writer *w, const struct query *q,
                         const struct response_edns *edns)
{
    if (q->has_ecs)
        put_ecs(w, q, edns->ecs_scope);
    if (q->wants_nsid && edns->nsid)
        put_nsid(w, edns->nsid);
    if (q->cookie_bytes > 0 && edns->cookie) {
        put_option(w, DNS_OPTION_COOKIE, DNS_COOKIE_BYTES);
        writer_bytes(w, edns->cookie, DNS_COOKIE_BYTES);
    }
    if (q->wants_zoneversion && edns->has_zone)
        put_zone_version(w, edns);
    if (q->wants_keepalive && edns->has_keepalive) {
        put_option(w, DNS_OPTION_KEEPALIVE, KEEPALIVE_BYTES);
        writer_u16(w, edns->keepalive_100ms);
    }
}

static void put_ede(struct writer *w, const struct response_edns *edns)
{
    size_t text = edns->ede_text ? strnlen(edns->ede_text, RESPONSE_EDE_TEXT_MAX) : 0;
    if (writer_left(w) < OPTION_HEADER_BYTES + 2 + text)
        text = 0;
    if (writer_left(w) < OPTION_HEADER_BYTES + 2 + text)
        return;
    put_option(w, DNS_OPTION_EDE, 2 + text);
    writer_u16(w, edns->ede_code);
    if (text > 0)
        writer_bytes(w, edns->ede_text, text);
}

static void put_report_agent(struct writer *w, const uint8_t *agent)
{
    size_t bytes = dns_name_len(agent);
    if (writer_left(w) < OPTION_HEADER_BYTES + bytes)
        return;
    put_option(w, DNS_OPTION_REPORT, bytes);
    writer_bytes(w, agent, bytes);
}

/* put_padding - up to the next multiple of a block, or as far as there is room: RFC 8467 section
 * 4.1. */
static void put_padding(struct writer *w, size_t block_bytes)
{
    if (writer_left(w) < OPTION_HEADER_BYTES)
        return;
    size_t over = (writer_len(w) + OPTION_HEADER_BYTES) % block_bytes;
    size_t bytes = over == 0 ? 0 : block_bytes - over;
    size_t room = writer_left(w) - OPTION_HEADER_BYTES;
    if (bytes > room)
        bytes = room;
    put_option(w, DNS_OPTION_PADDING, bytes);
    uint8_t *zeros = writer_reserve(w, bytes);
    if (zeros)
        memset(zeros, 0, bytes);
}

void edns_put(struct response *r)
{
    const struct query *q = r->query;
    const struct response_edns *edns = &r->edns;
    struct writer *w = &r->out;
    uint8_t *opt = writer_reserve(w, OPT_BYTES);
    REQUIRE(opt);
    opt[0] = 0; /* the root */
    store_u16(opt + 1, DNS_TYPE_OPT);
    store_u16(opt + 3, edns->udp_size_bytes);
    store_u16(opt + 5, (uint16_t)(r->rcode >> 4 << 8)); /* version 0 */
    store_u16(opt + 7, q->dnssec_ok ? DNS_OPT_FLAG_DO : 0);
    put_reserved(w, q, edns);
    if (edns->has_ede)
        put_ede(w, edns);
    if (edns->report_agent)
        put_report_agent(w, edns->report_agent);
    if (q->wants_padding && edns->padding_block_bytes > 0)
        put_padding(w, edns->padding_block_bytes);
    store_u16(opt + 9, (uint16_t)(w->pos - opt - OPT_BYTES));
}
