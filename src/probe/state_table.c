#include "state_table.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>

static int compare_addresses(const struct ip_addr *a, const struct ip_addr *b)
{
    if (a->family != b->family)
        return a->family < b->family ? -1 : 1;
    return memcmp(a->bytes, b->bytes, sizeof(a->bytes));
}

static int compare_entries(const void *left, const void *right)
{
    const struct state_entry *a = (const struct state_entry *)left;
    const struct state_entry *b = (const struct state_entry *)right;
    return compare_addresses(&a->addr, &b->addr);
}

static enum state_word parse_word(const json_t *value)
{
    const char *text = json_string_value(value); /* NULL: no string */
    if (text && strcmp(text, "up") == 0)
        return STATE_UP;
    return text && strcmp(text, "down") == 0 ? STATE_DOWN : STATE_UNCLEAR;
}

/* copy_reason - it ends up in the log: what is not printable becomes '?'. */
static void copy_reason(char reason[STATE_REASON_MAX], const char *text)
{
    size_t len = 0;
    for (; text[len] != '\0' && len < STATE_REASON_MAX - 1; len++)
        reason[len] = text[len] >= ' ' && text[len] <= '~' ? text[len] : '?';
    reason[len] = '\0';
}

static void read_entry(const json_t *value, struct state_entry *entry)
{
    entry->scale = 100;
    entry->word = parse_word(json_is_object(value) ? json_object_get(value, "state") : value);
    const json_t *scale = json_object_get(value, "scale");
    const json_t *reason = json_object_get(value, "reason");
    if (scale) {
        json_int_t percent = json_is_integer(scale) ? json_integer_value(scale) : -1;
        if (percent < 0 || percent > 100)
            entry->word = STATE_UNCLEAR;
        else
            entry->scale = (uint8_t)percent;
    }
    if (json_is_string(reason))
        copy_reason(entry->reason, json_string_value(reason));
}

/* check_twins - an address that is written in two ways is no fact. */
static bool check_twins(const struct state_table *table, char out_fault[STATE_FAULT_MAX])
{
    char text[IP_TEXT_MAX];
    for (size_t i = 1; i < table->count; i++) {
        if (!ip_equal(&table->entries[i - 1].addr, &table->entries[i].addr))
            continue;
        snprintf(out_fault, STATE_FAULT_MAX, "it names %s twice",
                 ip_format(&table->entries[i].addr, text));
        return false;
    }
    return true;
}

static struct state_table *build(json_t *root, char out_fault[STATE_FAULT_MAX])
{
    size_t room = json_object_size(root);
    struct state_table *table =
        (struct state_table *)calloc(1, sizeof(*table) + room * sizeof(table->entries[0]));
    const char *key;
    json_t *value;
    if (!table) {
        snprintf(out_fault, STATE_FAULT_MAX, "out of memory");
        return NULL;
    }
    json_object_foreach(root, key, value)
    {
        struct state_entry *entry = &table->entries[table->count];
        if (!ip_parse(key, &entry->addr))
            continue;
        read_entry(value, entry);
        table->count++;
    }
    qsort(table->entries, table->count, sizeof(table->entries[0]), compare_entries);
    if (check_twins(table, out_fault))
        return table;
    free(table);
    return NULL;
}

struct state_table *state_table_parse(const char *bytes, size_t len,
                                      char out_fault[STATE_FAULT_MAX])
{
    json_error_t error;
    json_t *root = json_loadb(bytes, len, JSON_REJECT_DUPLICATES, &error);
    struct state_table *table = NULL;
    if (!root)
        snprintf(out_fault, STATE_FAULT_MAX, "no JSON in line %d: %.60s", error.line,
                 error.text);
    else if (!json_is_object(root))
        snprintf(out_fault, STATE_FAULT_MAX, "it is no JSON object");
    else
        table = build(root, out_fault);
    json_decref(root);
    return table;
}

const struct state_entry *state_table_find(const struct state_table *table,
                                           const struct ip_addr *addr)
{
    const struct state_entry wanted = {.addr = *addr};
    return (const struct state_entry *)bsearch(&wanted, table->entries, table->count,
                                               sizeof(table->entries[0]), compare_entries);
}
