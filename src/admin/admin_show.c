/* admin_show.c - what there is and how it does: status, services, regions, targets, zones. */
#include "admin_show.h"

#include <string.h>
#include <unistd.h>

#include "rhumb/clock.h"
#include "rhumb/dns_name.h"
#include "rhumb/monitor_view.h"

#include "admin_events.h"

void admin_put_time(struct json_put *json, const char *key, uint64_t wall_ms)
{
    char text[CLOCK_TEXT_MAX];
    if (wall_ms == 0)
        json_put_null(json, key);
    else
        json_put_string(json, key, clock_format(wall_ms, text));
}

/* put_or_null - a member that is always there. */
static void put_or_null(struct json_put *json, const char *key, const char *value)
{
    if (value)
        json_put_string(json, key, value);
    else
        json_put_null(json, key);
}

static void put_rtt(struct json_put *json, uint32_t rtt_us)
{
    if (rtt_us == 0)
        json_put_null(json, "rtt_ms");
    else
        json_put_real(json, "rtt_ms", (double)rtt_us / 1000, 3);
}

/* ---- services ---- */

static void put_endpoint(struct json_put *json, const struct monitor *monitor, size_t seat)
{
    struct monitor_endpoint_view view;
    char address[IP_TEXT_MAX];
    monitor_endpoint_get(monitor, seat, &view);
    json_put_begin(json, NULL, '{');
    if (view.address)
        json_put_string(json, "address", ip_format(view.address, address));
    json_put_optional(json, "name", view.name);
    json_put_optional(json, "service", view.nested);
    json_put_string(json, "state", view.state);
    put_or_null(json, "forced", view.forced);
    json_put_bool(json, "answered", view.in);
    json_put_bool(json, "frozen", view.frozen);
    json_put_uint(json, "weight_percent", view.weight_percent);
    admin_put_time(json, "since", view.since_ms);
    put_or_null(json, "reason", *view.reason ? view.reason : NULL);
    put_rtt(json, view.rtt_us);
    json_put_end(json, '}');
}

static void put_region(struct json_put *json, const struct monitor *monitor, size_t service,
                       size_t region)
{
    struct monitor_region_view view;
    monitor_region_get(monitor, service, region, &view);
    json_put_begin(json, NULL, '{');
    json_put_string(json, "region", view.config->name);
    json_put_bool(json, "usable", view.usable);
    json_put_bool(json, "held", view.held);
    admin_put_time(json, "lost", view.lost ? view.lost_ms : 0);
    json_put_uint(json, "weight", view.config->weight);
    json_put_begin(json, "endpoints", '[');
    for (size_t i = 0; i < view.endpoint_count; i++)
        put_endpoint(json, monitor, view.first_endpoint + i);
    json_put_end(json, ']');
    json_put_end(json, '}');
}

static void put_summary(struct json_put *json, const struct monitor_service_view *view)
{
    json_put_string(json, "service", view->config->name);
    json_put_string(json, "policy", config_policy_name(view->config->policy));
    json_put_string(json, "condition", monitor_condition_name(view->condition));
    put_or_null(json, "active_region", view->active);
    put_or_null(json, "standby_region", view->standby);
    admin_put_time(json, "last_failover", view->failover_ms);
    json_put_uint(json, "regions", view->config->region_count);
    json_put_uint(json, "usable_regions", view->usable_regions);
    json_put_uint(json, "endpoints", view->endpoint_count);
    json_put_uint(json, "endpoints_answered", view->endpoint_in_count);
    json_put_uint(json, "endpoints_frozen", view->frozen_count);
    json_put_begin(json, "dark_families", '[');
    if (view->dark_v4)
        json_put_string(json, NULL, "IPv4");
    if (view->dark_v6)
        json_put_string(json, NULL, "IPv6");
    json_put_end(json, ']');
    json_put_bool(json, "unsettled", view->unsettled);
}

