#include "rhumb/config_lint.h"

#include <string.h>

enum {
    RECOVERY_LONG_MS = 5 * 60 * 1000, /* clients that stay at a dead region so long are many */
    DETECT_LONG_MS = 60 * 1000,
    DETECT_PER_TTL = 10,
};

struct lint {
    const struct config *config;
    struct diag_list *diags;
    size_t from; /* of diags: the first of ours */
};

bool config_lint_is_said(const struct diag_list *diags, size_t from,
                         const struct diag_place *place)
{
    for (size_t i = from; i < diag_count(diags); i++) {
        const struct diag_place *other = &diag_get(diags, i)->place;
        if (other->line == place->line && other->column == place->column && other->file &&
            place->file && strcmp(other->file, place->file) == 0)
            return true;
    }
    return false;
}

/* ---- regions ---- */

static bool is_named(const struct config *config, uint16_t service)
{
    for (size_t z = 0; z < config->zone_count; z++)
        for (size_t n = 0; n < config->zones[z].name_count; n++)
            if (config->zones[z].names[n].service == service)
                return true;
    return false;
}

static bool has_family(const struct config_service_region *region, enum ip_family family)
{
    for (size_t i = 0; i < region->address_count; i++)
        if (region->addresses[i].family == family)
            return true;
    return false;
}

/* warn_only_region - of a family that other regions lack; not where a name or a nested service may
 * have it. */
static void warn_only_region(const struct lint *lint, const struct config_service *service,
                             enum ip_family family)
{
    const struct config_service_region *only = NULL;
    for (size_t r = 0; r < service->region_count; r++) {
        const struct config_service_region *region = &service->regions[r];
        if (region->address_count == 0)
            return;
        if (!has_family(region, family))
            continue;
        if (only)
            return;
        only = region;
    }
    if (!only || config_lint_is_said(lint->diags, lint->from, &only->place))
        return;
    diag_warning(
        lint->diags, &only->place,
        "of the regions of '%.80s' only '%.80s' has IPv%d addresses: nothing is left of "
        "them when it is down",
        service->name, only->name, family);
    diag_remedy(lint->diags, "give another region some, or take these out");
}

static void warn_few_regions(const struct lint *lint, uint16_t index)
{
    const struct config_service *service = &lint->config->services[index];
    if (!is_named(lint->config, index))
        return;
    if (service->region_count > 1) {
        warn_only_region(lint, service, IP_V4);
        warn_only_region(lint, service, IP_V6);
    } else if (service->region_count == 1 && service->regions[0].service == CONFIG_NONE) {
        diag_warning(lint->diags, &service->place,
                     "'%.80s' has one region: nothing is left when it is down", service->name);
        diag_remedy(lint->diags, "give it another one, with weight: 0 if it is a spare");
    }
}

/* is_told_apart - some rule allows one of two regions and not the other. */
static bool is_told_apart(const struct config_service *service, size_t a, size_t b)
{
    for (size_t i = 0; i < service->residency_count; i++)
        if ((service->residency[i].allowed >> a & 1) !=
            (service->residency[i].allowed >> b & 1))
            return true;
    return false;
}

static const struct ip_addr *shared_address(const struct config_service_region *a,
                                            const struct config_service_region *b)
{
    for (size_t i = 0; i < a->address_count; i++)
        for (size_t j = 0; j < b->address_count; j++)
            if (ip_equal(&a->addresses[i], &b->addresses[j]))
                return &a->addresses[i];
    return NULL;
}

static void warn_shared_addresses(const struct lint *lint, const struct config_service *service)
{
    char text[IP_TEXT_MAX];
    for (size_t a = 0; a < service->region_count && service->residency_count > 0; a++) {
        for (size_t b = a + 1; b < service->region_count; b++) {
            const struct config_service_region *region = &service->regions[b];
            const struct ip_addr *addr = shared_address(&service->regions[a], region);
            if (!addr || !is_told_apart(service, a, b) ||
                config_lint_is_said(lint->diags, lint->from, &region->place))
                continue;
            diag_warning(
                lint->diags, &region->place,
                "%s is in '%.80s' and in '%.80s', which the residency of '%.80s' tells "
                "apart",
                ip_format(addr, text), service->regions[a].name, region->name, service->name);
            diag_remedy(lint->diags, "residency is about regions: say where this address is");
        }
    }
}

/* ---- TTLs ---- */

