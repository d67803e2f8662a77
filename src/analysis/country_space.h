/* country_space.h - how the address space and the queries of countries are spread over networks.
 * Private to analysis/. */
#pragma once

#include <stdbool.h>

#include "rhumb/analysis_traffic.h"

#include "class_cells.h"

struct country_space {
    double v4_of[POLICY_COUNTRY_COUNT],
        v6_of[POLICY_COUNTRY_COUNT]; /* addresses of each country */
    bool known;                      /* some country is */
    double v4, v6;                   /* addresses of known countries; of all, where none is */
};

/* country_space_measure - one walk over the snapshot's map. ERR_OK, ERR_NO_MEMORY. */
WARN_UNUSED enum err country_space_measure(const struct snapshot *snapshot,
                                           struct country_space *out_space);

/* country_space_part - which part of its country's queries comes from a cell: of the IPv4 space,
 * and of the IPv6 space where the country has no other. */
double country_space_part(const struct country_space *space, const struct class_cell *cell);

/* country_space_placed - the sum of the weights of countries that have networks;
 * *out_unplaced: the share of those that have none. */
double country_space_placed(const struct country_space *space, const struct traffic *traffic,
                            double *out_unplaced);
