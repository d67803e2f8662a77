#include "rhumb/snapshot_lint.h"

#include <string.h>

#include "rhumb/config_lint.h"
#include "rhumb/dns_name.h"
#include "rhumb/policy_lint.h"

enum { DAY_S = 24 * 60 * 60 };

/* ---- databases ---- */

static void judge_databases(const struct snapshot *snapshot, uint64_t now_s,
                            struct diag_list *diags)
{
    const struct config_geo *geo = &snapshot->config->geo;
    for (size_t i = 0; i < snapshot->database_count && geo->max_age_days > 0; i++) {
        const struct snapshot_database *database = &snapshot->databases[i];
        uint64_t age_days = now_s > database->built_s ? (now_s - database->built_s) / DAY_S : 0;
        if (age_days <= geo->max_age_days)
            continue;
        diag_warning(diags, &geo->databases[i].place,
                     "geo database '%.200s' is %llu days old: networks have moved since",
                     database->path, (unsigned long long)age_days);
        diag_remedy(diags, "fetch a new one (geoipupdate), or say how old it may be: geo: "
                           "{max_age_days: 0} for any age");
    }
}

/* ---- names in other zones ---- */

struct pointers {
    const struct snapshot *snapshot;
    const struct zone *zone;
    struct diag_list *diags;
};

/* target_offset - where the name stands in the rdata; -1: the type points at nothing. */
static int target_offset(uint16_t type)
{
    switch (type) {
    case DNS_TYPE_NS: return 0;
    case DNS_TYPE_MX: return 2;
    case DNS_TYPE_SRV: return 6;
    default: return -1;
    }
}

/* fault_of - of a name as the target of such a record, in the zone of ours that answers for it; NULL:
 * it is fine, or others answer. */
static const char *fault_of(const struct zone *zone, const struct name_key *key)
{
    const struct zone_node *node;
    switch (zone_lookup(zone, key, DNS_TYPE_A, &node)) {
    case ZONE_DELEGATION:
    case ZONE_DNAME: return NULL;
    case ZONE_NXDOMAIN: return "does not exist";
    case ZONE_FOUND:
    case ZONE_WILDCARD: break;
    }
    if (node->binding != ZONE_NOT_STEERED)
        return NULL;
    if ((node->flags & ZONE_NODE_CNAME) != 0)
        return "is a CNAME";
    return zone_node_rrset(node, DNS_TYPE_A) || zone_node_rrset(node, DNS_TYPE_AAAA)
               ? NULL
               : "has no address";
}

static void judge_target(const struct pointers *pointers, const struct zone_node *node,
                         uint16_t type, const uint8_t *target)
{
    char owner[DNS_NAME_TEXT_MAX], name[DNS_NAME_TEXT_MAX], word[DNS_TYPE_TEXT_MAX];
    uint8_t lower[DNS_NAME_MAX];
    struct name_key key;
    size_t len = dns_name_len(target);
    memcpy(lower, target, len);
    dns_name_lower(lower, len);
    name_key_init(&key, lower);
    const struct zone *zone = zone_set_find(&pointers->snapshot->zones, &key, false);
    if (!zone || zone == pointers->zone)
        return;
    const char *fault = fault_of(zone, &key);
    if (!fault)
        return;
    const struct diag_place place = {.file = pointers->zone->files[0]};
    diag_warning(pointers->diags, &place, "the %s record of %.120s points at %.120s, which %s",
                 dns_type_name(type, word), dns_name_to_text(node->name, owner),
                 dns_name_to_text(lower, name), fault);
    diag_remedy(pointers->diags,
                "the zone %.200s answers for it here: give it an address there",
                dns_name_to_text(zone->origin, name));
}

static void judge_node(const struct pointers *pointers, const struct zone_node *node)
{
    if ((node->flags & ZONE_NODE_BELOW_CUT) != 0)
        return; /* never answered */
    for (uint16_t i = 0; i < node->rrset_count; i++) {
        const struct rrset *set = &node->rrsets[i];
        int offset = target_offset(set->type);
        const uint8_t *cursor = NULL, *rdata;
        uint16_t len;
        while (offset >= 0 && (rdata = rrset_next(set, &cursor, &len)) != NULL)
            judge_target(pointers, node, set->type, rdata + offset);
    }
}

static void judge_pointers(const struct snapshot *snapshot, struct diag_list *diags)
{
    struct pointers pointers = {.snapshot = snapshot, .diags = diags};
    if (snapshot->zones.zone_count < 2)
        return;
    for (size_t z = 0; z < snapshot->zones.zone_count; z++) {
        pointers.zone = snapshot->zones.zones[z];
        for (size_t n = 0; n < pointers.zone->node_count; n++)
            judge_node(&pointers, pointers.zone->nodes[n]);
    }
}

enum err snapshot_lint(const struct snapshot *snapshot, uint64_t now_s, struct diag_list *diags)
{
    config_lint(snapshot->config, diags);
    judge_databases(snapshot, now_s, diags);
    judge_pointers(snapshot, diags);
    return policy_lint(snapshot->config, snapshot->map, &snapshot->policies, diags);
}
