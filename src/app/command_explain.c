/* rhumb explain: why this client gets this answer, offline from the configuration. */
#include <stdio.h>

#include "rhumb/answer_explain.h"

#include "commands.h"

enum { EXPLANATION_BYTES_MAX = 4 * 1024 * 1024 };

/* assume_unknown - offline nothing was probed: every seat as at the start of the server. */
static void assume_unknown(struct snapshot *snapshot)
{
    for (size_t i = 0; i < snapshot->seat_count; i++) {
        uint32_t target = snapshot->seats[i].target;
        if (target == SNAPSHOT_NO_TARGET)
            continue;
        bool up = snapshot->config->checks[snapshot->targets[target].check].assume_up;
        health_table_set(&snapshot->health, i,
                         (up ? HEALTH_WORD_USABLE : 0) |
                             (uint32_t)HEALTH_UNKNOWN << HEALTH_WORD_STATE_SHIFT |
                             (uint32_t)HEALTH_SCALE_FULL << HEALTH_WORD_SCALE_SHIFT);
    }
}

static int explain(const struct snapshot *snapshot, const struct options *options)
{
    const struct answer_explain_query query = {
        .name = options->name,
        .type = options->type ? dns_type_parse(options->type) : DNS_TYPE_A,
        .client = {.network = options->client.prefix, .is_ecs = options->client.has_length},
        .why_not = options->why_not,
    };
    struct text out;
    const char *reason;
    int status = EXIT_STATUS_OK;
    text_init(&out, EXPLANATION_BYTES_MAX);
    if (!answer_explain(snapshot, &query, &out, &reason)) {
        fprintf(stderr, "rhumb: '%s' is no domain name: %s\n", options->name, reason);
        status = EXIT_STATUS_USAGE;
    }
    fputs(text_get(&out), stdout);
    text_deinit(&out);
    return status;
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
