/* The decision of one query. Everything it reads was compiled; what varies is the health words
 * and chance.
 *
 *   locate()    client -> class, and how wide that is true
 *   choose()    groups in order -> the first with a usable region -> one of them
 *   fill()      region -> its addresses or its alias
 *   fall_back() nothing usable -> what `when_all_down` says
 *
 * Nested services go through the same functions one level down; config_check() has refused
 * loops. A nested service that turns out to be down leaves nothing in the answer but its ECS
 * scope and its unsettled TTL, because both had a say in what came instead.
 */
#include "rhumb/hash.h"
#include "rhumb/policy.h"

#include "policy_locate.h"
#include "policy_lots.h"
#include "policy_measure.h"
#include "policy_pick.h"

enum { STICKY_V4_BITS = 24, STICKY_V6_BITS = 48 };

/* How a level, a group or a region did. */
enum result {
    CHOSEN, /* it stands in the answer */
    DOWN,   /* it has endpoints of the family, but nothing usable */
    ABSENT, /* it has nothing of the family at all */
};

struct selection {
    const struct policy_request *request;
    struct rng *rng;          /* NULL: by lots */
    struct policy_lots *lots; /* NULL: by chance */
    struct policy_answer *out;
    uint64_t client_hash;   /* for sticky picks */
    uint32_t suspect_ttl_s; /* lowest of the suspect regions answered; UINT32_MAX: none */
    uint32_t proof_age_ms;  /* oldest of those answered, where TTLs count from proofs */
    uint32_t least_ttl_s;   /* below which no age pushes a TTL: the suspect one */
    unsigned depth;         /* of nesting: 1 at the service asked for */
};

/* The endpoints of one region, those of one family, as health sees them now. */
struct standing {
    unsigned total, up;
    unsigned scale; /* the highest of those that are up, percent; 0: none is */
    bool suspect;
};

/* How much of their weight the usable regions of a group take now. */
struct shares {
    uint8_t scales[CONFIG_REGIONS_MAX]; /* by region, percent; of the members only */
    unsigned best;                      /* of them; 0: there are none */
    bool all_full;
};

static enum result select_service(struct selection *s, uint16_t index, uint8_t pinned);

static bool is_up(const struct selection *s, const struct policy_endpoint *endpoint)
{
    return (health_table_get(s->request->health, endpoint->seat) & HEALTH_WORD_USABLE) != 0;
}

static void count_word(struct standing *standing, health_word word)
{
    bool up = (word & HEALTH_WORD_USABLE) != 0;
    unsigned scale = health_word_scale(word);
    standing->up += up;
    standing->suspect |= (word & HEALTH_WORD_SUSPECT) != 0;
    if (up && scale > standing->scale)
        standing->scale = scale;
}

static struct standing standing_of(const struct selection *s,
                                   const struct policy_region *region)
{
    struct standing standing = {0};
    if (region->nested != CONFIG_NONE || region->name_count > 0) {
        standing.total = region->name_count > 0 ? region->name_count : 1;
        for (unsigned i = 0; i < standing.total; i++)
            count_word(&standing, health_table_get(s->request->health, region->first_seat + i));
        return standing;
    }
    const struct policy_endpoint *list =
        policy_endpoints_of(region, s->request->family, &standing.total);
    for (unsigned i = 0; i < standing.total; i++)
        count_word(&standing, health_table_get(s->request->health, list[i].seat));
    return standing;
}

/* exists - has the region anything to say for this family? A nested one may: it is asked. */
static bool exists(const struct selection *s, const struct policy_region *region)
{
    unsigned total;
    policy_endpoints_of(region, s->request->family, &total);
    return total > 0 || region->name_count > 0 || region->nested != CONFIG_NONE;
}

/* is_enough - so many of a region's endpoints are up that it is usable. For a nested region:
 * worth asking. */
static bool is_enough(const struct policy_service *service, const struct standing *standing)
{
    return standing->up > 0 &&
           standing->up * 1000 >= service->min_up_permille * standing->total;
}

/* level_hash - the client's, another one at each level of nesting: were it the same, those whom
 * one level sent to a region would have no free choice in the next. */
static uint64_t level_hash(const struct selection *s)
{
    return s->client_hash ^ (s->depth - 1) * UINT64_C(0x9e3779b97f4a7c15);
}

