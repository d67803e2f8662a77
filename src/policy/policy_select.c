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

#include "policy_fill.h"
#include "policy_locate.h"
#include "policy_measure.h"
#include "policy_pick.h"
#include "policy_selection.h"
#include "policy_standing.h"

enum { STICKY_V4_BITS = 24, STICKY_V6_BITS = 48 };

static enum policy_result select_service(struct policy_selection *s, uint16_t index,
                                         uint8_t pinned);

static uint8_t pick(struct policy_selection *s, const struct policy_service *service,
                    uint64_t members, const struct policy_shares *shares)
{
    const uint8_t *scales = shares->all_full ? NULL : shares->scales;
    if (s->request->sticky)
        return policy_pick_sticky(service, members, scales, policy_level_hash(s));
    if (s->lots)
        return policy_pick_by_lots(service, members, scales, s->lots);
    return policy_pick_random(service, members, scales, s->rng);
}

/* ---- trying, and taking back ---- */

/* What an attempt may change; the addresses need no copy, they are only appended. */
struct progress {
    enum policy_outcome outcome;
    uint16_t service, count;
    uint8_t region, group;
    unsigned flags;
    uint32_t suspect_ttl_s, proof_age_ms;
    const uint8_t *alias;
};

static struct progress save(const struct policy_selection *s)
{
    const struct policy_answer *out = s->out;
    return (struct progress){.outcome = out->outcome,
                             .service = out->service,
                             .count = out->count,
                             .region = out->region,
                             .group = out->group,
                             .flags = out->flags,
                             .suspect_ttl_s = s->suspect_ttl_s,
                             .proof_age_ms = s->proof_age_ms,
                             .alias = out->alias};
}

static void restore(struct policy_selection *s, const struct progress *progress)
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
    s->proof_age_ms = progress->proof_age_ms;
}

static enum policy_result fill_nested(struct policy_selection *s, uint16_t nested, bool all)
{
    struct progress before = save(s);
    enum policy_result result = select_service(s, nested, POLICY_NO_REGION);
    if (result == POLICY_CHOSEN || (all && s->out->outcome != POLICY_EMPTY))
        return POLICY_CHOSEN;
    restore(s, &before);
    return result;
}

