/* http_exchange.c - one request and its answer: the guard before it, the body, the reply. */
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>

#include "rhumb/require.h"

#include "http_inside.h"
#include "http_text.h"

/* Of a body that is too large so much is read and dropped, for its sender to see why. */
enum { OVER_BYTES_MAX = 1024 * 1024, SMALL_ANSWER_BYTES = 4096 };

static void free_exchange(struct http_exchange *exchange)
{
    for (size_t i = 0; i < exchange->query_count; i++)
        free(exchange->query[i].name);
    if (exchange->response)
        MHD_destroy_response(exchange->response);
    free(exchange->path);
    text_deinit(&exchange->body);
    free(exchange);
}

static void unlink_exchange(struct http_exchange *exchange)
{
    struct http_server *server = exchange->server;
    if (exchange->next)
        exchange->next->previous = exchange->previous;
    if (exchange->previous)
        exchange->previous->next = exchange->next;
    else
        server->exchanges = exchange->next;
    server->answer_bytes -= exchange->answer_len;
    exchange->server = NULL;
}

/* put_query - one pair of the query, decoded. */
static enum MHD_Result put_query(void *ctx, enum MHD_ValueKind kind, const char *name,
                                 const char *value)
{
    struct http_exchange *exchange = ctx;
    (void)kind;
    size_t name_len = strlen(name), value_len = value ? strlen(value) : 0;
    char *block = malloc(name_len + value_len + 2);
    if (!block) {
        exchange->query_is_bad = true;
        return MHD_NO;
    }
    struct http_query_pair *pair = &exchange->query[exchange->query_count++];
    *pair = (struct http_query_pair){.name = block, .value = block + name_len + 1};
    memcpy(pair->name, name, name_len + 1);
    memcpy(pair->value, value ? value : "", value_len + 1);
    if (http_decode(pair->name, true) && http_decode(pair->value, true))
        return MHD_YES;
    exchange->query_is_bad = true;
    return MHD_NO;
}

static struct http_exchange *begin(struct http_listener *listener,
                                   struct MHD_Connection *handle, const char *url)
{
    struct http_exchange *exchange = calloc(1, sizeof(*exchange));
    if (!exchange)
        return NULL;
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(handle, MHD_CONNECTION_INFO_SOCKET_CONTEXT);
    *exchange = (struct http_exchange){
        .server = listener->server,
        .listener = listener,
        .connection = info ? info->socket_context : NULL,
        .handle = handle,
        .path = strdup(url),
        .next = listener->server->exchanges,
    };
    text_init(&exchange->body, HTTP_BODY_MAX);
    if (exchange->next)
        exchange->next->previous = exchange;
    listener->server->exchanges = exchange;
    http_set_deadline(exchange->connection, listener->server->limits.request_ms);
    return exchange;
}

void http_on_completed(void *ctx, struct MHD_Connection *handle, void **request_context,
                       enum MHD_RequestTerminationCode code)
{
    struct http_exchange *exchange = *request_context;
    (void)ctx;
    (void)handle;
    (void)code;
    if (!exchange)
        return;
    *request_context = NULL;
    /* for the next request of the connection */
    http_set_deadline(exchange->connection, exchange->server->limits.request_ms);
    unlink_exchange(exchange);
    exchange->handle = NULL;
    exchange->connection = NULL;
    if (exchange->answered || !exchange->asked)
        free_exchange(exchange);
}

/* ---- what is asked ---- */

static struct http_peer peer_of(struct MHD_Connection *handle)
{
    struct http_peer peer = {.is_unix = false};
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(handle, MHD_CONNECTION_INFO_CONNECTION_FD);
    struct sockaddr_storage address = {.ss_family = AF_UNSPEC};
    socklen_t len = sizeof(address);
    uint16_t port;
    if (!info || getpeername(info->connect_fd, (struct sockaddr *)&address, &len) != 0)
        return peer;
    if (address.ss_family != AF_UNIX) {
        (void)ip_from_sockaddr((const struct sockaddr *)&address, &peer.addr, &port);
        return peer;
    }
    struct ucred who;
    len = sizeof(who);
    if (getsockopt(info->connect_fd, SOL_SOCKET, SO_PEERCRED, &who, &len) == 0)
        peer = (struct http_peer){.is_unix = true, .uid = who.uid, .pid = who.pid};
    return peer;
}

static const char *header(struct MHD_Connection *handle, const char *name)
{
    return MHD_lookup_connection_value(handle, MHD_HEADER_KIND, name);
}

static struct http_request request_of(struct http_exchange *exchange, const char *method)
{
    struct MHD_Connection *handle = exchange->handle;
    return (struct http_request){
        .method = strcmp(method, "HEAD") == 0 ? "GET" : method,
        .path = exchange->path,
        .peer = peer_of(handle),
        .host = header(handle, "Host"),
        .authorization = header(handle, "Authorization"),
        .origin = header(handle, "Origin"),
        .accept = header(handle, "Accept"),
        .last_event_id = header(handle, "Last-Event-ID"),
        .if_none_match = header(handle, "If-None-Match"),
        .content_type = header(handle, "Content-Type"),
        .exchange = exchange,
    };
}

