/* config_merge.h - the entries of one mapping: no key twice, `<<` filled in. */
#pragma once

#include "rhumb/arena.h"
#include "rhumb/diag.h"

#include "config_node.h"

/* The key under which `<<` is handed over, so that a quoted "<<" stays an ordinary key. */
extern const char CONFIG_MERGE_KEY[];

/* config_merge - make the final entries of a mapping from those written.
 *
 * A key written there wins over every merged one; of several merged mappings the first that has
 * the key wins. A key written twice is an error, and the first one counts.
 *
 * owns     node->entries and node->count are set, in arena; scratch is for the call
 * returns  ERR_OK (diags may have got errors) or ERR_NO_MEMORY
 */
WARN_UNUSED enum err config_merge(const struct config_node_entry *written, uint32_t count,
                                  struct arena *arena, struct arena *scratch,
                                  struct diag_list *diags, struct config_node *node);
