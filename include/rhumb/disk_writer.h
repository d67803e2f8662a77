/* disk_writer.h - a file that follows what is in memory, as well as the disk lets it.
 *
 *   idle ---changed---> waiting ---500 ms, or urgent---> writing ---ok---> idle, or waiting again
 *                          ^                                |
 *                          +------1 s, 2 s ... 30 s---------+ refused
 *
 * Never two writes at the same time; what changes during one is in the next. The first refusal
 * is logged, and so is a job that is not done after 10 s; then there is silence until it works
 * again, which is logged too. Control loop only.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include <uv.h>

#include "rhumb/disk_worker.h"
#include "rhumb/err.h"

struct disk_writer;

/* What the owner does; all of it on the loop. */
struct disk_writer_calls {
    /* What is to be written now. NULL: out of memory; it is asked again later. */
    struct disk_job *(*take)(void *ctx);
    /* The job has run, job->error says how. NULL: of no interest. A refused one is followed by
     * another take(). */
    void (*on_written)(void *ctx, struct disk_job *job);
    /* The last call: the owner's memory can go. */
    void (*on_closed)(void *ctx);
};

/* disk_writer_new - folder/name is for the log. Copies both and the calls. */
WARN_UNUSED enum err disk_writer_new(uv_loop_t *loop, const char *folder, const char *name,
                                     const struct disk_writer_calls *calls, void *ctx,
                                     struct disk_writer **out_writer);

/* disk_writer_changed - there is something to write: within a second, or at once. A disk that
 * refuses is not asked more often than once a second, however urgent it is. */
void disk_writer_changed(struct disk_writer *writer, bool urgent);

/* disk_writer_lag_ms - for how long the file has not been what it should be; 0: it is. */
uint64_t disk_writer_lag_ms(const struct disk_writer *writer);

/* disk_writer_close - write what is not written yet; after 1.5 s give up, and leave behind what
 * hangs. on_closed() comes when all is done. */
void disk_writer_close(struct disk_writer *writer);
