/* probe_icmp.c - one ping through an unprivileged socket: the kernel builds the header's id and
 * checksum, and gives us only the replies to it.
 *
 * source   RFC 792 (echo), RFC 4443 section 4; net.ipv4.ping_group_range of the kernel rules
 *          both families
 */
#include <errno.h>
#include <netinet/icmp6.h>
#include <netinet/in.h>
#include <netinet/ip_icmp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "rhumb/cursor.h"

#include "probe_kind.h"
#include "probe_reason.h"

enum { NS_PER_US = 1000, TOKEN_BYTES = 16, ECHO_BYTES = 8 + TOKEN_BYTES, SEQUENCE = 1 };

struct icmp_request {
    struct ip_addr addr;
};

struct icmp_run {
    uv_poll_t poll; /* its close callback frees the run */
    int fd;
    bool v6;
    uint8_t token[TOKEN_BYTES];
    uint64_t started_ns;
    probe_on_done on_done;
    void *ctx;
};

static void *request_new(const struct config_check *check, const struct ip_addr *addr)
{
    (void)check;
    struct icmp_request *request = (struct icmp_request *)calloc(1, sizeof(*request));
    if (request)
        request->addr = *addr;
    return request;
}

static void on_closed(uv_handle_t *handle)
{
    free(handle->data);
}

static void run_cancel(void *run)
{
    struct icmp_run *icmp = (struct icmp_run *)run;
    uv_close((uv_handle_t *)&icmp->poll, on_closed); /* before its descriptor is closed */
    close(icmp->fd);
}

static void end(struct icmp_run *run, const struct probe_result *result)
{
    probe_on_done on_done = run->on_done;
    void *ctx = run->ctx;
    run_cancel(run);
    on_done(ctx, result);
}

/* is_reply - to this very ping? The kernel has looked at the id. */
static bool is_reply(const struct icmp_run *run, const uint8_t *bytes, size_t len)
{
    struct reader r = reader_init(bytes, len);
    uint8_t type = reader_u8(&r), code = reader_u8(&r);
    reader_take(&r, 4); /* checksum and id */
    uint16_t sequence = reader_u16(&r);
    const uint8_t *token = reader_take(&r, TOKEN_BYTES);
    return token && type == (run->v6 ? ICMP6_ECHO_REPLY : ICMP_ECHOREPLY) && code == 0 &&
           sequence == SEQUENCE && memcmp(token, run->token, TOKEN_BYTES) == 0;
}

/* on_readable - one packet a call; what is no reply to us is passed over. */
static void on_readable(uv_poll_t *poll, int status, int events)
{
    (void)events;
    struct icmp_run *run = (struct icmp_run *)poll->data;
    if (status < 0) /* libuv stops a poll that has seen an error */
        uv_poll_start(poll, UV_READABLE, on_readable);
    uint8_t packet[ECHO_BYTES + 1]; /* a byte more: the rest of a longer one is of no use */
    struct probe_result result;
    ssize_t got = recv(run->fd, packet, sizeof(packet), 0);
    if (got < 0 && (errno == EAGAIN || errno == EINTR))
        return;
    if (got < 0) {
        probe_result_set_errno(&result, errno);
    } else if (is_reply(run, packet, (size_t)got)) {
        probe_result_set(&result, HEALTH_SUCCESS, "echo reply");
        result.rtt_us = probe_rtt_us((uv_hrtime() - run->started_ns) / NS_PER_US);
    } else {
        return;
    }
    end(run, &result);
}

/* open_socket - -1, and the result, when there is none to be had. */
static int open_socket(const struct ip_addr *addr, struct probe_result *out_result)
{
    struct sockaddr_storage storage;
    socklen_t len = ip_to_sockaddr(addr, 0, &storage);
    int fd = socket(storage.ss_family, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC,
                    addr->family == IP_V6 ? IPPROTO_ICMPV6 : IPPROTO_ICMP);
    if (fd < 0 && (errno == EACCES || errno == EPERM)) {
        probe_result_set(out_result, HEALTH_OWN_FAULT,
                         "own fault: may not ping: put the group of rhumb into sysctl "
                         "net.ipv4.ping_group_range");
        return -1;
    }
    if (fd >= 0 && connect(fd, (const struct sockaddr *)&storage, len) == 0)
        return fd;
    probe_result_set_errno(out_result, errno);
    if (fd >= 0)
        close(fd);
    return -1;
}

/* send_echo - an error number, or 0. */
static int send_echo(struct icmp_run *run)
{
    uint8_t packet[ECHO_BYTES];
    struct writer w = writer_init(packet, sizeof(packet));
    int status = uv_random(NULL, NULL, run->token, sizeof(run->token), 0, NULL);
    if (status < 0)
        return -status;
    writer_u8(&w, run->v6 ? ICMP6_ECHO_REQUEST : ICMP_ECHO);
    writer_u8(&w, 0);
    writer_u32(&w, 0); /* checksum and id: the kernel's */
    writer_u16(&w, SEQUENCE);
    writer_bytes(&w, run->token, sizeof(run->token));
    return send(run->fd, packet, writer_len(&w), 0) < 0 ? errno : 0;
}

static void *run_start(const struct probe_means *means, const void *request,
                       probe_on_done on_done, void *ctx, struct probe_result *out_result)
{
    const struct ip_addr *addr = &((const struct icmp_request *)request)->addr;
    int fd = open_socket(addr, out_result);
    if (fd < 0)
        return NULL;
    struct icmp_run *run = (struct icmp_run *)calloc(1, sizeof(*run));
    int code = ENOMEM;
    if (!run)
        goto err_after_fd;
    *run = (struct icmp_run){
        .fd = fd,
        .v6 = addr->family == IP_V6,
        .started_ns = uv_hrtime(),
        .on_done = on_done,
        .ctx = ctx,
    };
    code = -uv_poll_init(means->loop, &run->poll, fd);
    if (code != 0)
        goto err_after_run;
    run->poll.data = run;
    code = send_echo(run);
    if (code == 0)
        code = -uv_poll_start(&run->poll, UV_READABLE, on_readable);
    if (code == 0)
        return run;
    probe_result_set_errno(out_result, code);
    run_cancel(run);
    return NULL;
err_after_run:
    free(run);
err_after_fd:
    close(fd);
    probe_result_set_errno(out_result, code);
    return NULL;
}

static const char *run_phase(const void *run)
{
    (void)run;
    return "without an echo reply";
}

const struct probe_kind PROBE_KIND_ICMP = {
    .request_new = request_new,
    .request_free = free,
    .run_start = run_start,
    .run_cancel = run_cancel,
    .run_phase = run_phase,
};
