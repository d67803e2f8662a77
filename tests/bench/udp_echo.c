/* udp_echo PORT - sends every datagram back, with the QR bit set: the floor under any UDP
 * server on this machine and kernel.
 *
 * why  What one core spends in recvmmsg and sendmmsg cannot be saved by a better server; a
 *      figure of ours means something only beside this one. So it does as little as it can: no
 *      poll (recvmmsg blocks for the first datagram), nothing set up again per batch.
 */

#include <arpa/inet.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>

#define BATCH        32u
#define PACKET_BYTES 4096u

struct echo {
    struct mmsghdr msgs[BATCH];
    struct iovec iov[BATCH];
    struct sockaddr_storage peers[BATCH];
    uint8_t bytes[BATCH][PACKET_BYTES];
};

static int open_socket(const char *port)
{
    struct sockaddr_in address = {.sin_family = AF_INET};
    int buffer_bytes = 4 << 20;
    int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

    if (fd < 0)
        return -1;
    setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &buffer_bytes, sizeof buffer_bytes);
    address.sin_port = htons((uint16_t)strtoul(port, NULL, 10));
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    return bind(fd, (const struct sockaddr *)&address, sizeof address) == 0 ? fd : -1;
}

static void prepare(struct echo *echo)
{
    for (unsigned i = 0; i < BATCH; i++) {
        echo->iov[i].iov_base = echo->bytes[i];
        echo->msgs[i].msg_hdr = (struct msghdr){
            .msg_name = &echo->peers[i], .msg_iov = &echo->iov[i], .msg_iovlen = 1};
    }
}

static void echo_batch(struct echo *echo, int fd)
{
    for (unsigned i = 0; i < BATCH;
         i++) { /* the kernel and the last reply have changed these */
        echo->msgs[i].msg_hdr.msg_namelen = sizeof echo->peers[i];
        echo->iov[i].iov_len = PACKET_BYTES;
    }
    int got = recvmmsg(fd, echo->msgs, BATCH, MSG_WAITFORONE, NULL);
    for (int i = 0; i < got; i++) {
        echo->iov[i].iov_len = echo->msgs[i].msg_len;
        if (echo->msgs[i].msg_len > 2)
            echo->bytes[i][2] |= 0x80;
    }
    /* What does not fit into the socket's buffer is dropped, as a server would. */
    if (got > 0)
        sendmmsg(fd, echo->msgs, (unsigned)got, MSG_DONTWAIT);
}

int main(int argc, char **argv)
{
    static struct echo echo;
    int fd = argc == 2 ? open_socket(argv[1]) : -1;

    if (fd < 0) {
        perror(argc == 2 ? argv[1] : "usage: udp_echo PORT");
        return 1;
    }
    prepare(&echo);
    for (;;)
        echo_batch(&echo, fd);
}
