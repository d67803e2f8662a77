/* udp_sender.h - batches over UDP, in turn from several source ports, so that every worker of the
 * server gets some.
 */
#pragma once

#include <netinet/in.h>

#include "batch.h"

enum { UDP_SENDER_SOCKETS = 8 };

struct udp_sender {
    int sockets[UDP_SENDER_SOCKETS];
    size_t turn;
};

bool udp_sender_open(struct udp_sender *sender, const struct sockaddr_in *server);
void udp_sender_close(struct udp_sender *sender);

/* udp_sender_run - send the batch and take its replies; false with a fault. */
bool udp_sender_run(struct udp_sender *sender, struct batch *batch,
                    struct batch_fault *out_fault);
