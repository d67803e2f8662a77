/* The decision of one query. Everything it reads was compiled; what varies is the health words
 * and chance.
 *
 *   locate()    client -> class, and how wide that is true
 *   choose()    groups in order -> the first with a usable region -> one of them
 *   fill()      region -> its addresses or its alias
 *   fall_back() nothing usable -> what `when_all_down` says
 *
 * Nested services go through the same functions one level down; config_check() has refused
 * loops.
 */
#include "rhumb/hash.h"
#include "rhumb/policy.h"

#include "policy_locate.h"
#include "policy_measure.h"
#include "policy_pick.h"

enum { STICKY_V4_BITS = 24, STICKY_V6_BITS = 48 };

struct selection {
    const struct policy_request *request;
    struct rng *rng;
    struct policy_answer *out;
    uint64_t client_hash; /* for sticky picks */
    unsigned depth;       /* of nesting */
};

/* The endpoints of one family in one region, as health sees them now. */
struct standing {
    unsigned total, up;
    bool suspect;
};

static bool select_service(struct selection *s, uint16_t service, uint8_t pinned);

static health_word word_of(const struct selection *s, const struct policy_endpoint *endpoint)
{
    if (endpoint->target == POLICY_NO_TARGET)
        return HEALTH_WORD_ALWAYS_UP;
    return health_table_get(s->request->health, endpoint->target);
}

