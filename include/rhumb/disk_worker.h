/* disk_worker.h - a thread for work that may wait for a disk: for seconds, or forever.
 *
 * Why not libuv's pool: its four threads also compile what a reload brings, and four jobs on a
 * disk that hangs would end that; and libuv joins its threads when the process exits, so that a
 * hanging disk would keep a stopped server alive. This thread is started with the first job and
 * left behind when it does not come back.
 *
 * One job at a time. Control loop only, but for what is said to run in the thread.
 */
#pragma once

#include <stdbool.h>

#include <uv.h>

#include "rhumb/err.h"

struct disk_worker;

/* The head of a job. Between start and done it belongs to the thread alone. */
struct disk_job {
    void (*run)(struct disk_job *job);  /* in the thread; touches nothing but the job */
    void (*free)(struct disk_job *job); /* once, in whichever thread has it last */
    int error;                          /* what run() left: 0, or an errno */
};

/* disk_on_done - the job has run; it is freed when this returns. May start the next. */
typedef void (*disk_on_done)(void *ctx, struct disk_job *job);

WARN_UNUSED enum err disk_worker_new(uv_loop_t *loop, disk_on_done on_done, void *ctx,
                                     struct disk_worker **out_worker);

bool disk_worker_is_busy(const struct disk_worker *worker);

/* disk_worker_start - the worker must not be busy. Owns the job, but after ERR_NO_MEMORY: no
 * thread could be had. */
WARN_UNUSED enum err disk_worker_start(struct disk_worker *worker, struct disk_job *job);

/* disk_worker_close - never waits: a job under way goes on, and on_done is not called any more.
 * Memory goes when the loop has run down. */
void disk_worker_close(struct disk_worker *worker);
