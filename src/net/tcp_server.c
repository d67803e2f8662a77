#include "tcp_server.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "proxy_header.h"
#include "tcp_conn.h"
#include "tcp_greeting.h"

enum {
    ACCEPTS_MAX = 16, /* at one wake-up */
    PAUSE_MS = 100,   /* when the machine has no descriptors or memory for a connection */
    LOOK_MS = 20,     /* newcomers wait: has somebody kept still for long enough? */
    LOOKS_MAX = 4,    /* at those who could give way to one newcomer */
    /* A handshake signs, which may take a millisecond: two of them, then UDP has its turn. */
    GREETINGS_MAX = 2,
};

static void on_acceptable(uv_poll_t *poll, int status, int events);

static void listen_on(struct tcp_listener *listener)
{
    if (listener->fd >= 0)
        (void)uv_poll_start(&listener->poll, UV_READABLE, on_acceptable);
}

/* ---- time ---- */

static void on_late(uv_timer_t *timer);

/* close_late - after a last look: what it was to send or to take may be there by now. */
static void close_late(struct tcp_conn *late, const struct snapshot *snapshot)
{
    enum tcp_wait wait = late->wait;
    uint64_t since_ms = late->wait_ms;
    tcp_conn_serve(late, snapshot);
    if (late->state == TCP_CONN_CLOSING || late->wait != wait || late->wait_ms != since_ms)
        return;
    if (wait != TCP_WAIT_QUERY)
        counter_add(&late->pool->context->counters->tcp_too_slow, 1);
    tcp_conn_close(late);
}

/* watch_time - one timer for all. It is set for whoever is late first, or for the end of the
 * shortest wait that can begin meanwhile. Idle time shrinks as connections come, so each sets it
 * anew. */
static void watch_time(struct tcp_server *server, const struct snapshot *snapshot)
{
    uint64_t now_ms = uv_now(server->context->loop), due_ms;
    struct tcp_conn *late;
    while ((late = tcp_pool_find_late(&server->pool, now_ms, &due_ms)))
        close_late(late, snapshot);
    if (due_ms == UINT64_MAX)
        return; /* nobody is there */
    uint64_t next_ms = tcp_shortest_ms(&server->pool.limits);
    if (due_ms - now_ms < next_ms)
        next_ms = due_ms - now_ms;
    (void)uv_timer_start(&server->late, on_late, next_ms, 0);
}

static void on_late(uv_timer_t *timer)
{
    struct tcp_server *server = timer->data;
    const struct snapshot *snapshot = snapshot_pin(server->context->slot);
    watch_time(server, snapshot);
    snapshot_unpin();
}

/* ---- pausing ---- */

static void resume_accepting(struct tcp_server *server)
{
    server->pool.on_room = NULL;
    (void)uv_timer_stop(&server->pause);
    for (size_t i = 0; i < server->listener_count; i++)
        listen_on(&server->listeners[i]);
}

static void on_pause_over(uv_timer_t *timer)
{
    resume_accepting(timer->data);
}

static void on_room(void *server)
{
    resume_accepting(server);
}

/* pause_accepting - let new clients wait in the kernel's queue for a while, instead of being
 * told about them again and again. */
static void pause_accepting(struct tcp_server *server, uint64_t pause_ms)
{
    for (size_t i = 0; i < server->listener_count; i++)
        if (server->listeners[i].fd >= 0)
            (void)uv_poll_stop(&server->listeners[i].poll);
    (void)uv_timer_start(&server->pause, on_pause_over, pause_ms, 0);
}

/* ---- giving way ---- */

/* patience_ms - of the newcomers in the queue of fd. For a listening socket the kernel reports
 * how many wait as tcpi_unacked and how many may as tcpi_sacked. */
static uint32_t patience_ms(const struct tcp_server *server, int fd)
{
    struct tcp_info info = {0};
    socklen_t len = sizeof(info);
    if (server->pool.draining || getsockopt(fd, IPPROTO_TCP, TCP_INFO, &info, &len) != 0)
        return 0;
    return tcp_patience_ms(&server->pool.limits, info.tcpi_unacked, info.tcpi_sacked);
}

/* find_quiet - the connection that has kept still longest, after a last look; NULL: each has
 * stirred within patience, or there is room by now. */