/* is_new - no service before it has the same TTLs and the same check: most inherit them. */
static bool is_new(const struct config *config, size_t service)
{
    const struct config_ttl *ttl = &config->services[service].ttl;
    for (size_t s = 0; s < service; s++) {
        const struct config_ttl *other = &config->services[s].ttl;
        if (config->services[s].check == config->services[service].check &&
            other->stable_s == ttl->stable_s && other->unsettled_s == ttl->unsettled_s &&
            other->suspect_s == ttl->suspect_s && other->from_proof == ttl->from_proof)
            return false;
    }
    return true;
}

static void warn_growing_ttl(const struct lint *lint, const struct config_service *service)
{
    const struct config_ttl *ttl = &service->ttl;
    if (ttl->stable_s >= ttl->unsettled_s && ttl->unsettled_s >= ttl->suspect_s)
        return;
    diag_warning(lint->diags, &service->place,
                 "the TTLs of '%.80s' grow as things get worse: stable %u s, unsettled %u s, "
                 "suspect %u s",
                 service->name, ttl->stable_s, ttl->unsettled_s, ttl->suspect_s);
    diag_remedy(lint->diags, "stable should be the longest, suspect the shortest");
}

static void warn_long_ttl(const struct lint *lint, const struct config_service *service)
{
    uint64_t detect_ms, stable_ms = UINT64_C(1000) * service->ttl.stable_s;
    uint64_t worst_ms = config_recovery_worst_ms(lint->config, service, &detect_ms);
    const char *check = lint->config->checks[service->check].name;
    if (worst_ms > RECOVERY_LONG_MS) {
        bool by_ttl = stable_ms > detect_ms;
        diag_warning(lint->diags, &service->place,
                     "clients of '%.80s' may stay at a dead region for %llu s", service->name,
                     (unsigned long long)(worst_ms / 1000));
        if (by_ttl)
            diag_remedy(lint->diags, "lower its ttl: stable, or let ttl: {cap: true} do it");
        else
            diag_remedy(lint->diags, "let the check '%.80s' ask more often", check);
    } else if (detect_ms > DETECT_LONG_MS && detect_ms > DETECT_PER_TTL * stable_ms) {
        diag_warning(
            lint->diags, &service->place,
            "'%.80s' has a TTL of %u s, but a dead region is noticed after %llu s only",
            service->name, service->ttl.stable_s, (unsigned long long)(detect_ms / 1000));
        diag_remedy(lint->diags,
                    "let the check '%.80s' ask more often: so short a TTL costs "
                    "queries and gains nothing",
                    check);
    }
}

/* ---- networks ---- */

static bool holds_v4(const struct ip_prefix *network)
{
    for (size_t i = 0; i < IP_EMBEDDING_RANGE_COUNT; i++)
        if (network->len >= ip_embedding_ranges[i].len &&
            ip_prefix_contains(&ip_embedding_ranges[i], &network->addr))
            return true;
    return false;
}

static void warn_network(const struct lint *lint, const struct ip_prefix *network,
                         const struct diag_place *place)
{
    char text[IP_TEXT_MAX];
    if (!holds_v4(network) || config_lint_is_said(lint->diags, lint->from, place))
        return;
    diag_warning(
        lint->diags, place,
        "nobody is in %s: these addresses hold an IPv4 one, which is looked up instead",
        ip_prefix_format(network, text));
    diag_remedy(lint->diags, "name the IPv4 network");
}

static void warn_matcher(const struct lint *lint, const struct config_matcher *matcher)
{
    if (matcher->kind == CONFIG_MATCH_NETWORK)
        warn_network(lint, &matcher->network, &matcher->place);
}

static void warn_networks(const struct lint *lint)
{
    const struct config *config = lint->config;
    for (size_t i = 0; i < config->geo.network_count; i++)
        warn_network(lint, &config->geo.networks[i].prefix, &config->geo.networks[i].place);
    for (size_t s = 0; s < config->service_count; s++) {
        const struct config_service *service = &config->services[s];
        for (size_t i = 0; i < service->residency_count; i++)
            warn_matcher(lint, &service->residency[i].who);
        for (size_t r = 0; r < service->region_count; r++)
            for (size_t i = 0; i < service->regions[r].serves_count; i++)
                warn_matcher(lint, &service->regions[r].serves[i]);
    }
}

void config_lint(const struct config *config, struct diag_list *diags)
{
    struct lint lint = {.config = config, .diags = diags, .from = diag_count(diags)};
    warn_networks(&lint);
    for (uint16_t s = 0; s < config->service_count; s++) {
        const struct config_service *service = &config->services[s];
        warn_few_regions(&lint, s);
        warn_shared_addresses(&lint, service);
        if (is_new(config, s)) {
            warn_growing_ttl(&lint, service);
            warn_long_ttl(&lint, service);
        }
    }
}
