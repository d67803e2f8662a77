/* history_line.h - one transition as one line of JSON, and back.
 *
 *     {"time":1785585600123,"target":"00c0ffee00c0ffee","address":"192.0.2.1","check":"web",
 *      "from":"up","to":"down","reason":"connection refused"}          (in one line)
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "rhumb/text.h"

#include "history_book.h"

/* history_line_put - the line with its end; texts are cut as in the book, and what is no UTF-8
 * is replaced. False when out of memory: then nothing was put. */
bool history_line_put(struct text *out, const struct history_entry *entry);

/* history_line_take - give what a line says to take(), whose entry is borrowed for the call. A
 * line that is cut or not ours: false, and nothing is taken. */
bool history_line_take(const char *line, size_t len,
                       void (*take)(void *ctx, const struct history_entry *entry,
                                    size_t line_bytes),
                       void *ctx);
