#include "tcp_server.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "tcp_conn.h"

enum {
    ACCEPTS_MAX = 16, /* at one wake-up */
    PAUSE_MS = 100,   /* when the machine has no descriptors or memory for a connection */
};

static void on_acceptable(uv_poll_t *poll, int status, int events);

static void listen_on(struct tcp_listener *listener)
{
    if (listener->fd >= 0)
        (void)uv_poll_start(&listener->poll, UV_READABLE, on_acceptable);
}

/* ---- idleness ---- */

static void on_idle(uv_timer_t *timer)
{
    struct tcp_server *server = timer->data;
    struct tcp_pool *pool = &server->pool;
    uint64_t now = uv_now(server->context->loop), idle_ms = server->options.idle_ms;
    while (pool->most_idle && pool->most_idle->progress_ms + idle_ms <= now)
        tcp_conn_close(pool->most_idle);
    if (pool->most_idle)
        (void)uv_timer_start(timer, on_idle, pool->most_idle->progress_ms + idle_ms - now, 0);
}

/* One timer for all: it was set for whoever was the most idle then, and finds out when it fires
 * who that is now. */
static void watch_idle(struct tcp_server *server)
{
    if (server->pool.most_idle && !uv_is_active((uv_handle_t *)&server->idle))
        (void)uv_timer_start(&server->idle, on_idle, server->options.idle_ms, 0);
}

/* evict - close the connection that has been idle longest; false: there is none. Its query may
 * have come while it waited for its turn: look once before. */
static bool evict(struct tcp_server *server, const struct snapshot *snapshot)
{
    struct tcp_conn *idle = server->pool.most_idle;
    if (!idle)
        return false;
    tcp_conn_serve(idle, snapshot);
    if (idle->state != TCP_CONN_CLOSING) {
        tcp_conn_close(idle);
        counter_add(&server->context->counters->tcp_evicted, 1);
    }
    return true;
}

/* ---- accepting ---- */

static void on_pause_over(uv_timer_t *timer)
{
    struct tcp_server *server = timer->data;
    for (size_t i = 0; i < server->listener_count; i++)
        listen_on(&server->listeners[i]);
}

/* pause_accepting - let new clients wait in the backlog for a while, instead of being told
 * about them again and again. */
static void pause_accepting(struct tcp_server *server)
{
    for (size_t i = 0; i < server->listener_count; i++)
        if (server->listeners[i].fd >= 0)
            (void)uv_poll_stop(&server->listeners[i].poll);
    (void)uv_timer_start(&server->pause, on_pause_over, PAUSE_MS, 0);
}

/* client_waits - the kernel looks for a descriptor before it looks for a client, so EMFILE
 * alone does not tell that there is one to make room for. */
static bool client_waits(int fd)
{
    struct pollfd pollfd = {.fd = fd, .events = POLLIN};
    return poll(&pollfd, 1, 0) == 1;
}

/* accept_failed - true: try once more. Linux hands out what happened to a connection before it
 * was accepted as an error of accept() (accept(2)). */
static bool accept_failed(struct tcp_server *server, const struct snapshot *snapshot, int fd)
{
    switch (errno) {
    case EAGAIN: return false;
    case EINTR:
    case EPERM: /* a firewall's word */
    case ECONNABORTED:
    case EPROTO:
    case ENOPROTOOPT:
    case EOPNOTSUPP:
    case ENETDOWN:
    case ENETUNREACH:
    case ENONET:
    case EHOSTDOWN:
    case EHOSTUNREACH: return true;
    case EMFILE:
    case ENFILE:
        if (!client_waits(fd))
            return false;
        if (evict(server, snapshot))
            return true;
        break; /* somebody else has them all */
    default: break;
    }
    pause_accepting(server);
    return false;
}

