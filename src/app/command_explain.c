/* rhumb explain: the whole chain from a name and a client to an answer, offline from the
 * configuration. The steps are those of the query path, asked one by one. */
#include <stdio.h>
#include <string.h>

#include "rhumb/dns_name.h"
#include "rhumb/policy.h"
#include "rhumb/snapshot.h"

#include "commands.h"

enum { EXPLANATION_BYTES_MAX = 4 * 1024 * 1024 };

/* assume_unknown - offline nothing was probed: every target as at the start of the server. */
static void assume_unknown(struct snapshot *snapshot)
{
    for (size_t i = 0; i < snapshot->target_count; i++) {
        const struct config_check *check =
            &snapshot->config->checks[snapshot->targets[i].check];
        struct health_thresholds thresholds = {
            .fall = 1, .rise = 1, .assume_up = check->assume_up};
        struct health_machine machine;
        health_fsm_init(&machine, 0);
        health_table_set(&snapshot->health, i, health_word_of(&machine, &thresholds));
    }
}

static void explain_steered(const struct snapshot *snapshot, const struct options *options,
                            uint16_t qtype, const struct zone_node *node, struct text *out)
{
    const struct snapshot_binding *binding = &snapshot->bindings[node->binding];
    struct policy_request request = {
        .set = &snapshot->policies,
        .health = &snapshot->health,
        .service = binding->service,
        .pinned = binding->pinned,
        .sticky = binding->sticky,
        .family = qtype == DNS_TYPE_AAAA ? IP_V6 : IP_V4,
        .client = {.network = options->client, .is_ecs = options->client_is_ecs},
    };
    struct rng rng;
    rng_init(&rng, 1);
    policy_explain(&request, snapshot->config, snapshot->map, &rng, out);
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

/* explain_name - one name. True: *target is the CNAME to go on with. */
static bool explain_name(const struct snapshot *snapshot, const struct options *options,
                         uint16_t qtype, const uint8_t *name, const uint8_t **target,
                         struct text *out)
{
    char text[DNS_NAME_TEXT_MAX], type[DNS_TYPE_TEXT_MAX];
    struct name_key key;
    name_key_init(&key, name);
    text_printf(out, "name       %s %s\n", dns_name_to_text(name, text),
                dns_type_name(qtype, type));
    const struct zone *zone = zone_set_find(&snapshot->zones, &key, qtype == DNS_TYPE_DS);
    if (!zone) {
        text_printf(out, "zone       none served here holds it: REFUSED\n");
        return false;
    }
    text_printf(out, "zone       %s serial %u\n", dns_name_to_text(zone->origin, text),
                zone->serial);
    const struct zone_node *node;
    enum zone_match match = zone_lookup(zone, &key, qtype, &node);
    explain_match(node, match, out);
    if (match != ZONE_FOUND && match != ZONE_WILDCARD)
        return false;
    bool asks_address = qtype == DNS_TYPE_A || qtype == DNS_TYPE_AAAA;
    if (node->binding != ZONE_NOT_STEERED &&
        (asks_address || snapshot->bindings[node->binding].may_alias)) {
        explain_steered(snapshot, options, qtype, node, out);
        return false;
    }
    explain_types(node, out);
    const struct rrset *cname = zone_node_rrset(node, DNS_TYPE_CNAME);
    const uint8_t *cursor = NULL;
    uint16_t len;
    if (!cname || qtype == DNS_TYPE_CNAME)
        return false;
    *target = rrset_next(cname, &cursor, &len);
    text_printf(out, "alias      %s\n", dns_name_to_text(*target, text));
    return true;
}

static int explain(const struct snapshot *snapshot, const struct options *options)
{
    uint8_t name[DNS_NAME_MAX + 1];
    const char *reason;
    static const uint8_t root[] = {0};
    size_t len = dns_name_from_text(options->name, strlen(options->name), root, name, &reason);
    if (len == 0) {
        fprintf(stderr, "rhumb: '%s' is no domain name: %s\n", options->name, reason);
        return EXIT_STATUS_USAGE;
    }
    dns_name_lower(name, len);
    uint16_t qtype = options->type ? dns_type_parse(options->type) : DNS_TYPE_A;

    enum { CHAIN_MAX = 16 };
    struct text out;
    text_init(&out, EXPLANATION_BYTES_MAX);
    const uint8_t *target;
    for (unsigned i = 0; i < CHAIN_MAX; i++) {
        if (!explain_name(snapshot, options, qtype, name, &target, &out))
            break;
        len = dns_name_len(target);
        memcpy(name, target, len);
        dns_name_lower(name, len);
    }
    fputs(text_get(&out), stdout);
    text_deinit(&out);
    return EXIT_STATUS_OK;
}

int command_explain(const struct options *options)
{
    struct snapshot_options compile = {.keep_map = true};
    struct snapshot *snapshot = NULL;
    struct diag_list *diags = diag_list_new();
    enum err err = diags ? snapshot_compile(options->config_path, &compile, diags, &snapshot)
                         : ERR_NO_MEMORY;
    int status = EXIT_STATUS_ERRORS;
    if (err == ERR_OK) {
        assume_unknown(snapshot);
        status = explain(snapshot, options);
    } else {
        if (diags)
            diag_print_all(diags, stderr);
        fprintf(stderr, "rhumb: %s: %s\n", options->config_path, err_text(err));
    }
    snapshot_free(snapshot);
    diag_list_free(diags);
    return status;
}
