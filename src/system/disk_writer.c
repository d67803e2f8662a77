#include "rhumb/disk_writer.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "rhumb/disk_file.h"
#include "rhumb/log.h"

enum {
    DELAY_MS = 500,
    SILENT_MS = 10000,
    RETRY_MIN_MS = 1000,
    RETRY_MAX_MS = 30000,
    CLOSE_MS = 1500,
};

struct disk_writer {
    uv_loop_t *loop;
    struct disk_worker *worker;
    char path[DISK_PATH_MAX];
    struct disk_writer_calls calls;
    void *ctx;
    uv_timer_t due;   /* the next write */
    uv_timer_t bound; /* of patience: with the write under way, and with closing */
    unsigned open_timers;
    bool is_dirty, is_urgent, is_closing;
    uint64_t dirty_ms;   /* the oldest change that waits, and */
    uint64_t taken_ms;   /* that is being written */
    bool is_failing;     /* the last write was refused */
    bool is_reported;    /* it was said that something is wrong */
    uint64_t trouble_ms; /* since when */
    uint32_t retry_ms;
};

static void begin(struct disk_writer *writer);

/* ---- words ---- */

static void report(struct disk_writer *writer, const char *reason, const char *remedy)
{
    char path[LOG_QUOTE_MAX], what[LOG_QUOTE_MAX], todo[LOG_QUOTE_MAX];
    if (writer->is_reported)
        return;
    writer->is_reported = true;
    writer->trouble_ms = uv_now(writer->loop);
    log_event(LOG_LEVEL_ERROR, "state_not_written", "path=%s reason=%s remedy=%s",
              log_quote(writer->path, path), log_quote(reason, what), log_quote(remedy, todo));
}

static void report_recovery(struct disk_writer *writer)
{
    char path[LOG_QUOTE_MAX];
    if (!writer->is_reported)
        return;
    writer->is_reported = false;
    log_event(LOG_LEVEL_INFO, "state_written_again", "path=%s after_s=%llu",
              log_quote(writer->path, path),
              (unsigned long long)(uv_now(writer->loop) - writer->trouble_ms) / 1000);
}

/* ---- the end ---- */

static void on_timer_closed(uv_handle_t *handle)
{
    struct disk_writer *writer = handle->data;
    if (--writer->open_timers > 0)
        return;
    writer->calls.on_closed(writer->ctx);
    free(writer);
}

static void finish(struct disk_writer *writer)
{
    disk_worker_close(writer->worker);
    uv_close((uv_handle_t *)&writer->due, on_timer_closed);
    uv_close((uv_handle_t *)&writer->bound, on_timer_closed);
}

static void on_close_bound(uv_timer_t *timer)
{
    struct disk_writer *writer = timer->data;
    report(writer, "the disk did not answer before the server had to stop",
           disk_remedy(ETIMEDOUT));
    finish(writer);
}

/* ---- writing ---- */

static void on_silent(uv_timer_t *timer)
{
    report(timer->data, "not done after 10 s", disk_remedy(ETIMEDOUT));
}

static void on_due(uv_timer_t *timer)
{
    struct disk_writer *writer = timer->data;
    if (!disk_worker_is_busy(writer->worker)) /* else on_done() goes on */
        begin(writer);
}

/* schedule - the next write, at the earliest moment that is allowed. */
static void schedule(struct disk_writer *writer)
{
    uint64_t wait_ms = writer->is_urgent ? 0 : DELAY_MS;
    if (writer->is_failing)
        wait_ms = writer->is_urgent ? RETRY_MIN_MS : writer->retry_ms;
    if (!uv_is_active((uv_handle_t *)&writer->due) ||
        uv_timer_get_due_in(&writer->due) > wait_ms)
        uv_timer_start(&writer->due, on_due, wait_ms, 0);
}

