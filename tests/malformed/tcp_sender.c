#include "tcp_sender.h"

#include <errno.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
    WAIT_MS = 10000,
    FRAME_MAX = 2 + 65535,
    BREAK_ONE_IN = 16, /* batches */
    STREAM_BYTES = BATCH_PACKETS * FRAME_MAX,
};

/* One exchange: what is to be written, and what came and is no whole reply yet. */
struct stream {
    uint8_t out[STREAM_BYTES + FRAME_MAX], in[2 * FRAME_MAX];
    size_t out_bytes, written, in_bytes;
    bool shuts, is_closed; /* we end our side behind the last byte; the server ended its own */
};

void tcp_sender_init(struct tcp_sender *sender, const struct sockaddr_in *server, uint64_t seed)
{
    *sender = (struct tcp_sender){.server = *server, .fd = -1};
    rng_init(&sender->rng, seed);
}

void tcp_sender_close(struct tcp_sender *sender)
{
    if (sender->fd >= 0)
        close(sender->fd);
    sender->fd = -1;
}

static bool connect_to(struct tcp_sender *sender)
{
    const int on = 1;
    sender->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (sender->fd < 0)
        return false;
    sender->connections++;
    return setsockopt(sender->fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on)) == 0 &&
           connect(sender->fd, (struct sockaddr *)&sender->server, sizeof(sender->server)) == 0;
}

static void put_frame(struct stream *stream, const struct batch_packet *packet, size_t claimed)
{
    uint8_t *at = stream->out + stream->out_bytes;
    at[0] = (uint8_t)(claimed >> 8);
    at[1] = (uint8_t)claimed;
    memcpy(at + 2, packet->bytes, packet->len);
    stream->out_bytes += 2 + packet->len;
}

/* take_frames - every whole reply that is in. */
static bool take_frames(struct stream *stream, struct batch *batch,
                        struct batch_fault *out_fault)
{
    size_t at = 0;
    while (stream->in_bytes - at >= 2) {
        size_t len = (size_t)stream->in[at] << 8 | stream->in[at + 1];
        if (stream->in_bytes - at < 2 + len)
            break;
        if (!batch_take_reply(batch, stream->in + at + 2, len, out_fault))
            return false;
        at += 2 + len;
    }
    memmove(stream->in, stream->in + at, stream->in_bytes - at);
    stream->in_bytes -= at;
    return true;
}

static void write_some(int fd, struct stream *stream)
{
    ssize_t count = send(fd, stream->out + stream->written, stream->out_bytes - stream->written,
                         MSG_DONTWAIT | MSG_NOSIGNAL);
    if (count > 0)
        stream->written += (size_t)count;
    else if (errno == EPIPE || errno == ECONNRESET)
        stream->written = stream->out_bytes; /* reading tells what is missing */
    if (stream->written == stream->out_bytes && stream->shuts)
        shutdown(fd, SHUT_WR);
}

static void read_some(int fd, struct stream *stream)
{
    ssize_t count = recv(fd, stream->in + stream->in_bytes,
                         sizeof(stream->in) - stream->in_bytes, MSG_DONTWAIT);
    if (count > 0)
        stream->in_bytes += (size_t)count;
    else if (count == 0 || (errno != EAGAIN && errno != EINTR))
        stream->is_closed = true;
}

/* exchange - until every reply is in, and the connection closed where it must be. */
static bool exchange(int fd, struct stream *stream, struct batch *batch, bool must_close,
                     struct batch_fault *out_fault)
{
    while (batch->expected > 0 || (must_close && !stream->is_closed)) {
        bool writes = stream->written < stream->out_bytes;
        struct pollfd ready = {.fd = fd, .events = (short)(POLLIN | (writes ? POLLOUT : 0))};
        if (stream->is_closed)
            return batch_is_missing(batch, "closed before all was answered", out_fault);
        if (poll(&ready, 1, WAIT_MS) <= 0)
            return batch_is_missing(batch, batch->expected > 0 ? "no reply" : "not closed",
                                    out_fault);
        if (ready.revents & POLLOUT)
            write_some(fd, stream);
        if (ready.revents & (POLLIN | POLLHUP | POLLERR))
            read_some(fd, stream);
        if (!take_frames(stream, batch, out_fault))
            return false;
    }
    return stream->in_bytes == 0 || batch_is_missing(batch, "half a reply", out_fault);
}

/* reset - end the connection as a client that crashes does. */
static void reset(struct tcp_sender *sender)
{
    const struct linger at_once = {.l_onoff = 1};
    setsockopt(sender->fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof(at_once));
    tcp_sender_close(sender);
    sender->reset++;
}

bool tcp_sender_run(struct tcp_sender *sender, struct batch *batch,
                    struct batch_fault *out_fault)
{
    static struct stream stream;
    const struct batch_packet *first = &batch->packets[0];
    stream.out_bytes = stream.written = stream.in_bytes = 0;
    stream.is_closed = false;
    for (size_t i = 0; i < batch->count; i++)
        put_frame(&stream, &batch->packets[i], batch->packets[i].len);
    uint32_t chance = rng_below(&sender->rng, BREAK_ONE_IN);
    bool is_torn = batch->marker && chance == 0, is_reset = batch->marker && chance == 1;
    stream.shuts = is_torn;
    if (is_torn || is_reset) /* a length that is never filled */
        put_frame(&stream, first, first->len + 1 + rng_below(&sender->rng, 20));
    if (sender->fd < 0 && !connect_to(sender))
        return batch_is_missing(batch, "no connection", out_fault);
    bool must_close = is_torn || !batch->marker;
    bool is_good = exchange(sender->fd, &stream, batch, must_close, out_fault);
    sender->torn += is_torn;
    sender->closed_short += !batch->marker;
    if (is_reset)
        reset(sender);
    else if (must_close)
        tcp_sender_close(sender);
    return is_good;
}
