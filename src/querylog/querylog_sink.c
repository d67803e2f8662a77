#include "querylog_sink.h"

#include <stdlib.h>
#include <string.h>

#include "rhumb/clock.h"
#include "rhumb/log.h"

bool querylog_sink_init(struct querylog_sink *sink, const char *path,
                        struct querylog_counts *counts)
{
    sink->counts = counts;
    sink->path = strdup(path);
    return sink->path != NULL;
}

void querylog_sink_deinit(struct querylog_sink *sink)
{
    free(sink->path);
}

/* add - one writer: no bus lock. */
static void add(_Atomic uint64_t *counter, uint64_t count)
{
    uint64_t now = atomic_load_explicit(counter, memory_order_relaxed);
    atomic_store_explicit(counter, now + count, memory_order_relaxed);
}

void querylog_sink_wrote(struct querylog_sink *sink, uint64_t count)
{
    char quoted[LOG_QUOTE_MAX];
    add(&sink->counts->written, count);
    if (!sink->is_failing)
        return;
    sink->is_failing = false;
    log_event(LOG_LEVEL_INFO, "query_log_works", "path=%s", log_quote(sink->path, quoted));
}

void querylog_sink_lost(struct querylog_sink *sink, uint64_t count)
{
    add(&sink->counts->lost, count);
}

void querylog_sink_fail(struct querylog_sink *sink, const char *reason)
{
    char quoted[LOG_QUOTE_MAX], why[LOG_QUOTE_MAX];
    sink->again_ms = clock_monotonic_ms() + QUERYLOG_RETRY_MS;
    if (sink->is_failing)
        return;
    sink->is_failing = true;
    log_event(LOG_LEVEL_ERROR, "query_log_failed",
              "path=%s reason=%s remedy=\"queries are answered, and not logged; it is tried "
              "again every second\"",
              log_quote(sink->path, quoted), log_quote(reason, why));
}

bool querylog_sink_may_try(const struct querylog_sink *sink)
{
    return clock_monotonic_ms() >= sink->again_ms;
}
