#include "notify_queue.h"

#include <stdlib.h>

static struct notice **at(const struct notify_queue *queue, size_t idx)
{
    return &queue->notices[(queue->first + idx) % queue->max];
}

enum err notify_queue_init(struct notify_queue *queue, size_t max)
{
    *queue = (struct notify_queue){.max = max};
    queue->notices = calloc(max, sizeof(struct notice *));
    return queue->notices ? ERR_OK : ERR_NO_MEMORY;
}

void notify_queue_deinit(struct notify_queue *queue)
{
    for (size_t i = 0; i < queue->count; i++)
        notice_unref(*at(queue, i));
    free(queue->notices);
    *queue = (struct notify_queue){0};
}

/* find_least - the oldest of the lowest severity; the queue is not empty. */
static size_t find_least(const struct notify_queue *queue)
{
    size_t least = 0;
    for (size_t i = 1; i < queue->count; i++)
        if ((*at(queue, i))->severity < (*at(queue, least))->severity)
            least = i;
    return least;
}

/* drop - those behind it move up: order is kept. */
static void drop(struct notify_queue *queue, size_t idx)
{
    notice_unref(*at(queue, idx));
    for (size_t i = idx + 1; i < queue->count; i++)
        *at(queue, i - 1) = *at(queue, i);
    queue->count--;
}

bool notify_queue_put(struct notify_queue *queue, struct notice *notice)
{
    bool full = queue->count == queue->max;
    if (full) {
        size_t least = find_least(queue);
        if (notice->severity < (*at(queue, least))->severity)
            return false;
        drop(queue, least);
    }
    *at(queue, queue->count++) = notice_ref(notice);
    return !full;
}

struct notice *notify_queue_take(struct notify_queue *queue)
{
    if (queue->count == 0)
        return NULL;
    struct notice *notice = *at(queue, 0);
    queue->first = (queue->first + 1) % queue->max;
    queue->count--;
    return notice;
}

size_t notify_queue_expire(struct notify_queue *queue, uint64_t since_ms)
{
    size_t expired = 0;
    for (; queue->count > 0 && (*at(queue, 0))->since_ms < since_ms; expired++)
        notice_unref(notify_queue_take(queue));
    return expired;
}
