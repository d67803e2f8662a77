#include "grid.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "rhumb/arena.h"

enum { CELLS_BYTES_MAX = 1024 * 1024 * 1024, GAP = 2, CELL_MAX = 512, COLUMNS_MAX = 16 };

static const char NOTHING[] = "-";

struct cell {
    const char *text;
    enum tone tone;
};

struct grid {
    const struct grid_column *columns;
    size_t column_count;
    struct arena *arena; /* of the texts */
    struct cell *cells;  /* owned; row by row */
    size_t count, capacity;
    bool failed;
};

struct grid *grid_new(const struct grid_column *columns, size_t count)
{
    struct grid *grid = calloc(1, sizeof(*grid));
    if (!grid || count > COLUMNS_MAX || !(grid->arena = arena_new(CELLS_BYTES_MAX))) {
        free(grid);
        return NULL;
    }
    grid->columns = columns;
    grid->column_count = count;
    return grid;
}

void grid_free(struct grid *grid)
{
    if (!grid)
        return;
    arena_free(grid->arena);
    free(grid->cells);
    free(grid);
}

void grid_put(struct grid *grid, const char *text, enum tone tone)
{
    if (grid->count == grid->capacity) {
        size_t capacity = grid->capacity > 0 ? grid->capacity * 2 : 256;
        struct cell *cells = realloc(grid->cells, capacity * sizeof(*cells));
        if (!cells) {
            grid->failed = true;
            return;
        }
        grid->cells = cells;
        grid->capacity = capacity;
    }
    const char *copy = text && *text != '\0' ? arena_strdup(grid->arena, text) : NOTHING;
    grid->failed = grid->failed || !copy;
    grid->cells[grid->count++] = (struct cell){copy ? copy : NOTHING, tone};
}

void grid_printf(struct grid *grid, enum tone tone, const char *format, ...)
{
    char text[CELL_MAX];
    va_list arguments;
    va_start(arguments, format);
    (void)vsnprintf(text, sizeof(text), format, arguments);
    va_end(arguments);
    grid_put(grid, text, tone);
}

/* ---- fitting ---- */

/* What became of the columns; 0: it is left out. */
struct layout {
    size_t widths[COLUMNS_MAX];
};

static size_t total(const struct grid *grid, const struct layout *layout)
{
    size_t sum = 0;
    for (size_t i = 0; i < grid->column_count; i++)
        if (layout->widths[i] > 0)
            sum += layout->widths[i] + (sum > 0 ? GAP : 0);
    return sum;
}

/* measure - each column as wide as its widest cell; 0 when all its cells are empty. */
static void measure(const struct grid *grid, struct layout *layout)
{
    *layout = (struct layout){0};
    for (size_t i = 0; i < grid->count; i++) {
        size_t *width = &layout->widths[i % grid->column_count];
        size_t columns = screen_columns(grid->cells[i].text);
        if (grid->cells[i].text != NOTHING && columns > *width)
            *width = columns;
    }
    for (size_t i = 0; i < grid->column_count; i++) {
        size_t title = screen_columns(grid->columns[i].title);
        if (layout->widths[i] > 0 && layout->widths[i] < title)
            layout->widths[i] = title;
    }
}

/* drop_one - false: none may go. */
static bool drop_one(const struct grid *grid, struct layout *layout)
{
    size_t victim = 0;
    unsigned highest = 0;
    for (size_t i = 0; i < grid->column_count; i++) {
        if (layout->widths[i] > 0 && grid->columns[i].drop > highest) {
            highest = grid->columns[i].drop;
            victim = i;
        }
    }
    if (highest > 0)
        layout->widths[victim] = 0;
    return highest > 0;
}

/* least_total - when all that may be cut is cut. */
static size_t least_total(const struct grid *grid, const struct layout *layout)
{
    struct layout least = *layout;
    for (size_t i = 0; i < grid->column_count; i++)
        if (grid->columns[i].least > 0 && least.widths[i] > grid->columns[i].least)
            least.widths[i] = grid->columns[i].least;
    return total(grid, &least);
}

/* narrow - one column less for the widest that may be cut; false: none may. */
static bool narrow(const struct grid *grid, struct layout *layout)
{
    size_t widest = 0, at = 0;
    for (size_t i = 0; i < grid->column_count; i++) {
        unsigned least = grid->columns[i].least;
        if (least > 0 && layout->widths[i] > least && layout->widths[i] > widest) {
            widest = layout->widths[i];
            at = i;
        }
    }
    if (widest > 0)
        layout->widths[at]--;
    return widest > 0;
}

static void fit(const struct grid *grid, size_t width, struct layout *layout)
{
    while (least_total(grid, layout) > width && drop_one(grid, layout))
        ;
    while (total(grid, layout) > width && narrow(grid, layout))
        ;
}

/* ---- printing ---- */

/* put_row - cells of one row; no blanks at its end. */
static void put_row(const struct grid *grid, const struct screen *screen,
                    const struct layout *layout, const struct cell *cells)
{
    size_t blanks = 0; /* owed before the next cell */
    for (size_t i = 0; i < grid->column_count; i++) {
        size_t width = layout->widths[i], columns = screen_columns(cells[i].text);
        if (width == 0)
            continue;
        size_t pad = columns < width ? width - columns : 0;
        fprintf(screen->out, "%*s", (int)(blanks + (grid->columns[i].is_number ? pad : 0)), "");
        screen_put(screen, cells[i].text, width, cells[i].tone);
        blanks = GAP + (grid->columns[i].is_number ? 0 : pad);
    }
    fputc('\n', screen->out);
}

bool grid_print(const struct grid *grid, const struct screen *screen, const char *otherwise)
{
    struct layout layout;
    struct cell titles[COLUMNS_MAX];
    if (!grid || grid->failed) {
        fputs("rhumb: out of memory\n", stderr);
        return false;
    }
    if (grid->count == 0) {
        fprintf(screen->out, "%s\n", otherwise);
        return true;
    }
    measure(grid, &layout);
    if (screen->width > 0)
        fit(grid, screen->width, &layout);
    for (size_t i = 0; i < grid->column_count; i++)
        titles[i] = (struct cell){grid->columns[i].title, TONE_TITLE};
    put_row(grid, screen, &layout, titles);
    for (size_t i = 0; i + grid->column_count <= grid->count; i += grid->column_count)
        put_row(grid, screen, &layout, &grid->cells[i]);
    return true;
}
