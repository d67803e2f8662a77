/* config_service_protect.c - how far automation may go with a service: `protect:` and
 * `failback:`. */
#include <string.h>

#include "config_service.h"
#include "config_units.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

void config_read_protect(struct config_reader *reader, const struct config_node_entry *entry,
                         void *object)
{
#define PROTECT_FIELD(name, type, member, low, high)                                           \
    {                                                                                          \
        .key = (name), .kind = (type), .offset = offsetof(struct config_protect, member),      \
        .min = (low), .max = (high)                                                            \
    }
    static const struct config_field fields[] = {
        PROTECT_FIELD("min_usable", CONFIG_FIELD_UINT32, min_usable, 0, CONFIG_REGIONS_MAX),
        PROTECT_FIELD("max_down_per_minute", CONFIG_FIELD_SHARE, max_down_per_minute, 0, 1),
    };
#undef PROTECT_FIELD

    struct service_draft *draft = object;
    draft->service.protect = CONFIG_PROTECT_DEFAULT; /* the parent's is replaced as a whole */
    config_read_fields(reader, entry, fields, COUNT(fields), &draft->service.protect);
}

void config_read_failback(struct config_reader *reader, const struct config_node_entry *entry,
                          void *object)
{
    static const struct config_field fields[] = {
        {.key = "after",
         .kind = CONFIG_FIELD_DURATION_MS,
         .offset = offsetof(struct config_service, failback_after_ms),
         .min = 0,
         .max = CONFIG_DAY_MS},
    };

    struct service_draft *draft = object;
    struct config_service *service = &draft->service;
    const struct config_node *node = entry->value;
    service->failback = CONFIG_FAILBACK_AUTO;
    service->failback_after_ms = 0;
    if (node->kind == CONFIG_NODE_MAP) {
        config_read_fields(reader, entry, fields, COUNT(fields), service);
        if (config_node_find(node, "after"))
            service->failback = CONFIG_FAILBACK_AFTER;
        else {
            config_error(reader, &node->place, "'failback' does not say after how long");
            config_remedy(reader, "write {after: 5m}, auto or manual");
        }
    } else if (node->kind == CONFIG_NODE_SCALAR && strcmp(node->text, "manual") == 0) {
        service->failback = CONFIG_FAILBACK_MANUAL;
    } else if (node->kind != CONFIG_NODE_SCALAR || strcmp(node->text, "auto") != 0) {
        config_error(
            reader, &node->place, "'failback' is auto, manual or {after: DURATION}, not %s",
            node->kind == CONFIG_NODE_SCALAR ? "this word" : config_node_kind_name(node));
        config_remedy(reader, "write {after: 5m}, auto or manual");
    }
}
