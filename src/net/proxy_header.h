/* proxy_header.h - whom a trusted proxy speaks for: the PROXY protocol, version 2.
 *
 *   | signature (12) | version, command | family, transport | length (2) | addresses | TLVs ... |
 *   |<------------------------ 16 --------------------------------->|<-- length bytes -------->|
 *
 * In front of a datagram's payload, or once at the beginning of a stream, before TLS. Version 1
 * is text, and has no UDP: dnsdist and HAProxy speak both, version 2 is what is believed here.
 *
 * Pure: no socket, no allocation. Whom to believe is the caller's affair.
 *
 * source   "The PROXY protocol", section 2.2, by W. Tarreau
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "rhumb/ip.h"

enum { PROXY_FIXED_BYTES = 16 };

enum proxy_step {
    PROXY_DONE, /* *out_header is filled */
    PROXY_MORE, /* good so far; out_header->bytes is how many it takes to tell more: more than
                   there are, and never more than belong to the header */
    PROXY_BAD,  /* no header, or a wrong one; more bytes do not mend it */
};

struct proxy_header {
    size_t bytes;    /* of the header; what the client sent begins behind them */
    bool has_client; /* false: the proxy speaks for itself, or for no internet address */
    struct ip_addr client;
};

/* proxy_header_parse - bytes[0..count-1] is what has come, from the beginning. The addresses are
 * those of the client; transport and ports are checked to be there, and not used. Of LOCAL and
 * UNSPEC nothing is looked at but the length; a Unix socket has no address that means anything
 * here. TLVs are skipped, but must fit. */
enum proxy_step proxy_header_parse(const uint8_t *bytes, size_t count,
                                   struct proxy_header *out_header);

/* proxy_trusts - is peer in one of the networks? */
bool proxy_trusts(const struct ip_prefix *networks, size_t count, const struct ip_addr *peer);
