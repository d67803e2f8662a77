#include <string.h>

#include "rhumb/analysis_traffic.h"

#include "traffic_kinds.h"

void traffic_init(struct traffic *traffic)
{
    memset(traffic, 0, sizeof(*traffic));
    intern_init(&traffic->clients, sizeof(struct traffic_client), TRAFFIC_CLIENTS_MAX);
    big_array_init(&traffic->counts, sizeof(uint64_t), TRAFFIC_CLIENTS_MAX);
}

void traffic_free(struct traffic *traffic)
{
    intern_deinit(&traffic->clients);
    big_array_deinit(&traffic->counts);
}

/* ---- whom a query asks ---- */

/* steered_node - where the policy decides, aliases followed; NULL: nowhere. */
static const struct zone_node *steered_node(const struct snapshot *snapshot,
                                            const uint8_t *name)
{
    enum { CHAIN_MAX = 16 };

    uint8_t at[DNS_NAME_MAX];
    size_t len = dns_name_len(name);
    memcpy(at, name, len);
    for (unsigned i = 0; i < CHAIN_MAX; i++) {
        struct name_key key;
        name_key_init(&key, at);
        const struct zone *zone = zone_set_find(&snapshot->zones, &key, false);
        const struct zone_node *node;
        if (!zone)
            return NULL;
        enum zone_match match = zone_lookup(zone, &key, DNS_TYPE_A, &node);
        if (match != ZONE_FOUND && match != ZONE_WILDCARD)
            return NULL;
        if (node->binding != ZONE_NOT_STEERED)
            return node;
        const struct rrset *cname = zone_node_rrset(node, DNS_TYPE_CNAME);
        const uint8_t *cursor = NULL;
        uint16_t bytes;
        if (!cname)
            return NULL;
        const uint8_t *target = rrset_next(cname, &cursor, &bytes);
        len = dns_name_len(target);
        memcpy(at, target, len);
        dns_name_lower(at, len);
    }
    return NULL;
}

/* is_decided - does a policy decide the answer to this query? Then *out_client says which. */
static bool is_decided(const struct snapshot *snapshot, const struct traffic_query *query,
                       struct traffic_client *out_client)
{
    memset(out_client, 0, sizeof(*out_client)); /* compared by its bytes */
    out_client->network = query->client.network;
    out_client->is_ecs = query->client.is_ecs;
    out_client->pinned = POLICY_NO_REGION;
    out_client->service = CONFIG_NONE;
    if (query->qtype == DNS_TYPE_A)
        out_client->family = IP_V4;
    else if (query->qtype == DNS_TYPE_AAAA)
        out_client->family = IP_V6;
    else if (query->qtype != 0)
        return false;
    if (!query->has_name)
        return true;
    const struct zone_node *node = steered_node(snapshot, query->name);
    if (!node)
        return false;
    const struct snapshot_binding *binding = &snapshot->bindings[node->binding];
    out_client->service = binding->service;
    out_client->pinned = binding->pinned;
    out_client->sticky = binding->sticky;
    return true;
}

enum err traffic_add(struct traffic *traffic, const struct snapshot *snapshot,
                     const struct traffic_query *query)
{
    struct traffic_client client;
    uint32_t at;
    traffic->queries++;
    if (!is_decided(snapshot, query, &client)) {
        traffic->elsewhere++;
        return ERR_OK;
    }
    enum err err = intern_put(&traffic->clients, &client, &at);
    if (err == ERR_OK && at == traffic->counts.count)
        err = big_array_add(&traffic->counts, &(uint64_t){0});
    if (err != ERR_OK)
        return err;
    ((uint64_t *)traffic->counts.items)[at]++;
    traffic->steered++;
    return ERR_OK;
}

/* ---- files ---- */

enum err traffic_read(const uint8_t *bytes, size_t len, const char *path,
                      const struct snapshot *snapshot, struct diag_list *diags,
                      struct traffic *traffic)
{
    struct traffic_file file = {
        .bytes = bytes, .len = len, .path = path, .snapshot = snapshot, .diags = diags};
    if (traffic_countries_is(&file)) {
        traffic->kind = TRAFFIC_COUNTRIES;
        return traffic_countries_read(&file, traffic);
    }
    traffic->kind = TRAFFIC_QUERIES;
    enum err err = traffic_capture_is(&file) ? traffic_capture_read(&file, traffic)
                                             : traffic_log_read(&file, traffic);
    if (err == ERR_OK && traffic->steered == 0) {
        const struct diag_place place = {.file = path};
        diag_error(diags, &place, "no query in it asks for a steered name (%llu ask elsewhere)",
                   (unsigned long long)traffic->elsewhere);
        diag_remedy(diags, "lines of a query log have client=ADDRESS, name= and type=");
        return ERR_INVALID;
    }
    return err;
}

void traffic_complain(const struct traffic_file *file, struct traffic *traffic,
                      const struct diag_place *place, const char *reason)
{
    enum { NAMED_MAX = 10 };

    if (traffic->unreadable++ < NAMED_MAX)
        diag_warning(file->diags, place, "%s: left out", reason);
}
