/* The process itself, and what it has loaded. */
#include "rhumb/require.h"

#include "metrics_page.h"
#include "metrics_text.h"

static void put_kernel_facts(struct text *out, const struct metrics_sources *sources)
{
    const struct process_facts *facts = &sources->process;
    metrics_one_real(out, "process_cpu_seconds_total", METRICS_COUNTER,
                     "User and system CPU time of all threads.", facts->cpu_s);
    metrics_one(out, "process_resident_memory_bytes", METRICS_GAUGE, "Resident memory.",
                facts->resident_bytes);
    metrics_one(out, "process_virtual_memory_bytes", METRICS_GAUGE, "Virtual memory.",
                facts->virtual_bytes);
    metrics_one(out, "process_open_fds", METRICS_GAUGE, "Open file descriptors.",
                facts->open_fds);
    metrics_one(out, "process_max_fds", METRICS_GAUGE,
                "Most file descriptors that may be open.", facts->max_fds);
    metrics_one(out, "process_threads", METRICS_GAUGE, "Threads.", facts->threads);
    metrics_one_real(out, "process_start_time_seconds", METRICS_GAUGE,
                     "When the process started, since 1970.",
                     (double)sources->started_ms / 1000);
}

static void put_build(struct text *out, const char *version)
{
    metrics_family(out, "rhumb_build_info", METRICS_GAUGE, "Always 1; what runs.");
    metrics_labelled(out, "rhumb_build_info", "version", version, 1);
}

static void put_reloads(struct text *out, const struct metrics_reload *reload)
{
    static const char NAME[] = "rhumb_config_reload_total";
    metrics_family(out, NAME, METRICS_COUNTER, "Reloads of the configuration and its files.");
    metrics_labelled(out, NAME, "result", "success", reload->succeeded);
    metrics_labelled(out, NAME, "result", "failure", reload->failed);
    metrics_one(out, "rhumb_config_last_reload_successful", METRICS_GAUGE,
                "1: the latest reload, or the start, succeeded; 0: what was before is served.",
                reload->is_good);
    metrics_one_real(out, "rhumb_config_last_reload_success_timestamp_seconds", METRICS_GAUGE,
                     "When what is served was loaded, since 1970.",
                     (double)reload->loaded_ms / 1000);
    metrics_one_real(out, "rhumb_config_reload_duration_seconds", METRICS_GAUGE,
                     "How long the latest successful reload took; 0: there was none.",
                     (double)reload->took_ms / 1000);
    metrics_one_real(out, "rhumb_snapshot_grace_period_seconds", METRICS_GAUGE,
                     "How long workers have held on to what was before the latest reload.",
                     (double)reload->grace_us / 1e6);
}

static void put_databases(struct text *out, const struct snapshot *snapshot)
{
    static const char NAME[] = "rhumb_geo_db_build_timestamp_seconds";
    metrics_family(out, NAME, METRICS_GAUGE, "When a geo database was built, since 1970.");
    for (size_t i = 0; i < snapshot->database_count; i++)
        metrics_labelled(out, NAME, "database", snapshot->databases[i].path,
                         snapshot->databases[i].built_s);
}

static void put_zones(struct text *out, const struct zone_set *zones)
{
    static const char NAME[] = "rhumb_zone_serial";
    metrics_family(out, NAME, METRICS_GAUGE, "Serial of the zone's SOA.");
    for (size_t i = 0; i < zones->zone_count; i++) {
        char name[DNS_NAME_TEXT_MAX];
        metrics_labelled(out, NAME, "zone", dns_name_to_text(zones->zones[i]->origin, name),
                         zones->zones[i]->serial);
    }
}

static double since_s(uint64_t now_ms, uint64_t then_ms)
{
    return now_ms > then_ms ? (double)(now_ms - then_ms) / 1000 : 0;
}

static void put_age(struct text *out, const char *source, double age_s)
{
    struct metrics_sample sample;
    metrics_begin(&sample, out, "rhumb_state_age_seconds");
    metrics_label(&sample, "source", source);
    metrics_real(&sample, age_s);
}

/* put_ages - of what answers are made from: the oldest part of each. */
static void put_ages(struct text *out, const struct metrics_sources *sources)
{
    const struct snapshot *snapshot = sources->snapshot;
    uint64_t oldest_s = UINT64_MAX;
    metrics_family(out, "rhumb_state_age_seconds", METRICS_GAUGE,
                   "How old that is what answers are made from: zones since they were loaded, "
                   "the oldest geo database, the most silent target.");
    put_age(out, "zone", since_s(sources->now_ms, sources->reload.loaded_ms));
    for (size_t i = 0; i < snapshot->database_count; i++)
        if (snapshot->databases[i].built_s < oldest_s)
            oldest_s = snapshot->databases[i].built_s;
    if (snapshot->database_count > 0)
        put_age(out, "geo", since_s(sources->now_ms, oldest_s * 1000));
    if (sources->monitor)
        put_age(out, "health", (double)monitor_silence_ms(sources->monitor) / 1000);
}

static void put_notices(struct text *out, const struct notify_totals *notices)
{
    static const char NAME[] = "rhumb_notifications_total";
    metrics_family(out, NAME, METRICS_COUNTER,
                   "Notices to receivers: queued, delivered, attempts that failed, given up, "
                   "dropped because too many waited.");
#define PUT_NOTICE(name) metrics_labelled(out, NAME, "result", #name, notices->name);
    NOTIFY_COUNTERS(PUT_NOTICE)
#undef PUT_NOTICE
}

void metrics_put_process(struct text *out, const struct metrics_sources *sources)
{
    put_build(out, sources->version);
    put_kernel_facts(out, sources);
    metrics_one(out, "rhumb_workers", METRICS_GAUGE, "Threads that answer queries.",
                sources->workers);
    metrics_one(out, "rhumb_internal_errors_total", METRICS_COUNTER,
                "Things that should not happen and were coped with; each is a bug.",
                check_failures());
    put_reloads(out, &sources->reload);
    metrics_one(out, "rhumb_snapshot_generation", METRICS_GAUGE,
                "Number of what is served; 1 at the start, one more with each reload.",
                sources->snapshot->generation);
    put_databases(out, sources->snapshot);
    put_zones(out, &sources->snapshot->zones);
    put_ages(out, sources);
    put_notices(out, &sources->notices);
    metrics_one(out, "rhumb_event_subscribers", METRICS_GAUGE,
                "Clients that follow the event stream.", sources->subscribers);
}
