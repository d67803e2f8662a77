/* A simulation as a picture: for each service a panel of bars, before and after; then a panel of what has
 * a capacity. Plain SVG 1.1 without scripts, fonts or links.
 *
 *      label |########## before
 *            |################# after        | capacity
 *            +----+----+----+----+----+
 *            0   20   40   60   80  100 %
 */
#include <math.h>
#include <string.h>

#include "rhumb/analysis_simulate.h"

enum {
    WIDTH = 820,
    LABEL_WIDTH = 190,
    VALUE_WIDTH = 90,
    PLOT_WIDTH = WIDTH - LABEL_WIDTH - VALUE_WIDTH,
    BAR_HEIGHT = 11,
    ROW_HEIGHT = 2 * BAR_HEIGHT + 12,
    HEAD_HEIGHT = 40, /* of a panel: its title */
    AXIS_HEIGHT = 52, /* ticks, their numbers, what they are */
    LEGEND_HEIGHT = 34,
    TICKS = 5,
    LABEL_CHARS = 26, /* longer ones are cut: the table has them whole */
};

static const char BEFORE_COLOUR[] = "#9aa5b1", AFTER_COLOUR[] = "#2166ac",
                  OVER_COLOUR[] = "#b2182b";

/* One panel: its axis goes from 0 to max. */
struct panel {
    struct text *out;
    double top, max;
    const char *unit;
    double factor; /* from values to what the axis shows */
    size_t rows;
};

/* put_text - escaped: names come from the configuration. */
static void put_label(struct text *out, const char *label, size_t most)
{
    size_t len = strlen(label);
    for (size_t i = 0; i < len && i < most; i++) {
        switch (label[i]) {
        case '<': text_printf(out, "&lt;"); break;
        case '>': text_printf(out, "&gt;"); break;
        case '&': text_printf(out, "&amp;"); break;
        case '"': text_printf(out, "&quot;"); break;
        default: text_put(out, &label[i], 1); break;
        }
    }
    if (len > most)
        text_printf(out, "...");
}

/* round_up - the next of 1, 2, 2.5, 5 times a power of ten, so that ticks are round. */
static double round_up(double value)
{
    static const double steps[] = {1, 2, 2.5, 5, 10};

    if (!(value > 0))
        return 1;
    double power = pow(10, floor(log10(value)));
    for (size_t i = 0; i < sizeof(steps) / sizeof(steps[0]); i++)
        if (steps[i] * power >= value * (1 - 1e-9))
            return steps[i] * power;
    return 10 * power;
}

static double x_of(const struct panel *panel, double value)
{
    return LABEL_WIDTH + PLOT_WIDTH * value * panel->factor / panel->max;
}

static double y_of(const struct panel *panel, size_t row)
{
    return panel->top + HEAD_HEIGHT + (double)(row * ROW_HEIGHT);
}

static void put_axis(const struct panel *panel)
{
    double y = y_of(panel, panel->rows);
    for (int i = 0; i <= TICKS; i++) {
        double value = panel->max * i / TICKS;
        double x = LABEL_WIDTH + (double)PLOT_WIDTH * i / TICKS;
        text_printf(
            panel->out,
            "<line x1=\"%.1f\" y1=\"%.1f\" x2=\"%.1f\" y2=\"%.1f\" stroke=\"#dfe3e8\"/>\n", x,
            panel->top + HEAD_HEIGHT - 6, x, y);
        text_printf(panel->out,
                    "<text x=\"%.1f\" y=\"%.1f\" text-anchor=\"middle\" "
                    "fill=\"#52606d\">%.10g</text>\n",
                    x, y + 16, value);
    }
    text_printf(panel->out,
                "<line x1=\"%d\" y1=\"%.1f\" x2=\"%d\" y2=\"%.1f\" stroke=\"#52606d\"/>\n",
                LABEL_WIDTH, y, LABEL_WIDTH + PLOT_WIDTH, y);
    text_printf(
        panel->out,
        "<text x=\"%.1f\" y=\"%.1f\" text-anchor=\"middle\" fill=\"#52606d\">%s</text>\n",
        LABEL_WIDTH + PLOT_WIDTH / 2.0, y + 34, panel->unit);
}

static void put_title(const struct panel *panel, const char *what, const char *name)
{
    text_printf(panel->out,
                "<text x=\"12\" y=\"%.1f\" font-size=\"15\" font-weight=\"bold\">%s",
                panel->top + 22, what);
    put_label(panel->out, name, 80);
    text_printf(panel->out, "</text>\n");
}

static void put_bar(const struct panel *panel, double y, double value, const char *colour)
{
    text_printf(panel->out,
                "<rect x=\"%d\" y=\"%.1f\" width=\"%.1f\" height=\"%d\" fill=\"%s\"/>\n",
                LABEL_WIDTH, y, x_of(panel, value) - LABEL_WIDTH, BAR_HEIGHT, colour);
    text_printf(panel->out, "<text x=\"%.1f\" y=\"%.1f\" font-size=\"11\">%.10g</text>\n",
                x_of(panel, value) + 5, y + BAR_HEIGHT - 1.5,
                round(value * panel->factor * 10) / 10);
}