static uint8_t pick(struct selection *s, const struct policy_service *service, uint64_t members,
                    const struct shares *shares)
{
    const uint8_t *scales = shares->all_full ? NULL : shares->scales;
    if (s->request->sticky)
        return policy_pick_sticky(service, members, scales, level_hash(s));
    if (s->lots)
        return policy_pick_by_lots(service, members, scales, s->lots);
    return policy_pick_random(service, members, scales, s->rng);
}

/* is_shed - does this query fall into the part that a scale below 100 turns away? A sticky
 * client falls always or never; salt keeps its several choices apart. */
static bool is_shed(struct selection *s, unsigned scale, uint64_t salt)
{
    if (scale >= HEALTH_SCALE_FULL)
        return false;
    if (s->request->sticky)
        return hash_mix(level_hash(s) ^ hash_mix(salt)) % HEALTH_SCALE_FULL >= scale;
    if (s->lots)
        return policy_lots_draw(s->lots, (uint32_t[]){scale, HEALTH_SCALE_FULL - scale}, 2) ==
               1;
    return rng_below(s->rng, HEALTH_SCALE_FULL) >= scale;
}

/* pick_index - one of count endpoints to begin with. */
static unsigned pick_index(struct selection *s, unsigned count)
{
    if (count <= 1 || (s->lots && !s->request->sticky))
        return 0;
    return s->request->sticky ? (unsigned)(hash_mix(level_hash(s)) % count)
                              : rng_below(s->rng, count);
}

/* ---- trying, and taking back ---- */

/* What an attempt may change; the addresses need no copy, they are only appended. */
struct progress {
    enum policy_outcome outcome;
    uint16_t service, count;
    uint8_t region, group;
    unsigned flags;
    uint32_t suspect_ttl_s;
    const uint8_t *alias;
};

static struct progress save(const struct selection *s)
{
    const struct policy_answer *out = s->out;
    return (struct progress){.outcome = out->outcome,
                             .service = out->service,
                             .count = out->count,
                             .region = out->region,
                             .group = out->group,
                             .flags = out->flags,
                             .suspect_ttl_s = s->suspect_ttl_s,
                             .alias = out->alias};
}

static void restore(struct selection *s, const struct progress *progress)
{
    struct policy_answer *out = s->out;
    out->outcome = progress->outcome;
    out->service = progress->service;
    out->count = progress->count;
    out->region = progress->region;
    out->group = progress->group;
    out->flags = progress->flags | (out->flags & POLICY_UNSETTLED);
    out->alias = progress->alias;
    s->suspect_ttl_s = progress->suspect_ttl_s;
}

/* ---- filling the answer ---- */

static uint32_t smaller(uint32_t a, uint32_t b)
{
    return a < b ? a : b;
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
static unsigned first_index(struct selection *s, const struct policy_endpoint *list,
                            unsigned total, unsigned up)
{
    if (s->request->sticky || up == total)
        return pick_index(s, total);
    unsigned skip = pick_index(s, up), at = 0;
    for (unsigned i = 0; i < total; i++) {
        if (!is_up(s, &list[i]))
            continue;
        at = i;
        if (skip-- == 0)
            break;
    }
    return at;
}

/* belongs - is this endpoint one of the answer? One with a lower scale than the best of its
 * region is so in as many answers less. */
static bool belongs(struct selection *s, const struct policy_endpoint *endpoint, unsigned best)
{
    health_word word = health_table_get(s->request->health, endpoint->seat);
    unsigned scale = health_word_scale(word);
    return (word & HEALTH_WORD_USABLE) != 0 &&
           (scale >= best || s->lots ||
            !is_shed(s, scale * HEALTH_SCALE_FULL / best, endpoint->seat));
}

/* put_addresses - up to max_answers, rotated; only those up, or all of them. */
static void put_addresses(struct selection *s, const struct policy_service *service,
                          const struct policy_region *region, const struct standing *standing,
                          bool all)
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
static void note_age(struct selection *s, const struct policy_service *service,
                     const struct policy_region *region)
{
    enum { AGE_MAX_MS = 3600 * 1000 };

    unsigned total;
    const struct policy_endpoint *list =
        policy_endpoints_of(region, s->request->family, &total);
    if (!service->ttl_from_proof || s->request->now_ms == 0)
        return;
    s->least_ttl_s = smaller(s->least_ttl_s, service->ttl_suspect_s);
    for (unsigned i = 0; i < total; i++) {
        uint32_t proof_ms = health_table_proof_ms(s->request->health, list[i].seat);
        uint32_t age_ms = s->request->now_ms - proof_ms; /* of a proof still to come: huge */
        if (proof_ms != 0 && is_up(s, &list[i]) && age_ms < AGE_MAX_MS &&
            age_ms > s->proof_age_ms)
            s->proof_age_ms = age_ms;
    }
}

/* age - take what has passed since the proof off the TTL, in whole seconds. */
static void age(struct selection *s)
{
    struct policy_answer *out = s->out;
    uint32_t aged_s = (s->proof_age_ms + 500) / 1000;
    uint32_t room_s = out->ttl_s > s->least_ttl_s ? out->ttl_s - s->least_ttl_s : 0;
    out->aged_s = smaller(aged_s, room_s);
    out->ttl_s -= out->aged_s;
}

/* put_alias - one of the names that are up, or of all; false: none is up. As with addresses, a
 * sticky client keeps its name, and moves to the next one while that is down. */
static bool put_alias(struct selection *s, const struct policy_region *region,
                      const struct standing *standing, bool all)
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
        if ((word & HEALTH_WORD_USABLE) == 0 || skip-- > 0)
            continue;
        at = name;
        break;
    }
    s->out->outcome = POLICY_ALIAS;
    s->out->alias = region->names[at];
    return true;
}

