#include "rhumb/probe_post.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "http_request.h"
#include "probe_http.h"

struct poster {
    uv_loop_t *loop;
    struct http_client *client;
};

struct post {
    uv_timer_t deadline; /* its close callback frees the post */
    struct http_request *request;
    struct http_run *run;
    post_on_done on_done;
    void *ctx;
};

/* ---- the request ---- */

static bool add_header(struct http_request *http, const char *name, const char *value)
{
    const char *between = *value == '\0' ? ";" : ": "; /* libcurl's way to an empty value */
    char **line = &http->headers[http->header_count];
    if (asprintf(line, "%s%s%s", name, between, value) < 0) {
        *line = NULL;
        return false;
    }
    http->header_count++;
    return true;
}

static bool add_headers(struct http_request *http, const struct post_request *request)
{
    enum { OWN_HEADERS = 2 };

    http->headers =
        (char **)calloc(request->header_count + OWN_HEADERS, sizeof(*http->headers));
    bool ok = http->headers && add_header(http, "Content-Type", "application/json") &&
              add_header(http, "Idempotency-Key", request->id);
    for (size_t i = 0; ok && i < request->header_count; i++)
        ok = add_header(http, request->headers[i].name, request->headers[i].value);
    return ok;
}

/* make_request - what the client of the probes understands; NULL when out of memory. */
static struct http_request *make_request(const struct post_request *request)
{
    struct http_request *http = (struct http_request *)calloc(1, sizeof(*http));
    if (!http)
        return NULL;
    http->https = strncasecmp(request->url, "https:", 6) == 0;
    http->verify = request->verify;
    http->timeout_ms = request->timeout_ms;
    http->content_len = strlen(request->json);
    http->url = strdup(request->url);
    http->method = strdup("POST");
    http->content = strdup(request->json);
    http->ca_file = request->ca_file ? strdup(request->ca_file) : NULL;
    http->statuses = (struct config_status_range *)calloc(1, sizeof(*http->statuses));
    if (http->url && http->method && http->content && http->statuses &&
        (http->ca_file || !request->ca_file) && add_headers(http, request) &&
        body_pattern_init(&http->body, NULL) == ERR_OK) {
        http->statuses[0] = (struct config_status_range){200, 299};
        http->status_count = 1;
        return http;
    }
    http_request_free(http);
    return NULL;
}

/* ---- one post ---- */

static void on_deadline_closed(uv_handle_t *handle)
{
    free(handle->data);
}

static void end(struct post *post)
{
    http_request_free(post->request);
    uv_close((uv_handle_t *)&post->deadline, on_deadline_closed);
}

static void tell(struct post *post, const struct post_result *result)
{
    post_on_done on_done = post->on_done;
    void *ctx = post->ctx;
    end(post);
    on_done(ctx, result);
}

static void on_answer(void *ctx, const struct probe_result *answer)
{
    struct post_result result = {.taken = answer->outcome == HEALTH_SUCCESS};
    memcpy(result.reason, answer->reason, sizeof(result.reason));
    tell((struct post *)ctx, &result);
}

static void on_deadline(uv_timer_t *deadline)
{
    struct post *post = (struct post *)deadline->data;
    struct post_result result = {.taken = false};
    snprintf(result.reason, sizeof(result.reason), "timeout after %u ms %s",
             post->request->timeout_ms, http_run_phase(post->run));
    http_run_cancel(post->run);
    tell(post, &result);
}

enum err post_start(struct poster *poster, const struct post_request *request,
                    post_on_done on_done, void *ctx, struct post **out_post)
{
    struct probe_result ignored; /* only memory can fail here: what is sent was checked */
    struct post *post = (struct post *)calloc(1, sizeof(*post));
    if (!post)
        return ERR_NO_MEMORY;
    post->on_done = on_done;
    post->ctx = ctx;
    post->request = make_request(request);
    if (!post->request)
        goto err_after_post;
    post->run = http_run_start(poster->client, post->request, on_answer, post, &ignored);
    if (!post->run)
        goto err_after_request;
    uv_timer_init(poster->loop, &post->deadline);
    post->deadline.data = post;
    uv_timer_start(&post->deadline, on_deadline, request->timeout_ms, 0);
    *out_post = post;
    return ERR_OK;

err_after_request:
    http_request_free(post->request);
err_after_post:
    free(post);
    return ERR_NO_MEMORY;
}

void post_cancel(struct post *post)
{
    http_run_cancel(post->run);
    end(post);
}

/* ---- the poster ---- */

enum err poster_new(uv_loop_t *loop, struct poster **out_poster)
{
    struct poster *poster = (struct poster *)calloc(1, sizeof(*poster));
    if (!poster)
        return ERR_NO_MEMORY;
    poster->loop = loop;
    enum err err = http_client_new(loop, &poster->client);
    if (err == ERR_OK)
        *out_poster = poster;
    else
        free(poster);
    return err;
}

void poster_close(struct poster *poster)
{
    http_client_close(poster->client);
    free(poster);
}
