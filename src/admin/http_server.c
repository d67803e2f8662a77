/* http_server.c - sockets, time, beginning and end. */
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "http_inside.h"

enum {
    HEAD_BYTES_MAX = 32 * 1024, /* of one connection: request line and headers */
    IDLE_S = 30,                /* the library's own clock, behind ours */
    SWEEP_MS = 1000,
};

/* ---- the library's turn ---- */

static void arm(struct http_listener *listener);

static void run(struct http_listener *listener)
{
    listener->has_room_again = false;
    MHD_run(listener->daemon);
    arm(listener);
}

static void on_timer(uv_timer_t *timer)
{
    run(timer->data);
}

/* arm - the timer for what the library waits for. When a connection has ended it is run once more:
 * at its limit it looks away from the socket it listens on, and back again only when it is run
 * the next time. */
static void arm(struct http_listener *listener)
{
    MHD_UNSIGNED_LONG_LONG wait_ms;
    if (listener->server->closing)
        return;
    if (listener->has_room_again)
        uv_timer_start(&listener->timer, on_timer, 1, 0);
    else if (MHD_get_timeout(listener->daemon, &wait_ms) == MHD_YES)
        uv_timer_start(&listener->timer, on_timer, wait_ms, 0);
    else
        uv_timer_stop(&listener->timer);
}

static void on_readable(uv_poll_t *poll, int status, int events)
{
    (void)status;
    (void)events;
    run(poll->data);
}

void http_wake(struct http_listener *listener, struct MHD_Connection *handle)
{
    MHD_resume_connection(handle);
    if (!listener->server->closing)
        uv_timer_start(&listener->timer, on_timer, 0, 0);
}

/* ---- connections ---- */

void http_set_deadline(struct http_connection *connection, uint64_t in_ms)
{
    if (connection)
        connection->deadline_ms =
            in_ms == 0 ? 0 : uv_now(connection->listener->server->loop) + in_ms;
}

static struct http_connection *open_connection(struct http_listener *listener,
                                               struct MHD_Connection *handle)
{
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(handle, MHD_CONNECTION_INFO_CONNECTION_FD);
    struct http_connection *connection = calloc(1, sizeof(*connection));
    if (!connection)
        return NULL;
    *connection = (struct http_connection){
        .listener = listener,
        .fd = info ? info->connect_fd : -1,
        .next = listener->connections,
    };
    if (connection->next)
        connection->next->previous = connection;
    listener->connections = connection;
    http_set_deadline(connection, listener->server->limits.request_ms);
    return connection;
}

static void close_connection(struct http_connection *connection)
{
    connection->listener->has_room_again = true;
    if (connection->next)
        connection->next->previous = connection->previous;
    if (connection->previous)
        connection->previous->next = connection->next;
    else
        connection->listener->connections = connection->next;
    free(connection);
}

static void on_connection(void *ctx, struct MHD_Connection *handle, void **socket_context,
                          enum MHD_ConnectionNotificationCode code)
{
    if (code == MHD_CONNECTION_NOTIFY_STARTED) {
        *socket_context = open_connection(ctx, handle);
    } else if (*socket_context) {
        close_connection(*socket_context);
        *socket_context = NULL;
    }
}

/* on_sweep - who took too long is cut off: the library only knows how long nothing came. */
static void on_sweep(uv_timer_t *timer)
{
    struct http_server *server = timer->data;
    uint64_t now_ms = uv_now(server->loop);
    for (struct http_listener *listener = server->listeners; listener;
         listener = listener->next)
        for (struct http_connection *at = listener->connections; at; at = at->next)
            if (at->deadline_ms != 0 && at->deadline_ms <= now_ms && at->fd >= 0)
                (void)shutdown(at->fd, SHUT_RDWR);
}

/* ---- life ---- */

static void on_handle_closed(uv_handle_t *handle)
{
    struct http_server *server = handle->data;
    if (--server->open_handles > 0)
        return;
    while (server->listeners) {
        struct http_listener *listener = server->listeners;
        server->listeners = listener->next;
        free(listener);
    }
    free(server);
}

