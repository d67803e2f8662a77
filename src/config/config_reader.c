#include "config_reader.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "config_units.h"

enum { MESSAGE_BYTES = 900 };

static bool was_said(const struct config_reader *reader, const struct diag_place *place,
                     const char *message)
{
    size_t count = place ? diag_count(reader->diags) : 0;
    for (size_t i = 0; i < count && count < DIAG_MAX; i++) {
        const struct diag *diag = diag_get(reader->diags, i);
        if (diag->place.line == place->line && diag->place.column == place->column &&
            strcmp(diag->message, message) == 0)
            return true;
    }
    return false;
}

__attribute__((format(printf, 4, 0))) static void say(struct config_reader *reader,
                                                      enum diag_severity severity,
                                                      const struct diag_place *place,
                                                      const char *format, va_list args)
{
    char message[MESSAGE_BYTES];
    (void)vsnprintf(message, sizeof(message), format, args);
    for (char *c = message; *c != '\0'; c++) {
        if ((unsigned char)*c < 0x20 || *c == 0x7f)
            *c = '?';
    }
    reader->muted = was_said(reader, place, message);
    if (reader->muted)
        return;
    if (severity == DIAG_ERROR)
        diag_error(reader->diags, place, "%s", message);
    else
        diag_warning(reader->diags, place, "%s", message);
}

void config_error(struct config_reader *reader, const struct diag_place *place,
                  const char *format, ...)
{
    va_list args;
    va_start(args, format);
    say(reader, DIAG_ERROR, place, format, args);
    va_end(args);
}

void config_warning(struct config_reader *reader, const struct diag_place *place,
                    const char *format, ...)
{
    va_list args;
    va_start(args, format);
    say(reader, DIAG_WARNING, place, format, args);
    va_end(args);
}

void config_remedy(struct config_reader *reader, const char *format, ...)
{
    char remedy[MESSAGE_BYTES];
    va_list args;
    va_start(args, format);
    (void)vsnprintf(remedy, sizeof(remedy), format, args);
    va_end(args);
    if (!reader->muted)
        diag_remedy(reader->diags, "%s", remedy);
}

void config_remedy_nearest(struct config_reader *reader, const char *word,
                           const char *const *candidates, size_t count)
{
    if (!reader->muted)
        diag_remedy_nearest(reader->diags, word, candidates, count);
}

void *config_alloc(struct config_reader *reader, size_t count, size_t size)
{
    void *bytes = arena_alloc_array(reader->arena, count, size);
    if (!bytes)
        reader->no_memory = true;
    return bytes;
}

/* wrong - "'interval' must be X, not 'Y'". */
static void wrong(struct config_reader *reader, const struct config_node_entry *entry,
                  const char *expected)
{
    const struct config_node *node = entry->value;
    if (node->kind == CONFIG_NODE_SCALAR && !node->is_empty)
        config_error(reader, &node->place, "'%.80s' must be %s, not '%.80s'", entry->key,
                     expected, node->text);
    else
        config_error(reader, &node->place, "'%.80s' must be %s, not %s", entry->key, expected,
                     config_node_kind_name(node));
}

bool config_expect_map(struct config_reader *reader, const struct config_node_entry *entry)
{
    if (entry->value->kind == CONFIG_NODE_MAP)
        return true;
    wrong(reader, entry, "a mapping");
    config_remedy(reader, "write 'key: value' lines below it, or {key: value, ...}");
    return false;
}

bool config_expect_text(struct config_reader *reader, const struct config_node_entry *entry,
                        const char **out_text)
{
    const struct config_node *node = entry->value;
    if (node->kind == CONFIG_NODE_SCALAR && node->text[0] != '\0') {
        *out_text = node->text;
        return true;
    }
    if (node->kind == CONFIG_NODE_SCALAR && !node->is_empty)
        config_error(reader, &node->place, "'%.80s' is empty", entry->key);
    else
        wrong(reader, entry, "a single value");
    return false;
}

bool config_read_list(struct config_reader *reader, const struct config_node_entry *entry,
                      size_t min, size_t max, const struct config_node_entry **out_items,
                      size_t *out_count)
{
    const struct config_node *node = entry->value;
    bool single = node->kind == CONFIG_NODE_SCALAR && !node->is_empty;
    if (node->kind == CONFIG_NODE_MAP || (node->is_empty && min > 0)) {
        wrong(reader, entry, "a list");
        config_remedy(reader, "write [one, two], or '- one' lines below it");
        return false;
    }
    size_t count = single ? 1 : node->count;
    if (count < min || count > max) {
        config_error(reader, &node->place, "'%.80s' has %zu items; it takes %zu to %zu",
                     entry->key, count, min, max);
        return false;
    }
    struct config_node_entry *items = config_alloc(reader, count, sizeof(*items));
    if (!items)
        return false;
    for (size_t i = 0; i < count; i++) {
        const struct config_node *value = single ? node : node->entries[i].value;
        items[i] = (struct config_node_entry){
            .key = entry->key, .key_place = value->place, .value = value};
    }
    *out_items = items;
    *out_count = count;
    return true;
}

