/* text.h - a growable text with a ceiling, for what is shown to people (never on the query
 * path). */
#pragma once

#include <stdbool.h>
#include <stddef.h>

struct text {
    char *bytes; /* owned; always ends in a zero byte once anything was added */
    size_t len, capacity, max;
    bool failed;    /* out of memory, or over max: from there on nothing was added */
    bool no_memory; /* failed for want of memory */
};

void text_init(struct text *text, size_t max);
void text_deinit(struct text *text);
void text_put(struct text *text, const char *bytes, size_t len);
void text_printf(struct text *text, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* text_get - the text so far, "" when empty; borrowed until the next change. */
const char *text_get(const struct text *text);
