/* The report as one JSON object; docs/residency.md says what its members mean. */
#include "rhumb/json_put.h"

#include "audit_words.h"

static void put_count(struct json_put *json, const char *key, const struct audit_count *count)
{
    json_put_begin(json, key, '{');
    json_put_uint(json, "networks", count->networks);
    json_put_uint(json, "ipv4_addresses", count->v4);
    json_put_real(json, "ipv6_48s", audit_48s(count), 2);
    json_put_end(json, '}');
}

static void put_place(struct json_put *json, const struct diag_place *place)
{
    json_put_optional(json, "file", place->file);
    if (place->line > 0)
        json_put_uint(json, "line", place->line);
    if (place->column > 0)
        json_put_uint(json, "column", place->column);
}

static void put_diags(struct json_put *json, const char *key, const struct diag_list *diags,
                      enum diag_severity severity)
{
    json_put_begin(json, key, '[');
    for (size_t i = 0; i < diag_count(diags); i++) {
        const struct diag *diag = diag_get(diags, i);
        if (diag->severity != severity)
            continue;
        json_put_begin(json, NULL, '{');
        put_place(json, &diag->place);
        json_put_string(json, "message", diag->message);
        json_put_optional(json, "remedy", diag->remedy);
        json_put_end(json, '}');
    }
    json_put_end(json, ']');
}

static void put_inputs(struct json_put *json, const struct audit_report *report)
{
    json_put_begin(json, "inputs", '[');
    for (size_t i = 0; i < report->input_count; i++) {
        const struct audit_input *input = &report->inputs[i];
        json_put_begin(json, NULL, '{');
        json_put_string(json, "kind", input->kind);
        json_put_string(json, "path", input->path);
        json_put_string(json, "sha256", input->sha256);
        json_put_uint(json, "bytes", input->bytes);
        if (input->built_s > 0)
            json_put_uint(json, "built", input->built_s);
        json_put_end(json, '}');
    }
    json_put_end(json, ']');
}

static void put_name(void *ctx, const char *name, const char *region)
{
    struct json_put *json = ctx;
    json_put_begin(json, NULL, '{');
    json_put_string(json, "name", name);
    json_put_optional(json, "pinned", region);
    json_put_end(json, '}');
}

static void put_rules(struct json_put *json, const struct config_service *service)
{
    char who[AUDIT_WORDS_MAX];
    json_put_begin(json, "rules", '[');
    for (size_t i = 0; i < service->residency_count; i++) {
        const struct config_residency *rule = &service->residency[i];
        json_put_begin(json, NULL, '{');
        json_put_string(json, "who", audit_who_format(&rule->who, who));
        put_place(json, &rule->place);
        json_put_begin(json, "regions", '[');
        for (size_t r = 0; r < service->region_count; r++)
            if ((rule->allowed >> r & 1) != 0)
                json_put_string(json, NULL, service->regions[r].name);
        json_put_end(json, ']');
        json_put_end(json, '}');
    }
    json_put_end(json, ']');
}

static void put_row(struct json_put *json, const struct audit_report *report, size_t index,
                    const struct audit_row *row)
{
    const struct audit_service *service = &report->census.services[index];
    char end[AUDIT_WORDS_MAX];
    json_put_begin(json, NULL, '{');
    json_put_string(json, "country", row->country);
    json_put_bool(json, "assumed", row->assumed);
    put_count(json, "clients", &row->count);
    json_put_begin(json, "regions", '[');
    for (size_t e = 0; e < service->end_count; e++)
        if (audit_row_has(row, e))
            json_put_string(json, NULL,
                            audit_end_format(report, index, &service->ends[e], end));
    json_put_end(json, ']');
    json_put_end(json, '}');
}

static void put_service(struct json_put *json, const struct audit_report *report, size_t index)
{
    const struct config_service *config = &report->snapshot->config->services[index];
    const struct audit_service *service = &report->census.services[index];
    char end[AUDIT_WORDS_MAX];
    json_put_begin(json, NULL, '{');
    json_put_string(json, "name", config->name);
    json_put_string(json, "policy", config_policy_name(config->policy));
    json_put_begin(json, "names", '[');
    audit_names_walk(report->snapshot, (uint16_t)index, put_name, json);
    json_put_end(json, ']');
    put_rules(json, config);
    json_put_begin(json, "regions", '[');
    for (size_t e = 0; e < service->end_count; e++) {
        json_put_begin(json, NULL, '{');
        json_put_string(json, "region",
                        audit_end_format(report, index, &service->ends[e], end));
        put_count(json, "may_be_sent", &service->ends[e].may);
        put_count(json, "first_choice", &service->ends[e].first);
        json_put_end(json, '}');
    }
    json_put_end(json, ']');
    json_put_begin(json, "countries", '[');
    for (size_t i = 0; i < service->row_count; i++)
        put_row(json, report, index, &service->rows[i]);
    json_put_end(json, ']');
    json_put_end(json, '}');
}

static void put_proofs(struct json_put *json, const struct audit_report *report)
{
    json_put_begin(json, "table_walk", '{');
    json_put_uint(json, "tables", report->first.tries);
    json_put_uint(json, "leaves", report->first.leaves);
    json_put_uint(json, "networks", report->first.networks);
    json_put_uint(json, "violations", report->first.faults);
    json_put_end(json, '}');
    if (!report->second_ran) {
        json_put_null(json, "second_walk");
        return;
    }
    json_put_begin(json, "second_walk", '{');
    json_put_uint(json, "stretches", report->second.stretches);
    json_put_uint(json, "leaves", report->second.leaves);
    json_put_uint(json, "seed", report->options.seed);
    json_put_uint(json, "random_clients", report->second.samples);
    json_put_uint(json, "random_answers", report->second.answers);
    json_put_uint(json, "violations", report->second.faults);
    json_put_end(json, '}');
}

void audit_report_json(const struct audit_report *report, struct text *out)
{
    bool has_digest = report->snapshot && report->snapshot->table_sha256[0] != '\0';
    struct json_put json;
    json_put_init(&json, out);
    json_put_begin(&json, NULL, '{');
    json_put_string(&json, "version", report->version);
    json_put_string(&json, "config", report->config_path);
    json_put_bool(&json, "holds", report->holds);
    put_diags(&json, "errors", report->diags, DIAG_ERROR);
    put_diags(&json, "warnings", report->diags, DIAG_WARNING);
    if (report->snapshot) {
        put_inputs(&json, report);
        json_put_begin(&json, "table", '{');
        json_put_optional(&json, "sha256", has_digest ? report->snapshot->table_sha256 : NULL);
        json_put_uint(&json, "bytes", report->table_bytes);
        json_put_end(&json, '}');
        put_proofs(&json, report);
        put_count(&json, "all", &report->census.all);
        json_put_begin(&json, "services", '[');
        for (size_t s = 0; s < report->census.service_count; s++)
            put_service(&json, report, s);
        json_put_end(&json, ']');
    }
    json_put_end(&json, '}');
    text_put(out, "\n", 1);
}
