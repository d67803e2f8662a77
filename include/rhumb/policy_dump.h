/* policy_dump.h - everything that compiled policies know, as a run of bytes: for a digest that says
 * whether two servers steer by the same table.
 *
 * It says what is answered, not how it lies in memory: names, endpoints, weights, TTLs, every order
 * of regions, and for each service the leaves of its trie in address order. Numbers are little-endian,
 * texts have their length before them. The same files make the same bytes on every machine.
 */
#pragma once

#include <stddef.h>

#include "rhumb/policy.h"

typedef void (*policy_on_bytes)(void *ctx, const void *bytes, size_t len);

/* policy_dump - on_bytes is called as often as it takes. */
void policy_dump(const struct policy_set *set, policy_on_bytes on_bytes, void *ctx);
