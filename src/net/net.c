/* net.c - all workers together: opened as one, or not at all.
 *
 * Sockets first, for all listeners and all workers, so that everything that is wrong is told at
 * once; then the workers around them. Nothing runs before net_start().
 */
#include "rhumb/net.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <unistd.h>

#include "rhumb/hash.h"

#include "net_socket.h"
#include "worker.h"

struct net {
    struct worker **workers;
    size_t count;
};

enum {
    WORKERS_MAX = 256,
    LOOP_FDS = 8, /* what a loop holds itself */
};

/* ---- sockets ---- */

/* A table of worker_count rows, one per worker, of a column per listener. */
struct sockets {
    struct worker_sockets *pairs;
    size_t worker_count, listener_count;
};

static struct worker_sockets *row_of(const struct sockets *sockets, size_t worker)
{
    return &sockets->pairs[worker * sockets->listener_count];
}

static void close_rows(const struct sockets *sockets, size_t first_worker)
{
    for (size_t w = first_worker; w < sockets->worker_count; w++)
        for (size_t l = 0; l < sockets->listener_count; l++) {
            const struct worker_sockets *pair = &row_of(sockets, w)[l];
            if (pair->udp >= 0)
                close(pair->udp);
            if (pair->tcp >= 0)
                close(pair->tcp);
        }
}

/* The default listeners name [::] unasked: on a machine without IPv6 that is no mistake. */
static bool may_be_left_out(const struct config_listener *listener, int error)
{
    return error == EAFNOSUPPORT && listener->place.line == 0;
}

/* open_listener - its sockets for every worker. */
static void open_listener(struct sockets *sockets, const struct config_listener *listener,
                          size_t column, struct diag_list *diags)
{
    for (size_t w = 0; w < sockets->worker_count; w++) {
        struct worker_sockets *pair = &row_of(sockets, w)[column];
        enum net_transport transport = NET_UDP;
        int error = net_socket_open(&listener->addr, listener->port, transport, &pair->udp);
        if (error == 0) {
            transport = NET_TCP;
            error = net_socket_open(&listener->addr, listener->port, transport, &pair->tcp);
        }
        if (error == 0)
            continue;
        if (!may_be_left_out(listener, error)) {
            net_socket_report(diags, listener, transport, error);
            return;
        }
        char name[NET_SOCKET_NAME_MAX];
        diag_warning(diags, NULL, "no IPv6 on this machine: %s is left out",
                     net_socket_name(listener, name));
        return;
    }
}

/* look_for_others - tell of every listener that another process has. Before any of ours is
 * bound, for ours may overlap (0.0.0.0 and 127.0.0.1). */
static void look_for_others(const struct config_server *server, struct diag_list *diags)
{
    for (size_t l = 0; l < server->listener_count; l++) {
        const struct config_listener *listener = &server->listeners[l];
        enum net_transport transport = NET_UDP;
        int error = net_socket_probe(&listener->addr, listener->port, transport);
        if (error != EADDRINUSE) {
            transport = NET_TCP;
            error = net_socket_probe(&listener->addr, listener->port, transport);
        }
        if (error == EADDRINUSE)
            net_socket_report(diags, listener, transport, error);
    }
}

static enum err open_sockets(const struct config_server *server, size_t worker_count,
                             struct diag_list *diags, struct sockets *out_sockets)
{
    size_t listeners = server->listener_count, errors = diag_error_count(diags);
    look_for_others(server, diags);
    if (diag_error_count(diags) > errors)
        return ERR_INVALID;
    struct sockets sockets = {.worker_count = worker_count, .listener_count = listeners};
    sockets.pairs = calloc(worker_count * listeners, sizeof(*sockets.pairs));
    if (!sockets.pairs)
        return ERR_NO_MEMORY;
    for (size_t i = 0; i < worker_count * listeners; i++)
        sockets.pairs[i] = (struct worker_sockets){.udp = -1, .tcp = -1};
    for (size_t l = 0; l < listeners; l++)
        open_listener(&sockets, &server->listeners[l], l, diags);
    if (diag_error_count(diags) > errors) {
        close_rows(&sockets, 0);
        free(sockets.pairs);
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
    rlim_t fixed = worker_count * (2 * server->listener_count + LOOP_FDS);
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
            worker_new(options, row_of(sockets, w), sockets->listener_count, &net->workers[w]);
        if (err != ERR_OK) {
            close_rows(sockets, w + 1);
            return report_worker(err, diags);
        }
        net->count++;
    }
    return ERR_OK;
}

enum err net_open(const struct config_server *server, const struct net_options *options,
                  struct diag_list *diags, struct net **out_net)
{
    size_t worker_count = worker_count_of(server);
    struct sockets sockets;
    enum err err = open_sockets(server, worker_count, diags, &sockets);
    if (err != ERR_OK)
        return err;
    err = ERR_NO_MEMORY;
    struct net *net = calloc(1, sizeof(*net));
    struct worker **workers = calloc(worker_count, sizeof(*workers));
    if (!net || !workers) {
        close_rows(&sockets, 0);
        goto err_after_sockets;
    }
    net->workers = workers;
    struct worker_options each = {
        .slot = options->slot,
        .wall_s = options->wall_s,
        .answer = {.cookie_key = options->cookie_key, .limiter = options->limiter},
        .tcp = {.connections = connections_of(server, worker_count, diags),
                .per_prefix = server->tcp_per_prefix,
                .idle_ms = server->tcp_idle_ms,
                .message_ms = server->tcp_message_ms},
    };
    err = open_workers(net, &sockets, &each, options->seed, diags);
    free(sockets.pairs);
    if (err != ERR_OK) {
        free_workers(net);
        return err;
    }
    *out_net = net;
    return ERR_OK;

err_after_sockets:
    free(sockets.pairs);
    free(workers);
    free(net);
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

void net_drain(struct net *net)
{
    for (size_t i = 0; i < net->count; i++)
        worker_drain(net->workers[i]);
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

size_t net_worker_count(const struct net *net)
{
    return net->count;
}
