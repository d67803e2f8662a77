/* tcp_server.h - the TCP side of one worker: who may connect, and who has to go.
 *
 *   is the table full?    no: accept
 *                         yes: the most quiet connection gives way, when it has kept still for
 *                         long enough (tcp_limits.h); until then newcomers wait in the kernel's
 *                         queue
 *   is the client's       its own most quiet connection gives way, and nobody else's
 *   network full?
 *
 * Before a connection gives way it is looked at once more: a query of it may wait. So clients
 * that connect and stay silent, or ask and never read, push out each other before anybody who
 * behaves; and a network can crowd out nobody but itself.
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
    bool is_tls;
    struct tcp_server *server;
};

struct tcp_server {
    const struct worker_context *context; /* borrowed: the worker's */
    struct tcp_listener *listeners;
    size_t listener_count;
    struct net_tls *tls; /* owned: for new clients; NULL: no listener needs it */
    struct tcp_pool pool;
    uv_timer_t late;   /* fires when the first connection is late; off without connections */
    uv_timer_t pause;  /* runs while accepting is paused */
    uv_prepare_t turn; /* runs before the loop waits, when there is a TLS listener */
};

/* tcp_server_open - room for listener_count listeners and limits->connections connections.
 *
 * owns     the storage of *server stays in use until tcp_server_deinit()
 * returns  ERR_OK, ERR_NO_MEMORY
 */
WARN_UNUSED enum err tcp_server_open(struct tcp_server *server, const struct tcp_limits *limits,
                                     size_t listener_count, uint64_t seed,
                                     const struct worker_context *context);

/* tcp_server_listen - accept at fd, a listening socket, from the next turn of the loop on. At
 * most listener_count times. Owns fd; on failure it is closed. Returns ERR_OK, ERR_IO. */
WARN_UNUSED enum err tcp_server_listen(struct tcp_server *server, int fd, bool is_tls);

/* tcp_server_set_tls - the certificate of clients that come from now on; owns tls. */
void tcp_server_set_tls(struct tcp_server *server, struct net_tls *tls);

/* tcp_server_drain - accept what waits, then nobody any more; answer what was asked; close each
 * connection that has nothing half asked and nothing unsent. */
void tcp_server_drain(struct tcp_server *server);

/* tcp_server_close - close everything now; the loop must then run until its handles are gone.
 * Their storage is *server's: it stays. */
void tcp_server_close(struct tcp_server *server);

/* tcp_server_deinit - free the memory, after that. */
void tcp_server_deinit(struct tcp_server *server);
