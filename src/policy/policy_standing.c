#include "policy_standing.h"

static bool exists(const struct policy_selection *s, const struct policy_region *region)
{
    unsigned total;
    policy_endpoints_of(region, s->request->family, &total);
    return total > 0 || region->name_count > 0 || region->nested != CONFIG_NONE;
}

uint64_t policy_only_existing(const struct policy_selection *s,
                              const struct policy_service *service, uint64_t members)
{
    uint64_t existing = 0;
    for (uint64_t m = members; m != 0; m &= m - 1)
        if (exists(s, &service->regions[__builtin_ctzll(m)]))
            existing |= m & -m;
    return existing;
}

static bool is_enough(const struct policy_service *service,
                      const struct policy_standing *standing)
{
    return standing->up > 0 &&
           standing->up * 1000 >= service->min_up_permille * standing->total;
}

uint64_t policy_only_usable(const struct policy_selection *s,
                            const struct policy_service *service, uint64_t members,
                            struct policy_shares *shares)
{
    uint64_t usable = 0;
    for (uint64_t m = members; m != 0; m &= m - 1) {
        unsigned region = (unsigned)__builtin_ctzll(m);
        struct policy_standing standing = policy_standing_of(s, &service->regions[region]);
        if (!is_enough(service, &standing))
            continue;
        usable |= m & -m;
        shares->scales[region] = (uint8_t)standing.scale;
        shares->all_full = shares->all_full && standing.scale == HEALTH_SCALE_FULL;
        if (standing.scale > shares->best)
            shares->best = standing.scale;
    }
    return usable;
}

bool policy_is_shed(struct policy_selection *s, unsigned scale, uint64_t salt)
{
    if (scale >= HEALTH_SCALE_FULL)
        return false;
    if (s->request->sticky)
        return hash_mix(policy_level_hash(s) ^ hash_mix(salt)) % HEALTH_SCALE_FULL >= scale;
    if (s->lots)
        return policy_lots_draw(s->lots, (uint32_t[]){scale, HEALTH_SCALE_FULL - scale}, 2) ==
               1;
    return rng_below(s->rng, HEALTH_SCALE_FULL) >= scale;
}
