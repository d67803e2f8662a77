#include "monitor_stale.h"

#include "monitor_news.h"

enum {
    LEAST_MS = 3000,  /* a busy machine is no reason for an alarm */
    AGAIN_MS = 60000, /* more of them are told at most so often */
};

/* is_stale - nothing true was heard of it for two rounds. */
static bool is_stale(const struct machine *machine, const struct config_check *check,
                     uint64_t now_ms)
{
    uint64_t age_ms = now_ms > machine->heard_ms ? now_ms - machine->heard_ms : 0;
    uint64_t most_ms = 2 * (uint64_t)check->interval_ms + check->timeout_ms;
    return (machine->probe || machine->host) &&
           age_ms > (most_ms > LEAST_MS ? most_ms : LEAST_MS);
}

void monitor_stale_review(struct monitor_stale *stale, const struct herald *herald,
                          const struct snapshot *snapshot, const struct machine_set *machines,
                          uint64_t now_ms)
{
    size_t count = 0;
    const struct machine *example = NULL;
    for (size_t i = 0; i < machines->count; i++) {
        const struct snapshot_target *target = &snapshot->targets[i];
        if (!is_stale(machines->list[i], &snapshot->config->checks[target->check], now_ms))
            continue;
        count++;
        example = machines->list[i];
    }
    bool is_news = count > stale->count ? now_ms >= stale->told_ms + AGAIN_MS
                                        : count == 0 && stale->count > 0;
    if (!is_news)
        return;
    *stale = (struct monitor_stale){.count = count, .told_ms = count > 0 ? now_ms : 0};
    monitor_news_stale(herald, snapshot, count, example);
}
