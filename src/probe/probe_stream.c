#include "probe_stream.h"

#include <ctype.h>
#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "cert_end.h"
#include "probe_reason.h"
#include "probe_socket.h"
#include "probe_tls.h"

enum { NS_PER_US = 1000, PIECE_BYTES = 4096, PATTERN_SHOWN_MAX = 60 };

struct stream_request {
    struct ip_addr addr, source;
    uint16_t port;
    char *send; /* owned; NULL: nothing is sent */
    size_t send_len;
    struct body_pattern expect;
    bool is_tls, verify;
    char *host, *ca_file; /* owned, or NULL */
    uint32_t min_cert_days;
};

enum stage { CONNECTING, SHAKING_HANDS, SENDING, RECEIVING };

struct stream_run {
    uv_poll_t poll; /* its close callback frees the run */
    int fd;
    const struct probe_means *means;
    const struct stream_request *request;
    enum stage stage;
    struct probe_tls *tls; /* NULL: plain, or not yet */
    struct body_match match;
    size_t sent, received;
    uint64_t started_ns;
    uint64_t connected_ns, shaken_ns, answered_ns; /* 0: not yet */
    probe_on_done on_done;
    void *ctx;
};

/* ---- requests ---- */

static bool copy_text(char **out, const char *text)
{
    *out = text ? strdup(text) : NULL;
    return !text || *out;
}

struct stream_request *stream_request_new(const struct config_check *check,
                                          const struct ip_addr *addr)
{
    struct stream_request *request = (struct stream_request *)calloc(1, sizeof(*request));
    if (!request)
        return NULL;
    request->addr = *addr;
    request->source = probe_source_for(&check->source, addr);
    request->port = check->port;
    request->is_tls = check->kind == CONFIG_CHECK_TLS;
    request->verify = check->verify;
    request->min_cert_days = request->is_tls ? check->min_cert_days : 0;
    request->send_len = check->send.len;
    request->send = (char *)calloc(1, check->send.len + 1);
    if (request->send && copy_text(&request->host, check->host) &&
        copy_text(&request->ca_file, check->ca_file) &&
        body_pattern_init_bytes(&request->expect, check->expect.bytes, check->expect.len) ==
            ERR_OK) {
        for (size_t i = 0; i < check->send.len; i++)
            request->send[i] = check->send.bytes[i];
        return request;
    }
    stream_request_free(request);
    return NULL;
}

void stream_request_free(struct stream_request *request)
{
    if (!request)
        return;
    body_pattern_deinit(&request->expect);
    free(request->send);
    free(request->host);
    free(request->ca_file);
    free(request);
}

/* ---- the end of a run ---- */

/* show - the start of what is expected, with '?' for what cannot be printed. */
static const char *show(const struct body_pattern *pattern, char buffer[PATTERN_SHOWN_MAX + 1])
{
    size_t len = pattern->len < PATTERN_SHOWN_MAX ? pattern->len : PATTERN_SHOWN_MAX;
    for (size_t i = 0; i < len; i++)
        buffer[i] = isprint((unsigned char)pattern->bytes[i]) ? pattern->bytes[i] : '?';
    buffer[len] = '\0';
    return buffer;
}

static void succeed(const struct stream_run *run, const char *reason,
                    struct probe_result *result)
{
    probe_result_set(result, HEALTH_SUCCESS, "%s", reason);
    result->rtt_us = probe_rtt_us((uv_hrtime() - run->started_ns) / NS_PER_US);
}

static uint32_t between_us(uint64_t from_ns, uint64_t to_ns)
{
    return to_ns > 0 ? probe_rtt_us((to_ns - from_ns) / NS_PER_US) : 0;
}

/* tell_times - how far it got, and when. */
static void tell_times(const struct stream_run *run, struct probe_result *result)
{
    uint64_t asked_ns = run->shaken_ns > 0 ? run->shaken_ns : run->connected_ns;
    result->took.connect_us = between_us(run->started_ns, run->connected_ns);
    result->took.tls_us = between_us(run->connected_ns, run->shaken_ns);
    result->took.answer_us = between_us(asked_ns, run->answered_ns);
}

static void lack(const struct stream_run *run, const char *where, struct probe_result *result)
{
    char buffer[PATTERN_SHOWN_MAX + 1];
    probe_result_set(result, HEALTH_FAILURE, "%s lacks '%s'", where,
                     show(&run->request->expect, buffer));
}

/* explain - why the last step with the socket failed. */
static void explain(const struct stream_run *run, struct probe_result *result)
{
    if (run->tls)
        probe_tls_explain(run->tls, result);
    else
        probe_result_set_errno(result, errno);
}

