/* geo_audit.h - does a trie say of every address what the map it was made from says?
 *
 * The trie is read entry by entry, not by looking addresses up, so that no entry hides behind a
 * neighbour. Beside it goes the map, network by network:
 *
 *     trie     |        class 3        | class 0 |   class 3   |     one leaf each
 *     map      |  DE  |  DE  |   FR    |   US    |  DE  |  FR  |
 *
 * What is found out:
 *   - the leaves tile both address families, without gap or overlap, and each node belongs to
 *     one entry: the length of a leaf is a scope that is true
 *   - every boundary of the trie is one of the map
 *   - no leaf is wider than a range of ip_embedding_ranges around it, because addresses there
 *     are looked up elsewhere
 * and which locations got which class, for whoever knows what that class means.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "rhumb/err.h"
#include "rhumb/geo_map.h"
#include "rhumb/geo_trie.h"
#include "rhumb/ip.h"

struct geo_audit {
    size_t leaves;            /* of the trie, both families */
    size_t networks;          /* of the map */
    const char *fault;        /* what is wrong with the trie; NULL: nothing */
    struct ip_prefix network; /* where */
};

/* network, of the map, has this location, and the trie gives it this class. */
typedef void (*geo_audit_on_pair)(void *ctx, const struct ip_prefix *network, uint32_t location,
                                  uint32_t class);

/* geo_audit_trie - on_pair is called at least once for each location and class that occur
 * together, with a network where they do.
 *
 * returns  ERR_OK; ERR_CORRUPT (out_audit->fault; on_pair was called as far as the walk came);
 *          ERR_NO_MEMORY
 */
WARN_UNUSED enum err geo_audit_trie(const struct geo_map *map, const struct geo_trie *trie,
                                    geo_audit_on_pair on_pair, void *ctx,
                                    struct geo_audit *out_audit);
