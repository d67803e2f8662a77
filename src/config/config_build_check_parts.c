/* config_build_check_parts.c - `all:`, `any:` and `at_least:`: a check made of other checks, which
 * may stand before or behind it. Its parts are no such checks themselves: one level is what
 * people can follow, and there are no loops. */
#include "config_build_check.h"

enum { PARTS_MIN = 2, PARTS_MAX = 16 };

static const char *const KEYS[] = {"all", "any", "at_least"};

void config_read_check_parts(struct config_reader *reader,
                             const struct config_node_entry *entry, void *object)
{
    /* The names are for config_resolve_check_parts(). */
    (void)config_begin_check_kind(reader, entry, object, CONFIG_CHECK_PARTS);
}

static bool is_among(const uint16_t *parts, size_t count, uint16_t index)
{
    for (size_t i = 0; i < count; i++) {
        if (parts[i] == index)
            return true;
    }
    return false;
}

/* is_possible - may the check of that index be a part? If not, an error. */
static bool is_possible(struct config_builder *builder, const struct config_node_entry *item,
                        uint16_t index, uint16_t self)
{
    struct config_reader *reader = &builder->reader;
    const struct config_check *part = &builder->config->checks[index];
    if (index == self) {
        config_error(reader, &item->value->place, "'%s' cannot be a part of itself",
                     part->name);
    } else if (part->kind == CONFIG_CHECK_PARTS) {
        config_error(reader, &item->value->place, "the part '%s' is itself made of checks",
                     part->name);
        config_remedy(reader, "name its parts here instead: one level is all there is");
    } else if (index == 0) {
        config_error(reader, &item->value->place, "'none' asks nothing and is always up");
        config_remedy(reader, "name checks that can fail");
    } else {
        return true;
    }
    return false;
}

static void read_parts(struct config_builder *builder, const struct config_node_entry *list,
                       uint16_t self)
{
    struct config_reader *reader = &builder->reader;
    struct config_check *check = &builder->config->checks[self];
    const struct config_node_entry *items;
    size_t count;
    if (!config_read_list(reader, list, PARTS_MIN, PARTS_MAX, &items, &count))
        return;
    uint16_t *parts = config_alloc(reader, count, sizeof(*parts));
    for (size_t i = 0; i < count && parts; i++) {
        const char *text;
        if (!config_expect_text(reader, &items[i], &text))
            continue;
        uint16_t index =
            config_names_find(reader, &builder->checks, text, &items[i].value->place, "check");
        if (index == CONFIG_NONE || !is_possible(builder, &items[i], index, self))
            continue;
        if (is_among(parts, check->part_count, index)) {
            config_error(reader, &items[i].value->place, "'%s' stands here twice", text);
            config_remedy(reader, "a part counts once");
            continue;
        }
        parts[check->part_count++] = index;
    }
    check->parts = parts;
}

/* leave_list - read_parts() does it. */
static void leave_list(struct config_reader *reader, const struct config_node_entry *entry,
                       void *object)
{
    (void)reader, (void)entry, (void)object;
}

/* read_at_least - {count: 2, of: [a, b, c]} */
static void read_at_least(struct config_builder *builder, const struct config_node_entry *entry,
                          uint16_t self)
{
    struct config_reader *reader = &builder->reader;
    struct config_check *check = &builder->config->checks[self];
    static const struct config_field fields[] = {
        {.key = "count", .kind = CONFIG_FIELD_UINT32, .min = 1, .max = PARTS_MAX},
        {.key = "of", .kind = CONFIG_FIELD_OTHER, .read = leave_list},
    };

    uint32_t needed = 0;
    if (!config_read_fields(reader, entry, fields, COUNT(fields), &needed))
        return;
    const struct config_node_entry *count = config_node_find(entry->value, "count");
    const struct config_node_entry *of = config_node_find(entry->value, "of");
    if (!count || !of) {
        config_error(reader, &entry->key_place, "'at_least' needs both count: and of:");
        config_remedy(reader, "write at_least: {count: 2, of: [a, b, c]}");
        return;
    }
    read_parts(builder, of, self);
    check->parts_needed = needed;
    if (needed > of->value->count && of->value->kind == CONFIG_NODE_LIST) {
        config_error(reader, &count->value->place, "%u of %u checks cannot be up", needed,
                     of->value->count);
        config_remedy(reader, "make it a number from 1 to %u", of->value->count);
    }
}

/* refuse_pace - its parts are asked at their own. */
static void refuse_pace(struct config_reader *reader, const struct config_node_entry *entry)
{
    static const char *const keys[] = {"interval", "timeout", "confirm"};

    for (size_t i = 0; i < COUNT(keys); i++) {
        const struct config_node_entry *found = config_node_find(entry->value, keys[i]);
        if (!found)
            continue;
        config_error(reader, &found->key_place, "a check made of checks asks nobody: no '%s'",
                     keys[i]);
        config_remedy(reader, "set it in the checks it is made of");
    }
}

/* settle_pace - it knows when they know: the slowest of them gives the pace. */
static void settle_pace(const struct config *config, const struct config_node_entry *entry,
                        struct config_check *check)
{
    check->interval_ms = check->timeout_ms = check->confirm_ms = 0;
    for (size_t i = 0; i < check->part_count; i++) {
        const struct config_check *part = &config->checks[check->parts[i]];
        if (check->interval_ms < part->interval_ms)
            check->interval_ms = part->interval_ms;
        if (check->timeout_ms < part->timeout_ms)
            check->timeout_ms = part->timeout_ms;
        if (check->confirm_ms < part->confirm_ms)
            check->confirm_ms = part->confirm_ms;
    }
    if (!config_node_find(entry->value, "fall"))
        check->fall = 1;
    if (!config_node_find(entry->value, "rise"))
        check->rise = 1;
    if (!config_node_find(entry->value, "min_down"))
        check->min_down_ms = 0;
}

void config_resolve_check_parts(struct config_builder *builder,
                                const struct config_node_entry *entry, uint16_t self)
{
    struct config_check *check = &builder->config->checks[self];
    if (check->kind != CONFIG_CHECK_PARTS)
        return;
    const struct config_node_entry *found = NULL;
    size_t key = 0;
    while (key < COUNT(KEYS) && !(found = config_node_find(entry->value, KEYS[key])))
        key++;
    if (!found)
        return;
    if (key == 2)
        read_at_least(builder, found, self);
    else
        read_parts(builder, found, self);
    if (key < 2)
        check->parts_needed = key == 0 ? (uint32_t)check->part_count : 1;
    refuse_pace(&builder->reader, entry);
    settle_pace(builder->config, entry, check);
}
