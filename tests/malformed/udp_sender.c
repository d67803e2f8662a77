#include "udp_sender.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { WAIT_S = 5, BUFFER_BYTES = 4 << 20, REPLIES = 16, REPLY_MAX = 65535 };

static int open_socket(const struct sockaddr_in *server)
{
    const struct timeval wait = {.tv_sec = WAIT_S};
    const int bytes = BUFFER_BYTES;
    int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return -1;
    if (setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &wait, sizeof(wait)) == 0 &&
        setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &bytes, sizeof(bytes)) == 0 &&
        connect(fd, (const struct sockaddr *)server, sizeof(*server)) == 0)
        return fd;
    close(fd);
    return -1;
}

bool udp_sender_open(struct udp_sender *sender, const struct sockaddr_in *server)
{
    sender->turn = 0;
    for (size_t i = 0; i < UDP_SENDER_SOCKETS; i++) {
        sender->sockets[i] = open_socket(server);
        if (sender->sockets[i] < 0) {
            while (i > 0)
                close(sender->sockets[--i]);
            return false;
        }
    }
    return true;
}

void udp_sender_close(struct udp_sender *sender)
{
    for (size_t i = 0; i < UDP_SENDER_SOCKETS; i++)
        close(sender->sockets[i]);
}

static bool send_all(int fd, struct batch *batch)
{
    struct mmsghdr messages[BATCH_PACKETS];
    struct iovec vectors[BATCH_PACKETS];
    memset(messages, 0, sizeof(messages));
    for (size_t i = 0; i < batch->count; i++) {
        struct batch_packet *packet = &batch->packets[i];
        vectors[i] = (struct iovec){packet->bytes, packet->len};
        messages[i].msg_hdr.msg_iov = &vectors[i];
        messages[i].msg_hdr.msg_iovlen = 1;
    }
    for (size_t sent = 0; sent < batch->count;) {
        int count = sendmmsg(fd, messages + sent, (unsigned)(batch->count - sent), 0);
        if (count <= 0)
            return false;
        sent += (size_t)count;
    }
    return true;
}

static bool take_some(int fd, struct batch *batch, struct batch_fault *out_fault)
{
    static uint8_t buffers[REPLIES][REPLY_MAX];
    struct mmsghdr messages[REPLIES];
    struct iovec vectors[REPLIES];
    memset(messages, 0, sizeof(messages));
    for (size_t i = 0; i < REPLIES; i++) {
        vectors[i] = (struct iovec){buffers[i], REPLY_MAX};
        messages[i].msg_hdr.msg_iov = &vectors[i];
        messages[i].msg_hdr.msg_iovlen = 1;
    }
    int count = recvmmsg(fd, messages, REPLIES, MSG_WAITFORONE, NULL);
    if (count <= 0)
        return batch_is_missing(batch, errno == ECONNREFUSED ? "nobody listens" : "no reply",
                                out_fault);
    for (int i = 0; i < count; i++)
        if (!batch_take_reply(batch, buffers[i], messages[i].msg_len, out_fault))
            return false;
    return true;
}

bool udp_sender_run(struct udp_sender *sender, struct batch *batch,
                    struct batch_fault *out_fault)
{
    int fd = sender->sockets[sender->turn++ % UDP_SENDER_SOCKETS];
    if (!send_all(fd, batch))
        return batch_is_missing(batch, "nobody listens", out_fault);
    while (batch->expected > 0)
        if (!take_some(fd, batch, out_fault))
            return false;
    return true;
}
