/* log.h - how the upper floors say something: one line a fact, logfmt.
 *
 * Pure folders never log; they return errors and diagnostics. The sink is set once by app/
 * before any thread starts; without one the lines go to standard error. Any thread may log.
 *
 *     2026-08-01T12:00:00.123Z level=info event=reload generation=7 zones=3
 */
#pragma once

#include <stdarg.h>
#include <stdbool.h>

enum log_level { LOG_LEVEL_DEBUG, LOG_LEVEL_INFO, LOG_LEVEL_WARNING, LOG_LEVEL_ERROR };

typedef void (*log_sink)(void *ctx, enum log_level level, const char *line);

void log_set_sink(log_sink write, void *ctx);

/* log_event - event is a word; format prints the `key=value` pairs behind it. Quote values that
 * may hold blanks with log_quote(). */
void log_event(enum log_level level, const char *event, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* log_set_level - lines below least are left out; at first those of DEBUG. Any thread. */
void log_set_level(enum log_level least);

enum { LOG_QUOTE_MAX = 512 };

/* log_is_number - does the text read as a number of JSON, without an exponent? */
bool log_is_number(const char *text);

/* log_quote - text as one logfmt value: text itself when it can stand alone, else in quotes and
 * escaped, cut to fit, in buffer. A number among texts has quotes: that is how a reader knows. */
const char *log_quote(const char *text, char buffer[LOG_QUOTE_MAX]);
