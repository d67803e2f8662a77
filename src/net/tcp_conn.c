#include "tcp_conn.h"

#include <string.h>

#include "rhumb/dns_query.h"

#include "tcp_greeting.h"
#include "tls.h"

/* A client that pipelines without end leaves room for the others. */
enum { READS_MAX = 4 };

static void on_event(uv_poll_t *poll, int status, int events);

static struct net_counters *counters_of(const struct tcp_conn *conn)
{
    return conn->pool->context->counters;
}

static uint64_t now_ms(const struct tcp_conn *conn)
{
    return uv_now(conn->pool->context->loop);
}

/* watch - for what the connection can go on with. */
static void watch(struct tcp_conn *conn)
{
    bool writable = conn->state == TCP_CONN_WRITING || conn->stream.wants_write;
    int events = writable ? UV_WRITABLE : UV_READABLE;
    if (events == conn->events)
        return;
    conn->events = events;
    (void)uv_poll_start(&conn->poll, events, on_event); /* fails for unknown events only */
}

bool tcp_conn_open(struct tcp_pool *pool, const struct tcp_newcomer *newcomer)
{
    struct stream stream = {.fd = newcomer->fd};
    bool greets = newcomer->is_proxy || newcomer->tls;
    struct tcp_conn *conn = tcp_pool_take(pool);
    if (!conn)
        goto err_after_fd;
    if (newcomer->tls && !(stream.tls = tls_session_new(newcomer->tls, stream.fd)))
        goto err_after_conn;
    if (uv_poll_init(pool->context->loop, &conn->poll, stream.fd) != 0)
        goto err_after_conn;
    conn->poll.data = conn;
    conn->stream = stream;
    conn->client = newcomer->client;
    conn->client_port = newcomer->is_proxy ? 0 : newcomer->port;
    conn->wants_header = newcomer->is_proxy;
    conn->state = greets ? TCP_CONN_GREETING : TCP_CONN_READING;
    tcp_framing_init(&conn->framing, conn->small, sizeof(conn->small));
    tcp_pool_add(conn, greets ? TCP_WAIT_REST : TCP_WAIT_QUERY, now_ms(conn));
    if (!newcomer->is_proxy)
        tcp_pool_join_prefix(conn, &newcomer->client);
    watch(conn);
    return true;

err_after_conn:
    tcp_pool_put_back(conn);
err_after_fd:
    stream_close(&stream, false);
    return false;
}

static void on_closed(uv_handle_t *handle)
{
    tcp_pool_put_back(handle->data);
}

void tcp_conn_close(struct tcp_conn *conn)
{
    if (conn->state == TCP_CONN_CLOSING)
        return;
    bool writing = conn->state == TCP_CONN_WRITING;
    if (conn->state == TCP_CONN_GREETING)
        counter_add(conn->wants_header ? &counters_of(conn)->proxy_bad
                                       : &counters_of(conn)->tls_failed,
                    1);
    conn->state = TCP_CONN_CLOSING;
    tcp_pool_remove(conn);
    uv_close((uv_handle_t *)&conn->poll, on_closed); /* stops it first: the fd may go now */
    stream_close(&conn->stream, writing);
}

/* get_block - a large buffer; when all are lent, that of whoever has kept still longest. */
static void get_block(struct tcp_conn *conn)
{
    while (!tcp_pool_lend_block(conn)) {
        counter_add(&counters_of(conn)->tcp_evicted, 1);
        tcp_conn_close(tcp_pool_find_block(conn->pool));
    }
}

/* send_some - how many of bytes the kernel took; closes the connection when it is broken. */
static size_t send_some(struct tcp_conn *conn, const uint8_t *bytes, size_t count)
{
    size_t sent = 0;
    enum stream_status status = stream_write(&conn->stream, bytes, count, &sent);
    if (sent > 0)
        tcp_pool_stir(conn, now_ms(conn));
    if (status == STREAM_BROKEN)
        tcp_conn_close(conn);
    return sent;
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
        conn->state = TCP_CONN_WRITING;
        watch(conn);
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
    struct answer_request request =
        worker_request(context, conn->stream.tls ? ANSWER_TLS : ANSWER_TCP);
    request.client = conn->client;
    request.client_port = conn->client_port;
    request.idle_100ms = tcp_pool_promise_100ms(conn);
    request.packet = message;
    request.packet_bytes = message_bytes;
    size_t bytes =
        worker_answer(context, snapshot, &request, out + TCP_LENGTH_BYTES, DNS_MESSAGE_MAX);
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
        counter_add(&counters_of(conn)->tcp_closed_bad, 1);
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
    size_t room, count = 0;
    uint8_t *bytes = tcp_framing_room(&conn->framing, &room);
    switch (stream_read(&conn->stream, bytes, room, &count)) {
    case STREAM_OK:
        tcp_framing_fill(&conn->framing, count);
        tcp_pool_stir(conn, now_ms(conn));
        return count == room;
    case STREAM_END: conn->ends = true; break; /* the client may still read answers */
    case STREAM_BROKEN: tcp_conn_close(conn); break;
    case STREAM_WAIT: break;
    }
    return false;
}

/* greet - true: it is over, and queries may come. */
static bool greet(struct tcp_conn *conn, const struct snapshot *snapshot)
{
    switch (tcp_greet(conn, snapshot)) {
    case TCP_GREETING_DONE:
        conn->state = TCP_CONN_READING;
        conn->dealt_with = true;
        return true;
    case TCP_GREETING_WAIT:
        if (conn->pool->draining)
            tcp_conn_close(conn);
        else
            watch(conn);
        return false;
    case TCP_GREETING_FAILED: tcp_conn_close(conn); return false;
    }
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
    conn->state = TCP_CONN_READING;
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

/* read_and_answer - a bounded share; what TLS has read already is no more than a record. */
static void read_and_answer(struct tcp_conn *conn, const struct snapshot *snapshot)
{
    bool more = true;
    for (int i = 0; (i < READS_MAX && more) || stream_has_more(&conn->stream); i++) {
        more = read_some(conn);
        if (conn->state == TCP_CONN_READING)
            answer_read(conn, snapshot);
        if (conn->state != TCP_CONN_READING || conn->ends)
            return;
    }
}

void tcp_conn_serve(struct tcp_conn *conn, const struct snapshot *snapshot)
{
    if (conn->state == TCP_CONN_GREETING && !greet(conn, snapshot))
        return;
    if (conn->state == TCP_CONN_WRITING) {
        write_unsent(conn);
        if (conn->state == TCP_CONN_READING)
            answer_read(conn, snapshot); /* queries that were read before it got slow */
    }
    if (conn->state == TCP_CONN_READING && !conn->ends)
        read_and_answer(conn, snapshot);
    if (conn->state != TCP_CONN_READING)
        return;
    if (conn->ends || (conn->pool->draining && tcp_framing_is_empty(&conn->framing))) {
        tcp_conn_close(conn);
        return;
    }
    settle(conn);
    watch(conn);
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