static enum result fill_nested(struct selection *s, uint16_t nested, bool all)
{
    struct progress before = save(s);
    enum result result = select_service(s, nested, POLICY_NO_REGION);
    if (result == CHOSEN || (all && s->out->outcome != POLICY_EMPTY))
        return CHOSEN;
    restore(s, &before);
    return result;
}

/* fill - the region's answer at this level. all: as if everything were up. A region that looked
 * usable may not be after all: a nested service, or endpoints that went down between two
 * reads. */
static enum result fill(struct selection *s, const struct policy_service *service,
                        uint8_t index, uint8_t group, bool all)
{
    const struct policy_region *region = &service->regions[index];
    struct policy_answer *out = s->out;
    if (region->nested != CONFIG_NONE)
        return fill_nested(s, region->nested, all);
    struct standing standing = standing_of(s, region);
    if (region->name_count > 0) {
        if (!put_alias(s, region, &standing, all))
            return DOWN;
    } else {
        uint16_t before = out->count;
        put_addresses(s, service, region, &standing, all);
        if (out->count == before)
            return standing.total > 0 ? DOWN : ABSENT;
        out->outcome = POLICY_ADDRESSES;
        note_age(s, service, region);
    }
    if (standing.suspect) {
        out->flags |= POLICY_SUSPECT;
        s->suspect_ttl_s = smaller(s->suspect_ttl_s, service->ttl_suspect_s);
    }
    out->region = index;
    out->group = group;
    out->service = (uint16_t)(service - s->request->set->services);
    return CHOSEN;
}

/* ---- walking the groups ---- */

/* members_of - the regions of the group that starts at first, as bits. */
static uint64_t members_of(const struct policy_order *order, uint8_t first)
{
    uint64_t members = 0;
    for (uint8_t i = first; i < order->group_end[first]; i++)
        members |= UINT64_C(1) << order->regions[i];
    return members;
}

static uint64_t only_existing(const struct selection *s, const struct policy_service *service,
                              uint64_t members)
{
    uint64_t existing = 0;
    for (uint64_t m = members; m != 0; m &= m - 1)
        if (exists(s, &service->regions[__builtin_ctzll(m)]))
            existing |= m & -m;
    return existing;
}

