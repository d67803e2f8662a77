/* file_watch.h - say when one of some files has changed.
 *
 * The folders are watched (inotify), so a file that is replaced by rename is seen; a notice
 * counts only when the file's identity, size or time differs, and only after a quiet period, so
 * that a set of files that is being written is seen once, whole. Control loop only.
 */
#pragma once

#include <stddef.h>

#include <uv.h>

#include "rhumb/err.h"

struct file_watch;

typedef void (*file_watch_on_change)(void *ctx, const char *path);

WARN_UNUSED enum err file_watch_new(uv_loop_t *loop, file_watch_on_change on_change, void *ctx,
                                    struct file_watch **out_watch);

/* file_watch_set - from now on these files, as they are now. Paths are copied. A folder that
 * cannot be watched is logged; SIGHUP still reloads. */
WARN_UNUSED enum err file_watch_set(struct file_watch *watch, const char *const *paths,
                                    size_t count);

/* file_watch_close - memory goes when the loop has run down. */
void file_watch_close(struct file_watch *watch);
