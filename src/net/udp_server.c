#include "udp_server.h"

#include <linux/sock_diag.h>
#include <sys/socket.h>
#include <unistd.h>

#include "proxy_header.h"

/* A flood on one socket leaves room for the other sockets, TCP and timers of this worker. */
enum { ROUNDS_MAX = 4 };

static void on_readable(uv_poll_t *poll, int status, int events);

/* unwrap - take the PROXY header off the query of a trusted proxy, who must send one. False: it is
 * none. A header of anybody else is no header. */
static bool unwrap(const struct worker_context *context, struct answer_request *request)
{
    struct proxy_header header;
    if (!proxy_trusts(context->proxies, context->proxy_count, &request->client))
        return true;
    if (proxy_header_parse(request->packet, request->packet_bytes, &header) != PROXY_DONE) {
        counter_add(&context->counters->proxy_bad, 1);
        return false;
    }
    request->packet += header.bytes;
    request->packet_bytes -= header.bytes;
    if (header.has_client) {
        request->client = header.client;
        request->client_port = 0;
    }
    return true;
}

/* answer_batch - each packet of the batch through the one door, the answers out. */
static void answer_batch(struct udp_server *server, const struct snapshot *snapshot,
                         unsigned count)
{
    const struct worker_context *context = server->context;
    struct udp_batch *batch = server->batch;
    struct answer_request request = worker_request(context, ANSWER_UDP);
    for (unsigned i = 0; i < count; i++) {
        if (!udp_batch_get_sender(batch, i, &request.client, &request.client_port)) {
            counter_add(&context->counters->udp_no_sender, 1);
            continue;
        }
        struct udp_slot *slot = &batch->slots[i];
        request.packet = slot->packet;
        request.packet_bytes = udp_batch_packet_bytes(batch, i);
        if (context->proxy_count > 0 && !unwrap(context, &request))
            continue;
        size_t answer_bytes =
            worker_answer(context, snapshot, &request, slot->answer, sizeof(slot->answer));
        if (answer_bytes > 0)
            udp_batch_put_answer(batch, i, answer_bytes);
    }
    unsigned sent = udp_batch_send(batch, server->fd);
    counter_add(&context->counters->udp_received, count);
    counter_add(&context->counters->udp_sent, sent);
    counter_add(&context->counters->udp_send_dropped, batch->out_count - sent);
}

void udp_server_serve(struct udp_server *server)
{
    const struct snapshot *snapshot = snapshot_pin(server->context->slot);
    for (int round = 0; round < ROUNDS_MAX; round++) {
        unsigned count = udp_batch_receive(server->batch, server->fd);
        if (count > 0)
            answer_batch(server, snapshot, count);
        if (count < UDP_BATCH)
            break; /* most likely empty now: spare the call that would say so */
    }
    snapshot_unpin();
}

/* listen_on - libuv stops watching a socket that reports an error. Such an error (recvmmsg()
 * keeps one for later when it had already received something) is no reason to fall silent: take
 * it off the socket and watch on. */
static void listen_on(struct udp_server *server)
{
    int error;
    socklen_t len = sizeof(error);
    (void)getsockopt(server->fd, SOL_SOCKET, SO_ERROR, &error, &len);
    (void)uv_poll_start(&server->poll, UV_READABLE, on_readable);
}

static void on_readable(uv_poll_t *poll, int status, int events)
{
    (void)events;
    struct udp_server *server = poll->data;
    if (status < 0)
        listen_on(server);
    udp_server_serve(server);
}

enum err udp_server_open(struct udp_server *server, int fd, struct udp_batch *batch,
                         const struct worker_context *context)
{
    *server = (struct udp_server){.fd = fd, .batch = batch, .context = context};
    if (uv_poll_init(context->loop, &server->poll, fd) != 0) {
        close(fd);
        return ERR_IO;
    }
    server->poll.data = server;
    /* Fails for unknown events only. */
    (void)uv_poll_start(&server->poll, UV_READABLE, on_readable);
    return ERR_OK;
}

uint64_t udp_server_kernel_drops(const struct udp_server *server)
{
    uint32_t memory[SK_MEMINFO_VARS] = {0};
    socklen_t len = sizeof(memory);
    if (getsockopt(server->fd, SOL_SOCKET, SO_MEMINFO, memory, &len) != 0)
        return 0;
    return memory[SK_MEMINFO_DROPS];
}

void udp_server_close(struct udp_server *server)
{
    uv_close((uv_handle_t *)&server->poll, NULL); /* stops it first: the fd may go now */
    close(server->fd);
}
