/* config_build_check.h - one check while it is read: config_build_checks.c reads what all kinds
 * have in common, config_build_check_<kind>.c what is theirs. */
#pragma once

#include "config_build.h"
#include "config_units.h"

struct check_draft {
    struct config_check check;
    struct config_builder *builder;
    const struct config_node_entry *kind_entry; /* the key of the kind that was seen first */
};

#define CHECK_FIELD(name, type, member, low, high)                                             \
    {                                                                                          \
        .key = (name), .kind = (type), .offset = offsetof(struct check_draft, check.member),   \
        .min = (low), .max = (high)                                                            \
    }
#define OTHER_FIELD(name, function)                                                            \
    {                                                                                          \
        .key = (name), .kind = CONFIG_FIELD_OTHER, .read = (function)                          \
    }
#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* config_begin_check_kind - is this the first kind that the check names? An error when not. */
bool config_begin_check_kind(struct config_reader *reader,
                             const struct config_node_entry *entry, struct check_draft *draft,
                             enum config_check_kind kind);

/* config_resolve_check_parts - `all:`, `any:` and `at_least:` of a check, when every other check
 * has been read. entry is that of the whole check, self its index. */
void config_resolve_check_parts(struct config_builder *builder,
                                const struct config_node_entry *entry, uint16_t self);

/* One reader per kind, for the table of fields; object is a struct check_draft. */
void config_read_check_command(struct config_reader *reader,
                               const struct config_node_entry *entry, void *object);
void config_read_check_dns(struct config_reader *reader, const struct config_node_entry *entry,
                           void *object);
void config_read_check_file(struct config_reader *reader, const struct config_node_entry *entry,
                            void *object);
void config_read_check_http(struct config_reader *reader, const struct config_node_entry *entry,
                            void *object);
void config_read_check_https(struct config_reader *reader,
                             const struct config_node_entry *entry, void *object);
void config_read_check_icmp(struct config_reader *reader, const struct config_node_entry *entry,
                            void *object);
void config_read_check_parts(struct config_reader *reader,
                             const struct config_node_entry *entry, void *object);
void config_read_check_tcp(struct config_reader *reader, const struct config_node_entry *entry,
                           void *object);
