#include "tcp_pool.h"

#include <stdlib.h>
#include <string.h>

enum err tcp_pool_init(struct tcp_pool *pool, size_t conn_count,
                       const struct worker_context *context)
{
    /* calloc() of that much is untouched pages: they cost nothing before they are needed. */
    struct tcp_conn *conns = calloc(conn_count, sizeof(*conns));
    uint8_t *memory = calloc(TCP_BLOCKS + 1, TCP_BLOCK_BYTES);
    if (!conns || !memory) {
        free(conns);
        free(memory);
        return ERR_NO_MEMORY;
    }
    *pool = (struct tcp_pool){.context = context,
                              .conns = conns,
                              .conn_count = conn_count,
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
    *pool = (struct tcp_pool){0};
}

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
        pool->free = conn->newer;
    else
        conn = &pool->conns[pool->touched++];
    memset(conn, 0, offsetof(struct tcp_conn, small));
    conn->pool = pool;
    return conn;
}

void tcp_pool_put_back(struct tcp_conn *conn)
{
    conn->state = TCP_CONN_FREE;
    conn->newer = conn->pool->free;
    conn->pool->free = conn;
}

static void append(struct tcp_conn *conn, uint64_t now_ms)
{
    struct tcp_pool *pool = conn->pool;
    conn->progress_ms = now_ms;
    conn->progress_turn = pool->turns++;
    conn->newer = NULL;
    conn->older = pool->least_idle;
    if (pool->least_idle)
        pool->least_idle->newer = conn;
    else
        pool->most_idle = conn;
    pool->least_idle = conn;
}

static void unlink_conn(struct tcp_conn *conn)
{
    struct tcp_pool *pool = conn->pool;
    if (conn->older)
        conn->older->newer = conn->newer;
    else
        pool->most_idle = conn->newer;
    if (conn->newer)
        conn->newer->older = conn->older;
    else
        pool->least_idle = conn->older;
}

void tcp_pool_add(struct tcp_conn *conn, uint64_t now_ms)
{
    append(conn, now_ms);
    conn->pool->open++;
    counter_add(&conn->pool->context->counters->tcp_open, 1);
}

void tcp_pool_touch(struct tcp_conn *conn, uint64_t now_ms)
{
    unlink_conn(conn);
    append(conn, now_ms);
}

void tcp_pool_remove(struct tcp_conn *conn)
{
    tcp_pool_return_block(conn);
    unlink_conn(conn);
    conn->pool->open--;
    counter_sub(&conn->pool->context->counters->tcp_open, 1);
}

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

struct tcp_conn *tcp_pool_find_idle_block(struct tcp_pool *pool)
{
    struct tcp_conn *most_idle = NULL;
    for (size_t i = 0; i < TCP_BLOCKS; i++) {
        struct tcp_conn *owner = pool->blocks[i].owner;
        if (owner && (!most_idle || owner->progress_turn < most_idle->progress_turn))
            most_idle = owner;
    }
    return most_idle;
}
