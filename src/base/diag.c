#include "rhumb/diag.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "rhumb/arena.h"
#include "rhumb/text.h"

enum { LIST_BYTES_MAX = 16 * 1024 * 1024, REMEDY_BYTES_MAX = 1024 };

struct diag_list {
    struct arena *arena; /* the texts */
    struct diag entries[DIAG_MAX];
    size_t count, errors, warnings;
};

struct diag_list *diag_list_new(void)
{
    struct diag_list *list = calloc(1, sizeof(*list));
    if (!list)
        return NULL;
    list->arena = arena_new(LIST_BYTES_MAX);
    if (!list->arena) {
        free(list);
        return NULL;
    }
    return list;
}

void diag_list_free(struct diag_list *list)
{
    if (!list)
        return;
    arena_free(list->arena);
    free(list);
}

static const char *copy_or_null(struct arena *arena, const char *text)
{
    return text ? arena_strdup(arena, text) : NULL;
}

static const char *format_copy(struct arena *arena, const char *format, va_list args)
    __attribute__((format(printf, 2, 0)));

static const char *format_copy(struct arena *arena, const char *format, va_list args)
{
    char message[1024];
    vsnprintf(message, sizeof(message), format, args);
    const char *copy = arena_strdup(arena, message);
    return copy ? copy : "out of memory while reporting";
}

static void add(struct diag_list *list, enum diag_severity severity,
                const struct diag_place *place, const char *format, va_list args)
    __attribute__((format(printf, 4, 0)));

static void add(struct diag_list *list, enum diag_severity severity,
                const struct diag_place *place, const char *format, va_list args)
{
    if (severity == DIAG_ERROR)
        list->errors++;
    else
        list->warnings++;
    if (list->count == DIAG_MAX)
        return;
    struct diag *diag = &list->entries[list->count++];
    *diag =
        (struct diag){.severity = severity, .message = format_copy(list->arena, format, args)};
    if (place) {
        diag->place = *place;
        diag->place.file = copy_or_null(list->arena, place->file);
        diag->place.excerpt = copy_or_null(list->arena, place->excerpt);
    }
}

void diag_error(struct diag_list *list, const struct diag_place *place, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    add(list, DIAG_ERROR, place, format, args);
    va_end(args);
}

void diag_warning(struct diag_list *list, const struct diag_place *place, const char *format,
                  ...)
{
    va_list args;
    va_start(args, format);
    add(list, DIAG_WARNING, place, format, args);
    va_end(args);
}

void diag_remedy(struct diag_list *list, const char *format, ...)
{
    if (list->count == 0 || list->errors + list->warnings > DIAG_MAX)
        return; /* the entry it belongs to was not kept */
    va_list args;
    va_start(args, format);
    list->entries[list->count - 1].remedy = format_copy(list->arena, format, args);
    va_end(args);
}

static size_t smallest(size_t a, size_t b, size_t c)
{
    size_t m = a < b ? a : b;
    return m < c ? m : c;
}

/* edit_distance - Levenshtein with transpositions of neighbours ("polciy"), case ignored; words
 * over 63 bytes count as far away. */
static size_t edit_distance(const char *a, const char *b)
{
    enum { WORD_MAX = 63 };

    size_t la = strlen(a), lb = strlen(b);
    if (la > WORD_MAX || lb > WORD_MAX)
        return WORD_MAX;
    size_t rows[3][WORD_MAX + 1];
    for (size_t j = 0; j <= lb; j++)
        rows[0][j] = j;
    for (size_t i = 1; i <= la; i++) {
        size_t *now = rows[i % 3], *above = rows[(i + 2) % 3], *two_above = rows[(i + 1) % 3];
        now[0] = i;
        for (size_t j = 1; j <= lb; j++) {
            size_t cost = strncasecmp(&a[i - 1], &b[j - 1], 1) != 0;
            now[j] = smallest(above[j] + 1, now[j - 1] + 1, above[j - 1] + cost);
            if (i > 1 && j > 1 && strncasecmp(&a[i - 1], &b[j - 2], 1) == 0 &&
                strncasecmp(&a[i - 2], &b[j - 1], 1) == 0)
                now[j] = smallest(now[j], now[j], two_above[j - 2] + 1);
        }
    }
    return rows[la % 3][lb];
}

const char *diag_nearest(const char *word, const char *const *candidates,
                         size_t candidate_count)
{
    enum { NEAR = 2 };

    size_t best = NEAR + 1;
    const char *nearest = NULL;
    for (size_t i = 0; i < candidate_count; i++) {
        size_t distance = edit_distance(word, candidates[i]);
        if (distance < best && distance * 2 < strlen(word) + 1) {
            best = distance;
            nearest = candidates[i];
        }
    }
    return nearest;
}

void diag_remedy_nearest(struct diag_list *list, const char *word,
                         const char *const *candidates, size_t candidate_count)
{
    const char *nearest = diag_nearest(word, candidates, candidate_count);
    if (nearest) {
        diag_remedy(list, "did you mean '%s'?", nearest);
        return;
    }
    struct text text;
    text_init(&text, REMEDY_BYTES_MAX);
    for (size_t i = 0; i < candidate_count; i++)
        text_printf(&text, "%s%s", i > 0 ? ", " : "", candidates[i]);
    if (candidate_count > 0)
        diag_remedy(list, "expected one of: %s", text_get(&text));
    text_deinit(&text);
}

size_t diag_error_count(const struct diag_list *list)
{
    return list->errors;
}

size_t diag_warning_count(const struct diag_list *list)
{
    return list->warnings;
}

size_t diag_count(const struct diag_list *list)
{
    return list->count;
}

const struct diag *diag_get(const struct diag_list *list, size_t idx)
{
    return &list->entries[idx];
}

/* put_excerpt - the line and a caret below the column; tabs are kept so that the caret stands
 * right. */
static void put_excerpt(const struct diag_place *place, FILE *out)
{
    enum { SHOWN_MAX = 160 };

    size_t len = strnlen(place->excerpt, SHOWN_MAX);
    fprintf(out, "%6u | %.*s\n", place->line, (int)len, place->excerpt);
    if (place->column == 0 || place->column > len + 1)
        return;
    fputs("       | ", out);
    for (size_t i = 0; i + 1 < place->column; i++)
        fputc(place->excerpt[i] == '\t' ? '\t' : ' ', out);
    fputs("^\n", out);
}

void diag_print(const struct diag *diag, FILE *out)
{
    const struct diag_place *place = &diag->place;
    if (place->file)
        fprintf(out, "%s:", place->file);
    if (place->file && place->line > 0)
        fprintf(out, "%u:", place->line);
    if (place->file && place->line > 0 && place->column > 0)
        fprintf(out, "%u:", place->column);
    fprintf(out, "%s%s: %s\n", place->file ? " " : "",
            diag->severity == DIAG_ERROR ? "error" : "warning", diag->message);
    if (place->excerpt && place->line > 0)
        put_excerpt(place, out);
    if (diag->remedy)
        fprintf(out, "       = %s\n", diag->remedy);
}

void diag_print_all(const struct diag_list *list, FILE *out)
{
    for (size_t i = 0; i < list->count; i++)
        diag_print(&list->entries[i], out);
    size_t kept_not = list->errors + list->warnings - list->count;
    if (kept_not > 0)
        fprintf(out, "... and %zu more\n", kept_not);
}
