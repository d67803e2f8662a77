/* zone_limits.h - how much of anything one zone may have: see struct zone_limits. */
#pragma once

#include "rhumb/diag.h"
#include "rhumb/zone.h"

/* zone_limits_fill - the limits with a default for each that is 0; NULL: all defaults. */
struct zone_limits zone_limits_fill(const struct zone_limits *limits);

/* zone_limits_remedy - end the last diagnostic with the key that raises the limit. */
void zone_limits_remedy(struct diag_list *diags, const char *key);
