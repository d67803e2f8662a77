/* rhumb simulate: which region would get how much, if this or that were down. */
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "rhumb/analysis_scenario.h"
#include "rhumb/analysis_simulate.h"
#include "rhumb/snapshot.h"

#include "commands.h"
#include "traffic_file.h"

#define OUTPUT_BYTES_MAX ((size_t)1 << 30)

/* What is put together from the command line. */
struct plan {
    const struct options *options;
    const struct snapshot *snapshot;
    struct diag_list *diags;
    struct traffic traffic;
    struct scenario *before, *after;
    double qps, qps_of[CONFIG_SERVICES_MAX];
    bool has_qps_of, wanted[CONFIG_SERVICES_MAX];
};

static bool find_service(struct plan *plan, const char *name, size_t *out_index)
{
    const struct config *config = plan->snapshot->config;
    const char *names[CONFIG_SERVICES_MAX];
    for (size_t s = 0; s < config->service_count; s++) {
        names[s] = config->services[s].name;
        if (strcmp(names[s], name) == 0) {
            *out_index = s;
            return true;
        }
    }
    diag_error(plan->diags, NULL, "there is no service '%.200s'", name);
    diag_remedy_nearest(plan->diags, name, names, config->service_count);
    return false;
}

/* read_qps - N, or SERVICE=N. */
static bool read_qps(struct plan *plan, const char *value)
{
    enum { NAME_MAX_BYTES = 64 };

    const char *equals = strchr(value, '='), *number = equals ? equals + 1 : value;
    char *end, name[NAME_MAX_BYTES + 1];
    double qps = strtod(number, &end);
    size_t service, len = equals ? (size_t)(equals - value) : 0;
    if (strspn(number, "0123456789.") != strlen(number) || end == number || *end != '\0' ||
        !isfinite(qps) || qps <= 0 || len > NAME_MAX_BYTES) {
        diag_error(plan->diags, NULL, "'%.200s' is no rate of queries", value);
        diag_remedy(plan->diags, "write --qps 12000, or --qps SERVICE=800");
        return false;
    }
    if (!equals) {
        plan->qps = qps;
        return true;
    }
    memcpy(name, value, len);
    name[len] = '\0';
    if (!find_service(plan, name, &service))
        return false;
    plan->qps_of[service] = qps;
    plan->has_qps_of = true;
    return true;
}

static bool read_options(struct plan *plan)
{
    const struct options *options = plan->options;
    bool good = true;
    size_t service;
    for (unsigned i = 0; i < options->qps.count; i++)
        good = read_qps(plan, options->qps.list[i]) && good;
    for (unsigned i = 0; i < options->services.count; i++) {
        if (find_service(plan, options->services.list[i], &service))
            plan->wanted[service] = true;
        else
            good = false;
    }
    for (unsigned i = 0; i < options->down.count; i++)
        good = scenario_apply(plan->after, SCENARIO_DOWN, options->down.list[i], plan->diags) &&
               good;
    for (unsigned i = 0; i < options->drain.count; i++)
        good =
            scenario_apply(plan->after, SCENARIO_DRAIN, options->drain.list[i], plan->diags) &&
            good;
    if (plan->has_qps_of && plan->qps > 0) {
        diag_error(plan->diags, NULL, "--qps N and --qps SERVICE=N exclude each other");
        return false;
    }
    return good;
}

static void tell_scenario(const struct plan *plan)
{
    const struct scenario *after = plan->after;
    if (after->unchecked > 0)
        fprintf(stderr,
                "rhumb: %zu endpoints that are said to be down have no check: nobody notices, "
                "they stay in the answers\n",
                after->unchecked);
    if (after->kept > 0)
        fprintf(stderr, "rhumb: %zu endpoints that are down stay in the answers: protect:\n",
                after->kept);
}

