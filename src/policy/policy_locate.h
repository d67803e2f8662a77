/* policy_locate.h - from a client's network to its class, and the width of the truth. Private
 * to policy/.
 *
 * Bits that the client did not tell count as zeros, so a short prefix is answered as its first
 * address and the scope says how many bits would matter. An ECS network counts with at most 24
 * or 56 bits: everybody inside gets the same class whatever length was sent, which is what
 * makes a scope of at most /24 and /56 honest. A service with residency rules keeps every bit,
 * because a rule may end inside a /24: there the scope may be longer.
 *
 * source   RFC 7871 sections 7.2.1 and 11.1
 */
#pragma once

#include <stdint.h>

#include "rhumb/policy.h"

/* Where a client is: itself, or the IPv4 address inside a transition one. */
struct policy_origin {
    struct ip_addr addr; /* all its bits count: none is left out but only unknown */
    uint8_t len;         /* how many were told */
    uint8_t offset;      /* bits of the client's own form before them */
};

struct policy_origin policy_origin_of(const struct policy_client *client);

/* policy_bits_apart - least, or as many bits of an origin's address as keep a transition range
 * out: those of two ranges of 96 bits begin as others of 56 do, and are looked up elsewhere. */
unsigned policy_bits_apart(const struct ip_addr *addr, unsigned least);

/* policy_ecs_addr - of an ECS network, the bits that count. */
struct ip_addr policy_ecs_addr(const struct ip_addr *addr);

/* policy_lookup_addr - the address under which a service looks the client up. */
struct ip_addr policy_lookup_addr(const struct policy_service *service,
                                  const struct policy_client *client,
                                  const struct policy_origin *origin);

/* policy_locate - the class of a client. Class 0, which is that of an address nobody knows,
 * with scope 0 when the order does not depend on the client or the client is unknown. */
uint32_t policy_locate(const struct policy_service *service, const struct policy_client *client,
                       uint8_t *out_scope);
