#include "tcp_pool.h"

#include <stdlib.h>
#include <string.h>

enum err tcp_pool_init(struct tcp_pool *pool, const struct tcp_limits *limits, size_t spare,
                       uint64_t seed, const struct worker_context *context)
{
    /* calloc() of that much is untouched pages: they cost nothing before they are needed. */
    size_t conn_count = limits->connections + spare;
    struct tcp_conn *conns = calloc(conn_count, sizeof(*conns));
    uint8_t *memory = calloc(TCP_BLOCKS + 1, TCP_BLOCK_BYTES);
    struct tcp_prefix_table prefixes;
    if (!conns || !memory || tcp_prefix_table_init(&prefixes, conn_count, seed) != ERR_OK) {
        free(conns);
        free(memory);
        return ERR_NO_MEMORY;
    }
    *pool = (struct tcp_pool){.context = context,
                              .limits = *limits,
                              .conns = conns,
                              .conn_count = conn_count,
                              .prefixes = prefixes,
                              .memory = memory,
                              .out = memory};
    for (size_t i = 0; i < TCP_BLOCKS; i++)
        pool->blocks[i].bytes = memory + (i + 1) * TCP_BLOCK_BYTES;
    return ERR_OK;
}

void tcp_pool_deinit(struct tcp_pool *pool)
{
    free(pool->conns);
    free(pool->memory);
    tcp_prefix_table_deinit(&pool->prefixes);
    *pool = (struct tcp_pool){0};
}

/* ---- objects ---- */

bool tcp_pool_is_exhausted(const struct tcp_pool *pool)
{
    return !pool->free && pool->touched == pool->conn_count;
}

struct tcp_conn *tcp_pool_take(struct tcp_pool *pool)
{
    if (tcp_pool_is_exhausted(pool))
        return NULL;
    struct tcp_conn *conn = pool->free;
    if (conn)
        pool->free = conn->links[0].after;
    else
        conn = &pool->conns[pool->touched++];
    memset(conn, 0, offsetof(struct tcp_conn, small));
    conn->pool = pool;
    return conn;
}

void tcp_pool_put_back(struct tcp_conn *conn)
{
    conn->state = TCP_CONN_FREE;
    conn->links[0].after = conn->pool->free;
    conn->pool->free = conn;
}

/* ---- order ---- */

static void append_quiet(struct tcp_conn *conn, uint64_t now_ms)
{
    conn->stirred_ms = now_ms;
    conn->stirred_turn = conn->pool->turns++;
    tcp_order_append(&conn->pool->quiet, TCP_ROW_QUIET, conn);
    if (conn->prefix)
        tcp_order_append(&conn->prefix->quiet, TCP_ROW_PREFIX, conn);
}

static void remove_quiet(struct tcp_conn *conn)
{
    tcp_order_remove(&conn->pool->quiet, TCP_ROW_QUIET, conn);
    if (conn->prefix)
        tcp_order_remove(&conn->prefix->quiet, TCP_ROW_PREFIX, conn);
}

static void append_wait(struct tcp_conn *conn, enum tcp_wait wait, uint64_t now_ms)
{
    conn->wait = wait;
    conn->wait_ms = now_ms;
    tcp_order_append(&conn->pool->waits[wait], TCP_ROW_WAIT, conn);
}

static void remove_wait(struct tcp_conn *conn)
{
    tcp_order_remove(&conn->pool->waits[conn->wait], TCP_ROW_WAIT, conn);
}

void tcp_pool_add(struct tcp_conn *conn, enum tcp_wait wait, uint64_t now_ms)
{
    struct tcp_pool *pool = conn->pool;
    append_quiet(conn, now_ms);
    append_wait(conn, wait, now_ms);
    pool->open++;
    counter_add(&pool->context->counters->tcp_open, 1);
}

