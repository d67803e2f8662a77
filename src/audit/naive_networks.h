/* naive_networks.h - a list of networks, asked which of them is the longest around an address.
 * Private to audit/. */
#pragma once

#include <stddef.h>

#include "rhumb/err.h"

#include "naive_number.h"

struct naive_network {
    naive_number first;
    uint8_t len;
    uint8_t family; /* enum ip_family */
    uint32_t index; /* of whoever filled the list */
};

struct naive_networks {
    struct naive_network *items; /* owned; by family, length, first */
    size_t count;
};

/* naive_networks_init - room for so many; add, then sort. ERR_OK, ERR_NO_MEMORY. */
WARN_UNUSED enum err naive_networks_init(struct naive_networks *networks, size_t room);
void naive_networks_deinit(struct naive_networks *networks);
void naive_networks_add(struct naive_networks *networks, const struct ip_prefix *prefix,
                        size_t index);
void naive_networks_sort(struct naive_networks *networks);

/* naive_networks_find - NULL: none is around it. */
const struct naive_network *naive_networks_find(const struct naive_networks *networks,
                                                enum ip_family family, naive_number number);

/* The addresses of one family at which a network of some list begins, or behind which one has
 * ended: between two of them each list gives one answer. */
struct naive_cuts {
    naive_number *at; /* owned; ascending, may repeat */
    size_t count, capacity;
};

/* naive_cuts_add - ERR_OK, ERR_NO_MEMORY. */
WARN_UNUSED enum err naive_cuts_add(struct naive_cuts *cuts, enum ip_family family,
                                    const struct naive_networks *networks);
void naive_cuts_sort(struct naive_cuts *cuts);
void naive_cuts_deinit(struct naive_cuts *cuts);
