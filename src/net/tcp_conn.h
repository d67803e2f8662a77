/* tcp_conn.h - one TCP client: read, answer every whole query, write.
 *
 * Queries may be pipelined; each is answered in turn, and all answers that are ready go out in
 * one write. While a client has not taken its answers nothing more is read from it, so a client
 * that never reads holds one block and no more. Each byte is a sign of life, but the time for a
 * message that has begun, and for taking answers, goes on: one byte now and then keeps no
 * connection alive.
 *
 * The worker's thread only. A connection may be closed inside any of these calls; its object
 * stays valid (state CLOSING) until the next turn of the loop.
 */
#pragma once

#include "tcp_pool.h"

struct net_tls;

struct tcp_newcomer {
    int fd;
    struct ip_addr client;
    uint16_t port;
    bool is_proxy;       /* it says for whom it speaks */
    struct net_tls *tls; /* borrowed; NULL: plain */
};

/* tcp_conn_open - serve it. Owns fd in any case. False: no object is free before the next turn of
 * the loop, no memory for TLS, or the loop cannot watch it; fd is closed. */
bool tcp_conn_open(struct tcp_pool *pool, const struct tcp_newcomer *newcomer);

/* tcp_conn_serve - do what can be done now without waiting; the snapshot is pinned. */
void tcp_conn_serve(struct tcp_conn *conn, const struct snapshot *snapshot);

/* tcp_conn_close - whatever it was doing. Closing twice is fine. */
void tcp_conn_close(struct tcp_conn *conn);
