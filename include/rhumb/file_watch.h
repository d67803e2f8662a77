/* file_watch.h - say when one of some files has changed.
 *
 * The folders are watched (inotify), so a file that is replaced by rename is seen; a notice
 * counts only when the file's identity, size or time differs, and only after a quiet period, so
 * that a set of files that is being written is seen once, whole. What inotify cannot tell (the
 * target of a symbolic link, a folder that was exchanged, a network file system) is found by
 * looking every few seconds.
 *
 * Reading takes time, and a file may change after it was read:
 *
 *   file_watch_begin()   the caller starts to read the files
 *   file_watch_set()     it has read these: what changed since it began is told as a change
 *   file_watch_retry()   it cannot use what it read: a file that appears is a change too
 *
 * Control loop only.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include <uv.h>

#include "rhumb/err.h"

struct file_watch;

typedef void (*file_watch_on_change)(void *ctx, const char *path);

/* file_watch_new - watches nothing yet. begun_ms: by clock_wall_ms(), when reading began. */
WARN_UNUSED enum err file_watch_new(uv_loop_t *loop, uint64_t begun_ms,
                                    file_watch_on_change on_change, void *ctx,
                                    struct file_watch **out_watch);

/* file_watch_begin - the files are about to be read again. */
void file_watch_begin(struct file_watch *watch);

/* file_watch_set - from now on these files, as they were when reading began. Paths are copied.
 * A folder that cannot be watched is logged. */
WARN_UNUSED enum err file_watch_set(struct file_watch *watch, const char *const *paths,
                                    size_t count);

/* file_watch_retry - the same files as before, but one that was missing may be the remedy:
 * until the next file_watch_set() a new name in a watched folder counts as a change. */
void file_watch_retry(struct file_watch *watch);

/* file_watch_close - memory goes when the loop has run down. */
void file_watch_close(struct file_watch *watch);
