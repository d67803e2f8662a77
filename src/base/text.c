#include "rhumb/text.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void text_init(struct text *text, size_t max)
{
    *text = (struct text){.max = max};
}

void text_deinit(struct text *text)
{
    free(text->bytes);
    *text = (struct text){0};
}

/* text_reserve - room for len more bytes and the zero byte. */
static bool text_reserve(struct text *text, size_t len)
{
    if (text->failed || len > text->max - text->len) {
        text->failed = true;
        return false;
    }
    size_t need = text->len + len + 1;
    if (need <= text->capacity)
        return true;
    size_t capacity = need < 128 ? 128 : need * 2;
    char *bytes = realloc(text->bytes, capacity);
    if (!bytes) {
        text->failed = text->no_memory = true;
        return false;
    }
    text->bytes = bytes;
    text->capacity = capacity;
    return true;
}

void text_put(struct text *text, const char *bytes, size_t len)
{
    if (!text_reserve(text, len))
        return;
    if (len > 0)
        memcpy(text->bytes + text->len, bytes, len);
    text->len += len;
    text->bytes[text->len] = '\0';
}

void text_printf(struct text *text, const char *format, ...)
{
    va_list args, again;
    size_t room = text->bytes ? text->capacity - text->len : 0;
    va_start(args, format);
    va_copy(again, args);
    int len = vsnprintf(room > 0 ? text->bytes + text->len : NULL, room, format, args);
    if (len >= 0 && text_reserve(text, (size_t)len)) {
        if ((size_t)len >= room)
            vsnprintf(text->bytes + text->len, (size_t)len + 1, format, again);
        text->len += (size_t)len;
    } else if (room > 0) {
        text->bytes[text->len] = '\0'; /* what did not fit is not there */
    }
    va_end(again);
    va_end(args);
}

const char *text_get(const struct text *text)
{
    return text->bytes ? text->bytes : "";
}
