#include "rhumb/log.h"

#include <stdatomic.h>
#include <stdio.h>
#include <string.h>

static struct {
    log_sink write;
    void *ctx;
} sink; /* set once, before any thread starts */

static _Atomic int least_level = LOG_LEVEL_INFO;

void log_set_level(enum log_level least)
{
    atomic_store_explicit(&least_level, (int)least, memory_order_relaxed);
}

void log_set_sink(log_sink write, void *ctx)
{
    sink.write = write;
    sink.ctx = ctx;
}

void log_event(enum log_level level, const char *event, const char *format, ...)
{
    if ((int)level < atomic_load_explicit(&least_level, memory_order_relaxed))
        return;
    char line[2048];
    int used = snprintf(line, sizeof(line), "event=%s%s", event, *format ? " " : "");
    if (used < 0 || (size_t)used >= sizeof(line))
        return;
    va_list args;
    va_start(args, format);
    vsnprintf(line + used, sizeof(line) - (size_t)used, format, args);
    va_end(args);
    if (sink.write)
        sink.write(sink.ctx, level, line);
    else
        fprintf(stderr, "%s\n", line);
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

bool log_is_number(const char *text)
{
    const char *at = text + (*text == '-');
    if (!is_digit(*at) || (*at == '0' && is_digit(at[1])))
        return false;
    while (is_digit(*at))
        at++;
    if (*at != '.')
        return *at == '\0';
    if (!is_digit(*++at))
        return false;
    while (is_digit(*at))
        at++;
    return *at == '\0';
}

static int needs_quotes(const char *text)
{
    if (*text == '\0' || log_is_number(text))
        return 1;
    for (const unsigned char *c = (const unsigned char *)text; *c; c++)
        if (*c <= ' ' || *c == '"' || *c == '=' || *c == '\\' || *c == 0x7f)
            return 1;
    return 0;
}

const char *log_quote(const char *text, char buffer[LOG_QUOTE_MAX])
{
    if (!needs_quotes(text) && strlen(text) < LOG_QUOTE_MAX)
        return text;
    size_t n = 0;
    buffer[n++] = '"';
    for (const unsigned char *c = (const unsigned char *)text; *c && n + 6 < LOG_QUOTE_MAX;
         c++) {
        if (*c == '"' || *c == '\\') {
            buffer[n++] = '\\';
            buffer[n++] = (char)*c;
        } else if (*c < ' ' || *c == 0x7f) {
            n += (size_t)snprintf(buffer + n, 5, "\\x%02x", *c);
        } else {
            buffer[n++] = (char)*c;
        }
    }
    buffer[n++] = '"';
    buffer[n] = '\0';
    return buffer;
}
