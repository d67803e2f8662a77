#include "http_server.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <unistd.h>

#include <microhttpd.h>
#include <uv.h>

#include "rhumb/require.h"

#include "http_text.h"

enum {
    HEAD_BYTES_MAX = 32 * 1024, /* of one connection: request line and headers */
    IDLE_S = 30,
    SWEEP_MS = 1000,
    SEND_MS = 60000, /* for the client to take its answer */
    QUERY_MAX = 16,
    BLOCK_BYTES = 16 * 1024,
};

/* One bound socket: a daemon of the library, which has no thread of its own. */
struct listener {
    struct http_server *server;
    struct MHD_Daemon *daemon;
    struct connection *connections;
    struct listener *next;
    uv_poll_t poll;
    uv_timer_t timer; /* what the library waits for */
};

struct connection {
    struct listener *listener;
    struct connection *next, *previous;
    int fd;
    uint64_t deadline_ms; /* loop time; 0: none */
};

struct query_pair {
    char *name, *value; /* owned, as one block */
};

struct http_exchange {
    struct http_server *server; /* NULL: the client is gone */
    struct listener *listener;
    struct connection *connection;
    struct MHD_Connection *handle; /* NULL: the client is gone */
    struct MHD_Response *response; /* owned until it is queued */
    unsigned status;
    bool answered, suspended;
    char *path;
    struct query_pair query[QUERY_MAX];
    size_t query_count;
    struct text body;
    struct http_exchange *next, *previous; /* of the server */
};

struct http_stream {
    struct http_server *server;
    struct listener *listener;
    struct MHD_Connection *handle;
    struct text waiting; /* bytes behind `taken` wait for the reader */
    size_t taken;
    bool suspended, ended;
    void (*on_end)(void *ctx); /* NULL: told */
    void *ctx;
    struct http_stream *next, *previous;
};

struct http_server {
    uv_loop_t *loop;
    struct http_handler handler;
    struct listener *listeners;
    struct http_exchange *exchanges;
    struct http_stream *streams;
    size_t stream_count;
    uv_timer_t sweep;
    unsigned open_handles;
    bool closing;
};

/* ---- the library's turn ---- */

static void arm(struct listener *listener);

static void run(struct listener *listener)
{
    MHD_run(listener->daemon);
    arm(listener);
}

static void on_timer(uv_timer_t *timer)
{
    run(timer->data);
}

static void arm(struct listener *listener)
{
    MHD_UNSIGNED_LONG_LONG wait_ms;
    if (listener->server->closing)
        return;
    if (MHD_get_timeout(listener->daemon, &wait_ms) == MHD_YES)
        uv_timer_start(&listener->timer, on_timer, wait_ms, 0);
    else
        uv_timer_stop(&listener->timer);
}

static void on_readable(uv_poll_t *poll, int status, int events)
{
    (void)status;
    (void)events;
    run(poll->data);
}

/* wake - go on with a connection that waited, in the next turn: this one may be the library's. */
static void wake(struct listener *listener, struct MHD_Connection *handle)
{
    MHD_resume_connection(handle);
    if (!listener->server->closing)
        uv_timer_start(&listener->timer, on_timer, 0, 0);
}

/* ---- connections ---- */

static void on_connection(void *ctx, struct MHD_Connection *handle, void **socket_context,
                          enum MHD_ConnectionNotificationCode code)
{
    struct listener *listener = ctx;
    struct connection *connection = *socket_context;
    if (code == MHD_CONNECTION_NOTIFY_STARTED) {
        const union MHD_ConnectionInfo *info =
            MHD_get_connection_info(handle, MHD_CONNECTION_INFO_CONNECTION_FD);
        connection = calloc(1, sizeof(*connection));
        *socket_context = connection;
        if (!connection)
            return;
        *connection = (struct connection){
            .listener = listener,
            .fd = info ? info->connect_fd : -1,
            .next = listener->connections,
            .deadline_ms = uv_now(listener->server->loop) + HTTP_REQUEST_MS,
        };
        if (connection->next)
            connection->next->previous = connection;
        listener->connections = connection;
        return;
    }
    if (!connection)
        return;
    if (connection->next)
        connection->next->previous = connection->previous;
    if (connection->previous)
        connection->previous->next = connection->next;
    else
        listener->connections = connection->next;
    free(connection);
    *socket_context = NULL;
}

