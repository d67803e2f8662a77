/* admin_jobs.c - what the process is asked to do and tells later: reload, diff; and documents. */
#include <stdlib.h>
#include <string.h>

#include "rhumb/log.h"

#include "admin_show.h"

extern const unsigned char admin_openapi[]; /* openapi.json, embedded by the build */
extern const size_t admin_openapi_bytes;

/* ---- jobs ---- */

static void on_reloaded(void *ctx, enum err err, const char *detail)
{
    struct http_exchange *exchange = ctx;
    struct text text;
    struct json_put json;
    if (err != ERR_OK) {
        admin_problem(exchange, err == ERR_INVALID ? 422 : 503, "%s", detail);
        return;
    }
    text_init(&text, ADMIN_ANSWER_BYTES_MAX);
    json_put_init(&json, &text);
    json_put_begin(&json, NULL, '{');
    json_put_bool(&json, "reloaded", true);
    json_put_string(&json, "detail", detail);
    json_put_end(&json, '}');
    admin_reply(exchange, 200, &text);
}

void admin_post_reload(struct admin_call *call)
{
    static const char *const allowed[] = {"force", NULL};

    const struct admin_sources *sources = &call->admin->sources;
    char by[LOG_QUOTE_MAX];
    json_t *body = admin_body(call, allowed);
    if (!body)
        return;
    const json_t *force = json_object_get(body, "force");
    if (force && !json_is_boolean(force)) {
        admin_problem(call->request->exchange, 422, "'force' must be true or false");
    } else {
        log_event(LOG_LEVEL_INFO, "admin", "change=reload by=%s force=%s",
                  log_quote(call->by, by), json_is_true(force) ? "yes" : "no");
        sources->reload(sources->ctx, json_is_true(force), on_reloaded,
                        call->request->exchange);
    }
    json_decref(body);
}

static void on_compared(void *ctx, enum err err, const char *detail)
{
    struct http_exchange *exchange = ctx;
    struct text text;
    if (err != ERR_OK) {
        admin_problem(exchange, err == ERR_INVALID ? 422 : 503, "%s", detail);
        return;
    }
    text_init(&text, ADMIN_ANSWER_BYTES_MAX);
    text_put(&text, detail, strlen(detail));
    admin_reply(exchange, 200, &text);
}

void admin_post_diff(struct admin_call *call)
{
    static const char *const allowed[] = {"file", NULL};

    enum { PATH_BYTES = 4096 };

    const struct admin_sources *sources = &call->admin->sources;
    const char *file;
    json_t *body = admin_body(call, allowed);
    if (body && !sources->diff)
        admin_problem(call->request->exchange, 503, "nothing can be compared");
    else if (body && admin_string(call, body, "file", PATH_BYTES, &file))
        sources->diff(sources->ctx, file, on_compared, call->request->exchange);
    json_decref(body);
}

/* ---- documents ---- */

void admin_get_openapi(struct admin_call *call)
{
    http_reply(call->request->exchange, 200, "application/json", (const char *)admin_openapi,
               admin_openapi_bytes, NULL, 0);
}

void admin_get_metrics(struct admin_call *call)
{
    const struct admin_sources *sources = &call->admin->sources;
    struct text text;
    if (!sources->metrics) {
        admin_problem(call->request->exchange, 503, "there are no metrics");
        return;
    }
    text_init(&text, ADMIN_ANSWER_BYTES_MAX);
    sources->metrics(sources->ctx, &text);
    if (text.failed)
        admin_problem(call->request->exchange, 500, "the page does not fit into memory");
    else
        http_reply(call->request->exchange, 200, "text/plain; version=0.0.4; charset=utf-8",
                   text_get(&text), text.len, NULL, 0);
    text_deinit(&text);
}
