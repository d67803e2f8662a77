#include "tcp_conn.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "rhumb/dns_query.h"

/* A client that pipelines without end leaves room for the others. */
enum { READS_MAX = 4 };

static void on_event(uv_poll_t *poll, int status, int events);

static uint64_t now_ms(const struct tcp_conn *conn)
{
    return uv_now(conn->pool->context->loop);
}

/* enter - the only place where the state of a connection changes while it is open. */
static void enter(struct tcp_conn *conn, enum tcp_conn_state state)
{
    conn->state = state;
    int events = state == TCP_CONN_WRITING ? UV_WRITABLE : UV_READABLE;
    (void)uv_poll_start(&conn->poll, events, on_event); /* fails for unknown events only */
}

bool tcp_conn_open(struct tcp_pool *pool, int fd, const struct ip_addr *client)
{
    struct tcp_conn *conn = tcp_pool_take(pool);
    if (!conn) {
        close(fd);
        return false;
    }
    if (uv_poll_init(pool->context->loop, &conn->poll, fd) != 0) {
        tcp_pool_put_back(conn);
        close(fd);
        return false;
    }
    conn->poll.data = conn;
    conn->fd = fd;
    conn->client = *client;
    tcp_framing_init(&conn->framing, conn->small, sizeof(conn->small));
    tcp_pool_add(conn, now_ms(conn));
    enter(conn, TCP_CONN_READING);
    return true;
}

static void on_closed(uv_handle_t *handle)
{
    tcp_pool_put_back(handle->data);
}

void tcp_conn_close(struct tcp_conn *conn)
{
    if (conn->state == TCP_CONN_CLOSING)
        return;
    if (conn->state == TCP_CONN_WRITING) {
        /* It does not read: do not leave what it was sent in the kernel's memory either. */
        const struct linger reset = {.l_onoff = 1, .l_linger = 0};
        (void)setsockopt(conn->fd, SOL_SOCKET, SO_LINGER, &reset, sizeof(reset));
    }
    tcp_pool_remove(conn);
    conn->state = TCP_CONN_CLOSING;
    uv_close((uv_handle_t *)&conn->poll, on_closed); /* stops it first: the fd may go now */
    close(conn->fd);
}

/* get_block - a large buffer; when all are lent, that of whoever has kept still longest. */
static void get_block(struct tcp_conn *conn)
{
    while (!tcp_pool_lend_block(conn)) {
        counter_add(&conn->pool->context->counters->tcp_evicted, 1);
        tcp_conn_close(tcp_pool_find_block(conn->pool));
    }
}

/* send_some - how many of bytes the kernel took; closes the connection when it is broken. */
static size_t send_some(struct tcp_conn *conn, const uint8_t *bytes, size_t count)
{
    ssize_t sent = send(conn->fd, bytes, count, MSG_DONTWAIT | MSG_NOSIGNAL);
    if (sent >= 0) {
        tcp_pool_stir(conn, now_ms(conn));
        return (size_t)sent;
    }
    if (errno != EAGAIN && errno != EINTR && errno != ENOBUFS)
        tcp_conn_close(conn);
    return 0;
}

/* flush - send pool->out[0..count-1]; what the client does not take is kept in a block. True:
 * all is sent, go on. */
static bool flush(struct tcp_conn *conn, size_t count)
{
    if (count == 0)
        return true;
    size_t sent = send_some(conn, conn->pool->out, count);
    if (conn->state != TCP_CONN_READING)
        return false;
    if (sent < count) {
        get_block(conn);
        memcpy(conn->block->bytes, conn->pool->out + sent, count - sent);
        conn->unsent_start = 0;
        conn->unsent_end = count - sent;
        enter(conn, TCP_CONN_WRITING);
        tcp_pool_wait(conn, TCP_WAIT_TAKE, now_ms(conn));
        return false;
    }
    return true;
}

/* put_answer - one answer with its length before it to out; returns their bytes, 0 for none. */
static size_t put_answer(struct tcp_conn *conn, const struct snapshot *snapshot,
                         const uint8_t *message, size_t message_bytes, uint8_t *out)
{
    const struct worker_context *context = conn->pool->context;
    counter_add(&context->counters->tcp_queries, 1);
    struct answer_request request = worker_request(context, ANSWER_TCP);
    request.client = conn->client;
    request.idle_100ms = tcp_pool_promise_100ms(conn);
    request.packet = message;
    request.packet_bytes = message_bytes;
    size_t bytes = answer_query(snapshot, context->answer, &request, out + TCP_LENGTH_BYTES,
                                DNS_MESSAGE_MAX);
    if (bytes == 0)
        return 0;
    out[0] = (uint8_t)(bytes >> 8);
    out[1] = (uint8_t)bytes;
    return TCP_LENGTH_BYTES + bytes;
}

