#include "rhumb/policy_audit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "rhumb/geo_audit.h"

#include "policy_audit_table.h"
#include "policy_rank.h"

/* Faults of one service that are told; a wrong table is wrong in thousands of places. */
enum { TOLD_MAX = 5 };

enum { NO_SERVICE = 0xffff };

struct auditor {
    const struct config *config;
    const struct geo_map *map;
    const struct policy_set *set;
    struct diag_list *diags;
    struct policy_audit *out;
    struct policy_walker walker;
    size_t *faults; /* by service */
    bool *
        told_nested; /* by service: one nested service that undoes a rule is enough to hear of */
    uint16_t *next;  /* by service: the next one with its trie; NO_SERVICE: none */
};

/* Clients whose class is judged. */
struct clients {
    const struct ip_prefix *network; /* NULL: any of the location, or none */
    uint32_t location;
};

/* ---- telling ---- */

/* A network of the map, for a message. */
struct search {
    uint32_t location;
    bool found;
    struct ip_prefix network;
};

static void on_network(void *ctx, const struct ip_prefix *network, uint32_t location)
{
    struct search *search = ctx;
    if (search->found || location != search->location)
        return;
    search->found = true;
    search->network = *network;
}

static const char *clients_format(const struct auditor *auditor, const struct clients *clients,
                                  char *buffer, size_t size)
{
    const struct geo_place *place = &geo_map_location(auditor->map, clients->location)->place;
    struct search search = {.location = clients->location, .found = clients->network != NULL};
    char network[IP_TEXT_MAX], text[GEO_PLACE_TEXT_MAX];
    if (clients->network)
        search.network = *clients->network;
    else
        geo_map_walk(auditor->map, on_network, &search);
    if (search.found)
        snprintf(buffer, size, "clients in %s (%s)", ip_prefix_format(&search.network, network),
                 geo_place_format(place, text));
    else
        snprintf(buffer, size, "clients that nobody knows (%s)", geo_place_format(place, text));
    return buffer;
}

/* is_told - one more fault of the service: is there room to tell it? */
static bool is_told(struct auditor *auditor, uint16_t service)
{
    auditor->out->faults++;
    return auditor->faults[service]++ < TOLD_MAX;
}

static void blame_us(struct auditor *auditor)
{
    diag_remedy(auditor->diags, "this is a fault of rhumb, not of the file: please report it");
}

static void tell_table(struct auditor *auditor, uint16_t index, const char *fault,
                       const char *where)
{
    const struct policy_service *service = &auditor->set->services[index];
    if (!is_told(auditor, index))
        return;
    diag_error(auditor->diags, &service->config->place, "the table of '%.80s' is wrong%s%s: %s",
               service->name, *where ? " at " : "", where, fault);
    blame_us(auditor);
}

/* place_of - the rule, or the service when there is none. */
static const struct diag_place *place_of(const struct policy_service *service, uint16_t rule)
{
    return rule == POLICY_NO_RULE ? &service->config->place
                                  : &service->config->residency[rule].place;
}

enum { CLIENTS_TEXT_MAX = IP_TEXT_MAX + GEO_PLACE_TEXT_MAX + 32 };

/* tell_region - these clients may get a region that the rule forbids; or may not get one that
 * nothing forbids. */
static void tell_region(struct auditor *auditor, uint16_t index, const struct clients *clients,
                        uint16_t rule, uint8_t region, bool forbidden)
{
    const struct policy_service *service = &auditor->set->services[index];
    char who[CLIENTS_TEXT_MAX];
    if (!is_told(auditor, index))
        return;
    diag_error(auditor->diags, place_of(service, rule),
               forbidden ? "%s may be sent to '%.80s' of '%.80s', which this rule forbids"
                         : "%s are never sent to '%.80s' of '%.80s', which nothing forbids",
               clients_format(auditor, clients, who, sizeof(who)),
               service->config->regions[region].name, service->name);
    blame_us(auditor);
}

/* ---- nesting ---- */

enum err policy_walker_init(struct policy_walker *walker, const struct config *config,
                            const struct policy_set *set)
{
    *walker = (struct policy_walker){
        .config = config,
        .set = set,
        .stamps = calloc(config->service_count + 1, sizeof(*walker->stamps)),
    };
    return walker->stamps ? ERR_OK : ERR_NO_MEMORY;
}

void policy_walker_deinit(struct policy_walker *walker)
{
    free(walker->stamps);
}

