/* probe_command.c - a command of the operator's, without a shell.
 *
 *   start -> uv_spawn() in a process group of its own -> exit   -> judged -> on_done()
 *                                                    -> cancel -> SIGKILL to the group -> exit
 *
 * Whichever way it ends, the whole group is killed: what it left behind would add up. (What
 * moves into another group or session gets away.) Output beyond 64 KiB is not read: the pipe is
 * closed, and who goes on writing gets SIGPIPE.
 */
#include "probe_command.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "command_output.h"
#include "command_request.h"
#include "probe_kind.h"
#include "probe_reason.h"

enum { NS_PER_US = 1000, READ_BYTES = 4096 };

struct command_crew {
    size_t alive, max;
    bool closed;
};

struct command_run {
    uv_process_t process;
    uv_poll_t poll;        /* of the output */
    unsigned open_handles; /* the close callback of the last frees the run */
    int fd;                /* of the output; -1: no longer read */
    struct command_crew *crew;
    struct command_output output;
    uint64_t started_ns;
    probe_on_done on_done; /* NULL: cancelled */
    void *ctx;
};

/* ---- the crew ---- */

struct command_crew *command_crew_new(void)
{
    return (struct command_crew *)calloc(1, sizeof(struct command_crew));
}

void command_crew_set_max(struct command_crew *crew, size_t max)
{
    crew->max = max;
}

static void free_when_gone(struct command_crew *crew)
{
    if (crew->closed && crew->alive == 0)
        free(crew);
}

void command_crew_close(struct command_crew *crew)
{
    crew->closed = true;
    free_when_gone(crew);
}

/* is_stuck - killed commands count as long as they live, so there may be twice the number for a
 * moment; beyond that they do not die, as in a system call on a dead disk. */
static bool is_stuck(const struct command_crew *crew)
{
    return crew->alive >= 2 * crew->max;
}

/* ---- the output ---- */

static void on_closed(uv_handle_t *handle)
{
    struct command_run *run = (struct command_run *)handle->data;
    if (--run->open_handles == 0)
        free(run);
}

static void stop_reading(struct command_run *run)
{
    if (run->fd < 0)
        return;
    uv_close((uv_handle_t *)&run->poll, on_closed); /* before its descriptor is closed */
    close(run->fd);
    run->fd = -1;
}

/* read_some - false when nothing more is to be had for now, or ever. */
static bool read_some(struct command_run *run)
{
    char bytes[READ_BYTES];
    ssize_t got = read(run->fd, bytes, sizeof(bytes));
    if (got > 0 && command_output_feed(&run->output, bytes, (size_t)got))
        return true;
    if (got >= 0 || (errno != EAGAIN && errno != EINTR))
        stop_reading(run);
    return false;
}

static void on_readable(uv_poll_t *poll, int status, int events)
{
    (void)status, (void)events;
    read_some((struct command_run *)poll->data);
}

/* ---- its end ---- */

static void kill_group(const struct command_run *run)
{
    kill(-run->process.pid, SIGKILL);
}

/* on_exit - the last lines may still lie in the pipe. Its number is free from here on, but not
 * that of its group while anybody is left in it. */
static void on_exit_of(uv_process_t *process, int64_t exit_status, int signal)
{
    struct command_run *run = (struct command_run *)process->data;
    struct probe_result result;
    probe_on_done on_done = run->on_done;
    void *ctx = run->ctx;
    kill_group(run);
    while (run->fd >= 0 && read_some(run))
        ;
    stop_reading(run);
    command_output_judge(&run->output, (int)exit_status, signal, &result);
    if (result.outcome == HEALTH_SUCCESS)
        result.rtt_us = probe_rtt_us((uv_hrtime() - run->started_ns) / NS_PER_US);
    run->crew->alive--;
    free_when_gone(run->crew);
    uv_close((uv_handle_t *)process, on_closed);
    if (on_done)
        on_done(ctx, &result);
}

static void run_cancel(void *run)
{
    struct command_run *command = (struct command_run *)run;
    command->on_done = NULL;
    stop_reading(command);
    kill_group(command); /* and on_exit_of() does the rest */
}

