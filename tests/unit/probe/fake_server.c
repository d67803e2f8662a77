#include "fake_server.h"

#include <netinet/in.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

enum { BLOCK_BYTES = 65536, BACKLOG = 1024 };

struct peer {
    struct ring in_peers;
    uv_tcp_t tcp;
    uv_timer_t pause; /* between two pieces */
    uv_write_t write;
    struct fake_server *server;
    char input[FAKE_REQUEST_MAX];
    size_t input_len, next_piece, body_bytes;
    int handles;
    bool answering, closing;
};

static char block[BLOCK_BYTES];

static void send_next(struct peer *peer);

static void on_handle_closed(uv_handle_t *handle)
{
    struct peer *peer = (struct peer *)handle->data;
    if (--peer->handles > 0)
        return;
    peer->server->open--;
    ring_remove(&peer->in_peers);
    free(peer);
}

static void drop(struct peer *peer, bool reset)
{
    if (peer->closing)
        return;
    peer->closing = true;
    if (!reset || uv_tcp_close_reset(&peer->tcp, on_handle_closed) != 0)
        uv_close((uv_handle_t *)&peer->tcp, on_handle_closed);
    uv_close((uv_handle_t *)&peer->pause, on_handle_closed);
}

static void on_pause(uv_timer_t *timer)
{
    send_next((struct peer *)timer->data);
}

static void on_written(uv_write_t *write, int status)
{
    struct peer *peer = (struct peer *)write->data;
    if (status < 0)
        drop(peer, false);
    else if (peer->body_bytes > 0)
        send_next(peer);
    else if (!peer->closing)
        uv_timer_start(&peer->pause, on_pause, 1, 0);
}

static void send_bytes(struct peer *peer, char *bytes, size_t len)
{
    uv_buf_t buffer = uv_buf_init(bytes, (unsigned)len);
    peer->server->sent_bytes += len;
    if (uv_write(&peer->write, (uv_stream_t *)&peer->tcp, &buffer, 1, on_written) != 0)
        drop(peer, false);
}

static void send_next(struct peer *peer)
{
    const struct fake_script *script = &peer->server->script;
    const char *piece =
        peer->next_piece < FAKE_PIECES_MAX ? script->pieces[peer->next_piece] : NULL;
    if (peer->closing)
        return;
    if (piece) {
        peer->next_piece++;
        send_bytes(peer, (char *)(uintptr_t)piece, strlen(piece));
    } else if (script->ending == FAKE_ENDLESS && peer->body_bytes < FAKE_BODY_BYTES) {
        peer->body_bytes += sizeof(block);
        send_bytes(peer, block, sizeof(block));
    } else if (script->ending != FAKE_HOLD) {
        drop(peer, script->ending == FAKE_RESET);
    }
}

static void on_alloc(uv_handle_t *handle, size_t suggested, uv_buf_t *out_buffer)
{
    (void)suggested;
    struct peer *peer = (struct peer *)handle->data;
    size_t room = sizeof(peer->input) - 1 - peer->input_len;
    *out_buffer = uv_buf_init(peer->input + peer->input_len, (unsigned)room);
}

static void on_read(uv_stream_t *stream, ssize_t len, const uv_buf_t *buffer)
{
    (void)buffer;
    struct peer *peer = (struct peer *)stream->data;
    if (len < 0) {
        drop(peer, false);
        return;
    }
    peer->input_len += (size_t)len;
    peer->input[peer->input_len] = '\0';
    if (peer->answering || !strstr(peer->input, "\r\n\r\n"))
        return;
    peer->answering = true;
    memcpy(peer->server->request, peer->input, peer->input_len + 1);
    send_next(peer);
}

static void on_connection(uv_stream_t *listener, int status)
{
    struct fake_server *server = (struct fake_server *)listener->data;
    if (status < 0)
        return; /* out of descriptors: part of a test */
    struct peer *peer =
        (struct peer *)malloc(sizeof(*peer)); /* not calloc(): a test fails it */
    assert_non_null(peer);
    *peer = (struct peer){.server = server};
    peer->tcp.data = peer->pause.data = peer->write.data = peer;
    peer->handles = 2;
    uv_tcp_init(listener->loop, &peer->tcp);
    uv_timer_init(listener->loop, &peer->pause);
    ring_append(&server->peers, &peer->in_peers);
    server->connections++;
    if (++server->open > server->most_open)
        server->most_open = server->open;
    if (uv_accept(listener, (uv_stream_t *)&peer->tcp) != 0) {
        drop(peer, false);
        return;
    }
    uv_tcp_nodelay(&peer->tcp, 1);
    uv_read_start((uv_stream_t *)&peer->tcp, on_alloc, on_read);
    peer->answering = server->greets;
    if (peer->answering)
        send_next(peer);
}

static uint16_t port_of(int fd)
{
    struct sockaddr_in address;
    socklen_t len = sizeof(address);
    assert_int_equal(getsockname(fd, (struct sockaddr *)&address, &len), 0);
    return ntohs(address.sin_port);
}

void fake_server_open(struct fake_server *server, uv_loop_t *loop, const char *address,
                      struct fake_script script)
{
    struct sockaddr_in bound;
    uv_os_fd_t fd;
    memset(block, 'x', sizeof(block));
    *server = (struct fake_server){.script = script};
    ring_init(&server->peers);
    assert_int_equal(uv_ip4_addr(address, 0, &bound), 0);
    assert_int_equal(uv_tcp_init(loop, &server->listener), 0);
    server->listener.data = server;
    assert_int_equal(uv_tcp_bind(&server->listener, (struct sockaddr *)&bound, 0), 0);
    assert_int_equal(uv_listen((uv_stream_t *)&server->listener, BACKLOG, on_connection), 0);
    assert_int_equal(uv_fileno((uv_handle_t *)&server->listener, &fd), 0);
    server->port = port_of(fd);
}

void fake_server_close(struct fake_server *server)
{
    uv_close((uv_handle_t *)&server->listener, NULL);
    for (struct ring *r = server->peers.next; r != &server->peers; r = r->next)
        drop(CONTAINER_OF(r, struct peer, in_peers), false);
}

static int bound_socket(void)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_true(fd >= 0);
    assert_int_equal(bind(fd, (struct sockaddr *)&address, sizeof(address)), 0);
    return fd;
}

void black_hole_open(struct black_hole *hole)
{
    hole->listener = bound_socket();
    hole->port = port_of(hole->listener);
    assert_int_equal(listen(hole->listener, 0), 0);
    struct sockaddr_in address = {.sin_family = AF_INET,
                                  .sin_addr = {htonl(INADDR_LOOPBACK)},
                                  .sin_port = htons(hole->port)};
    for (size_t i = 0; i < BLACK_HOLE_FILLERS; i++) {
        hole->fillers[i] = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
        connect(hole->fillers[i], (struct sockaddr *)&address, sizeof(address));
    }
}

void black_hole_close(struct black_hole *hole)
{
    for (size_t i = 0; i < BLACK_HOLE_FILLERS; i++)
        close(hole->fillers[i]);
    close(hole->listener);
}

uint16_t closed_port(void)
{
    int fd = bound_socket();
    uint16_t port = port_of(fd);
    close(fd);
    return port;
}
