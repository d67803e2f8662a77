/* The decision of policy_select() told step by step. The order and its reasons come from the
 * same policy_rank() the classes were made with, the pick from policy_select() itself: explain
 * has no opinion of its own.
 */

#include "rhumb/dns_name.h"
#include "rhumb/policy.h"

#include "policy_locate.h"
#include "policy_measure.h"
#include "policy_rank.h"

struct explanation {
    const struct policy_request *request;
    const struct config *config;
    const struct geo_map *map;
    const struct ip_prefix *marks;
    struct text *out;
};

static const char *source_name(const struct explanation *e, uint8_t source)
{
    if (source == GEO_SOURCE_NETWORK)
        return "geo.networks";
    if (source == GEO_SOURCE_DEFAULT)
        return "geo.default";
    if (source == GEO_SOURCE_NONE || source >= e->config->geo.database_count)
        return "no source";
    return e->config->geo.databases[source].path;
}

/* put_client - who asks, and the address inside when that is what counts. */
static void put_client(const struct explanation *e)
{
    const struct policy_client *client = &e->request->client;
    struct policy_origin origin = policy_origin_of(client);
    char text[IP_TEXT_MAX];
    text_printf(e->out, "client     %s (%s)\n", ip_prefix_format(&client->network, text),
                client->is_ecs ? "EDNS Client Subnet" : "source address");
    if (origin.offset > 0)
        text_printf(e->out, "inside     %s, %u bits of it known\n",
                    ip_format(&origin.addr, text), origin.len);
}

/* put_location - where the client is for a service, and who says so; silent when it is where it
 * was. */
static const struct geo_location *put_location(const struct explanation *e,
                                               const struct policy_service *service,
                                               const struct geo_location *before)
{
    const struct policy_client *client = &e->request->client;
    struct policy_origin origin = policy_origin_of(client);
    struct ip_addr addr = policy_lookup_addr(service, client, &origin);
    char text[IP_TEXT_MAX], place[GEO_PLACE_TEXT_MAX];
    struct ip_prefix network = {0};
    size_t idx = client->network.len > 0 ? geo_map_find(e->map, &addr, &network)
                                         : geo_map_fallback(e->map);
    const struct geo_location *location = geo_map_location(e->map, idx);
    if (location == before)
        return location;
    text_printf(e->out, "network    %s, place from %s",
                network.addr.family != IP_NONE ? ip_prefix_format(&network, text) : "unknown",
                source_name(e, location->place_source));
    if (location->place.asn != 0)
        text_printf(e->out, ", AS from %s", source_name(e, location->asn_source));
    text_printf(e->out, "\nlocation   %s\n", geo_place_format(&location->place, place));
    return location;
}

static void put_residency(const struct explanation *e, const struct policy_service *service,
                          const struct policy_ranking *ranking)
{
    if (ranking->residency == POLICY_NO_RULE) {
        if (service->config->residency_count > 0)
            text_printf(e->out, "residency  no rule matches: every region is allowed\n");
        return;
    }
    char text[POLICY_MATCHER_TEXT_MAX];
    const struct config_residency *rule = &service->config->residency[ranking->residency];
    text_printf(e->out, "residency  %s: only", policy_matcher_format(&rule->who, text));
    for (uint8_t i = 0; i < service->region_count; i++)
        if ((rule->allowed >> i & 1) != 0)
            text_printf(e->out, " %s", service->regions[i].name);
    text_printf(e->out, "\n");
}

static void put_reason(const struct explanation *e, const struct policy_ranking *ranking,
                       uint8_t at)
{
    char text[POLICY_MATCHER_TEXT_MAX];
    switch (ranking->reasons[at].why) {
    case POLICY_WHY_ORDER: text_printf(e->out, "its place in the order"); break;
    case POLICY_WHY_WEIGHT: text_printf(e->out, "weighted"); break;
    case POLICY_WHY_SERVES:
        text_printf(e->out, "serves %s",
                    policy_matcher_format(ranking->reasons[at].matcher, text));
        break;
    case POLICY_WHY_DISTANCE: text_printf(e->out, "%.0f km", ranking->reasons[at].value); break;
    case POLICY_WHY_LATENCY:
        text_printf(e->out, "%.1f ms expected", ranking->reasons[at].value);
        break;
    case POLICY_WHY_MEASURED:
        if (ranking->reasons[at].value >= 0)
            text_printf(e->out, "%.1f ms measured", ranking->reasons[at].value);
        else
            text_printf(e->out, "not measured yet");
        break;
    case POLICY_WHY_TAIL: text_printf(e->out, "the rest, in the order of the file"); break;
    case POLICY_WHY_LAST: text_printf(e->out, "weight 0: last resort"); break;
    }
}

