#include "tcp_greeting.h"

#include "proxy_header.h"
#include "tcp_conn.h"

void tcp_greet_client(struct tcp_pool *pool, const struct ip_addr *client,
                      const struct snapshot *snapshot)
{
    struct tcp_conn *rival = tcp_pool_find_rival(pool, client);
    if (!rival)
        return;
    tcp_conn_serve(rival, snapshot);
    if (rival->state == TCP_CONN_CLOSING)
        return;
    counter_add(&pool->context->counters->tcp_over_prefix, 1);
    tcp_conn_close(rival);
}

/* read_header - exactly the header: first the part that tells its length, then the rest, so that
 * what follows is left to TLS, or to the framing. It lies in small, which is not in use yet. */
static enum tcp_greeting read_header(struct tcp_conn *conn, const struct snapshot *snapshot)
{
    struct proxy_header header;
    enum proxy_step step;
    while ((step = proxy_header_parse(conn->small, conn->header_bytes, &header)) ==
           PROXY_MORE) {
        if (header.bytes > sizeof(conn->small))
            return TCP_GREETING_FAILED;
        size_t count = 0;
        enum stream_status status =
            stream_read_clear(&conn->stream, conn->small + conn->header_bytes,
                              header.bytes - conn->header_bytes, &count);
        if (status != STREAM_OK)
            return status == STREAM_WAIT ? TCP_GREETING_WAIT : TCP_GREETING_FAILED;
        tcp_pool_stir(conn, uv_now(conn->pool->context->loop));
        conn->header_bytes += count;
    }
    if (step == PROXY_BAD)
        return TCP_GREETING_FAILED;
    conn->wants_header = false;
    if (!header.has_client)
        return TCP_GREETING_DONE; /* it stays the proxy, on whose network there is no limit */
    tcp_greet_client(conn->pool, &header.client, snapshot);
    tcp_pool_join_prefix(conn, &header.client);
    return TCP_GREETING_DONE;
}

static enum tcp_greeting shake_hands(struct tcp_conn *conn)
{
    struct tcp_pool *pool = conn->pool;
    if (pool->greetings_left == 0)
        return TCP_GREETING_WAIT; /* the loop wakes it up again */
    pool->greetings_left--;
    tcp_pool_stir(conn, uv_now(pool->context->loop));
    enum stream_status status = stream_greet(&conn->stream);
    if (status == STREAM_OK)
        counter_add(&pool->context->counters->tls_handshakes, 1);
    else if (status != STREAM_WAIT)
        return TCP_GREETING_FAILED;
    return status == STREAM_OK ? TCP_GREETING_DONE : TCP_GREETING_WAIT;
}

enum tcp_greeting tcp_greet(struct tcp_conn *conn, const struct snapshot *snapshot)
{
    enum tcp_greeting greeting = TCP_GREETING_DONE;
    if (conn->wants_header)
        greeting = read_header(conn, snapshot);
    if (greeting == TCP_GREETING_DONE && conn->stream.tls)
        greeting = shake_hands(conn);
    return greeting;
}
