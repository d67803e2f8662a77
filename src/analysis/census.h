/* census.h - which names and endpoints there are, and where they lead. Private to analysis/. */
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

/* census_services - for each service of snapshot; out_census has room for all of them. others
 * NULL: nothing is gone. */
void census_services(const struct snapshot *snapshot, const struct zone_set *others,
                     struct census_service *out_census);

/* How many endpoints clients of each family find, nested services included. A name that is
 * answered as an alias is one of both. */
struct census_endpoints {
    size_t v4, v6;
};

struct census_endpoints census_endpoints(const struct config *config,
                                         const struct config_service *service);

/* census_service_named - NULL: there is none. */
const struct config_service *census_service_named(const struct config *config,
                                                  const char *name);

/* census_is_asked - do clients ask for this service itself? It has names, or is no part of
 * another: what only stands inside others shows in their answers. census: of its snapshot. */
bool census_is_asked(const struct config *config, const struct census_service *census,
                     size_t service);
