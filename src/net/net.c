/* net.c - all workers together: opened as one, or not at all.
 *
 * Sockets first, for all listeners and all workers, so that everything that is wrong is told at
 * once; then the workers around them. Nothing runs before net_start().
 */
#include "rhumb/net.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <unistd.h>

#include "rhumb/hash.h"

#include "net_socket.h"
#include "tls.h"
#include "worker.h"

struct net {
    struct worker **workers;
    size_t count;
    struct ip_prefix *proxies; /* the configuration's goes with its snapshot */
};

enum {
    WORKERS_MAX = 256,
    LOOP_FDS = 8, /* what a loop holds itself */
};

/* ---- sockets ---- */

/* What each worker has a socket for. */
struct endpoint {
    const struct config_listener *listener;
    enum net_transport transport;
    bool failed;
};

/* A table of worker_count rows, one per worker, of a column per endpoint. */
struct sockets {
    struct endpoint *endpoints;
    struct worker_socket *table;
    size_t worker_count, endpoint_count;
};

static struct worker_socket *row_of(const struct sockets *sockets, size_t worker)
{
    return &sockets->table[worker * sockets->endpoint_count];
}

static void close_rows(const struct sockets *sockets, size_t first_worker)
{
    for (size_t w = first_worker; w < sockets->worker_count; w++)
        for (size_t e = 0; e < sockets->endpoint_count; e++)
            if (row_of(sockets, w)[e].fd >= 0)
                close(row_of(sockets, w)[e].fd);
}

static void free_sockets(struct sockets *sockets)
{
    free(sockets->endpoints);
    free(sockets->table);
}

static void add_endpoint(struct sockets *sockets, const struct config_listener *listener,
                         enum net_transport transport)
{
    sockets->endpoints[sockets->endpoint_count++] =
        (struct endpoint){.listener = listener, .transport = transport};
}

/* The default listeners name [::] unasked: on a machine without IPv6 that is no mistake. */
static bool may_be_left_out(const struct config_listener *listener, int error)
{
    return error == EAFNOSUPPORT && listener->place.line == 0;
}

/* report - what is wrong with an address, once for UDP and TCP, which stand side by side. */
static void report(struct sockets *sockets, size_t column, int error, struct diag_list *diags)
{
    struct endpoint *endpoint = &sockets->endpoints[column];
    const struct config_listener *listener = endpoint->listener;
    endpoint->failed = true;
    if (column > 0 && endpoint[-1].listener == listener && endpoint[-1].failed)
        return;
    char name[NET_SOCKET_NAME_MAX];
    if (may_be_left_out(listener, error))
        diag_warning(diags, NULL, "no IPv6 on this machine: %s is left out",
                     net_socket_name(listener, name));
    else
        net_socket_report(diags, listener, endpoint->transport, error);
}

/* open_endpoint - its sockets for every worker. */
static void open_endpoint(struct sockets *sockets, size_t column, struct diag_list *diags)
{
    const struct endpoint *endpoint = &sockets->endpoints[column];
    const struct config_listener *listener = endpoint->listener;
    for (size_t w = 0; w < sockets->worker_count && !endpoint->failed; w++) {
        int error = net_socket_open(&listener->addr, listener->port, endpoint->transport,
                                    &row_of(sockets, w)[column].fd);
        if (error != 0)
            report(sockets, column, error, diags);
    }
}

/* look_for_others - tell of every address that another process has. Before any of ours is
 * bound, for ours may overlap (0.0.0.0 and 127.0.0.1). */
static void look_for_others(struct sockets *sockets, struct diag_list *diags)
{
    for (size_t e = 0; e < sockets->endpoint_count; e++) {
        const struct endpoint *endpoint = &sockets->endpoints[e];
        const struct config_listener *listener = endpoint->listener;
        if (net_socket_probe(&listener->addr, listener->port, endpoint->transport) ==
            EADDRINUSE)
            report(sockets, e, EADDRINUSE, diags);
    }
}

