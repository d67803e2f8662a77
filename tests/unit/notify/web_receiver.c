#include "web_receiver.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

struct web_peer {
    uv_tcp_t tcp;
    uv_write_t write;
    struct web_receiver *receiver;
    struct web_peer *next, **link; /* in the receiver's list */
    char input[WEB_REQUEST_MAX];
    size_t len;
    bool ends; /* closed when its answer has gone out */
};

static void on_peer_closed(uv_handle_t *handle)
{
    struct web_peer *peer = handle->data;
    peer->receiver->open--;
    *peer->link = peer->next;
    if (peer->next)
        peer->next->link = peer->link;
    free(peer);
}

static void drop(struct web_peer *peer)
{
    if (!uv_is_closing((uv_handle_t *)&peer->tcp))
        uv_close((uv_handle_t *)&peer->tcp, on_peer_closed);
}

static void on_written(uv_write_t *write, int status)
{
    struct web_peer *peer = write->data;
    if (peer->ends || status != 0)
        drop(peer);
}

static void say(struct web_peer *peer, const char *text, bool ends)
{
    uv_buf_t buffer = uv_buf_init((char *)(uintptr_t)text, (unsigned)strlen(text));
    peer->ends = ends;
    peer->write.data = peer;
    assert_int_equal(uv_write(&peer->write, (uv_stream_t *)&peer->tcp, &buffer, 1, on_written),
                     0);
}

static void answer(struct web_peer *peer, enum web_answer how)
{
    switch (how) {
    case WEB_OK: say(peer, "HTTP/1.1 204 No Content\r\n\r\n", false); break;
    case WEB_ERROR: say(peer, "HTTP/1.1 500 Oops\r\nContent-Length: 0\r\n\r\n", false); break;
    case WEB_HALF: say(peer, "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf", true); break;
    case WEB_RESET: uv_tcp_close_reset(&peer->tcp, on_peer_closed); break;
    case WEB_SILENT: drop(peer); break;
    case WEB_HANG: break;
    }
}

/* find_body - NULL as long as it is not there in full. */
static const char *find_body(const char *text)
{
    const char *end = strstr(text, "\r\n\r\n"), *length = strstr(text, "Content-Length: ");
    if (!end || !length)
        return NULL;
    size_t wanted = strtoul(length + 16, NULL, 10);
    return strlen(end + 4) >= wanted ? end + 4 : NULL;
}

static void keep(struct web_receiver *receiver, const char *text)
{
    assert_true(receiver->count < WEB_REQUESTS_KEPT);
    struct web_request *request = &receiver->requests[receiver->count];
    snprintf(request->text, sizeof(request->text), "%s", text);
    request->body = find_body(request->text);
    const char *key = strstr(request->text, "Idempotency-Key: ");
    assert_non_null(key);
    snprintf(request->key, sizeof(request->key), "%.*s", (int)strcspn(key + 17, "\r"),
             key + 17);
}

static void on_alloc(uv_handle_t *handle, size_t wanted, uv_buf_t *out_buffer)
{
    struct web_peer *peer = handle->data;
    (void)wanted;
    *out_buffer =
        uv_buf_init(peer->input + peer->len, (unsigned)(sizeof(peer->input) - 1 - peer->len));
}

static void on_read(uv_stream_t *stream, ssize_t len, const uv_buf_t *buffer)
{
    struct web_peer *peer = stream->data;
    struct web_receiver *receiver = peer->receiver;
    (void)buffer;
    if (len < 0) {
        drop(peer);
        return;
    }
    peer->len += (size_t)len;
    peer->input[peer->len] = '\0';
    if (!find_body(peer->input))
        return;
    keep(receiver, peer->input);
    peer->len = 0;
    size_t idx = receiver->count++;
    answer(peer, idx < receiver->script_len ? receiver->script[idx] : WEB_OK);
}

static void on_connection(uv_stream_t *listener, int status)
{
    struct web_receiver *receiver = listener->data;
    struct web_peer *peer = calloc(1, sizeof(*peer));
    assert_int_equal(status, 0);
    assert_non_null(peer);
    peer->receiver = receiver;
    peer->tcp.data = peer;
    uv_tcp_init(listener->loop, &peer->tcp);
    assert_int_equal(uv_accept(listener, (uv_stream_t *)&peer->tcp), 0);
    peer->next = receiver->peers;
    peer->link = &receiver->peers;
    if (peer->next)
        peer->next->link = &peer->next;
    receiver->peers = peer;
    receiver->open++;
    uv_read_start((uv_stream_t *)&peer->tcp, on_alloc, on_read);
}

void web_receiver_open(struct web_receiver *receiver, struct test_loop *loop, uint16_t port,
                       const enum web_answer *script, size_t script_len)
{
    struct sockaddr_in name;
    int len = sizeof(name);
    *receiver = (struct web_receiver){.script = script, .script_len = script_len};
    assert_int_equal(uv_ip4_addr("127.0.0.1", port, &name), 0);
    uv_tcp_init(&loop->uv, &receiver->listener);
    receiver->listener.data = receiver;
    assert_int_equal(uv_tcp_bind(&receiver->listener, (const struct sockaddr *)&name, 0), 0);
    assert_int_equal(uv_listen((uv_stream_t *)&receiver->listener, 16, on_connection), 0);
    assert_int_equal(uv_tcp_getsockname(&receiver->listener, (struct sockaddr *)&name, &len),
                     0);
    receiver->port = ntohs(name.sin_port);
    snprintf(receiver->url, sizeof(receiver->url), "http://127.0.0.1:%u/hook", receiver->port);
}

static void on_listener_closed(uv_handle_t *handle)
{
    handle->data = NULL;
}

static bool is_closed(void *ctx)
{
    const struct web_receiver *receiver = ctx;
    return !receiver->listener.data && receiver->open == 0;
}

void web_receiver_close(struct web_receiver *receiver, struct test_loop *loop)
{
    for (struct web_peer *peer = receiver->peers; peer; peer = peer->next)
        drop(peer);
    uv_close((uv_handle_t *)&receiver->listener, on_listener_closed);
    test_loop_until(loop, is_closed, receiver);
}
