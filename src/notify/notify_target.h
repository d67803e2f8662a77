/* notify_target.h - a receiver as the configuration describes it, in a copy of its own: the
 * snapshot it came from may go. */
#pragma once

#include <stdbool.h>

#include "rhumb/config.h"

/* notify_target_copy - everything lives in arena. False when out of memory. */
WARN_UNUSED bool notify_target_copy(struct arena *arena, const struct config_receiver *receiver,
                                    struct config_receiver *out_copy);

/* notify_target_equal - the same in every respect, wherever it stands in the file. */
bool notify_target_equal(const struct config_receiver *a, const struct config_receiver *b);
