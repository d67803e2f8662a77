/* The report for people. */
#include <stdio.h>
#include <string.h>

#include "audit_words.h"

enum { LINE_WIDTH = 100, INDENT = 12, FIRST_COLUMN = 24 };

/* A list of words that goes on in the next line when one is full. */
struct list {
    struct text *out;
    size_t column;
    bool more;
};

static void put_word(struct list *list, const char *word)
{
    size_t len = strlen(word);
    if (list->more && list->column + len + 1 > LINE_WIDTH) {
        text_printf(list->out, "\n%*s", INDENT, "");
        list->column = INDENT;
        list->more = false;
    }
    text_printf(list->out, "%s%s", list->more ? " " : "", word);
    list->column += len + list->more;
    list->more = true;
}

static void put_name(void *ctx, const char *name, const char *region)
{
    struct list *list = ctx;
    char word[AUDIT_WORDS_MAX];
    if (!list->more)
        text_printf(list->out, "  %-*s", INDENT - 2, "names");
    snprintf(word, sizeof(word), "%.250s%s%.200s", name, region ? "=" : "",
             region ? region : "");
    put_word(list, word);
}

static void put_names(const struct audit_report *report, size_t service, struct text *out)
{
    struct list list = {.out = out, .column = INDENT};
    audit_names_walk(report->snapshot, (uint16_t)service, put_name, &list);
    text_printf(out, list.more ? "\n" : "  names     none: it is part of others, or unused\n");
}

static void put_rules(const struct config_service *service, struct text *out)
{
    char who[AUDIT_WORDS_MAX];
    for (size_t i = 0; i < service->residency_count; i++) {
        const struct config_residency *rule = &service->residency[i];
        text_printf(out, "  %-*s%s: only", INDENT - 2, "rule",
                    audit_who_format(&rule->who, who));
        for (size_t r = 0; r < service->region_count; r++)
            if ((rule->allowed >> r & 1) != 0)
                text_printf(out, " %s", service->regions[r].name);
        text_printf(out, "   (%s:%u:%u)\n", rule->place.file, rule->place.line,
                    rule->place.column);
    }
    if (service->residency_count == 0)
        text_printf(out, "  %-*snone: every client may be sent to every region\n", INDENT - 2,
                    "rule");
}

static void put_count(const struct audit_count *count, struct text *out)
{
    text_printf(out, " %9llu %10llu %15.0f", (unsigned long long)count->networks,
                (unsigned long long)count->v4, audit_48s(count));
}

static void put_units(struct text *out)
{
    text_printf(out, " %9s %10s %15s", "networks", "IPv4", "IPv6 /48s");
}

static void put_regions(const struct audit_report *report, size_t index, struct text *out)
{
    const struct audit_service *service = &report->census.services[index];
    char end[AUDIT_WORDS_MAX];
    text_printf(out, "\n  %-*s %-36s  %s\n  %-*s", FIRST_COLUMN, "", "may be sent there",
                "first choice", FIRST_COLUMN, "region");
    put_units(out);
    put_units(out);
    text_printf(out, "\n");
    for (size_t e = 0; e < service->end_count; e++) {
        text_printf(out, "  %-*s", FIRST_COLUMN,
                    audit_end_format(report, index, &service->ends[e], end));
        put_count(&service->ends[e].may, out);
        if (service->ends[e].reach.service == index)
            put_count(&service->ends[e].first, out);
        text_printf(out, "\n");
    }
}

static void put_row(const struct audit_report *report, size_t index,
                    const struct audit_row *row, struct text *out)
{
    const struct audit_service *service = &report->census.services[index];
    char end[AUDIT_WORDS_MAX];
    text_printf(out, "  %-*s", FIRST_COLUMN - 9, row->country);
    text_printf(out, "%-9s", row->assumed ? "assumed" : "");
    put_count(&row->count, out);
    text_printf(out, "  ");
    for (size_t e = 0; e < service->end_count; e++)
        if (audit_row_has(row, e))
            text_printf(out, " %s", audit_end_format(report, index, &service->ends[e], end));
    text_printf(out, "\n");
}

/* put_countries - those whose clients may not be sent everywhere, then the others in one line. */
static void put_countries(const struct audit_report *report, size_t index, struct text *out)
{
    const struct audit_service *service = &report->census.services[index];
    struct audit_count others = {0};
    size_t free_rows = 0;
    text_printf(out, "\n  %-*s", FIRST_COLUMN, "clients in");
    put_units(out);
    text_printf(out, "   may be sent to\n");
    for (size_t i = 0; i < service->row_count; i++) {
        const struct audit_row *row = &service->rows[i];
        if (!audit_row_is_free(service, row)) {
            put_row(report, index, row, out);
            continue;
        }
        free_rows++;
        others.networks += row->count.networks;
        others.v4 += row->count.v4;
        others.v6 += row->count.v6;
    }
    if (free_rows == 0)
        return;
    text_printf(out, "  %-*s", FIRST_COLUMN, "all others");
    put_count(&others, out);
    text_printf(out, "   every region\n");
}

static void put_service(const struct audit_report *report, size_t index, struct text *out)
{
    const struct config_service *config = &report->snapshot->config->services[index];
    text_printf(out, "\nservice %s: policy %s, %zu region%s\n", config->name,
                config_policy_name(config->policy), config->region_count,
                config->region_count == 1 ? "" : "s");
    put_names(report, index, out);
    put_rules(config, out);
    put_regions(report, index, out);
    if (config->residency_count > 0)
        put_countries(report, index, out);
}

static void put_inputs(const struct audit_report *report, struct text *out)
{
    text_printf(out, "SHA-256 of what went in, and of the table compiled from it\n");
    for (size_t i = 0; i < report->input_count; i++)
        text_printf(out, "  %-10s%s  %s\n", report->inputs[i].kind, report->inputs[i].sha256,
                    report->inputs[i].path);
    if (report->snapshot->table_sha256[0] != '\0')
        text_printf(out, "  %-10s%s\n", "table", report->snapshot->table_sha256);
}

static void put_proofs(const struct audit_report *report, struct text *out)
{
    const struct policy_audit *first = &report->first;
    const struct audit_naive *second = &report->second;
    text_printf(out,
                "\nfirst walk, through the table: %zu tries with %zu leaves tile both address "
                "families; %zu networks compared: %zu violations\n",
                first->tries, first->leaves, first->networks, first->faults);
    if (report->second_ran)
        text_printf(
            out,
            "second walk, through the sources: %zu stretches, %zu leaves; %zu random "
            "clients (seed %llu), %zu answers in random states of health: %zu violations\n",
            second->stretches, second->leaves, second->samples,
            (unsigned long long)report->options.seed, second->answers, second->faults);
    else
        text_printf(out, "second walk: not done, the table cannot be read\n");
}

void audit_report_text(const struct audit_report *report, struct text *out)
{
    text_printf(out, "rhumb %s: audit of %s\n", report->version, report->config_path);
    if (report->snapshot) {
        put_inputs(report, out);
        for (size_t s = 0; s < report->census.service_count; s++)
            put_service(report, s, out);
        put_proofs(report, out);
    }
    text_printf(out, "%s\n",
                report->holds      ? "residency holds"
                : report->snapshot ? "residency is violated"
                                   : "nothing was proved: the configuration has errors");
}
