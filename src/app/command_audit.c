/* rhumb audit: can residency be broken by what this configuration compiles to, in any state of
 * health? Both proofs, what they were made of, and who may be sent where. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "rhumb/audit.h"
#include "rhumb/audit_report.h"
#include "rhumb/clock.h"
#include "rhumb/digest.h"

#include "commands.h"
#include "table_digest.h"

enum { REPORT_SHIFT = 30 };

_Static_assert((int)AUDIT_SHA256_TEXT_MAX == (int)DIGEST_TEXT_MAX, "a digest as text");

struct audit {
    struct audit_report report;
    struct diag_list *diags;
    struct snapshot *snapshot;
    uint64_t begun_ms; /* by the wall clock */
};

/* ---- what went in ---- */

/* is_unchanged - since the audit has begun: what was compiled, hashed and looked up is one. */
static bool is_unchanged(const struct audit *audit, const char *path)
{
    struct stat status;
    if (stat(path, &status) != 0)
        return false;
    uint64_t changed_ms =
        (uint64_t)status.st_ctim.tv_sec * 1000 + (uint64_t)status.st_ctim.tv_nsec / 1000000;
    return changed_ms <= audit->begun_ms;
}

/* add_input - a digest of a file; what is wrong with it goes into diags. */
static enum err add_input(struct audit *audit, const char *kind, const char *path,
                          uint64_t built_s)
{
    struct audit_report *report = &audit->report;
    struct audit_input *input = &report->inputs[report->input_count++];
    const struct diag_place place = {.file = path};
    uint8_t digest[DIGEST_BYTES];
    *input = (struct audit_input){.kind = kind, .path = path, .built_s = built_s};
    enum err err = digest_file(path, digest, &input->bytes);
    if (err == ERR_NO_MEMORY)
        return err;
    if (err != ERR_OK || !is_unchanged(audit, path)) {
        diag_error(audit->diags, &place, "%.200s was changed while it was audited", path);
        diag_remedy(audit->diags, "audit it once more");
        return ERR_INVALID;
    }
    digest_format(digest, input->sha256);
    return ERR_OK;
}

/* add_inputs - what residency depends on: no keys and no secrets. */
static enum err add_inputs(struct audit *audit)
{
    const struct snapshot *snapshot = audit->snapshot;
    size_t count = 1 + snapshot->database_count;
    for (size_t z = 0; z < snapshot->zones.zone_count; z++)
        count += snapshot->zones.zones[z]->file_count;
    audit->report.inputs = calloc(count, sizeof(*audit->report.inputs));
    if (!audit->report.inputs)
        return ERR_NO_MEMORY;
    enum err err = add_input(audit, "config", snapshot->config->path, 0);
    for (size_t i = 0; i < snapshot->database_count && err == ERR_OK; i++)
        err = add_input(audit, "database", snapshot->databases[i].path,
                        snapshot->databases[i].built_s);
    for (size_t z = 0; z < snapshot->zones.zone_count; z++)
        for (size_t i = 0; i < snapshot->zones.zones[z]->file_count && err == ERR_OK; i++)
            err = add_input(audit, "zone", snapshot->zones.zones[z]->files[i], 0);
    return err;
}

/* ---- proofs ---- */

/* prove - both walks; a table that cannot be read is asked for nothing. ERR_OK also with
 * violations: they are in diags and in the report. */
static enum err prove(struct audit *audit)
{
    struct audit_report *report = &audit->report;
    struct snapshot *snapshot = audit->snapshot;
    enum err err = policy_audit(snapshot->config, snapshot->map, &snapshot->policies,
                                audit->diags, &report->first);
    if (err == ERR_NO_MEMORY || report->first.unreadable)
        return err == ERR_NO_MEMORY ? err : ERR_OK;
    err = audit_naive(snapshot, &report->options, audit->diags, &report->second);
    report->second_ran = err == ERR_OK || report->second.faults > 0;
    if (err == ERR_OK || err == ERR_INVALID)
        err = table_digest_make(snapshot, &report->table_bytes) ? ERR_OK : ERR_NO_MEMORY;
    return err;
}

static enum err run(struct audit *audit, const char *config_path)
{
    struct snapshot_options compile = {.keep_map = true, .audited_by_caller = true};
    enum err err = snapshot_compile(config_path, &compile, audit->diags, &audit->snapshot);
    audit->report.snapshot = audit->snapshot;
    if (err == ERR_OK)
        err = prove(audit);
    if (err == ERR_OK && !audit->report.first.unreadable)
        err = audit_census_take(audit->snapshot, &audit->report.census);
    if (err == ERR_OK)
        err = add_inputs(audit);
    audit->report.holds = err == ERR_OK && diag_error_count(audit->diags) == 0;
    return err;
}

static void print(const struct audit *audit, bool json)
{
    struct text out;
    text_init(&out, (size_t)1 << REPORT_SHIFT);
    if (json)
        audit_report_json(&audit->report, &out);
    else
        audit_report_text(&audit->report, &out);
    fputs(text_get(&out), stdout);
    if (out.failed)
        fputs("rhumb: the report is not whole: out of memory\n", stderr);
    text_deinit(&out);
}

int command_audit(const struct options *options)
{
    struct audit audit = {
        .report = {.version = RHUMB_VERSION,
                   .config_path = options->config_path,
                   .options = {.seed = options->seed, .samples = (uint32_t)options->samples}},
        .diags = diag_list_new(),
        .begun_ms = clock_wall_ms(),
    };
    audit.report.diags = audit.diags;
    enum err err = audit.diags ? run(&audit, options->config_path) : ERR_NO_MEMORY;
    if (audit.diags)
        diag_print_all(audit.diags, stderr);
    if (err == ERR_OK || err == ERR_INVALID)
        print(&audit, options->json);
    else
        fprintf(stderr, "rhumb: %s\n", err_text(err));
    bool holds = audit.report.holds;
    audit_census_free(&audit.report.census);
    free(audit.report.inputs);
    snapshot_free(audit.snapshot);
    diag_list_free(audit.diags);
    return holds ? EXIT_STATUS_OK : EXIT_STATUS_ERRORS;
}