static enum err make_table(const struct config_server *server, struct sockets *sockets)
{
    size_t count = 2 * server->listener_count + server->tls.listener_count;
    sockets->endpoints = calloc(count, sizeof(*sockets->endpoints));
    sockets->table = calloc(sockets->worker_count * count, sizeof(*sockets->table));
    if (!sockets->endpoints || !sockets->table) {
        free_sockets(sockets);
        return ERR_NO_MEMORY;
    }
    for (size_t l = 0; l < server->listener_count; l++) {
        add_endpoint(sockets, &server->listeners[l], NET_UDP);
        add_endpoint(sockets, &server->listeners[l], NET_TCP);
    }
    for (size_t l = 0; l < server->tls.listener_count; l++)
        add_endpoint(sockets, &server->tls.listeners[l], NET_TLS);
    for (size_t i = 0; i < sockets->worker_count * count; i++)
        sockets->table[i] = (struct worker_socket){
            .fd = -1, .transport = sockets->endpoints[i % count].transport};
    return ERR_OK;
}

static enum err open_sockets(const struct config_server *server, size_t worker_count,
                             struct diag_list *diags, struct sockets *out_sockets)
{
    size_t errors = diag_error_count(diags);
    struct sockets sockets = {.worker_count = worker_count};
    enum err err = make_table(server, &sockets);
    if (err != ERR_OK)
        return err;
    look_for_others(&sockets, diags);
    if (diag_error_count(diags) == errors)
        for (size_t e = 0; e < sockets.endpoint_count; e++)
            open_endpoint(&sockets, e, diags);
    if (diag_error_count(diags) > errors) {
        close_rows(&sockets, 0);
        free_sockets(&sockets);
        return ERR_INVALID;
    }
    *out_sockets = sockets;
    return ERR_OK;
}

/* ---- workers ---- */

static size_t worker_count_of(const struct config_server *server)
{
    long cores = sysconf(_SC_NPROCESSORS_ONLN);
    size_t count = server->workers > 0 ? server->workers : cores > 0 ? (size_t)cores : 1;
    return count < WORKERS_MAX ? count : WORKERS_MAX;
}

/* connections_of - how many connections each worker may have: what was asked for, as far as
 * descriptors reach. A quarter of them is kept for probes, reloads and the admin interface,
 * which must go on when TCP clients take all they can. */
static size_t connections_of(const struct config_server *server, size_t worker_count,
                             struct diag_list *diags)
{
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur == RLIM_INFINITY)
        return server->tcp_connections;
    size_t listening = 2 * server->listener_count + server->tls.listener_count;
    rlim_t fixed = worker_count * (listening + LOOP_FDS);
    rlim_t for_clients = limit.rlim_cur - limit.rlim_cur / 4;
    rlim_t each = for_clients > fixed ? (for_clients - fixed) / worker_count : 0;
    if (each >= server->tcp_connections)
        return server->tcp_connections;
    if (each == 0)
        each = 1;
    diag_warning(diags, NULL,
                 "%ju open files are allowed: each of %zu workers takes %ju TCP connections "
                 "instead of %u",
                 (uintmax_t)limit.rlim_cur, worker_count, (uintmax_t)each,
                 server->tcp_connections);
    diag_remedy(diags, "raise the limit (ulimit -n, LimitNOFILE=), or lower tcp connections");
    return (size_t)each;
}

static void free_workers(struct net *net)
{
    for (size_t i = 0; i < net->count; i++)
        worker_free(net->workers[i]);
    free(net->workers);
    free(net->proxies);
    free(net);
}

/* report_worker - what the operator can do about a worker that could not be made. */
static enum err report_worker(enum err err, struct diag_list *diags)
{
    if (err == ERR_NO_MEMORY)
        return err;
    diag_error(diags, NULL, "cannot make an event loop for a worker");
    diag_remedy(diags, "raise the limit of open files (ulimit -n, LimitNOFILE=)");
    return ERR_INVALID;
}

/* open_workers - takes over the sockets, also when it fails. */
static enum err open_workers(struct net *net, const struct sockets *sockets,
                             struct worker_options *options, uint64_t net_seed,
                             struct diag_list *diags)
{
    while (net->count < sockets->worker_count) {
        size_t w = net->count;
        options->answer.seed = hash_mix(net_seed + w);
        options->number = (unsigned)w;
        enum err err =
            worker_new(options, row_of(sockets, w), sockets->endpoint_count, &net->workers[w]);
        if (err != ERR_OK) {
            close_rows(sockets, w + 1);
            return report_worker(err, diags);
        }
        net->count++;
    }
    return ERR_OK;
}

