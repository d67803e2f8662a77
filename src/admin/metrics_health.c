/* Services, their endpoints, and the checks that judge them. */
#include <stdio.h>
#include <string.h>

#include "rhumb/monitor_counts.h"
#include "rhumb/monitor_view.h"

#include "metrics_page.h"
#include "metrics_text.h"

/* ---- the whole ---- */

static void put_view(struct text *out, const struct monitor *monitor)
{
    struct monitor_view view;
    monitor_view_get(monitor, &view);
    metrics_one(out, "rhumb_health_frozen", METRICS_GAUGE,
                "1: an operator has switched health off, answers stay as they are.",
                view.frozen);
    metrics_one(out, "rhumb_health_suspects_self", METRICS_GAUGE,
                "1: most regions fail together, nobody is taken out of the answers.",
                view.suspects_self);
    metrics_one(out, "rhumb_targets", METRICS_GAUGE, "Pairs of check and endpoint.",
                view.target_count);
    metrics_one(out, "rhumb_targets_down", METRICS_GAUGE, "Of these, how many are down.",
                view.target_down_count);
}

/* ---- services ---- */

static const enum monitor_condition CONDITIONS[] = {MONITOR_OK, MONITOR_DEGRADED,
                                                    MONITOR_FROZEN, MONITOR_DARK};

static void put_conditions(struct text *out, const struct metrics_sources *sources)
{
    static const char NAME[] = "rhumb_service_condition";
    metrics_family(out, NAME, METRICS_GAUGE,
                   "1 for the condition a service is in: ok, degraded, frozen (a rule keeps "
                   "endpoints that fail), dark (none is usable).");
    for (size_t s = 0; s < sources->snapshot->config->service_count; s++) {
        struct monitor_service_view view;
        monitor_service_get(sources->monitor, s, &view);
        for (size_t i = 0; i < sizeof(CONDITIONS) / sizeof(CONDITIONS[0]); i++) {
            struct metrics_sample sample;
            metrics_begin(&sample, out, NAME);
            metrics_label(&sample, "service", view.config->name);
            metrics_label(&sample, "condition", monitor_condition_name(CONDITIONS[i]));
            metrics_uint(&sample, view.condition == CONDITIONS[i]);
        }
    }
}

static void put_active(struct text *out, const struct metrics_sources *sources)
{
    static const char NAME[] = "rhumb_service_active_region";
    metrics_family(out, NAME, METRICS_GAUGE,
                   "1 for the region that a failover service sends clients to.");
    for (size_t s = 0; s < sources->snapshot->config->service_count; s++) {
        struct monitor_service_view view;
        struct metrics_sample sample;
        monitor_service_get(sources->monitor, s, &view);
        if (!view.active)
            continue;
        metrics_begin(&sample, out, NAME);
        metrics_label(&sample, "service", view.config->name);
        metrics_label(&sample, "region", view.active);
        metrics_uint(&sample, 1);
    }
}

static void put_usable(struct text *out, const struct metrics_sources *sources)
{
    static const char NAME[] = "rhumb_service_usable_regions";
    metrics_family(out, NAME, METRICS_GAUGE, "Regions of a service that answers may name.");
    for (size_t s = 0; s < sources->snapshot->config->service_count; s++) {
        struct monitor_service_view view;
        monitor_service_get(sources->monitor, s, &view);
        metrics_labelled(out, NAME, "service", view.config->name, view.usable_regions);
    }
}

static void put_dark(struct text *out, const struct metrics_sources *sources)
{
    static const char NAME[] = "rhumb_service_family_dark";
    metrics_family(out, NAME, METRICS_GAUGE,
                   "1 for an address family of which a service has nothing usable left.");
    for (size_t s = 0; s < sources->snapshot->config->service_count; s++) {
        struct monitor_service_view view;
        monitor_service_get(sources->monitor, s, &view);
        for (unsigned v6 = 0; v6 < 2; v6++) {
            struct metrics_sample sample;
            metrics_begin(&sample, out, NAME);
            metrics_label(&sample, "service", view.config->name);
            metrics_label(&sample, "family", v6 ? "ipv6" : "ipv4");
            metrics_uint(&sample, v6 ? view.dark_v6 : view.dark_v4);
        }
    }
}

/* ---- endpoints ---- */

/* An endpoint, and what its labels say. */
struct endpoint {
    struct monitor_endpoint_view view;
    const char *service, *region, *name;
    char address[IP_TEXT_MAX];
};

