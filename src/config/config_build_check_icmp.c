/* config_build_check_icmp.c - `icmp:` of a check. */
#include "config_build_check.h"

void config_read_check_icmp(struct config_reader *reader, const struct config_node_entry *entry,
                            void *object)
{
    struct check_draft *draft = object;
    if (!config_begin_check_kind(reader, entry, draft, CONFIG_CHECK_ICMP) ||
        !config_has_content(entry) || !config_expect_map(reader, entry) ||
        entry->value->count == 0)
        return;
    config_error(reader, &entry->value->entries[0].key_place, "an icmp check has no options");
    config_remedy(reader, "write icmp: {}");
}
