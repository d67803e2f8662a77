#include "app_fixture.h"

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "rhumb/ip.h"
#include "rhumb/log.h"

enum { GUARD_MS = 30000, TICK_MS = 5, BACKLOG = 64, PEERS_MAX = 64 };

/* ---- the loop ---- */

static void on_guard(uv_timer_t *guard)
{
    struct app_loop *loop = guard->data;
    loop->guard_fired = uv_now(&loop->uv) >= loop->guard_ms;
}

void app_loop_open(struct app_loop *loop)
{
    *loop = (struct app_loop){.guard_fired = false};
    assert_int_equal(uv_loop_init(&loop->uv), 0);
    uv_timer_init(&loop->uv, &loop->guard);
    loop->guard.data = loop;
    loop->guard_ms = uv_now(&loop->uv) + GUARD_MS;
    uv_timer_start(&loop->guard, on_guard, TICK_MS, TICK_MS);
    uv_unref((uv_handle_t *)&loop->guard);
}

void app_loop_until(struct app_loop *loop, bool (*is_done)(void *ctx), void *ctx)
{
    while (!is_done(ctx) && !loop->guard_fired)
        uv_run(&loop->uv, UV_RUN_ONCE);
    assert_false(loop->guard_fired);
}

void app_loop_until_count(struct app_loop *loop, const size_t *counter, size_t wanted)
{
    while (*counter < wanted && !loop->guard_fired)
        uv_run(&loop->uv, UV_RUN_ONCE);
    assert_false(loop->guard_fired);
}

void app_loop_close(struct app_loop *loop)
{
    bool more = true;
    while (more && !loop->guard_fired)
        more = uv_run(&loop->uv, UV_RUN_ONCE) != 0;
    assert_false(loop->guard_fired);
    uv_close((uv_handle_t *)&loop->guard, NULL);
    uv_run(&loop->uv, UV_RUN_DEFAULT);
    assert_int_equal(uv_loop_close(&loop->uv), 0);
}

/* ---- the log ---- */

static struct {
    char lines[LOG_LINES_MAX][LOG_LINE_MAX];
    size_t count;
} kept;

static void keep(void *ctx, enum log_level level, const char *line)
{
    (void)ctx;
    (void)level;
    if (kept.count < LOG_LINES_MAX)
        snprintf(kept.lines[kept.count++], LOG_LINE_MAX, "%s", line);
}

void app_log_open(void)
{
    kept.count = 0;
    log_set_sink(keep, NULL);
}

void app_log_close(void)
{
    log_set_sink(NULL, NULL);
}

size_t app_log_count(const char *part)
{
    size_t count = 0;
    for (size_t i = 0; i < kept.count; i++)
        count += strstr(kept.lines[i], part) != NULL;
    return count;
}

void app_loop_until_log(struct app_loop *loop, const char *part, size_t wanted)
{
    while (app_log_count(part) < wanted && !loop->guard_fired)
        uv_run(&loop->uv, UV_RUN_ONCE);
    for (size_t i = 0; i < kept.count && loop->guard_fired; i++)
        print_error("%s\n", kept.lines[i]);
    assert_false(loop->guard_fired);
}

/* ---- snapshots ---- */

struct snapshot *app_compile(const char *config_path)
{
    struct snapshot *snapshot = NULL;
    struct diag_list *diags = diag_list_new();
    assert_non_null(diags);
    enum err err =
        snapshot_compile(config_path, &(struct snapshot_options){0}, diags, &snapshot);
    if (err != ERR_OK)
        diag_print_all(diags, stderr);
    diag_list_free(diags);
    assert_int_equal(err, ERR_OK);
    return snapshot;
}

/* ---- a server ---- */

static void on_peer_closed(uv_handle_t *peer)
{
    free(peer);
}

static void on_alloc(uv_handle_t *peer, size_t wanted, uv_buf_t *out_buffer)
{
    static char nowhere[1024];
    (void)peer;
    (void)wanted;
    *out_buffer = uv_buf_init(nowhere, sizeof(nowhere));
}

static void on_read(uv_stream_t *peer, ssize_t len, const uv_buf_t *buffer)
{
    (void)buffer;
    if (len < 0)
        uv_close((uv_handle_t *)peer, on_peer_closed);
}

static void on_connection(uv_stream_t *listener, int status)
{
    struct app_server *server = listener->data;
    uv_tcp_t *peer = calloc(1, sizeof(*peer));
    assert_int_equal(status, 0);
    assert_non_null(peer);
    uv_tcp_init(listener->loop, peer);
    assert_int_equal(uv_accept(listener, (uv_stream_t *)peer), 0);
    server->accepted++;
    if (server->holds)
        uv_read_start((uv_stream_t *)peer, on_alloc, on_read);
    else
        uv_close((uv_handle_t *)peer, on_peer_closed);
}

void app_server_open(struct app_server *server, struct app_loop *loop, const char *address,
                     uint16_t port)
{
    struct sockaddr_storage name;
    struct ip_addr addr;
    int len = sizeof(name);
    *server = (struct app_server){.port = port};
    assert_true(ip_parse(address, &addr));
    ip_to_sockaddr(&addr, port, &name);
    uv_tcp_init(&loop->uv, &server->listener);
    server->listener.data = server;
    assert_int_equal(uv_tcp_bind(&server->listener, (const struct sockaddr *)&name, 0), 0);
    assert_int_equal(uv_listen((uv_stream_t *)&server->listener, BACKLOG, on_connection), 0);
    assert_int_equal(uv_tcp_getsockname(&server->listener, (struct sockaddr *)&name, &len), 0);
    assert_true(ip_from_sockaddr((const struct sockaddr *)&name, &addr, &server->port));
}

static void on_server_closed(uv_handle_t *listener)
{
    listener->data = NULL;
}

static bool is_closed(void *ctx)
{
    const struct app_server *server = ctx;
    return server->listener.data == NULL;
}

void app_server_close(struct app_server *server, struct app_loop *loop)
{
    uv_close((uv_handle_t *)&server->listener, on_server_closed);
    app_loop_until(loop, is_closed, server);
}

void app_tell(void *ctx, const struct event *event)
{
    (void)ctx;
    event_log(event);
}
