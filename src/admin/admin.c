#include "rhumb/admin.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "rhumb/clock.h"
#include "rhumb/log.h"

#include "admin_auth.h"
#include "admin_call.h"
#include "admin_events.h"
#include "admin_listen.h"
#include "admin_route.h"
#include "http_text.h"

/* ---- who may ---- */

static bool is_loopback(const struct ip_addr *addr)
{
    struct ip_prefix loopback;
    return ip_prefix_parse(addr->family == IP_V4 ? "127.0.0.0/8" : "::1/128", &loopback) &&
           ip_prefix_contains(&loopback, addr);
}

/* judge_peer - what one may do who shows no token. Over a Unix socket root and the server's own
 * user may do all, others who were let in may look. By loopback everybody may look. */
static unsigned judge_peer(struct admin_call *call)
{
    const struct http_peer *peer = &call->request->peer;
    if (!peer->is_unix) {
        char address[IP_TEXT_MAX];
        (void)snprintf(call->by, sizeof(call->by), "%s", ip_format(&peer->addr, address));
        return is_loopback(&peer->addr) ? CONFIG_SCOPE_READ : 0;
    }
    (void)snprintf(call->by, sizeof(call->by), "uid %u", (unsigned)peer->uid);
    call->may_name_another = true;
    return peer->uid == 0 || peer->uid == geteuid() ? CONFIG_SCOPE_ALL : CONFIG_SCOPE_READ;
}

static const char *scope_name(unsigned scope)
{
    return scope == CONFIG_SCOPE_READ      ? "read"
           : scope == CONFIG_SCOPE_OPERATE ? "operate"
                                           : "config";
}

/* is_allowed - false: it was answered. */
static bool is_allowed(struct admin_call *call, unsigned scope)
{
    const struct http_request *request = call->request;
    const char *token = http_bearer(request->authorization);
    const char *name = NULL;
    if (scope == 0)
        return true;
    if (!token) {
        unsigned scopes = judge_peer(call);
        if (!request->peer.is_unix && !http_host_is_local(request->host)) {
            admin_problem(request->exchange, 421,
                          "without a token the host must be an address or localhost");
            return false;
        }
        if ((scopes & scope) == 0)
            admin_problem(request->exchange, 401,
                          "this needs a token with the scope '%s': Authorization: Bearer TOKEN",
                          scope_name(scope));
        return (scopes & scope) != 0;
    }
    unsigned scopes = admin_tokens_find(call->admin->tokens, token, &name);
    if (scopes == 0) {
        admin_problem(request->exchange, 401, "this token is not known");
        return false;
    }
    (void)snprintf(call->by, sizeof(call->by), "%s", name);
    if ((scopes & scope) == 0)
        admin_problem(request->exchange, 403, "token '%s' has no scope '%s'", name,
                      scope_name(scope));
    return (scopes & scope) != 0;
}

/* ---- what is asked ---- */

struct query_check {
    const struct admin_route *route;
    char unknown[ADMIN_NAME_BYTES]; /* "": all are known */
};

static bool check_query(void *ctx, const char *name)
{
    struct query_check *check = ctx;
    for (size_t i = 0; check->route->queries[i]; i++)
        if (strcmp(check->route->queries[i], name) == 0)
            return true;
    (void)snprintf(check->unknown, sizeof(check->unknown), "%s", *name ? name : "(empty)");
    return false;
}

/* admit - the route of a request; NULL: it was answered. */
static const struct admin_route *admit(struct admin_call *call)
{
    const struct http_request *request = call->request;
    char allowed[ADMIN_NAME_BYTES];
    struct query_check check = {
        .route = admin_route_find(request->method, request->path, call->params, allowed)};
    if (!check.route) {
        if (allowed[0] != '\0')
            admin_problem_of_method(request->exchange, allowed);
        else
            admin_problem(request->exchange, 404,
                          "nothing is at '%.200s'; /v1/openapi.json says what there is",
                          request->path);
        return NULL;
    }
    if (!is_allowed(call, check.route->scope))
        return NULL;
    http_each_query(request, check_query, &check);
    if (check.unknown[0] == '\0')
        return check.route;
    admin_problem(request->exchange, 400, "unknown parameter '%s'", check.unknown);
    return NULL;
}

static bool on_head(void *ctx, const struct http_request *request)
{
    struct admin_call call = {.admin = ctx, .request = request};
    return admit(&call) != NULL;
}

static void refuse(struct http_exchange *exchange, unsigned status, const char *detail)
{
    admin_problem(exchange, status, "%s", detail);
}

static void on_request(void *ctx, const struct http_request *request)
{
    struct admin_call call = {.admin = ctx, .request = request};
    const struct admin_route *route = admit(&call);
    if (route)
        route->serve(&call);
}

/* ---- life ---- */

static enum err open_listeners(struct admin *admin, const struct config_admin *config,
                               struct diag_list *diags)
{
    admin->files = calloc(config->listener_count + 1, sizeof(*admin->files));
    if (!admin->files)
        return ERR_NO_MEMORY;
    for (size_t i = 0; i < config->listener_count; i++) {
        int fd = admin_listen_open(&config->listeners[i], diags, &admin->files[i]);
        if (fd < 0)
            return ERR_INVALID;
        admin->file_count++;
        enum err err = http_server_listen(admin->http, fd);
        if (err != ERR_OK)
            return err;
    }
    return ERR_OK;
}

enum err admin_new(uv_loop_t *loop, const struct admin_sources *sources,
                   const struct config *config, struct diag_list *diags,
                   struct admin **out_admin)
{
    struct admin *admin = calloc(1, sizeof(*admin));
    if (!admin)
        return ERR_NO_MEMORY;
    admin->sources = *sources;
    admin->started_ms = clock_wall_ms();
    admin->tokens = admin_tokens_new(&config->admin);
    const struct http_handler handler = {on_head, on_request, refuse, admin};
    enum err err = admin->tokens ? admin_events_new(loop, admin->started_ms, &admin->events)
                                 : ERR_NO_MEMORY;
    if (err == ERR_OK)
        err = http_server_new(loop, &handler, NULL, &admin->http);
    if (err == ERR_OK)
        err = open_listeners(admin, &config->admin, diags);
    if (err == ERR_OK)
        *out_admin = admin;
    else
        admin_close(admin);
    return err;
}

enum err admin_set(struct admin *admin, const struct config *config)
{
    struct admin_tokens *tokens = admin_tokens_new(&config->admin);
    if (!tokens)
        return ERR_NO_MEMORY;
    admin_tokens_free(admin->tokens);
    admin->tokens = tokens;
    return ERR_OK;
}

void admin_tell(struct admin *admin, const struct event *event)
{
    admin_events_add(admin->events, event);
}

size_t admin_subscriber_count(const struct admin *admin)
{
    return http_stream_count(admin->http);
}

void admin_close(struct admin *admin)
{
    if (!admin)
        return;
    for (size_t i = 0; i < admin->file_count; i++)
        admin_listen_forget(&admin->files[i]);
    http_server_close(admin->http);
    if (admin->events)
        admin_events_close(admin->events);
    admin_tokens_free(admin->tokens);
    free(admin->files);
    free(admin);
}
