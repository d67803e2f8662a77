/* tcp_pool.h - the connections of one worker: their objects, their order by idleness, and the
 * few large buffers they share.
 *
 *   conns     | in use, at rest or closing ... | never used yet: memory not touched ... |
 *   order     most_idle <-> ... <-> least_idle      reading and writing ones only
 *   blocks    TCP_BLOCKS large buffers, each lent to one connection at a time
 *   out       where the answers of the connection being served are written
 *
 * A block holds either one query too long for the connection's own buffer, or answers that the
 * client was too slow to take; a connection never needs both at once, because it does not read
 * while answers are unsent. So the memory of a worker is bounded whatever its clients do:
 * connections * 2 KiB + TCP_BLOCKS * 128 KiB. Nothing is allocated after tcp_pool_init().
 *
 * No I/O here. The worker's thread only.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "rhumb/err.h"
#include "rhumb/ip.h"

#include "tcp_framing.h"
#include "worker_context.h"

enum {
    TCP_SMALL_BYTES = 2048,
    TCP_UNSENT_BYTES = 64 * 1024, /* with so many, no query is answered before a write */
    TCP_BLOCK_BYTES = TCP_UNSENT_BYTES + TCP_FRAME_MAX,
    TCP_BLOCKS = 64,
};

struct tcp_pool;
struct tcp_conn;

struct tcp_block {
    uint8_t *bytes;         /* TCP_BLOCK_BYTES */
    struct tcp_conn *owner; /* NULL: free */
};

/*           +-------- all sent ---------+
 *           v                           |
 *  FREE -> READING -- client is slow -> WRITING
 *   ^         |                           |
 *   +-- CLOSING <------- any reason ------+
 */
enum tcp_conn_state {
    TCP_CONN_FREE,
    TCP_CONN_READING, /* no answer is unsent */
    TCP_CONN_WRITING, /* nothing is read */
    TCP_CONN_CLOSING, /* until the loop has let go of it */
};

struct tcp_conn {
    uv_poll_t poll;
    struct tcp_pool *pool;
    int fd; /* owned while READING or WRITING */
    enum tcp_conn_state state;
    bool ends; /* nothing more will be read: close when all is sent */
    struct ip_addr client;
    uint64_t progress_ms;            /* accepted, or answers last handed over; loop time */
    uint64_t progress_turn;          /* the same as a number that no two share */
    struct tcp_conn *older, *newer;  /* by progress; FREE: newer is the next free one */
    struct tcp_framing framing;      /* in small */
    struct tcp_block *block;         /* NULL: none needed */
    size_t unsent_start, unsent_end; /* WRITING: what of the block is still to go */
    uint8_t small[TCP_SMALL_BYTES];
};

struct tcp_pool {
    const struct worker_context *context;
    struct tcp_conn *conns;
    size_t conn_count, touched; /* touched: conns[touched..] were never used */
    struct tcp_conn *free;
    struct tcp_conn *most_idle, *least_idle;
    struct tcp_block blocks[TCP_BLOCKS];
    uint8_t *memory; /* out and the blocks */
    uint8_t *out;    /* TCP_BLOCK_BYTES */
    size_t open;     /* READING or WRITING */
    uint64_t turns;  /* of progress, so far */
    bool draining;   /* a connection that has asked nothing more is closed */
};

/* tcp_pool_init - for at most conn_count connections, those that are closing included. */
WARN_UNUSED enum err tcp_pool_init(struct tcp_pool *pool, size_t conn_count,
                                   const struct worker_context *context);
void tcp_pool_deinit(struct tcp_pool *pool);

/* tcp_pool_take - a connection object, FREE still, all zero but pool; NULL: none left. */
struct tcp_conn *tcp_pool_take(struct tcp_pool *pool);

/* tcp_pool_is_exhausted - would it? Then some are CLOSING, and free after this turn of the
 * loop: there are more objects than connections may be open. */
bool tcp_pool_is_exhausted(const struct tcp_pool *pool);

/* tcp_pool_put_back - the loop has let go of it (or never had it). */
void tcp_pool_put_back(struct tcp_conn *conn);

/* tcp_pool_add - it is open now, and the least idle one. */
void tcp_pool_add(struct tcp_conn *conn, uint64_t now_ms);

/* tcp_pool_touch - it made progress: the least idle one. */
void tcp_pool_touch(struct tcp_conn *conn, uint64_t now_ms);

/* tcp_pool_remove - it is not open any more; its block is free again. */
void tcp_pool_remove(struct tcp_conn *conn);

/* tcp_pool_lend_block - conn gets a block; false: all are lent. */
bool tcp_pool_lend_block(struct tcp_conn *conn);
void tcp_pool_return_block(struct tcp_conn *conn);

/* tcp_pool_find_idle_block - the most idle connection that holds a block; NULL: nobody does. */
struct tcp_conn *tcp_pool_find_idle_block(struct tcp_pool *pool);
