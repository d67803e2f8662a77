/* tcp_limits.h - how long a TCP client may take for what, by how crowded its worker is.
 *
 *   waiting for             limit                      why
 *   the next query          idle_ms while less than    a slot costs nothing while others are free
 *                           half of the slots are
 *                           taken, then down in a
 *                           line to a tenth of it
 *   the rest of a message   message_ms                 a byte now and then is no sign of life
 *   a client that takes     idle_ms                    a block of answers is all that it can hold
 *   its answers
 *
 * And how long a connection that keeps still is left alone while newcomers wait for its slot.
 *
 * Pure.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

struct tcp_limits {
    size_t connections; /* at most, 1.. */
    size_t per_prefix;  /* of one client network, 1.. */
    uint32_t idle_ms;
    uint32_t message_ms;
};

/* tcp_idle_ms - how long a client may keep still between two queries while open connections are
 * there. */
uint32_t tcp_idle_ms(const struct tcp_limits *limits, size_t open);

/* tcp_shortest_ms - no wait that begins now ends sooner. */
uint32_t tcp_shortest_ms(const struct tcp_limits *limits);

/* tcp_patience_ms - how long a connection must have kept still to give way, when all slots are
 * taken.
 *
 * As long as few wait, a tenth of idle_ms: who connects and asks a little later, or writes
 * slowly, is not pushed out by a crowd. The longer the queue the shorter, so that its end is
 * reached in about TCP_WAIT_MS, but not below TCP_PATIENCE_MS, two long round trips; and 0 when the
 * queue is nearly full, for a client that finds it full is turned away by the kernel.
 *
 * shape    waiting: accepted by the kernel and not yet by us; room: of that queue, 0 unknown
 */
enum { TCP_WAIT_MS = 1000, TCP_PATIENCE_MS = 500 };

uint32_t tcp_patience_ms(const struct tcp_limits *limits, size_t waiting, size_t room);