static void on_poll_closed(uv_handle_t *handle)
{
    free(handle->data);
}

void stream_run_cancel(struct stream_run *run)
{
    probe_tls_free(run->tls);
    uv_close((uv_handle_t *)&run->poll, on_poll_closed); /* before its descriptor is closed */
    close(run->fd);
}

/* ---- the stages: each goes as far as it can without waiting ---- */

/* What a stage says: it waits, or it is over and the next has its turn, or the run has ended
 * and has its result. */
enum progress { WAITS_TO_READ, WAITS_TO_WRITE, STAGE_OVER, RUN_OVER };

static enum progress wait_or_end(const struct stream_run *run, enum stream_io io,
                                 struct probe_result *result)
{
    if (io == STREAM_WANTS_READ)
        return WAITS_TO_READ;
    if (io == STREAM_WANTS_WRITE)
        return WAITS_TO_WRITE;
    explain(run, result);
    return RUN_OVER;
}

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

/* after_connect - the attempt has ended; what came of it stands in the socket. */
static enum progress after_connect(struct stream_run *run, struct probe_result *result)
{
    const struct stream_request *request = run->request;
    int code = 0;
    socklen_t len = sizeof(code);
    if (getsockopt(run->fd, SOL_SOCKET, SO_ERROR, &code, &len) != 0)
        code = errno;
    if (code == 0 && is_connected_to_itself(run->fd))
        code = ECONNREFUSED;
    if (code != 0) {
        probe_result_set_errno(result, code);
        return RUN_OVER;
    }
    run->connected_ns = uv_hrtime();
    run->stage = SENDING;
    if (!request->is_tls)
        return STAGE_OVER;
    run->stage = SHAKING_HANDS;
    struct tls_terms terms = {request->host, request->addr, request->ca_file, request->verify};
    run->tls =
        probe_tls_new(run->means->tls, &terms, run->fd, uv_now(run->means->loop), result);
    return run->tls ? STAGE_OVER : RUN_OVER;
}

static enum progress shake_hands(struct stream_run *run, struct probe_result *result)
{
    enum stream_io io = probe_tls_handshake(run->tls);
    if (io != STREAM_DONE)
        return wait_or_end(run, io, result);
    run->shaken_ns = uv_hrtime();
    uv_timeval64_t now = {0};
    uv_gettimeofday(&now);
    struct cert_end when = {probe_tls_cert_end_s(run->tls), now.tv_sec};
    run->stage = SENDING;
    return cert_end_judge(&when, run->request->min_cert_days, result) ? STAGE_OVER : RUN_OVER;
}

static enum stream_io write_some(struct stream_run *run, const char *bytes, size_t len,
                                 size_t *out_len)
{
    *out_len = 0;
    if (run->tls)
        return probe_tls_write(run->tls, bytes, len, out_len);
    ssize_t written = send(run->fd, bytes, len, MSG_NOSIGNAL);
    if (written < 0)
        return errno == EAGAIN || errno == EINTR ? STREAM_WANTS_WRITE : STREAM_FAILED;
    *out_len = (size_t)written;
    return STREAM_DONE;
}

static enum stream_io read_some(struct stream_run *run, char *bytes, size_t size,
                                size_t *out_len)
{
    *out_len = 0;
    if (run->tls)
        return probe_tls_read(run->tls, bytes, size, out_len);
    ssize_t got = recv(run->fd, bytes, size, 0);
    if (got < 0)
        return errno == EAGAIN || errno == EINTR ? STREAM_WANTS_READ : STREAM_FAILED;
    *out_len = (size_t)got;
    return got == 0 ? STREAM_CLOSED : STREAM_DONE;
}

static enum progress send_all(struct stream_run *run, struct probe_result *result)
{
    const struct stream_request *request = run->request;
    while (run->sent < request->send_len) {
        size_t len;
        enum stream_io io =
            write_some(run, request->send + run->sent, request->send_len - run->sent, &len);
        if (io != STREAM_DONE)
            return wait_or_end(run, io, result);
        run->sent += len;
    }
    run->stage = RECEIVING;
    if (request->expect.len > 0)
        return STAGE_OVER;
    succeed(run, request->is_tls ? "TLS connection established" : "connected", result);
    return RUN_OVER;
}

