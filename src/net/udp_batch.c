#include "udp_batch.h"

#include <errno.h>
#include <netinet/in.h>
#include <string.h>

/* recvmmsg() overwrites the three lengths, so every round starts here. */
static void offer_slot(struct udp_batch *batch, unsigned idx)
{
    struct udp_slot *slot = &batch->slots[idx];
    batch->in_bytes[idx] =
        (struct iovec){.iov_base = slot->packet, .iov_len = sizeof(slot->packet)};
    batch->in[idx].msg_hdr = (struct msghdr){
        .msg_name = &slot->peer,
        .msg_namelen = sizeof(slot->peer),
        .msg_iov = &batch->in_bytes[idx],
        .msg_iovlen = 1,
        .msg_control = &slot->control,
        .msg_controllen = sizeof(slot->control),
    };
}

unsigned udp_batch_receive(struct udp_batch *batch, int fd)
{
    batch->out_count = 0;
    for (unsigned i = 0; i < UDP_BATCH; i++)
        offer_slot(batch, i);
    int count = recvmmsg(fd, batch->in, UDP_BATCH, MSG_DONTWAIT, NULL);
    return count > 0 ? (unsigned)count : 0;
}

bool udp_batch_get_sender(const struct udp_batch *batch, unsigned idx,
                          struct ip_addr *out_sender, uint16_t *out_port)
{
    enum { PORT_ECHO = 7, PORT_CHARGEN = 19 };

    if (!ip_from_sockaddr(&batch->slots[idx].peer.any, out_sender, out_port))
        return false;
    return *out_port != 0 && *out_port != PORT_ECHO && *out_port != PORT_CHARGEN;
}

/* free_interface - let routing choose the interface the answer leaves by: it need not be the
 * one the query came in on. A link-local address means nothing without its interface. */
static void free_interface(struct cmsghdr *cmsg)
{
    if (cmsg->cmsg_level == IPPROTO_IP && cmsg->cmsg_type == IP_PKTINFO) {
        struct in_pktinfo info;
        memcpy(&info, CMSG_DATA(cmsg), sizeof(info));
        info.ipi_ifindex = 0;
        memcpy(CMSG_DATA(cmsg), &info, sizeof(info));
    } else if (cmsg->cmsg_level == IPPROTO_IPV6 && cmsg->cmsg_type == IPV6_PKTINFO) {
        struct in6_pktinfo info;
        memcpy(&info, CMSG_DATA(cmsg), sizeof(info));
        if (!IN6_IS_ADDR_LINKLOCAL(&info.ipi6_addr))
            info.ipi6_ifindex = 0;
        memcpy(CMSG_DATA(cmsg), &info, sizeof(info));
    }
}

void udp_batch_put_answer(struct udp_batch *batch, unsigned idx, size_t answer_bytes)
{
    struct udp_slot *slot = &batch->slots[idx];
    unsigned n = batch->out_count++;
    batch->out_bytes[n] = (struct iovec){.iov_base = slot->answer, .iov_len = answer_bytes};
    /* Peer and the address asked, as received. */
    batch->out[n].msg_hdr = batch->in[idx].msg_hdr;
    struct msghdr *header = &batch->out[n].msg_hdr;
    header->msg_iov = &batch->out_bytes[n];
    header->msg_flags = 0;
    for (struct cmsghdr *c = CMSG_FIRSTHDR(header); c; c = CMSG_NXTHDR(header, c))
        free_interface(c);
}

unsigned udp_batch_send(struct udp_batch *batch, int fd)
{
    unsigned next = 0, sent = 0;
    while (next < batch->out_count) {
        int count = sendmmsg(fd, &batch->out[next], batch->out_count - next,
                             MSG_DONTWAIT | MSG_NOSIGNAL);
        if (count > 0) {
            sent += (unsigned)count;
            next += (unsigned)count;
        } else if (errno == EAGAIN || errno == ENOBUFS) {
            break;
        } else if (errno != EINTR) {
            next++; /* this one cannot be sent: no route, a firewall, an address gone */
        }
    }
    return sent;
}
