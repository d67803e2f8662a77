/* config_source.h - the text of one file, cut into lines, so that every value knows its place.
 *
 * Offsets are bytes from the start of the file. A line ends at LF, CR LF or CR. The copy of the
 * text lives in the arena: places borrow their excerpts from it.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "rhumb/arena.h"
#include "rhumb/diag.h"

/* An excerpt is for the eye: of a longer line only this much is kept. */
enum { CONFIG_EXCERPT_MAX = 400 };

struct config_source {
    const char *path;
    char *lines;           /* the text; a zero byte ends each line */
    uint32_t *line_starts; /* offset of each line, ascending */
    uint32_t line_count;   /* at least 1 */
    bool starts_with_mark; /* a byte order mark, which no editor counts as a column */
};

/* config_source_init - copy the text and find its lines. len below 2^31. ERR_NO_MEMORY or
 * ERR_OK. */
WARN_UNUSED enum err config_source_init(struct config_source *source, const char *path,
                                        const char *text, size_t len, struct arena *arena);

/* config_source_place - where offset stands; past the end it is the end. */
struct diag_place config_source_place(const struct config_source *source, size_t offset);

/* config_source_place_at - the place of a line and a column, both from 1, as far as there are
 * so many lines. */
struct diag_place config_source_place_at(const struct config_source *source, uint32_t line,
                                         uint32_t column);

/* config_source_check_text - is it UTF-8 text without control characters? If not, one error. */
bool config_source_check_text(const struct config_source *source, const char *text, size_t len,
                              struct diag_list *diags);