void tcp_pool_join_prefix(struct tcp_conn *conn, const struct ip_addr *client)
{
    conn->client = *client;
    conn->prefix = tcp_prefix_join(&conn->pool->prefixes, client);
    tcp_order_append(&conn->prefix->quiet, TCP_ROW_PREFIX, conn);
}

void tcp_pool_remove(struct tcp_conn *conn)
{
    struct tcp_pool *pool = conn->pool;
    tcp_pool_return_block(conn);
    remove_wait(conn);
    remove_quiet(conn);
    if (conn->prefix)
        tcp_prefix_leave(&pool->prefixes, conn->prefix);
    pool->open--;
    counter_sub(&pool->context->counters->tcp_open, 1);
    if (pool->on_room)
        pool->on_room(pool->on_room_ctx);
}

void tcp_pool_stir(struct tcp_conn *conn, uint64_t now_ms)
{
    conn->stirred_ms = now_ms;
    if (conn->pool->quiet.last == conn)
        return; /* as after each query of the one that is being served */
    remove_quiet(conn);
    append_quiet(conn, now_ms);
}

void tcp_pool_wait(struct tcp_conn *conn, enum tcp_wait wait, uint64_t now_ms)
{
    remove_wait(conn);
    append_wait(conn, wait, now_ms);
}

struct tcp_conn *tcp_pool_find_late(const struct tcp_pool *pool, uint64_t now_ms,
                                    uint64_t *out_due_ms)
{
    const uint64_t limits_ms[TCP_WAITS] = {
        [TCP_WAIT_QUERY] = tcp_idle_ms(&pool->limits, pool->open),
        [TCP_WAIT_REST] = pool->limits.message_ms,
        [TCP_WAIT_TAKE] = pool->limits.idle_ms,
    };

    *out_due_ms = UINT64_MAX;
    for (int wait = 0; wait < TCP_WAITS; wait++) {
        struct tcp_conn *first = pool->waits[wait].first;
        if (!first)
            continue;
        uint64_t due_ms = first->wait_ms + limits_ms[wait];
        if (due_ms <= now_ms)
            return first;
        if (due_ms < *out_due_ms)
            *out_due_ms = due_ms;
    }
    return NULL;
}

struct tcp_conn *tcp_pool_find_rival(const struct tcp_pool *pool, const struct ip_addr *client)
{
    const struct tcp_prefix *prefix = tcp_prefix_find(&pool->prefixes, client);
    return prefix && prefix->count >= pool->limits.per_prefix ? prefix->quiet.first : NULL;
}

uint16_t tcp_pool_promise_100ms(const struct tcp_conn *conn)
{
    enum { UNIT_MS = 100 };

    const struct tcp_pool *pool = conn->pool;
    bool next_takes_it = pool->open >= pool->limits.connections ||
                         (conn->prefix && conn->prefix->count >= pool->limits.per_prefix);
    if (pool->draining || next_takes_it)
        return 0;
    uint32_t units = tcp_idle_ms(&pool->limits, pool->open) / UNIT_MS;
    return units < UINT16_MAX ? (uint16_t)units : UINT16_MAX;
}

/* ---- blocks ---- */

bool tcp_pool_lend_block(struct tcp_conn *conn)
{
    for (size_t i = 0; i < TCP_BLOCKS; i++) {
        struct tcp_block *block = &conn->pool->blocks[i];
        if (block->owner)
            continue;
        block->owner = conn;
        conn->block = block;
        return true;
    }
    return false;
}

void tcp_pool_return_block(struct tcp_conn *conn)
{
    if (!conn->block)
        return;
    conn->block->owner = NULL;
    conn->block = NULL;
}

struct tcp_conn *tcp_pool_find_block(struct tcp_pool *pool)
{
    struct tcp_conn *most_quiet = NULL;
    for (size_t i = 0; i < TCP_BLOCKS; i++) {
        struct tcp_conn *owner = pool->blocks[i].owner;
        if (owner && (!most_quiet || owner->stirred_turn < most_quiet->stirred_turn))
            most_quiet = owner;
    }
    return most_quiet;
}
