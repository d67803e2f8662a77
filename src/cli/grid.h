/* grid.h - a table for people: aligned columns under titles, fit to the screen.
 *
 *   SERVICE  REGION   STATE   SINCE   REASON
 *   app      us-east  usable  3m 12s
 *   app      eu-west  down    45s     connect: Connection refused
 *
 * When it is wider than the screen, columns go in the order of their `drop`, the highest first; then
 * those with a `least` become narrower, the widest first; what still does not fit, stays.
 */
#pragma once

#include <stdbool.h>

#include "screen.h"

struct grid_column {
    const char *title;
    bool is_number; /* to the right */
    unsigned drop;  /* 0: never */
    unsigned least; /* columns it may be cut to; 0: never cut */
};

struct grid;

/* grid_new - columns are borrowed; NULL when out of memory. */
struct grid *grid_new(const struct grid_column *columns, size_t count);
void grid_free(struct grid *grid);

/* grid_put - the next cell, from left to right and row by row; text is copied, NULL is "-". Lack of
 * memory is told by grid_print(). */
void grid_put(struct grid *grid, const char *text, enum tone tone);
void grid_printf(struct grid *grid, enum tone tone, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* grid_print - with its titles, or `otherwise` when it has no row. A column with nothing in it is left out.
 * False: out of memory. */
bool grid_print(const struct grid *grid, const struct screen *screen, const char *otherwise);
