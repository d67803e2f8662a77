/* policy_fill.h - what of a chosen region stands in the answer: its addresses, or one of its
 * names. Private to policy/.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "policy_selection.h"

/* policy_fill - the region's answer at this level; not for one that stands for a service.
 * all: as if everything were up. A region that looked usable may not be after all: endpoints go
 * down between two reads. Without CHOSEN the answer is as it was. */
enum policy_result policy_fill(struct policy_selection *s, const struct policy_service *service,
                               uint8_t index, uint8_t group, bool all);

/* policy_age - at the end: take what has passed since the oldest proof off the TTL. */
void policy_age(struct policy_selection *s);
