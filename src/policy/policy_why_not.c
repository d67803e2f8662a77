/* Why a region is not in an answer: the first step at which it fell out, level by level of nesting.
 * The facts are those of policy_select(): the same classes, words and families.
 */
#include <string.h>

#include "rhumb/policy.h"

#include "policy_locate.h"
#include "policy_measure.h"
#include "policy_selection.h"
#include "policy_standing.h"

/* The way from the service that was asked to the region: one region of each level. */
struct path {
    uint16_t services[CONFIG_NESTING_MAX];
    uint8_t regions[CONFIG_NESTING_MAX];
    unsigned depth;
};

struct question {
    const struct policy_request *request;
    const struct policy_answer *answer;
    struct text *out;
    struct path path;
};

/* find_path - the first way down to a region of that name. */
static bool find_path(const struct policy_set *set, uint16_t index, const char *region,
                      struct path *path)
{
    const struct policy_service *service = &set->services[index];
    unsigned at = path->depth;
    if (at >= CONFIG_NESTING_MAX)
        return false;
    path->services[at] = index;
    path->depth++;
    for (uint8_t i = 0; i < service->region_count; i++) {
        path->regions[at] = i;
        if (strcmp(service->regions[i].name, region) == 0)
            return true;
    }
    for (uint8_t i = 0; i < service->region_count; i++) {
        path->regions[at] = i;
        if (service->regions[i].nested != CONFIG_NONE &&
            find_path(set, service->regions[i].nested, region, path))
            return true;
    }
    path->depth = at;
    return false;
}

static struct policy_selection selection_of(const struct question *q, health_word wanted)
{
    return (struct policy_selection){.request = q->request, .wanted = wanted, .depth = 1};
}

/* is_usable - for this client's family; wanted: which bits of a word will do. */
static bool is_usable(const struct question *q, const struct policy_service *service,
                      uint8_t region, health_word wanted)
{
    struct policy_selection s = selection_of(q, wanted);
    struct policy_shares shares = {.all_full = true};
    uint64_t bit = UINT64_C(1) << region;
    return policy_only_usable(&s, service, policy_only_existing(&s, service, bit), &shares) !=
           0;
}

static bool exists(const struct question *q, const struct policy_service *service,
                   uint8_t region)
{
    struct policy_selection s = selection_of(q, HEALTH_WORD_USABLE);
    return policy_only_existing(&s, service, UINT64_C(1) << region) != 0;
}

static unsigned group_of(const struct policy_order *order, uint8_t region)
{
    unsigned group = 0;
    for (uint8_t i = 0; i < order->region_count && order->regions[i] != region; i++)
        group += order->group_end[i] == i + 1;
    return group;
}

/* first_usable - the place in the order of the first region that is usable; region_count: none. */
static uint8_t first_usable(const struct question *q, const struct policy_service *service,
                            const struct policy_order *order, health_word wanted)
{
    uint8_t at = 0;
    while (at < order->region_count && !is_usable(q, service, order->regions[at], wanted))
        at++;
    return at;
}

static void put(const struct question *q, const char *text)
{
    text_printf(q->out, "%s\n", text);
}

/* put_endpoints - how those of its family do. */
static void put_endpoints(const struct question *q, const struct policy_region *region)
{
    unsigned count;
    const struct policy_endpoint *list =
        policy_endpoints_of(region, q->request->family, &count);
    char address[IP_TEXT_MAX];
    for (unsigned i = 0; i < count; i++) {
        health_word word = health_table_get(q->request->health, list[i].seat);
        text_printf(q->out, "%s %s %s%s", i > 0 ? "," : ":", ip_format(&list[i].addr, address),
                    health_state_name(health_word_state(word)),
                    (word & HEALTH_WORD_FORCED) != 0 ? " (an override)" : "");
    }
}

/* put_health - why it is not usable. */
static void put_health(const struct question *q, const struct policy_service *service,
                       uint8_t index)
{
    const struct policy_region *region = &service->regions[index];
    if (is_usable(q, service, index, HEALTH_WORD_USABLE | HEALTH_WORD_RESERVE)) {
        put(q, "health: it is in reserve, because it waits for its fail-back, is damped, or "
               "another region was made active by hand");
        return;
    }
    text_printf(q->out, "health: it is not usable");
    put_endpoints(q, region);
    if (service->min_up_permille > 0 && region->v4_count + region->v6_count > 1)
        text_printf(q->out, " (usable with %u %% up)", service->min_up_permille / 10u);
    put(q, "");
}

/* put_order - it is usable, but so is something before it, or beside it. */
static void put_order(const struct question *q, const struct policy_service *service,
                      const struct policy_order *order, uint8_t index)
{
    uint8_t first = first_usable(q, service, order, HEALTH_WORD_USABLE);
    const char *ahead =
        first < order->region_count ? service->regions[order->regions[first]].name : "none";
    unsigned group = group_of(order, index);
    if (first < order->region_count && group_of(order, order->regions[first]) < group)
        text_printf(q->out, "order: it is in group %u, and %s in group %u is usable\n",
                    group + 1, ahead, group_of(order, order->regions[first]) + 1);
    else if (q->request->sticky)
        put(q, "pick: the client is sticky, and its hash chose another of the group");
    else
        put(q, "pick: chance, by weight and scale, chose another of the group");
}

/* fell_out - true: it did so at this level, and the line is written. */
static bool fell_out(const struct question *q, unsigned level)
{
    const struct policy_service *service = &q->request->set->services[q->path.services[level]];
    uint8_t index = q->path.regions[level], scope;
    bool is_last = level + 1 == q->path.depth;
    struct policy_order_storage storage;
    struct policy_order order =
        policy_class_get(service, policy_locate(service, &q->request->client, &scope));
    if (service->by_pop_latency)
        order = policy_order_by_rtt(q->request, service, order, &storage);
    text_printf(q->out, "%-10s %s of %s: ", level == 0 ? "why not" : "",
                service->regions[index].name, service->name);
    if (level == 0 && q->request->pinned != POLICY_NO_REGION && q->request->pinned != index)
        put(q, "name: it is pinned to another region");
    else if ((order.allowed >> index & 1) == 0)
        put(q, "residency: it may not be given to this client");
    else if (!exists(q, service, index))
        put(q, q->request->family == IP_V4 ? "family: it has no IPv4 address"
                                           : "family: it has no IPv6 address");
    else if (!is_usable(q, service, index, HEALTH_WORD_USABLE))
        put_health(q, service, index);
    else if (is_last || service->regions[index].nested == CONFIG_NONE)
        put_order(q, service, &order, index);
    else if (first_usable(q, service, &order, HEALTH_WORD_USABLE) < order.region_count &&
             order.regions[first_usable(q, service, &order, HEALTH_WORD_USABLE)] != index)
        put_order(q, service, &order, index);
    else {
        put(q, "it was asked");
        return false;
    }
    return true;
}

void policy_why_not(const struct policy_request *request, const struct policy_answer *answer,
                    const char *region, struct text *out)
{
    struct question q = {.request = request, .answer = answer, .out = out};
    if (!find_path(request->set, request->service, region, &q.path)) {
        text_printf(out, "why not    %s: service %s has no such region\n", region,
                    request->set->services[request->service].name);
        return;
    }
    unsigned last = q.path.depth - 1;
    if (answer->outcome != POLICY_EMPTY && answer->service == q.path.services[last] &&
        answer->region == q.path.regions[last]) {
        text_printf(out, "why not    %s: it is the answer\n", region);
        return;
    }
    for (unsigned level = 0; level <= last && !fell_out(&q, level); level++)
        ;
}
