/* config_build_check_metric.c - `metric:` of a check, beside its http or https. */
#include <string.h>

#include "rhumb/json_path.h"

#include "config_build_check.h"

static const int64_t LIMIT_MAX = INT64_C(1000000000000000); /* a double knows these exactly */

static void read_json(struct config_reader *reader, const struct config_node_entry *entry,
                      void *object)
{
    struct check_draft *draft = object;
    const char *text;
    if (!config_expect_text(reader, entry, &text))
        return;
    if (json_path_is_good(text)) {
        draft->check.metric.json = text;
        return;
    }
    config_error(reader, &entry->value->place, "'%.80s' is no way to a value in JSON", text);
    config_remedy(reader, "names after dots, numbers in brackets: replica.lag[0].seconds");
}

static void read_header(struct config_reader *reader, const struct config_node_entry *entry,
                        void *object)
{
    struct check_draft *draft = object;
    const char *text;
    if (!config_expect_text(reader, entry, &text))
        return;
    if (config_is_header_name(text))
        draft->check.metric.header = text;
    else
        config_error(reader, &entry->value->place, "'%.80s' is no name of a header", text);
}

void config_read_check_metric(struct config_reader *reader,
                              const struct config_node_entry *entry, void *object)
{
    const struct config_field fields[] = {
        OTHER_FIELD("json", read_json),
        OTHER_FIELD("header", read_header),
        CHECK_FIELD("degraded", CONFIG_FIELD_NUMBER, metric.degraded, -LIMIT_MAX, LIMIT_MAX),
        CHECK_FIELD("down", CONFIG_FIELD_NUMBER, metric.down, -LIMIT_MAX, LIMIT_MAX),
    };

    struct check_draft *draft = object;
    if (!config_read_fields(reader, entry, fields, COUNT(fields), draft))
        return;
    draft->metric_entry = entry;
    bool has_json = config_node_find(entry->value, "json");
    bool has_header = config_node_find(entry->value, "header");
    const struct config_node_entry *degraded = config_node_find(entry->value, "degraded");
    const struct config_node_entry *down = config_node_find(entry->value, "down");
    if (has_json == has_header) {
        config_error(reader, &entry->key_place,
                     has_json ? "a metric stands in the body or in a header, not in both"
                              : "the metric does not say where it stands");
        config_remedy(reader, "write json: replica.lag, or header: X-Replica-Lag");
    }
    if (!degraded || !down) {
        config_error(reader, &entry->key_place, "a metric needs both limits");
        config_remedy(reader, "write degraded: 2, down: 10; lower is worse with degraded: 10, "
                              "down: 2");
    } else if (draft->check.metric.degraded == draft->check.metric.down) {
        config_error(reader, &down->value->place, "'down' and 'degraded' are the same");
        config_remedy(reader, "which of them is higher says whether high or low is bad");
    }
}

void config_finish_check_metric(struct config_reader *reader, const struct check_draft *draft)
{
    const struct config_check *check = &draft->check;
    if (!draft->metric_entry || !draft->kind_entry)
        return;
    const struct diag_place *place = &draft->metric_entry->key_place;
    if (check->kind != CONFIG_CHECK_HTTP && check->kind != CONFIG_CHECK_HTTPS) {
        config_error(reader, place, "a metric is read from the answer to http or https, not %s",
                     draft->kind_entry->key);
        config_remedy(reader, "ask by http: {path: /health}, or leave metric: out");
    } else if (check->metric.json && strcmp(check->method, "HEAD") == 0) {
        config_error(reader, place, "the answer to HEAD has no body to look at");
        config_remedy(reader, "use method: GET, or a metric in a header");
    }
}
