/* A diff for people: what is refused, who moves, what changed. */
#include <stdio.h>
#include <string.h>

#include "rhumb/analysis_diff.h"

/* ---- moves ---- */

static bool has_moves(const struct diff *diff)
{
    for (size_t s = 0; s < diff->service_count; s++)
        if (diff->services[s].move_count > 0 || diff->services[s].reordered.networks > 0)
            return true;
    return false;
}

/* The columns of one service's table. */
struct columns {
    int from, to, label; /* label: country, from and to together */
};

static const char REORDERED[] = "same region, others behind it";

static int longer(int width, const char *text)
{
    int len = (int)strlen(text);
    return len > width ? len : width;
}

static struct columns columns_of(const struct diff_service *service, size_t rows)
{
    struct columns columns = {.from = 4, .to = 2};
    for (size_t i = 0; i < rows; i++) {
        columns.from = longer(columns.from, service->moves[i].from);
        columns.to = longer(columns.to, service->moves[i].to);
    }
    columns.label = longer(7 + 2 + columns.from + 4 + columns.to, REORDERED);
    return columns;
}

static void put_head(const struct diff *diff, const struct diff_service *service,
                     const struct columns *columns, struct text *out)
{
    char label[200] = "";
    if (service->move_count > 0)
        (void)snprintf(label, sizeof(label), "country  %-*s    to", columns->from, "from");
    text_printf(out, "\nservice %s\n  %-*s %10s %10s%s %10s\n", service->name, columns->label,
                label, "IPv4", "IPv6", diff->has_traffic ? "    traffic" : "", "networks");
}

static void put_row(const struct diff *diff, const char *label, const struct columns *columns,
                    const struct diff_weight *weight, struct text *out)
{
    text_printf(out, "  %-*s %8.3f %% %8.3f %%", columns->label, label, 100 * weight->v4,
                100 * weight->v6);
    if (diff->has_traffic)
        text_printf(out, " %8.3f %%", 100 * weight->traffic);
    text_printf(out, " %10llu\n", (unsigned long long)weight->networks);
}

static void put_service(const struct diff *diff, const struct diff_service *service, bool all,
                        struct text *out)
{
    size_t rows = service->move_count;
    if (rows == 0 && service->reordered.networks == 0)
        return;
    if (!all && rows > DIFF_ROWS)
        rows = DIFF_ROWS;
    struct columns columns = columns_of(service, rows);
    put_head(diff, service, &columns, out);
    for (size_t i = 0; i < rows; i++) {
        const struct diff_move *move = &service->moves[i];
        char label[400];
        (void)snprintf(label, sizeof(label), "%-7s  %-*s -> %s", move->country, columns.from,
                       move->from, move->to);
        put_row(diff, label, &columns, &move->weight, out);
    }
    if (rows < service->move_count)
        text_printf(out, "  ... and %zu smaller ones (--all)\n", service->move_count - rows);
    if (service->move_count > 0)
        put_row(diff, "moved in all", &columns, &service->moved, out);
    if (service->reordered.networks > 0)
        put_row(diff, REORDERED, &columns, &service->reordered, out);
}

static void put_moves(const struct diff *diff, bool all, struct text *out)
{
    if (!has_moves(diff)) {
        text_printf(out, "No client gets another region.\n");
        return;
    }
    text_printf(out, "Clients that get another region, by share of %s",
                diff->has_space ? "the addresses whose country is known"
                                : "all addresses (no source knows countries)");
    if (diff->traffic_kind == TRAFFIC_COUNTRIES)
        text_printf(out, " and of traffic by country");
    else if (diff->has_traffic)
        text_printf(out, " and of the queries read");
    text_printf(out, "\n");
    for (size_t s = 0; s < diff->service_count; s++)
        put_service(diff, &diff->services[s], all, out);
    if (diff->unplaced > 0.0005)
        text_printf(out, "\n%.1f %% of the weights are of countries that no source knows\n",
                    100 * diff->unplaced);
}

/* ---- items ---- */

static void put_kind(const struct diff *diff, enum diff_kind kind, bool all, struct text *out)
{
    static const char signs[] = {
        [DIFF_ADDED] = '+', [DIFF_CHANGED] = '~', [DIFF_REMOVED] = '-'};

    const size_t *counts = diff->counts[kind];
    size_t sum = counts[DIFF_ADDED] + counts[DIFF_CHANGED] + counts[DIFF_REMOVED], put = 0;
    if (sum == 0)
        return;
    text_printf(out, "\n%ss: %zu added, %zu changed, %zu removed\n", diff_kind_name(kind),
                counts[DIFF_ADDED], counts[DIFF_CHANGED], counts[DIFF_REMOVED]);
    for (size_t i = 0; i < diff->item_count && (all || put < DIFF_ROWS); i++) {
        const struct diff_item *item = &diff->items[i];
        if (item->kind != kind)
            continue;
        text_printf(out, "  %c %s%s%s\n", signs[item->change], item->name,
                    item->detail ? "  " : "", item->detail ? item->detail : "");
        put++;
    }
    if (put < sum)
        text_printf(out, "  ... and %zu more%s\n", sum - put, all ? "" : " (--all)");
}

/* ---- the door ---- */

static void put_shrink(const struct diff *diff, struct text *out)
{
    const struct shrink_list *list = &diff->shrink;
    if (list->count == 0)
        return;
    text_printf(out, "A reload %s this:\n",
                diff->refused ? "would REFUSE" : "would take (allow_shrink is set)");
    for (size_t i = 0; i < list->count; i++)
        text_printf(out, "  %s\n", list->items[i].reason);
    if (list->unlisted > 0)
        text_printf(out, "  ... and %zu more\n", list->unlisted);
    text_printf(out, "  = %s\n\n", list->items[0].remedy);
}

void diff_put_text(const struct diff *diff, bool all, struct text *out)
{
    if (diff_is_empty(diff)) {
        text_printf(out, "No difference.\n");
        return;
    }
    put_shrink(diff, out);
    put_moves(diff, all, out);
    for (unsigned kind = 0; kind < DIFF_KIND_COUNT; kind++)
        put_kind(diff, kind, all, out);
}
