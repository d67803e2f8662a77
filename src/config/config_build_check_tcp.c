/* config_build_check_tcp.c - `tcp:` of a check. */
#include "config_build_check.h"

void config_read_check_tcp(struct config_reader *reader, const struct config_node_entry *entry,
                           void *object)
{
    static const struct config_field fields[] = {
        CHECK_FIELD("port", CONFIG_FIELD_UINT16, port, 1, UINT16_MAX),
    };

    struct check_draft *draft = object;
    if (!config_begin_check_kind(reader, entry, draft, CONFIG_CHECK_TCP) ||
        !config_read_fields(reader, entry, fields, COUNT(fields), draft))
        return;
    if (!config_node_find(entry->value, "port")) {
        config_error(reader, &entry->key_place, "a tcp check needs a port");
        config_remedy(reader, "write tcp: {port: 5432}");
    }
}
