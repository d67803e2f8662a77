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
    struct rng *rng;
    struct policy_answer *out;
    uint64_t client_hash;   /* for sticky picks */
    uint32_t suspect_ttl_s; /* lowest of the suspect regions answered; UINT32_MAX: none */
    unsigned depth;         /* of nesting: 1 at the service asked for */
};

/* The endpoints of one family in one region, as health sees them now. */
struct standing {
    unsigned total, up;
    bool suspect;
};

static enum result select_service(struct selection *s, uint16_t index, uint8_t pinned);

static bool is_up(const struct selection *s, const struct policy_endpoint *endpoint)
{
    return endpoint->target == POLICY_NO_TARGET ||
           (health_table_get(s->request->health, endpoint->target) & HEALTH_WORD_USABLE) != 0;
}

static struct standing standing_of(const struct selection *s,
                                   const struct policy_region *region)
{
    struct standing standing = {0};
    const struct policy_endpoint *list =
        policy_endpoints_of(region, s->request->family, &standing.total);
    for (unsigned i = 0; i < standing.total; i++) {
        health_word word = HEALTH_WORD_ALWAYS_UP;
        if (list[i].target != POLICY_NO_TARGET)
            word = health_table_get(s->request->health, list[i].target);
        standing.up += (word & HEALTH_WORD_USABLE) != 0;
        standing.suspect |= (word & HEALTH_WORD_SUSPECT) != 0;
    }
    return standing;
}

/* exists - has the region anything to say for this family? A nested one may: it is asked. */
static bool exists(const struct selection *s, const struct policy_region *region)
{
    unsigned total;
    policy_endpoints_of(region, s->request->family, &total);
    return total > 0 || region->name_count > 0 || region->nested != CONFIG_NONE;
}

/* is_usable - enough of its endpoints are up. For a nested region: worth asking. */
static bool is_usable(const struct selection *s, const struct policy_service *service,
                      const struct policy_region *region)
{
    if (region->nested != CONFIG_NONE || region->name_count > 0)
        return true;
    struct standing standing = standing_of(s, region);
    return standing.up > 0 && standing.up * 1000 >= service->min_up_permille * standing.total;
}

/* level_hash - the client's, another one at each level of nesting: were it the same, those whom
 * one level sent to a region would have no free choice in the next. */
static uint64_t level_hash(const struct selection *s)
{
    return s->client_hash ^ (s->depth - 1) * UINT64_C(0x9e3779b97f4a7c15);
}

static uint8_t pick(struct selection *s, const struct policy_service *service, uint64_t members)
{
    if (s->request->sticky)
        return policy_pick_sticky(service, members, level_hash(s));
    return policy_pick_random(service, members, s->rng);
}

/* pick_index - one of count endpoints to begin with. */
static unsigned pick_index(struct selection *s, unsigned count)
{
    if (count <= 1)
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

/* put_addresses - up to max_answers, rotated; only those up, or all of them. */
static void put_addresses(struct selection *s, const struct policy_service *service,
                          const struct policy_region *region, unsigned up, bool all)
{
    struct policy_answer *out = s->out;
    unsigned total, before = out->count, most = before + service->max_answers;
    const struct policy_endpoint *list =
        policy_endpoints_of(region, s->request->family, &total);
    unsigned start = first_index(s, list, total, all ? total : up);
    if (most > POLICY_ADDRESSES_MAX)
        most = POLICY_ADDRESSES_MAX;
    for (unsigned i = 0; i < total && out->count < most; i++) {
        const struct policy_endpoint *endpoint =
            &list[start + i < total ? start + i : start + i - total];
        if ((all || is_up(s, endpoint)) && !is_put(out, before, &endpoint->addr))
            out->addresses[out->count++] = &endpoint->addr;
    }
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
    if (region->name_count > 0) {
        out->outcome = POLICY_ALIAS;
        out->alias = region->names[pick_index(s, region->name_count)];
    } else {
        uint16_t before = out->count;
        struct standing standing = standing_of(s, region);
        put_addresses(s, service, region, standing.up, all);
        if (out->count == before)
            return standing.total > 0 ? DOWN : ABSENT;
        out->outcome = POLICY_ADDRESSES;
        if (standing.suspect) {
            out->flags |= POLICY_SUSPECT;
            s->suspect_ttl_s = smaller(s->suspect_ttl_s, service->ttl_suspect_s);
        }
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
                            uint64_t members)
{
    uint64_t usable = 0;
    for (uint64_t m = members; m != 0; m &= m - 1)
        if (is_usable(s, service, &service->regions[__builtin_ctzll(m)]))
            usable |= m & -m;
    return usable;
}

/* choose - the first group with a usable region (all: with any region of the family), but for
 * those in except. *out_region is set with CHOSEN. */
static enum result choose(struct selection *s, const struct policy_service *service,
                          const struct policy_order *order, uint64_t except, bool all,
                          uint8_t *out_region)
{
    enum result worst = ABSENT;
    uint8_t group = 0;
    for (uint8_t first = 0; first < order->region_count; first = order->group_end[first]) {
        uint64_t existing = only_existing(s, service, members_of(order, first) & ~except);
        uint64_t members = all ? existing : only_usable(s, service, existing);
        if (members != existing)
            worst = DOWN;
        while (members != 0) {
            uint8_t region = pick(s, service, members);
            enum result result = fill(s, service, region, group, all);
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

/* add_runner_up - `answers: 2`: the addresses of the next region follow. A region that answers
 * by a name has none. */
static void add_runner_up(struct selection *s, const struct policy_service *service,
                          const struct policy_order *order, uint8_t chosen, bool all)
{
    const struct policy_answer *out = s->out;
    if (service->answers < 2 || out->outcome != POLICY_ADDRESSES)
        return;
    struct progress first = save(s);
    uint64_t except = UINT64_C(1) << chosen;
    for (uint8_t i = 0; i < service->region_count; i++)
        if (service->regions[i].name_count > 0)
            except |= UINT64_C(1) << i;
    if (choose(s, service, order, except, all, &chosen) == CHOSEN &&
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
    if (choose(s, service, order, 0, true, &region) == CHOSEN)
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

static struct policy_order order_for(struct selection *s, const struct policy_service *service,
                                     uint8_t pinned, struct policy_order_storage *storage)
{
    uint8_t scope;
    uint32_t class = policy_locate(service, &s->request->client, &scope);
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
    enum result result = choose(s, service, &order, 0, false, &region);
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

void policy_select(const struct policy_request *request, struct rng *rng,
                   struct policy_answer *out_answer)
{
    struct selection s = {
        .request = request, .rng = rng, .out = out_answer, .suspect_ttl_s = UINT32_MAX};
    struct policy_answer *out = out_answer;
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
}
