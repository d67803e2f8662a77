/* history.h - what happened to each target: in memory (history_book.h), and in
 * FOLDER/history.jsonl, one line a transition, so that it outlives the process.
 *
 * Lines are added behind the file once or twice a second. When it is twice as long as what
 * memory holds (and longer than 1 MiB), it is written anew without what memory has forgotten.
 * All of this happens in a thread of its own; a server that is killed loses half a second at
 * most, and a line that was cut is passed over when the file is read.
 *
 * What the last process knew is read in the background after the start, and put under what has
 * been added meanwhile. Control loop only.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include <uv.h>

#include "rhumb/err.h"

enum {
    HISTORY_PER_TARGET = 100,
    HISTORY_TARGETS_MAX = 65536,
    HISTORY_ENTRIES_MAX = 500000,
    HISTORY_NAME_BYTES = 63, /* address, check */
    HISTORY_STATE_BYTES = 31,
    HISTORY_REASON_BYTES = 255,
};

struct history_entry {
    uint64_t time_ms; /* since 1970 */
    uint64_t key;     /* of the target: what is asked of which address, by which check */
    const char *address, *check, *from, *to, *reason; /* never NULL */
};

struct history;

/* history_new - folder NULL: in memory only. */
WARN_UNUSED enum err history_new(uv_loop_t *loop, const char *folder,
                                 struct history **out_history);

/* history_add - copies the entry, whose texts are cut to what history_book.h allows. What
 * memory has no room for is lost; 8 MiB of lines wait at most for a disk that refuses, and what
 * comes on top is in memory only. */
void history_add(struct history *history, const struct history_entry *entry);

/* history_get - at most max entries of one target, newest first; their texts are borrowed for
 * this turn of the loop, until the next history_add(). Returns how many. */
size_t history_get(const struct history *history, uint64_t key,
                   struct history_entry *out_entries, size_t max);

/* history_lag_ms - for how long the file has not had all it should have; 0: it has. */
uint64_t history_lag_ms(const struct history *history);

/* history_close - the last lines are written, in 1.5 s at most; memory goes when the loop has
 * run down. */
void history_close(struct history *history);
