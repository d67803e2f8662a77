/* notify_queue.h - the notices that wait for one receiver: first in, first out, and bounded.
 *
 * A full queue gives up what matters least: of the lowest severity the oldest, be it the newcomer
 * itself. Pure but for memory.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "rhumb/err.h"

#include "notice.h"

struct notify_queue {
    struct notice **notices; /* owned, and one reference of each */
    size_t first, count, max;
};

WARN_UNUSED enum err notify_queue_init(struct notify_queue *queue, size_t max);
void notify_queue_deinit(struct notify_queue *queue);

/* notify_queue_put - one reference more. True when there was room; false when a notice, maybe
 * this one, had to go. */
bool notify_queue_put(struct notify_queue *queue, struct notice *notice);

/* notify_queue_take - the oldest, with its reference; NULL when nothing waits. */
struct notice *notify_queue_take(struct notify_queue *queue);

/* notify_queue_expire - drop those from before since_ms; how many. */
size_t notify_queue_expire(struct notify_queue *queue, uint64_t since_ms);
