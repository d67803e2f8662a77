/* tcp_prefix.h - the client networks that have connections now, and how many each.
 *
 * A network is what one customer usually has: an IPv4 /24, an IPv6 /56. The table is made for
 * as many networks as there may be connections, so joining cannot fail; it is keyed, because
 * outsiders choose what is in it.
 *
 * No I/O, no allocation after init. The worker's thread only.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "rhumb/err.h"
#include "rhumb/ip.h"

#include "tcp_order.h"

struct tcp_prefix {
    struct ip_addr network;
    size_t count;            /* connections; 0: not in the table */
    struct tcp_order quiet;  /* they, the most quiet first */
    struct tcp_prefix *next; /* in its chain, or of the free ones */
};

struct tcp_prefix_table {
    struct tcp_prefix *prefixes;
    struct tcp_prefix **chains;
    size_t chain_mask; /* their number, a power of two, less one */
    struct tcp_prefix *free;
    uint8_t key[16];
};

WARN_UNUSED enum err tcp_prefix_table_init(struct tcp_prefix_table *table, size_t conn_count,
                                           uint64_t seed);
void tcp_prefix_table_deinit(struct tcp_prefix_table *table);

/* tcp_prefix_find - the network of client; NULL: it has no connection. */
struct tcp_prefix *tcp_prefix_find(const struct tcp_prefix_table *table,
                                   const struct ip_addr *client);

/* tcp_prefix_join - one connection more. */
struct tcp_prefix *tcp_prefix_join(struct tcp_prefix_table *table,
                                   const struct ip_addr *client);

/* tcp_prefix_leave - one less; with the last the network is forgotten. */
void tcp_prefix_leave(struct tcp_prefix_table *table, struct tcp_prefix *prefix);
