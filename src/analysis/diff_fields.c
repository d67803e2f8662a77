#include "diff_fields.h"

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

enum { VALUE_MAX = 128 };

void diff_note(struct text *out, const char *format, ...)
{
    char note[512];
    va_list args;
    va_start(args, format);
    (void)vsnprintf(note, sizeof(note), format, args);
    va_end(args);
    text_printf(out, "%s%s", out->len > 0 ? ", " : "", note);
}

bool diff_same_text(const char *a, const char *b)
{
    return a && b ? strcmp(a, b) == 0 : a == b;
}

static uint32_t read_u32(const void *from)
{
    uint32_t value;
    memcpy(&value, from, sizeof(value));
    return value;
}

static double read_number(const void *from)
{
    double value;
    memcpy(&value, from, sizeof(value));
    return value;
}

static const char *read_text(const void *from)
{
    const char *value;
    memcpy(&value, from, sizeof(value));
    return value;
}

static void format_ms(uint32_t ms, char text[VALUE_MAX])
{
    if (ms % 1000 == 0)
        (void)snprintf(text, VALUE_MAX, "%us", ms / 1000);
    else
        (void)snprintf(text, VALUE_MAX, "%ums", ms);
}

const char *diff_relative(const char *folder, const char *path)
{
    size_t len = folder ? strlen(folder) : 0;
    bool inside = path && len > 0 && strncmp(path, folder, len) == 0 && path[len] == '/';
    return inside ? path + len + 1 : path;
}

/* text_of - of a field that is one. */
static const char *text_of(const struct diff_field *field, struct diff_object of)
{
    const char *text = read_text((const uint8_t *)of.object + field->offset);
    return field->kind == DIFF_FIELD_PATH ? diff_relative(of.folder, text) : text;
}

static bool is_text(const struct diff_field *field)
{
    return field->kind == DIFF_FIELD_TEXT || field->kind == DIFF_FIELD_PATH ||
           field->kind == DIFF_FIELD_HIDDEN;
}

/* format - the value, for comparing and for showing. */
static void format(const struct diff_field *field, struct diff_object of, char text[VALUE_MAX])
{
    const uint8_t *at = (const uint8_t *)of.object + field->offset;
    uint16_t u16;
    switch (field->kind) {
    case DIFF_FIELD_U16:
        memcpy(&u16, at, sizeof(u16));
        (void)snprintf(text, VALUE_MAX, "%u", u16);
        break;
    case DIFF_FIELD_U32: (void)snprintf(text, VALUE_MAX, "%u", read_u32(at)); break;
    case DIFF_FIELD_MS: format_ms(read_u32(at), text); break;
    case DIFF_FIELD_S: (void)snprintf(text, VALUE_MAX, "%us", read_u32(at)); break;
    case DIFF_FIELD_BOOL: (void)snprintf(text, VALUE_MAX, "%s", *at ? "true" : "false"); break;
    case DIFF_FIELD_NUMBER: (void)snprintf(text, VALUE_MAX, "%.10g", read_number(at)); break;
    case DIFF_FIELD_SHARE:
        (void)snprintf(text, VALUE_MAX, "%.6g%%", 100 * read_number(at));
        break;
    case DIFF_FIELD_TEXT:
    case DIFF_FIELD_PATH:
    case DIFF_FIELD_HIDDEN:
        (void)snprintf(text, VALUE_MAX, "%.120s",
                       text_of(field, of) ? text_of(field, of) : "(none)");
        break;
    }
}

void diff_fields(struct diff_object before, struct diff_object after,
                 const struct diff_field *fields, size_t count, struct text *out)
{
    char was[VALUE_MAX], is[VALUE_MAX];
    for (size_t i = 0; i < count; i++) {
        format(&fields[i], before, was);
        format(&fields[i], after, is);
        bool same = is_text(&fields[i]) ? diff_same_text(text_of(&fields[i], before),
                                                         text_of(&fields[i], after))
                                        : strcmp(was, is) == 0;
        if (same)
            continue;
        if (fields[i].kind == DIFF_FIELD_HIDDEN)
            diff_note(out, "%s", fields[i].key);
        else
            diff_note(out, "%s %s -> %s", fields[i].key, was, is);
    }
}
