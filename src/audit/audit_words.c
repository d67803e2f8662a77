#include "audit_words.h"

#include <stdio.h>
#include <string.h>

#include "rhumb/dns_name.h"

const char *audit_end_format(const struct audit_report *report, size_t service,
                             const struct audit_end *end, char buffer[AUDIT_WORDS_MAX])
{
    const struct config_service *of = &report->snapshot->config->services[end->reach.service];
    const char *region = of->regions[end->reach.region].name;
    if (end->reach.service == service)
        snprintf(buffer, AUDIT_WORDS_MAX, "%.200s", region);
    else
        snprintf(buffer, AUDIT_WORDS_MAX, "%.200s of %.200s", region, of->name);
    return buffer;
}

/* is_continent - so that a country of that code has to be written as one. */
static bool is_continent(const char *code)
{
    static const char codes[][3] = {"AF", "AN", "AS", "EU", "NA", "OC", "SA"};

    for (size_t i = 0; i < sizeof(codes) / sizeof(codes[0]); i++)
        if (strcmp(codes[i], code) == 0)
            return true;
    return false;
}

const char *audit_who_format(const struct config_matcher *who, char buffer[AUDIT_WORDS_MAX])
{
    char network[IP_TEXT_MAX];
    switch (who->kind) {
    case CONFIG_MATCH_NETWORK:
        snprintf(buffer, AUDIT_WORDS_MAX, "%s", ip_prefix_format(&who->network, network));
        break;
    case CONFIG_MATCH_ASN: snprintf(buffer, AUDIT_WORDS_MAX, "AS%u", who->asn); break;
    case CONFIG_MATCH_SUBDIVISION:
        snprintf(buffer, AUDIT_WORDS_MAX, "%s-%s", who->code, who->subdivision);
        break;
    case CONFIG_MATCH_COUNTRY:
        snprintf(buffer, AUDIT_WORDS_MAX, "%s%s", is_continent(who->code) ? "country:" : "",
                 who->code);
        break;
    case CONFIG_MATCH_CONTINENT: snprintf(buffer, AUDIT_WORDS_MAX, "%s", who->code); break;
    case CONFIG_MATCH_UNION: snprintf(buffer, AUDIT_WORDS_MAX, "EU-union"); break;
    case CONFIG_MATCH_DEFAULT: snprintf(buffer, AUDIT_WORDS_MAX, "default"); break;
    }
    return buffer;
}

static void walk_zone(const struct snapshot *snapshot, const struct zone *zone,
                      uint16_t service, audit_on_name on_name, void *ctx)
{
    for (size_t n = 0; n < zone->node_count; n++) {
        char text[DNS_NAME_TEXT_MAX];
        if (zone->nodes[n]->binding == ZONE_NOT_STEERED)
            continue;
        const struct snapshot_binding *binding = &snapshot->bindings[zone->nodes[n]->binding];
        if (binding->service != service)
            continue;
        const struct config_service *of = &snapshot->config->services[service];
        on_name(ctx, dns_name_to_text(zone->nodes[n]->name, text),
                binding->pinned == POLICY_NO_REGION ? NULL : of->regions[binding->pinned].name);
    }
}

void audit_names_walk(const struct snapshot *snapshot, uint16_t service, audit_on_name on_name,
                      void *ctx)
{
    for (size_t z = 0; z < snapshot->zones.zone_count; z++)
        walk_zone(snapshot, snapshot->zones.zones[z], service, on_name, ctx);
}