/* visit - recursion is at most CONFIG_NESTING_MAX deep: config_load() has refused more. */
static void visit(struct policy_walker *walker, uint16_t index,
                  const struct geo_location *location, policy_on_reach on_reach, void *ctx)
{
    const struct config_service *service = &walker->config->services[index];
    uint16_t rule;
    if (walker->stamps[index] == walker->stamp)
        return;
    walker->stamps[index] = walker->stamp;
    uint64_t allowed = policy_residency(service, walker->set->marks, location, &rule);
    for (; allowed != 0; allowed &= allowed - 1) {
        uint8_t region = (uint8_t)__builtin_ctzll(allowed);
        uint16_t nested = service->regions[region].service;
        if (nested != CONFIG_NONE)
            visit(walker, nested, location, on_reach, ctx);
        else
            on_reach(ctx, (struct policy_reach){index, region});
    }
}

void policy_reach_walk(struct policy_walker *walker, uint16_t service,
                       const struct geo_location *location, policy_on_reach on_reach, void *ctx)
{
    if (++walker->stamp == 0) { /* after 2^32 walks old stamps would count again */
        memset(walker->stamps, 0, walker->config->service_count * sizeof(*walker->stamps));
        walker->stamp = 1;
    }
    visit(walker, service, location, on_reach, ctx);
}

/* A service with a rule for these clients, and where its nested services lead them. */
struct passage {
    struct auditor *auditor;
    const struct clients *clients;
    uint16_t service, rule;
    uint64_t allowed;
};

/* on_nested - one of the places under `regions:` of the file may be a region of both services: the
 * rule of the outer one holds in the inner one too. */
static void on_nested(void *ctx, struct policy_reach reach)
{
    const struct passage *passage = ctx;
    struct auditor *auditor = passage->auditor;
    const struct config_service *outer = &auditor->config->services[passage->service];
    const struct config_service *inner = &auditor->config->services[reach.service];
    uint16_t declared = inner->regions[reach.region].region;
    char who[CLIENTS_TEXT_MAX];
    size_t r = 0;
    if (reach.service == passage->service || declared == CONFIG_NONE)
        return;
    while (r < outer->region_count && outer->regions[r].region != declared)
        r++;
    if (r == outer->region_count || (passage->allowed >> r & 1) != 0)
        return;
    bool told = auditor->told_nested[passage->service];
    auditor->told_nested[passage->service] = true;
    if (told || !is_told(auditor, passage->service))
        return;
    diag_error(auditor->diags, &outer->residency[passage->rule].place,
               "%s may be sent to '%.80s' by the service '%.80s' inside '%.80s': this rule "
               "forbids it",
               clients_format(auditor, passage->clients, who, sizeof(who)),
               inner->regions[reach.region].name, inner->name, outer->name);
    diag_remedy(auditor->diags, "give '%.80s' such a rule too, or take '%.80s' out of it",
                inner->name, inner->regions[reach.region].name);
}

/* ---- judging ---- */

/* regions_of - of an order, one bit each; what there is not has been told as a wrong table. */
static uint64_t regions_of(const struct policy_service *service,
                           const struct policy_order *order)
{
    uint64_t regions = order->allowed;
    for (uint8_t i = 0; i < order->region_count && i < service->region_count; i++)
        if (order->regions[i] < service->region_count)
            regions |= UINT64_C(1) << order->regions[i];
    return regions;
}

static void judge(struct auditor *auditor, uint16_t index, const struct clients *clients,
                  uint32_t class)
{
    const struct policy_service *service = &auditor->set->services[index];
    const struct geo_location *location = geo_map_location(auditor->map, clients->location);
    uint16_t rule;
    uint64_t allowed = policy_residency(service->config, auditor->set->marks, location, &rule);
    if (class >= service->class_count) {
        tell_table(auditor, index, "a network has a class that there is not", "");
        auditor->out->unreadable = true;
        return;
    }
    struct policy_order order = policy_class_get(service, class);
    uint64_t regions = regions_of(service, &order);
    uint64_t forbidden = regions & ~allowed, missing = allowed & ~regions;
    if (forbidden != 0 || missing != 0)
        tell_region(auditor, index, clients, rule,
                    (uint8_t)__builtin_ctzll(forbidden != 0 ? forbidden : missing),
                    forbidden != 0);
    else if (rule != order.residency)
        tell_table(auditor, index, "a network has the class of another rule", "");
    if (rule == POLICY_NO_RULE)
        return;
    struct passage passage = {auditor, clients, index, rule, allowed};
    policy_reach_walk(&auditor->walker, index, location, on_nested, &passage);
}

struct trie_audit {
    struct auditor *auditor;
    uint16_t first; /* of the services that share the trie */
};

