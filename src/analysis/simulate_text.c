/* A simulation for people. */
#include <string.h>

#include "rhumb/analysis_simulate.h"

static void put_traffic(const struct simulation *s, struct text *out)
{
    if (s->traffic_kind == TRAFFIC_COUNTRIES) {
        text_printf(out, "Traffic: weights of countries");
        if (s->unplaced > 0.0005)
            text_printf(out, "; %.1f %% are of countries that no source knows, and left out",
                        100 * s->unplaced);
        text_printf(out, "\n");
        return;
    }
    text_printf(out, "Traffic: %llu queries, %llu for steered names, %llu for others",
                (unsigned long long)s->queries, (unsigned long long)s->steered,
                (unsigned long long)s->elsewhere);
    if (s->unreadable > 0)
        text_printf(out, ", %llu left out", (unsigned long long)s->unreadable);
    text_printf(out, "\n");
}

static int widest(const struct simulation_service *service)
{
    size_t width = strlen("region");
    for (size_t i = 0; i < service->part_count; i++)
        if (strlen(service->parts[i].label) > width)
            width = strlen(service->parts[i].label);
    return (int)width;
}

static void put_all_down(const struct simulation_service *service, struct text *out)
{
    if (service->all_down_before > 0 || service->all_down_after > 0)
        text_printf(out,
                    "  nothing is usable for %.2f %% before, %.2f %% after: when_all_down\n",
                    100 * service->all_down_before, 100 * service->all_down_after);
}

static void put_service(const struct simulation *s, const struct simulation_service *service,
                        struct text *out)
{
    int width = widest(service);
    text_printf(out, "\nservice %s, %.2f %% of the queries", service->name,
                100 * service->share);
    if (s->has_qps)
        text_printf(out, ", %.1f a second", service->qps);
    text_printf(out, "\n  %-*s %10s %10s %11s", width, "region", "before", "after", "change");
    if (s->has_qps)
        text_printf(out, " %14s %14s", "before, q/s", "after, q/s");
    text_printf(out, "\n");
    for (size_t i = 0; i < service->part_count; i++) {
        const struct simulation_part *part = &service->parts[i];
        text_printf(out, "  %-*s %8.2f %% %8.2f %% %+9.2f %%", width, part->label,
                    100 * part->before, 100 * part->after, 100 * (part->after - part->before));
        if (s->has_qps)
            text_printf(out, " %14.1f %14.1f", part->before * service->qps,
                        part->after * service->qps);
        text_printf(out, "\n");
    }
    put_all_down(service, out);
}

/* put_use - with a rate: how full each place is. */
static void put_use(const struct simulation_place *place, int width, struct text *out)
{
    text_printf(out, "  %-*s %12.1f %12.1f %12.1f %8.1f %% %8.1f %%%s\n", width, place->name,
                place->capacity, place->before, place->after,
                100 * place->before / place->capacity, 100 * place->after / place->capacity,
                place->after > place->capacity * (1 + 1e-9) ? "  OVER" : "");
}

/* put_limit - without: at which rate of all queries each is full. */
static void put_limit(const struct simulation_place *place, int width, struct text *out)
{
    double before = simulation_full_at(place->capacity, place->before);
    double after = simulation_full_at(place->capacity, place->after);
    text_printf(out, "  %-*s %12.1f", width, place->name, place->capacity);
    if (before > 0)
        text_printf(out, " %12.1f", before);
    else
        text_printf(out, " %12s", "never");
    if (after > 0)
        text_printf(out, " %12.1f\n", after);
    else
        text_printf(out, " %12s\n", "never");
}

static void put_first_full(const struct simulation *s, struct text *out)
{
    const struct simulation_place *first = NULL;
    for (size_t i = 0; i < s->place_count; i++) {
        double full = simulation_full_at(s->places[i].capacity, s->places[i].after);
        if (full > 0 && (!first || full < simulation_full_at(first->capacity, first->after)))
            first = &s->places[i];
    }
    if (first)
        text_printf(out, "  After it, %.1f queries a second of all services fill %s first.\n",
                    simulation_full_at(first->capacity, first->after), first->name);
}

static void put_places(const struct simulation *s, struct text *out)
{
    size_t width = strlen("place");
    if (s->place_count == 0)
        return;
    for (size_t i = 0; i < s->place_count; i++)
        if (strlen(s->places[i].name) > width)
            width = strlen(s->places[i].name);
    if (s->has_qps)
        text_printf(out, "\ncapacity\n  %-*s %12s %12s %12s %10s %10s\n", (int)width, "place",
                    "capacity", "before, q/s", "after, q/s", "used", "used after");
    else
        text_printf(out,
                    "\ncapacity: full when all services together get\n  %-*s %12s %12s %12s\n",
                    (int)width, "place", "capacity", "before, q/s", "after, q/s");
    for (size_t i = 0; i < s->place_count; i++) {
        if (s->has_qps)
            put_use(&s->places[i], (int)width, out);
        else
            put_limit(&s->places[i], (int)width, out);
    }
    if (!s->has_qps)
        put_first_full(s, out);
}

void simulation_put_text(const struct simulation *simulation, struct text *out)
{
    put_traffic(simulation, out);
    for (size_t i = 0; i < simulation->service_count; i++)
        put_service(simulation, &simulation->services[i], out);
    put_places(simulation, out);
}
