/* zone_source.h - the text of a master file, and where in it something stands.
 *
 * A source is read once and kept until the zone is built, so that every token, record and name
 * can be remembered by a pointer into it (struct zone_spot) and turned into file:line:column
 * with the line itself only when there is something to complain about.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "rhumb/diag.h"
#include "rhumb/err.h"

enum { ZONE_EXCERPT_MAX = 512 };

struct zone_source {
    char *path;
    char *owned; /* NULL: text is borrowed */
    const char *text;
    size_t len;
    dev_t dev; /* with ino: who it is, to see a file that includes itself; 0, 0: not a file */
    ino_t ino;
};

/* zone_source_read - a whole regular file into memory.
 *
 * returns  ERR_OK; ERR_INVALID with the reason in reason (missing, a directory ...); ERR_LIMIT:
 *          more than max_bytes; ERR_NO_MEMORY
 */
enum { ZONE_REASON_MAX = 160 };
WARN_UNUSED enum err zone_source_read(const char *path, size_t max_bytes,
                                      struct zone_source **out_source,
                                      char reason[ZONE_REASON_MAX]);

/* zone_source_borrow - a source over text that outlives it; NULL when out of memory. */
struct zone_source *zone_source_borrow(const char *path, const char *text, size_t len);

void zone_source_free(struct zone_source *source);

/* A position in a source. */
struct zone_spot {
    const struct zone_source *source;
    const char *at; /* into source->text */
    uint32_t line;  /* from 1 */
};

/* zone_source_check - is it text? False and the spot of the first byte that cannot stand in a
 * master file (a NUL, a control byte). */
bool zone_source_check(const struct zone_source *source, struct zone_spot *out_spot);

/* zone_spot_place - for diag_error(); borrowed until the buffer goes out of scope. */
struct zone_place {
    struct diag_place place;
    char excerpt[ZONE_EXCERPT_MAX];
};
const struct diag_place *zone_spot_place(const struct zone_spot *spot,
                                         struct zone_place *buffer);

/* zone_spot_column - from 1, in bytes. */
uint32_t zone_spot_column(const struct zone_spot *spot);

/* Why a piece of text is refused; filled by the lexer and the rdata code, reported by the
 * parser. */
struct zone_fault {
    struct zone_spot spot;
    char message[256];
    char remedy[192]; /* "": none */
};

void zone_fault_set(struct zone_fault *fault, struct zone_spot spot, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
void zone_fault_remedy(struct zone_fault *fault, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
