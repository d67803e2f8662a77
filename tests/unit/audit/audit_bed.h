/* audit_bed.h - a configuration from text, compiled as `rhumb audit` does. */
#pragma once

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "rhumb/snapshot.h"

#include "temp_folder.h"

struct audit_bed {
    struct temp_folder folder;
    struct diag_list *diags;
    struct snapshot *snapshot;
};

/* bed_open - the configuration must be good; its warnings are dropped. */
static inline void bed_open(struct audit_bed *bed, const char *yaml)
{
    struct snapshot_options options = {.keep_map = true, .audited_by_caller = true};
    char path[TEMP_PATH_MAX];
    *bed = (struct audit_bed){.diags = diag_list_new()};
    assert_non_null(bed->diags);
    temp_folder_open(&bed->folder);
    temp_write(&bed->folder, "zone", "@ 60 SOA ns h 1 2 3 4 5\n@ 60 NS ns.example.net.\n");
    temp_write(&bed->folder, "rhumb.yaml", yaml);
    enum err err = snapshot_compile(temp_path(&bed->folder, "rhumb.yaml", path), &options,
                                    bed->diags, &bed->snapshot);
    if (err != ERR_OK)
        diag_print_all(bed->diags, stderr);
    assert_int_equal(err, ERR_OK);
    diag_list_free(bed->diags);
    bed->diags = diag_list_new();
    assert_non_null(bed->diags);
}

static inline void bed_close(struct audit_bed *bed)
{
    snapshot_free(bed->snapshot);
    diag_list_free(bed->diags);
    temp_folder_close(&bed->folder);
}