/* accept_one - true: there may be another, and there is time for it. */
static bool accept_one(struct tcp_server *server, const struct snapshot *snapshot, int fd)
{
    union {
        struct sockaddr any;
        struct sockaddr_storage storage;
    } peer;

    if (tcp_pool_is_exhausted(&server->pool))
        return false; /* who was closed in this turn is still in the way: accept in the next */
    socklen_t len = sizeof(peer);
    int client_fd = accept4(fd, &peer.any, &len, SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (client_fd < 0)
        return accept_failed(server, snapshot, fd);
    counter_add(&server->context->counters->tcp_accepted, 1);
    struct ip_addr client;
    uint16_t port;
    if (!ip_from_sockaddr(&peer.any, &client, &port)) {
        close(client_fd);
        return true;
    }
    bool full = server->pool.open >= server->options.connections;
    if (full)
        (void)evict(server, snapshot);
    bool opened = tcp_conn_open(&server->pool, client_fd, &client);
    watch_idle(server);
    /* When full go back to the loop: others may have asked meanwhile, and must not be pushed
     * out by a row of newcomers before they are heard. */
    return opened && !full;
}

static void accept_waiting(struct tcp_listener *listener, size_t max)
{
    struct tcp_server *server = listener->server;
    const struct snapshot *snapshot = snapshot_pin(server->context->slot);
    for (size_t i = 0; i < max; i++)
        if (!accept_one(server, snapshot, listener->fd))
            break;
    snapshot_unpin();
}

static void on_acceptable(uv_poll_t *poll, int status, int events)
{
    (void)events;
    struct tcp_listener *listener = poll->data;
    if (status < 0)
        pause_accepting(listener->server); /* libuv has stopped watching: try again later */
    else
        accept_waiting(listener, ACCEPTS_MAX);
}

/* ---- start and end ---- */

enum err tcp_server_open(struct tcp_server *server, const struct tcp_options *options,
                         size_t listener_count, const struct worker_context *context)
{
    *server = (struct tcp_server){.context = context, .options = *options};
    /* A closed connection's object is free again at the end of a turn of the loop: keep enough
     * for those that come in the same turn. */
    enum err err = tcp_pool_init(&server->pool, options->connections + ACCEPTS_MAX, context);
    if (err != ERR_OK)
        return err;
    server->listeners = calloc(listener_count, sizeof(*server->listeners));
    if (!server->listeners) {
        tcp_pool_deinit(&server->pool);
        return ERR_NO_MEMORY;
    }
    (void)uv_timer_init(context->loop, &server->idle); /* cannot fail */
    (void)uv_timer_init(context->loop, &server->pause);
    server->idle.data = server->pause.data = server;
    return ERR_OK;
}

enum err tcp_server_listen(struct tcp_server *server, int fd)
{
    struct tcp_listener *listener = &server->listeners[server->listener_count];
    if (uv_poll_init(server->context->loop, &listener->poll, fd) != 0) {
        close(fd);
        return ERR_IO;
    }
    listener->fd = fd;
    listener->server = server;
    listener->poll.data = listener;
    server->listener_count++;
    listen_on(listener);
    return ERR_OK;
}

static void close_listeners(struct tcp_server *server)
{
    for (size_t i = 0; i < server->listener_count; i++) {
        struct tcp_listener *listener = &server->listeners[i];
        if (listener->fd < 0)
            continue;
        uv_close((uv_handle_t *)&listener->poll, NULL);
        close(listener->fd);
        listener->fd = -1;
    }
}

void tcp_server_drain(struct tcp_server *server)
{
    struct tcp_pool *pool = &server->pool;
    if (pool->draining)
        return;
    for (size_t i = 0; i < server->listener_count; i++)
        accept_waiting(&server->listeners[i], server->options.connections);
    close_listeners(server);
    pool->draining = true;
    const struct snapshot *snapshot = snapshot_pin(server->context->slot);
    for (size_t i = 0; i < pool->touched; i++) {
        enum tcp_conn_state state = pool->conns[i].state;
        if (state == TCP_CONN_READING || state == TCP_CONN_WRITING)
            tcp_conn_serve(&pool->conns[i], snapshot);
    }
    snapshot_unpin();
}

void tcp_server_close(struct tcp_server *server)
{
    close_listeners(server);
    while (server->pool.most_idle)
        tcp_conn_close(server->pool.most_idle);
    uv_close((uv_handle_t *)&server->idle, NULL);
    uv_close((uv_handle_t *)&server->pause, NULL);
}

void tcp_server_deinit(struct tcp_server *server)
{
    free(server->listeners);
    tcp_pool_deinit(&server->pool);
}
