#include "analysis_case.h"

struct snapshot *case_compile(const struct temp_folder *folder, const char *config_file)
{
    char path[TEMP_PATH_MAX];
    const struct snapshot_options options = {.keep_map = false};
    struct snapshot *snapshot = NULL;
    struct diag_list *diags = diag_list_new();
    assert_non_null(diags);
    enum err err =
        snapshot_compile(temp_path(folder, config_file, path), &options, diags, &snapshot);
    if (err != ERR_OK)
        diag_print_all(diags, stderr);
    assert_int_equal(err, ERR_OK);
    diag_list_free(diags);
    return snapshot;
}

struct snapshot *case_snapshot(const char *yaml, const char *zone)
{
    struct temp_folder folder;
    temp_folder_open(&folder);
    temp_write(&folder, "rhumb.yaml", yaml);
    if (zone)
        temp_write(&folder, "z", zone);
    struct snapshot *snapshot = case_compile(&folder, "rhumb.yaml");
    temp_folder_close(&folder);
    return snapshot;
}
