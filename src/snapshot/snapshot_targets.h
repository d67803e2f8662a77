/* snapshot_targets.h - which places there are in the answers, and which (check, endpoint) pairs
 * are probed for them, each once. Private to snapshot/. */
#pragma once

#include "rhumb/snapshot.h"

/* snapshot_targets_build - number the seats and the targets of all services; fills
 * snapshot->seats, service_seats and targets.
 * returns  ERR_OK, ERR_NO_MEMORY, ERR_LIMIT (2^32 seats) */
WARN_UNUSED enum err snapshot_targets_build(const struct config *config, struct arena *arena,
                                            struct snapshot *snapshot);

/* snapshot_target_find - the target that probes addr with this check; SNAPSHOT_NO_TARGET:
 * none. */
uint32_t snapshot_target_find(const struct snapshot *snapshot, uint16_t check,
                              const struct ip_addr *addr);
