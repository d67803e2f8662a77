/* Prints the table of routes, for the test that holds the contract against it:
 *
 *     METHOD PATH SCOPE QUERY,QUERY        "-": none
 */
#include <stdio.h>

#include "admin_route.h"

static const char *scope_name(unsigned scope)
{
    switch (scope) {
    case 0: return "-";
    case CONFIG_SCOPE_READ: return "read";
    case CONFIG_SCOPE_OPERATE: return "operate";
    case CONFIG_SCOPE_CONFIG: return "config";
    default: return "?";
    }
}

int main(void)
{
    const struct admin_route *route;
    for (size_t i = 0; (route = admin_route_get(i)); i++) {
        printf("%s %s %s ", route->method, route->path, scope_name(route->scope));
        for (size_t k = 0; route->queries[k]; k++)
            printf("%s%s", k > 0 ? "," : "", route->queries[k]);
        printf("%s\n", route->queries[0] ? "" : "-");
    }
    return 0;
}
