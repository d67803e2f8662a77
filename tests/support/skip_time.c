#include "skip_time.h"

#include <poll.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "rhumb/disk_worker.h"
#include "rhumb/require.h"

#include "disk_fault.h"

enum { WORKERS_MAX = 8, NS_OF_MS = 1000000, NS_OF_S = 1000000000 };

enum err __real_disk_worker_new(uv_loop_t *loop, disk_on_done on_done, void *ctx,
                                struct disk_worker **out_worker);
enum err __wrap_disk_worker_new(uv_loop_t *loop, disk_on_done on_done, void *ctx,
                                struct disk_worker **out_worker);
void __real_disk_worker_close(struct disk_worker *worker);
void __wrap_disk_worker_close(struct disk_worker *worker);

/* ---- the clock ---- */

static _Atomic uint64_t skipped_ms;

/* Of the whole process: libuv's calls come here, too. */
int clock_gettime(clockid_t id, struct timespec *out)
{
    int status = (int)syscall(SYS_clock_gettime, id, out);
    if (status == 0 && (id == CLOCK_MONOTONIC || id == CLOCK_MONOTONIC_COARSE)) {
        uint64_t ms = atomic_load(&skipped_ms);
        long ns = out->tv_nsec + (long)(ms % 1000) * NS_OF_MS;
        out->tv_sec += (time_t)(ms / 1000) + ns / NS_OF_S;
        out->tv_nsec = ns % NS_OF_S;
    }
    return status;
}

/* ---- what is under way ---- */

static struct disk_worker *workers[WORKERS_MAX];

static struct disk_worker **find_worker(const struct disk_worker *worker)
{
    for (size_t i = 0; i < WORKERS_MAX; i++)
        if (workers[i] == worker)
            return &workers[i];
    return NULL;
}

enum err __wrap_disk_worker_new(uv_loop_t *loop, disk_on_done on_done, void *ctx,
                                struct disk_worker **out_worker)
{
    struct disk_worker **place = find_worker(NULL);
    enum err err = __real_disk_worker_new(loop, on_done, ctx, out_worker);
    REQUIRE(place);
    if (err == ERR_OK)
        *place = *out_worker;
    return err;
}

void __wrap_disk_worker_close(struct disk_worker *worker)
{
    *find_worker(worker) = NULL;
    __real_disk_worker_close(worker);
}

static bool disks_are_busy(void)
{
    size_t busy = 0;
    for (size_t i = 0; i < WORKERS_MAX; i++)
        busy += workers[i] && disk_worker_is_busy(workers[i]);
    return busy > disk_fault_hanging();
}

static bool has_events(const uv_loop_t *loop)
{
    struct pollfd backend = {.fd = uv_backend_fd(loop), .events = POLLIN};
    return uv_backend_timeout(loop) == 0 || poll(&backend, 1, 0) != 0;
}

/* ---- the next timer ---- */

struct next {
    const uv_timer_t *guard;
    uint64_t due_ms; /* from the loop's now */
};

static void on_handle(uv_handle_t *handle, void *ctx)
{
    struct next *next = ctx;
    const uv_timer_t *timer = (const uv_timer_t *)handle;
    if (handle->type != UV_TIMER || timer == next->guard || !uv_is_active(handle))
        return;
    if (uv_timer_get_due_in(timer) < next->due_ms)
        next->due_ms = uv_timer_get_due_in(timer);
}

bool skip_time(struct test_loop *loop)
{
    struct next next = {.guard = &loop->guard, .due_ms = UINT64_MAX};
    if (disks_are_busy() || has_events(&loop->uv))
        return false;
    uv_walk(&loop->uv, on_handle, &next);
    if (next.due_ms == UINT64_MAX)
        return false;
    atomic_fetch_add(&skipped_ms, next.due_ms);
    loop->guard_ms += next.due_ms;
    return true;
}
