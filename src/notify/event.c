#include "rhumb/event.h"

#include <jansson.h>

#include "rhumb/clock.h"
#include "rhumb/log.h"
#include "rhumb/text.h"

enum { LINE_MAX_BYTES = 4096, FIELD_MAX = 8 };

struct field {
    const char *key, *value;
};

/* fields_of - what is set, in the order in which people read it. */
static size_t fields_of(const struct event *event, struct field fields[FIELD_MAX])
{
    const struct field all[FIELD_MAX] = {
        {"service", event->service}, {"region", event->region}, {"address", event->address},
        {"check", event->check},     {"from", event->from},     {"to", event->to},
        {"reason", event->reason},   {"remedy", event->remedy},
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

static bool put(json_t *object, const char *key, const char *value)
{
    /* a reason may quote what a back end sent: bytes that are no text must not lose the event */
    json_t *text = json_string(value);
    if (!text)
        text = json_string("(not UTF-8)");
    return json_object_set_new(object, key, text) == 0;
}

char *event_json(const struct event *event, uint64_t wall_ms, const char *identity)
{
    struct field fields[FIELD_MAX];
    size_t count = fields_of(event, fields);
    char time[CLOCK_TEXT_MAX];
    json_t *object = json_object();
    bool ok = object && put(object, "time", clock_format(wall_ms, time)) &&
              put(object, "event", event->kind) &&
              put(object, "severity", severity_name(event->severity)) &&
              (!event->clears || json_object_set_new(object, "clears", json_true()) == 0) &&
              (!identity || put(object, "identity", identity));
    for (size_t i = 0; ok && i < count; i++)
        ok = put(object, fields[i].key, fields[i].value);
    char *text = ok ? json_dumps(object, JSON_COMPACT) : NULL;
    json_decref(object);
    return text;
}
