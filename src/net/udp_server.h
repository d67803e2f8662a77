/* udp_server.h - one UDP socket of one worker, answered in batches. */
#pragma once

#include "rhumb/err.h"

#include "udp_batch.h"
#include "worker_context.h"

struct udp_server {
    uv_poll_t poll;
    int fd;                               /* owned */
    struct udp_batch *batch;              /* borrowed: the worker's */
    const struct worker_context *context; /* borrowed: the worker's */
};

/* udp_server_open - answer what comes in on fd from the next turn of the loop on.
 *
 * owns     fd, also when it fails: then it is closed; the storage stays in use until the loop
 *          has run after udp_server_close()
 * returns  ERR_OK, ERR_IO
 */
WARN_UNUSED enum err udp_server_open(struct udp_server *server, int fd, struct udp_batch *batch,
                                     const struct worker_context *context);

/* udp_server_serve - answer what waits, a few batches of it at most. */
void udp_server_serve(struct udp_server *server);

/* udp_server_kernel_drops - packets that found no room in the socket's queue, ever. Any thread. */
uint64_t udp_server_kernel_drops(const struct udp_server *server);

void udp_server_close(struct udp_server *server);
