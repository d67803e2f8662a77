/* worker.h - one thread, its loop, its sockets.
 *
 *   worker_new()    control thread: loop and handles made, sockets taken over
 *   worker_start()  control thread: the thread runs until worker_stop()
 *   worker_drain(), worker_set_tls()   any thread
 *   worker_stop()   control thread: the thread is joined
 *   worker_free()   control thread: never started, or stopped
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "rhumb/err.h"
#include "rhumb/net.h"
#include "rhumb/snapshot.h"

#include "net_socket.h"
#include "tcp_server.h"

struct worker;

struct worker_socket {
    int fd; /* -1: its listener was left out */
    enum net_transport transport;
};

struct worker_options {
    struct snapshot_slot *slot; /* borrowed until worker_free() */
    net_wall_clock wall_s;
    net_wall_clock_ns wall_ns;
    struct tcp_limits tcp;
    struct answer_worker_options answer;
    const struct ip_prefix *proxies; /* borrowed until worker_free() */
    size_t proxy_count;
    struct net_tls *tls; /* borrowed: the worker shares it; NULL: no TLS listeners */
    unsigned number;     /* for the name of the thread */
};

/* worker_new
 *
 * owns     the sockets, also when it fails: then they are closed
 * returns  ERR_OK, ERR_NO_MEMORY, ERR_IO (no descriptors for a loop)
 */
WARN_UNUSED enum err worker_new(const struct worker_options *options,
                                const struct worker_socket *sockets, size_t socket_count,
                                struct worker **out_worker);

/* worker_start - returns ERR_OK, ERR_LIMIT (no thread to be had) */
WARN_UNUSED enum err worker_start(struct worker *worker);
void worker_drain(struct worker *worker);

/* worker_set_tls - for clients that come from now on; owns tls. Any thread. */
void worker_set_tls(struct worker *worker, struct net_tls *tls);

/* worker_tap - see net_tap(). Any thread. */
void worker_tap(struct worker *worker, struct byte_ring *ring);
void worker_stop(struct worker *worker);
void worker_free(struct worker *worker);

/* worker_add_totals - add this worker's counters; any thread. */
void worker_add_totals(const struct worker *worker, struct net_totals *totals);

/* worker_add_counts, worker_kernel_drops - see net.h; while the worker is there. */
void worker_add_counts(const struct worker *worker, struct answer_counts *counts);
uint64_t worker_kernel_drops(const struct worker *worker);

/* worker_connections - open TCP connections; any thread. */
size_t worker_connections(const struct worker *worker);