/* answer_read - answer every whole message that was read, until the client stops taking the
 * answers. Between two messages at most TCP_UNSENT_BYTES wait in out, so the next one fits. */
static void answer_read(struct tcp_conn *conn, const struct snapshot *snapshot)
{
    uint8_t *out = conn->pool->out;
    size_t used = 0;
    const uint8_t *message;
    size_t message_bytes;
    enum tcp_framing_step step;
    while ((step = tcp_framing_next(&conn->framing, &message, &message_bytes)) ==
           TCP_FRAMING_MESSAGE) {
        used += put_answer(conn, snapshot, message, message_bytes, out + used);
        conn->dealt_with = true;
        if (tcp_framing_reclaim(&conn->framing))
            tcp_pool_return_block(conn);
        if (used > TCP_UNSENT_BYTES) {
            if (!flush(conn, used))
                return;
            used = 0;
        }
    }
    if (step == TCP_FRAMING_BAD && !conn->ends) {
        counter_add(&conn->pool->context->counters->tcp_closed_bad, 1);
        conn->ends = true;
    }
    if (flush(conn, used) && step == TCP_FRAMING_NEEDS_LARGE) {
        get_block(conn);
        tcp_framing_lend(&conn->framing, conn->block->bytes);
    }
}

/* read_some - true: there may be more to read. */
static bool read_some(struct tcp_conn *conn)
{
    size_t room;
    uint8_t *bytes = tcp_framing_room(&conn->framing, &room);
    ssize_t count = recv(conn->fd, bytes, room, MSG_DONTWAIT);
    if (count > 0) {
        tcp_framing_fill(&conn->framing, (size_t)count);
        tcp_pool_stir(conn, now_ms(conn));
        return (size_t)count == room;
    }
    if (count == 0)
        conn->ends = true; /* the client has closed its side; it may still read answers */
    else if (errno != EAGAIN && errno != EINTR)
        tcp_conn_close(conn);
    return false;
}

/* write_unsent - go on with the answers a slow client has not taken. */
static void write_unsent(struct tcp_conn *conn)
{
    size_t sent = send_some(conn, conn->block->bytes + conn->unsent_start,
                            conn->unsent_end - conn->unsent_start);
    if (conn->state != TCP_CONN_WRITING)
        return;
    conn->unsent_start += sent;
    if (conn->unsent_start < conn->unsent_end)
        return;
    tcp_pool_return_block(conn);
    conn->dealt_with = true;
    enter(conn, TCP_CONN_READING);
}

/* settle - all that could be done is done: what does it wait for now? The time for a message
 * runs from its first byte, whatever else comes. */
static void settle(struct tcp_conn *conn)
{
    enum tcp_wait wait = tcp_framing_is_empty(&conn->framing) ? TCP_WAIT_QUERY : TCP_WAIT_REST;
    if (wait == conn->wait && !conn->dealt_with)
        return;
    conn->dealt_with = false;
    tcp_pool_wait(conn, wait, now_ms(conn));
}

void tcp_conn_serve(struct tcp_conn *conn, const struct snapshot *snapshot)
{
    if (conn->state == TCP_CONN_WRITING) {
        write_unsent(conn);
        if (conn->state == TCP_CONN_READING)
            answer_read(conn, snapshot); /* queries that were read before it got slow */
    }
    bool more = true;
    for (int i = 0; i < READS_MAX && more && !conn->ends; i++) {
        if (conn->state != TCP_CONN_READING)
            return;
        more = read_some(conn);
        if (conn->state == TCP_CONN_READING)
            answer_read(conn, snapshot);
    }
    bool asks_no_more =
        conn->ends || (conn->pool->draining && tcp_framing_is_empty(&conn->framing));
    if (conn->state != TCP_CONN_READING)
        return;
    if (asks_no_more)
        tcp_conn_close(conn);
    else
        settle(conn);
}

static void on_event(uv_poll_t *poll, int status, int events)
{
    (void)events;
    struct tcp_conn *conn = poll->data;
    if (status < 0) {
        tcp_conn_close(conn); /* reset by the client */
        return;
    }
    const struct snapshot *snapshot = snapshot_pin(conn->pool->context->slot);
    tcp_conn_serve(conn, snapshot);
    snapshot_unpin();
}
