/* policy_class.h - how one class lies in policy_service.classes; read it by policy_class_get().
 * Private to policy/.
 *
 *     | allowed 8 | residency 2 | count 1 | regions n | group_end n | padding |
 *
 * n regions of the service; in the order of the host, since it never leaves the process.
 */
#pragma once

#include "rhumb/config.h"

enum { CLASS_RESIDENCY = 8, CLASS_COUNT = 10, CLASS_REGIONS = 11 };

enum { CLASS_STRIDE_MAX = CLASS_REGIONS + 2 * CONFIG_REGIONS_MAX + 8 };