static enum policy_result fill(struct policy_selection *s, const struct policy_service *service,
                               uint8_t index, uint8_t group, bool all)
{
    uint16_t nested = service->regions[index].nested;
    return nested != CONFIG_NONE ? fill_nested(s, nested, all)
                                 : policy_fill(s, service, index, group, all);
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

/* has_any - does any of these regions, which were passed over as down, have the family? What is
 * not there is not down either. A nested service knows when it is asked. */
static bool has_any(struct policy_selection *s, const struct policy_service *service,
                    uint64_t regions)
{
    bool has = false;
    for (; regions != 0 && !has; regions &= regions - 1) {
        uint16_t nested = service->regions[__builtin_ctzll(regions)].nested;
        struct progress before = save(s);
        has = nested == CONFIG_NONE ||
              select_service(s, nested, POLICY_NO_REGION) != POLICY_ABSENT;
        restore(s, &before);
    }
    return has;
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
static enum policy_result choose_once(struct policy_selection *s,
                                      const struct policy_service *service,
                                      const struct policy_order *order, struct choice choice,
                                      uint8_t *out_region, bool *out_shed)
{
    enum policy_result worst = POLICY_ABSENT;
    uint64_t passed_over = 0; /* without being asked what they have */
    uint8_t group = 0;
    unsigned detour = 0; /* why it is not an earlier group: enum policy_flags */
    for (uint8_t first = 0; first < order->region_count; first = order->group_end[first]) {
        struct policy_shares shares = {.all_full = true};
        uint64_t existing =
            policy_only_existing(s, service, members_of(order, first) & ~choice.except);
        uint64_t members =
            choice.all ? existing : policy_only_usable(s, service, existing, &shares);
        bool is_down = members != existing;
        passed_over |= existing & ~members;
        if (members != 0 && !choice.all && !choice.keeps_load &&
            policy_is_shed(s, shares.best, first)) {
            *out_shed = true;
            detour |= POLICY_SHED;
            is_down = false;
            members = 0;
        }
        while (members != 0) {
            uint8_t region = pick(s, service, members, &shares);
            enum policy_result result = fill(s, service, region, group, choice.all);
            if (result == POLICY_CHOSEN) {
                s->out->flags |= detour;
                *out_region = region;
                return POLICY_CHOSEN;
            }
            if (result == POLICY_DOWN) {
                worst = POLICY_DOWN;
                is_down = true;
            }
            members &= ~(UINT64_C(1) << region);
        }
        if (is_down)
            detour |= POLICY_FAILED_OVER;
        group++;
    }
    return worst == POLICY_ABSENT && has_any(s, service, passed_over) ? POLICY_DOWN : worst;
}

/* choose - the same; a query that every usable group turned away is answered after all. */
static enum policy_result choose(struct policy_selection *s,
                                 const struct policy_service *service,
                                 const struct policy_order *order, struct choice choice,
                                 uint8_t *out_region)
{
    bool shed = false;
    enum policy_result result = choose_once(s, service, order, choice, out_region, &shed);
    if (result == POLICY_CHOSEN || !shed)
        return result;
    choice.keeps_load = true;
    return choose_once(s, service, order, choice, out_region, &shed);
}

/* add_runner_up - `answers: 2`: the addresses of the next region follow. A region that answers
 * by a name has none. */
static void add_runner_up(struct policy_selection *s, const struct policy_service *service,
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
    if (choose(s, service, order, choice, &chosen) == POLICY_CHOSEN &&
        out->outcome == POLICY_ADDRESSES) {
        first.count = out->count;
        first.flags |= out->flags & ~(unsigned)(POLICY_FAILED_OVER | POLICY_SHED);
        first.suspect_ttl_s = s->suspect_ttl_s;
        first.proof_age_ms = s->proof_age_ms;
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
static void fall_back(struct policy_selection *s, const struct policy_service *service,
                      const struct policy_order *order)
{
    uint8_t region = service->all_down_region;
    s->out->flags |= POLICY_ALL_DOWN;
    switch ((enum config_all_down)service->all_down) {
    case CONFIG_ALL_DOWN_EMPTY: return;
    case CONFIG_ALL_DOWN_REGION:
        if ((order->allowed >> region & 1) != 0 &&
            fill(s, service, region, group_of(order, region), true) == POLICY_CHOSEN)
            return;
        break;
    case CONFIG_ALL_DOWN_ALL: break;
    }
    if (choose(s, service, order, (struct choice){.all = true}, &region) == POLICY_CHOSEN)
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
static bool ignores_geo(const struct policy_selection *s, const struct policy_service *service)
{
    return (health_table_switches(s->request->health) & HEALTH_IGNORE_GEO) != 0 &&
           service->config->residency_count == 0;
}

static struct policy_order order_for(struct policy_selection *s,
                                     const struct policy_service *service, uint8_t pinned,
                                     struct policy_order_storage *storage)
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
    if (is_pinned && (order.allowed >> pinned & 1) != 0) {
        s->out->flags |= POLICY_BY_PIN;
        return narrow_to_pin(order, pinned, storage);
    }
    if (is_pinned)
        s->out->flags |= POLICY_PIN_REFUSED;
    if (service->by_pop_latency)
        return policy_order_by_rtt(s->request, service, order, storage);
    return order;
}

static void begin_level(struct policy_selection *s, const struct policy_service *service,
                        uint16_t index)
{
    struct policy_answer *out = s->out;
    out->ttl_s = policy_smaller(out->ttl_s, service->ttl_stable_s);
    if ((health_table_service(s->request->health, index) & HEALTH_SERVICE_UNSETTLED) != 0) {
        out->flags |= POLICY_UNSETTLED;
        out->ttl_s = policy_smaller(out->ttl_s, service->ttl_unsettled_s);
    }
}

/* choose_for_level - what is usable; else, for this client, what is held in reserve. A level that
 * has to go that far does not make its nested services do so. */
static enum policy_result choose_for_level(struct policy_selection *s,
                                           const struct policy_service *service,
                                           const struct policy_order *order)
{
    health_word outer = s->wanted;
    uint8_t region;
    s->wanted = HEALTH_WORD_USABLE;
    enum policy_result result = choose(s, service, order, (struct choice){0}, &region);
    if (result == POLICY_DOWN) {
        s->wanted = HEALTH_WORD_USABLE | HEALTH_WORD_RESERVE;
        result = choose(s, service, order, (struct choice){0}, &region);
        s->out->flags |= result == POLICY_CHOSEN ? POLICY_RESERVE : 0;
    }
    if (result == POLICY_CHOSEN)
        add_runner_up(s, service, order, region, false);
    s->wanted = outer;
    return result;
}

/* select_service - one level. DOWN: nothing of it was usable, and out holds what it answers all
 * the same. */
static enum policy_result select_service(struct policy_selection *s, uint16_t index,
                                         uint8_t pinned)
{
    const struct policy_service *service = &s->request->set->services[index];
    struct policy_answer *out = s->out;
    if (s->depth >= CONFIG_NESTING_MAX) /* config_check() has refused it */
        return POLICY_ABSENT;
    s->depth++;
    struct policy_order_storage storage;
    struct policy_order order = order_for(s, service, pinned, &storage);
    begin_level(s, service, index);
    enum policy_result result = choose_for_level(s, service, &order);
    if (result != POLICY_CHOSEN) {
        out->outcome = POLICY_EMPTY;
        out->service = index;
        out->region = POLICY_NO_REGION;
        out->group = 0;
        if (result == POLICY_DOWN)
            fall_back(s, service, &order);
    }
    s->depth--;
    return result;
}

/* start_sticky - the client's /24 or /48, which is then also the least scope. */
static void start_sticky(struct policy_selection *s)
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
    struct policy_selection s = {.request = request,
                                 .rng = rng,
                                 .lots = lots,
                                 .out = out,
                                 .suspect_ttl_s = UINT32_MAX,
                                 .least_ttl_s = UINT32_MAX,
                                 .wanted = HEALTH_WORD_USABLE};
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
    out->ttl_s = policy_smaller(out->ttl_s, s.suspect_ttl_s);
    policy_age(&s);
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
