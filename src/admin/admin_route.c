#include "admin_route.h"

#include <stdio.h>
#include <string.h>

static const char *const NO_QUERY[] = {NULL};

static const char *const HISTORY_QUERY[] = {"target", "limit", NULL};

static const char *const EVENTS_QUERY[] = {"since", NULL};

static const char *const EXPLAIN_QUERY[] = {"name", "type", "client", "why_not", NULL};

static const char *const OVERRIDE_QUERY[] = {"service", "region", "address", NULL};

#define READ    CONFIG_SCOPE_READ
#define OPERATE CONFIG_SCOPE_OPERATE
#define CONFIG  CONFIG_SCOPE_CONFIG

static const struct admin_route ROUTES[] = {
    {"GET", "/v1/status", READ, NO_QUERY, admin_get_status},
    {"GET", "/v1/services", READ, NO_QUERY, admin_get_services},
    {"GET", "/v1/services/{service}", READ, NO_QUERY, admin_get_service},
    {"GET", "/v1/regions", READ, NO_QUERY, admin_get_regions},
    {"GET", "/v1/targets", READ, NO_QUERY, admin_get_targets},
    {"GET", "/v1/zones", READ, NO_QUERY, admin_get_zones},
    {"GET", "/v1/history", READ, HISTORY_QUERY, admin_get_history},
    {"GET", "/v1/events", READ, EVENTS_QUERY, admin_get_events},
    {"GET", "/v1/explain", READ, EXPLAIN_QUERY, admin_get_explain},
    {"GET", "/v1/overrides", READ, NO_QUERY, admin_get_overrides},
    {"POST", "/v1/overrides", OPERATE, NO_QUERY, admin_post_override},
    {"DELETE", "/v1/overrides", OPERATE, OVERRIDE_QUERY, admin_delete_override},
    {"POST", "/v1/services/{service}/failover", OPERATE, NO_QUERY, admin_post_failover},
    {"POST", "/v1/services/{service}/failback", OPERATE, NO_QUERY, admin_post_failback},
    {"POST", "/v1/reload", CONFIG, NO_QUERY, admin_post_reload},
    {"POST", "/v1/diff", CONFIG, NO_QUERY, admin_post_diff},
    {"GET", "/v1/openapi.json", READ, NO_QUERY, admin_get_openapi},
    {"GET", "/metrics", READ, NO_QUERY, admin_get_metrics},
    {"GET", "/ready", 0, NO_QUERY, admin_get_ready},
};

enum { ROUTE_COUNT = sizeof(ROUTES) / sizeof(ROUTES[0]) };

/* match - does path follow the pattern? A parameter takes one whole segment. */
static bool match(const char *pattern, const char *path, char params[ADMIN_PARAMS_MAX][256])
{
    size_t param = 0;
    while (*pattern != '\0') {
        if (*pattern != '{') {
            if (*pattern++ != *path++)
                return false;
            continue;
        }
        size_t len = strcspn(path, "/");
        if (len == 0 || len >= sizeof(params[0]) || param == ADMIN_PARAMS_MAX)
            return false;
        memcpy(params[param], path, len);
        params[param++][len] = '\0';
        path += len;
        pattern += strcspn(pattern, "}") + 1;
    }
    return *path == '\0';
}

const struct admin_route *admin_route_find(const char *method, const char *path,
                                           char params[ADMIN_PARAMS_MAX][256],
                                           char out_allowed[ADMIN_NAME_BYTES])
{
    size_t len = 0;
    out_allowed[0] = '\0';
    for (size_t i = 0; i < ROUTE_COUNT; i++) {
        if (!match(ROUTES[i].path, path, params))
            continue;
        if (strcmp(ROUTES[i].method, method) == 0)
            return &ROUTES[i];
        len += (size_t)snprintf(out_allowed + len, ADMIN_NAME_BYTES - len, "%s%s%s",
                                len > 0 ? ", " : "", ROUTES[i].method,
                                strcmp(ROUTES[i].method, "GET") == 0 ? ", HEAD" : "");
    }
    return NULL;
}

const struct admin_route *admin_route_get(size_t index)
{
    return index < ROUTE_COUNT ? &ROUTES[index] : NULL;
}
