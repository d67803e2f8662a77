/* config_build_notify.h - one item of `notify:` while it is read: config_build_notify.c reads
 * the list and commands, config_build_webhook.c webhooks. */
#pragma once

#include "config_build.h"
#include "config_units.h"

struct receiver_draft {
    struct config_receiver receiver;
    struct config_builder *builder;
};

#define RECEIVER_FIELD(name, type, member, low, high)                                          \
    {                                                                                          \
        .key = (name), .kind = (type),                                                         \
        .offset = offsetof(struct receiver_draft, receiver.member), .min = (low),              \
        .max = (high)                                                                          \
    }
#define RECEIVER_OTHER(name, function)                                                         \
    {                                                                                          \
        .key = (name), .kind = CONFIG_FIELD_OTHER, .read = (function)                          \
    }
#define RECEIVER_TIMEOUT                                                                       \
    RECEIVER_FIELD("timeout", CONFIG_FIELD_DURATION_MS, timeout_ms, 100, CONFIG_MINUTE_MS)
#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* config_read_severity - `severity:` of either kind; object is a struct receiver_draft. */
void config_read_severity(struct config_reader *reader, const struct config_node_entry *entry,
                          void *object);

/* config_read_webhook - the mapping behind `webhook:`; object is a struct receiver_draft. */
void config_read_webhook(struct config_reader *reader, const struct config_node_entry *entry,
                         void *object);
