#include "config_promise.h"

#include <string.h>

#include "rhumb/policy.h"

#include "fuzz.h"

enum { HOUR_MS = 3600 * 1000, MINUTE_MS = 60 * 1000, DAY_S = 86400 };

static int between(uint64_t value, uint64_t least, uint64_t most)
{
    return value >= least && value <= most;
}

static void check_server(const struct config_server *s)
{
    FUZZ_PROMISE(s->listener_count > 0, "there is a listener");
    for (size_t i = 0; i < s->listener_count; i++)
        FUZZ_PROMISE(s->listeners[i].port > 0 && s->listeners[i].addr.family != IP_NONE,
                     "a listener has an address and a port");
    FUZZ_PROMISE(s->workers <= 256, "server.workers");
    FUZZ_PROMISE(between(s->udp_size_bytes, 512, 4096), "server.udp_size");
    FUZZ_PROMISE(between(s->tcp_connections, 1, 100000), "server.tcp.connections");
    FUZZ_PROMISE(s->probes_in_flight > 0 && s->probes_per_address > 0, "server.probes");
}

static void check_receiver(const struct config_receiver *r)
{
    FUZZ_PROMISE(r->name && between(r->timeout_ms, 100, MINUTE_MS), "a receiver's timeout");
    FUZZ_PROMISE(r->severity <= CONFIG_CRITICAL, "a receiver's severity");
    if (r->kind == CONFIG_WEBHOOK)
        FUZZ_PROMISE(strncmp(r->url, r->name, strlen(r->name)) == 0,
                     "a webhook is called by the beginning of its URL");
    else
        FUZZ_PROMISE(r->argument_count > 0 && !r->argv[r->argument_count],
                     "arguments of a command end");
}

static void check_location(const struct config_location *l)
{
    FUZZ_PROMISE(memchr(l->country, 0, 3) && memchr(l->continent, 0, 3) &&
                     memchr(l->subdivision, 0, 4),
                 "codes of a location end inside their fields");
    if (l->has_coordinates)
        FUZZ_PROMISE(l->latitude >= -90 && l->latitude <= 90 && l->longitude >= -180 &&
                         l->longitude <= 180,
                     "coordinates are on the globe");
}

static void check_kind(const struct config *config, const struct config_check *c)
{
    FUZZ_PROMISE(c->kind != CONFIG_CHECK_DNS || (c->dns.name && c->dns.type > 0),
                 "a dns check has a question");
    FUZZ_PROMISE((c->kind == CONFIG_CHECK_COMMAND) == (c->command.count > 0),
                 "a command has a name");
    FUZZ_PROMISE((c->kind == CONFIG_CHECK_FILE) == (c->file.path != NULL),
                 "a file check has a path");
    FUZZ_PROMISE((c->kind == CONFIG_CHECK_PARTS) == (c->part_count >= 2),
                 "a check made of checks has two of them");
    FUZZ_PROMISE(c->parts_needed <= c->part_count, "so many parts can be up");
    for (size_t i = 0; i < c->part_count; i++) {
        FUZZ_PROMISE(c->parts[i] > 0 && c->parts[i] < config->check_count, "a part exists");
        FUZZ_PROMISE(config->checks[c->parts[i]].kind != CONFIG_CHECK_PARTS,
                     "a part has no parts");
    }
}

static void check_check(const struct config *config, const struct config_check *c)
{
    bool has_port = c->kind != CONFIG_CHECK_ICMP && c->kind != CONFIG_CHECK_COMMAND &&
                    c->kind != CONFIG_CHECK_FILE && c->kind != CONFIG_CHECK_PARTS;
    FUZZ_PROMISE(c->name && (c->port > 0 || !has_port), "a check has a name and a port");
    check_kind(config, c);
    FUZZ_PROMISE(between(c->interval_ms, 100, HOUR_MS), "interval");
    FUZZ_PROMISE(between(c->timeout_ms, 10, MINUTE_MS) && c->timeout_ms <= c->interval_ms,
                 "timeout");
    FUZZ_PROMISE(between(c->fall, 1, 100) && between(c->rise, 1, 100), "fall and rise");
    FUZZ_PROMISE(c->min_down_ms <= HOUR_MS, "min_down");
    if (c->kind != CONFIG_CHECK_HTTP && c->kind != CONFIG_CHECK_HTTPS)
        return;
    FUZZ_PROMISE(c->path && c->path[0] == '/' && c->method,
                 "an HTTP check has path and method");
    FUZZ_PROMISE(c->status_count > 0, "an HTTP check takes some status");
    for (size_t i = 0; i < c->status_count; i++)
        FUZZ_PROMISE(c->statuses[i].first <= c->statuses[i].last &&
                         between(c->statuses[i].first, 100, 599) && c->statuses[i].last <= 599,
                     "a range of status codes");
}