static const char *state_of(const struct explanation *e, uint32_t seat)
{
    health_word word = health_table_get(e->request->health, seat);
    return (word & HEALTH_WORD_UNCHECKED) != 0 ? "not checked"
                                               : health_state_name(health_word_state(word));
}

static void put_names(const struct explanation *e, const struct policy_region *region)
{
    char text[DNS_NAME_TEXT_MAX];
    for (uint16_t i = 0; i < region->name_count; i++)
        text_printf(e->out, " %s %s%s", dns_name_to_text(region->names[i], text),
                    state_of(e, region->first_seat + i), i + 1 < region->name_count ? "," : "");
}

static void put_endpoints(const struct explanation *e, const struct policy_endpoint *list,
                          unsigned count)
{
    char text[IP_TEXT_MAX];
    for (unsigned i = 0; i < count; i++) {
        text_printf(e->out, " %s %s%s", ip_format(&list[i].addr, text),
                    state_of(e, list[i].seat), i + 1 < count ? "," : "");
    }
}

static void put_health(const struct explanation *e, const struct policy_service *service,
                       const struct policy_region *region)
{
    bool v4 = e->request->family == IP_V4;
    if (region->nested != CONFIG_NONE) {
        text_printf(e->out, " service %s", e->request->set->services[region->nested].name);
        return;
    }
    if (region->name_count > 0) {
        put_names(e, region);
        return;
    }
    unsigned count = v4 ? region->v4_count : region->v6_count;
    if (count == 0) {
        text_printf(e->out, " no %s address", v4 ? "IPv4" : "IPv6");
        return;
    }
    put_endpoints(e, v4 ? region->v4 : region->v6, count);
    if (service->min_up_permille > 0 && count > 1)
        text_printf(e->out, " (usable with %u %% up)", service->min_up_permille / 10u);
}

static void put_order(const struct explanation *e, const struct policy_service *service,
                      const struct policy_ranking *ranking)
{
    unsigned group = 0;
    for (uint8_t i = 0; i < ranking->count; i++) {
        bool opens = i == 0 || ranking->group_end[i] != ranking->group_end[i - 1];
        group += opens;
        const struct policy_region *region = &service->regions[ranking->regions[i]];
        text_printf(e->out, "%-10s ", i == 0 ? "order" : "");
        if (opens)
            text_printf(e->out, "%2u. ", group);
        else
            text_printf(e->out, "    ");
        text_printf(e->out, "%-16s ", region->name);
        put_reason(e, ranking, i);
        if (service->config->regions[ranking->regions[i]].weight > 1)
            text_printf(e->out, ", weight %u", region->weight);
        text_printf(e->out, "; health:");
        put_health(e, service, region);
        text_printf(e->out, "\n");
    }
}

/* measure - what `source: pop` makes of the order at this moment. */
static void measure(const struct explanation *e, const struct policy_service *service,
                    struct policy_ranking *ranking)
{
    struct policy_order_storage storage;
    struct policy_order order = {.region_count = ranking->count,
                                 .regions = ranking->regions,
                                 .group_end = ranking->group_end};
    order = policy_order_by_rtt(e->request, service, order, &storage);
    for (uint8_t i = 0; i < ranking->count; i++) {
        uint8_t region = order.regions[i];
        uint32_t rtt_us = policy_region_rtt_us(e->request, &service->regions[region]);
        ranking->regions[i] = region;
        ranking->group_end[i] = order.group_end[i];
        ranking->reasons[i].value = rtt_us == UINT32_MAX ? -1 : (double)rtt_us / 1000;
    }
}

