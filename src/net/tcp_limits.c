#include "tcp_limits.h"

enum { LEAST_SHARE = 10 }; /* of the idle time, when all slots are taken */

uint32_t tcp_idle_ms(const struct tcp_limits *limits, size_t open)
{
    size_t half = limits->connections / 2;
    if (open < half || limits->connections < 2)
        return limits->idle_ms;
    uint32_t least = limits->idle_ms / LEAST_SHARE;
    size_t left = open < limits->connections ? limits->connections - open : 0;
    return least + (uint32_t)((uint64_t)(limits->idle_ms - least) * left /
                              (limits->connections - half));
}

uint32_t tcp_shortest_ms(const struct tcp_limits *limits)
{
    uint32_t least = limits->idle_ms / LEAST_SHARE;
    return least < limits->message_ms ? least : limits->message_ms;
}

uint32_t tcp_patience_ms(const struct tcp_limits *limits, size_t waiting, size_t room)
{
    if (8 * waiting >= 7 * room)
        return 0;
    uint64_t most = limits->idle_ms / LEAST_SHARE;
    uint64_t fair = waiting > 0 ? (uint64_t)TCP_WAIT_MS * limits->connections / waiting : most;
    if (fair < TCP_PATIENCE_MS)
        fair = TCP_PATIENCE_MS;
    return (uint32_t)(fair < most ? fair : most);
}
