/* state_files.h - the state files of one prober, each read once however many targets ask.
 *
 *   ask -> looked at within STATE_FRESH_MS?  yes: at once
 *                                            no: the asker waits; stat() in libuv's pool,
 *                                                read and parsed when it is another file or has
 *                                                changed -> every asker is told
 *
 * A file may lie on a dead disk: only a thread of the pool waits for it, one for each file, and
 * two in all. A file that nobody has asked for longer than any interval is forgotten when another is added.
 */
#pragma once

#include <stdint.h>

#include <uv.h>

#include "ring.h"
#include "state_table.h"

enum { STATE_FRESH_MS = 100 };

struct state_files;

/* What is known about a file, borrowed for the call. */
struct state_view {
    const struct state_table *table; /* NULL: fault says why */
    const char *fault;
    int64_t changed_ms; /* wall clock, since 1970: when its writer wrote it */
};

struct state_asker {
    struct ring in_line;
    void (*on_view)(struct state_asker *asker, const struct state_view *view);
};

/* state_files_new - NULL when out of memory. */
struct state_files *state_files_new(uv_loop_t *loop);

/* state_files_close - every asker has left. Memory goes on the loop. */
void state_files_close(struct state_files *files);

/* state_files_ask - true: *out_view holds. False: asker->on_view() will be called from the loop,
 * unless asker leaves. When out of memory, a view that says so. */
bool state_files_ask(struct state_files *files, const char *path, struct state_asker *asker,
                     struct state_view *out_view);
void state_files_leave(struct state_asker *asker);