static void put_service(const struct explanation *e, uint16_t index,
                        const struct geo_location *before, unsigned depth)
{
    const struct policy_service *service = &e->request->set->services[index];
    const struct geo_location *location = put_location(e, service, before);
    struct policy_ranker ranker;
    struct policy_ranking ranking;
    policy_ranker_init(&ranker, e->config, service->config, e->marks);
    policy_rank(&ranker, location, &ranking);
    if (service->by_pop_latency)
        measure(e, service, &ranking);
    text_printf(e->out, "service    %s: policy %s%s\n", service->name,
                config_policy_name(service->config->policy),
                e->request->sticky ? ", sticky" : "");
    put_residency(e, service, &ranking);
    put_order(e, service, &ranking);
    for (uint8_t i = 0; i < ranking.count && depth < CONFIG_NESTING_MAX; i++) {
        uint16_t nested = service->regions[ranking.regions[i]].nested;
        if (nested != CONFIG_NONE)
            put_service(e, nested, location, depth + 1);
    }
}

static void put_ttl_reason(const struct explanation *e, const struct policy_answer *answer)
{
    const char *why = "stable: nothing of the service has changed lately";
    if ((answer->flags & POLICY_SUSPECT) != 0)
        why = "suspect: an endpoint of the region failed its latest probe";
    else if ((answer->flags & POLICY_UNSETTLED) != 0)
        why = "unsettled: an endpoint of the service is down or changed lately";
    text_printf(e->out, "ttl        %u s (%s)\n", answer->ttl_s, why);
    if (answer->aged_s > 0)
        text_printf(e->out, "           %u s of it have passed since the latest proof\n",
                    answer->aged_s);
}

static void put_pick(const struct explanation *e, const struct policy_answer *answer)
{
    const struct policy_service *service = &e->request->set->services[answer->service];
    char text[IP_TEXT_MAX], name[DNS_NAME_TEXT_MAX];
    if ((answer->flags & POLICY_PIN_REFUSED) != 0)
        text_printf(e->out, "pinned     refused: residency does not allow it to this client\n");
    if ((answer->flags & POLICY_RESERVE) != 0)
        text_printf(e->out,
                    "reserve    nothing else is usable: what is in reserve is answered\n");
    if ((answer->flags & POLICY_ALL_DOWN) != 0)
        text_printf(e->out, "all down   nothing usable: when_all_down decides\n");
    if (answer->outcome == POLICY_EMPTY) {
        text_printf(e->out, "answer     none (NODATA)%s\n",
                    (answer->flags & POLICY_ALL_DOWN) != 0 ? ""
                    : e->request->family == IP_V4          ? ": no IPv4 address anywhere"
                                                           : ": no IPv6 address anywhere");
        return;
    }
    text_printf(e->out, "pick       %s of %s, group %u\n",
                service->regions[answer->region].name, service->name, answer->group + 1u);
    text_printf(e->out, "answer    ");
    if (answer->outcome == POLICY_ALIAS)
        text_printf(e->out, " CNAME %s", dns_name_to_text(answer->alias, name));
    for (uint16_t i = 0; i < answer->count; i++)
        text_printf(e->out, " %s", ip_format(answer->addresses[i], text));
    text_printf(e->out, "\n");
    put_ttl_reason(e, answer);
}

void policy_explain(const struct policy_request *request, const struct config *config,
                    const struct geo_map *map, struct rng *rng, struct text *out)
{
    struct explanation e = {.request = request,
                            .config = config,
                            .map = map,
                            .marks = request->set->marks,
                            .out = out};

    put_client(&e);
    const struct policy_service *service = &request->set->services[request->service];
    if (request->pinned != POLICY_NO_REGION)
        text_printf(out, "pinned     to region %s by the name\n",
                    service->regions[request->pinned].name);
    put_service(&e, request->service, NULL, 0);
    struct policy_answer answer;
    policy_select(request, rng, &answer);
    put_pick(&e, &answer);
    if (request->client.is_ecs)
        text_printf(out, "scope      /%u\n", answer.scope);
    else
        text_printf(out, "scope      /%u (would be sent to a resolver that forwards subnets)\n",
                    answer.scope);
}
