/* policy_locate.h - from a client's network to its class, and the width of the truth. Private
 * to policy/. */
#pragma once

#include <stdint.h>

#include "rhumb/geo_trie.h"
#include "rhumb/policy.h"

/* policy_locate - the class of a client; trie NULL: class 0 for everybody, scope 0.
 *
 * An ECS network counts with at most 24 or 56 bits, so every client inside the scope returned
 * gets the same class whatever was sent: that is what makes a scope of at most /24 and /56
 * honest. The transition ranges are looked up by the IPv4 address inside; a prefix too short to
 * hold it is told that a longer one would matter.
 *
 * source   RFC 7871 sections 7.2.1 and 11.1
 */
uint32_t policy_locate(const struct geo_trie *trie, const struct policy_client *client,
                       uint8_t *out_scope);

/* policy_effective_network - the network that is looked up: inner and cut; out_offset bits
 * stand before it. */
struct ip_prefix policy_effective_network(const struct policy_client *client,
                                          unsigned *out_offset);