static void on_pair(void *ctx, const struct ip_prefix *network, uint32_t location,
                    uint32_t class)
{
    const struct trie_audit *trie = ctx;
    struct clients clients = {network, location};
    for (uint16_t s = trie->first; s != NO_SERVICE; s = trie->auditor->next[s])
        judge(trie->auditor, s, &clients, class);
}

static enum err audit_trie(struct auditor *auditor, uint16_t first)
{
    struct trie_audit trie = {auditor, first};
    struct geo_audit geo;
    char network[IP_TEXT_MAX];
    enum err err =
        geo_audit_trie(auditor->map, auditor->set->services[first].trie, on_pair, &trie, &geo);
    auditor->out->tries++;
    auditor->out->leaves += geo.leaves;
    auditor->out->networks += geo.networks;
    if (err != ERR_CORRUPT)
        return err;
    auditor->out->unreadable = true;
    for (uint16_t s = first; s != NO_SERVICE; s = auditor->next[s])
        tell_table(auditor, s, geo.fault, ip_prefix_format(&geo.network, network));
    return ERR_OK;
}

/* judge_class_0 - without a trie everybody has this class; with one, those that nobody knows. */
static void judge_class_0(struct auditor *auditor, uint16_t index)
{
    const struct policy_service *service = &auditor->set->services[index];
    size_t fallback = geo_map_fallback(auditor->map);
    bool all = !service->trie && service->config->residency_count > 0;
    size_t first = all ? 0 : fallback;
    size_t behind = all ? geo_map_location_count(auditor->map) : fallback + 1;
    for (size_t i = first; i < behind; i++) {
        struct clients clients = {.location = (uint32_t)i};
        judge(auditor, index, &clients, 0);
    }
}

/* ---- the door ---- */

/* link_tries - out_first: by service, is it the first of those that share its trie? */
static void link_tries(const struct policy_set *set, uint16_t *next, bool *out_first)
{
    for (size_t s = 0; s < set->service_count; s++) {
        next[s] = NO_SERVICE;
        out_first[s] = set->services[s].trie != NULL;
        for (size_t before = s; before-- > 0 && out_first[s];) {
            if (set->services[before].trie != set->services[s].trie)
                continue;
            next[before] = (uint16_t)s;
            out_first[s] = false;
        }
    }
}

static void tell_the_rest(struct auditor *auditor, uint16_t index)
{
    size_t faults = auditor->faults[index];
    const struct policy_service *service = &auditor->set->services[index];
    if (faults > TOLD_MAX)
        diag_error(auditor->diags, &service->config->place, "and %zu more faults of '%.80s'",
                   faults - TOLD_MAX, service->name);
}

static enum err audit_all(struct auditor *auditor, bool *first)
{
    const struct policy_set *set = auditor->set;
    enum err err = ERR_OK;
    link_tries(set, auditor->next, first);
    for (uint16_t s = 0; s < set->service_count; s++) {
        struct policy_table_fault fault =
            policy_audit_table(&set->services[s], set->service_count);
        bool located = fault.region < set->services[s].config->region_count;
        if (fault.what)
            tell_table(auditor, s, fault.what,
                       located ? set->services[s].config->regions[fault.region].name : "");
        auditor->out->unreadable = auditor->out->unreadable || fault.unreadable;
        judge_class_0(auditor, s);
    }
    for (uint16_t s = 0; s < set->service_count && err == ERR_OK; s++)
        if (first[s])
            err = audit_trie(auditor, s);
    for (uint16_t s = 0; s < set->service_count; s++)
        tell_the_rest(auditor, s);
    return err;
}

enum err policy_audit(const struct config *config, const struct geo_map *map,
                      const struct policy_set *set, struct diag_list *diags,
                      struct policy_audit *out_audit)
{
    *out_audit = (struct policy_audit){0};
    struct auditor auditor = {
        .config = config,
        .map = map,
        .set = set,
        .diags = diags,
        .out = out_audit,
        .faults = calloc(set->service_count + 1, sizeof(*auditor.faults)),
        .told_nested = calloc(set->service_count + 1, sizeof(*auditor.told_nested)),
        .next = calloc(set->service_count + 1, sizeof(*auditor.next)),
    };
    bool *first = calloc(set->service_count + 1, sizeof(*first));
    enum err err = policy_walker_init(&auditor.walker, config, set);
    if (err == ERR_OK)
        err = auditor.faults && auditor.told_nested && auditor.next && first
                  ? audit_all(&auditor, first)
                  : ERR_NO_MEMORY;
    policy_walker_deinit(&auditor.walker);
    free(first);
    free(auditor.next);
    free(auditor.told_nested);
    free(auditor.faults);
    if (err == ERR_OK && out_audit->faults > 0)
        err = ERR_INVALID;
    return err;
}
