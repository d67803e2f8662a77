/* audit_report.h - what `rhumb audit` has found, for people and for programs. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "rhumb/audit.h"
#include "rhumb/audit_census.h"
#include "rhumb/diag.h"
#include "rhumb/policy_audit.h"
#include "rhumb/snapshot.h"
#include "rhumb/text.h"

enum { AUDIT_SHA256_TEXT_MAX = 65 };

/* A file that went in. */
struct audit_input {
    const char *kind; /* "config", "database", "zone" */
    const char *path;
    char sha256[AUDIT_SHA256_TEXT_MAX];
    uint64_t bytes;
    uint64_t built_s; /* of a database, since 1970; 0: of another file */
};

struct audit_report {
    const char *version, *config_path;
    const struct diag_list *diags; /* errors and warnings of all steps */
    bool holds;                    /* nothing was found against residency */
    /* all below: only when the configuration compiles */
    const struct snapshot *snapshot; /* NULL: it does not */
    struct audit_input *inputs;
    size_t input_count;
    uint64_t table_bytes; /* of which snapshot->table_sha256 is the digest */
    struct policy_audit first;
    bool second_ran; /* not beside a table that cannot be read */
    struct audit_options options;
    struct audit_naive second;
    struct audit_census census;
};

/* audit_report_text - the diagnostics are not in it: they go to the terminal by themselves. */
void audit_report_text(const struct audit_report *report, struct text *out);

/* audit_report_json - one object; with the diagnostics. */
void audit_report_json(const struct audit_report *report, struct text *out);
