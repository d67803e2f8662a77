/* policy_country.h - which country each network is in, for counters and logs. Private to policy/.
 *
 * A trie of its own: classes of services join networks of several countries, and must, since
 * their length is the ECS scope.
 */
#pragma once

#include "rhumb/policy.h"

/* policy_countries_compile - set->countries, in arena.
 * returns  ERR_OK, ERR_NO_MEMORY, ERR_LIMIT */
WARN_UNUSED enum err policy_countries_compile(const struct geo_map *map, struct arena *arena,
                                              struct policy_set *set);
