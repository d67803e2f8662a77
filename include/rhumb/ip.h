/* ip.h - addresses and prefixes, IPv4 and IPv6 alike.
 *
 * bytes are in network order; an IPv4 address uses the first four, the rest is zero.
 */
#pragma once

#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "rhumb/err.h"

enum ip_family { IP_NONE = 0, IP_V4 = 4, IP_V6 = 6 };

struct ip_addr {
    uint8_t family; /* enum ip_family */
    uint8_t bytes[16];
};

struct ip_prefix {
    struct ip_addr addr; /* bits beyond len are zero */
    uint8_t len;         /* 0..32 or 0..128 */
};

enum { IP_TEXT_MAX = 64 }; /* room for any address or prefix as text, with its zero byte */

/* ip_bits - 32 or 128; 0 for IP_NONE. */
unsigned ip_bits(enum ip_family family);

/* ip_parse - "192.0.2.1" or "2001:db8::1"; false when it is neither. */
bool ip_parse(const char *text, struct ip_addr *out_addr);

/* ip_prefix_parse - "192.0.2.0/24", or an address alone (the whole length). False when
 * malformed or when bits are set beyond the length. */
bool ip_prefix_parse(const char *text, struct ip_prefix *out_prefix);

/* ip_format, ip_prefix_format - text into buffer (RFC 5952 form); return buffer. */
const char *ip_format(const struct ip_addr *addr, char buffer[IP_TEXT_MAX]);
const char *ip_prefix_format(const struct ip_prefix *prefix, char buffer[IP_TEXT_MAX]);

bool ip_equal(const struct ip_addr *a, const struct ip_addr *b);

/* ip_masked - addr with every bit beyond len cleared. */
struct ip_addr ip_masked(const struct ip_addr *addr, unsigned len);

/* ip_prefix_contains - does prefix hold addr? Never across families. */
bool ip_prefix_contains(const struct ip_prefix *prefix, const struct ip_addr *addr);

/* ip_embedded - the IPv4 address inside a transition address.
 *
 * Knows v4-mapped ::ffff:0:0/96, NAT64 64:ff9b::/96, 6to4 2002::/16 and Teredo 2001::/32 (whose
 * client address is stored inverted, RFC 4380 section 4). prefix->len says how many bits are
 * known: the result has the length of the part that lies inside the IPv4 address.
 *
 * returns  true and *out_inner, *out_offset (bits before the IPv4 address, 0 for none): then
 *          an IPv4 prefix length n corresponds to offset + n of the outer address
 *          false when prefix is IPv4, an ordinary IPv6 one, or too short to hold any bit of it
 */
bool ip_embedded(const struct ip_prefix *prefix, struct ip_prefix *out_inner,
                 unsigned *out_offset);

/* ip_embedding_ranges - the four prefixes above, for whoever must not join networks across
 * them. */
enum { IP_EMBEDDING_RANGE_COUNT = 4 };
extern const struct ip_prefix ip_embedding_ranges[IP_EMBEDDING_RANGE_COUNT];

/* ip_from_sockaddr - address and port of a socket address; a v4-mapped one becomes IPv4. False
 * for other families. */
bool ip_from_sockaddr(const struct sockaddr *address, struct ip_addr *out_addr,
                      uint16_t *out_port);

/* ip_to_sockaddr - fills *out_storage; returns the length for bind() and connect(). */
socklen_t ip_to_sockaddr(const struct ip_addr *addr, uint16_t port,
                         struct sockaddr_storage *out_storage);
