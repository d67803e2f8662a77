/* override_copy.h - the last good set in a file of its own: NAME.last-good, beside the one that people
 * edit. When that one is broken at the start, this is what holds.
 *
 * It follows the list in force within a second, and is gone while that is empty. Control loop
 * only.
 */
#pragma once

#include <stdint.h>

#include <uv.h>

#include "rhumb/err.h"

#include "override_file.h"

struct override_copy;

struct override_copy_calls {
    const struct override_list *(*list)(void *ctx); /* the last good one */
    void (*on_closed)(void *ctx);                   /* the last call */
};

/* override_copy_read - the set that the last process left; NULL: none, or it cannot be read. Before
 * serving, because it waits for the disk. Logged. */
struct override_list *override_copy_read(const struct override_path *original, uint64_t now_ms);

WARN_UNUSED enum err override_copy_new(uv_loop_t *loop, const struct override_path *original,
                                       const struct override_copy_calls *calls, void *ctx,
                                       struct override_copy **out_copy);

/* override_copy_changed - the list is another one. */
void override_copy_changed(struct override_copy *copy);

/* override_copy_close - a last write of what has changed, in 1.5 s at most. */
void override_copy_close(struct override_copy *copy);
