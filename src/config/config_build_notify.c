/* config_build_notify.c - the section `notify:`, a list of receivers.
 *
 *   - webhook: { url: https://..., severity: critical }    a mapping with everything in it
 *   - command: [ /usr/local/bin/page, --now ]              the argument vector; beside it
 *     severity: critical                                   what else there is to say
 */
#include "config_build_notify.h"

#include <string.h>

enum { WEBHOOK_TIMEOUT_MS = 5000, COMMAND_TIMEOUT_MS = 10000 };

void config_read_severity(struct config_reader *reader, const struct config_node_entry *entry,
                          void *object)
{
    static const char *const names[] = {"info", "warning", "critical"};

    struct receiver_draft *draft = object;
    int which = config_read_enum(reader, entry, names, COUNT(names));
    if (which >= 0)
        draft->receiver.severity = (enum config_severity)which;
}

static void read_command(struct config_reader *reader, const struct config_node_entry *entry,
                         void *object)
{
    struct config_receiver *receiver = &((struct receiver_draft *)object)->receiver;
    const struct config_node *node = entry->value;
    const struct config_node_entry *items;
    size_t count;
    if (node->kind == CONFIG_NODE_SCALAR && strchr(node->text, ' ')) {
        config_error(reader, &node->place, "there is no shell that would split this command");
        config_remedy(reader, "write a list: [/usr/local/bin/page, --now]");
        return;
    }
    if (!config_read_list(reader, entry, 1, CONFIG_ARGUMENTS_MAX, &items, &count))
        return;
    const char **argv = config_alloc(reader, count + 1, sizeof(*argv));
    for (size_t i = 0; argv && i < count; i++) {
        if (!config_expect_text(reader, &items[i], &argv[i]))
            return;
    }
    if (!argv)
        return;
    if (strchr(argv[0], '/'))
        argv[0] = config_join_path(reader, argv[0]);
    receiver->name = argv[0];
    receiver->argv = argv;
    receiver->argument_count = count;
}

static void refuse_second(struct config_reader *reader, const struct config_node_entry *entry,
                          void *object)
{
    (void)object;
    config_error(reader, &entry->key_place, "a receiver is a webhook or a command, not both");
    config_remedy(reader, "begin a new item of the list with '- %s:'", entry->key);
}

static void refuse_beside(struct config_reader *reader, const struct config_node_entry *entry,
                          void *object)
{
    (void)object;
    config_error(reader, &entry->key_place, "'%s' of a webhook stands inside it", entry->key);
    config_remedy(reader, "write webhook: {url: \"https://hooks.example.net\", %s: ...}",
                  entry->key);
}

/* read_receiver - false when it is not to be had. */
static bool read_receiver(struct config_reader *reader, const struct config_node_entry *item,
                          struct receiver_draft *draft)
{
    static const struct config_field webhook_fields[] = {
        RECEIVER_OTHER("webhook", config_read_webhook),
        RECEIVER_OTHER("command", refuse_second),
        RECEIVER_OTHER("severity", refuse_beside),
        RECEIVER_OTHER("timeout", refuse_beside),
    };
    static const struct config_field command_fields[] = {
        RECEIVER_OTHER("command", read_command),
        RECEIVER_OTHER("severity", config_read_severity),
        RECEIVER_TIMEOUT,
    };

    struct config_receiver *receiver = &draft->receiver;
    if (!config_expect_map(reader, item))
        return false;
    if (config_node_find(item->value, "webhook")) {
        receiver->kind = CONFIG_WEBHOOK;
        receiver->timeout_ms = WEBHOOK_TIMEOUT_MS;
        config_read_fields(reader, item, webhook_fields, COUNT(webhook_fields), draft);
    } else if (config_node_find(item->value, "command")) {
        receiver->kind = CONFIG_COMMAND;
        receiver->timeout_ms = COMMAND_TIMEOUT_MS;
        config_read_fields(reader, item, command_fields, COUNT(command_fields), draft);
    } else {
        config_error(reader, &item->value->place, "this receiver is no webhook and no command");
        config_remedy(reader, "write webhook: {url: \"https://hooks.example.net\"} or "
                              "command: [/usr/local/bin/page]");
    }
    return receiver->name != NULL;
}

void config_build_notify(struct config_builder *builder, const struct config_node_entry *entry)
{
    struct config_reader *reader = &builder->reader;
    struct config *config = builder->config;
    const struct config_node_entry *items;
    size_t count;
    if (!config_has_content(entry) ||
        !config_read_list(reader, entry, 0, CONFIG_RECEIVERS_MAX, &items, &count))
        return;
    config->receivers = config_alloc(reader, count, sizeof(*config->receivers));
    for (size_t i = 0; config->receivers && i < count; i++) {
        struct receiver_draft draft = {
            .receiver = {.severity = CONFIG_WARNING,
                         .verify = true,
                         .place = items[i].value->place},
            .builder = builder,
        };
        if (read_receiver(reader, &items[i], &draft))
            config->receivers[config->receiver_count++] = draft.receiver;
    }
}
