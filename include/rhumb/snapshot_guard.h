/* snapshot_guard.h - what a compiled configuration tells a health guard: the rules of a service,
 * and who its seats are. For whoever runs guards: the monitor, and simulations. Pure. */
#pragma once

#include <stdint.h>

#include "rhumb/health_guard.h"
#include "rhumb/snapshot.h"

struct health_rules snapshot_guard_rules(const struct config_service *service);

/* snapshot_guard_seat - before anything is known of it: a checked one is UNKNOWN, and usable. */
struct health_seat snapshot_guard_seat(const struct snapshot *snapshot, uint32_t index);