/* ---- its start ---- */

/* spawn - an error number of libuv, or 0. Both outputs go to writable. Nothing else is passed on:
 * not what we have inherited, nor what a library has opened without O_CLOEXEC. */
static int spawn(uv_loop_t *loop, struct command_run *run,
                 const struct command_request *request, int writable)
{
    uv_stdio_container_t stdio[] = {
        {.flags = UV_IGNORE},
        {.flags = UV_INHERIT_FD, .data.fd = writable},
        {.flags = UV_INHERIT_FD, .data.fd = writable},
    };
    const uv_process_options_t options = {
        .exit_cb = on_exit_of,
        .file = request->argv[0],
        .args = request->argv,
        .env = request->env,
        .flags = UV_PROCESS_DETACHED, /* a session, and so a group, of its own */
        .stdio_count = 3,
        .stdio = stdio,
    };
    (void)close_range(STDERR_FILENO + 1, ~0U, CLOSE_RANGE_CLOEXEC);
    return uv_spawn(loop, &run->process, &options);
}

/* set_refused - a command that cannot be run says nothing about the target. */
static void set_refused(struct probe_result *result, const char *path, int status)
{
    char buffer[PROBE_REASON_MAX];
    probe_result_set(result, HEALTH_OWN_FAULT, "own fault: cannot run %.60s: %s", path,
                     strerror_r(-status, buffer, sizeof(buffer)));
}

/* watch - start the command and read what it prints. False: *out_result says why not, and the run
 * goes by itself once what is open of it has closed. */
static bool watch(uv_loop_t *loop, struct command_run *run,
                  const struct command_request *request, int writable,
                  struct probe_result *out_result)
{
    int status = uv_poll_init(loop, &run->poll, run->fd);
    if (status < 0) {
        probe_result_set_errno(out_result, -status);
        close(run->fd);
        free(run);
        return false;
    }
    run->poll.data = run->process.data = run;
    run->open_handles = 2;
    status = spawn(loop, run, request, writable);
    if (status < 0) {
        set_refused(out_result, request->argv[0], status);
        stop_reading(run);
        uv_close((uv_handle_t *)&run->process, on_closed);
        return false;
    }
    if (uv_poll_start(&run->poll, UV_READABLE, on_readable) < 0)
        stop_reading(run); /* its exit status will do */
    return true;
}

static void *run_start(const struct probe_means *means, const void *request,
                       probe_on_done on_done, void *ctx, struct probe_result *out_result)
{
    int ends[2];
    if (is_stuck(means->commands)) {
        probe_result_set(out_result, HEALTH_OWN_FAULT,
                         "own fault: %zu commands were killed and do not end",
                         means->commands->alive);
        return NULL;
    }
    if (pipe2(ends, O_CLOEXEC) != 0) {
        probe_result_set_errno(out_result, errno);
        return NULL;
    }
    struct command_run *run = (struct command_run *)calloc(1, sizeof(*run));
    bool started = false;
    if (run) {
        run->fd = ends[0];
        run->crew = means->commands;
        run->started_ns = uv_hrtime();
        run->on_done = on_done;
        run->ctx = ctx;
        started = watch(means->loop, run, (const struct command_request *)request, ends[1],
                        out_result);
    } else {
        probe_result_set_errno(out_result, ENOMEM);
        close(ends[0]);
    }
    close(ends[1]);
    if (!started)
        return NULL;
    means->commands->alive++;
    return run;
}

static const char *run_phase(const void *run)
{
    (void)run;
    return "and killed";
}

static void *request_new(const struct config_check *check, const struct ip_addr *addr)
{
    return command_request_new(check, addr);
}

static void request_free(void *request)
{
    command_request_free((struct command_request *)request);
}

const struct probe_kind PROBE_KIND_COMMAND = {
    .lane = PROBE_LANE_COMMANDS,
    .request_new = request_new,
    .request_free = request_free,
    .run_start = run_start,
    .run_cancel = run_cancel,
    .run_phase = run_phase,
};