void admin_put_service(struct json_put *json, const struct monitor *monitor,
                       const struct snapshot *snapshot, size_t service)
{
    struct monitor_service_view view;
    monitor_service_get(monitor, service, &view);
    json_put_begin(json, NULL, '{');
    put_summary(json, &view);
    json_put_begin(json, "region_list", '[');
    for (size_t i = 0; i < snapshot->config->services[service].region_count; i++)
        put_region(json, monitor, service, i);
    json_put_end(json, ']');
    json_put_end(json, '}');
}

void admin_get_services(struct admin_call *call)
{
    const struct snapshot *snapshot = admin_snapshot(call);
    struct text text;
    struct json_put json;
    text_init(&text, ADMIN_ANSWER_BYTES_MAX);
    json_put_init(&json, &text);
    json_put_begin(&json, NULL, '{');
    json_put_begin(&json, "services", '[');
    for (size_t i = 0; i < snapshot->config->service_count; i++)
        admin_put_service(&json, call->admin->sources.monitor, snapshot, i);
    json_put_end(&json, ']');
    json_put_end(&json, '}');
    admin_reply(call->request->exchange, 200, &text);
}

size_t admin_find_service(struct admin_call *call, const char *name)
{
    const struct config *config = admin_snapshot(call)->config;
    for (size_t i = 0; i < config->service_count; i++)
        if (strcmp(config->services[i].name, name) == 0)
            return i;
    admin_problem(call->request->exchange, 404, "there is no service '%.80s'", name);
    return SIZE_MAX;
}

void admin_get_service(struct admin_call *call)
{
    size_t service = admin_find_service(call, call->params[0]);
    struct text text;
    struct json_put json;
    if (service == SIZE_MAX)
        return;
    text_init(&text, ADMIN_ANSWER_BYTES_MAX);
    json_put_init(&json, &text);
    admin_put_service(&json, call->admin->sources.monitor, admin_snapshot(call), service);
    admin_reply(call->request->exchange, 200, &text);
}

/* ---- regions: how one does in all services together ---- */

struct region_sum {
    size_t services, usable, endpoints, answered, forced;
};

static struct region_sum sum_region(const struct monitor *monitor, const struct config *config,
                                    size_t region)
{
    struct region_sum sum = {0};
    for (size_t s = 0; s < config->service_count; s++) {
        for (size_t r = 0; r < config->services[s].region_count; r++) {
            struct monitor_region_view view;
            if (config->services[s].regions[r].region != region)
                continue;
            monitor_region_get(monitor, s, r, &view);
            sum.services++;
            sum.usable += view.usable;
            for (size_t i = 0; i < view.endpoint_count; i++) {
                struct monitor_endpoint_view endpoint;
                monitor_endpoint_get(monitor, view.first_endpoint + i, &endpoint);
                sum.endpoints++;
                sum.answered += endpoint.in;
                sum.forced += endpoint.forced != NULL;
            }
        }
    }
    return sum;
}

void admin_get_regions(struct admin_call *call)
{
    const struct config *config = admin_snapshot(call)->config;
    struct text text;
    struct json_put json;
    text_init(&text, ADMIN_ANSWER_BYTES_MAX);
    json_put_init(&json, &text);
    json_put_begin(&json, NULL, '{');
    json_put_begin(&json, "regions", '[');
    for (size_t i = 0; i < config->region_count; i++) {
        const struct config_region *region = &config->regions[i];
        struct region_sum sum = sum_region(call->admin->sources.monitor, config, i);
        json_put_begin(&json, NULL, '{');
        json_put_string(&json, "region", region->name);
        put_or_null(&json, "country",
                    region->location.country[0] ? region->location.country : NULL);
        if (region->location.has_coordinates) {
            json_put_real(&json, "latitude", region->location.latitude, 4);
            json_put_real(&json, "longitude", region->location.longitude, 4);
        }
        json_put_uint(&json, "services", sum.services);
        json_put_uint(&json, "services_usable", sum.usable);
        json_put_uint(&json, "endpoints", sum.endpoints);
        json_put_uint(&json, "endpoints_answered", sum.answered);
        json_put_uint(&json, "endpoints_forced", sum.forced);
        json_put_end(&json, '}');
    }
    json_put_end(&json, ']');
    json_put_end(&json, '}');
    admin_reply(call->request->exchange, 200, &text);
}