enum err http_server_new(uv_loop_t *loop, const struct http_handler *handler,
                         const struct http_limits *limits, struct http_server **out_server)
{
    static const struct http_limits usual = {
        .request_ms = HTTP_REQUEST_MS, .send_ms = HTTP_SEND_MS, .turn_us = HTTP_TURN_US};

    struct http_server *server = calloc(1, sizeof(*server));
    if (!server)
        return ERR_NO_MEMORY;
    server->loop = loop;
    server->handler = *handler;
    server->limits = limits ? *limits : usual;
    server->open_handles = 2;
    uint64_t sweep_ms =
        server->limits.request_ms < SWEEP_MS ? server->limits.request_ms : SWEEP_MS;
    uv_timer_init(loop, &server->sweep);
    uv_timer_init(loop, &server->next_turn);
    server->sweep.data = server->next_turn.data = server;
    uv_timer_start(&server->sweep, on_sweep, sweep_ms, sweep_ms);
    *out_server = server;
    return ERR_OK;
}

/* keep_raw - paths and queries are decoded by us, not there: the library takes %00. */
static size_t keep_raw(void *ctx, struct MHD_Connection *handle, char *text)
{
    (void)ctx;
    (void)handle;
    return strlen(text);
}

static void say_nothing(void *ctx, const char *format, va_list arguments)
{
    (void)ctx;
    (void)format;
    (void)arguments;
}

static struct MHD_Daemon *start_daemon(struct http_listener *listener, int fd)
{
    return MHD_start_daemon(
        MHD_USE_EPOLL | MHD_ALLOW_SUSPEND_RESUME | MHD_USE_ERROR_LOG, 0, NULL, NULL,
        http_on_access, listener, MHD_OPTION_EXTERNAL_LOGGER, say_nothing, NULL,
        MHD_OPTION_LISTEN_SOCKET, fd, MHD_OPTION_CONNECTION_LIMIT,
        (unsigned)HTTP_CONNECTIONS_MAX, MHD_OPTION_CONNECTION_TIMEOUT, (unsigned)IDLE_S,
        MHD_OPTION_STRICT_FOR_CLIENT, 1, MHD_OPTION_CONNECTION_MEMORY_LIMIT,
        (size_t)HEAD_BYTES_MAX, MHD_OPTION_UNESCAPE_CALLBACK, keep_raw, NULL,
        MHD_OPTION_NOTIFY_COMPLETED, http_on_completed, NULL, MHD_OPTION_NOTIFY_CONNECTION,
        on_connection, listener, MHD_OPTION_END);
}

enum err http_server_listen(struct http_server *server, int fd)
{
    struct http_listener *listener = calloc(1, sizeof(*listener));
    if (!listener) {
        close(fd);
        return ERR_NO_MEMORY;
    }
    listener->server = server;
    listener->daemon = start_daemon(listener, fd);
    const union MHD_DaemonInfo *info =
        listener->daemon ? MHD_get_daemon_info(listener->daemon, MHD_DAEMON_INFO_EPOLL_FD)
                         : NULL;
    if (!info || uv_poll_init(server->loop, &listener->poll, info->epoll_fd) != 0) {
        if (listener->daemon)
            MHD_stop_daemon(listener->daemon);
        else
            close(fd);
        free(listener);
        return ERR_IO;
    }
    uv_timer_init(server->loop, &listener->timer);
    listener->poll.data = listener->timer.data = listener;
    server->open_handles += 2;
    listener->next = server->listeners;
    server->listeners = listener;
    uv_poll_start(&listener->poll, UV_READABLE, on_readable);
    arm(listener);
    return ERR_OK;
}

/* let_go - what waits is woken, and nothing of it looks for the server any more. */
static void let_go(struct http_server *server)
{
    for (struct http_exchange *at = server->exchanges; at; at = at->next)
        if (at->suspended && !at->answered)
            MHD_resume_connection(at->handle);
    http_streams_end(server);
}

void http_server_close(struct http_server *server)
{
    if (!server)
        return;
    server->closing = true;
    let_go(server);
    for (struct http_listener *listener = server->listeners; listener;
         listener = listener->next) {
        uv_poll_stop(&listener->poll);
        uv_timer_stop(&listener->timer);
        MHD_run(listener->daemon); /* streams hear that they end, */
        MHD_run(listener->daemon); /* and their readers */
    }
    for (struct http_listener *listener = server->listeners; listener;
         listener = listener->next) {
        listener->poll.data = listener->timer.data = server;
        uv_close((uv_handle_t *)&listener->poll, on_handle_closed);
        uv_close((uv_handle_t *)&listener->timer, on_handle_closed);
        MHD_stop_daemon(listener->daemon); /* closes the socket */
    }
    uv_close((uv_handle_t *)&server->sweep, on_handle_closed);
    uv_close((uv_handle_t *)&server->next_turn, on_handle_closed);
}
