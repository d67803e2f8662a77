/* dns_query.h - a query as it came from the network, taken apart.
 *
 * Pure, without allocation, in time proportional to the packet. Counts in the header are judged
 * before anything is parsed by them; the question name may not be compressed; nothing in the
 * packet can make it read outside of it.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "rhumb/dns_name.h"
#include "rhumb/dns_type.h"
#include "rhumb/ip.h"

enum {
    DNS_HEADER_BYTES = 12,
    DNS_UDP_PLAIN_BYTES = 512, /* without EDNS, RFC 1035 section 4.2.1 */
    DNS_MESSAGE_MAX = 65535,
};

/* Header bits of the third and fourth byte, as one 16-bit number. */
enum dns_header_flags {
    DNS_FLAG_QR = 0x8000,
    DNS_FLAG_AA = 0x0400,
    DNS_FLAG_TC = 0x0200,
    DNS_FLAG_RD = 0x0100,
    DNS_FLAG_CD = 0x0010,
};

enum query_verdict {
    QUERY_OK,
    QUERY_DROP,    /* no answer at all: shorter than a header, or itself a response */
    QUERY_FORMERR, /* has_question says whether the question may be echoed; no options */
    QUERY_NOTIMP,  /* an opcode other than QUERY: its body is not looked at */
    QUERY_BADVERS, /* RFC 6891 section 6.1.3 */
    QUERY_BADKEY,  /* signed by TSIG with a key nobody has: RFC 8945 section 5.2.1 */
};

struct query {
    uint16_t id;
    uint16_t flags; /* as sent */
    unsigned opcode;
    bool has_question; /* false also for the query with a cookie alone, RFC 7873 section 5.4 */
    const uint8_t *question; /* name, type and class as sent; borrowed from the packet */
    size_t question_bytes;
    uint8_t name[DNS_NAME_MAX]; /* lower */
    size_t name_bytes;
    uint16_t qtype, qclass;

    bool has_edns; /* all below is zero without */
    bool dnssec_ok;
    bool wants_nsid; /* RFC 5001 */
    bool has_ecs;    /* RFC 7871 */
    uint16_t udp_size_bytes;
    struct ip_prefix ecs;   /* the client's network; len 0: "do not use my address" */
    uint16_t ecs_family;    /* as sent: 1, 2, or 0 with len 0 */
    bool wants_zoneversion; /* RFC 9660 */
    bool wants_keepalive;   /* RFC 7828 */
    bool wants_padding;     /* RFC 7830 */
    uint8_t cookie_bytes;  /* RFC 7873: 0 none, 8 the client's, 16..40 with a server's behind */
    const uint8_t *cookie; /* borrowed from the packet */

    /* TSIG at the end, whatever the rest: key name and algorithm as sent, then the fixed part. */
    struct query_tsig {
        const uint8_t *key, *algorithm; /* NULL: none; uncompressed, borrowed from the packet */
        uint16_t key_bytes, algorithm_bytes;
        const uint8_t *times; /* time signed (6 bytes) and fudge (2), as sent */
        uint16_t original_id;
    } tsig;
};

/* query_parse - take a packet apart.
 *
 * shape    packet: 0..65535 bytes; borrowed by *out_query
 * returns  a verdict; *out_query is filled as far as the packet went (id, flags and opcode
 *          always, but for QUERY_DROP)
 * source   RFC 1035 section 4.1; RFC 6891 section 6.1; RFC 7871 sections 6 and 7.1; RFC 7873
 *          sections 5.2 and 5.4; RFC 8945 section 5.1; RFC 9619
 */
enum query_verdict query_parse(const uint8_t *packet, size_t len, struct query *out_query);
