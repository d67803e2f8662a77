#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "dns_answer.h"
#include "dns_transport.h"

enum { DATAGRAM_MAX = 4096 }; /* more than was offered by EDNS */

struct dns_udp {
    uv_poll_t poll;
    uv_timer_t resend;
    unsigned open_handles; /* the close callback of the last frees it all */
    int fd;
    struct dns_target target;
    uint8_t message[DNS_QUESTION_MAX];
    size_t len;
};

static void on_closed(uv_handle_t *handle)
{
    struct dns_udp *udp = (struct dns_udp *)handle->data;
    if (--udp->open_handles == 0)
        free(udp);
}

void dns_udp_stop(struct dns_udp *udp)
{
    uv_close((uv_handle_t *)&udp->poll, on_closed); /* before its descriptor is closed */
    uv_close((uv_handle_t *)&udp->resend, on_closed);
    close(udp->fd);
}

/* on_readable - one datagram a call: on_message() may stop us. An error of the socket, such as
 * a refused port, comes out of recv() too. */
static void on_readable(uv_poll_t *poll, int status, int events)
{
    (void)events;
    struct dns_udp *udp = (struct dns_udp *)poll->data;
    if (status < 0) /* libuv stops a poll that has seen an error */
        uv_poll_start(poll, UV_READABLE, on_readable);
    uint8_t datagram[DATAGRAM_MAX];
    ssize_t got = recv(udp->fd, datagram, sizeof(datagram), 0);
    if (got >= 0)
        udp->target.on_message(udp->target.ctx, datagram, (size_t)got, 0);
    else if (errno != EAGAIN && errno != EINTR)
        udp->target.on_message(udp->target.ctx, NULL, 0, errno);
}

static void on_resend(uv_timer_t *timer)
{
    struct dns_udp *udp = (struct dns_udp *)timer->data;
    (void)!send(udp->fd, udp->message, udp->len, 0); /* the first one counts */
}

/* open_and_send - a connected socket with the message under way; -1 and errno. */
static int open_and_send(const struct dns_target *target, const uint8_t *message, size_t len)
{
    struct sockaddr_storage storage;
    socklen_t storage_len = ip_to_sockaddr(&target->addr, target->port, &storage);
    int fd = socket(storage.ss_family, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return -1;
    if (connect(fd, (const struct sockaddr *)&storage, storage_len) == 0 &&
        send(fd, message, len, 0) == (ssize_t)len)
        return fd;
    int code = errno;
    close(fd);
    errno = code;
    return -1;
}

struct dns_udp *dns_udp_start(const struct dns_target *target, const uint8_t *message,
                              size_t len, uint32_t resend_ms, int *out_errno)
{
    struct dns_udp *udp = (struct dns_udp *)calloc(1, sizeof(*udp));
    if (!udp) {
        *out_errno = ENOMEM;
        return NULL;
    }
    *udp = (struct dns_udp){.target = *target, .len = len};
    memcpy(udp->message, message, len);
    udp->fd = open_and_send(target, message, len);
    *out_errno = errno;
    if (udp->fd < 0)
        goto err_after_udp;
    int status = uv_poll_init(target->loop, &udp->poll, udp->fd);
    *out_errno = -status;
    if (status < 0)
        goto err_after_fd;
    uv_timer_init(target->loop, &udp->resend);
    udp->poll.data = udp->resend.data = udp;
    udp->open_handles = 2;
    uv_timer_start(&udp->resend, on_resend, resend_ms, 0);
    status = uv_poll_start(&udp->poll, UV_READABLE, on_readable);
    *out_errno = -status;
    if (status == 0)
        return udp;
    dns_udp_stop(udp);
    return NULL;
err_after_fd:
    close(udp->fd);
err_after_udp:
    free(udp);
    return NULL;
}