/* ---- services ---- */

static void check_region(const struct config *config, const struct config_service_region *r)
{
    FUZZ_PROMISE(r->name && (r->region < config->region_count || r->region == CONFIG_NONE),
                 "a region of a service has a name, and is declared or nested");
    FUZZ_PROMISE(r->service < config->service_count || r->service == CONFIG_NONE,
                 "a nested service exists");
    FUZZ_PROMISE(r->weight <= 10000, "weight");
    FUZZ_PROMISE(r->address_count <= CONFIG_ENDPOINTS_MAX &&
                     r->name_count <= CONFIG_ENDPOINTS_MAX,
                 "endpoints of a region are limited");
    int kinds = (r->service != CONFIG_NONE) + (r->address_count > 0) + (r->name_count > 0);
    FUZZ_PROMISE(kinds == 1,
                 "a region has addresses, names or a service, and one of them only");
}

static void check_order(const struct config_service *s)
{
    uint64_t seen = 0;
    for (size_t i = 0; s->order && i < s->region_count; i++) {
        FUZZ_PROMISE(s->order[i] < s->region_count, "order: names regions of the service");
        seen |= UINT64_C(1) << s->order[i];
    }
    uint64_t all = UINT64_MAX >> (CONFIG_REGIONS_MAX - s->region_count);
    FUZZ_PROMISE(s->policy != CONFIG_POLICY_FAILOVER || seen == all,
                 "order: has each region once");
}

static void check_service(const struct config *config, const struct config_service *s)
{
    FUZZ_PROMISE(s->name && s->check < config->check_count, "the check of a service exists");
    FUZZ_PROMISE(between(s->region_count, 1, CONFIG_REGIONS_MAX), "regions of a service");
    FUZZ_PROMISE(s->ttl.stable_s <= DAY_S && s->ttl.unsettled_s <= DAY_S &&
                     s->ttl.suspect_s <= DAY_S,
                 "TTLs are at most a day");
    FUZZ_PROMISE(s->min_up >= 0 && s->min_up <= 1, "min_up");
    FUZZ_PROMISE(between(s->max_answers, 1, 64) && between(s->answers, 1, 2) &&
                     between(s->depth, 1, 16),
                 "answers and depth");
    FUZZ_PROMISE(s->all_down != CONFIG_ALL_DOWN_REGION || s->all_down_region < s->region_count,
                 "when_all_down names a region of the service");
    for (size_t i = 0; i < s->region_count; i++)
        check_region(config, &s->regions[i]);
    check_order(s);
    for (size_t i = 0; i < s->residency_count; i++)
        FUZZ_PROMISE(s->residency[i].allowed != 0 &&
                         (s->region_count == CONFIG_REGIONS_MAX ||
                          s->residency[i].allowed >> s->region_count == 0),
                     "residency allows regions of the service");
}

void config_promise_check(const struct config *config)
{
    check_server(&config->server);
    for (size_t i = 0; i < config->receiver_count; i++)
        check_receiver(&config->receivers[i]);
    FUZZ_PROMISE(config->geo.database_count <= CONFIG_DATABASES_MAX, "databases are limited");
    for (size_t i = 0; i < config->geo.network_count; i++)
        check_location(&config->geo.networks[i].location);
    check_location(&config->geo.fallback);
    for (size_t i = 0; i < config->region_count; i++)
        check_location(&config->regions[i].location);
    FUZZ_PROMISE(config->check_count > 0 && config->checks[0].kind == CONFIG_CHECK_NONE,
                 "the check 'none' is the first");
    for (size_t i = 1; i < config->check_count; i++)
        check_check(config, &config->checks[i]);
    FUZZ_PROMISE(config->service_count <= CONFIG_SERVICES_MAX, "services are limited");
    for (size_t i = 0; i < config->service_count; i++)
        check_service(config, &config->services[i]);
    for (size_t i = 0; i < config->zone_count; i++)
        for (size_t j = 0; j < config->zones[i].name_count; j++)
            FUZZ_PROMISE(config->zones[i].names[j].service < config->service_count,
                         "a steered name leads to a service");
}

