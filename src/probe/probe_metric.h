/* probe_metric.h - a number in an answer, and what it means: `metric:` of a check. Pure.
 *
 *   share     1 ------------.                     degraded < down: high is bad
 *             |              `-.                  down < degraded: low is bad, the same mirrored
 *             0                 `-------------
 *                      degraded  down     value
 *
 *   share >= 1: the whole weight;  0 < share < 1: so much of it, at least 1 %;  0: a failure
 */
#pragma once

#include <stddef.h>

#include "rhumb/config.h"
#include "rhumb/err.h"
#include "rhumb/probe.h"

struct probe_metric {
    char *name; /* owned; of the header, or the way in the body; NULL: no metric */
    bool in_header;
    double degraded, down;
};

/* What was found in one answer. */
enum metric_state {
    METRIC_MISSING,
    METRIC_FOUND,
    METRIC_NO_NUMBER,
    METRIC_NO_JSON,   /* the body is something else */
    METRIC_TOO_LARGE, /* a number, here or elsewhere in the body, that no double holds */
    METRIC_TOO_LONG,  /* there is more of it than we read */
};

struct metric_value {
    enum metric_state state;
    double number;
};

/* probe_metric_init - copies what it needs. ERR_OK, ERR_NO_MEMORY. */
WARN_UNUSED enum err probe_metric_init(struct probe_metric *metric,
                                       const struct config_metric *config);
void probe_metric_deinit(struct probe_metric *metric);

/* metric_from_text - a header's value: a decimal number and nothing else. */
struct metric_value metric_from_text(const char *text);

/* metric_from_json - the number that path leads to in a complete body. */
struct metric_value metric_from_json(const char *body, size_t len, const char *path);

/* probe_metric_judge - result is a success so far: it gets its scale, or becomes a failure. */
void probe_metric_judge(const struct probe_metric *metric, const struct metric_value *value,
                        struct probe_result *result);
