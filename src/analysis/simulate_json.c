/* A simulation for programs. */
#include "rhumb/analysis_simulate.h"
#include "rhumb/json_put.h"

enum { SHARE_DECIMALS = 9, RATE_DECIMALS = 3 };

static void put_service(const struct simulation *s, const struct simulation_service *service,
                        struct json_put *json)
{
    json_put_begin(json, NULL, '{');
    json_put_string(json, "service", service->name);
    json_put_real(json, "share", service->share, SHARE_DECIMALS);
    if (s->has_qps)
        json_put_real(json, "qps", service->qps, RATE_DECIMALS);
    json_put_real(json, "all_down_before", service->all_down_before, SHARE_DECIMALS);
    json_put_real(json, "all_down_after", service->all_down_after, SHARE_DECIMALS);
    json_put_begin(json, "regions", '[');
    for (size_t i = 0; i < service->part_count; i++) {
        const struct simulation_part *part = &service->parts[i];
        json_put_begin(json, NULL, '{');
        json_put_string(json, "region", part->label);
        json_put_real(json, "before", part->before, SHARE_DECIMALS);
        json_put_real(json, "after", part->after, SHARE_DECIMALS);
        if (s->has_qps) {
            json_put_real(json, "qps_before", part->before * service->qps, RATE_DECIMALS);
            json_put_real(json, "qps_after", part->after * service->qps, RATE_DECIMALS);
        }
        json_put_end(json, '}');
    }
    json_put_end(json, ']');
    json_put_end(json, '}');
}

static void put_full_at(struct json_put *json, const char *key, double full_at)
{
    if (full_at > 0)
        json_put_real(json, key, full_at, RATE_DECIMALS);
    else
        json_put_null(json, key);
}

static void put_place(const struct simulation *s, const struct simulation_place *place,
                      struct json_put *json)
{
    json_put_begin(json, NULL, '{');
    json_put_string(json, "place", place->name);
    json_put_real(json, "capacity", place->capacity, RATE_DECIMALS);
    if (s->has_qps) {
        json_put_real(json, "qps_before", place->before, RATE_DECIMALS);
        json_put_real(json, "qps_after", place->after, RATE_DECIMALS);
        json_put_real(json, "use_before", place->before / place->capacity, SHARE_DECIMALS);
        json_put_real(json, "use_after", place->after / place->capacity, SHARE_DECIMALS);
    } else {
        json_put_real(json, "share_before", place->before, SHARE_DECIMALS);
        json_put_real(json, "share_after", place->after, SHARE_DECIMALS);
        put_full_at(json, "full_at_qps_before",
                    simulation_full_at(place->capacity, place->before));
        put_full_at(json, "full_at_qps_after",
                    simulation_full_at(place->capacity, place->after));
    }
    json_put_end(json, '}');
}

static void put_traffic(const struct simulation *s, struct json_put *json)
{
    json_put_begin(json, "traffic", '{');
    json_put_string(json, "kind", s->traffic_kind == TRAFFIC_QUERIES ? "queries" : "countries");
    if (s->traffic_kind == TRAFFIC_QUERIES) {
        json_put_uint(json, "queries", s->queries);
        json_put_uint(json, "steered", s->steered);
        json_put_uint(json, "elsewhere", s->elsewhere);
        json_put_uint(json, "unreadable", s->unreadable);
    } else {
        json_put_real(json, "unplaced", s->unplaced, SHARE_DECIMALS);
    }
    json_put_end(json, '}');
}

void simulation_put_json(const struct simulation *simulation, struct text *out)
{
    struct json_put json;
    json_put_init(&json, out);
    json_put_begin(&json, NULL, '{');
    put_traffic(simulation, &json);
    json_put_begin(&json, "services", '[');
    for (size_t i = 0; i < simulation->service_count; i++)
        put_service(simulation, &simulation->services[i], &json);
    json_put_end(&json, ']');
    json_put_begin(&json, "places", '[');
    for (size_t i = 0; i < simulation->place_count; i++)
        put_place(simulation, &simulation->places[i], &json);
    json_put_end(&json, ']');
    json_put_bool(&json, "overloaded", simulation->overloaded);
    json_put_end(&json, '}');
    text_printf(out, "\n");
}
