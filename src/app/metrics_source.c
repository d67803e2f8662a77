#include "metrics_source.h"

#include "rhumb/clock.h"
#include "rhumb/metrics.h"

static struct metrics_reload reload_of(const struct reload *reload)
{
    struct reload_facts facts = reload_facts(reload);
    return (struct metrics_reload){
        .loaded_ms = facts.loaded_ms,
        .is_good = facts.failed_ms == 0,
        .succeeded = facts.succeeded,
        .failed = facts.failed,
        .took_ms = facts.took_ms,
        .grace_us = facts.grace_us,
    };
}

void metrics_source_write(const struct metrics_source *source, struct text *out)
{
    struct net_totals net;
    struct answer_counts *answers = source->net ? answer_counts_new() : NULL;
    struct metrics_sources sources = {
        .now_ms = clock_wall_ms(),
        .started_ms = source->started_ms,
        .version = RHUMB_VERSION,
        .snapshot = snapshot_current(source->slot),
        .answers = answers,
        .net = &net,
        .monitor = source->monitor,
        .reload = reload_of(source->reload),
        .subscribers = source->admin ? admin_subscriber_count(source->admin) : 0,
    };
    if (!answers) {
        out->failed = true;
        return;
    }
    net_add_counts(source->net, answers);
    net_totals(source->net, &net);
    sources.kernel_drops = net_kernel_drops(source->net);
    sources.connections = net_connections(source->net);
    sources.workers = net_worker_count(source->net);
    querylog_totals(logs_queries(source->logs), &sources.queries);
    if (source->notify)
        sources.notices = notify_totals(source->notify);
    process_facts_read(&sources.process);
    metrics_write(out, &sources);
    answer_counts_free(answers);
}
