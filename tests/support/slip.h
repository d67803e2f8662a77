/* slip - spoil a compiled table, so that a test can see the audits find it. No configuration can
 * do that: this is linked into tests alone.
 *
 *     slip_region(&set.services[2], &addr, 0)     one leaf's clients may get region 0, too
 */
#pragma once

#include <stdbool.h>

#include "rhumb/policy.h"

/* slip_leaf - the leaf around addr gets this class. The service has a trie. */
void slip_leaf(const struct policy_service *service, const struct ip_addr *addr,
               uint32_t class);

/* slip_class - a new class like the one of addr, with a region more behind the others; returns its
 * number. allow: also as one that residency permits, so that the class looks right by itself.
 * One service at a time: the memory is static. */
uint32_t slip_class(const struct policy_service *service, const struct ip_addr *addr,
                    uint8_t region, bool allow);

/* slip_region - one region into one leaf: both of the above. Without a trie everybody gets it. */
void slip_region(const struct policy_service *service, const struct ip_addr *addr,
                 uint8_t region);