/* write_svg - false: told. */
static bool write_svg(const struct simulation *simulation, const char *path)
{
    char reason[128];
    struct text out;
    text_init(&out, OUTPUT_BYTES_MAX);
    simulation_put_svg(simulation, &out);
    FILE *file = fopen(path, "we");
    bool good = !out.failed && file && fputs(text_get(&out), file) >= 0;
    int number = errno;
    if (file && fclose(file) != 0) {
        number = errno;
        good = false;
    }
    text_deinit(&out);
    if (!good)
        fprintf(stderr, "rhumb: cannot write %s: %s\n", path,
                strerror_r(number, reason, sizeof(reason)));
    return good;
}

static int show(const struct simulation *simulation, const struct options *options)
{
    struct text out;
    text_init(&out, OUTPUT_BYTES_MAX);
    if (options->json)
        simulation_put_json(simulation, &out);
    else
        simulation_put_text(simulation, &out);
    bool good = !out.failed;
    if (good)
        fputs(text_get(&out), stdout);
    else
        fputs("rhumb: out of memory\n", stderr);
    text_deinit(&out);
    if (good && options->svg_path)
        good = write_svg(simulation, options->svg_path);
    if (!good)
        return EXIT_STATUS_TROUBLE;
    return simulation->overloaded ? EXIT_STATUS_OVERLOAD : EXIT_STATUS_OK;
}

static enum err run(struct plan *plan, struct simulation **out)
{
    const struct options *options = plan->options;
    enum err err = scenario_new(plan->snapshot, &plan->before);
    if (err == ERR_OK)
        err = scenario_new(plan->snapshot, &plan->after);
    if (err != ERR_OK)
        return err;
    if (!read_options(plan))
        return ERR_INVALID;
    scenario_settle(plan->after);
    tell_scenario(plan);
    err = traffic_file_read(options->traffic ? options->traffic : "countries", plan->snapshot,
                            plan->diags, &plan->traffic);
    if (err != ERR_OK)
        return err;
    const struct simulation_input input = {
        .snapshot = plan->snapshot,
        .traffic = &plan->traffic,
        .before = &plan->before->table,
        .after = &plan->after->table,
        .qps = plan->qps,
        .qps_of = plan->has_qps_of ? plan->qps_of : NULL,
        .wanted = options->services.count > 0 ? plan->wanted : NULL,
    };
    return analysis_simulate(&input, plan->diags, out);
}

static int simulate(const struct snapshot *snapshot, const struct options *options)
{
    struct simulation *simulation = NULL;
    struct plan *plan = calloc(1, sizeof(*plan));
    struct diag_list *diags = diag_list_new();
    enum err err = ERR_NO_MEMORY;
    int status = EXIT_STATUS_TROUBLE;
    if (plan && diags) {
        plan->options = options;
        plan->snapshot = snapshot;
        plan->diags = diags;
        traffic_init(&plan->traffic);
        err = run(plan, &simulation);
        diag_print_all(diags, stderr);
        traffic_free(&plan->traffic);
        scenario_free(plan->before);
        scenario_free(plan->after);
    }
    if (err == ERR_OK)
        status = show(simulation, options);
    else if (err != ERR_INVALID)
        fprintf(stderr, "rhumb: %s\n", err_text(err));
    simulation_free(simulation);
    diag_list_free(diags);
    free(plan);
    return status;
}

int command_simulate(const struct options *options)
{
    const struct snapshot_options compile = {.keep_map = false};
    struct snapshot *snapshot = NULL;
    struct diag_list *diags = diag_list_new();
    enum err err = diags ? snapshot_compile(options->config_path, &compile, diags, &snapshot)
                         : ERR_NO_MEMORY;
    int status = EXIT_STATUS_TROUBLE;
    if (err == ERR_OK) {
        status = simulate(snapshot, options);
    } else {
        if (diags)
            diag_print_all(diags, stderr);
        fprintf(stderr, "rhumb: %s: %s\n", options->config_path, err_text(err));
    }
    snapshot_free(snapshot);
    diag_list_free(diags);
    return status;
}