static void set_deadline(struct http_exchange *exchange, uint64_t in_ms)
{
    if (exchange->connection && exchange->server)
        exchange->connection->deadline_ms =
            in_ms == 0 ? 0 : uv_now(exchange->server->loop) + in_ms;
}

/* on_sweep - who took too long is cut off: the library only knows how long nothing came. */
static void on_sweep(uv_timer_t *timer)
{
    struct http_server *server = timer->data;
    uint64_t now_ms = uv_now(server->loop);
    for (struct listener *listener = server->listeners; listener; listener = listener->next)
        for (struct connection *at = listener->connections; at; at = at->next)
            if (at->deadline_ms != 0 && at->deadline_ms <= now_ms && at->fd >= 0)
                (void)shutdown(at->fd, SHUT_RDWR);
}

/* ---- exchanges ---- */

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
    if (exchange->next)
        exchange->next->previous = exchange->previous;
    if (exchange->previous)
        exchange->previous->next = exchange->next;
    else if (exchange->server)
        exchange->server->exchanges = exchange->next;
    exchange->server = NULL;
}

/* put_query - one pair of the query, decoded. */
static enum MHD_Result put_query(void *ctx, enum MHD_ValueKind kind, const char *name,
                                 const char *value)
{
    struct http_exchange *exchange = ctx;
    (void)kind;
    if (exchange->query_count == QUERY_MAX)
        return MHD_NO;
    size_t name_len = strlen(name), value_len = value ? strlen(value) : 0;
    char *block = malloc(name_len + value_len + 2);
    if (!block)
        return MHD_NO;
    struct query_pair *pair = &exchange->query[exchange->query_count++];
    *pair = (struct query_pair){.name = block, .value = block + name_len + 1};
    memcpy(pair->name, name, name_len + 1);
    memcpy(pair->value, value ? value : "", value_len + 1);
    return http_decode(pair->name, true) && http_decode(pair->value, true) ? MHD_YES : MHD_NO;
}

static struct http_exchange *begin(struct listener *listener, struct MHD_Connection *handle,
                                   const char *url)
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
    set_deadline(exchange, HTTP_REQUEST_MS);
    return exchange;
}

