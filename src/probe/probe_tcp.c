#include "probe_tcp.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "probe_kind.h"
#include "probe_reason.h"

enum { NS_PER_US = 1000 };

struct tcp_run {
    uv_poll_t poll; /* its close callback frees the run */
    int fd;
    uint64_t started_ns;
    probe_on_done on_done;
    void *ctx;
};

/* is_connected_to_itself - a connection to a closed local port succeeds when the kernel happens
 * to choose that very port as the source (simultaneous open, RFC 9293 section 3.5). */
static bool is_connected_to_itself(int fd)
{
    struct sockaddr_storage local = {0}, remote = {0};
    socklen_t local_len = sizeof(local), remote_len = sizeof(remote);
    return getsockname(fd, (struct sockaddr *)&local, &local_len) == 0 &&
           getpeername(fd, (struct sockaddr *)&remote, &remote_len) == 0 &&
           memcmp(&local, &remote, sizeof(local)) == 0;
}

/* set_result - what came of the attempt on fd, which ended with error number code, or 0. */
static void set_result(int fd, int code, uint64_t started_ns, struct probe_result *result)
{
    if (code == 0 && is_connected_to_itself(fd))
        code = ECONNREFUSED;
    if (code != 0) {
        probe_result_set_errno(result, code);
        return;
    }
    probe_result_set(result, HEALTH_SUCCESS, "connected");
    result->rtt_us = probe_rtt_us((uv_hrtime() - started_ns) / NS_PER_US);
}

static void on_poll_closed(uv_handle_t *handle)
{
    free(handle->data);
}

void tcp_run_cancel(struct tcp_run *run)
{
    uv_close((uv_handle_t *)&run->poll, on_poll_closed); /* before its descriptor is closed */
    close(run->fd);
}

/* on_writable - the attempt has ended. libuv reports an error condition as EBADF whatever it
 * is; what really happened stands in the socket. */
static void on_writable(uv_poll_t *poll, int status, int events)
{
    (void)events;
    struct tcp_run *run = (struct tcp_run *)poll->data;
    struct probe_result result;
    int code = 0;
    socklen_t len = sizeof(code);
    if (getsockopt(run->fd, SOL_SOCKET, SO_ERROR, &code, &len) != 0)
        code = errno;
    if (code == 0 && status < 0)
        code = -status;
    set_result(run->fd, code, run->started_ns, &result);
    probe_on_done on_done = run->on_done;
    void *ctx = run->ctx;
    tcp_run_cancel(run);
    on_done(ctx, &result);
}

/* watch - turn the connecting socket fd into a run; NULL and the error number if we cannot. */
static struct tcp_run *watch(uv_loop_t *loop, int fd, int *out_errno)
{
    struct tcp_run *run = (struct tcp_run *)calloc(1, sizeof(*run));
    if (!run) {
        *out_errno = ENOMEM;
        return NULL;
    }
    run->fd = fd;
    int status = uv_poll_init(loop, &run->poll, fd);
    if (status < 0) {
        free(run);
        *out_errno = -status;
        return NULL;
    }
    run->poll.data = run;
    status = uv_poll_start(&run->poll, UV_WRITABLE, on_writable);
    if (status < 0) {
        uv_close((uv_handle_t *)&run->poll, on_poll_closed);
        *out_errno = -status;
        return NULL;
    }
    return run;
}

struct tcp_run *tcp_run_start(uv_loop_t *loop, const struct ip_addr *addr, uint16_t port,
                              probe_on_done on_done, void *ctx, struct probe_result *out_result)
{
    struct sockaddr_storage storage;
    socklen_t len = ip_to_sockaddr(addr, port, &storage);
    uint64_t started_ns = uv_hrtime();
    struct tcp_run *run = NULL;
    int fd = socket(storage.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0) {
        probe_result_set_errno(out_result, errno);
        return NULL;
    }
    int code = connect(fd, (const struct sockaddr *)&storage, len) == 0 ? 0 : errno;
    if (code == EINPROGRESS)
        run = watch(loop, fd, &code);
    if (run) {
        run->started_ns = started_ns;
        run->on_done = on_done;
        run->ctx = ctx;
        return run;
    }
    set_result(fd, code, started_ns, out_result);
    close(fd);
    return NULL;
}

/* ---- the kind ---- */

struct tcp_request {
    struct ip_addr addr;
    uint16_t port;
};

static void *request_new(const struct config_check *check, const struct ip_addr *addr)
{
    struct tcp_request *request = (struct tcp_request *)calloc(1, sizeof(*request));
    if (request)
        *request = (struct tcp_request){.addr = *addr, .port = check->port};
    return request;
}

static void *run_start(const struct probe_means *means, const void *request,
                       probe_on_done on_done, void *ctx, struct probe_result *out_result)
{
    const struct tcp_request *tcp = (const struct tcp_request *)request;
    return tcp_run_start(means->loop, &tcp->addr, tcp->port, on_done, ctx, out_result);
}

static void run_cancel(void *run)
{
    tcp_run_cancel((struct tcp_run *)run);
}

static const char *run_phase(const void *run)
{
    (void)run;
    return "in connect";
}

const struct probe_kind PROBE_KIND_TCP = {
    .request_new = request_new,
    .request_free = free,
    .run_start = run_start,
    .run_cancel = run_cancel,
    .run_phase = run_phase,
};