static void get_endpoint(const struct metrics_sources *sources, size_t seat,
                         struct endpoint *out)
{
    const struct snapshot *snapshot = sources->snapshot;
    const struct config_service *service =
        &snapshot->config->services[snapshot->seats[seat].service];
    monitor_endpoint_get(sources->monitor, seat, &out->view);
    out->service = service->name;
    out->region = service->regions[snapshot->seats[seat].region].name;
    out->name = out->view.address  ? ip_format(out->view.address, out->address)
                : out->view.nested ? out->view.nested
                                   : out->view.name;
}

static void begin_endpoint(struct metrics_sample *sample, struct text *out, const char *name,
                           const struct endpoint *endpoint)
{
    metrics_begin(sample, out, name);
    metrics_label(sample, "service", endpoint->service);
    metrics_label(sample, "region", endpoint->region);
    metrics_label(sample, "endpoint", endpoint->name);
}

static void put_up(struct text *out, const struct metrics_sources *sources)
{
    static const char NAME[] = "rhumb_endpoint_up";
    metrics_family(out, NAME, METRICS_GAUGE,
                   "1: answers may name the endpoint; 0: they do not.");
    for (size_t i = 0; i < sources->snapshot->seat_count; i++) {
        struct endpoint endpoint;
        struct metrics_sample sample;
        get_endpoint(sources, i, &endpoint);
        begin_endpoint(&sample, out, NAME, &endpoint);
        metrics_uint(&sample, endpoint.view.in);
    }
}

static void put_forced(struct text *out, const struct metrics_sources *sources)
{
    static const char NAME[] = "rhumb_endpoint_forced";
    metrics_family(out, NAME, METRICS_GAUGE,
                   "1 for endpoints whose state an operator has set.");
    for (size_t i = 0; i < sources->snapshot->seat_count; i++) {
        struct endpoint endpoint;
        struct metrics_sample sample;
        get_endpoint(sources, i, &endpoint);
        if (!endpoint.view.forced)
            continue;
        begin_endpoint(&sample, out, NAME, &endpoint);
        metrics_label(&sample, "state", endpoint.view.forced);
        metrics_uint(&sample, 1);
    }
}

static void put_moves(struct text *out, const struct metrics_sources *sources)
{
    static const char NAME[] = "rhumb_endpoint_transitions_total";
    const struct monitor_counts *counts = monitor_counts(sources->monitor);
    metrics_family(out, NAME, METRICS_COUNTER,
                   "Changes of an endpoint's state by its probes, by the new state.");
    for (size_t i = 0; i < sources->snapshot->seat_count; i++) {
        struct endpoint endpoint;
        get_endpoint(sources, i, &endpoint);
        for (unsigned to = 0; to < HEALTH_STATE_COUNT; to++) {
            struct metrics_sample sample;
            enum health_state state = (enum health_state)to;
            uint64_t count = monitor_counts_moves(counts, sources->snapshot, i, state);
            if (count == 0)
                continue;
            begin_endpoint(&sample, out, NAME, &endpoint);
            metrics_label(&sample, "to", health_state_name(state));
            metrics_uint(&sample, count);
        }
    }
}

static const char UNCHECKED[] = "unchecked";

/* put_region_states - how many endpoints of one region are in each state; seats first..last-1. */
static void put_region_states(struct text *out, const struct metrics_sources *sources,
                              size_t first, size_t last)
{
    const char *states[HEALTH_STATE_COUNT + 1];
    uint64_t counts[HEALTH_STATE_COUNT + 1] = {0};
    struct endpoint endpoint;
    for (unsigned i = 0; i < HEALTH_STATE_COUNT; i++)
        states[i] = health_state_name((enum health_state)i);
    states[HEALTH_STATE_COUNT] = UNCHECKED;
    for (size_t seat = first; seat < last; seat++) {
        get_endpoint(sources, seat, &endpoint);
        for (unsigned i = 0; i <= HEALTH_STATE_COUNT; i++)
            counts[i] += strcmp(endpoint.view.state, states[i]) == 0;
    }
    for (unsigned i = 0; i <= HEALTH_STATE_COUNT; i++) {
        struct metrics_sample sample;
        metrics_begin(&sample, out, "rhumb_service_endpoints");
        metrics_label(&sample, "service", endpoint.service);
        metrics_label(&sample, "region", endpoint.region);
        metrics_label(&sample, "state", states[i]);
        metrics_uint(&sample, counts[i]);
    }
}

