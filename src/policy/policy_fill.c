#include "policy_fill.h"

#include "policy_measure.h"
#include "policy_standing.h"

/* pick_index - one of count endpoints to begin with. */
static unsigned pick_index(struct policy_selection *s, unsigned count)
{
    if (count <= 1 || (s->lots && !s->request->sticky))
        return 0;
    return s->request->sticky ? (unsigned)(hash_mix(policy_level_hash(s)) % count)
                              : rng_below(s->rng, count);
}

/* is_put - does one of the first count addresses say the same? Two regions may share one. */
static bool is_put(const struct policy_answer *out, unsigned count, const struct ip_addr *addr)
{
    for (unsigned i = 0; i < count; i++)
        if (ip_equal(out->addresses[i], addr))
            return true;
    return false;
}

/* first_index - where the addresses begin. By chance each endpoint that will be put has the
 * same share: one next to a down one does not get both. A sticky client keeps to its endpoint,
 * and moves to the next while that is down. */
static unsigned first_index(struct policy_selection *s, const struct policy_endpoint *list,
                            unsigned total, unsigned up)
{
    if (s->request->sticky || up == total)
        return pick_index(s, total);
    unsigned skip = pick_index(s, up), at = 0;
    for (unsigned i = 0; i < total; i++) {
        if (!policy_is_up(s, list[i].seat))
            continue;
        at = i;
        if (skip-- == 0)
            break;
    }
    return at;
}

/* belongs - is this endpoint one of the answer? One with a lower scale than the best of its
 * region is so in as many answers less. */
static bool belongs(struct policy_selection *s, const struct policy_endpoint *endpoint,
                    unsigned best)
{
    health_word word = health_table_get(s->request->health, endpoint->seat);
    unsigned scale = health_word_scale(word);
    return (word & s->wanted) != 0 &&
           (scale >= best || s->lots ||
            !policy_is_shed(s, scale * HEALTH_SCALE_FULL / best, endpoint->seat));
}

/* put_addresses - up to max_answers, rotated; only those up, or all of them. */
static void put_addresses(struct policy_selection *s, const struct policy_service *service,
                          const struct policy_region *region,
                          const struct policy_standing *standing, bool all)
{
    struct policy_answer *out = s->out;
    unsigned total, before = out->count, most = before + service->max_answers;
    const struct policy_endpoint *list =
        policy_endpoints_of(region, s->request->family, &total);
    unsigned start = first_index(s, list, total, all ? total : standing->up);
    if (most > POLICY_ADDRESSES_MAX)
        most = POLICY_ADDRESSES_MAX;
    for (unsigned i = 0; i < total && out->count < most; i++) {
        const struct policy_endpoint *endpoint =
            &list[start + i < total ? start + i : start + i - total];
        if ((all || belongs(s, endpoint, standing->scale)) &&
            !is_put(out, before, &endpoint->addr))
            out->addresses[out->count++] = &endpoint->addr;
    }
}

/* note_age - `ttl: {from_proof: true}`: the region was last known to be well when the oldest of
 * its usable endpoints answered a probe; the TTL counts from then. So clients leave a dead region
 * within the TTL of its last proof, whenever they asked. */
static void note_age(struct policy_selection *s, const struct policy_service *service,
                     const struct policy_region *region)
{
    enum { AGE_MAX_MS = 3600 * 1000 };

    unsigned total;
    const struct policy_endpoint *list =
        policy_endpoints_of(region, s->request->family, &total);
    if (!service->ttl_from_proof || s->request->now_ms == 0)
        return;
    s->least_ttl_s = policy_smaller(s->least_ttl_s, service->ttl_suspect_s);
    for (unsigned i = 0; i < total; i++) {
        uint32_t proof_ms = health_table_proof_ms(s->request->health, list[i].seat);
        uint32_t age_ms = s->request->now_ms - proof_ms; /* of a proof still to come: huge */
        if (proof_ms != 0 && policy_is_up(s, list[i].seat) && age_ms < AGE_MAX_MS &&
            age_ms > s->proof_age_ms)
            s->proof_age_ms = age_ms;
    }
}

/* put_alias - one of the names that are up, or of all; false: none is up. As with addresses, a
 * sticky client keeps its name, and moves to the next one while that is down. */
static bool put_alias(struct policy_selection *s, const struct policy_region *region,
                      const struct policy_standing *standing, bool all)
{
    bool any = all || standing->up == standing->total;
    unsigned total = standing->total, at, skip;
    if (!any && standing->up == 0)
        return false;
    at = pick_index(s, any || s->request->sticky ? total : standing->up);
    skip = any || s->request->sticky ? 0 : at;
    for (unsigned i = 0; !any && i < total; i++) {
        unsigned name = s->request->sticky ? (at + i) % total : i;
        health_word word = health_table_get(s->request->health, region->first_seat + name);
        if ((word & s->wanted) == 0 || skip-- > 0)
            continue;
        at = name;
        break;
    }
    s->out->outcome = POLICY_ALIAS;
    s->out->alias = region->names[at];
    return true;
}

enum policy_result policy_fill(struct policy_selection *s, const struct policy_service *service,
                               uint8_t index, uint8_t group, bool all)
{
    const struct policy_region *region = &service->regions[index];
    struct policy_answer *out = s->out;
    struct policy_standing standing = policy_standing_of(s, region);
    if (region->name_count > 0) {
        if (!put_alias(s, region, &standing, all))
            return POLICY_DOWN;
    } else {
        uint16_t before = out->count;
        put_addresses(s, service, region, &standing, all);
        if (out->count == before)
            return standing.total > 0 ? POLICY_DOWN : POLICY_ABSENT;
        out->outcome = POLICY_ADDRESSES;
        note_age(s, service, region);
    }
    if (standing.suspect) {
        out->flags |= POLICY_SUSPECT;
        s->suspect_ttl_s = policy_smaller(s->suspect_ttl_s, service->ttl_suspect_s);
    }
    out->region = index;
    out->group = group;
    out->service = (uint16_t)(service - s->request->set->services);
    return POLICY_CHOSEN;
}

/* In whole seconds. */
void policy_age(struct policy_selection *s)
{
    struct policy_answer *out = s->out;
    uint32_t aged_s = (s->proof_age_ms + 500) / 1000;
    uint32_t room_s = out->ttl_s > s->least_ttl_s ? out->ttl_s - s->least_ttl_s : 0;
    out->aged_s = policy_smaller(aged_s, room_s);
    out->ttl_s -= out->aged_s;
}
