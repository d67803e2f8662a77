/* run_queue.h - which probe may run now: the limits on runs in all and per address.
 *
 * A probe that is due waits in the line of its address. Addresses that have somebody waiting
 * and room for one more run stand in a second line, the ready line; a free place goes to the
 * first probe of the first address, which then goes to the end of the ready line. So probes of
 * one address run in the order in which they became due, addresses take turns, and an address
 * that is full keeps nobody else waiting. Each step costs the same whatever the number of
 * probes.
 *
 *   ready line     A ------> B          C has waiters, but is full
 *   waiting        A1 A2 A3  B1         C9 C10
 *   running        A0        -          C1 ... C8
 *
 * Pure: no clock, no loop. One thread.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "rhumb/err.h"
#include "rhumb/ip.h"

#include "ring.h"

enum run_state { RUN_IDLE, RUN_WAITING, RUN_RUNNING };

struct run_address; /* one per address that has a slot */

/* The part of a probe that the queue knows. */
struct run_slot {
    struct run_address *address; /* owned together with the other slots of this address */
    struct ring in_line;
    enum run_state state;
};

struct run_queue {
    uint32_t max_in_flight, max_per_address; /* at least 1 */
    size_t in_flight, waiting;
    struct ring ready;            /* of struct run_address */
    struct run_address **buckets; /* owned; by hash of the address */
};

/* run_queue_init - returns ERR_OK, ERR_NO_MEMORY. A limit of 0 counts as 1. */
WARN_UNUSED enum err run_queue_init(struct run_queue *queue, uint32_t max_in_flight,
                                    uint32_t max_per_address);

/* run_queue_deinit - every slot has left. */
void run_queue_deinit(struct run_queue *queue);

void run_queue_set_limits(struct run_queue *queue, uint32_t max_in_flight,
                          uint32_t max_per_address);

/* run_queue_join - slot asks addr from now on; it is idle. Returns ERR_OK, ERR_NO_MEMORY. */
WARN_UNUSED enum err run_queue_join(struct run_queue *queue, struct run_slot *slot,
                                    const struct ip_addr *addr);

/* run_queue_leave - forget slot, whether idle, waiting or running. */
void run_queue_leave(struct run_queue *queue, struct run_slot *slot);

/* run_queue_wait - the idle slot is due. */
void run_queue_wait(struct run_queue *queue, struct run_slot *slot);

/* run_queue_next - the slot whose turn it is, now running; NULL when none may start. */
struct run_slot *run_queue_next(struct run_queue *queue);

/* run_queue_has_next - would run_queue_next() return one? */
bool run_queue_has_next(const struct run_queue *queue);

/* run_queue_end - the running slot is idle again. */
void run_queue_end(struct run_queue *queue, struct run_slot *slot);
