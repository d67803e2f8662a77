/* snapshot_lint.h - what a snapshot allows and its operator most likely did not mean: warnings for
 * `rhumb check`, each with place and remedy.
 *
 * config_lint.h and policy_lint.h say which; here are those that need zones and databases:
 *
 *   - a database that was built more than geo.max_age_days ago
 *   - an NS, MX or SRV record that points into another zone served here, at a name without an
 *     address (those that stay in their zone are judged when it is loaded)
 *
 * Pure: what time it is is an argument.
 */
#pragma once

#include <stdint.h>

#include "rhumb/diag.h"
#include "rhumb/err.h"
#include "rhumb/snapshot.h"

/* snapshot_lint - the snapshot has kept its map; now_s: since 1970. ERR_OK, ERR_NO_MEMORY. */
WARN_UNUSED enum err snapshot_lint(const struct snapshot *snapshot, uint64_t now_s,
                                   struct diag_list *diags);
