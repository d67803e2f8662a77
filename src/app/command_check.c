/* rhumb check: read everything serve would read, and judge it. The same code as a reload, no
 * second parser. */
#include <stdio.h>

#include "rhumb/clock.h"
#include "rhumb/net.h"
#include "rhumb/snapshot.h"
#include "rhumb/snapshot_lint.h"

#include "commands.h"

/* What of a service, nested ones included, a client may meet. */
struct extent {
    size_t endpoints, unchecked; /* unchecked: never probed */
    uint64_t worst_ms, detect_ms;
};

static void extend(const struct config *config, const struct config_service *service,
                   struct extent *extent)
{
    uint64_t detect_ms = 0;
    uint64_t worst_ms = config_recovery_worst_ms(config, service, &detect_ms);
    if (worst_ms > extent->worst_ms) {
        extent->worst_ms = worst_ms;
        extent->detect_ms = detect_ms;
    }
    for (size_t r = 0; r < service->region_count; r++) {
        const struct config_service_region *region = &service->regions[r];
        extent->endpoints += region->address_count + region->name_count;
        extent->unchecked += region->name_count + (worst_ms == 0 ? region->address_count : 0);
        if (region->service != CONFIG_NONE)
            extend(config, &config->services[region->service], extent);
    }
}

static void print_residency(const struct config_service *service)
{
    size_t alone = 0;
    for (size_t i = 0; i < service->residency_count; i++)
        alone += (service->residency[i].allowed & (service->residency[i].allowed - 1)) == 0;
    if (service->residency_count > 0)
        printf(", %zu residency rules", service->residency_count);
    if (alone > 0)
        printf(" (%zu of them leave one region)", alone);
}

static void print_service(const struct config *config, const struct config_service *service)
{
    struct extent extent = {0};
    extend(config, service, &extent);
    printf("service %s: policy %s, %zu regions, %zu endpoints", service->name,
           config_policy_name(service->policy), service->region_count, extent.endpoints);
    if (extent.worst_ms > 0)
        printf(", clients leave a dead region within %.1f s (detected within %.1f s)",
               (double)extent.worst_ms / 1000, (double)extent.detect_ms / 1000);
    if (extent.unchecked > 0)
        printf(", %zu never probed: they stay in the answers, dead or alive", extent.unchecked);
    print_residency(service);
    putchar('\n');
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
    struct snapshot_options compile = {.keep_map = true};
    struct snapshot *snapshot = NULL;
    struct diag_list *diags = diag_list_new();
    enum err err = diags ? snapshot_compile(options->config_path, &compile, diags, &snapshot)
                         : ERR_NO_MEMORY;
    struct net_tls *tls = NULL;
    if (err == ERR_OK)
        err = net_tls_load(&snapshot->config->server, diags, &tls);
    net_tls_free(tls);
    if (err == ERR_OK)
        err = snapshot_lint(snapshot, clock_wall_s(), diags);
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
