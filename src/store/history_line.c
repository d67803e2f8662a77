#include "history_line.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>

enum { KEY_DIGITS = 16 };

/* cut - as a JSON string. A reason may quote what a back end sent. */
static json_t *cut(const char *text, size_t max)
{
    json_t *string = json_stringn(text, history_book_fit(text, max));
    return string ? string : json_string("(not UTF-8)");
}

bool history_line_put(struct text *out, const struct history_entry *entry)
{
    char key[KEY_DIGITS + 1];
    snprintf(key, sizeof(key), "%016" PRIx64, entry->key);
    json_t *object = json_pack(
        "{s:I, s:s, s:o, s:o, s:o, s:o, s:o}", "time", (json_int_t)entry->time_ms, "target",
        key, "address", cut(entry->address, HISTORY_NAME_BYTES), "check",
        cut(entry->check, HISTORY_NAME_BYTES), "from", cut(entry->from, HISTORY_STATE_BYTES),
        "to", cut(entry->to, HISTORY_STATE_BYTES), "reason",
        cut(entry->reason, HISTORY_REASON_BYTES));
    char *line = object ? json_dumps(object, JSON_COMPACT) : NULL;
    json_decref(object);
    if (line)
        text_printf(out, "%s\n", line);
    free(line);
    return line && !out->failed;
}

static bool parse_key(const char *text, uint64_t *out_key)
{
    char *end;
    if (strlen(text) != KEY_DIGITS || strspn(text, "0123456789abcdef") != KEY_DIGITS)
        return false;
    *out_key = strtoull(text, &end, 16);
    return true;
}

bool history_line_take(const char *line, size_t len,
                       void (*take)(void *ctx, const struct history_entry *entry,
                                    size_t line_bytes),
                       void *ctx)
{
    struct history_entry entry = {0};
    json_int_t time_ms = 0;
    const char *key = "";
    json_t *object = json_loadb(line, len, 0, NULL);
    bool is_ours =
        json_unpack(object, "{s:I, s:s, s:s, s:s, s:s, s:s, s:s}", "time", &time_ms, "target",
                    &key, "address", &entry.address, "check", &entry.check, "from", &entry.from,
                    "to", &entry.to, "reason", &entry.reason) == 0 &&
        time_ms >= 0 && parse_key(key, &entry.key);
    entry.time_ms = (uint64_t)time_ms;
    if (is_ours)
        take(ctx, &entry, len);
    json_decref(object);
    return is_ours;
}