/* ---- the guard ---- */

struct header_count {
    unsigned host, length, encoding;
};

static enum MHD_Result count_header(void *ctx, enum MHD_ValueKind kind, const char *name,
                                    const char *value)
{
    struct header_count *count = ctx;
    (void)kind;
    (void)value;
    count->host += strcasecmp(name, "Host") == 0;
    count->length += strcasecmp(name, "Content-Length") == 0;
    count->encoding += strcasecmp(name, "Transfer-Encoding") == 0;
    return MHD_YES;
}

/* frame_fault - what could make two of us see two different requests in it (RFC 9112 sections
 * 3.2, 6.1 and 6.3); NULL: nothing. */
static const char *frame_fault(struct MHD_Connection *handle, const char *method)
{
    struct header_count count = {0};
    MHD_get_connection_values(handle, MHD_HEADER_KIND, count_header, &count);
    const char *length = header(handle, "Content-Length");
    const char *encoding = header(handle, "Transfer-Encoding");
    bool may_have_body = strcmp(method, "POST") == 0;
    if (count.host != 1)
        return "the header Host must be there once";
    if (count.length + count.encoding > 1)
        return "the length of the body must be said once";
    if (encoding && strcasecmp(encoding, "chunked") != 0)
        return "the only Transfer-Encoding is chunked";
    if (!may_have_body && (encoding || (length && strspn(length, "0") != strlen(length))))
        return "this method has no body";
    return NULL;
}

/* target_fault - of path and query; NULL: none, and they are decoded. */
static const char *target_fault(struct http_exchange *exchange)
{
    struct MHD_Connection *handle = exchange->handle;
    if (!exchange->path || exchange->path[0] != '/' || !http_decode(exchange->path, false))
        return "the path must begin with '/', and '%' is followed by two hexadecimal digits, "
               "not 00";
    int pairs = MHD_get_connection_values(handle, MHD_GET_ARGUMENT_KIND, NULL, NULL);
    if (pairs > HTTP_QUERY_MAX)
        return "there are too many parameters";
    MHD_get_connection_values(handle, MHD_GET_ARGUMENT_KIND, put_query, exchange);
    if (exchange->query_is_bad)
        return "in the query '%' is followed by two hexadecimal digits, not 00";
    for (size_t i = 0; i < exchange->query_count; i++)
        for (size_t k = 0; k < i; k++)
            if (strcmp(exchange->query[i].name, exchange->query[k].name) == 0)
                return "a parameter stands twice";
    return NULL;
}

static void refuse(struct http_exchange *exchange, unsigned status, const char *detail)
{
    exchange->server->handler.refuse(exchange, status, detail);
}

static void refuse_size(struct http_exchange *exchange)
{
    refuse(exchange, MHD_HTTP_CONTENT_TOO_LARGE, "the body is larger than 1 MiB");
}

/* judge_head - false: it was answered. */
static bool judge_head(struct http_exchange *exchange, const char *method)
{
    const char *fault = frame_fault(exchange->handle, method);
    if (!fault)
        fault = target_fault(exchange);
    if (fault) {
        refuse(exchange, MHD_HTTP_BAD_REQUEST, fault);
        return false;
    }
    const char *length = header(exchange->handle, "Content-Length");
    if (length && strtoull(length, NULL, 10) > HTTP_BODY_MAX) {
        refuse_size(exchange);
        return false;
    }
    struct http_request request = request_of(exchange, method);
    return exchange->server->handler.on_head(exchange->server->handler.ctx, &request);
}

/* ---- from head to answer ---- */

static enum MHD_Result queue(struct http_exchange *exchange)
{
    enum MHD_Result result =
        MHD_queue_response(exchange->handle, exchange->status, exchange->response);
    MHD_destroy_response(exchange->response);
    exchange->response = NULL;
    return result;
}

static enum MHD_Result begin_request(struct http_listener *listener,
                                     struct MHD_Connection *handle, const char *url,
                                     const char *method, void **request_context)
{
    struct http_exchange *exchange = begin(listener, handle, url);
    if (!exchange)
        return MHD_NO;
    *request_context = exchange;
    if (judge_head(exchange, method))
        return MHD_YES;
    return exchange->response ? queue(exchange) : MHD_NO;
}

static enum MHD_Result take_body(struct http_exchange *exchange, const char *data,
                                 size_t *data_len)
{
    text_put(&exchange->body, data, *data_len);
    if (exchange->body.failed)
        exchange->body_over += *data_len;
    *data_len = 0;
    return exchange->body.no_memory || exchange->body_over > OVER_BYTES_MAX ? MHD_NO : MHD_YES;
}

