#include "notify_command.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char USUAL_PATH[] = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

struct notify_command {
    uv_process_t process;
    uv_pipe_t input;
    uv_timer_t deadline;
    uv_write_t write;
    unsigned open_handles; /* the close callback of the last frees the command */
    char *line;            /* what is written; owned */
    uint32_t timeout_ms;
    bool timed_out;
    notify_command_on_done on_done; /* NULL: nobody wants to know */
    void *ctx;
};

static void on_closed(uv_handle_t *handle)
{
    struct notify_command *command = handle->data;
    if (--command->open_handles > 0)
        return;
    free(command->line);
    free(command);
}

static void close_input(struct notify_command *command)
{
    if (!uv_is_closing((uv_handle_t *)&command->input))
        uv_close((uv_handle_t *)&command->input, on_closed);
}

static void close_all(struct notify_command *command)
{
    close_input(command);
    uv_close((uv_handle_t *)&command->deadline, on_closed);
    uv_close((uv_handle_t *)&command->process, on_closed);
}

/* on_written - or refused: who does not read its input may still have done its work. */
static void on_written(uv_write_t *write, int status)
{
    (void)status;
    close_input(write->data);
}

static void on_ended(uv_process_t *process, int64_t status, int signal_number)
{
    struct notify_command *command = process->data;
    notify_command_on_done on_done = command->on_done;
    void *ctx = command->ctx;
    char reason[NOTIFY_REASON_MAX];
    bool taken = status == 0 && signal_number == 0;
    if (command->timed_out)
        snprintf(reason, sizeof(reason), "killed after %u ms", command->timeout_ms);
    else if (signal_number != 0)
        snprintf(reason, sizeof(reason), "ended by signal %d", signal_number);
    else
        snprintf(reason, sizeof(reason), "exit status %lld", (long long)status);
    close_all(command);
    if (on_done)
        on_done(ctx, taken, reason);
}

/* kill_group - the command and what it has started. */
static void kill_group(const struct notify_command *command)
{
    (void)kill(-command->process.pid, SIGKILL);
}

static void on_deadline(uv_timer_t *deadline)
{
    struct notify_command *command = deadline->data;
    command->timed_out = true;
    kill_group(command);
}

static int spawn(uv_loop_t *loop, struct notify_command *command,
                 const struct config_receiver *receiver, char **environment)
{
    char *argv[CONFIG_ARGUMENTS_MAX + 1] = {NULL}; /* uv_spawn() wants them writable */
    memcpy(argv, receiver->argv, receiver->argument_count * sizeof(*argv));
    uv_stdio_container_t stdio[] = {
        {.flags = UV_CREATE_PIPE | UV_READABLE_PIPE,
         .data.stream = (uv_stream_t *)&command->input},
        {.flags = UV_IGNORE},
        {.flags = UV_IGNORE},
    };
    uv_process_options_t options = {
        .exit_cb = on_ended,
        .file = argv[0],
        .args = argv,
        .env = environment,
        .flags = UV_PROCESS_DETACHED, /* its own group */
        .stdio = stdio,
        .stdio_count = sizeof(stdio) / sizeof(stdio[0]),
    };
    return uv_spawn(loop, &command->process, &options);
}

/* spawn_with_environment - PATH and the kind of the event; nothing else of ours is its business. */
static int spawn_with_environment(uv_loop_t *loop, struct notify_command *command,
                                  const struct config_receiver *receiver, const char *kind)
{
    const char *path = getenv("PATH"); // NOLINT(concurrency-mt-unsafe): nothing changes it
    char *environment[3] = {NULL};
    int status = UV_ENOMEM;
    if (asprintf(&environment[0], "PATH=%s", path ? path : USUAL_PATH) < 0)
        return status;
    if (asprintf(&environment[1], "RHUMB_EVENT=%s", kind) >= 0) {
        status = spawn(loop, command, receiver, environment);
        free(environment[1]);
    }
    free(environment[0]);
    return status;
}

static void init_handles(uv_loop_t *loop, struct notify_command *command)
{
    uv_pipe_init(loop, &command->input, 0);
    uv_timer_init(loop, &command->deadline);
    command->input.data = command->deadline.data = command->process.data = command;
    command->write.data = command;
    command->open_handles = 2;
}

int notify_command_start(uv_loop_t *loop, const struct config_receiver *receiver,
                         const struct notice *notice, notify_command_on_done on_done, void *ctx,
                         struct notify_command **out_command)
{
    struct notify_command *command = calloc(1, sizeof(*command));
    if (!command)
        return UV_ENOMEM;
    int len = asprintf(&command->line, "%s\n", notice->json);
    if (len < 0) {
        free(command);
        return UV_ENOMEM;
    }
    command->timeout_ms = receiver->timeout_ms;
    init_handles(loop, command);
    int status = spawn_with_environment(loop, command, receiver, notice->kind);
    command->open_handles += command->process.type == UV_PROCESS; /* uv_spawn() was reached */
    if (status != 0) {
        close_input(command);
        uv_close((uv_handle_t *)&command->deadline, on_closed);
        if (command->process.type == UV_PROCESS)
            uv_close((uv_handle_t *)&command->process, on_closed);
        return status;
    }
    command->on_done = on_done;
    command->ctx = ctx;
    uv_timer_start(&command->deadline, on_deadline, receiver->timeout_ms, 0);
    uv_buf_t line = uv_buf_init(command->line, (unsigned)len);
    if (uv_write(&command->write, (uv_stream_t *)&command->input, &line, 1, on_written) != 0)
        close_input(command);
    *out_command = command;
    return 0;
}

void notify_command_cancel(struct notify_command *command)
{
    command->on_done = NULL;
    kill_group(command); /* on_ended() follows and cleans up */
}
