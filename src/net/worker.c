#include "worker.h"

#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "rhumb/hash.h"
#include "rhumb/require.h"

#include "tls.h"
#include "udp_server.h"

enum { CACHE_LINE = 64 };

struct worker {
    /* Read by others while this worker runs: on lines of their own. */
    _Alignas(CACHE_LINE) struct net_counters counters;
    _Alignas(CACHE_LINE) struct answer_worker answer;
    struct worker_context context;
    uv_loop_t loop;
    uv_async_t wake; /* look at the three wishes below */
    atomic_bool drain_wanted, stop_wanted;
    struct net_tls *_Atomic tls_wanted; /* owned by whoever takes it out; NULL: none */
    struct udp_batch *batch;
    struct udp_server *udp;
    size_t udp_count;
    struct tcp_server tcp;
    struct answer_counts *counts;
    struct query_tap tap;
    uv_thread_t thread;
    bool running; /* control thread only */
    unsigned number;
};

static void on_wake(uv_async_t *wake)
{
    struct worker *worker = wake->data;
    struct net_tls *tls = atomic_exchange(&worker->tls_wanted, NULL);
    if (tls)
        tcp_server_set_tls(&worker->tcp, tls);
    if (atomic_load_explicit(&worker->drain_wanted, memory_order_relaxed))
        tcp_server_drain(&worker->tcp);
    if (!atomic_load_explicit(&worker->stop_wanted, memory_order_relaxed))
        return;
    for (size_t i = 0; i < worker->udp_count; i++)
        udp_server_serve(&worker->udp[i]); /* what has arrived is answered */
    uv_stop(&worker->loop);
}

/* ---- making ---- */

static void close_sockets(const struct worker_socket *sockets, size_t socket_count)
{
    for (size_t i = 0; i < socket_count; i++)
        if (sockets[i].fd >= 0)
            close(sockets[i].fd);
}

static enum err take_socket(struct worker *worker, const struct worker_socket *socket)
{
    if (socket->transport != NET_UDP)
        return tcp_server_listen(&worker->tcp, socket->fd, socket->transport == NET_TLS);
    enum err err = udp_server_open(&worker->udp[worker->udp_count], socket->fd, worker->batch,
                                   &worker->context);
    if (err == ERR_OK)
        worker->udp_count++;
    return err;
}

/* take_sockets - every socket is owned by its server afterwards, or closed. */
static enum err take_sockets(struct worker *worker, const struct worker_socket *sockets,
                             size_t socket_count)
{
    enum err first = ERR_OK;
    for (size_t i = 0; i < socket_count; i++) {
        enum err err = sockets[i].fd >= 0 ? take_socket(worker, &sockets[i]) : ERR_OK;
        if (first == ERR_OK)
            first = err;
    }
    return first;
}

/* make - a worker without sockets. */
static enum err make(const struct worker_options *options, size_t socket_count,
                     struct worker **out_worker)
{
    enum err err = ERR_NO_MEMORY;
    struct worker *worker = aligned_alloc(CACHE_LINE, sizeof(*worker));
    if (!worker)
        return err;
    memset(worker, 0, sizeof(*worker));
    worker->number = options->number;
    worker->batch = calloc(1, sizeof(*worker->batch));
    worker->udp = calloc(socket_count, sizeof(*worker->udp));
    worker->counts = answer_counts_new();
    if (!worker->batch || !worker->udp || !worker->counts)
        goto err_after_worker;
    err = ERR_IO;
    if (uv_loop_init(&worker->loop) != 0)
        goto err_after_worker;
    if (uv_async_init(&worker->loop, &worker->wake, on_wake) != 0)
        goto err_after_loop;
    worker->wake.data = worker;
    worker->context = (struct worker_context){.loop = &worker->loop,
                                              .wall_s = options->wall_s,
                                              .slot = options->slot,
                                              .answer = &worker->answer,
                                              .counters = &worker->counters,
                                              .tap = &worker->tap,
                                              .proxies = options->proxies,
                                              .proxy_count = options->proxy_count};
    err = tcp_server_open(&worker->tcp, &options->tcp, socket_count, options->answer.seed,
                          &worker->context);
    if (err != ERR_OK)
        goto err_after_wake;
    tcp_server_set_tls(&worker->tcp, tls_share(options->tls));
    query_tap_init(&worker->tap, options->wall_ns, hash_mix(options->answer.seed));
    struct answer_worker_options answer = options->answer;
    answer.counts = worker->counts;
    answer_worker_init(&worker->answer, &answer);
    *out_worker = worker;
    return ERR_OK;

err_after_wake:
    uv_close((uv_handle_t *)&worker->wake, NULL);
    (void)uv_run(&worker->loop, UV_RUN_DEFAULT);
err_after_loop:
    (void)uv_loop_close(&worker->loop);
err_after_worker:
    answer_counts_free(worker->counts);
    free(worker->udp);
    free(worker->batch);
    free(worker);
    return err;
}

