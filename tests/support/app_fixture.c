#include "app_fixture.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "rhumb/ip.h"

enum { BACKLOG = 64 };

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

void app_server_open(struct app_server *server, struct test_loop *loop, const char *address,
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

void app_server_close(struct app_server *server, struct test_loop *loop)
{
    uv_close((uv_handle_t *)&server->listener, on_server_closed);
    test_loop_until(loop, is_closed, server);
}

void app_tell(void *ctx, const struct event *event)
{
    (void)ctx;
    event_log(event);
}