static struct standing standing_of(const struct selection *s,
                                   const struct policy_region *region)
{
    struct standing standing = {0};
    const struct policy_endpoint *list =
        policy_endpoints_of(region, s->request->family, &standing.total);
    for (unsigned i = 0; i < standing.total; i++) {
        health_word word = word_of(s, &list[i]);
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

/* ---- picking one region of a group
 * ----------------------------------------------------------- */

static uint8_t pick(struct selection *s, const struct policy_service *service, uint64_t members)
{
    if (s->request->sticky && (members & (members - 1)) != 0)
        return policy_pick_sticky(service, members, s->client_hash);
    return policy_pick_random(service, members, s->rng);
}

/* ---- filling the answer
 * ---------------------------------------------------------------------- */

static void lower_ttl(struct policy_answer *out, uint32_t ttl_s)
{
    if (ttl_s < out->ttl_s)
        out->ttl_s = ttl_s;
}

/* put_addresses - up to max_answers, from a rotated start; only those up, or all of them. */
static void put_addresses(struct selection *s, const struct policy_service *service,
                          const struct policy_region *region, bool all)
{
    unsigned total;
    const struct policy_endpoint *list =
        policy_endpoints_of(region, s->request->family, &total);
    if (total == 0)
        return;
    uint32_t start = 0;
    if (total > 1)
        start = s->request->sticky ? (uint32_t)(hash_mix(s->client_hash) % total)
                                   : rng_below(s->rng, total);
    unsigned put = 0;
    for (unsigned i = 0;
         i < total && put < service->max_answers && s->out->count < POLICY_ADDRESSES_MAX; i++) {
        unsigned at = start + i < total ? start + i : start + i - total;
        if (!all && (word_of(s, &list[at]) & HEALTH_WORD_USABLE) == 0)
            continue;
        s->out->addresses[s->out->count++] = &list[at].addr;
        put++;
    }
}

/* fill - the region's answer at this level. all: as if everything were up. False: it has none
 * after all (a nested service that cannot answer, or endpoints that went down between two
 * reads). */
static bool fill(struct selection *s, const struct policy_service *service, uint8_t index,
                 bool all)
{
    const struct policy_region *region = &service->regions[index];
    struct policy_answer *out = s->out;
    if (region->nested != CONFIG_NONE) {
        uint16_t before = out->count;
        unsigned flags_before = out->flags;
        bool usable = select_service(s, region->nested, POLICY_NO_REGION);
        if (usable || (all && out->outcome != POLICY_EMPTY))
            return true;
        out->count = before;
        out->flags = flags_before;
        return false;
    }
    if (region->name_count > 0) {
        uint32_t at = region->name_count == 1 ? 0
                      : s->request->sticky
                          ? (uint32_t)(hash_mix(s->client_hash) % region->name_count)
                          : rng_below(s->rng, region->name_count);
        out->outcome = POLICY_ALIAS;
        out->alias = region->names[at];
    } else {
        uint16_t before = out->count;
        put_addresses(s, service, region, all);
        if (out->count == before)
            return false;
        out->outcome = POLICY_ADDRESSES;
        if (standing_of(s, region).suspect) {
            out->flags |= POLICY_SUSPECT;
            lower_ttl(out, service->ttl_suspect_s);
        }
    }
    out->region = index;
    out->service = (uint16_t)(service - s->request->set->services);
    return true;
}

/* ---- walking the groups
 * ---------------------------------------------------------------------- */

/* members_of - the regions of the group that starts at first, as bits. */
static uint64_t members_of(const struct policy_order *order, uint8_t first)
{
    uint64_t members = 0;
    for (uint8_t i = first; i < order->group_end[first]; i++)
        members |= UINT64_C(1) << order->regions[i];
    return members;
}

static uint64_t only_usable(const struct selection *s, const struct policy_service *service,
                            uint64_t members)
{
    uint64_t usable = 0;
    for (uint64_t m = members; m != 0; m &= m - 1) {
        uint8_t i = (uint8_t)__builtin_ctzll(m);
        if (exists(s, &service->regions[i]) && is_usable(s, service, &service->regions[i]))
            usable |= UINT64_C(1) << i;
    }
    return usable;
}

static uint64_t only_existing(const struct selection *s, const struct policy_service *service,
                              uint64_t members)
{
    uint64_t existing = 0;
    for (uint64_t m = members; m != 0; m &= m - 1) {
        uint8_t i = (uint8_t)__builtin_ctzll(m);
        if (exists(s, &service->regions[i]))
            existing |= UINT64_C(1) << i;
    }
    return existing;
}

/* choose - the first group with a usable region (all: with any region of the family), but for
 * those in except. */
static bool choose(struct selection *s, const struct policy_service *service,
                   const struct policy_order *order, uint64_t except, bool all)
{
    uint8_t group = 0;
    for (uint8_t first = 0; first < order->region_count; first = order->group_end[first]) {
        uint64_t members = members_of(order, first) & ~except;
        members = all ? only_existing(s, service, members) : only_usable(s, service, members);
        while (members != 0) {
            uint8_t region = pick(s, service, members);
            if (fill(s, service, region, all)) {
                s->out->group = group;
                return true;
            }
            members &= ~(UINT64_C(1) << region);
        }
        group++;
    }
    return false;
}

/* fall_back - nothing is usable. An empty answer only where the operator asked for it. */
static void fall_back(struct selection *s, const struct policy_service *service,
                      const struct policy_order *order)
{
    struct policy_answer *out = s->out;
    out->flags |= POLICY_ALL_DOWN;
    out->outcome = POLICY_EMPTY;
    out->region = POLICY_NO_REGION;
    out->service = (uint16_t)(service - s->request->set->services);
    switch ((enum config_all_down)service->all_down) {
    case CONFIG_ALL_DOWN_EMPTY: return;
    case CONFIG_ALL_DOWN_REGION:
        if ((order->allowed >> service->all_down_region & 1) != 0 &&
            fill(s, service, service->all_down_region, true))
            return;
        break;
    case CONFIG_ALL_DOWN_ALL: break;
    }
    choose(s, service, order, 0, true);
}

/* add_runner_up - `answers: 2`: the addresses of the next usable region follow. */
static void add_runner_up(struct selection *s, const struct policy_service *service,
                          const struct policy_order *order)
{
    struct policy_answer *out = s->out;
    uint16_t decided_by = out->service;
    uint8_t region = out->region, group = out->group;
    uint16_t count = out->count;
    uint64_t except =
        service == &s->request->set->services[decided_by] ? UINT64_C(1) << region : 0;
    if (!choose(s, service, order, except, false) || out->outcome != POLICY_ADDRESSES)
        out->count = count;
    out->outcome = POLICY_ADDRESSES;
    out->service = decided_by;
    out->region = region;
    out->group = group;
}

/* narrow_to_pin - a `{region}` name: that region alone, unless residency forbids it to this
 * client. */
static struct policy_order narrow_to_pin(struct selection *s, struct policy_order order,
                                         uint8_t pinned, struct policy_order_storage *storage)
{
    if ((order.allowed >> pinned & 1) == 0) {
        s->out->flags |= POLICY_PIN_REFUSED;
        return order;
    }
    storage->regions[0] = pinned;
    storage->group_end[0] = 1;
    order.region_count = 1;
    order.regions = storage->regions;
    order.group_end = storage->group_end;
    return order;
}

/* select_service - one level. False: nothing of it was usable (out holds what it answers all
 * the same). */
static bool select_service(struct selection *s, uint16_t index, uint8_t pinned)
{
    const struct policy_service *service = &s->request->set->services[index];
    struct policy_order_storage storage;
    if (s->depth >= POLICY_NEST_MAX) {
        s->out->outcome = POLICY_EMPTY;
        return false;
    }
    s->depth++;
    uint8_t scope = 0;
    uint32_t class = policy_locate(service->trie, &s->request->client, &scope);
    if (scope > s->out->scope &&
        (pinned == POLICY_NO_REGION || service->config->residency_count > 0))
        s->out->scope = scope;
    struct policy_order order = policy_class_get(service, class);
    if (pinned != POLICY_NO_REGION)
        order = narrow_to_pin(s, order, pinned, &storage);
    else if (service->by_pop_latency)
        order = policy_order_by_rtt(s->request, service, order, &storage);

    lower_ttl(s->out, service->ttl_stable_s);
    if ((health_table_service(s->request->health, index) & HEALTH_SERVICE_UNSETTLED) != 0) {
        s->out->flags |= POLICY_UNSETTLED;
        lower_ttl(s->out, service->ttl_unsettled_s);
    }
    bool usable = choose(s, service, &order, 0, false);
    if (!usable)
        fall_back(s, service, &order);
    else if (service->answers > 1 && s->out->outcome == POLICY_ADDRESSES)
        add_runner_up(s, service, &order);
    s->depth--;
    return usable;
}

static void add_sticky_scope(const struct policy_client *client, struct policy_answer *out)
{
    struct ip_prefix inner;
    unsigned offset = 0,
             bits = client->network.addr.family == IP_V4 ? STICKY_V4_BITS : STICKY_V6_BITS;
    if (ip_embedded(&client->network, &inner, &offset))
        bits = offset + STICKY_V4_BITS;
    if (out->scope < bits)
        out->scope = (uint8_t)bits;
}

static uint64_t hash_client(const struct policy_client *client)
{
    struct ip_prefix network = client->network, inner;
    unsigned offset;
    if (ip_embedded(&network, &inner, &offset))
        network = inner;
    struct ip_addr key = ip_masked(
        &network.addr, network.addr.family == IP_V4 ? STICKY_V4_BITS : STICKY_V6_BITS);
    return hash_bytes(HASH_SEED, key.bytes, network.addr.family == IP_V4 ? 4 : 16);
}

void policy_select(const struct policy_request *request, struct rng *rng,
                   struct policy_answer *out_answer)
{
    struct selection s = {.request = request, .rng = rng, .out = out_answer};
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
    if (request->sticky) {
        s.client_hash = hash_client(&request->client);
        add_sticky_scope(&request->client, out);
    }
    select_service(&s, request->service, request->pinned);
}