int config_read_enum(struct config_reader *reader, const struct config_node_entry *entry,
                     const char *const *names, size_t count)
{
    const char *text;
    if (!config_expect_text(reader, entry, &text))
        return -1;
    for (size_t i = 0; i < count; i++) {
        if (strcmp(text, names[i]) == 0)
            return (int)i;
    }
    config_error(reader, &entry->value->place, "unknown value '%.80s' for '%.80s'", text,
                 entry->key);
    config_remedy_nearest(reader, text, names, count);
    return -1;
}

bool config_read_uint(struct config_reader *reader, const struct config_node_entry *entry,
                      uint64_t min, uint64_t max, uint64_t *out_value)
{
    const struct config_node *node = entry->value;
    uint64_t value;
    if (node->kind == CONFIG_NODE_SCALAR && config_parse_uint(node->text, &value) &&
        value >= min && value <= max) {
        *out_value = value;
        return true;
    }
    char expected[80];
    (void)snprintf(expected, sizeof(expected), "a whole number from %" PRIu64 " to %" PRIu64,
                   min, max);
    wrong(reader, entry, expected);
    return false;
}

static void read_uint_field(struct config_reader *reader, const struct config_node_entry *entry,
                            const struct config_field *field, void *target)
{
    uint64_t value;
    if (!config_read_uint(reader, entry, (uint64_t)field->min, (uint64_t)field->max, &value))
        return;
    if (field->kind == CONFIG_FIELD_UINT16)
        *(uint16_t *)target = (uint16_t)value;
    else
        *(uint32_t *)target = (uint32_t)value;
}

static void read_number(struct config_reader *reader, const struct config_node_entry *entry,
                        const struct config_field *field, double *target)
{
    const struct config_node *node = entry->value;
    bool share = field->kind == CONFIG_FIELD_SHARE;
    double value;
    bool parsed =
        node->kind == CONFIG_NODE_SCALAR && (share ? config_parse_share(node->text, &value)
                                                   : config_parse_number(node->text, &value));
    if (parsed && value >= (double)field->min && value <= (double)field->max) {
        *target = value;
        return;
    }
    char expected[80];
    (void)snprintf(expected, sizeof(expected), "%s from %" PRId64 " to %" PRId64,
                   share ? "a share" : "a number", field->min, field->max);
    wrong(reader, entry, expected);
    if (share)
        config_remedy(reader, "write it as 0.5 or as 50%%");
}

static void read_duration(struct config_reader *reader, const struct config_node_entry *entry,
                          const struct config_field *field, uint32_t *target)
{
    const struct config_node *node = entry->value;
    bool seconds = field->kind == CONFIG_FIELD_DURATION_S;
    uint64_t unit_ms = seconds ? 1000 : 1, ms;
    uint64_t min_ms = (uint64_t)field->min * unit_ms, max_ms = (uint64_t)field->max * unit_ms;
    if (node->kind == CONFIG_NODE_SCALAR && config_parse_duration_ms(node->text, &ms) &&
        ms >= min_ms && ms <= max_ms) {
        *target = (uint32_t)((ms + unit_ms - 1) / unit_ms);
        return;
    }
    char expected[120], low[CONFIG_DURATION_TEXT_MAX], high[CONFIG_DURATION_TEXT_MAX];
    (void)snprintf(expected, sizeof(expected), "a duration from %s to %s",
                   config_format_duration(min_ms, low), config_format_duration(max_ms, high));
    wrong(reader, entry, expected);
    config_remedy(reader, "write a whole number and its unit: 500ms, 10s, 5m or 1h");
}

static void read_size(struct config_reader *reader, const struct config_node_entry *entry,
                      const struct config_field *field, uint64_t *target)
{
    const struct config_node *node = entry->value;
    uint64_t min = (uint64_t)field->min, max = (uint64_t)field->max, bytes;
    if (node->kind == CONFIG_NODE_SCALAR && config_parse_size(node->text, &bytes) &&
        bytes >= min && bytes <= max) {
        *target = bytes;
        return;
    }
    char expected[120], low[CONFIG_SIZE_TEXT_MAX], high[CONFIG_SIZE_TEXT_MAX];
    (void)snprintf(expected, sizeof(expected), "a size from %s to %s",
                   config_format_size(min, low), config_format_size(max, high));
    wrong(reader, entry, expected);
    config_remedy(reader,
                  "write a whole number of bytes, or with a unit: 64KiB, 16MiB or 1GiB");
}