static enum err open_net(const struct config_server *server, const struct net_options *options,
                         struct net_tls *tls, struct diag_list *diags, struct net **out_net)
{
    size_t worker_count = worker_count_of(server);
    struct sockets sockets;
    enum err err = open_sockets(server, worker_count, diags, &sockets);
    if (err != ERR_OK)
        return err;
    err = ERR_NO_MEMORY;
    struct net *net = calloc(1, sizeof(*net));
    struct worker **workers = calloc(worker_count, sizeof(*workers));
    struct ip_prefix *proxies = calloc(server->proxy_count + 1, sizeof(*proxies));
    if (!net || !workers || !proxies) {
        close_rows(&sockets, 0);
        goto err_after_sockets;
    }
    for (size_t i = 0; i < server->proxy_count; i++)
        proxies[i] = server->proxies[i];
    net->workers = workers;
    net->proxies = proxies;
    struct worker_options each = {
        .slot = options->slot,
        .wall_s = options->wall_s,
        .wall_ns = options->wall_ns,
        .answer = {.cookie_key = options->cookie_key, .limiter = options->limiter},
        .tcp = {.connections = connections_of(server, worker_count, diags),
                .per_prefix = server->tcp_per_prefix,
                .idle_ms = server->tcp_idle_ms,
                .message_ms = server->tcp_message_ms},
        .proxies = proxies,
        .proxy_count = server->proxy_count,
        .tls = tls,
    };
    err = open_workers(net, &sockets, &each, options->seed, diags);
    free_sockets(&sockets);
    if (err != ERR_OK) {
        free_workers(net);
        return err;
    }
    *out_net = net;
    return ERR_OK;

err_after_sockets:
    free_sockets(&sockets);
    free(workers);
    free(proxies);
    free(net);
    return err;
}

enum err net_open(const struct config_server *server, const struct net_options *options,
                  struct diag_list *diags, struct net **out_net)
{
    struct net_tls *tls;
    enum err err = net_tls_load(server, diags, &tls);
    if (err != ERR_OK)
        return err;
    err = open_net(server, options, tls, diags, out_net);
    net_tls_free(tls);
    return err;
}

/* ---- the rest is for each worker ---- */

enum err net_start(struct net *net)
{
    for (size_t i = 0; i < net->count; i++) {
        enum err err = worker_start(net->workers[i]);
        if (err == ERR_OK)
            continue;
        while (i > 0)
            worker_stop(net->workers[--i]);
        return err;
    }
    return ERR_OK;
}

void net_set_tls(struct net *net, struct net_tls *tls)
{
    for (size_t i = 0; tls && i < net->count; i++)
        worker_set_tls(net->workers[i], tls_share(tls));
    net_tls_free(tls);
}

void net_drain(struct net *net)
{
    for (size_t i = 0; i < net->count; i++)
        worker_drain(net->workers[i]);
}

void net_tap(struct net *net, size_t worker, struct byte_ring *ring)
{
    worker_tap(net->workers[worker], ring);
}

size_t net_connections(const struct net *net)
{
    size_t sum = 0;
    for (size_t i = 0; i < net->count; i++)
        sum += worker_connections(net->workers[i]);
    return sum;
}

void net_stop(struct net *net)
{
    if (!net)
        return;
    for (size_t i = 0; i < net->count; i++)
        worker_stop(net->workers[i]);
    free_workers(net);
}

void net_totals(const struct net *net, struct net_totals *out_totals)
{
    *out_totals = (struct net_totals){0};
    for (size_t i = 0; i < net->count; i++)
        worker_add_totals(net->workers[i], out_totals);
}

void net_add_counts(const struct net *net, struct answer_counts *counts)
{
    for (size_t i = 0; i < net->count; i++)
        worker_add_counts(net->workers[i], counts);
}

uint64_t net_kernel_drops(const struct net *net)
{
    uint64_t drops = 0;
    for (size_t i = 0; i < net->count; i++)
        drops += worker_kernel_drops(net->workers[i]);
    return drops;
}

size_t net_worker_count(const struct net *net)
{
    return net->count;
}
