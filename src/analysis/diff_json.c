/* A diff for programs. */
#include "rhumb/analysis_diff.h"
#include "rhumb/json_put.h"

enum { SHARE_DECIMALS = 9 };

static void put_weight(const struct diff *diff, const char *key,
                       const struct diff_weight *weight, struct json_put *json)
{
    json_put_begin(json, key, '{');
    json_put_uint(json, "networks", weight->networks);
    json_put_real(json, "ipv4", weight->v4, SHARE_DECIMALS);
    json_put_real(json, "ipv6", weight->v6, SHARE_DECIMALS);
    if (diff->has_traffic)
        json_put_real(json, "traffic", weight->traffic, SHARE_DECIMALS);
    json_put_end(json, '}');
}

static void put_service(const struct diff *diff, const struct diff_service *service,
                        struct json_put *json)
{
    json_put_begin(json, NULL, '{');
    json_put_string(json, "service", service->name);
    put_weight(diff, "moved", &service->moved, json);
    put_weight(diff, "reordered", &service->reordered, json);
    if (diff->traffic_kind == TRAFFIC_QUERIES)
        json_put_uint(json, "queries", service->queries);
    json_put_begin(json, "moves", '[');
    for (size_t i = 0; i < service->move_count; i++) {
        const struct diff_move *move = &service->moves[i];
        json_put_begin(json, NULL, '{');
        json_put_string(json, "country", move->country);
        json_put_string(json, "from", move->from);
        json_put_string(json, "to", move->to);
        put_weight(diff, "weight", &move->weight, json);
        json_put_end(json, '}');
    }
    json_put_end(json, ']');
    json_put_end(json, '}');
}

static void put_shrink(const struct diff *diff, struct json_put *json)
{
    json_put_bool(json, "refused", diff->refused);
    json_put_begin(json, "refusals", '[');
    for (size_t i = 0; i < diff->shrink.count; i++) {
        json_put_begin(json, NULL, '{');
        json_put_string(json, "reason", diff->shrink.items[i].reason);
        json_put_string(json, "remedy", diff->shrink.items[i].remedy);
        json_put_end(json, '}');
    }
    json_put_end(json, ']');
}

static void put_counts(const struct diff *diff, struct json_put *json)
{
    json_put_begin(json, "counts", '{');
    for (unsigned kind = 0; kind < DIFF_KIND_COUNT; kind++) {
        json_put_begin(json, diff_kind_name(kind), '{');
        for (unsigned change = 0; change < DIFF_CHANGE_COUNT; change++)
            json_put_uint(json, diff_change_name(change), diff->counts[kind][change]);
        json_put_end(json, '}');
    }
    json_put_end(json, '}');
}

void diff_put_json(const struct diff *diff, struct text *out)
{
    static const char *const kinds[] = {
        [TRAFFIC_NONE] = NULL,
        [TRAFFIC_COUNTRIES] = "countries",
        [TRAFFIC_QUERIES] = "queries",
    };

    struct json_put json;
    json_put_init(&json, out);
    json_put_begin(&json, NULL, '{');
    json_put_bool(&json, "different", !diff_is_empty(diff));
    put_shrink(diff, &json);
    json_put_string(&json, "space", diff->has_space ? "located" : "all");
    json_put_optional(&json, "traffic", kinds[diff->traffic_kind]);
    if (diff->traffic_kind == TRAFFIC_COUNTRIES)
        json_put_real(&json, "unplaced", diff->unplaced, SHARE_DECIMALS);
    json_put_begin(&json, "services", '[');
    for (size_t s = 0; s < diff->service_count; s++)
        put_service(diff, &diff->services[s], &json);
    json_put_end(&json, ']');
    put_counts(diff, &json);
    json_put_begin(&json, "items", '[');
    for (size_t i = 0; i < diff->item_count; i++) {
        json_put_begin(&json, NULL, '{');
        json_put_string(&json, "kind", diff_kind_name(diff->items[i].kind));
        json_put_string(&json, "change", diff_change_name(diff->items[i].change));
        json_put_string(&json, "name", diff->items[i].name);
        json_put_optional(&json, "detail", diff->items[i].detail);
        json_put_end(&json, '}');
    }
    json_put_end(&json, ']');
    json_put_end(&json, '}');
    text_printf(out, "\n");
}
