/* admin_route.h - the table of what can be asked: method, path, scope, and who serves it. */
#pragma once

#include "admin_call.h"

struct admin_route {
    const char *method;
    const char *path;           /* "/v1/services/{service}" */
    unsigned scope;             /* enum config_scope; 0: anyone */
    const char *const *queries; /* names that may stand behind '?', ending in NULL */
    admin_serve_fn *serve;
};

/* admin_route_find - NULL: there is no such path (*out_allowed is then empty), or it has other
 * methods: they stand in *out_allowed, as in the header Allow. */
const struct admin_route *admin_route_find(const char *method, const char *path,
                                           char params[ADMIN_PARAMS_MAX][256],
                                           char out_allowed[ADMIN_NAME_BYTES]);

/* admin_route_get - the route of this index; NULL behind the last. */
const struct admin_route *admin_route_get(size_t index);
