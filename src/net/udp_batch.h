/* udp_batch.h - up to 32 datagrams in with one system call, their answers out with another.
 *
 *   udp_batch_receive()      slots[0..n-1]: packet, sender, address that was asked
 *   udp_batch_put_answer()   slot i gets an answer (its bytes already lie in slots[i].answer)
 *   udp_batch_send()         all of them, each from the address its query was sent to
 *
 * One batch serves all UDP sockets of a worker, one after the other. Its thread only.
 */
#pragma once

#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>

#include "rhumb/ip.h"

enum {
    UDP_BATCH = 32,
    UDP_PACKET_BYTES = 4096, /* a longer query is cut, and so found to be malformed */
    UDP_ANSWER_BYTES = 4096, /* the largest `udp_size` */
};

union udp_peer {
    struct sockaddr any;
    struct sockaddr_in v4;
    struct sockaddr_in6 v6;
};

/* The control data at the end also keeps the packets of two slots from starting at the same
 * offset of a page, where they would fight for the same few lines of the cache. */
struct udp_slot {
    uint8_t packet[UDP_PACKET_BYTES];
    uint8_t answer[UDP_ANSWER_BYTES];
    union udp_peer peer;

    union {
        struct cmsghdr align;
        uint8_t bytes[CMSG_SPACE(sizeof(struct in6_pktinfo))]; /* the larger of the two */
    } control;
};

struct udp_batch {
    struct mmsghdr in[UDP_BATCH], out[UDP_BATCH];
    struct iovec in_bytes[UDP_BATCH], out_bytes[UDP_BATCH];
    unsigned out_count;
    struct udp_slot slots[UDP_BATCH];
};

/* udp_batch_receive - take what waits at the socket, without blocking, and forget the answers
 * of the round before. Returns the number of slots filled; 0 also on an error, which the next
 * wake-up meets again. */
unsigned udp_batch_receive(struct udp_batch *batch, int fd);

/* udp_batch_get_sender - who sent slot idx. False: nobody that may be answered. Port 0 cannot
 * be answered; 7 and 19 (echo, chargen) would answer the answer. */
bool udp_batch_get_sender(const struct udp_batch *batch, unsigned idx,
                          struct ip_addr *out_sender, uint16_t *out_port);

static inline size_t udp_batch_packet_bytes(const struct udp_batch *batch, unsigned idx)
{
    size_t bytes = batch->in[idx].msg_len;
    return bytes < UDP_PACKET_BYTES ? bytes : UDP_PACKET_BYTES;
}

/* udp_batch_put_answer - slots[idx].answer[0..answer_bytes-1] shall go back to its sender. */
void udp_batch_put_answer(struct udp_batch *batch, unsigned idx, size_t answer_bytes);

/* udp_batch_send - send the answers; never blocks. A message that cannot be sent costs only
 * itself; when the socket is full the rest is dropped. Returns how many were sent. */
unsigned udp_batch_send(struct udp_batch *batch, int fd);
