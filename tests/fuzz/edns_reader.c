#include "edns_reader.h"

#include "rhumb/dns_query.h"

enum { OPT_FIXED_BYTES = 11, UDP_SIZE_MIN = 512 };

enum { NSID = 3, ECS = 8, COOKIE = 10, KEEPALIVE = 11, EDE = 15, ZONEVERSION = 19 };

static unsigned u16_at(const uint8_t *at)
{
    return (unsigned)at[0] << 8 | at[1];
}

/* ecs_is_sound - RFC 7871 sections 6 and 7.1.1, for a query. */
static bool ecs_is_sound(const uint8_t *data, unsigned len)
{
    if (len < 4 || data[3] != 0)
        return false;
    unsigned family = u16_at(data), bits = data[2];
    unsigned most = family == 1 ? 32 : family == 2 ? 128 : 0;
    if (family > 2 || bits > most || len - 4 != bits / 8 + (bits % 8 > 0))
        return false;
    return bits % 8 == 0 || (data[len - 1] & 0xff >> bits % 8) == 0;
}

/* is_odd - RFC 7873 section 5.2.2, RFC 7828 section 3.2.1, RFC 9660 section 3: a length that
 * makes the query malformed for a server that knows the option, and for no other. */
static bool is_odd(unsigned code, unsigned len)
{
    if (code == COOKIE)
        return len != 8 && (len < 16 || len > 40);
    return (code == KEEPALIVE || code == ZONEVERSION) && len > 0;
}

void edns_read(const uint8_t *options, size_t len, struct edns_read *out_read)
{
    struct edns_read read = {.verdicts = 1u << QUERY_OK, .is_certain = true};
    bool is_formerr = false;
    for (size_t at = 0; at < len;) {
        if (len - at < 4 || len - at - 4 < u16_at(options + at + 2)) {
            is_formerr = true;
            break;
        }
        unsigned code = u16_at(options + at), bytes = u16_at(options + at + 2);
        const uint8_t *data = options + at + 4;
        at += 4 + bytes;
        if (is_odd(code, bytes))
            read.is_certain = false;
        if (code == NSID) {
            read.wants_nsid = true;
            read.nsid_bytes = bytes;
        }
        read.ede_count += code == EDE;
        if (code != ECS || read.ecs_any)
            continue;
        read.ecs_any = data;
        read.ecs_bytes = (uint16_t)bytes;
        if (ecs_is_sound(data, bytes))
            read.ecs = data;
        else
            is_formerr = true;
    }
    if (is_formerr)
        read.verdicts = 1u << QUERY_FORMERR;
    else if (!read.is_certain)
        read.verdicts |= 1u << QUERY_FORMERR;
    *out_read = read;
}

void edns_read_query(const uint8_t *opt, size_t len, struct edns_read *out_read)
{
    size_t said = u16_at(opt + OPT_FIXED_BYTES - 2), there = len - OPT_FIXED_BYTES;
    edns_read(opt + OPT_FIXED_BYTES, said < there ? said : there, out_read);
    if (said != there) /* it leaves the packet, or bytes are left over */
        out_read->verdicts = 1u << QUERY_FORMERR;
    if (opt[6] != 0) /* the version is judged before what only that version can tell */
        out_read->verdicts = said <= there ? 1u << QUERY_BADVERS : 1u << QUERY_FORMERR;
    if (said < there) /* who reads on to the end finds that too */
        out_read->verdicts |= 1u << QUERY_FORMERR;
    out_read->udp_size = (uint16_t)u16_at(opt + 3);
    if (out_read->udp_size < UDP_SIZE_MIN)
        out_read->udp_size = UDP_SIZE_MIN;
    out_read->dnssec_ok = (opt[7] & 0x80) != 0;
}