static struct tcp_conn *find_quiet(struct tcp_server *server, const struct snapshot *snapshot,
                                   uint32_t patience)
{
    struct tcp_pool *pool = &server->pool;
    uint64_t now_ms = uv_now(server->context->loop);
    size_t open = pool->open;
    for (int look = 0; look < LOOKS_MAX; look++) {
        struct tcp_conn *quiet = pool->quiet.first;
        if (!quiet || quiet->stirred_ms + patience > now_ms)
            return NULL;
        tcp_conn_serve(quiet, snapshot);
        if (pool->open < open)
            return NULL;
        if (pool->quiet.first == quiet)
            return quiet;
    }
    return patience == 0 ? pool->quiet.first : NULL;
}

/* make_wait - newcomers stay where they are until a slot is free, or the next look. */
static void make_wait(struct tcp_server *server)
{
    server->pool.on_room = on_room;
    pause_accepting(server, LOOK_MS);
}

static void give_way(struct tcp_conn *conn, _Atomic uint64_t *counter)
{
    if (conn->state == TCP_CONN_CLOSING)
        return;
    counter_add(counter, 1);
    tcp_conn_close(conn);
}

/* ---- accepting ---- */

/* client_waits - the kernel looks for a descriptor before it looks for a client, so EMFILE
 * alone does not tell that there is one to make room for. */
static bool client_waits(int fd)
{
    struct pollfd pollfd = {.fd = fd, .events = POLLIN};
    return poll(&pollfd, 1, 0) == 1;
}

/* no_descriptor - somebody gives way, as in a full table; true: try once more. */
static bool no_descriptor(struct tcp_server *server, const struct snapshot *snapshot, int fd)
{
    if (!client_waits(fd))
        return false;
    size_t open = server->pool.open;
    struct tcp_conn *quiet = find_quiet(server, snapshot, patience_ms(server, fd));
    if (quiet)
        give_way(quiet, &server->context->counters->tcp_evicted);
    if (server->pool.open < open)
        return true;
    if (open > 0)
        make_wait(server);
    else
        pause_accepting(server, PAUSE_MS); /* somebody else has them all */
    return false;
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
    case ENFILE: return no_descriptor(server, snapshot, fd);
    default: pause_accepting(server, PAUSE_MS); return false;
    }
}

/* admit - give the client a slot, that of quiet when it is not NULL. Where its network has as many
 * as it may, one of them gives way instead; behind a proxy that is found out later. */
static bool admit(struct tcp_server *server, const struct snapshot *snapshot,
                  const struct tcp_newcomer *newcomer, struct tcp_conn *quiet)
{
    struct tcp_pool *pool = &server->pool;
    if (!newcomer->is_proxy && tcp_pool_find_rival(pool, &newcomer->client))
        tcp_greet_client(pool, &newcomer->client, snapshot);
    else if (quiet)
        give_way(quiet, &server->context->counters->tcp_evicted);
    bool opened = tcp_conn_open(pool, newcomer);
    watch_time(server, snapshot);
    return opened;
}

