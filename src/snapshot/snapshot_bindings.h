/* snapshot_bindings.h - from the `names:` of a zone to steered owners of its tree. Private to
 * snapshot/. */
#pragma once

#include "rhumb/snapshot.h"

/* What all zones of one configuration share while their names are bound. */
struct snapshot_binder {
    const struct config *config;
    struct arena *arena;
    struct diag_list *diags;
    struct snapshot *snapshot; /* its bindings have room for all zones */
    const bool *may_alias;     /* by service: can the answer be a CNAME? */
};

/* snapshot_binder_init - everything is borrowed; makes room for all bindings.
 * returns  ERR_OK, ERR_NO_MEMORY */
WARN_UNUSED enum err snapshot_binder_init(struct snapshot_binder *binder,
                                          const struct config *config, struct arena *arena,
                                          struct diag_list *diags, struct snapshot *snapshot);

/* snapshot_bind_zone - the steered owners of one zone, in the arena; `{region}` makes one a
 * region. Their bindings are appended to the snapshot's. Malformed names go into diags.
 * returns  ERR_OK, ERR_NO_MEMORY; errors in diags do not stop it */
WARN_UNUSED enum err snapshot_bind_zone(const struct snapshot_binder *binder,
                                        const struct config_zone *zone,
                                        struct zone_steered **out_steered, size_t *out_count);
