#include "rhumb/log_output.h"

#include <stdatomic.h>
#include <stdio.h>

#include "rhumb/clock.h"
#include "rhumb/log.h"
#include "rhumb/log_json.h"

enum { JSON_MAX = 16 * 1024 }; /* a line of 2 KiB, every byte of it escaped */

static atomic_bool wants_json;

static void write_json(const char *now, const char *level, const char *line)
{
    struct text text;
    struct json_put json;
    text_init(&text, JSON_MAX);
    json_put_init(&json, &text);
    json_put_begin(&json, NULL, '{');
    json_put_string(&json, "time", now);
    json_put_string(&json, "level", level);
    log_json_put(&json, line);
    json_put_end(&json, '}');
    if (!text.failed)
        fprintf(stderr, "%s\n", text_get(&text));
    else
        fprintf(stderr, "%s level=%s %s\n", now, level,
                line); /* out of memory: better than nothing */
    text_deinit(&text);
}

static void write_line(void *ctx, enum log_level level, const char *line)
{
    static const char *const NAMES[] = {"debug", "info", "warning", "error"};
    char now[CLOCK_TEXT_MAX];
    (void)ctx;
    clock_wall_format(now);
    if (atomic_load_explicit(&wants_json, memory_order_relaxed))
        write_json(now, NAMES[level], line);
    else
        fprintf(stderr, "%s level=%s %s\n", now, NAMES[level], line);
}

void log_output_start(void)
{
    log_set_sink(write_line, NULL);
}

void log_output_set_json(bool is_json)
{
    atomic_store_explicit(&wants_json, is_json, memory_order_relaxed);
}
