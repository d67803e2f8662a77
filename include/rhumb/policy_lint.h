/* policy_lint.h - what of the policies can never matter, given the clients there are.
 *
 * For `rhumb check`: each finding is a warning with its place and a remedy. Every rule is right by
 * itself; with these databases and networks it is most likely not what was meant:
 *
 *   - a `residency:` rule under which no client falls
 *   - a `serves:` item of a service with policy geo that no client matches
 *   - a region that is nobody's first choice, where the order depends on the client
 *
 * A client is any address of the merged geography but those that hold an IPv4 address: they are
 * looked up by that. Pure.
 */
#pragma once

#include "rhumb/diag.h"
#include "rhumb/err.h"
#include "rhumb/policy.h"

/* policy_lint - map: the one the set was compiled from. ERR_OK, ERR_NO_MEMORY. */
WARN_UNUSED enum err policy_lint(const struct config *config, const struct geo_map *map,
                                 const struct policy_set *set, struct diag_list *diags);
