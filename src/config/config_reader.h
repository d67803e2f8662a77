/* config_reader.h - typed reading of nodes: what is expected, within which range, and a message
 * with a remedy when it is something else.
 *
 * A mapping is described by a table of struct config_field: its rows are the allowed keys,
 * their types, their ranges and where the value goes. Defaults are what the object holds before
 * it is read. A value that is wrong leaves its default in place and reading goes on, so that
 * one run reports everything.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "rhumb/arena.h"
#include "rhumb/diag.h"

#include "config_node.h"

struct config_reader {
    struct arena *arena;
    struct diag_list *diags;
    const char *folder;
    bool no_memory; /* sticks; checked once at the end */
    bool muted;     /* the latest message was one already given, and so is its remedy */
};

/* config_error, config_warning - one message, said once: an alias or an inherited key is read
 * several times. Control characters in it become '?'. */
void config_error(struct config_reader *reader, const struct diag_place *place,
                  const char *format, ...) __attribute__((format(printf, 3, 4)));
void config_warning(struct config_reader *reader, const struct diag_place *place,
                    const char *format, ...) __attribute__((format(printf, 3, 4)));
void config_remedy(struct config_reader *reader, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
void config_remedy_nearest(struct config_reader *reader, const char *word,
                           const char *const *candidates, size_t count);

/* config_alloc - zeroed array in the arena; NULL (and no_memory) when there is no room. */
void *config_alloc(struct config_reader *reader, size_t count, size_t size);

enum config_field_kind {
    CONFIG_FIELD_TEXT,        /* const char *; not empty */
    CONFIG_FIELD_PATH,        /* const char *; joined with the folder */
    CONFIG_FIELD_UINT16,      /* uint16_t */
    CONFIG_FIELD_UINT32,      /* uint32_t */
    CONFIG_FIELD_NUMBER,      /* double */
    CONFIG_FIELD_SHARE,       /* double; 0.5 or 50% */
    CONFIG_FIELD_BOOL,        /* bool; true or false, nothing else */
    CONFIG_FIELD_DURATION_MS, /* uint32_t */
    CONFIG_FIELD_DURATION_S,  /* uint32_t; rounded up; the range is in seconds */
    CONFIG_FIELD_SIZE,        /* uint64_t, in bytes */
    CONFIG_FIELD_OTHER,       /* whatever read() makes of it */
};

struct config_field {
    const char *key;
    enum config_field_kind kind;
    size_t offset; /* of the value in the object */
    int64_t min, max;
    void (*read)(struct config_reader *reader, const struct config_node_entry *entry,
                 void *object);
};

/* config_read_fields - a mapping into object. what names it in messages; an empty value is an
 * error. False when it is no mapping. */
bool config_read_fields(struct config_reader *reader, const struct config_node_entry *entry,
                        const struct config_field *fields, size_t count, void *object);

/* config_expect_map - is it a mapping? If not, an error. */
bool config_expect_map(struct config_reader *reader, const struct config_node_entry *entry);

/* config_expect_text - is it a single value that is not empty? If not, an error. */
bool config_expect_text(struct config_reader *reader, const struct config_node_entry *entry,
                        const char **out_text);

/* config_read_list - the items of a list; a single value is a list of one. Items are entries
 * that carry the key of the list, for messages. False after an error: a mapping, or fewer than
 * min or more than max items. */
bool config_read_list(struct config_reader *reader, const struct config_node_entry *entry,
                      size_t min, size_t max, const struct config_node_entry **out_items,
                      size_t *out_count);

/* config_read_enum - the index of the value in names; -1 after an error. */
int config_read_enum(struct config_reader *reader, const struct config_node_entry *entry,
                     const char *const *names, size_t count);

/* config_read_uint - one number, for values that are no plain field. */
bool config_read_uint(struct config_reader *reader, const struct config_node_entry *entry,
                      uint64_t min, uint64_t max, uint64_t *out_value);

/* config_check_name - may this name a region, a check or a service? Letters, digits, '-' and
 * '_', at most 63: it becomes a DNS label and a label of metrics. If not, an error. */
bool config_check_name(struct config_reader *reader, const struct config_node_entry *entry,
                       const char *what);

/* config_join_path - path as seen from the folder of the configuration. */
const char *config_join_path(struct config_reader *reader, const char *path);

/* config_lower - a copy in lower case (ASCII), for comparing; "" when out of memory. */
const char *config_lower(struct config_reader *reader, const char *text);
