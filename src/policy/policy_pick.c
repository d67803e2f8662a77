#include "policy_pick.h"

#include <math.h>

#include "rhumb/hash.h"

static uint32_t weight_of(const struct policy_service *service, uint8_t region,
                          const uint8_t *scales)
{
    return service->regions[region].weight * (scales ? scales[region] : 1);
}

uint8_t policy_pick_random(const struct policy_service *service, uint64_t members,
                           const uint8_t *scales, struct rng *rng)
{
    if ((members & (members - 1)) == 0) /* chance is not asked */
        return (uint8_t)__builtin_ctzll(members);
    uint32_t sum = 0;
    for (uint64_t m = members; m != 0; m &= m - 1)
        sum += weight_of(service, (uint8_t)__builtin_ctzll(m), scales);
    uint32_t at = rng_below(rng, sum);
    for (uint64_t m = members;; m &= m - 1) {
        uint8_t region = (uint8_t)__builtin_ctzll(m);
        uint32_t weight = weight_of(service, region, scales);
        if (at < weight || (m & (m - 1)) == 0)
            return region;
        at -= weight;
    }
}

/* Weighted rendezvous hashing (Schindelhauer and Schomaker 2005): the region with
 * the highest -weight / ln(h), h the hash of client and region in (0, 1). The loss of a region
 * moves only its clients. */
uint8_t policy_pick_sticky(const struct policy_service *service, uint64_t members,
                           const uint8_t *scales, uint64_t client_hash)
{
    uint8_t best = (uint8_t)__builtin_ctzll(members);
    double best_score = -1;
    if ((members & (members - 1)) == 0)
        return best;
    for (uint64_t m = members; m != 0; m &= m - 1) {
        uint8_t i = (uint8_t)__builtin_ctzll(m);
        const struct policy_region *region = &service->regions[i];
        uint64_t h = hash_mix(client_hash ^ region->name_hash);
        double unit = ((double)(h >> 12) + 0.5) * 0x1p-52; /* exact, so below 1 */
        double score = -(double)weight_of(service, i, scales) / log(unit);
        if (score > best_score) {
            best_score = score;
            best = i;
        }
    }
    return best;
}

uint8_t policy_pick_by_lots(const struct policy_service *service, uint64_t members,
                            const uint8_t *scales, struct policy_lots *lots)
{
    uint32_t weights[CONFIG_REGIONS_MAX];
    uint8_t regions[CONFIG_REGIONS_MAX];
    unsigned count = 0;
    for (uint64_t m = members; m != 0; m &= m - 1) {
        regions[count] = (uint8_t)__builtin_ctzll(m);
        weights[count] = weight_of(service, regions[count], scales);
        count++;
    }
    return regions[policy_lots_draw(lots, weights, count)];
}
