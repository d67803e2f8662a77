/* policy_pick.h - one region of a group of equals. Private to policy/. Pure but for the rng.
 *
 * members: bits of the candidates in service->regions, never 0.
 * scales: by region, percent of its weight that counts, 1..100; NULL: all of it, for everybody.
 */
#pragma once

#include <stdint.h>

#include "rhumb/policy.h"
#include "rhumb/rng.h"

#include "policy_lots.h"

uint8_t policy_pick_random(const struct policy_service *service, uint64_t members,
                           const uint8_t *scales, struct rng *rng);

uint8_t policy_pick_sticky(const struct policy_service *service, uint64_t members,
                           const uint8_t *scales, uint64_t client_hash);

uint8_t policy_pick_by_lots(const struct policy_service *service, uint64_t members,
                            const uint8_t *scales, struct policy_lots *lots);
