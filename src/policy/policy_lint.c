#include "rhumb/policy_lint.h"

#include <stdlib.h>

#include "rhumb/config_lint.h"

#include "policy_rank.h"

struct lint {
    const struct config *config;
    const struct geo_map *map;
    const struct policy_set *set;
    struct diag_list *diags;
    bool *inhabited; /* by location: some client is there */
    /* of the service at work */
    bool *met;      /* by rule, or by item of a region */
    uint64_t first; /* regions that are somebody's first choice */
};

/* ---- clients ---- */

static bool is_elsewhere(const struct ip_prefix *network)
{
    for (size_t i = 0; i < IP_EMBEDDING_RANGE_COUNT; i++)
        if (ip_prefix_contains(&ip_embedding_ranges[i], &network->addr))
            return true;
    return false;
}

static void on_network(void *ctx, const struct ip_prefix *network, uint32_t location)
{
    struct lint *lint = ctx;
    if (!lint->inhabited[location] && !is_elsewhere(network))
        lint->inhabited[location] = true;
}

/* on_location - what one of them says of the service at work. */
typedef void (*on_location)(struct lint *lint, const struct config_service *service,
                            const struct geo_location *location);

static void for_clients(struct lint *lint, const struct config_service *service, on_location on)
{
    size_t locations = geo_map_location_count(lint->map);
    for (size_t i = 0; i < locations; i++)
        if (lint->inhabited[i])
            on(lint, service, geo_map_location(lint->map, i));
}

/* ---- rules ---- */

static void meet_rule(struct lint *lint, const struct config_service *service,
                      const struct geo_location *location)
{
    uint16_t rule;
    (void)policy_residency(service, lint->set->marks, location, &rule);
    if (rule != POLICY_NO_RULE)
        lint->met[rule] = true;
}

static enum err judge_rules(struct lint *lint, const struct config_service *service)
{
    char who[POLICY_MATCHER_TEXT_MAX];
    lint->met = calloc(service->residency_count + 1, sizeof(*lint->met));
    if (!lint->met)
        return ERR_NO_MEMORY;
    for_clients(lint, service, meet_rule);
    for (size_t i = 0; i < service->residency_count; i++) {
        const struct config_residency *rule = &service->residency[i];
        if (lint->met[i] || config_lint_is_said(lint->diags, 0, &rule->place))
            continue;
        diag_warning(lint->diags, &rule->place,
                     "no client falls under the residency rule %s of '%.80s'",
                     policy_matcher_format(&rule->who, who), service->name);
        diag_remedy(lint->diags,
                    "does a database know it? Are all its clients in more specific "
                    "rules? Else take it out");
    }
    free(lint->met);
    return ERR_OK;
}

/* ---- items of serves ---- */

static size_t item_count(const struct config_service *service)
{
    size_t count = 0;
    for (size_t r = 0; r < service->region_count; r++)
        count += service->regions[r].serves_count;
    return count;
}

static void meet_items(struct lint *lint, const struct config_service *service,
                       const struct geo_location *location)
{
    size_t item = 0;
    for (size_t r = 0; r < service->region_count; r++) {
        const struct config_service_region *region = &service->regions[r];
        for (size_t i = 0; i < region->serves_count; i++, item++)
            if (!lint->met[item])
                lint->met[item] =
                    policy_match(&region->serves[i], location, lint->set->marks) > 0;
    }
}

static enum err judge_items(struct lint *lint, const struct config_service *service)
{
    char who[POLICY_MATCHER_TEXT_MAX];
    if (service->policy != CONFIG_POLICY_GEO)
        return ERR_OK;
    lint->met = calloc(item_count(service) + 1, sizeof(*lint->met));
    if (!lint->met)
        return ERR_NO_MEMORY;
    for_clients(lint, service, meet_items);
    size_t item = 0;
    for (size_t r = 0; r < service->region_count; r++) {
        const struct config_service_region *region = &service->regions[r];
        for (size_t i = 0; i < region->serves_count; i++, item++) {
            const struct config_matcher *matcher = &region->serves[i];
            if (lint->met[item] || config_lint_is_said(lint->diags, 0, &matcher->place))
                continue;
            diag_warning(lint->diags, &matcher->place,
                         "no client matches %s, which '%.80s' of '%.80s' serves",
                         policy_matcher_format(matcher, who), region->name, service->name);
            diag_remedy(lint->diags, "does a database know it? Else take it out");
        }
    }
    free(lint->met);
    return ERR_OK;
}

/* ---- first choices ---- */

static void meet_first(struct lint *lint, const struct policy_service *service, uint32_t class)
{
    struct policy_order order = policy_class_get(service, class);
    for (uint8_t i = 0; i < order.group_end[0]; i++)
        lint->first |= UINT64_C(1) << order.regions[i];
}

/* Leaves of one trie. */
struct leaves {
    struct lint *lint;
    const struct policy_service *service;
};

static void on_leaf(void *ctx, const struct ip_prefix *prefix, uint32_t class)
{
    const struct leaves *leaves = ctx;
    if (!is_elsewhere(prefix))
        meet_first(leaves->lint, leaves->service, class);
}

/* depends - is the order one that tells clients apart, and known when it is compiled? */
static bool depends(const struct config_service *service)
{
    return service->policy == CONFIG_POLICY_GEO || service->policy == CONFIG_POLICY_NEAREST ||
           (service->policy == CONFIG_POLICY_LATENCY &&
            service->latency_source == CONFIG_LATENCY_PRIOR);
}

static void judge_first(struct lint *lint, const struct policy_service *service)
{
    const struct config_service *config = service->config;
    struct leaves leaves = {lint, service};
    if (!depends(config))
        return;
    lint->first = 0;
    if (service->trie)
        geo_trie_walk(service->trie, on_leaf, &leaves);
    else
        meet_first(lint, service, 0);
    for (size_t r = 0; r < config->region_count; r++) {
        const struct config_service_region *region = &config->regions[r];
        if ((lint->first >> r & 1) != 0 || region->weight == 0 ||
            config_lint_is_said(lint->diags, 0, &region->place))
            continue;
        diag_warning(lint->diags, &region->place,
                     "the region '%.80s' is the first choice of no client of '%.80s'",
                     region->name, service->name);
        diag_remedy(lint->diags,
                    config->policy == CONFIG_POLICY_GEO
                        ? "give it serves: for those it is meant for, or weight: 0 for a spare"
                        : "is its location right? Give it weight: 0 when it is a spare");
    }
}

enum err policy_lint(const struct config *config, const struct geo_map *map,
                     const struct policy_set *set, struct diag_list *diags)
{
    struct lint lint = {
        .config = config,
        .map = map,
        .set = set,
        .diags = diags,
        .inhabited = calloc(geo_map_location_count(map), sizeof(*lint.inhabited)),
    };
    if (!lint.inhabited)
        return ERR_NO_MEMORY;
    geo_map_walk(map, on_network, &lint);
    enum err err = ERR_OK;
    for (size_t s = 0; s < set->service_count && err == ERR_OK; s++) {
        err = judge_rules(&lint, &config->services[s]);
        if (err == ERR_OK)
            err = judge_items(&lint, &config->services[s]);
        if (err == ERR_OK)
            judge_first(&lint, &set->services[s]);
    }
    free(lint.inhabited);
    return err;
}
