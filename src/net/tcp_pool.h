/* tcp_pool.h - the connections of one worker: their objects, who has kept still for how long,
 * who waits for what, and the few large buffers they share.
 *
 *   conns     | in use, at rest or closing ... | never used yet: memory not touched ... |
 *   quiet     all open ones, the most quiet first: who gives way
 *   waits[]   the same by what they wait for, each row in the order in which its time is up
 *   prefixes  the same by client network
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

#include "stream.h"
#include "tcp_framing.h"
#include "tcp_limits.h"
#include "tcp_order.h"
#include "tcp_prefix.h"
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

/*                          +-------- all sent ---------+
 *                          v                           |
 *  FREE -> GREETING --> READING -- client is slow -> WRITING
 *   ^          |           |                           |
 *   +-- CLOSING <-------------- any reason ------------+
 */
enum tcp_conn_state {
    TCP_CONN_FREE,
    TCP_CONN_GREETING, /* before the first query: PROXY header, TLS handshake */
    TCP_CONN_READING,  /* no answer is unsent */
    TCP_CONN_WRITING,  /* nothing is read */
    TCP_CONN_CLOSING,  /* until the loop has let go of it */
};

/* What an open connection waits for; each has its limit (tcp_limits.h). */
enum tcp_wait {
    TCP_WAIT_QUERY, /* nothing has begun */
    TCP_WAIT_REST,  /* of a message that has begun, or of the greeting */
    TCP_WAIT_TAKE,  /* the client, to take its answers */
    TCP_WAITS,
};

struct tcp_conn {
    uv_poll_t poll;
    struct tcp_pool *pool;
    struct stream stream; /* open while GREETING, READING or WRITING */
    int events;           /* of it that the loop watches for */
    enum tcp_conn_state state;
    bool ends;                       /* nothing more will be read: close when all is sent */
    bool dealt_with;                 /* a message was, since it began to wait */
    bool wants_header;               /* GREETING: the PROXY header comes first */
    size_t header_bytes;             /* so many of it lie in small */
    struct ip_addr client;           /* GREETING behind a proxy: the proxy */
    uint16_t client_port;            /* 0: not known */
    struct tcp_prefix *prefix;       /* of client; NULL: a proxy's */
    enum tcp_wait wait;              /* for what */
    uint64_t wait_ms;                /* since when; loop time */
    uint64_t stirred_ms;             /* last sign of life: accepted, bytes came, bytes went */
    uint64_t stirred_turn;           /* the same as a number that no two share */
    struct tcp_link links[TCP_ROWS]; /* FREE: links[0].after is the next free one */
    struct tcp_framing framing;      /* in small */
    struct tcp_block *block;         /* NULL: none needed */
    size_t unsent_start, unsent_end; /* WRITING: what of the block is still to go */
    uint8_t small[TCP_SMALL_BYTES];
};

struct tcp_pool {
    const struct worker_context *context;
    struct tcp_limits limits;
    struct tcp_conn *conns;
    size_t conn_count, touched; /* touched: conns[touched..] were never used */
    struct tcp_conn *free;
    struct tcp_order quiet, waits[TCP_WAITS];
    struct tcp_prefix_table prefixes;
    struct tcp_block blocks[TCP_BLOCKS];
    uint8_t *memory;            /* out and the blocks */
    uint8_t *out;               /* TCP_BLOCK_BYTES */
    size_t open;                /* GREETING, READING or WRITING */
    unsigned greetings_left;    /* steps of TLS handshakes, in this turn of the loop */
    uint64_t turns;             /* of signs of life, so far */
    bool draining;              /* a connection that has asked nothing more is closed */
    void (*on_room)(void *ctx); /* a slot is free; NULL: nobody waits for one */
    void *on_room_ctx;
};

/* tcp_pool_init - for limits->connections, and spare more that are closing. */
WARN_UNUSED enum err tcp_pool_init(struct tcp_pool *pool, const struct tcp_limits *limits,
                                   size_t spare, uint64_t seed,
                                   const struct worker_context *context);
void tcp_pool_deinit(struct tcp_pool *pool);

/* tcp_pool_take - a connection object, FREE still, all zero but pool; NULL: none left. */
struct tcp_conn *tcp_pool_take(struct tcp_pool *pool);

/* tcp_pool_is_exhausted - would it? Then some are CLOSING, and free after this turn of the
 * loop: there are more objects than connections may be open. */
bool tcp_pool_is_exhausted(const struct tcp_pool *pool);

/* tcp_pool_put_back - the loop has let go of it (or never had it). */
void tcp_pool_put_back(struct tcp_conn *conn);

/* tcp_pool_add - it is open now, and waits for that. It counts for no network yet. */
void tcp_pool_add(struct tcp_conn *conn, enum tcp_wait wait, uint64_t now_ms);

/* tcp_pool_join_prefix - its client is known, and the one of them that stirred last. */
void tcp_pool_join_prefix(struct tcp_conn *conn, const struct ip_addr *client);

/* tcp_pool_remove - it is not open any more; its block is free again. */
void tcp_pool_remove(struct tcp_conn *conn);

/* tcp_pool_stir - it gave a sign of life: it is the least quiet one. */
void tcp_pool_stir(struct tcp_conn *conn, uint64_t now_ms);

/* tcp_pool_wait - from now on it waits for this. */
void tcp_pool_wait(struct tcp_conn *conn, enum tcp_wait wait, uint64_t now_ms);

/* tcp_pool_find_late - one that has waited longer than it may; NULL: none has, and *out_due_ms
 * is when the next one will have (UINT64_MAX: nobody is open). */
struct tcp_conn *tcp_pool_find_late(const struct tcp_pool *pool, uint64_t now_ms,
                                    uint64_t *out_due_ms);

/* tcp_pool_find_rival - the most quiet connection of client's network, when that has as many
 * as it may; else NULL. */
struct tcp_conn *tcp_pool_find_rival(const struct tcp_pool *pool, const struct ip_addr *client);

/* tcp_pool_promise_100ms - how long conn is kept when it asks nothing more, to tell the client;
 * 0: it should close now.
 * source   RFC 7828 section 3.3.2 */
uint16_t tcp_pool_promise_100ms(const struct tcp_conn *conn);

/* tcp_pool_lend_block - conn gets a block; false: all are lent. */
bool tcp_pool_lend_block(struct tcp_conn *conn);
void tcp_pool_return_block(struct tcp_conn *conn);

/* tcp_pool_find_block - the most quiet connection that holds a block; NULL: nobody does. */
struct tcp_conn *tcp_pool_find_block(struct tcp_pool *pool);