static enum progress receive(struct stream_run *run, struct probe_result *result)
{
    char piece[PIECE_BYTES];
    size_t len;
    while (run->received < STREAM_MAX_BYTES) {
        enum stream_io io = read_some(run, piece, sizeof(piece), &len);
        if (io == STREAM_CLOSED) {
            lack(run, "answer", result);
            return RUN_OVER;
        }
        if (io != STREAM_DONE)
            return wait_or_end(run, io, result);
        if (run->received == 0)
            run->answered_ns = uv_hrtime();
        run->received += len;
        if (body_match_feed(&run->match, piece, len)) {
            succeed(run, "answer as expected", result);
            return RUN_OVER;
        }
    }
    lack(run, "the first 64 KiB of the answer", result);
    return RUN_OVER;
}

static enum progress advance(struct stream_run *run, struct probe_result *result)
{
    switch (run->stage) {
    case CONNECTING: return after_connect(run, result);
    case SHAKING_HANDS: return shake_hands(run, result);
    case SENDING: return send_all(run, result);
    case RECEIVING: return receive(run, result);
    }
    return RUN_OVER;
}

/* ---- the loop ---- */

static void on_event(uv_poll_t *poll, int status, int events);

/* watch - for what the run waits. False, and the result, when we cannot. */
static bool watch(struct stream_run *run, enum progress progress, struct probe_result *result)
{
    int events = progress == WAITS_TO_READ ? UV_READABLE : UV_WRITABLE;
    int status = uv_poll_start(&run->poll, events, on_event);
    if (status < 0)
        probe_result_set_errno(result, -status);
    return status >= 0;
}

/* on_event - libuv reports an error condition as EBADF, whatever it is: the stages find it in
 * the socket. */
static void on_event(uv_poll_t *poll, int status, int events)
{
    (void)status;
    (void)events;
    struct stream_run *run = (struct stream_run *)poll->data;
    struct probe_result result;
    enum progress progress;
    do
        progress = advance(run, &result);
    while (progress == STAGE_OVER);
    if (progress != RUN_OVER && watch(run, progress, &result))
        return;
    probe_on_done on_done = run->on_done;
    void *ctx = run->ctx;
    tell_times(run, &result);
    stream_run_cancel(run);
    on_done(ctx, &result);
}

/* open_run - a run on the connecting socket fd; NULL and the error number if we cannot. */
static struct stream_run *open_run(uv_loop_t *loop, int fd, int *out_errno)
{
    struct stream_run *run = (struct stream_run *)calloc(1, sizeof(*run));
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
    return run;
}

struct stream_run *stream_run_start(const struct probe_means *means,
                                    const struct stream_request *request, probe_on_done on_done,
                                    void *ctx, struct probe_result *out_result)
{
    struct sockaddr_storage storage;
    socklen_t len = ip_to_sockaddr(&request->addr, request->port, &storage);
    uint64_t started_ns = uv_hrtime();
    struct stream_run *run = NULL;
    int code = 0;
    int fd = probe_socket_open(storage.ss_family, SOCK_STREAM, 0, &request->source, &code);
    if (fd >= 0 && connect(fd, (const struct sockaddr *)&storage, len) != 0)
        code = errno;
    if (fd >= 0 && (code == 0 || code == EINPROGRESS))
        run = open_run(means->loop, fd, &code);
    if (!run) {
        if (fd >= 0)
            close(fd);
        probe_result_set_errno(out_result, code);
        return NULL;
    }
    run->means = means;
    run->request = request;
    run->started_ns = started_ns;
    run->on_done = on_done;
    run->ctx = ctx;
    body_match_start(&run->match, &request->expect);
    if (watch(run, WAITS_TO_WRITE, out_result))
        return run;
    stream_run_cancel(run);
    return NULL;
}

const char *stream_run_phase(const struct stream_run *run)
{
    switch (run->stage) {
    case CONNECTING: return "in connect";
    case SHAKING_HANDS: return "in TLS handshake";
    case SENDING: return "while sending";
    case RECEIVING: break;
    }
    return run->received == 0 ? "waiting for the answer" : "within the answer";
}

/* ---- the kind ---- */

static void *request_new(const struct config_check *check, const struct ip_addr *addr)
{
    return stream_request_new(check, addr);
}

static void request_free(void *request)
{
    stream_request_free((struct stream_request *)request);
}

static void *run_start(const struct probe_means *means, const void *request,
                       probe_on_done on_done, void *ctx, struct probe_result *out_result)
{
    return stream_run_start(means, (const struct stream_request *)request, on_done, ctx,
                            out_result);
}

static void run_cancel(void *run)
{
    stream_run_cancel((struct stream_run *)run);
}

static const char *run_phase(const void *run)
{
    return stream_run_phase((const struct stream_run *)run);
}

const struct probe_kind PROBE_KIND_STREAM = {
    .request_new = request_new,
    .request_free = request_free,
    .run_start = run_start,
    .run_cancel = run_cancel,
    .run_phase = run_phase,
};
