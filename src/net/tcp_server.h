/* tcp_server.h - the TCP side of one worker: who may connect, and who has to go.
 *
 * A new client is never refused: when all slots are taken, the connection that has been idle
 * longest gives way, after a last look whether a query of it waits. So clients that connect and
 * stay silent, or ask and never read, push out each other before anybody who behaves.
 *
 * The worker's thread only.
 */
#pragma once

#include "rhumb/err.h"

#include "tcp_pool.h"
#include "worker_context.h"

struct tcp_server;

struct tcp_listener {
    uv_poll_t poll;
    int fd; /* owned; -1: closed */
    struct tcp_server *server;
};

struct tcp_options {
    size_t connections; /* at most, 1.. */
    uint32_t idle_ms;   /* without progress for so long: closed */
};

struct tcp_server {
    const struct worker_context *context; /* borrowed: the worker's */
    struct tcp_options options;
    struct tcp_listener *listeners;
    size_t listener_count;
    struct tcp_pool pool;
    uv_timer_t idle;  /* fires when the most idle connection is due; off without connections */
    uv_timer_t pause; /* runs while accepting is paused */
};

/* tcp_server_open - room for listener_count listeners and options->connections connections.
 *
 * owns     the storage of *server stays in use until tcp_server_deinit()
 * returns  ERR_OK, ERR_NO_MEMORY
 */
WARN_UNUSED enum err tcp_server_open(struct tcp_server *server,
                                     const struct tcp_options *options, size_t listener_count,
                                     const struct worker_context *context);

/* tcp_server_listen - accept at fd, a listening socket, from the next turn of the loop on. At
 * most listener_count times. Owns fd; on failure it is closed. Returns ERR_OK, ERR_IO. */
WARN_UNUSED enum err tcp_server_listen(struct tcp_server *server, int fd);

/* tcp_server_drain - accept what waits, then nobody any more; answer what was asked; close each
 * connection that has nothing half asked and nothing unsent. */
void tcp_server_drain(struct tcp_server *server);

/* tcp_server_close - close everything now; the loop must then run until its handles are gone.
 * Their storage is *server's: it stays. */
void tcp_server_close(struct tcp_server *server);

/* tcp_server_deinit - free the memory, after that. */
void tcp_server_deinit(struct tcp_server *server);
