#include "country_space.h"

#include <string.h>

enum err country_space_measure(const struct snapshot *snapshot, struct country_space *out_space)
{
    struct class_cells cells;
    enum err err = class_cells_build(NULL, 0, snapshot, &cells);
    if (err != ERR_OK)
        return err;
    memset(out_space, 0, sizeof(*out_space));
    for (size_t i = 0; i < cells.cells.count; i++) { /* one for each country */
        const struct class_cell *cell = class_cells_get(&cells, i);
        out_space->v4_of[cell->country] = cell->v4;
        out_space->v6_of[cell->country] = cell->v6;
        out_space->known = out_space->known || cell->country != POLICY_COUNTRY_UNKNOWN;
    }
    for (size_t c = out_space->known ? 1 : 0; c < POLICY_COUNTRY_COUNT; c++) {
        out_space->v4 += out_space->v4_of[c];
        out_space->v6 += out_space->v6_of[c];
    }
    class_cells_free(&cells);
    return ERR_OK;
}

double country_space_part(const struct country_space *space, const struct class_cell *cell)
{
    if (space->v4_of[cell->country] > 0)
        return cell->v4 / space->v4_of[cell->country];
    return space->v6_of[cell->country] > 0 ? cell->v6 / space->v6_of[cell->country] : 0;
}

double country_space_placed(const struct country_space *space, const struct traffic *traffic,
                            double *out_unplaced)
{
    double placed = 0, all = 0;
    for (size_t c = 1; c < POLICY_COUNTRY_COUNT; c++) {
        all += traffic->weights[c];
        if (space->v4_of[c] > 0 || space->v6_of[c] > 0)
            placed += traffic->weights[c];
    }
    *out_unplaced = all > 0 ? 1 - placed / all : 0;
    return placed;
}
