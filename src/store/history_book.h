/* history_book.h - the last transitions of each target, in memory. Pure: no disk, no loop, no
 * clock; one thread at a time.
 *
 *     key -> target: address, check, ring of (time, from, to, reason)     newest 100
 *
 * Bounded whatever comes: HISTORY_TARGETS_MAX targets, the one that has been quiet longest goes
 * for a new one; HISTORY_ENTRIES_MAX entries, beyond which a target pays for a new entry with
 * its oldest (but the first is free). Texts are cut to what HISTORY_..._BYTES allow.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "rhumb/err.h"
#include "rhumb/history.h"

struct history_book;

struct history_book *history_book_new(void); /* NULL when out of memory */
void history_book_free(struct history_book *book);

/* history_book_add - copies the entry. line_bytes: what it takes in the file. ERR_NO_MEMORY:
 * the book is as it was. */
WARN_UNUSED enum err history_book_add(struct history_book *book,
                                      const struct history_entry *entry, size_t line_bytes);

/* history_book_get - at most max entries of one target, newest first; their texts are borrowed
 * until the book changes. Returns how many. */
size_t history_book_get(const struct history_book *book, uint64_t key,
                        struct history_entry *out_entries, size_t max);

/* history_book_each - every entry: the targets from the longest quiet to the last changed, each
 * from its oldest entry to its newest. Added to another book in this order they make the same
 * book. Texts are borrowed for the call. */
void history_book_each(const struct history_book *book,
                       void (*visit)(void *ctx, const struct history_entry *entry,
                                     size_t line_bytes),
                       void *ctx);

/* history_book_line_bytes - what all entries together take in the file. */
uint64_t history_book_line_bytes(const struct history_book *book);

/* history_book_fit - how many bytes of text are kept when max are allowed: whole characters. */
size_t history_book_fit(const char *text, size_t max);
