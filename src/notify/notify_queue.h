/* notify_queue.h - the notices that wait for one receiver: first in, first out, and bounded.
 *
 *   critical   3 -> 7
 *   warning    1 -> 4 -> 6      the smallest number of all is told next
 *   info       2 -> 5           the first of the lowest line goes when there is no room
 *
 * Bounded by what they take in memory. A full queue gives up what matters least: of the lowest
 * severity the oldest, be it the newcomer itself. Each step costs the same, however many wait.
 * Pure but for memory.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "notice.h"

struct notify_waiting; /* one notice in a line */

struct notify_line {
    struct notify_waiting *first, *last; /* NULL: nobody waits */
};

struct notify_queue {
    struct notify_line lines[CONFIG_CRITICAL + 1]; /* by severity; owned */
    size_t count, bytes, max_bytes;
    uint64_t last_number;
};

void notify_queue_init(struct notify_queue *queue, size_t max_bytes);
void notify_queue_deinit(struct notify_queue *queue);

/* notify_queue_weigh - what the notice takes in a queue. */
size_t notify_queue_weigh(const struct notice *notice);

/* What a newcomer has cost. */
struct notify_loss {
    size_t count;                  /* notices that had to go, maybe it itself */
    enum config_severity severity; /* the highest of them */
};

/* notify_queue_put - one reference more, if it stays. */
struct notify_loss notify_queue_put(struct notify_queue *queue, struct notice *notice);

/* notify_queue_take - the oldest, with its reference; NULL when nothing waits. */
struct notice *notify_queue_take(struct notify_queue *queue);

/* notify_queue_expire - drop those from before since_ms; how many. */
size_t notify_queue_expire(struct notify_queue *queue, uint64_t since_ms);
