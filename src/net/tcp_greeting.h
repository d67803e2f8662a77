/* tcp_greeting.h - what comes before the first query: who the client is, when a proxy says so,
 * and the TLS handshake. A time limit is on all of it together (TCP_WAIT_REST).
 *
 * The worker's thread only.
 */
#pragma once

#include "tcp_pool.h"

enum tcp_greeting {
    TCP_GREETING_DONE,   /* queries may come */
    TCP_GREETING_WAIT,   /* for the client, or for this turn of the loop to be over */
    TCP_GREETING_FAILED, /* close; not counted yet */
};

/* tcp_greet - go on with it. Of the stream not a byte more is read than belongs to it. */
enum tcp_greeting tcp_greet(struct tcp_conn *conn, const struct snapshot *snapshot);

/* tcp_greet_client - client has a slot; where its network has as many connections as it may, the
 * most quiet of them gives way, after a last look. */
void tcp_greet_client(struct tcp_pool *pool, const struct ip_addr *client,
                      const struct snapshot *snapshot);
