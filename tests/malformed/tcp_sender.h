/* tcp_sender.h - batches over TCP: all packets at once, on a connection that is kept as long as
 * the batches let it live.
 */
#pragma once

#include <netinet/in.h>

#include "batch.h"

struct tcp_sender {
    struct sockaddr_in server;
    struct rng rng;
    int fd; /* -1: none */
    uint64_t connections, closed_short, torn, reset;
};

void tcp_sender_init(struct tcp_sender *sender, const struct sockaddr_in *server,
                     uint64_t seed);
void tcp_sender_close(struct tcp_sender *sender);

/* tcp_sender_run - send the batch and take its replies. Behind a short packet the server must
 * close; now and then we tear the connection in the middle of a message. False with a fault. */
bool tcp_sender_run(struct tcp_sender *sender, struct batch *batch,
                    struct batch_fault *out_fault);
