/* name_census.h - which names there are, and where they lead. Private to analysis/. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "rhumb/snapshot.h"

/* census_is_name - has it records, or is it steered? Else it is there for names below it only. */
bool census_is_name(const struct zone_node *node);

/* census_find - the name as the zones answer it; NULL when none of them holds it. lower: wire
 * form, lower case. */
const struct zone_node *census_find(const struct zone_set *zones, const uint8_t *lower);

struct census_service {
    size_t names; /* that lead to it */
    size_t gone;  /* of these: held by no zone of the others */
};

/* census_services - for each service of snapshot; out_census has room for all of them. */
void census_services(const struct snapshot *snapshot, const struct zone_set *others,
                     struct census_service *out_census);
