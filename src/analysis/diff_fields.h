/* diff_fields.h - two structs of one type, key by key: "interval 10s -> 1s, fall 3 -> 2". Private
 * to analysis/.
 *
 * What may be secret (headers, bodies) is named and not shown.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "rhumb/text.h"

enum diff_field_kind {
    DIFF_FIELD_U16,
    DIFF_FIELD_U32,
    DIFF_FIELD_MS,
    DIFF_FIELD_S,
    DIFF_FIELD_BOOL,
    DIFF_FIELD_NUMBER, /* double */
    DIFF_FIELD_SHARE,  /* double, shown as percent */
    DIFF_FIELD_TEXT,   /* const char *; NULL: none */
    DIFF_FIELD_PATH,   /* the same; as the configuration calls it, whatever folder it lies in */
    DIFF_FIELD_HIDDEN, /* the same, not shown */
};

struct diff_field {
    const char *key;
    enum diff_field_kind kind;
    size_t offset;
};

/* One of the two structs, and the folder of its configuration (NULL: none). */
struct diff_object {
    const void *object;
    const char *folder;
};

/* diff_fields - append what differs. */
void diff_fields(struct diff_object before, struct diff_object after,
                 const struct diff_field *fields, size_t count, struct text *out);

/* diff_relative - a path without the folder, if it lies in it; NULL stays NULL. */
const char *diff_relative(const char *folder, const char *path);

/* diff_note - append one piece of text, with a comma before it if it is not the first. */
void diff_note(struct text *out, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* diff_same_text - both NULL, or alike. */
bool diff_same_text(const char *a, const char *b);
