/* snapshot_bindings.h - from the `names:` of a zone to steered owners of its tree. Private to
 * snapshot/. */
#pragma once

#include "rhumb/snapshot.h"

/* snapshot_bindings_count - how many owners the names of all zones make (`{region}` makes one a
 * region). */
size_t snapshot_bindings_count(const struct config *config);

/* snapshot_bind_zone - the steered owners of one zone. Their bindings are appended to
 * snapshot->bindings, which has room for snapshot_bindings_count(). Malformed names go into
 * diags. returns  ERR_OK, ERR_NO_MEMORY; errors in diags do not stop it */
WARN_UNUSED enum err snapshot_bind_zone(const struct config *config,
                                        const struct config_zone *zone, struct arena *arena,
                                        struct diag_list *diags, struct snapshot *snapshot,
                                        struct zone_steered **out_steered, size_t *out_count);
