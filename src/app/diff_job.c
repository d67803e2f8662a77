#include "diff_job.h"

#include <malloc.h>
#include <stdlib.h>
#include <string.h>

#include "rhumb/analysis_diff.h"

#define DOCUMENT_BYTES_MAX ((size_t)256 << 20)

struct diff_job {
    uv_work_t work;
    struct diff_jobs *jobs;
    char *path;
    admin_on_done on_done;
    void *ctx;
    struct text out; /* the document, or what is wrong */
    enum err err;
};

/* put_first_error - the first of many is the one to begin with. */
static void put_first_error(struct diff_job *job, const struct diag_list *diags)
{
    for (size_t i = 0; i < diag_count(diags); i++) {
        const struct diag *diag = diag_get(diags, i);
        if (diag->severity != DIAG_ERROR)
            continue;
        text_printf(&job->out, "%s:%u:%u: %s", diag->place.file ? diag->place.file : job->path,
                    diag->place.line, diag->place.column, diag->message);
        return;
    }
}

/* compare - what is served cannot be retired as long as this thread has it pinned. */
static enum err compare(struct diff_job *job, const struct snapshot *fresh)
{
    struct traffic traffic;
    struct diff *diff = NULL;
    traffic_init(&traffic);
    enum err err = traffic_ship(&traffic);
    snapshot_reader_join();
    const struct snapshot *served = snapshot_pin(job->jobs->slot);
    if (err == ERR_OK)
        err = analysis_diff(served, fresh, &traffic, &diff);
    if (err == ERR_OK)
        diff_put_json(diff, &job->out);
    diff_free(diff);
    snapshot_unpin();
    snapshot_reader_leave();
    traffic_free(&traffic);
    return err == ERR_OK && job->out.failed ? ERR_NO_MEMORY : err;
}

static void run_in_pool(uv_work_t *work)
{
    struct diff_job *job = work->data;
    const struct snapshot_options options = {.keep_map = false};
    struct snapshot *fresh = NULL;
    struct diag_list *diags = diag_list_new();
    job->err = diags ? snapshot_compile(job->path, &options, diags, &fresh) : ERR_NO_MEMORY;
    if (job->err == ERR_OK)
        job->err = compare(job, fresh);
    else if (job->err == ERR_INVALID)
        put_first_error(job, diags);
    snapshot_free(fresh);
    diag_list_free(diags);
    malloc_trim(0);
}

static void on_run(uv_work_t *work, int status)
{
    struct diff_job *job = work->data;
    job->jobs->running = false;
    if (status != 0)
        job->on_done(job->ctx, ERR_IO, "the server stops");
    else
        job->on_done(job->ctx, job->err,
                     job->err == ERR_OK || job->err == ERR_INVALID ? text_get(&job->out)
                                                                   : err_text(job->err));
    text_deinit(&job->out);
    free(job->path);
    free(job);
}

void diff_job_start(struct diff_jobs *jobs, const char *path, admin_on_done on_done, void *ctx)
{
    if (jobs->running) {
        on_done(ctx, ERR_LIMIT, "another comparison is under way: ask again");
        return;
    }
    struct diff_job *job = calloc(1, sizeof(*job));
    char *copy = strdup(path ? path : jobs->config_path);
    if (job && copy) {
        job->work.data = job;
        job->jobs = jobs;
        job->path = copy;
        job->on_done = on_done;
        job->ctx = ctx;
        text_init(&job->out, DOCUMENT_BYTES_MAX);
        if (uv_queue_work(jobs->loop, &job->work, run_in_pool, on_run) == 0) {
            jobs->running = true;
            return;
        }
    }
    free(copy);
    free(job);
    on_done(ctx, ERR_NO_MEMORY, err_text(ERR_NO_MEMORY));
}
