/* class_cells.h - how much of the address space each kind of client has. Private to analysis/.
 *
 * What a service answers depends on the client's class in it, and in the services inside it. All
 * networks with the same classes, in one snapshot or in two side by side, are one *set*: what is
 * answered is asked once for a set, by the address of one of its clients. All networks of one
 * set and one country are one *cell*.
 *
 *     millions of networks -> thousands of cells (set, country) -> hundreds of sets
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "rhumb/big_array.h"
#include "rhumb/err.h"
#include "rhumb/intern.h"
#include "rhumb/ip.h"
#include "rhumb/snapshot.h"

struct class_side {
    const struct snapshot *snapshot;
    uint16_t service;
};

struct class_cell {
    uint32_t set, country; /* as policy_country() numbers them */
    uint64_t networks;     /* as wide as they can be */
    double v4, v6; /* addresses; sums of powers of two, exact below 2^53 times the least */
};

struct class_cells {
    struct intern keys;       /* (set, country) of each cell */
    struct big_array cells;   /* struct class_cell */
    struct intern sets;       /* the classes */
    struct big_array clients; /* struct ip_addr: one client of each set */
};

/* class_cells_build - located: the snapshot whose geography tells countries. ERR_OK, ERR_NO_MEMORY,
 * ERR_LIMIT; on failure there is nothing to free. */
WARN_UNUSED enum err class_cells_build(const struct class_side *sides, size_t side_count,
                                       const struct snapshot *located,
                                       struct class_cells *out_cells);
void class_cells_free(struct class_cells *cells);

static inline const struct class_cell *class_cells_get(const struct class_cells *cells,
                                                       size_t idx)
{
    return (const struct class_cell *)cells->cells.items + idx;
}

static inline const struct ip_addr *class_cells_client(const struct class_cells *cells,
                                                       size_t set)
{
    return (const struct ip_addr *)cells->clients.items + set;
}