/* is_spent - many who ask for much must not hold up the loop, and with it the probes. */
static bool is_spent(const struct http_server *server)
{
    return server->turn_ms == uv_now(server->loop) && server->turn_us > server->limits.turn_us;
}

static void ask(struct http_exchange *exchange, const char *method)
{
    struct http_server *server = exchange->server;
    struct http_request request = request_of(exchange, method);
    request.body = text_get(&exchange->body);
    request.body_len = exchange->body.len;
    http_set_deadline(exchange->connection, 0);
    exchange->asked = true;
    uint64_t begun_ns = uv_hrtime();
    server->handler.on_request(server->handler.ctx, &request);
    if (server->turn_ms != uv_now(server->loop))
        server->turn_us = 0;
    server->turn_ms = uv_now(server->loop);
    server->turn_us += (uv_hrtime() - begun_ns) / 1000 + 1;
}

/* wait_for_turn - a millisecond: what is due at once would still be this turn. */
static void wait_for_turn(struct http_exchange *exchange)
{
    struct http_server *server = exchange->server;
    exchange->waits = true;
    if (!uv_is_active((const uv_handle_t *)&server->next_turn))
        uv_timer_start(&server->next_turn, http_on_next_turn, 1, 0);
}

void http_on_next_turn(uv_timer_t *timer)
{
    struct http_server *server = timer->data;
    for (struct http_exchange *at = server->exchanges; at; at = at->next) {
        if (!at->waits)
            continue;
        at->waits = at->suspended = false;
        http_wake(at->listener, at->handle);
    }
}

/* finish_request - all of it is there: ask for the answer, or send it when it has come. */
static enum MHD_Result finish_request(struct http_exchange *exchange, const char *method)
{
    if ((exchange->suspended || exchange->server->closing) && !exchange->answered)
        return MHD_NO; /* woken because the server closes */
    if (!exchange->answered && exchange->body.failed)
        refuse_size(exchange);
    else if (!exchange->answered && is_spent(exchange->server))
        wait_for_turn(exchange);
    else if (!exchange->answered)
        ask(exchange, method);
    if (exchange->response)
        return queue(exchange);
    if (exchange->answered)
        return MHD_NO; /* no memory for it */
    exchange->suspended = true;
    MHD_suspend_connection(exchange->handle);
    return MHD_YES;
}

enum MHD_Result http_on_access(void *ctx, struct MHD_Connection *handle, const char *url,
                               const char *method, const char *version, const char *data,
                               size_t *data_len, void **request_context)
{
    struct http_exchange *exchange = *request_context;
    (void)version;
    if (!exchange)
        return begin_request(ctx, handle, url, method, request_context);
    return *data_len > 0 ? take_body(exchange, data, data_len)
                         : finish_request(exchange, method);
}

/* ---- for the handler ---- */

const char *http_query(const struct http_request *request, const char *name)
{
    const struct http_exchange *exchange = request->exchange;
    for (size_t i = 0; i < exchange->query_count; i++)
        if (strcmp(exchange->query[i].name, name) == 0)
            return exchange->query[i].value;
    return NULL;
}

void http_each_query(const struct http_request *request,
                     bool (*visit)(void *ctx, const char *name), void *ctx)
{
    const struct http_exchange *exchange = request->exchange;
    for (size_t i = 0; i < exchange->query_count; i++)
        if (!visit(ctx, exchange->query[i].name))
            return;
}

void http_answer(struct http_exchange *exchange, unsigned status, struct MHD_Response *response)
{
    REQUIRE(!exchange->answered);
    exchange->answered = true;
    exchange->status = status;
    exchange->response = response;
    if (!exchange->handle)
        free_exchange(exchange);
    else if (exchange->suspended)
        http_wake(exchange->listener, exchange->handle);
}

void http_reply(struct http_exchange *exchange, unsigned status, const char *type,
                const char *body, size_t body_len, const struct http_header *headers,
                size_t header_count)
{
    struct http_server *server = exchange->server;
    if (!server) { /* nobody is there to take it */
        http_answer(exchange, status, NULL);
        return;
    }
    if (body_len > SMALL_ANSWER_BYTES &&
        server->answer_bytes + body_len > HTTP_ANSWER_BYTES_MAX) {
        refuse(exchange, MHD_HTTP_SERVICE_UNAVAILABLE,
               "too many answers wait for clients to take them; ask again later");
        return;
    }
    struct MHD_Response *response = MHD_create_response_from_buffer(
        body_len, (void *)(uintptr_t)body, MHD_RESPMEM_MUST_COPY);
    if (response) {
        MHD_add_response_header(response, MHD_HTTP_HEADER_CONTENT_TYPE, type);
        for (size_t i = 0; i < header_count; i++)
            MHD_add_response_header(response, headers[i].name, headers[i].value);
    }
    exchange->answer_len = body_len;
    server->answer_bytes += body_len;
    http_set_deadline(exchange->connection, server->limits.send_ms);
    http_answer(exchange, status, response);
}