/* accept_one - true: there may be another, and there is time for it. */
static bool accept_one(struct tcp_listener *listener, const struct snapshot *snapshot)
{
    union {
        struct sockaddr any;
        struct sockaddr_storage storage;
    } peer;

    struct tcp_server *server = listener->server;
    struct tcp_pool *pool = &server->pool;
    int fd = listener->fd;
    if (tcp_pool_is_exhausted(pool))
        return false; /* who was closed in this turn is still in the way: accept in the next */
    struct tcp_conn *quiet = NULL;
    bool full = pool->open >= pool->limits.connections;
    if (full) {
        quiet = find_quiet(server, snapshot, patience_ms(server, fd));
        if (!quiet && pool->open >= pool->limits.connections) {
            make_wait(server);
            return false;
        }
    }
    socklen_t len = sizeof(peer);
    struct tcp_newcomer newcomer = {.tls = listener->is_tls ? server->tls : NULL};
    newcomer.fd = accept4(fd, &peer.any, &len, SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (newcomer.fd < 0)
        return accept_failed(server, snapshot, fd);
    const struct worker_context *context = server->context;
    counter_add(&context->counters->tcp_accepted, 1);
    if (!ip_from_sockaddr(&peer.any, &newcomer.client, &newcomer.port)) {
        close(newcomer.fd);
        return true;
    }
    newcomer.is_proxy = proxy_trusts(context->proxies, context->proxy_count, &newcomer.client);
    bool opened = admit(server, snapshot, &newcomer, quiet);
    /* When full go back to the loop: others may have asked meanwhile, and must not be pushed
     * out by a row of newcomers before they are heard. */
    return opened && !full;
}

static void accept_waiting(struct tcp_listener *listener, size_t max)
{
    struct tcp_server *server = listener->server;
    const struct snapshot *snapshot = snapshot_pin(server->context->slot);
    for (size_t i = 0; i < max; i++)
        if (!accept_one(listener, snapshot))
            break;
    snapshot_unpin();
}

static void on_acceptable(uv_poll_t *poll, int status, int events)
{
    (void)events;
    struct tcp_listener *listener = poll->data;
    if (status < 0) /* libuv has stopped watching: try again later */
        pause_accepting(listener->server, PAUSE_MS);
    else
        accept_waiting(listener, ACCEPTS_MAX);
}

/* ---- start and end ---- */

enum err tcp_server_open(struct tcp_server *server, const struct tcp_limits *limits,
                         size_t listener_count, uint64_t seed,
                         const struct worker_context *context)
{
    *server = (struct tcp_server){.context = context};
    /* A closed connection's object is free again at the end of a turn of the loop: keep enough
     * for those that come in the same turn. */
    enum err err = tcp_pool_init(&server->pool, limits, ACCEPTS_MAX, seed, context);
    if (err != ERR_OK)
        return err;
    server->pool.on_room_ctx = server;
    server->listeners = calloc(listener_count, sizeof(*server->listeners));
    if (!server->listeners) {
        tcp_pool_deinit(&server->pool);
        return ERR_NO_MEMORY;
    }
    (void)uv_timer_init(context->loop, &server->late); /* cannot fail */
    (void)uv_timer_init(context->loop, &server->pause);
    (void)uv_prepare_init(context->loop, &server->turn);
    server->late.data = server->pause.data = server->turn.data = server;
    return ERR_OK;
}

static void on_turn(uv_prepare_t *turn)
{
    struct tcp_server *server = turn->data;
    server->pool.greetings_left = GREETINGS_MAX;
}

enum err tcp_server_listen(struct tcp_server *server, int fd, bool is_tls)
{
    struct tcp_listener *listener = &server->listeners[server->listener_count];
    if (uv_poll_init(server->context->loop, &listener->poll, fd) != 0) {
        close(fd);
        return ERR_IO;
    }
    listener->fd = fd;
    listener->is_tls = is_tls;
    listener->server = server;
    listener->poll.data = listener;
    server->listener_count++;
    listen_on(listener);
    if (is_tls)
        (void)uv_prepare_start(&server->turn, on_turn);
    return ERR_OK;
}

void tcp_server_set_tls(struct tcp_server *server, struct net_tls *tls)
{
    net_tls_free(server->tls);
    server->tls = tls;
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
    pool->draining = true;
    for (size_t i = 0; i < server->listener_count; i++)
        accept_waiting(&server->listeners[i], pool->limits.connections);
    close_listeners(server);
    const struct snapshot *snapshot = snapshot_pin(server->context->slot);
    for (size_t i = 0; i < pool->touched; i++) {
        enum tcp_conn_state state = pool->conns[i].state;
        if (state != TCP_CONN_FREE && state != TCP_CONN_CLOSING)
            tcp_conn_serve(&pool->conns[i], snapshot);
    }
    snapshot_unpin();
}

void tcp_server_close(struct tcp_server *server)
{
    close_listeners(server);
    while (server->pool.quiet.first)
        tcp_conn_close(server->pool.quiet.first);
    uv_close((uv_handle_t *)&server->late, NULL);
    uv_close((uv_handle_t *)&server->pause, NULL);
    uv_close((uv_handle_t *)&server->turn, NULL);
}

void tcp_server_deinit(struct tcp_server *server)
{
    free(server->listeners);
    net_tls_free(server->tls);
    tcp_pool_deinit(&server->pool);
}