/* ---- compile and ask ---- */

static void compile(const struct config *config, struct arena *arena,
                    struct policy_set *out_set)
{
    struct geo_map_input input = {.fallback = policy_place_of(&config->geo.fallback)};
    struct geo_map *map = NULL;
    struct ip_prefix *marks;
    struct geo_network *networks =
        arena_alloc_array(arena, config->geo.network_count, sizeof(*networks));
    FUZZ_PROMISE(networks && policy_marks(config, arena, &marks, &input.mark_count) == ERR_OK,
                 "the networks that policies name are listed");
    for (size_t i = 0; i < config->geo.network_count; i++) {
        networks[i].prefix = config->geo.networks[i].prefix;
        networks[i].place = policy_place_of(&config->geo.networks[i].location);
    }
    input.networks = networks;
    input.network_count = config->geo.network_count;
    input.marks = marks;
    FUZZ_PROMISE(geo_map_build(&input, &map) == ERR_OK, "a geography that loads is built");
    enum err err = policy_compile(config, map, arena, out_set);
    geo_map_free(map);
    FUZZ_PROMISE(err == ERR_OK, "policies that load compile");
}

static void check_answer(const struct config *config, const struct policy_answer *a,
                         enum ip_family family)
{
    if (a->outcome == POLICY_EMPTY)
        return;
    FUZZ_PROMISE(a->service < config->service_count, "an answer names its service");
    const struct config_service *s = &config->services[a->service];
    FUZZ_PROMISE(a->region < s->region_count, "an answer names a region of its service");
    FUZZ_PROMISE(a->outcome != POLICY_ALIAS ||
                     (a->alias && s->regions[a->region].name_count > 0),
                 "an alias is a name of the region");
    if (a->outcome != POLICY_ADDRESSES)
        return;
    FUZZ_PROMISE(between(a->count, 1, s->max_answers * s->answers), "as many as are allowed");
    FUZZ_PROMISE(a->addresses[0]->family == family, "of the family that was asked for");
    int found = 0;
    for (size_t i = 0; i < s->regions[a->region].address_count; i++)
        found |= ip_equal(&s->regions[a->region].addresses[i], a->addresses[0]);
    FUZZ_PROMISE(found, "an address is one of the region");
}

static size_t seat_count(const struct config *config)
{
    size_t count = 0;
    for (size_t s = 0; s < config->service_count; s++)
        for (size_t r = 0; r < config->services[s].region_count; r++)
            count += config_region_seat_count(&config->services[s].regions[r]);
    return count;
}

void config_promise_ask(const struct config *config, struct arena *arena)
{
    static const struct ip_prefix clients[] = {
        {.addr = {.family = IP_V4, .bytes = {192, 0, 2, 1}}, .len = 32},
        {.addr = {.family = IP_V6, .bytes = {0x20, 1, 0xd, 0xb8}}, .len = 128},
        {.addr = {.family = IP_V4}, .len = 0},
    };

    struct policy_set set;
    struct health_table health;
    struct rng rng;
    compile(config, arena, &set);
    rng_init(&rng, 1);
    FUZZ_PROMISE(health_table_init(&health, seat_count(config), config->service_count, arena) ==
                     ERR_OK,
                 "there is memory");
    for (size_t i = 0; i < config->service_count * 6; i++) {
        static struct policy_answer answer;
        struct policy_request request = {.set = &set, .health = &health};
        request.service = (uint16_t)(i / 6);
        request.pinned = POLICY_NO_REGION;
        request.sticky = config->services[i / 6].sticky;
        request.family = i % 2 == 0 ? IP_V4 : IP_V6;
        request.client.network = clients[i % 3];
        policy_select(&request, &rng, &answer);
        check_answer(config, &answer, request.family);
    }
}