/* ---- targets ---- */

static void put_target(struct json_put *json, const struct monitor *monitor,
                       const struct snapshot *snapshot, size_t target)
{
    struct monitor_target_view view;
    char text[IP_TEXT_MAX], id[17];
    monitor_target_get(monitor, target, &view);
    json_put_begin(json, NULL, '{');
    (void)snprintf(id, sizeof(id), "%016llx", (unsigned long long)view.id);
    json_put_string(json, "target", id);
    if (view.address)
        json_put_string(json, "address", ip_format(view.address, text));
    json_put_optional(json, "name", view.name);
    json_put_string(json, "check", view.check->name);
    json_put_string(json, "kind", config_check_kind_name(view.check->kind));
    json_put_string(json, "state", view.state);
    admin_put_time(json, "since", view.since_ms);
    admin_put_time(json, "heard", view.heard_ms);
    put_or_null(json, "reason", *view.reason ? view.reason : NULL);
    put_rtt(json, view.rtt_us);
    json_put_uint(json, "failures", view.failures);
    json_put_uint(json, "successes", view.successes);
    json_put_real(json, "penalty", view.penalty, 0);
    json_put_begin(json, "used_by", '[');
    for (size_t i = 0; i < view.seat_count; i++) {
        const struct snapshot_seat *seat = &snapshot->seats[view.seats[i]];
        const struct config_service *service = &snapshot->config->services[seat->service];
        json_put_begin(json, NULL, '{');
        json_put_string(json, "service", service->name);
        json_put_string(json, "region", service->regions[seat->region].name);
        json_put_end(json, '}');
    }
    json_put_end(json, ']');
    json_put_end(json, '}');
}

void admin_get_targets(struct admin_call *call)
{
    const struct snapshot *snapshot = admin_snapshot(call);
    struct text text;
    struct json_put json;
    text_init(&text, ADMIN_ANSWER_BYTES_MAX);
    json_put_init(&json, &text);
    json_put_begin(&json, NULL, '{');
    json_put_begin(&json, "targets", '[');
    for (size_t i = 0; i < snapshot->target_count; i++)
        put_target(&json, call->admin->sources.monitor, snapshot, i);
    json_put_end(&json, ']');
    json_put_end(&json, '}');
    admin_reply(call->request->exchange, 200, &text);
}

/* ---- zones ---- */

void admin_get_zones(struct admin_call *call)
{
    const struct snapshot *snapshot = admin_snapshot(call);
    struct admin_process process = {0};
    struct text text;
    struct json_put json;
    char name[DNS_NAME_TEXT_MAX];
    call->admin->sources.process(call->admin->sources.ctx, &process);
    text_init(&text, ADMIN_ANSWER_BYTES_MAX);
    json_put_init(&json, &text);
    json_put_begin(&json, NULL, '{');
    json_put_begin(&json, "zones", '[');
    for (size_t i = 0; i < snapshot->zones.zone_count; i++) {
        const struct zone *zone = snapshot->zones.zones[i];
        json_put_begin(&json, NULL, '{');
        json_put_string(&json, "zone", dns_name_to_text(zone->origin, name));
        json_put_uint(&json, "serial", zone->serial);
        json_put_uint(&json, "names", zone->node_count);
        json_put_uint(&json, "records", zone->record_count);
        admin_put_time(&json, "loaded", process.loaded_ms);
        json_put_end(&json, '}');
    }
    json_put_end(&json, ']');
    json_put_end(&json, '}');
    admin_reply(call->request->exchange, 200, &text);
}

/* ---- status ---- */

