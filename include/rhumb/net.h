/* net.h - the workers: sockets in, answer_query(), sockets out.
 *
 * Each worker is a thread with its own uv loop and its own sockets (SO_REUSEPORT), so nothing
 * is shared between workers but the snapshot. Sockets are opened by the control thread before
 * privileges are dropped.
 *
 *   net_open()  -> every listener bound for every worker, or an error that names the address
 *   net_start() -> the threads run
 *   net_drain() -> no new TCP connections, open ones may finish what they asked; UDP goes on
 *   net_stop()  -> threads joined, sockets closed
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "rhumb/answer.h"
#include "rhumb/byte_ring.h"
#include "rhumb/config.h"
#include "rhumb/diag.h"
#include "rhumb/err.h"
#include "rhumb/snapshot.h"

struct net;

/* Counted by each worker beside answer_counters. */
#define NET_COUNTERS(X)                                                                        \
    X(udp_received)                                                                            \
    X(udp_no_sender)                                                                           \
    X(udp_sent)                                                                                \
    X(udp_send_dropped)                                                                        \
    X(tcp_accepted)                                                                            \
    X(tcp_queries)                                                                             \
    X(tcp_evicted)                                                                             \
    X(tcp_over_prefix)                                                                         \
    X(tcp_too_slow)                                                                            \
    X(tcp_closed_bad)                                                                          \
    X(tls_handshakes)                                                                          \
    X(tls_failed)                                                                              \
    X(proxy_bad)

struct net_totals { /* summed over workers */
#define NET_TOTAL(name) uint64_t name;
    NET_COUNTERS(NET_TOTAL)
    ANSWER_COUNTERS(NET_TOTAL)
#undef NET_TOTAL
};

/* Seconds since 1970. Called by workers: it must not block. */
typedef uint32_t (*net_wall_clock)(void);

/* Nanoseconds since 1970, of queries that are logged; likewise. */
typedef uint64_t (*net_wall_clock_ns)(void);

struct net_options {
    struct snapshot_slot *slot; /* borrowed until net_stop() */
    net_wall_clock wall_s;
    net_wall_clock_ns wall_ns;
    uint64_t seed;                  /* of what the workers leave to chance */
    const uint8_t *cookie_key;      /* DNS_COOKIE_SECRET_BYTES, copied; NULL: zeros */
    struct answer_limiter *limiter; /* borrowed until net_stop(); NULL: no rate limit */
};

/* ---- certificate and key of DNS over TLS ---- */

struct net_tls; /* both, ready for use */

/* net_tls_load - read and judge what server->tls names.
 *
 * owns     *out_tls: net_set_tls() or net_tls_free() it; NULL without TLS listeners
 * returns  ERR_OK (warnings possible); ERR_INVALID with each file that is unreadable, no
 *          certificate, no key, or does not match; ERR_NO_MEMORY
 * threads  any; touches files
 */
WARN_UNUSED enum err net_tls_load(const struct config_server *server, struct diag_list *diags,
                                  struct net_tls **out_tls);
void net_tls_free(struct net_tls *tls);

/* ---- the workers ---- */

/* net_open - bind every listener of server for each worker (server->workers; 0: one per online
 * core).
 *
 * owns     *out_net: free it with net_stop()
 * returns  ERR_OK; ERR_INVALID with one error per address that cannot be bound (in use, no
 *          permission, no such address) and those of net_tls_load(), nothing stays open;
 *          ERR_NO_MEMORY
 */
WARN_UNUSED enum err net_open(const struct config_server *server,
                              const struct net_options *options, struct diag_list *diags,
                              struct net **out_net);

/* net_start - start the threads; a snapshot has been published.
 * returns  ERR_OK; ERR_LIMIT when a thread cannot be had: then none runs */
WARN_UNUSED enum err net_start(struct net *net);

/* net_set_tls - clients that come from now on get this certificate; open connections keep theirs.
 * Owns tls; NULL changes nothing. Control thread. */
void net_set_tls(struct net *net, struct net_tls *tls);

/* net_drain - stop accepting; connections close when their pending answers are written. */
void net_drain(struct net *net);

/* net_tap - the worker's queries go into ring, as the snapshot's query_log says. Once a worker,
 * numbered from 0. Borrows ring until net_stop(). Control thread. */
void net_tap(struct net *net, size_t worker, struct byte_ring *ring);

/* net_connections - TCP connections open now, all workers. */
size_t net_connections(const struct net *net);

/* net_stop - stop and join the threads, close all sockets, free. NULL is fine. */
void net_stop(struct net *net);

void net_totals(const struct net *net, struct net_totals *out_totals);

/* net_add_counts - what the workers have counted by kind, added to counts. Control thread. */
void net_add_counts(const struct net *net, struct answer_counts *counts);

/* net_kernel_drops - UDP packets that the kernel had no room for in our sockets' queues, since they
 * were opened. Control thread. */
uint64_t net_kernel_drops(const struct net *net);

size_t net_worker_count(const struct net *net);
