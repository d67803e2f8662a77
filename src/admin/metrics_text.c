#include "metrics_text.h"

#include <stdio.h>
#include <string.h>

static void put(struct text *out, const char *text)
{
    text_put(out, text, strlen(text));
}

void metrics_family(struct text *out, const char *name, enum metrics_kind kind,
                    const char *help)
{
    static const char *const KINDS[] = {
        [METRICS_COUNTER] = "counter",
        [METRICS_GAUGE] = "gauge",
        [METRICS_HISTOGRAM] = "histogram",
    };

    text_printf(out, "# HELP %s %s\n# TYPE %s %s\n", name, help, name, KINDS[kind]);
}

void metrics_begin(struct metrics_sample *sample, struct text *out, const char *name)
{
    *sample = (struct metrics_sample){.out = out};
    put(out, name);
}

/* put_escaped - what a label's value may not hold as it is: backslash, quote, line feed. */
static void put_escaped(struct text *out, const char *value)
{
    for (;;) {
        size_t plain = strcspn(value, "\\\"\n");
        text_put(out, value, plain);
        value += plain;
        if (*value == '\0')
            return;
        put(out, *value == '\n' ? "\\n" : *value == '"' ? "\\\"" : "\\\\");
        value++;
    }
}

void metrics_label(struct metrics_sample *sample, const char *key, const char *value)
{
    put(sample->out, sample->has_labels ? "," : "{");
    sample->has_labels = true;
    put(sample->out, key);
    put(sample->out, "=\"");
    put_escaped(sample->out, value);
    put(sample->out, "\"");
}

static void end(struct metrics_sample *sample, const char *value)
{
    put(sample->out, sample->has_labels ? "} " : " ");
    put(sample->out, value);
    put(sample->out, "\n");
}

void metrics_uint(struct metrics_sample *sample, uint64_t value)
{
    char digits[24], *at = digits + sizeof(digits);
    *--at = '\0';
    do
        *--at = (char)('0' + value % 10);
    while ((value /= 10) > 0);
    end(sample, at);
}

void metrics_real(struct metrics_sample *sample, double value)
{
    char text[40];
    (void)snprintf(text, sizeof(text), "%.15g", value);
    end(sample, text);
}

void metrics_one(struct text *out, const char *name, enum metrics_kind kind, const char *help,
                 uint64_t value)
{
    struct metrics_sample sample;
    metrics_family(out, name, kind, help);
    metrics_begin(&sample, out, name);
    metrics_uint(&sample, value);
}

void metrics_one_real(struct text *out, const char *name, enum metrics_kind kind,
                      const char *help, double value)
{
    struct metrics_sample sample;
    metrics_family(out, name, kind, help);
    metrics_begin(&sample, out, name);
    metrics_real(&sample, value);
}

void metrics_labelled(struct text *out, const char *name, const char *key, const char *value,
                      uint64_t count)
{
    struct metrics_sample sample;
    metrics_begin(&sample, out, name);
    metrics_label(&sample, key, value);
    metrics_uint(&sample, count);
}
