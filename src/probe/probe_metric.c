#include "probe_metric.h"

#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include "rhumb/json_path.h"

#include "probe_reason.h"

enum { KEY_MAX = 256, NAME_SHOWN_MAX = 48 };

enum err probe_metric_init(struct probe_metric *metric, const struct config_metric *config)
{
    const char *name = config->header ? config->header : config->json;
    *metric = (struct probe_metric){
        .in_header = config->header, .degraded = config->degraded, .down = config->down};
    if (!name)
        return ERR_OK;
    metric->name = strdup(name);
    return metric->name ? ERR_OK : ERR_NO_MEMORY;
}

void probe_metric_deinit(struct probe_metric *metric)
{
    free(metric->name);
    *metric = (struct probe_metric){0};
}

struct metric_value metric_from_text(const char *text)
{
    char *end;
    /* strtod() knows more than that: 0x3, inf, nan, and space in front */
    if (*text == '\0' || text[strspn(text, "+-.0123456789eE")] != '\0')
        return (struct metric_value){.state = METRIC_NO_NUMBER};
    double number = strtod(text, &end);
    if (*end != '\0')
        return (struct metric_value){.state = METRIC_NO_NUMBER};
    if (!isfinite(number))
        return (struct metric_value){.state = METRIC_TOO_LARGE};
    return (struct metric_value){METRIC_FOUND, number};
}

/* walk - the value at the end of path; NULL when it is not there. */
static const json_t *walk(const json_t *value, const char *path)
{
    const char *at = path;
    char key[KEY_MAX];
    struct json_path_step step = json_path_next(path, &at);
    while (value && step.kind != JSON_PATH_END) {
        if (step.kind == JSON_PATH_INDEX) {
            value = json_array_get(value, step.index);
        } else if (step.kind == JSON_PATH_KEY && step.len < sizeof(key)) {
            snprintf(key, sizeof(key), "%.*s", (int)step.len, step.key);
            value = json_object_get(value, key);
        } else {
            return NULL;
        }
        step = json_path_next(path, &at);
    }
    return value;
}

struct metric_value metric_from_json(const char *body, size_t len, const char *path)
{
    struct metric_value value = {.state = METRIC_NO_JSON};
    json_error_t error;
    json_t *root = json_loadb(body, len, JSON_REJECT_DUPLICATES, &error);
    if (!root && json_error_code(&error) == json_error_numeric_overflow)
        value.state = METRIC_TOO_LARGE;
    if (!root)
        return value;
    const json_t *found = walk(root, path);
    if (!found || json_is_null(found))
        value.state = METRIC_MISSING;
    else if (json_is_number(found))
        value = (struct metric_value){METRIC_FOUND, json_number_value(found)};
    else
        value.state = METRIC_NO_NUMBER;
    json_decref(root);
    return value;
}

static void set_unknown(const struct probe_metric *metric, enum metric_state state,
                        struct probe_result *result)
{
    static const char *const reasons[] = {
        [METRIC_MISSING] = "is not in the answer",
        [METRIC_FOUND] = "",
        [METRIC_NO_NUMBER] = "is not a number",
        [METRIC_NO_JSON] = "cannot be read: the body is not JSON",
        [METRIC_TOO_LARGE] = "cannot be read: a number is out of range",
        [METRIC_TOO_LONG] = "cannot be read: the body is over 64 KiB",
    };

    probe_result_set(result, HEALTH_FAILURE, "metric %.*s %s", NAME_SHOWN_MAX, metric->name,
                     reasons[state]);
}

void probe_metric_judge(const struct probe_metric *metric, const struct metric_value *value,
                        struct probe_result *result)
{
    if (!metric->name)
        return;
    if (value->state != METRIC_FOUND) {
        set_unknown(metric, value->state, result);
        return;
    }
    double share = (value->number - metric->down) / (metric->degraded - metric->down);
    if (share <= 0) {
        const char *sign = metric->degraded < metric->down ? ">=" : "<=";
        probe_result_set(result, HEALTH_FAILURE, "metric %.*s %.6g %s %.6g", NAME_SHOWN_MAX,
                         metric->name, value->number, sign, metric->down);
        return;
    }
    double percent = share < 1 ? round(share * 100) : 100;
    result->scale = percent < 1 ? 1 : (uint8_t)percent;
    size_t used = strlen(result->reason);
    snprintf(result->reason + used, sizeof(result->reason) - used, ", metric %.*s %.6g",
             NAME_SHOWN_MAX, metric->name, value->number);
}
