/* config_build_check_file.c - `file:` of a check. */
#include "config_build_check.h"

void config_read_check_file(struct config_reader *reader, const struct config_node_entry *entry,
                            void *object)
{
    static const struct config_field fields[] = {
        CHECK_FIELD("path", CONFIG_FIELD_PATH, file.path, 0, 0),
        CHECK_FIELD("max_age", CONFIG_FIELD_DURATION_MS, file.max_age_ms, CONFIG_SECOND_MS,
                    CONFIG_DAY_MS),
    };

    struct check_draft *draft = object;
    draft->check.file.max_age_ms = 30 * CONFIG_SECOND_MS;
    if (!config_begin_check_kind(reader, entry, draft, CONFIG_CHECK_FILE) ||
        !config_read_fields(reader, entry, fields, COUNT(fields), draft))
        return;
    if (!config_node_find(entry->value, "path")) {
        config_error(reader, &entry->key_place, "a file check needs a path");
        config_remedy(reader, "write file: {path: states.json}");
    }
}
