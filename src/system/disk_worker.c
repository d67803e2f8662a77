#include "rhumb/disk_worker.h"

#include <pthread.h>
#include <signal.h>
#include <stdlib.h>

#include "rhumb/require.h"

/* What loop and thread share. It goes with the last of the two. */
struct desk {
    pthread_mutex_t lock;
    pthread_cond_t has_news;
    struct disk_job *job; /* NULL: nothing to do, nothing done */
    bool is_done;
    bool is_abandoned; /* the loop has gone, and done with it */
    uv_async_t *done;  /* borrowed until is_abandoned */
    bool has_thread;   /* loop only */
};

struct disk_worker {
    uv_async_t done;
    struct desk *desk;
    disk_on_done on_done;
    void *ctx;
    bool is_busy;
};

static void free_desk(struct desk *desk)
{
    if (desk->job)
        desk->job->free(desk->job);
    pthread_cond_destroy(&desk->has_news);
    pthread_mutex_destroy(&desk->lock);
    free(desk);
}

/* ---- the thread ---- */

/* next_job - wait for it; NULL when there will be none. Called and left with the lock held. */
static struct disk_job *next_job(struct desk *desk)
{
    while (!desk->is_abandoned && (!desk->job || desk->is_done))
        pthread_cond_wait(&desk->has_news, &desk->lock);
    return desk->is_abandoned ? NULL : desk->job;
}

static void *run_thread(void *arg)
{
    struct desk *desk = arg;
    struct disk_job *job;
    sigset_t all;
    sigfillset(&all);
    pthread_sigmask(SIG_BLOCK, &all, NULL); /* signals are the main thread's business */
    pthread_mutex_lock(&desk->lock);
    while ((job = next_job(desk)) != NULL) {
        pthread_mutex_unlock(&desk->lock);
        job->run(job);
        pthread_mutex_lock(&desk->lock);
        desk->is_done = true;
        if (!desk->is_abandoned)
            uv_async_send(desk->done);
    }
    pthread_mutex_unlock(&desk->lock);
    free_desk(desk);
    return NULL;
}

static bool start_thread(struct desk *desk)
{
    pthread_attr_t attributes;
    pthread_t thread;
    if (pthread_attr_init(&attributes) != 0)
        return false;
    pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED);
    desk->has_thread = pthread_create(&thread, &attributes, run_thread, desk) == 0;
    pthread_attr_destroy(&attributes);
    return desk->has_thread;
}

/* ---- the loop ---- */

static void on_async(uv_async_t *async)
{
    struct disk_worker *worker = async->data;
    struct desk *desk = worker->desk;
    struct disk_job *job = NULL;
    pthread_mutex_lock(&desk->lock);
    if (desk->is_done) {
        job = desk->job;
        desk->job = NULL;
        desk->is_done = false;
    }
    pthread_mutex_unlock(&desk->lock);
    if (!job)
        return;
    worker->is_busy = false;
    worker->on_done(worker->ctx, job);
    job->free(job);
}

enum err disk_worker_new(uv_loop_t *loop, disk_on_done on_done, void *ctx,
                         struct disk_worker **out_worker)
{
    struct disk_worker *worker = calloc(1, sizeof(*worker));
    struct desk *desk = calloc(1, sizeof(*desk));
    if (!worker || !desk || uv_async_init(loop, &worker->done, on_async) != 0) {
        free(worker);
        free(desk);
        return ERR_NO_MEMORY;
    }
    pthread_mutex_init(&desk->lock, NULL);
    pthread_cond_init(&desk->has_news, NULL);
    desk->done = &worker->done;
    worker->done.data = worker;
    worker->desk = desk;
    worker->on_done = on_done;
    worker->ctx = ctx;
    *out_worker = worker;
    return ERR_OK;
}

bool disk_worker_is_busy(const struct disk_worker *worker)
{
    return worker->is_busy;
}

enum err disk_worker_start(struct disk_worker *worker, struct disk_job *job)
{
    struct desk *desk = worker->desk;
    REQUIRE(!worker->is_busy);
    if (!desk->has_thread && !start_thread(desk))
        return ERR_NO_MEMORY;
    worker->is_busy = true;
    pthread_mutex_lock(&desk->lock);
    desk->job = job;
    pthread_cond_signal(&desk->has_news);
    pthread_mutex_unlock(&desk->lock);
    return ERR_OK;
}

static void on_closed(uv_handle_t *handle)
{
    free(handle->data);
}

void disk_worker_close(struct disk_worker *worker)
{
    struct desk *desk = worker->desk;
    bool has_thread = desk->has_thread;
    pthread_mutex_lock(&desk->lock);
    desk->is_abandoned = true;
    pthread_cond_signal(&desk->has_news);
    pthread_mutex_unlock(&desk->lock);
    if (!has_thread)
        free_desk(desk);
    uv_close((uv_handle_t *)&worker->done, on_closed);
}
