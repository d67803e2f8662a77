/* The whole chain from a name and a client to an answer: the steps of the query path, asked one by
 * one. */
#include "rhumb/analysis_explain.h"

#include <string.h>

#include "rhumb/dns_name.h"
#include "rhumb/policy.h"

enum { CHAIN_MAX = 16 };

/* Where the explanation of one name goes on. */
struct chain {
    const struct snapshot *snapshot;
    struct policy_client client;
    const char *why_not; /* a region; NULL: nobody asks */
    uint16_t qtype;
    uint8_t name[DNS_NAME_MAX + 1]; /* the next to explain, lower case */
    unsigned names;                 /* followed so far */
    struct text *out;
};

/* follow - target, an alias, is the name to go on with. */
static void follow(struct chain *chain, const uint8_t *target)
{
    char text[DNS_NAME_TEXT_MAX];
    size_t len = dns_name_len(target);
    text_printf(chain->out, "alias      %s\n", dns_name_to_text(target, text));
    chain->names++;
    memmove(chain->name, target, len);
    dns_name_lower(chain->name, len);
}

/* explain_steered - true: it answers by an alias that the client would follow. */
static bool explain_steered(struct chain *chain, const struct zone_node *node)
{
    const struct snapshot *snapshot = chain->snapshot;
    const struct snapshot_binding *binding = &snapshot->bindings[node->binding];
    struct policy_request request = {
        .set = &snapshot->policies,
        .health = &snapshot->health,
        .service = binding->service,
        .pinned = binding->pinned,
        .sticky = binding->sticky,
        .family = chain->qtype == DNS_TYPE_AAAA ? IP_V6 : IP_V4,
        .client = chain->client,
    };
    struct policy_answer answer;
    struct rng rng;
    rng_init(&rng, 1);
    policy_explain(&request, snapshot->config, snapshot->map, &rng, chain->out);
    rng_init(&rng, 1); /* the same chance, so the same pick */
    policy_select(&request, &rng, &answer);
    if (chain->why_not)
        policy_why_not(&request, &answer, chain->why_not, chain->out);
    if (answer.outcome != POLICY_ALIAS || chain->qtype == DNS_TYPE_CNAME)
        return false;
    follow(chain, answer.alias);
    return true;
}

static void explain_match(const struct zone_node *node, enum zone_match match, struct text *out)
{
    static const char *const texts[] = {
        [ZONE_FOUND] = "found",
        [ZONE_WILDCARD] = "wildcard",
        [ZONE_DELEGATION] = "delegated at",
        [ZONE_DNAME] = "below the DNAME at",
        [ZONE_NXDOMAIN] = "does not exist; closest encloser",
    };
    char name[DNS_NAME_TEXT_MAX];
    text_printf(out, "match      %s %s\n", texts[match], dns_name_to_text(node->name, name));
}

static void explain_types(const struct zone_node *node, struct text *out)
{
    char type[DNS_TYPE_TEXT_MAX];
    text_printf(out, "types     ");
    for (uint16_t i = 0; i < node->rrset_count; i++)
        text_printf(out, " %s", dns_type_name(node->rrsets[i].type, type));
    text_printf(out, "%s\n", node->rrset_count == 0 ? " none" : "");
}

/* explain_cname - true: there is one that the client would follow. */
static bool explain_cname(struct chain *chain, const struct zone_node *node)
{
    const struct rrset *cname = zone_node_rrset(node, DNS_TYPE_CNAME);
    const uint8_t *cursor = NULL;
    uint16_t len;
    explain_types(node, chain->out);
    if (!cname || chain->qtype == DNS_TYPE_CNAME)
        return false;
    follow(chain, rrset_next(cname, &cursor, &len));
    return true;
}

/* explain_dname - RFC 6672 section 2.2: the owner at the end of the name becomes the target.
 * True: the client would follow the CNAME made of it. */
static bool explain_dname(struct chain *chain, const struct zone_node *node)
{
    const struct rrset *dname = zone_node_rrset(node, DNS_TYPE_DNAME);
    const uint8_t *cursor = NULL;
    uint16_t len;
    uint8_t made[DNS_NAME_MAX];
    const uint8_t *target = rrset_next(dname, &cursor, &len);
    size_t prefix = dns_name_len(chain->name) - dns_name_len(node->name);
    if (prefix + dns_name_len(target) > sizeof(made)) {
        text_printf(chain->out, "alias      too long: YXDOMAIN\n");
        return false;
    }
    memcpy(made, chain->name, prefix);
    memcpy(made + prefix, target, dns_name_len(target));
    follow(chain, made);
    return chain->qtype != DNS_TYPE_CNAME;
}

/* explain_name - one name. True: chain->name is now the alias to go on with. */
static bool explain_name(struct chain *chain)
{
    char text[DNS_NAME_TEXT_MAX], type[DNS_TYPE_TEXT_MAX];
    const struct snapshot *snapshot = chain->snapshot;
    uint16_t qtype = chain->qtype;
    struct name_key key;
    name_key_init(&key, chain->name);
    text_printf(chain->out, "name       %s %s\n", dns_name_to_text(chain->name, text),
                dns_type_name(qtype, type));
    const struct zone *zone = zone_set_find(&snapshot->zones, &key, qtype == DNS_TYPE_DS);
    if (!zone) {
        text_printf(chain->out, "zone       none served here holds it: %s\n",
                    chain->names == 0 ? "REFUSED" : "the resolver asks on");
        return false;
    }
    text_printf(chain->out, "zone       %s serial %u\n", dns_name_to_text(zone->origin, text),
                zone->serial);
    const struct zone_node *node;
    enum zone_match match = zone_lookup(zone, &key, qtype, &node);
    explain_match(node, match, chain->out);
    if (match == ZONE_DNAME)
        return explain_dname(chain, node);
    if (match != ZONE_FOUND && match != ZONE_WILDCARD)
        return false;
    bool asks_address = qtype == DNS_TYPE_A || qtype == DNS_TYPE_AAAA;
    if (node->binding != ZONE_NOT_STEERED &&
        (asks_address || snapshot->bindings[node->binding].may_alias))
        return explain_steered(chain, node);
    return explain_cname(chain, node);
}

bool analysis_explain(const struct snapshot *snapshot,
                      const struct analysis_explain_query *query, struct text *out,
                      const char **out_reason)
{
    static const uint8_t root[] = {0};

    struct chain chain = {.snapshot = snapshot,
                          .client = query->client,
                          .qtype = query->type,
                          .why_not = query->why_not,
                          .out = out};
    size_t len =
        dns_name_from_text(query->name, strlen(query->name), root, chain.name, out_reason);
    if (len == 0)
        return false;
    dns_name_lower(chain.name, len);
    bool more = true;
    while (more && chain.names < CHAIN_MAX)
        more = explain_name(&chain);
    if (more)
        text_printf(out, "end        %d names: the answer ends here\n", CHAIN_MAX);
    return true;
}
