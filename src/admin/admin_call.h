/* admin_call.h - one request to the admin API, seen by the function that serves it. */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include <jansson.h>

#include "rhumb/admin.h"
#include "rhumb/config.h"
#include "rhumb/json_put.h"

#include "http_server.h"

enum { ADMIN_PARAMS_MAX = 2, ADMIN_NAME_BYTES = 64, ADMIN_BY_BYTES = 100 };

/* A list that grows in one answer stops at this size, and says so with status 500: 10,000 targets
 * take 4 MB. */
enum { ADMIN_ANSWER_BYTES_MAX = 256 * 1024 * 1024 };

struct admin_events;
struct admin_socket_file;

struct admin {
    struct admin_sources sources;
    struct http_server *http;
    struct admin_tokens *tokens;
    struct admin_events *events;
    struct admin_socket_file *files; /* owned */
    size_t file_count;
    uint64_t started_ms; /* since 1970 */
};

struct admin_call {
    struct admin *admin;
    const struct http_request *request;
    char params[ADMIN_PARAMS_MAX][256]; /* what stands for {name} in the route's path */
    char by[ADMIN_BY_BYTES + 1];        /* who asks, for the log and overrides */
    bool may_name_another;              /* over a Unix socket: the body's `by` is believed */
};

typedef void admin_serve_fn(struct admin_call *call);

/* ---- answers ---- */

/* admin_reply - JSON, and the text's memory is given up. A text that failed becomes status 500. */
void admin_reply(struct http_exchange *exchange, unsigned status, struct text *json);

/* admin_problem - RFC 9457: title belongs to the status, detail says what was wrong with this
 * request and what helps. */
void admin_problem(struct http_exchange *exchange, unsigned status, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* admin_problem_of_method - 405; allowed: those that are, as in the header Allow. */
void admin_problem_of_method(struct http_exchange *exchange, const char *allowed);

/* ---- what is asked ---- */

/* admin_body - the body as an object, which the caller releases; NULL: it was answered. allowed:
 * the names of its members, ending in NULL; another one is refused. An empty body is an empty
 * object. */
json_t *admin_body(struct admin_call *call, const char *const *allowed);

/* admin_string - a member of the body; NULL when it is not there. False: it was answered. */
bool admin_string(struct admin_call *call, const json_t *body, const char *name,
                  size_t max_bytes, const char **out_text);

/* admin_query_number - ?name=N within 1..max; otherwise when it is not there. False: answered. */
bool admin_query_number(struct admin_call *call, const char *name, uint64_t max,
                        uint64_t otherwise, uint64_t *out_number);

/* ---- what is served; each answers its call, now or later ---- */

admin_serve_fn admin_get_status, admin_get_services, admin_get_service, admin_get_regions,
    admin_get_targets, admin_get_zones, admin_get_history, admin_get_events, admin_get_explain,
    admin_get_overrides, admin_post_override, admin_delete_override, admin_post_failover,
    admin_post_failback, admin_post_reload, admin_post_diff, admin_get_openapi,
    admin_get_metrics, admin_get_ready;