static void refused(struct disk_writer *writer, int error)
{
    char text[DISK_ERROR_MAX];
    report(writer, disk_error_text(error, text), disk_remedy(error));
    if (!writer->is_failing)
        writer->retry_ms = RETRY_MIN_MS;
    else if (writer->retry_ms < RETRY_MAX_MS)
        writer->retry_ms =
            writer->retry_ms * 2 < RETRY_MAX_MS ? writer->retry_ms * 2 : RETRY_MAX_MS;
    writer->is_failing = writer->is_dirty = true;
    writer->dirty_ms = writer->taken_ms;
    writer->is_urgent = false;
    if (writer->is_closing)
        finish(writer);
    else
        schedule(writer);
}

static void accepted(struct disk_writer *writer)
{
    report_recovery(writer);
    writer->is_failing = false;
    if (writer->is_dirty && writer->is_closing)
        begin(writer);
    else if (writer->is_dirty)
        schedule(writer);
    else if (writer->is_closing)
        finish(writer);
}

static void on_done(void *ctx, struct disk_job *job)
{
    struct disk_writer *writer = ctx;
    if (!writer->is_closing)
        uv_timer_stop(&writer->bound);
    if (writer->calls.on_written)
        writer->calls.on_written(writer->ctx, job);
    if (job->error != 0)
        refused(writer, job->error);
    else
        accepted(writer);
}

static void begin(struct disk_writer *writer)
{
    writer->taken_ms = writer->dirty_ms;
    writer->is_dirty = writer->is_urgent =
        false; /* before: take() itself may change something */
    struct disk_job *job = writer->calls.take(writer->ctx);
    if (!job) {
        refused(writer, ENOMEM);
        return;
    }
    if (!writer->is_closing)
        uv_timer_start(&writer->bound, on_silent, SILENT_MS, 0);
    if (disk_worker_start(writer->worker, job) != ERR_OK) {
        job->error = EAGAIN;
        on_done(writer, job);
        job->free(job);
    }
}

/* ---- what the owner calls ---- */

void disk_writer_changed(struct disk_writer *writer, bool urgent)
{
    if (!writer->is_dirty)
        writer->dirty_ms = uv_now(writer->loop);
    writer->is_dirty = true;
    writer->is_urgent |= urgent;
    if (!writer->is_closing && !disk_worker_is_busy(writer->worker))
        schedule(writer);
}

uint64_t disk_writer_lag_ms(const struct disk_writer *writer)
{
    bool is_busy = disk_worker_is_busy(writer->worker);
    if (!is_busy && !writer->is_dirty)
        return 0;
    /* a change of this turn of the loop is late, too: never 0 */
    return uv_now(writer->loop) + 1 - (is_busy ? writer->taken_ms : writer->dirty_ms);
}

void disk_writer_close(struct disk_writer *writer)
{
    writer->is_closing = true;
    uv_timer_stop(&writer->due);
    uv_timer_start(&writer->bound, on_close_bound, CLOSE_MS, 0);
    if (disk_worker_is_busy(writer->worker))
        return; /* on_done() goes on */
    if (writer->is_dirty)
        begin(writer);
    else
        finish(writer);
}

enum err disk_writer_new(uv_loop_t *loop, const char *folder, const char *name,
                         const struct disk_writer_calls *calls, void *ctx,
                         struct disk_writer **out_writer)
{
    struct disk_writer *writer = calloc(1, sizeof(*writer));
    enum err err =
        writer ? disk_worker_new(loop, on_done, writer, &writer->worker) : ERR_NO_MEMORY;
    if (err != ERR_OK) {
        free(writer);
        return err;
    }
    snprintf(writer->path, sizeof(writer->path), "%s/%s", folder, name);
    writer->loop = loop;
    writer->calls = *calls;
    writer->ctx = ctx;
    uv_timer_init(loop, &writer->due);
    uv_timer_init(loop, &writer->bound);
    writer->due.data = writer->bound.data = writer;
    writer->open_timers = 2;
    *out_writer = writer;
    return ERR_OK;
}