/* put_row - capacity 0: none. */
static void put_row(const struct panel *panel, size_t row, const char *label, double before,
                    double after, double capacity)
{
    double y = y_of(panel, row);
    bool over = capacity > 0 && after > capacity * (1 + 1e-9);
    text_printf(panel->out, "<text x=\"%d\" y=\"%.1f\" text-anchor=\"end\">", LABEL_WIDTH - 8,
                y + BAR_HEIGHT + 4);
    put_label(panel->out, label, LABEL_CHARS);
    text_printf(panel->out, "</text>\n");
    put_bar(panel, y, before, BEFORE_COLOUR);
    put_bar(panel, y + BAR_HEIGHT, after, over ? OVER_COLOUR : AFTER_COLOUR);
    if (capacity > 0)
        text_printf(panel->out,
                    "<line x1=\"%.1f\" y1=\"%.1f\" x2=\"%.1f\" y2=\"%.1f\" stroke=\"#111\" "
                    "stroke-width=\"2\"/>\n",
                    x_of(panel, capacity), y - 3, x_of(panel, capacity),
                    y + 2 * BAR_HEIGHT + 3);
}

static double height_of(size_t rows)
{
    return HEAD_HEIGHT + (double)(rows * ROW_HEIGHT) + AXIS_HEIGHT;
}

static double put_service(const struct simulation *s, const struct simulation_service *service,
                          double top, struct text *out)
{
    double most = 0;
    for (size_t i = 0; i < service->part_count; i++)
        most = fmax(most, fmax(service->parts[i].before, service->parts[i].after));
    struct panel panel = {
        .out = out,
        .top = top,
        .rows = service->part_count,
        .factor = s->has_qps ? service->qps : 100,
        .unit = s->has_qps ? "queries a second" : "percent of the service's queries",
    };
    panel.max = round_up(most * panel.factor);
    put_title(&panel, "service ", service->name);
    put_axis(&panel);
    for (size_t i = 0; i < service->part_count; i++)
        put_row(&panel, i, service->parts[i].label, service->parts[i].before,
                service->parts[i].after, 0);
    return top + height_of(panel.rows);
}

/* put_places - only with a rate: without one a load is a share, and a capacity is none. */
static double put_places(const struct simulation *s, double top, struct text *out)
{
    double most = 0;
    if (!s->has_qps || s->place_count == 0)
        return top;
    for (size_t i = 0; i < s->place_count; i++)
        most = fmax(most,
                    fmax(s->places[i].capacity, fmax(s->places[i].before, s->places[i].after)));
    struct panel panel = {.out = out,
                          .top = top,
                          .rows = s->place_count,
                          .factor = 1,
                          .max = round_up(most),
                          .unit = "queries a second"};
    put_title(&panel, "capacity", "");
    put_axis(&panel);
    for (size_t i = 0; i < s->place_count; i++)
        put_row(&panel, i, s->places[i].name, s->places[i].before, s->places[i].after,
                s->places[i].capacity);
    return top + height_of(panel.rows);
}

static void put_legend(const struct simulation *s, double top, struct text *out)
{
    text_printf(out,
                "<rect x=\"%d\" y=\"%.1f\" width=\"12\" height=\"12\" fill=\"%s\"/>"
                "<text x=\"%d\" y=\"%.1f\">before</text>\n",
                LABEL_WIDTH, top + 6, BEFORE_COLOUR, LABEL_WIDTH + 18, top + 16);
    text_printf(out,
                "<rect x=\"%d\" y=\"%.1f\" width=\"12\" height=\"12\" fill=\"%s\"/>"
                "<text x=\"%d\" y=\"%.1f\">after</text>\n",
                LABEL_WIDTH + 80, top + 6, AFTER_COLOUR, LABEL_WIDTH + 98, top + 16);
    if (!s->has_qps || s->place_count == 0)
        return;
    text_printf(out,
                "<rect x=\"%d\" y=\"%.1f\" width=\"12\" height=\"12\" fill=\"%s\"/>"
                "<text x=\"%d\" y=\"%.1f\">after, over capacity</text>\n",
                LABEL_WIDTH + 150, top + 6, OVER_COLOUR, LABEL_WIDTH + 168, top + 16);
    text_printf(out,
                "<line x1=\"%d\" y1=\"%.1f\" x2=\"%d\" y2=\"%.1f\" stroke=\"#111\" "
                "stroke-width=\"2\"/><text x=\"%d\" y=\"%.1f\">capacity</text>\n",
                LABEL_WIDTH + 320, top + 4, LABEL_WIDTH + 320, top + 20, LABEL_WIDTH + 330,
                top + 16);
}

void simulation_put_svg(const struct simulation *simulation, struct text *out)
{
    double height = LEGEND_HEIGHT, top = LEGEND_HEIGHT;
    for (size_t i = 0; i < simulation->service_count; i++)
        height += height_of(simulation->services[i].part_count);
    if (simulation->has_qps && simulation->place_count > 0)
        height += height_of(simulation->place_count);
    text_printf(out,
                "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"%d\" height=\"%.0f\" "
                "viewBox=\"0 0 %d %.0f\" font-family=\"sans-serif\" font-size=\"13\">\n"
                "<rect width=\"100%%\" height=\"100%%\" fill=\"#fff\"/>\n",
                WIDTH, height, WIDTH, height);
    put_legend(simulation, 0, out);
    for (size_t i = 0; i < simulation->service_count; i++)
        top = put_service(simulation, &simulation->services[i], top, out);
    put_places(simulation, top, out);
    text_printf(out, "</svg>\n");
}
