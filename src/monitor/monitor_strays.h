/* monitor_strays.h - overrides that speak of nothing: no endpoint of the configuration is meant.
 * Mostly a name that is spelt wrongly, or was changed; what is meant is in force nowhere.
 */
#pragma once

#include <stdbool.h>

#include "rhumb/overrides.h"
#include "rhumb/snapshot.h"

struct monitor_strays {
    uint64_t *told; /* owned; hashes, ascending: those that are known already */
    size_t told_count;
    uint64_t loads; /* overrides_loads() then */
};

/* monitor_strays_tell - a warning in the log for each, the first twenty of them: for all when the
 * configuration was loaded or the file of overrides was, else for those that are new. */
void monitor_strays_tell(struct monitor_strays *strays, const struct snapshot *snapshot,
                         const struct overrides *overrides, bool is_reload);

void monitor_strays_deinit(struct monitor_strays *strays);
