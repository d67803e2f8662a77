/* config_build_check_command.c - `command:` of a check: a list of arguments, or a mapping with
 * argv: and port:. */
#include <string.h>

#include "config_build_check.h"

enum { ARGUMENTS_MAX = 64 };

/* check_no_shell - "ping -c 1" as a single argument was meant for a shell. */
static void check_no_shell(struct config_reader *reader, const struct config_node_entry *only,
                           const char *text)
{
    if (!strchr(text, ' '))
        return;
    config_error(reader, &only->value->place, "no shell takes '%.80s' to pieces", text);
    config_remedy(reader, "write the arguments one by one: [ /usr/bin/check, --fast ]");
}

static void read_argv(struct config_reader *reader, const struct config_node_entry *entry,
                      void *object)
{
    struct config_check_command *command = &((struct check_draft *)object)->check.command;
    const struct config_node_entry *items;
    size_t count;
    if (!config_read_list(reader, entry, 1, ARGUMENTS_MAX, &items, &count))
        return;
    command->argv = config_alloc(reader, count, sizeof(*command->argv));
    for (size_t i = 0; i < count && command->argv; i++) {
        const char *text;
        if (!config_expect_text(reader, &items[i], &text))
            continue;
        bool is_path = i == 0 && strchr(text, '/');
        command->argv[command->count++] = is_path ? config_join_path(reader, text) : text;
        if (count == 1)
            check_no_shell(reader, &items[0], text);
    }
}

void config_read_check_command(struct config_reader *reader,
                               const struct config_node_entry *entry, void *object)
{
    static const struct config_field fields[] = {
        OTHER_FIELD("argv", read_argv),
        CHECK_FIELD("port", CONFIG_FIELD_UINT16, port, 1, UINT16_MAX),
    };

    struct check_draft *draft = object;
    if (!config_begin_check_kind(reader, entry, draft, CONFIG_CHECK_COMMAND))
        return;
    if (entry->value->kind != CONFIG_NODE_MAP)
        read_argv(reader, entry, draft);
    else if (config_read_fields(reader, entry, fields, COUNT(fields), draft) &&
             !config_node_find(entry->value, "argv")) {
        config_error(reader, &entry->key_place, "a command check needs its argv");
        config_remedy(reader, "write command: [ /usr/local/bin/check ]");
    }
}
