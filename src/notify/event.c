#include "rhumb/event.h"

#include <string.h>

#include "rhumb/clock.h"
#include "rhumb/json_put.h"
#include "rhumb/log.h"
#include "rhumb/text.h"

enum { LINE_MAX_BYTES = 4096, JSON_MAX_BYTES = 64 * 1024, FIELD_MAX = 9 };

struct field {
    const char *key, *value;
};

/* fields_of - what is set, in the order in which people read it. */
static size_t fields_of(const struct event *event, struct field fields[FIELD_MAX])
{
    const struct field all[FIELD_MAX] = {
        {"service", event->service}, {"region", event->region}, {"address", event->address},
        {"family", event->family},   {"check", event->check},   {"from", event->from},
        {"to", event->to},           {"reason", event->reason}, {"remedy", event->remedy},
    };
    size_t count = 0;
    for (size_t i = 0; i < FIELD_MAX; i++)
        if (all[i].value)
            fields[count++] = all[i];
    return count;
}

static const char *severity_name(enum config_severity severity)
{
    static const char *const NAMES[] = {"info", "warning", "critical"};
    return NAMES[severity];
}

void event_log(const struct event *event)
{
    static const enum log_level LEVELS[] = {LOG_LEVEL_INFO, LOG_LEVEL_WARNING, LOG_LEVEL_ERROR};

    struct field fields[FIELD_MAX];
    size_t count = fields_of(event, fields);
    struct text line;
    text_init(&line, LINE_MAX_BYTES);
    if (event->severity == CONFIG_CRITICAL && !event->clears)
        text_printf(&line, " severity=critical");
    for (size_t i = 0; i < count; i++) {
        char quoted[LOG_QUOTE_MAX];
        text_printf(&line, " %s=%s", fields[i].key, log_quote(fields[i].value, quoted));
    }
    const char *pairs = text_get(&line);
    log_event(event->clears ? LOG_LEVEL_INFO : LEVELS[event->severity], event->kind, "%s",
              *pairs ? pairs + 1 : "");
    text_deinit(&line);
}

char *event_json(const struct event *event, uint64_t wall_ms, const char *identity)
{
    struct field fields[FIELD_MAX];
    size_t count = fields_of(event, fields);
    char time[CLOCK_TEXT_MAX];
    struct text text;
    struct json_put json;
    text_init(&text, JSON_MAX_BYTES);
    json_put_init(&json, &text);
    json_put_begin(&json, NULL, '{');
    json_put_string(&json, "time", clock_format(wall_ms, time));
    json_put_string(&json, "event", event->kind);
    json_put_string(&json, "severity", severity_name(event->severity));
    if (event->clears)
        json_put_bool(&json, "clears", true);
    json_put_optional(&json, "identity", identity);
    for (size_t i = 0; i < count; i++)
        json_put_string(&json, fields[i].key, fields[i].value);
    json_put_end(&json, '}');
    char *whole = text.failed ? NULL : strdup(text_get(&text));
    text_deinit(&text);
    return whole;
}