static void put_process(struct json_put *json, struct admin_call *call, uint64_t now_ms)
{
    const struct admin *admin = call->admin;
    const struct config *config = admin_snapshot(call)->config;
    struct admin_process process = {0};
    admin->sources.process(admin->sources.ctx, &process);
    put_or_null(json, "identity", config->server.identity);
    json_put_string(json, "version", admin->sources.version);
    json_put_uint(json, "pid", (uint64_t)getpid());
    admin_put_time(json, "started", admin->started_ms);
    json_put_uint(json, "uptime_s", (now_ms - admin->started_ms) / 1000);
    json_put_bool(json, "serving", process.serving && !process.stopping);
    json_put_begin(json, "configuration", '{');
    json_put_string(json, "file", config->path);
    json_put_uint(json, "generation", process.generation);
    admin_put_time(json, "loaded", process.loaded_ms);
    admin_put_time(json, "reload_failed", process.failed_ms);
    json_put_end(json, '}');
}

static void put_health(struct json_put *json, const struct admin *admin)
{
    struct monitor_view view;
    monitor_view_get(admin->sources.monitor, &view);
    json_put_begin(json, "health", '{');
    json_put_bool(json, "frozen", view.frozen);
    json_put_bool(json, "suspects_self", view.suspects_self);
    json_put_bool(json, "ignores_geo", view.ignores_geo);
    json_put_bool(json, "ignores_ecs", view.ignores_ecs);
    json_put_uint(json, "targets", view.target_count);
    json_put_uint(json, "targets_down", view.target_down_count);
    json_put_end(json, '}');
}

static void put_state(struct json_put *json, struct admin_call *call)
{
    const struct admin_sources *sources = &call->admin->sources;
    size_t overrides = 0;
    if (sources->overrides)
        (void)overrides_get(sources->overrides, &overrides);
    json_put_begin(json, "state", '{');
    put_or_null(json, "folder", admin_snapshot(call)->config->server.state);
    json_put_uint(json, "overrides", overrides);
    json_put_uint(json, "overrides_lag_ms",
                  sources->overrides ? overrides_lag_ms(sources->overrides) : 0);
    json_put_uint(json, "history_lag_ms",
                  sources->history ? history_lag_ms(sources->history) : 0);
    json_put_uint(json, "latest_event", admin_events_latest(call->admin->events));
    json_put_uint(json, "event_readers", http_stream_count(call->admin->http));
    json_put_end(json, '}');
}

void admin_get_status(struct admin_call *call)
{
    const struct snapshot *snapshot = admin_snapshot(call);
    struct text text;
    struct json_put json;
    text_init(&text, ADMIN_ANSWER_BYTES_MAX);
    json_put_init(&json, &text);
    json_put_begin(&json, NULL, '{');
    put_process(&json, call, clock_wall_ms());
    put_health(&json, call->admin);
    put_state(&json, call);
    json_put_uint(&json, "zones", snapshot->zones.zone_count);
    json_put_begin(&json, "services", '[');
    for (size_t i = 0; i < snapshot->config->service_count; i++) {
        struct monitor_service_view view;
        monitor_service_get(call->admin->sources.monitor, i, &view);
        json_put_begin(&json, NULL, '{');
        put_summary(&json, &view);
        json_put_end(&json, '}');
    }
    json_put_end(&json, ']');
    json_put_end(&json, '}');
    admin_reply(call->request->exchange, 200, &text);
}

void admin_get_ready(struct admin_call *call)
{
    struct admin_process process = {0};
    struct text text;
    struct json_put json;
    call->admin->sources.process(call->admin->sources.ctx, &process);
    bool ready = process.serving && !process.stopping;
    text_init(&text, ADMIN_ANSWER_BYTES_MAX);
    json_put_init(&json, &text);
    json_put_begin(&json, NULL, '{');
    json_put_bool(&json, "ready", ready);
    json_put_string(&json, "reason",
                    ready              ? "answering from what is loaded"
                    : process.stopping ? "stopping"
                                       : "not serving yet");
    json_put_end(&json, '}');
    admin_reply(call->request->exchange, ready ? 200 : 503, &text);
}
