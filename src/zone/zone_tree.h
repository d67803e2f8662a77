/* zone_tree.h - a checked draft to the immutable zone of rhumb/zone.h.
 *
 * Everything is copied into the arena in canonical order, each kind in one block, so that the
 * neighbours of a walk are neighbours in memory:
 *
 *     nodes    | apex | a | b.a | c.b.a | d ...|
 *     names    |7example3com0 1a7example3com0 ...|
 *     rrsets   |SOA NS A|TXT|A AAAA| ...             of apex, a, b.a ...
 *     rdata    |len bytes len bytes ...|
 */
#pragma once

#include "rhumb/arena.h"
#include "rhumb/err.h"
#include "rhumb/zone.h"

#include "zone_draft.h"

/* zone_tree_build - the draft has a SOA and NS at its apex, is sorted and linked.
 *
 * returns  ERR_OK; ERR_NO_MEMORY, *out_zone untouched
 */
WARN_UNUSED enum err zone_tree_build(const struct zone_draft *draft, struct arena *arena,
                                     struct zone **out_zone);
