/* snapshot_targets.h - which (check, address) pairs are probed, each once. Private to
 * snapshot/. */
#pragma once

#include "rhumb/snapshot.h"

/* snapshot_targets_build - number the targets of all services; fills snapshot->targets.
 * returns  ERR_OK, ERR_NO_MEMORY */
WARN_UNUSED enum err snapshot_targets_build(const struct config *config, struct arena *arena,
                                            struct snapshot *snapshot);

/* snapshot_target_find - a policy_target_of; ctx is the snapshot. */
uint32_t snapshot_target_find(void *ctx, uint16_t check, const struct ip_addr *addr);
