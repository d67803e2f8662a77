#include "notify_queue.h"

#include <stdlib.h>
#include <string.h>

enum {
    LINES = CONFIG_CRITICAL + 1,
    ALLOCATION_BYTES = 16, /* what malloc() adds to each, about */
    ALLOCATIONS = 5,       /* of a notice, its three texts, and its place in a line */
};

struct notify_waiting {
    struct notify_waiting *next;
    struct notice *notice; /* one reference */
    uint64_t number;       /* in the order of arrival */
};

size_t notify_queue_weigh(const struct notice *notice)
{
    return sizeof(struct notify_waiting) + sizeof(*notice) + strlen(notice->id) +
           strlen(notice->kind) + strlen(notice->json) + (size_t)ALLOCATIONS * ALLOCATION_BYTES;
}

void notify_queue_init(struct notify_queue *queue, size_t max_bytes)
{
    *queue = (struct notify_queue){.max_bytes = max_bytes};
}

/* shift - the first of a line, which is not empty, with its reference. */
static struct notice *shift(struct notify_queue *queue, struct notify_line *line)
{
    struct notify_waiting *waiting = line->first;
    struct notice *notice = waiting->notice;
    line->first = waiting->next;
    if (!line->first)
        line->last = NULL;
    free(waiting);
    queue->count--;
    queue->bytes -= notify_queue_weigh(notice);
    return notice;
}

void notify_queue_deinit(struct notify_queue *queue)
{
    for (size_t i = 0; i < LINES; i++)
        while (queue->lines[i].first)
            notice_unref(shift(queue, &queue->lines[i]));
    *queue = (struct notify_queue){0};
}

static void count_loss(struct notify_loss *loss, enum config_severity severity)
{
    loss->count++;
    if (severity > loss->severity)
        loss->severity = severity;
}

/* make_room - false: what waits matters more than a notice of this severity. */
static bool make_room(struct notify_queue *queue, size_t weight, enum config_severity severity,
                      struct notify_loss *loss)
{
    size_t lowest = 0;
    while (queue->bytes + weight > queue->max_bytes) {
        while (lowest <= severity && !queue->lines[lowest].first)
            lowest++;
        if (lowest > severity)
            return false;
        notice_unref(shift(queue, &queue->lines[lowest]));
        count_loss(loss, (enum config_severity)lowest);
    }
    return true;
}

struct notify_loss notify_queue_put(struct notify_queue *queue, struct notice *notice)
{
    size_t weight = notify_queue_weigh(notice);
    struct notify_loss loss = {0};
    struct notify_line *line = &queue->lines[notice->severity];
    struct notify_waiting *waiting = calloc(1, sizeof(*waiting));
    if (!waiting || !make_room(queue, weight, notice->severity, &loss)) {
        free(waiting);
        count_loss(&loss, notice->severity);
        return loss;
    }
    waiting->notice = notice_ref(notice);
    waiting->number = ++queue->last_number;
    if (line->last)
        line->last->next = waiting;
    else
        line->first = waiting;
    line->last = waiting;
    queue->count++;
    queue->bytes += weight;
    return loss;
}

struct notice *notify_queue_take(struct notify_queue *queue)
{
    struct notify_line *oldest = NULL;
    for (size_t i = 0; i < LINES; i++) {
        struct notify_line *line = &queue->lines[i];
        if (line->first && (!oldest || line->first->number < oldest->first->number))
            oldest = line;
    }
    return oldest ? shift(queue, oldest) : NULL;
}

size_t notify_queue_expire(struct notify_queue *queue, uint64_t since_ms)
{
    size_t expired = 0;
    for (size_t i = 0; i < LINES; i++)
        for (; queue->lines[i].first && queue->lines[i].first->notice->since_ms < since_ms;
             expired++)
            notice_unref(shift(queue, &queue->lines[i]));
    return expired;
}
