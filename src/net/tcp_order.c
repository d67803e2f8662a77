#include "tcp_order.h"

#include "tcp_pool.h"

void tcp_order_append(struct tcp_order *order, enum tcp_row row, struct tcp_conn *conn)
{
    conn->links[row] = (struct tcp_link){.before = order->last};
    if (order->last)
        order->last->links[row].after = conn;
    else
        order->first = conn;
    order->last = conn;
}

void tcp_order_remove(struct tcp_order *order, enum tcp_row row, struct tcp_conn *conn)
{
    struct tcp_link *link = &conn->links[row];
    if (link->before)
        link->before->links[row].after = link->after;
    else
        order->first = link->after;
    if (link->after)
        link->after->links[row].before = link->before;
    else
        order->last = link->before;
}
