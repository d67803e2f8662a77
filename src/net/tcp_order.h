/* tcp_order.h - connections in a row; joining at the end and leaving from anywhere cost the same
 * few stores, whatever the length.
 *
 * A connection stands in up to three rows at a time, in each of them oldest first:
 */
#pragma once

#include <stddef.h>

struct tcp_conn;

enum tcp_row {
    TCP_ROW_QUIET,  /* all open ones, by their last sign of life */
    TCP_ROW_PREFIX, /* those of one client network, by the same */
    TCP_ROW_WAIT,   /* those that wait for the same thing, by when that began */
    TCP_ROWS,
};

struct tcp_link {
    struct tcp_conn *before, *after;
};

struct tcp_order {
    struct tcp_conn *first, *last;
};

void tcp_order_append(struct tcp_order *order, enum tcp_row row, struct tcp_conn *conn);
void tcp_order_remove(struct tcp_order *order, enum tcp_row row, struct tcp_conn *conn);