enum err worker_new(const struct worker_options *options, const struct worker_socket *sockets,
                    size_t socket_count, struct worker **out_worker)
{
    struct worker *worker;
    enum err err = make(options, socket_count, &worker);
    if (err != ERR_OK) {
        close_sockets(sockets, socket_count);
        return err;
    }
    err = take_sockets(worker, sockets, socket_count);
    if (err != ERR_OK) {
        worker_free(worker);
        return err;
    }
    *out_worker = worker;
    return ERR_OK;
}

void worker_free(struct worker *worker)
{
    if (!worker)
        return;
    REQUIRE(!worker->running);
    for (size_t i = 0; i < worker->udp_count; i++)
        udp_server_close(&worker->udp[i]);
    tcp_server_close(&worker->tcp);
    uv_close((uv_handle_t *)&worker->wake, NULL);
    (void)uv_run(&worker->loop, UV_RUN_DEFAULT); /* until the last handle is gone */
    REQUIRE(uv_loop_close(&worker->loop) == 0);
    tcp_server_deinit(&worker->tcp);
    net_tls_free(atomic_load(&worker->tls_wanted));
    answer_counts_free(worker->counts);
    free(worker->udp);
    free(worker->batch);
    free(worker);
}

/* ---- running ---- */

static void run(void *arg)
{
    struct worker *worker = arg;
    char name[16]; /* all that the kernel keeps */
    snprintf(name, sizeof(name), "rhumb-w%u", worker->number);
    (void)pthread_setname_np(pthread_self(), name);
    snapshot_reader_join();
    (void)uv_run(&worker->loop, UV_RUN_DEFAULT);
    snapshot_reader_leave();
}

/* Signals belong to the control thread; those that a fault of this thread raises stay open. */
static void block_signals(sigset_t *out_before)
{
    static const int faults[] = {SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGTRAP, SIGABRT, SIGSYS};

    sigset_t set;
    sigfillset(&set);
    for (size_t i = 0; i < sizeof(faults) / sizeof(faults[0]); i++)
        sigdelset(&set, faults[i]);
    (void)pthread_sigmask(SIG_BLOCK, &set, out_before);
}

enum err worker_start(struct worker *worker)
{
    sigset_t before;
    block_signals(&before);
    int error = uv_thread_create(&worker->thread, run, worker);
    (void)pthread_sigmask(SIG_SETMASK, &before, NULL);
    if (error != 0)
        return ERR_LIMIT;
    worker->running = true;
    return ERR_OK;
}

void worker_drain(struct worker *worker)
{
    atomic_store_explicit(&worker->drain_wanted, true, memory_order_relaxed);
    (void)uv_async_send(&worker->wake);
}

void worker_set_tls(struct worker *worker, struct net_tls *tls)
{
    net_tls_free(atomic_exchange(&worker->tls_wanted, tls)); /* one it had no time for */
    (void)uv_async_send(&worker->wake);
}

void worker_tap(struct worker *worker, struct byte_ring *ring)
{
    query_tap_open(&worker->tap, ring);
}

void worker_stop(struct worker *worker)
{
    if (!worker->running)
        return;
    atomic_store_explicit(&worker->stop_wanted, true, memory_order_relaxed);
    (void)uv_async_send(&worker->wake);
    (void)uv_thread_join(&worker->thread);
    worker->running = false;
}

/* ---- counters ---- */

static uint64_t counter_get(const _Atomic uint64_t *counter)
{
    return atomic_load_explicit(counter, memory_order_relaxed);
}

void worker_add_totals(const struct worker *worker, struct net_totals *totals)
{
#define ADD_NET(name) totals->name += counter_get(&worker->counters.name);
    NET_COUNTERS(ADD_NET)
#undef ADD_NET
#define ADD_ANSWER(name) totals->name += counter_get(&worker->answer.counters.name);
    ANSWER_COUNTERS(ADD_ANSWER)
#undef ADD_ANSWER
}

void worker_add_counts(const struct worker *worker, struct answer_counts *counts)
{
    answer_counts_add(counts, worker->counts);
}

uint64_t worker_kernel_drops(const struct worker *worker)
{
    uint64_t drops = 0;
    for (size_t i = 0; i < worker->udp_count; i++)
        drops += udp_server_kernel_drops(&worker->udp[i]);
    return drops;
}

size_t worker_connections(const struct worker *worker)
{
    return counter_get(&worker->counters.tcp_open);
}
