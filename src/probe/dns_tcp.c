#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "rhumb/cursor.h"

#include "dns_answer.h"
#include "dns_transport.h"

enum { PREFIX_BYTES = 2, BUFFER_BYTES = PREFIX_BYTES + UINT16_MAX };

/* The buffer holds first what is sent, then what comes back:
 *
 *   | length (2) | message ...      done: how far we are
 */
struct dns_tcp {
    uv_poll_t poll; /* its close callback frees it all */
    int fd;
    struct dns_target target;
    size_t question_len, done;
    uint8_t buffer[BUFFER_BYTES];
};

static void on_closed(uv_handle_t *handle)
{
    free(handle->data);
}

void dns_tcp_stop(struct dns_tcp *tcp)
{
    uv_close((uv_handle_t *)&tcp->poll, on_closed); /* before its descriptor is closed */
    close(tcp->fd);
}

static void fail(struct dns_tcp *tcp, int code)
{
    tcp->target.on_message(tcp->target.ctx, NULL, 0, code);
}

/* wanted_len - how much of the answer is to be read before more can be said. */
static size_t wanted_len(const struct dns_tcp *tcp)
{
    struct reader r = reader_init(tcp->buffer, PREFIX_BYTES);
    return tcp->done < PREFIX_BYTES ? PREFIX_BYTES : (size_t)PREFIX_BYTES + reader_u16(&r);
}

/* on_readable - what came before a reset can still be read: the error comes out behind it. */
static void on_readable(uv_poll_t *poll, int status, int events)
{
    (void)events;
    struct dns_tcp *tcp = (struct dns_tcp *)poll->data;
    if (status < 0) /* libuv stops a poll that has seen an error */
        uv_poll_start(poll, UV_READABLE, on_readable);
    ssize_t got = recv(tcp->fd, tcp->buffer + tcp->done, wanted_len(tcp) - tcp->done, 0);
    if (got < 0 && (errno == EAGAIN || errno == EINTR))
        return;
    if (got <= 0) {
        fail(tcp, got < 0 ? errno : ECONNRESET);
        return;
    }
    tcp->done += (size_t)got;
    if (tcp->done > PREFIX_BYTES && tcp->done == wanted_len(tcp))
        tcp->target.on_message(tcp->target.ctx, tcp->buffer + PREFIX_BYTES,
                               tcp->done - PREFIX_BYTES, 0);
}

/* on_writable - the connection stands, or it failed: what happened stands in the socket. */
static void on_writable(uv_poll_t *poll, int status, int events)
{
    (void)events;
    struct dns_tcp *tcp = (struct dns_tcp *)poll->data;
    int code = 0;
    socklen_t len = sizeof(code);
    if (getsockopt(tcp->fd, SOL_SOCKET, SO_ERROR, &code, &len) != 0)
        code = errno;
    if (code == 0 && status < 0)
        code = -status;
    ssize_t sent = code == 0 ? send(tcp->fd, tcp->buffer + tcp->done,
                                    tcp->question_len - tcp->done, MSG_NOSIGNAL)
                             : -1;
    if (code == 0 && sent < 0)
        code = errno;
    if (sent < 0 && code != EAGAIN && code != EINTR) {
        fail(tcp, code);
        return;
    }
    tcp->done += sent > 0 ? (size_t)sent : 0;
    if (tcp->done < tcp->question_len)
        return;
    tcp->done = 0;
    status = uv_poll_start(&tcp->poll, UV_READABLE, on_readable);
    if (status < 0)
        fail(tcp, -status);
}

static int open_connection(const struct dns_target *target)
{
    struct sockaddr_storage storage;
    socklen_t len = ip_to_sockaddr(&target->addr, target->port, &storage);
    int fd = socket(storage.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0 || connect(fd, (const struct sockaddr *)&storage, len) == 0 ||
        errno == EINPROGRESS)
        return fd;
    int code = errno;
    close(fd);
    errno = code;
    return -1;
}

struct dns_tcp *dns_tcp_start(const struct dns_target *target, const uint8_t *message,
                              size_t len, int *out_errno)
{
    struct dns_tcp *tcp = (struct dns_tcp *)calloc(1, sizeof(*tcp));
    if (!tcp) {
        *out_errno = ENOMEM;
        return NULL;
    }
    tcp->target = *target;
    tcp->question_len = PREFIX_BYTES + len;
    store_u16(tcp->buffer, (uint16_t)len);
    memcpy(tcp->buffer + PREFIX_BYTES, message, len);
    tcp->fd = open_connection(target);
    *out_errno = errno;
    if (tcp->fd < 0)
        goto err_after_tcp;
    int status = uv_poll_init(target->loop, &tcp->poll, tcp->fd);
    *out_errno = -status;
    if (status < 0)
        goto err_after_fd;
    tcp->poll.data = tcp;
    status = uv_poll_start(&tcp->poll, UV_WRITABLE, on_writable);
    *out_errno = -status;
    if (status == 0)
        return tcp;
    dns_tcp_stop(tcp);
    return NULL;
err_after_fd:
    close(tcp->fd);
err_after_tcp:
    free(tcp);
    return NULL;
}
