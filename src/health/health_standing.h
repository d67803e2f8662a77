/* health_standing.h - how many endpoints of a region are well, by family. Private to health/.
 *
 * An address counts for its family, an alias for both, a nested service for those that it has
 * addresses of. Sets of families are bits: HEALTH_V4 | HEALTH_V6.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "rhumb/health_guard.h"

struct health_standing {
    uint32_t total[HEALTH_FAMILIES], up[HEALTH_FAMILIES];
};

/* health_standing_add - one endpoint more, for families; of them it is well for those of up. */
void health_standing_add(struct health_standing *standing, unsigned families, unsigned up);

/* health_standing_move - an endpoint for these families gets well, or is no longer. */
void health_standing_move(struct health_standing *standing, unsigned families, bool up);

/* health_standing_enough - the families for which the region is usable: the rule of
 * policy_select(). */
unsigned health_standing_enough(const struct health_standing *standing,
                                uint16_t min_up_permille);

/* health_standing_breaks_floor - of these regions, one would lose families: would one of those,
 * or the service, be left with less regions than it must keep?
 *
 *   service   min_usable regions that are usable for either family
 *   family    as many regions may be missing as the service may miss, but never the last one:
 *             min_usable less the regions that have nothing of the family, and at least 1
 */
bool health_standing_breaks_floor(const struct health_standing *regions, size_t count,
                                  uint16_t min_up_permille, uint16_t min_usable, size_t index,
                                  unsigned families);
