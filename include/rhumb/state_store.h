/* state_store.h - one text that outlives the process: FOLDER/health.json.
 *
 * The text belongs to whoever fills it; nothing here looks into it. Behind it stands one line,
 * JSON as well, so that the file stays readable for people and their tools:
 *
 *     {"rhumb_state":1,"bytes":4711,"hash":"0123456789abcdef"}
 *
 * A file whose line does not fit what stands before it is not ours, or not whole, and is never
 * used. Writing is disk_writer.h's: late by a second at most, whole at any moment, tried again
 * when the disk refuses. Control loop only.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <uv.h>

#include "rhumb/err.h"
#include "rhumb/text.h"

enum { STATE_STORE_MAX_BYTES = 64 * 1024 * 1024 };

/* state_store_read - what the last process left; before serving, because it waits for the disk.
 * Makes the folder when it is missing. A file that cannot be trusted is set aside as
 * health.json.corrupt-<time>, the newest three are kept. All of this is logged and none of it
 * is an error: a server starts without what it knew.
 *
 * owns     the bytes are the caller's to free(); a zero byte stands behind them
 * returns  NULL: nothing (then *out_len is 0)
 */
char *state_store_read(const char *folder, size_t *out_len);

struct state_store;

/* state_store_fill - put the whole text; on the loop, so it should be quick. */
typedef void (*state_store_fill)(void *ctx, struct text *out);

WARN_UNUSED enum err state_store_new(uv_loop_t *loop, const char *folder, state_store_fill fill,
                                     void *ctx, struct state_store **out_store);

/* state_store_changed - what fill() would say has changed: it is called within a second, or in
 * this turn of the loop. */
void state_store_changed(struct state_store *store, bool urgent);

/* state_store_lag_ms - for how long the file has not been what it should be; 0: it is. */
uint64_t state_store_lag_ms(const struct state_store *store);

/* state_store_close - a last write of what has changed, in 1.5 s at most; fill() must be
 * callable until on_closed. NULL: nobody waits for it. */
void state_store_close(struct state_store *store, void (*on_closed)(void *ctx));
