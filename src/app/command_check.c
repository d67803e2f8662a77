/* rhumb check: read everything serve would read, and judge it. The same code as a reload, no
 * second parser. */
#include <stdio.h>

#include "rhumb/snapshot.h"

#include "commands.h"

static void print_service(const struct config *config, const struct config_service *service)
{
    uint64_t detect_ms = 0;
    uint64_t worst_ms = config_recovery_worst_ms(config, service, &detect_ms);
    size_t endpoints = 0;
    for (size_t r = 0; r < service->region_count; r++)
        endpoints += service->regions[r].address_count + service->regions[r].name_count;
    printf("service %s: policy %s, %zu regions, %zu endpoints, ", service->name,
           config_policy_name(service->policy), service->region_count, endpoints);
    if (worst_ms == 0)
        printf("not checked: a dead region stays in the answers\n");
    else
        printf("clients leave a dead region within %.1f s (detected within %.1f s, TTL %u s)\n",
               (double)worst_ms / 1000, (double)detect_ms / 1000, service->ttl.stable_s);
}

static void print_summary(const struct snapshot *snapshot)
{
    size_t records = 0;
    for (size_t z = 0; z < snapshot->zones.zone_count; z++)
        records += snapshot->zones.zones[z]->record_count;
    for (size_t s = 0; s < snapshot->config->service_count; s++)
        print_service(snapshot->config, &snapshot->config->services[s]);
    printf("%zu zones with %zu records, %zu steered names, %zu targets to probe\n",
           snapshot->zones.zone_count, records, snapshot->binding_count,
           snapshot->target_count);
}

int command_check(const struct options *options)
{
    struct snapshot_options compile = {.keep_map = false};
    struct snapshot *snapshot = NULL;
    struct diag_list *diags = diag_list_new();
    enum err err = diags ? snapshot_compile(options->config_path, &compile, diags, &snapshot)
                         : ERR_NO_MEMORY;
    if (diags)
        diag_print_all(diags, stderr);
    if (err == ERR_OK)
        print_summary(snapshot);
    else if (err != ERR_INVALID)
        fprintf(stderr, "rhumb: %s\n", err_text(err));
    size_t errors = diags ? diag_error_count(diags) : 0;
    size_t warnings = diags ? diag_warning_count(diags) : 0;
    printf("%s: %zu errors, %zu warnings\n", options->config_path, errors, warnings);
    snapshot_free(snapshot);
    diag_list_free(diags);
    return err == ERR_OK ? EXIT_STATUS_OK : EXIT_STATUS_ERRORS;
}