static void on_completed(void *ctx, struct MHD_Connection *handle, void **request_context,
                         enum MHD_RequestTerminationCode code)
{
    struct http_exchange *exchange = *request_context;
    (void)ctx;
    (void)handle;
    (void)code;
    if (!exchange)
        return;
    *request_context = NULL;
    set_deadline(exchange, HTTP_REQUEST_MS); /* for the next request of the connection */
    unlink_exchange(exchange);
    exchange->handle = NULL;
    exchange->connection = NULL;
    if (exchange->answered)
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

/* is_framed_once - or two of us could see two different requests in it (RFC 9112 section 6.3). */
static bool is_framed_once(struct MHD_Connection *handle)
{
    struct header_count count = {0};
    MHD_get_connection_values(handle, MHD_HEADER_KIND, count_header, &count);
    return count.host == 1 && count.length + count.encoding <= 1;
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

static void reply_text(struct http_exchange *exchange, unsigned status, const char *text)
{
    http_reply(exchange, status, "text/plain; charset=utf-8", text, strlen(text), NULL, 0);
}

static bool length_is_too_large(struct MHD_Connection *handle)
{
    const char *length = header(handle, "Content-Length");
    return length && strtoull(length, NULL, 10) > HTTP_BODY_MAX;
}

/* judge_head - false: it was answered. */
static bool judge_head(struct http_exchange *exchange, const char *method)
{
    struct MHD_Connection *handle = exchange->handle;
    if (!is_framed_once(handle) || !exchange->path || exchange->path[0] != '/' ||
        !http_decode(exchange->path, false)) {
        reply_text(exchange, MHD_HTTP_BAD_REQUEST, "bad request\n");
        return false;
    }
    int pairs = MHD_get_connection_values(handle, MHD_GET_ARGUMENT_KIND, NULL, NULL);
    MHD_get_connection_values(handle, MHD_GET_ARGUMENT_KIND, put_query, exchange);
    if (pairs > QUERY_MAX || exchange->query_count != (size_t)(pairs > 0 ? pairs : 0)) {
        reply_text(exchange, MHD_HTTP_BAD_REQUEST, "bad query\n");
        return false;
    }
    if (length_is_too_large(handle)) {
        reply_text(exchange, MHD_HTTP_CONTENT_TOO_LARGE, "the body is larger than 1 MiB\n");
        return false;
    }
    struct http_request request = request_of(exchange, method);
    return exchange->server->handler.on_head(exchange->server->handler.ctx, &request);
}

static enum MHD_Result queue(struct http_exchange *exchange)
{
    enum MHD_Result result =
        MHD_queue_response(exchange->handle, exchange->status, exchange->response);
    MHD_destroy_response(exchange->response);
    exchange->response = NULL;
    return result;
}

/* finish_request - all of it is there: ask for the answer, or send it when it has come. */
static enum MHD_Result finish_request(struct http_exchange *exchange, const char *method)
{
    if (exchange->suspended && !exchange->answered)
        return MHD_NO; /* woken because the server closes */
    if (!exchange->answered) {
        struct http_request request = request_of(exchange, method);
        request.body = text_get(&exchange->body);
        request.body_len = exchange->body.len;
        set_deadline(exchange, 0);
        exchange->server->handler.on_request(exchange->server->handler.ctx, &request);
    }
    if (exchange->response)
        return queue(exchange);
    if (exchange->answered)
        return MHD_NO; /* no memory for it */
    exchange->suspended = true;
    MHD_suspend_connection(exchange->handle);
    return MHD_YES;
}

static enum MHD_Result on_access(void *ctx, struct MHD_Connection *handle, const char *url,
                                 const char *method, const char *version, const char *data,
                                 size_t *data_len, void **request_context)
{
    struct http_exchange *exchange = *request_context;
    (void)version;
    if (!exchange) {
        exchange = begin(ctx, handle, url);
        if (!exchange)
            return MHD_NO;
        *request_context = exchange;
        return judge_head(exchange, method) ? MHD_YES
               : exchange->response         ? queue(exchange)
                                            : MHD_NO;
    }
    if (*data_len == 0)
        return finish_request(exchange, method);
    text_put(&exchange->body, data, *data_len);
    *data_len = 0;
    return exchange->body.failed ? MHD_NO : MHD_YES;
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

/* answer - the response of an exchange is there; the library takes it now or is woken for it. */
static void answer(struct http_exchange *exchange, unsigned status,
                   struct MHD_Response *response)
{
    REQUIRE(!exchange->answered);
    exchange->answered = true;
    exchange->status = status;
    exchange->response = response;
    if (!exchange->handle)
        free_exchange(exchange);
    else if (exchange->suspended)
        wake(exchange->listener, exchange->handle);
}

void http_reply(struct http_exchange *exchange, unsigned status, const char *type,
                const char *body, size_t body_len, const struct http_header *headers,
                size_t header_count)
{
    struct MHD_Response *response = MHD_create_response_from_buffer(
        body_len, (void *)(uintptr_t)body, MHD_RESPMEM_MUST_COPY);
    if (response) {
        MHD_add_response_header(response, MHD_HTTP_HEADER_CONTENT_TYPE, type);
        for (size_t i = 0; i < header_count; i++)
            MHD_add_response_header(response, headers[i].name, headers[i].value);
    }
    set_deadline(exchange, SEND_MS);
    answer(exchange, status, response);
}

/* ---- streams ---- */

static void end_stream(struct http_stream *stream)
{
    void (*on_end)(void *ctx) = stream->on_end;
    stream->on_end = NULL;
    stream->ended = true;
    if (on_end)
        on_end(stream->ctx);
}

static ssize_t read_stream(void *ctx, uint64_t position, char *to, size_t max)
{
    struct http_stream *stream = ctx;
    (void)position;
    size_t len = stream->waiting.len - stream->taken;
    if (stream->ended)
        return MHD_CONTENT_READER_END_OF_STREAM;
    if (len == 0) {
        stream->suspended = true;
        MHD_suspend_connection(stream->handle);
        return 0;
    }
    len = len < max ? len : max;
    memcpy(to, text_get(&stream->waiting) + stream->taken, len);
    stream->taken += len;
    if (stream->taken == stream->waiting.len) {
        text_deinit(&stream->waiting);
        text_init(&stream->waiting, HTTP_STREAM_BYTES_MAX);
        stream->taken = 0;
    }
    return (ssize_t)len;
}

static void free_stream(void *ctx)
{
    struct http_stream *stream = ctx;
    if (stream->next)
        stream->next->previous = stream->previous;
    if (stream->previous)
        stream->previous->next = stream->next;
    else
        stream->server->streams = stream->next;
    stream->server->stream_count--;
    end_stream(stream);
    text_deinit(&stream->waiting);
    free(stream);
}

struct http_stream *http_stream_begin(struct http_exchange *exchange, const char *type,
                                      void (*on_end)(void *ctx), void *ctx)
{
    struct http_server *server = exchange->server;
    if (!server || !exchange->handle || server->stream_count >= HTTP_STREAMS_MAX)
        return NULL;
    struct http_stream *stream = calloc(1, sizeof(*stream));
    struct MHD_Response *response =
        stream ? MHD_create_response_from_callback(MHD_SIZE_UNKNOWN, BLOCK_BYTES, read_stream,
                                                   stream, free_stream)
               : NULL;
    if (!response) {
        free(stream);
        return NULL;
    }
    *stream = (struct http_stream){.server = server,
                                   .listener = exchange->listener,
                                   .handle = exchange->handle,
                                   .on_end = on_end,
                                   .ctx = ctx,
                                   .next = server->streams};
    text_init(&stream->waiting, HTTP_STREAM_BYTES_MAX);
    if (stream->next)
        stream->next->previous = stream;
    server->streams = stream;
    server->stream_count++;
    MHD_add_response_header(response, MHD_HTTP_HEADER_CONTENT_TYPE, type);
    MHD_add_response_header(response, MHD_HTTP_HEADER_CACHE_CONTROL, "no-store");
    set_deadline(exchange, 0);
    answer(exchange, MHD_HTTP_OK, response);
    return stream;
}

static void wake_stream(struct http_stream *stream)
{
    if (!stream->suspended)
        return;
    stream->suspended = false;
    wake(stream->listener, stream->handle);
}

bool http_stream_put(struct http_stream *stream, const char *bytes, size_t len)
{
    text_put(&stream->waiting, bytes, len);
    if (stream->waiting.failed) {
        stream->on_end = NULL; /* the caller knows by the result */
        stream->ended = true;
    }
    wake_stream(stream);
    return !stream->ended;
}

size_t http_stream_count(const struct http_server *server)
{
    return server->stream_count;
}

/* ---- life ---- */

static void on_handle_closed(uv_handle_t *handle)
{
    struct http_server *server = handle->data;
    if (--server->open_handles > 0)
        return;
    while (server->listeners) {
        struct listener *listener = server->listeners;
        server->listeners = listener->next;
        free(listener);
    }
    free(server);
}

enum err http_server_new(uv_loop_t *loop, const struct http_handler *handler,
                         struct http_server **out_server)
{
    struct http_server *server = calloc(1, sizeof(*server));
    if (!server)
        return ERR_NO_MEMORY;
    server->loop = loop;
    server->handler = *handler;
    server->open_handles = 1;
    uv_timer_init(loop, &server->sweep);
    server->sweep.data = server;
    uv_timer_start(&server->sweep, on_sweep, SWEEP_MS, SWEEP_MS);
    *out_server = server;
    return ERR_OK;
}

/* keep_raw - paths and queries are decoded here, not there: the library takes %00. */
static size_t keep_raw(void *ctx, struct MHD_Connection *handle, char *text)
{
    (void)ctx;
    (void)handle;
    return strlen(text);
}

static void say_nothing(void *ctx, const char *format, va_list arguments)
{
    (void)ctx;
    (void)format;
    (void)arguments;
}

enum err http_server_listen(struct http_server *server, int fd)
{
    struct listener *listener = calloc(1, sizeof(*listener));
    if (!listener) {
        close(fd);
        return ERR_NO_MEMORY;
    }
    listener->server = server;
    listener->daemon = MHD_start_daemon(
        MHD_USE_EPOLL | MHD_ALLOW_SUSPEND_RESUME | MHD_USE_ERROR_LOG, 0, NULL, NULL, on_access,
        listener, MHD_OPTION_EXTERNAL_LOGGER, say_nothing, NULL, MHD_OPTION_LISTEN_SOCKET, fd,
        MHD_OPTION_CONNECTION_LIMIT, (unsigned)HTTP_CONNECTIONS_MAX,
        MHD_OPTION_CONNECTION_TIMEOUT, (unsigned)IDLE_S, MHD_OPTION_STRICT_FOR_CLIENT, 1,
        MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t)HEAD_BYTES_MAX,
        MHD_OPTION_UNESCAPE_CALLBACK, keep_raw, NULL, MHD_OPTION_NOTIFY_COMPLETED, on_completed,
        NULL, MHD_OPTION_NOTIFY_CONNECTION, on_connection, listener, MHD_OPTION_END);
    const union MHD_DaemonInfo *info =
        listener->daemon ? MHD_get_daemon_info(listener->daemon, MHD_DAEMON_INFO_EPOLL_FD)
                         : NULL;
    if (!info || uv_poll_init(server->loop, &listener->poll, info->epoll_fd) != 0) {
        if (listener->daemon)
            MHD_stop_daemon(listener->daemon);
        else
            close(fd);
        free(listener);
        return ERR_IO;
    }
    uv_timer_init(server->loop, &listener->timer);
    listener->poll.data = listener->timer.data = listener;
    server->open_handles += 2;
    listener->next = server->listeners;
    server->listeners = listener;
    uv_poll_start(&listener->poll, UV_READABLE, on_readable);
    arm(listener);
    return ERR_OK;
}

/* let_go - what waits is woken, and nothing of it looks for the server any more. */
static void let_go(struct http_server *server)
{
    for (struct http_exchange *at = server->exchanges; at; at = at->next)
        if (at->suspended && !at->answered)
            MHD_resume_connection(at->handle);
    for (struct http_stream *at = server->streams; at; at = at->next) {
        at->ended = true;
        wake_stream(at);
    }
}

void http_server_close(struct http_server *server)
{
    if (!server)
        return;
    server->closing = true;
    let_go(server);
    for (struct listener *listener = server->listeners; listener; listener = listener->next) {
        uv_poll_stop(&listener->poll);
        uv_timer_stop(&listener->timer);
        MHD_run(listener->daemon);
    }
    for (struct listener *listener = server->listeners; listener; listener = listener->next) {
        listener->poll.data = listener->timer.data = server;
        uv_close((uv_handle_t *)&listener->poll, on_handle_closed);
        uv_close((uv_handle_t *)&listener->timer, on_handle_closed);
        MHD_stop_daemon(listener->daemon); /* closes the socket */
    }
    uv_timer_stop(&server->sweep);
    uv_close((uv_handle_t *)&server->sweep, on_handle_closed);
}