static void put_states(struct text *out, const struct metrics_sources *sources)
{
    const struct snapshot *snapshot = sources->snapshot;
    metrics_family(out, "rhumb_service_endpoints", METRICS_GAUGE,
                   "Endpoints of a region of a service, by the state their probes give them.");
    for (size_t first = 0, i = 1; first < snapshot->seat_count; i++) {
        const struct snapshot_seat *a = &snapshot->seats[first], *b = &snapshot->seats[i];
        if (i < snapshot->seat_count && a->service == b->service && a->region == b->region)
            continue;
        put_region_states(out, sources, first, i);
        first = i;
    }
}

/* ---- checks ---- */

static void put_results(struct text *out, const struct metrics_sources *sources)
{
    static const char *const RESULTS[] = {[HEALTH_SUCCESS] = "success",
                                          [HEALTH_FAILURE] = "failure",
                                          [HEALTH_OWN_FAULT] = "own_fault"};
    static const char NAME[] = "rhumb_check_total";

    const struct config *config = sources->snapshot->config;
    metrics_family(out, NAME, METRICS_COUNTER,
                   "Runs of a check, by result; own_fault: we could not ask.");
    for (size_t c = 0; c < config->check_count; c++) {
        const struct monitor_check_counts *counts =
            monitor_counts_check(monitor_counts(sources->monitor), c);
        for (unsigned r = 0; r <= HEALTH_OWN_FAULT; r++) {
            struct metrics_sample sample;
            if (config->checks[c].kind == CONFIG_CHECK_NONE ||
                config->checks[c].kind == CONFIG_CHECK_PARTS)
                continue; /* nobody runs them */
            metrics_begin(&sample, out, NAME);
            metrics_label(&sample, "check", config->checks[c].name);
            metrics_label(&sample, "result", RESULTS[r]);
            metrics_uint(&sample, counts->results[r]);
        }
    }
}

static void begin_duration(struct metrics_sample *sample, struct text *out, const char *name,
                           const char *check, enum monitor_phase phase)
{
    static const char *const PHASES[] = {[MONITOR_CONNECT] = "connect",
                                         [MONITOR_TLS] = "tls",
                                         [MONITOR_ANSWER] = "answer",
                                         [MONITOR_TOTAL] = "total"};
    metrics_begin(sample, out, name);
    metrics_label(sample, "check", check);
    metrics_label(sample, "phase", PHASES[phase]);
}

static void put_histogram(struct text *out, const char *check, enum monitor_phase phase,
                          const struct monitor_histogram *took)
{
    struct metrics_sample sample;
    uint64_t up_to = 0;
    for (size_t i = 0; i <= MONITOR_BUCKETS; i++) {
        char end[24] = "+Inf";
        up_to += took->counts[i];
        if (i < MONITOR_BUCKETS)
            (void)snprintf(end, sizeof(end), "%g", (double)MONITOR_BUCKET_US[i] / 1e6);
        begin_duration(&sample, out, "rhumb_check_duration_seconds_bucket", check, phase);
        metrics_label(&sample, "le", end);
        metrics_uint(&sample, up_to);
    }
    begin_duration(&sample, out, "rhumb_check_duration_seconds_sum", check, phase);
    metrics_real(&sample, (double)took->sum_us / 1e6);
    begin_duration(&sample, out, "rhumb_check_duration_seconds_count", check, phase);
    metrics_uint(&sample, took->count);
}

static void put_durations(struct text *out, const struct metrics_sources *sources)
{
    const struct config *config = sources->snapshot->config;
    metrics_family(out, "rhumb_check_duration_seconds", METRICS_HISTOGRAM,
                   "How long the parts of a run took: connect, tls, answer (to its first "
                   "byte), and the total.");
    for (size_t c = 0; c < config->check_count; c++) {
        const struct monitor_check_counts *counts =
            monitor_counts_check(monitor_counts(sources->monitor), c);
        for (unsigned p = 0; p < MONITOR_PHASES; p++)
            if (counts->took[p].count > 0)
                put_histogram(out, config->checks[c].name, (enum monitor_phase)p,
                              &counts->took[p]);
    }
}

void metrics_put_health(struct text *out, const struct metrics_sources *sources)
{
    put_view(out, sources->monitor);
    put_conditions(out, sources);
    put_active(out, sources);
    put_usable(out, sources);
    put_dark(out, sources);
    put_up(out, sources);
    put_forced(out, sources);
    put_moves(out, sources);
    put_states(out, sources);
    put_results(out, sources);
    put_durations(out, sources);
}