static void read_bool(struct config_reader *reader, const struct config_node_entry *entry,
                      bool *target)
{
    const struct config_node *node = entry->value;
    bool is_true = strcmp(node->text, "true") == 0;
    if (node->kind == CONFIG_NODE_SCALAR && (is_true || strcmp(node->text, "false") == 0))
        *target = is_true;
    else
        wrong(reader, entry, "true or false");
}

static void read_path(struct config_reader *reader, const struct config_node_entry *entry,
                      const char **target)
{
    const char *text;
    if (config_expect_text(reader, entry, &text))
        *target = config_join_path(reader, text);
}

static void read_field(struct config_reader *reader, const struct config_node_entry *entry,
                       const struct config_field *field, void *object)
{
    void *target = (char *)object + field->offset;
    switch (field->kind) {
    case CONFIG_FIELD_TEXT: config_expect_text(reader, entry, target); break;
    case CONFIG_FIELD_PATH: read_path(reader, entry, target); break;
    case CONFIG_FIELD_UINT16:
    case CONFIG_FIELD_UINT32: read_uint_field(reader, entry, field, target); break;
    case CONFIG_FIELD_NUMBER:
    case CONFIG_FIELD_SHARE: read_number(reader, entry, field, target); break;
    case CONFIG_FIELD_BOOL: read_bool(reader, entry, target); break;
    case CONFIG_FIELD_DURATION_MS:
    case CONFIG_FIELD_DURATION_S: read_duration(reader, entry, field, target); break;
    case CONFIG_FIELD_SIZE: read_size(reader, entry, field, target); break;
    case CONFIG_FIELD_OTHER: field->read(reader, entry, object); break;
    }
}

static void refuse_key(struct config_reader *reader, const struct config_node_entry *entry,
                       const struct config_field *fields, size_t count)
{
    enum { KEYS_MAX = 32 };

    const char *keys[KEYS_MAX];
    size_t known = 0;
    for (size_t i = 0; i < count && known < KEYS_MAX; i++)
        keys[known++] = fields[i].key;
    config_error(reader, &entry->key_place, "unknown key '%.80s'", entry->key);
    config_remedy_nearest(reader, entry->key, keys, known);
}

bool config_read_fields(struct config_reader *reader, const struct config_node_entry *entry,
                        const struct config_field *fields, size_t count, void *object)
{
    if (!config_expect_map(reader, entry))
        return false;
    const struct config_node *map = entry->value;
    for (uint32_t i = 0; i < map->count; i++) {
        size_t field = 0;
        while (field < count && strcmp(fields[field].key, map->entries[i].key) != 0)
            field++;
        if (field < count)
            read_field(reader, &map->entries[i], &fields[field], object);
        else
            refuse_key(reader, &map->entries[i], fields, count);
    }
    return true;
}

bool config_check_name(struct config_reader *reader, const struct config_node_entry *entry,
                       const char *what)
{
    enum { LABEL_MAX = 63 };

    static const char allowed[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
                                  "0123456789-_";

    size_t len = strlen(entry->key);
    if (len <= LABEL_MAX && strspn(entry->key, allowed) == len)
        return true;
    config_error(reader, &entry->key_place, "'%.80s' cannot be the name of a %s", entry->key,
                 what);
    config_remedy(reader, "use letters, digits, '-' and '_', at most %d of them", LABEL_MAX);
    return false;
}

const char *config_join_path(struct config_reader *reader, const char *path)
{
    const char *folder = reader->folder;
    if (path[0] == '/' || strcmp(folder, ".") == 0)
        return path;
    const char *slash = folder[strlen(folder) - 1] == '/' ? "" : "/";
    const char *joined = arena_printf(reader->arena, "%s%s%s", folder, slash, path);
    if (!joined)
        reader->no_memory = true;
    return joined ? joined : path;
}

const char *config_lower(struct config_reader *reader, const char *text)
{
    char *copy = arena_strdup(reader->arena, text);
    if (!copy) {
        reader->no_memory = true;
        return "";
    }
    for (char *c = copy; *c != '\0'; c++) {
        if (*c >= 'A' && *c <= 'Z')
            *c = (char)(*c + ('a' - 'A'));
    }
    return copy;
}