static uint64_t only_usable(const struct selection *s, const struct policy_service *service,
                            uint64_t members, struct shares *shares)
{
    uint64_t usable = 0;
    for (uint64_t m = members; m != 0; m &= m - 1) {
        unsigned region = (unsigned)__builtin_ctzll(m);
        struct standing standing = standing_of(s, &service->regions[region]);
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

/* What choose() may answer with. */
struct choice {
    uint64_t except; /* regions that are not wanted, one bit each */
    bool all;        /* as if everything were up */
    bool keeps_load; /* a group takes all queries, however low its scale */
};

/* choose_once - the first group with a usable region, and one of that. Of a group that runs at
 * 40 percent of its weight, six queries in ten go on to the next. *out_region is set with
 * CHOSEN, *out_shed when a group turned this query away. */
static enum result choose_once(struct selection *s, const struct policy_service *service,
                               const struct policy_order *order, struct choice choice,
                               uint8_t *out_region, bool *out_shed)
{
    enum result worst = ABSENT;
    uint8_t group = 0;
    for (uint8_t first = 0; first < order->region_count; first = order->group_end[first]) {
        struct shares shares = {.all_full = true};
        uint64_t existing =
            only_existing(s, service, members_of(order, first) & ~choice.except);
        uint64_t members = choice.all ? existing : only_usable(s, service, existing, &shares);
        if (members != existing)
            worst = DOWN;
        if (members != 0 && !choice.all && !choice.keeps_load &&
            is_shed(s, shares.best, first)) {
            *out_shed = true;
            members = 0;
        }
        while (members != 0) {
            uint8_t region = pick(s, service, members, &shares);
            enum result result = fill(s, service, region, group, choice.all);
            if (result == CHOSEN) {
                *out_region = region;
                return CHOSEN;
            }
            if (result == DOWN)
                worst = DOWN;
            members &= ~(UINT64_C(1) << region);
        }
        group++;
    }
    return worst;
}

/* choose - the same; a query that every usable group turned away is answered after all. */
static enum result choose(struct selection *s, const struct policy_service *service,
                          const struct policy_order *order, struct choice choice,
                          uint8_t *out_region)
{
    bool shed = false;
    enum result result = choose_once(s, service, order, choice, out_region, &shed);
    if (result == CHOSEN || !shed)
        return result;
    choice.keeps_load = true;
    return choose_once(s, service, order, choice, out_region, &shed);
}

/* add_runner_up - `answers: 2`: the addresses of the next region follow. A region that answers
 * by a name has none. */
static void add_runner_up(struct selection *s, const struct policy_service *service,
                          const struct policy_order *order, uint8_t chosen, bool all)
{
    const struct policy_answer *out = s->out;
    if (service->answers < 2 || s->lots || out->outcome != POLICY_ADDRESSES)
        return;
    struct progress first = save(s);
    uint64_t except = UINT64_C(1) << chosen;
    for (uint8_t i = 0; i < service->region_count; i++)
        if (service->regions[i].name_count > 0)
            except |= UINT64_C(1) << i;
    struct choice choice = {.except = except, .all = all};
    if (choose(s, service, order, choice, &chosen) == CHOSEN &&
        out->outcome == POLICY_ADDRESSES) {
        first.count = out->count;
        first.flags = out->flags;
        first.suspect_ttl_s = s->suspect_ttl_s;
    }
    restore(s, &first);
}

static uint8_t group_of(const struct policy_order *order, uint8_t region)
{
    uint8_t group = 0;
    for (uint8_t i = 0; i < order->region_count && order->regions[i] != region; i++)
        group = (uint8_t)(group + (order->group_end[i] == i + 1));
    return group;
}

/* fall_back - nothing is usable. An empty answer only where the operator asked for it. */
static void fall_back(struct selection *s, const struct policy_service *service,
                      const struct policy_order *order)
{
    uint8_t region = service->all_down_region;
    s->out->flags |= POLICY_ALL_DOWN;
    switch ((enum config_all_down)service->all_down) {
    case CONFIG_ALL_DOWN_EMPTY: return;
    case CONFIG_ALL_DOWN_REGION:
        if ((order->allowed >> region & 1) != 0 &&
            fill(s, service, region, group_of(order, region), true) == CHOSEN)
            return;
        break;
    case CONFIG_ALL_DOWN_ALL: break;
    }
    if (choose(s, service, order, (struct choice){.all = true}, &region) == CHOSEN)
        add_runner_up(s, service, order, region, true);
}

/* ---- levels ---- */

/* narrow_to_pin - a `{region}` name: that region alone, whatever its health, unless residency
 * forbids it to this client. */
static struct policy_order narrow_to_pin(struct policy_order order, uint8_t pinned,
                                         struct policy_order_storage *storage)
{
    storage->regions[0] = pinned;
    storage->group_end[0] = 1;
    order.allowed = UINT64_C(1) << pinned;
    order.region_count = 1;
    order.regions = storage->regions;
    order.group_end = storage->group_end;
    return order;
}

/* ignores_geo - the operator has switched geography off: everybody is where nobody knows. Not
 * where residency depends on it. */
static bool ignores_geo(const struct selection *s, const struct policy_service *service)
{
    return (health_table_switches(s->request->health) & HEALTH_IGNORE_GEO) != 0 &&
           service->config->residency_count == 0;
}

static struct policy_order order_for(struct selection *s, const struct policy_service *service,
                                     uint8_t pinned, struct policy_order_storage *storage)
{
    uint8_t scope;
    uint32_t class = policy_locate(service, &s->request->client, &scope);
    if (ignores_geo(s, service))
        class = scope = 0;
    struct policy_order order = policy_class_get(service, class);
    bool is_pinned = pinned != POLICY_NO_REGION;
    bool depends = !is_pinned || service->config->residency_count > 0;
    if (depends && scope > s->out->scope)
        s->out->scope = scope;
    if (is_pinned && (order.allowed >> pinned & 1) != 0)
        return narrow_to_pin(order, pinned, storage);
    if (is_pinned)
        s->out->flags |= POLICY_PIN_REFUSED;
    if (service->by_pop_latency)
        return policy_order_by_rtt(s->request, service, order, storage);
    return order;
}

static void begin_level(struct selection *s, const struct policy_service *service,
                        uint16_t index)
{
    struct policy_answer *out = s->out;
    out->ttl_s = smaller(out->ttl_s, service->ttl_stable_s);
    if ((health_table_service(s->request->health, index) & HEALTH_SERVICE_UNSETTLED) != 0) {
        out->flags |= POLICY_UNSETTLED;
        out->ttl_s = smaller(out->ttl_s, service->ttl_unsettled_s);
    }
}

/* select_service - one level. DOWN: nothing of it was usable, and out holds what it answers all
 * the same. */
static enum result select_service(struct selection *s, uint16_t index, uint8_t pinned)
{
    const struct policy_service *service = &s->request->set->services[index];
    struct policy_answer *out = s->out;
    if (s->depth >= CONFIG_NESTING_MAX) /* config_check() has refused it */
        return ABSENT;
    s->depth++;
    struct policy_order_storage storage;
    struct policy_order order = order_for(s, service, pinned, &storage);
    uint8_t region;
    begin_level(s, service, index);
    enum result result = choose(s, service, &order, (struct choice){0}, &region);
    if (result == CHOSEN) {
        add_runner_up(s, service, &order, region, false);
    } else {
        out->outcome = POLICY_EMPTY;
        out->service = index;
        out->region = POLICY_NO_REGION;
        out->group = 0;
        if (result == DOWN)
            fall_back(s, service, &order);
    }
    s->depth--;
    return result;
}

/* start_sticky - the client's /24 or /48, which is then also the least scope. */
static void start_sticky(struct selection *s)
{
    struct policy_origin origin = policy_origin_of(&s->request->client);
    unsigned bits = origin.addr.family == IP_V4 ? STICKY_V4_BITS : STICKY_V6_BITS;
    struct ip_addr key = ip_masked(&origin.addr, bits);
    s->client_hash = hash_bytes(HASH_SEED, key.bytes, ip_bits(key.family) / 8);
    s->out->scope = (uint8_t)(origin.offset + policy_bits_apart(&origin.addr, bits));
}

static void select_answer(const struct policy_request *request, struct rng *rng,
                          struct policy_lots *lots, struct policy_answer *out)
{
    struct selection s = {.request = request,
                          .rng = rng,
                          .lots = lots,
                          .out = out,
                          .suspect_ttl_s = UINT32_MAX,
                          .least_ttl_s = UINT32_MAX};
    out->outcome = POLICY_EMPTY;
    out->service = request->service;
    out->region = POLICY_NO_REGION;
    out->group = 0;
    out->flags = 0;
    out->ttl_s = UINT32_MAX;
    out->scope = 0;
    out->count = 0;
    out->alias = NULL;
    if (request->sticky)
        start_sticky(&s);
    select_service(&s, request->service, request->pinned);
    out->ttl_s = smaller(out->ttl_s, s.suspect_ttl_s);
    age(&s);
}

void policy_select(const struct policy_request *request, struct rng *rng,
                   struct policy_answer *out_answer)
{
    select_answer(request, rng, NULL, out_answer);
}

void policy_select_by_lots(const struct policy_request *request, struct policy_lots *lots,
                           struct policy_answer *out_answer)
{
    select_answer(request, NULL, lots, out_answer);
}
