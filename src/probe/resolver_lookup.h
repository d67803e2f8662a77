/* resolver_lookup.h - one look-up of a host name in the DNS, A and AAAA. It waits for the network:
 * for a thread of libuv's pool. Not getaddrinfo(): one exchange gives addresses and their TTL, and
 * neither /etc/hosts nor search lists, which the clients of a CNAME do not see, can slip in. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "rhumb/dns_name.h"
#include "rhumb/ip.h"
#include "rhumb/probe_resolver.h"

/* What is known about one family of a name. */
struct lookup_family {
    bool failed;  /* nothing is known; the name may well have such addresses */
    size_t count; /* 0: it has none */
    struct ip_addr addrs[RESOLVER_ADDRESSES_MAX]; /* sorted, no two alike */
};

struct lookup {
    struct lookup_family families[2]; /* IPv4, IPv6 */
    uint32_t ttl_s;                   /* the smallest; UINT32_MAX: not told */
    const char *reason;               /* static text, when a family failed */
};

/* lookup_host - name: wire form. */
void lookup_host(const uint8_t name[DNS_NAME_MAX], struct lookup *out);

/* lookup_merge - what is known now: a family that failed stays as it was before. Returns how
 * many addresses went into out. */
size_t lookup_merge(struct lookup_family known[2], const struct lookup *lookup,
                    struct ip_addr out[RESOLVER_ADDRESSES_MAX]);
