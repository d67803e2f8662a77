#include "member.h"

#include <string.h>

#include "rhumb/clock.h"

const char *member_text(const json_t *object, const char *name)
{
    return json_string_value(json_object_get(object, name));
}

uint64_t member_number(const json_t *object, const char *name)
{
    json_int_t number = json_integer_value(json_object_get(object, name));
    return number > 0 ? (uint64_t)number : 0;
}

double member_real(const json_t *object, const char *name)
{
    return json_number_value(json_object_get(object, name));
}

bool member_true(const json_t *object, const char *name)
{
    return json_is_true(json_object_get(object, name));
}

bool member_has(const json_t *object, const char *name)
{
    const json_t *value = json_object_get(object, name);
    return value && !json_is_null(value);
}

uint64_t member_ms(const json_t *object, const char *name)
{
    const char *text = member_text(object, name);
    uint64_t wall_ms;
    return text && clock_parse(text, &wall_ms) ? wall_ms : 0;
}

const char *member_age(const json_t *object, const char *name, uint64_t now_ms,
                       char buffer[AGE_TEXT_MAX])
{
    uint64_t wall_ms = member_ms(object, name);
    return wall_ms > 0 ? age_since(wall_ms, now_ms, buffer) : NULL;
}

const char *member_time(const json_t *object, const char *name, char buffer[MEMBER_TIME_MAX])
{
    enum { DATE = 10, SECONDS = 19 };

    const char *text = member_text(object, name);
    if (!text || strlen(text) < SECONDS)
        return NULL;
    (void)snprintf(buffer, MEMBER_TIME_MAX, "%.*s %.*sZ", DATE, text, SECONDS - DATE - 1,
                   text + DATE + 1);
    return buffer;
}

const char *member_condition(const json_t *service, char buffer[MEMBER_CONDITION_MAX])
{
    const char *condition = member_text(service, "condition");
    const json_t *families = json_object_get(service, "dark_families");
    const char *family = json_string_value(json_array_get(families, 0));
    if (!condition || !family || strcmp(condition, "dark") == 0)
        return condition;
    (void)snprintf(buffer, MEMBER_CONDITION_MAX, "%s, %s dark", condition, family);
    return buffer;
}

enum tone member_state_tone(const char *state)
{
    static const struct {
        const char *state;
        enum tone tone;
    } tones[] = {
        {"up", TONE_GOOD},          {"ok", TONE_GOOD},          {"usable", TONE_GOOD},
        {"down", TONE_BAD},         {"dark", TONE_BAD},         {"frozen", TONE_BAD},
        {"suspect", TONE_DOUBTFUL}, {"held", TONE_DOUBTFUL},    {"recovering", TONE_DOUBTFUL},
        {"stale", TONE_DOUBTFUL},   {"unknown", TONE_DOUBTFUL}, {"degraded", TONE_DOUBTFUL},
    };

    for (size_t i = 0; state && i < sizeof(tones) / sizeof(tones[0]); i++)
        if (strcmp(tones[i].state, state) == 0)
            return tones[i].tone;
    return TONE_PLAIN;
}
