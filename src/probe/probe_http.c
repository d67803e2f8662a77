/* probe_http.c - libcurl's multi interface under a uv loop; the only file that knows libcurl.
 *
 *   http_run_start() -> curl_multi_add_handle() -> on_timer_wanted() -> uv_timer
 *   uv_timer, uv_poll -> curl_multi_socket_action() -> on_watch_wanted() -> uv_poll per socket
 *                     -> deliver(): what has ended is judged and reported
 *
 * libcurl calls back into us only from within its own functions; the callbacks here merely arm
 * timers and watch sockets. Results are delivered after libcurl has returned, so their receiver
 * may start and cancel runs. libcurl's own timeouts are a net under the schedule's deadline:
 * they are longer, because the schedule gives back time that our loop has lost. So they can
 * only be reached when the loop stood still for seconds, which is no fault of the target.
 */
#include "probe_http.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>

#include <curl/curl.h>

#include "http_reading.h"
#include "probe_kind.h"
#include "probe_reason.h"
#include "probe_socket.h"
#include "ring.h"

enum {
    NET_MS = 10000,  /* what libcurl's timeout has beyond twice the check's */
    CA_CACHE_S = 60, /* a CA file is parsed once a minute, not for every handshake (10 ms) */
};

struct http_client {
    uv_loop_t *loop;
    uv_timer_t timer; /* its close callback frees the client */
    CURLM *multi;     /* NULL once closed */
    struct ring runs; /* of struct http_run */
    bool has_broken;  /* one of them could not be watched */
};

struct http_run {
    struct ring in_runs;
    struct http_client *client;
    const struct http_request *request;
    probe_on_done on_done;
    void *ctx;
    CURL *easy;
    CURLcode set_up; /* the first setting that failed */
    struct curl_slist *headers, *connect_to;
    struct http_reading reading;
    int fd;        /* of its socket, which libcurl closes; -1 before */
    int own_errno; /* a call of ours that failed; 0: none */
    char tls_error[CURL_ERROR_SIZE];
};

/* A socket that libcurl wants watched. */
struct watch {
    uv_poll_t poll; /* its close callback frees the watch */
    struct http_client *client;
    curl_socket_t fd;
};

/* ---- reasons ---- */

/* What a failed transfer means. With by_errno the error number says more, when there is one. */
static const struct curl_meaning {
    CURLcode code;
    enum health_outcome outcome;
    bool by_errno;
    const char *text;
} MEANINGS[] = {
    {CURLE_COULDNT_CONNECT, HEALTH_FAILURE, true, "cannot connect"},
    {CURLE_SEND_ERROR, HEALTH_FAILURE, true, "connection broke while asking"},
    {CURLE_RECV_ERROR, HEALTH_FAILURE, true, "connection broke in the answer"},
    {CURLE_GOT_NOTHING, HEALTH_FAILURE, false, "connection closed without an answer"},
    {CURLE_PARTIAL_FILE, HEALTH_FAILURE, false, "connection closed within the answer"},
    {CURLE_UNSUPPORTED_PROTOCOL, HEALTH_FAILURE, false, "the answer is not HTTP"},
    {CURLE_TOO_MANY_REDIRECTS, HEALTH_FAILURE, false, "more redirects than 'follow' allows"},
    {CURLE_HTTP2, HEALTH_FAILURE, false, "the answer is not HTTP/2"},
    {CURLE_HTTP2_STREAM, HEALTH_FAILURE, false, "the server ended the HTTP/2 stream"},
    {CURLE_WEIRD_SERVER_REPLY, HEALTH_FAILURE, false, "the answer is not HTTP"},
    {CURLE_WRITE_ERROR, HEALTH_FAILURE, false, "header over 64 KiB"}, /* on_header() */
    {CURLE_OPERATION_TIMEDOUT, HEALTH_OWN_FAULT, false, "own fault: our loop stood still"},
    {CURLE_OUT_OF_MEMORY, HEALTH_OWN_FAULT, false, "own fault: out of memory"},
    {CURLE_FAILED_INIT, HEALTH_OWN_FAULT, false, "own fault: libcurl cannot start"},
    {CURLE_NOT_BUILT_IN, HEALTH_OWN_FAULT, false, "own fault: libcurl lacks a feature"},
    {CURLE_UNKNOWN_OPTION, HEALTH_OWN_FAULT, false, "own fault: libcurl lacks a feature"},
    {CURLE_URL_MALFORMAT, HEALTH_OWN_FAULT, false, "own fault: not a possible host"},
    {CURLE_COULDNT_RESOLVE_HOST, HEALTH_OWN_FAULT, false, "own fault: not a possible host"},
    {CURLE_SSL_CACERT_BADFILE, HEALTH_OWN_FAULT, false,
     "own fault: cannot read the CA certificates"},
};

static void set_failure(const struct http_run *run, CURLcode code, struct probe_result *result)
{
    long os_errno = 0, verdict = 0;
    curl_easy_getinfo(run->easy, CURLINFO_OS_ERRNO, &os_errno);
    curl_easy_getinfo(run->easy, CURLINFO_SSL_VERIFYRESULT, &verdict);
    if (code == CURLE_PEER_FAILED_VERIFICATION) {
        probe_result_set_verdict(result, verdict);
        return;
    }
    if (code == CURLE_UNSUPPORTED_PROTOCOL && run->request->follow > 0) {
        probe_result_set(result, HEALTH_FAILURE, "redirected to another protocol");
        return;
    }
    if (code == CURLE_COULDNT_RESOLVE_HOST && !run->request->connect_to) {
        probe_result_set(result, HEALTH_FAILURE, "cannot resolve the host");
        return;
    }
    if (code == CURLE_SSL_CONNECT_ERROR) {
        probe_result_set_handshake(result, (int)os_errno, run->tls_error);
        return;
    }
    for (size_t i = 0; i < sizeof(MEANINGS) / sizeof(MEANINGS[0]); i++) {
        const struct curl_meaning *meaning = &MEANINGS[i];
        if (meaning->code != code)
            continue;
        if (meaning->by_errno && os_errno != 0)
            probe_result_set_errno(result, (int)os_errno);
        else
            probe_result_set(result, meaning->outcome, "%s", meaning->text);
        return;
    }
    probe_result_set(result, HEALTH_FAILURE, "%s", curl_easy_strerror(code));
}

/* ---- answers ---- */

/* cert_expiry_s - when the server's own certificate ends. Only that one: servers send old roots
 * that nobody looks at any more. */
static int64_t cert_expiry_s(CURL *easy)
{
    static const char LABEL[] = "Expire date:";
    struct curl_certinfo *chain = NULL;
    if (curl_easy_getinfo(easy, CURLINFO_CERTINFO, &chain) != CURLE_OK || !chain ||
        chain->num_of_certs < 1)
        return 0;
    for (const struct curl_slist *line = chain->certinfo[0]; line; line = line->next)
        if (strncmp(line->data, LABEL, sizeof(LABEL) - 1) == 0)
            return http_parse_cert_time(line->data + sizeof(LABEL) - 1);
    return 0;
}

static void judge(struct http_run *run, struct probe_result *result)
{
    struct http_answer answer = {0};
    long version = 0;
    curl_off_t total_us = 0;
    uv_timeval64_t now = {0};
    curl_easy_getinfo(run->easy, CURLINFO_RESPONSE_CODE, &answer.status);
    curl_easy_getinfo(run->easy, CURLINFO_TOTAL_TIME_T, &total_us);
    curl_easy_getinfo(run->easy, CURLINFO_HTTP_VERSION, &version);
    answer.is_http2 = version == CURL_HTTP_VERSION_2_0;
    http_reading_end(&run->reading, &answer);
    answer.rtt_us = total_us > 0 ? (uint64_t)total_us : 0;
    if (run->request->min_cert_days > 0) {
        answer.cert.end_s = cert_expiry_s(run->easy);
        uv_gettimeofday(&now); /* the wall clock: certificates know no other */
        answer.cert.now_s = now.tv_sec;
    }
    http_request_judge(run->request, &answer, result);
}

/* part_us - what lies between two of libcurl's times, which all count from the start; 0 when the
 * later one was not reached. */
static uint32_t part_us(curl_off_t from_us, curl_off_t to_us)
{
    if (to_us <= 0)
        return 0;
    return probe_rtt_us(to_us > from_us ? (uint64_t)(to_us - from_us) : 0);
}

/* tell_times - of the last hop, when there were several. */
static void tell_times(const struct http_run *run, struct probe_result *result)
{
    curl_off_t connected_us = 0, shaken_us = 0, answered_us = 0;
    curl_easy_getinfo(run->easy, CURLINFO_CONNECT_TIME_T, &connected_us);
    curl_easy_getinfo(run->easy, CURLINFO_APPCONNECT_TIME_T, &shaken_us);
    curl_easy_getinfo(run->easy, CURLINFO_STARTTRANSFER_TIME_T, &answered_us);
    result->took.connect_us = part_us(0, connected_us);
    result->took.tls_us = part_us(connected_us, shaken_us);
    result->took.answer_us = part_us(shaken_us > 0 ? shaken_us : connected_us, answered_us);
}

static void free_run(struct http_run *run)
{
    ring_remove(&run->in_runs);
    if (run->easy) {
        curl_multi_remove_handle(run->client->multi, run->easy);
        curl_easy_cleanup(run->easy);
    }
    curl_slist_free_all(run->headers);
    curl_slist_free_all(run->connect_to);
    http_reading_deinit(&run->reading);
    free(run);
}

/* end_run - report what came of run; code is libcurl's. */
static void end_run(struct http_run *run, CURLcode code)
{
    struct probe_result result;
    probe_on_done on_done = run->on_done;
    void *ctx = run->ctx;
    /* Of a host that libcurl has resolved another address may have done after all. */
    bool is_ours = run->own_errno != 0 && (code != CURLE_OK || run->request->connect_to);
    if (is_ours)
        probe_result_set_errno(&result, run->own_errno);
    else if (code == CURLE_OK || (code == CURLE_WRITE_ERROR && run->reading.cut))
        judge(run, &result);
    else
        set_failure(run, code, &result);
    tell_times(run, &result);
    free_run(run);
    on_done(ctx, &result);
}

static struct http_run *find_broken(const struct http_client *client)
{
    for (struct ring *r = client->runs.next; r != &client->runs; r = r->next) {
        struct http_run *run = CONTAINER_OF(r, struct http_run, in_runs);
        if (run->own_errno != 0)
            return run;
    }
    return NULL;
}

/* deliver - report every run that has ended. A receiver may close the client meanwhile. */
static void deliver(struct http_client *client)
{
    CURLMsg *message;
    int left;
    struct http_run *run;
    while (client->multi && (message = curl_multi_info_read(client->multi, &left))) {
        CURLcode code = message->data.result; /* gone after curl_multi_remove_handle() */
        if (message->msg == CURLMSG_DONE &&
            curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, &run) == CURLE_OK)
            end_run(run, code);
    }
    if (!client->has_broken)
        return;
    client->has_broken = false;
    while (client->multi && (run = find_broken(client)))
        end_run(run, CURLE_FAILED_INIT);
}

/* ---- the loop ---- */

static void on_timer(uv_timer_t *timer)
{
    struct http_client *client = (struct http_client *)timer->data;
    int running;
    curl_multi_socket_action(client->multi, CURL_SOCKET_TIMEOUT, 0, &running);
    deliver(client);
}

static int on_timer_wanted(CURLM *multi, long timeout_ms, void *ctx)
{
    (void)multi;
    struct http_client *client = (struct http_client *)ctx;
    if (timeout_ms < 0)
        uv_timer_stop(&client->timer);
    else /* at least 1 ms, as the libcurl manual advises: never from within libcurl */
        uv_timer_start(&client->timer, on_timer, timeout_ms > 0 ? (uint64_t)timeout_ms : 1, 0);
    return 0;
}

static void on_event(uv_poll_t *poll, int status, int events)
{
    struct watch *watch = (struct watch *)poll->data;
    struct http_client *client = watch->client; /* the watch may be closed in between */
    (void)status;
    int flags = 0; /* stays 0 after an error condition: then libcurl looks for itself */
    int running;
    if (events & UV_READABLE)
        flags |= CURL_CSELECT_IN;
    if (events & UV_WRITABLE)
        flags |= CURL_CSELECT_OUT;
    curl_multi_socket_action(client->multi, watch->fd, flags, &running);
    deliver(client);
}

static void on_watch_closed(uv_handle_t *handle)
{
    free(handle->data);
}

/* watch_new - NULL, and the error number, when fd cannot be watched. */
static struct watch *watch_new(struct http_client *client, curl_socket_t fd, int *out_errno)
{
    struct watch *watch = (struct watch *)calloc(1, sizeof(*watch));
    if (!watch) {
        *out_errno = ENOMEM;
        return NULL;
    }
    *watch = (struct watch){.client = client, .fd = fd};
    int status = uv_poll_init(client->loop, &watch->poll, fd);
    if (status < 0) {
        free(watch);
        *out_errno = -status;
        return NULL;
    }
    watch->poll.data = watch;
    curl_multi_assign(client->multi, fd, watch);
    return watch;
}

/* on_watch_wanted - libcurl says what it waits for on fd. An error returned from here would end
 * every transfer of the multi handle for good, so a run that cannot be watched is marked and
 * ended by deliver(). */
static int on_watch_wanted(CURL *easy, curl_socket_t fd, int what, void *ctx, void *socket_ctx)
{
    struct http_client *client = (struct http_client *)ctx;
    struct watch *watch = (struct watch *)socket_ctx;
    struct http_run *run = NULL;
    int code = 0;
    if (what == CURL_POLL_REMOVE) {
        if (watch)
            uv_close((uv_handle_t *)&watch->poll, on_watch_closed);
        curl_multi_assign(client->multi, fd, NULL);
        return 0;
    }
    int events =
        (what & CURL_POLL_IN ? UV_READABLE : 0) | (what & CURL_POLL_OUT ? UV_WRITABLE : 0);
    if (!watch)
        watch = watch_new(client, fd, &code);
    if (watch)
        code = -uv_poll_start(&watch->poll, events, on_event);
    if (code != 0 && curl_easy_getinfo(easy, CURLINFO_PRIVATE, &run) == CURLE_OK && run) {
        run->own_errno = code;
        client->has_broken = true;
    }
    return 0;
}

/* ---- one run ---- */

/* on_socket_wanted - our own socket(), because libcurl does not tell why its own failed. */
static curl_socket_t on_socket_wanted(void *ctx, curlsocktype purpose,
                                      struct curl_sockaddr *address)
{
    (void)purpose;
    struct http_run *run = (struct http_run *)ctx;
    run->fd = probe_socket_open(address->family, address->socktype, address->protocol,
                                &run->request->source, &run->own_errno);
    return run->fd < 0 ? CURL_SOCKET_BAD : run->fd;
}

/* on_header - libcurl keeps header lines as long as they come; the deadline is no limit. */
static size_t on_header(char *bytes, size_t size, size_t count, void *ctx)
{
    struct http_run *run = (struct http_run *)ctx;
    return http_reading_header(&run->reading, bytes, size * count) ? size * count : 0;
}

/* on_body - taking less than was offered stops the transfer. */
static size_t on_body(char *bytes, size_t size, size_t count, void *ctx)
{
    struct http_run *run = (struct http_run *)ctx;
    bool more = http_reading_body(&run->reading, bytes, size * count);
    if (run->reading.body.no_memory)
        run->own_errno = ENOMEM;
    return more ? size * count : 0;
}

/* set_long, set_text, set_pointer - one setting; the first failure sticks. */
static void set_long(struct http_run *run, CURLoption option, long value)
{
    if (run->set_up == CURLE_OK)
        run->set_up = curl_easy_setopt(run->easy, option, value);
}

static void set_text(struct http_run *run, CURLoption option, const char *value)
{
    if (run->set_up == CURLE_OK)
        run->set_up = curl_easy_setopt(run->easy, option, value);
}

static void set_pointer(struct http_run *run, CURLoption option, void *value)
{
    if (run->set_up == CURLE_OK)
        run->set_up = curl_easy_setopt(run->easy, option, value);
}

/* append - one line more; frees nothing that the run owns. */
static void append(struct http_run *run, struct curl_slist **list, const char *line)
{
    struct curl_slist *longer = curl_slist_append(*list, line);
    if (longer)
        *list = longer;
    else
        run->set_up = CURLE_OUT_OF_MEMORY;
}

static bool has_header(const struct http_request *request, const char *name)
{
    size_t len = strlen(name);
    for (size_t i = 0; i < request->header_count; i++)
        if (strncasecmp(request->headers[i], name, len) == 0 &&
            strchr(":;", request->headers[i][len]))
            return true;
    return false;
}

static void set_method(struct http_run *run)
{
    const struct http_request *request = run->request;
    if (strcmp(request->method, "HEAD") == 0) {
        set_long(run, CURLOPT_NOBODY, 1);
    } else if (strcmp(request->method, "POST") == 0) {
        set_text(run, CURLOPT_POSTFIELDS, request->content ? request->content : "");
        set_long(run, CURLOPT_POSTFIELDSIZE, (long)request->content_len);
        if (!has_header(request, "Content-Type")) /* an empty body has none */
            append(run, &run->headers, "Content-Type:");
    } else if (strcmp(request->method, "GET") != 0) {
        set_text(run, CURLOPT_CUSTOMREQUEST, request->method);
    }
}

static long http_version(const struct http_request *request)
{
    if (!request->http2)
        return CURL_HTTP_VERSION_1_1;
    return request->https ? CURL_HTTP_VERSION_2TLS : CURL_HTTP_VERSION_2_PRIOR_KNOWLEDGE;
}

/* set_redirects - CONNECT_TO without a port holds for every host, so none is resolved and all lead
 * to the same address. What began encrypted stays so. The path is then part of the URL:
 * CURLOPT_REQUEST_TARGET would be sent to every hop. */
static void set_redirects(struct http_run *run)
{
    const struct http_request *request = run->request;
    set_long(run, CURLOPT_FOLLOWLOCATION, request->follow > 0);
    set_long(run, CURLOPT_MAXREDIRS, (long)request->follow);
    set_text(run, CURLOPT_REDIR_PROTOCOLS_STR, request->https ? "https" : "http,https");
    set_long(run, CURLOPT_PATH_AS_IS, 1);
}

/* set_address - straight to an address; or to a host whose resolution, once begun, nobody waits
 * for: libcurl joins its thread otherwise, and a dead resolver takes many seconds. */
static void set_address(struct http_run *run)
{
    if (!run->request->connect_to) {
        set_long(run, CURLOPT_QUICK_EXIT, 1);
        return;
    }
    append(run, &run->connect_to, run->request->connect_to);
    set_pointer(run, CURLOPT_CONNECT_TO, run->connect_to);
}

/* set_transport - a connection of its own, for HTTP and nothing else;
 * nothing from the environment, nothing kept for the next run. */
static void set_transport(struct http_run *run)
{
    long net_ms = 2 * (long)run->request->timeout_ms + NET_MS; /* see the head of this file */
    set_address(run);
    set_text(run, CURLOPT_PROXY, "");
    set_text(run, CURLOPT_PROTOCOLS_STR, "http,https");
    set_long(run, CURLOPT_HTTP_VERSION, http_version(run->request));
    set_long(run, CURLOPT_FRESH_CONNECT, 1);
    set_long(run, CURLOPT_FORBID_REUSE, 1);
    set_long(run, CURLOPT_NOSIGNAL, 1);
    set_long(run, CURLOPT_DNS_CACHE_TIMEOUT, 0);
    set_long(run, CURLOPT_CONNECTTIMEOUT_MS, net_ms);
    set_long(run, CURLOPT_TIMEOUT_MS, net_ms);
}

/* set_tls - a full handshake each time: a resumed session would not show the certificate. The
 * default folder of CA certificates is unset: a ca_file would only add to it, and libcurl would
 * parse the system's authorities for every handshake (33 ms instead of 1 ms). */
static void set_tls(struct http_run *run)
{
    const struct http_request *request = run->request;
    if (!request->https)
        return;
    set_long(run, CURLOPT_SSL_VERIFYPEER, request->verify);
    set_long(run, CURLOPT_SSL_VERIFYHOST, request->verify ? 2 : 0);
    set_long(run, CURLOPT_SSL_SESSIONID_CACHE, 0);
    set_long(run, CURLOPT_CERTINFO, request->min_cert_days > 0);
    set_long(run, CURLOPT_CA_CACHE_TIMEOUT, CA_CACHE_S);
    set_text(run, CURLOPT_CAPATH, NULL);
    if (request->ca_file)
        set_text(run, CURLOPT_CAINFO, request->ca_file);
}

static void set_callbacks(struct http_run *run)
{
    set_pointer(run, CURLOPT_PRIVATE, run);
    set_pointer(run, CURLOPT_OPENSOCKETDATA, run);
    set_pointer(run, CURLOPT_HEADERDATA, run);
    set_pointer(run, CURLOPT_WRITEDATA, run);
    set_pointer(run, CURLOPT_ERRORBUFFER, run->tls_error);
    if (run->set_up == CURLE_OK)
        run->set_up = curl_easy_setopt(run->easy, CURLOPT_OPENSOCKETFUNCTION, on_socket_wanted);
    if (run->set_up == CURLE_OK)
        run->set_up = curl_easy_setopt(run->easy, CURLOPT_HEADERFUNCTION, on_header);
    if (run->set_up == CURLE_OK)
        run->set_up = curl_easy_setopt(run->easy, CURLOPT_WRITEFUNCTION, on_body);
}

static void set_request(struct http_run *run)
{
    const struct http_request *request = run->request;
    set_text(run, CURLOPT_URL, request->url);
    if (request->path)
        set_text(run, CURLOPT_REQUEST_TARGET, request->path);
    set_text(run, CURLOPT_USERAGENT, "rhumb");
    set_method(run);
    for (size_t i = 0; i < request->header_count; i++)
        append(run, &run->headers, request->headers[i]);
    set_pointer(run, CURLOPT_HTTPHEADER, run->headers);
}

static void set_up(struct http_run *run)
{
    run->easy = curl_easy_init();
    if (!run->easy) {
        run->set_up = CURLE_OUT_OF_MEMORY;
        return;
    }
    set_callbacks(run);
    set_request(run);
    set_transport(run);
    set_redirects(run);
    set_tls(run);
    if (run->set_up == CURLE_OK &&
        curl_multi_add_handle(run->client->multi, run->easy) != CURLM_OK)
        run->set_up = CURLE_OUT_OF_MEMORY;
}

struct http_run *http_run_start(struct http_client *client, const struct http_request *request,
                                probe_on_done on_done, void *ctx,
                                struct probe_result *out_result)
{
    struct http_run *run = (struct http_run *)calloc(1, sizeof(*run));
    if (!run) {
        probe_result_set_errno(out_result, ENOMEM);
        return NULL;
    }
    *run = (struct http_run){
        .client = client, .request = request, .on_done = on_done, .ctx = ctx, .fd = -1};
    http_reading_start(&run->reading, request);
    ring_append(&client->runs, &run->in_runs);
    set_up(run);
    if (run->set_up == CURLE_OK)
        return run;
    probe_result_set(out_result, HEALTH_OWN_FAULT, "own fault: %s",
                     curl_easy_strerror(run->set_up));
    free_run(run);
    return NULL;
}

void http_run_cancel(struct http_run *run)
{
    free_run(run);
}

/* is_connected - asked of the socket, because libcurl counts the TLS handshake as part of the
 * connection. */
static bool is_connected(const struct http_run *run)
{
    struct sockaddr_storage peer;
    socklen_t len = sizeof(peer);
    return run->fd >= 0 && getpeername(run->fd, (struct sockaddr *)&peer, &len) == 0;
}

const char *http_run_phase(const struct http_run *run)
{
    curl_off_t secured_us = 0;
    curl_easy_getinfo(run->easy, CURLINFO_APPCONNECT_TIME_T, &secured_us);
    if (run->fd < 0 && !run->request->connect_to)
        return "resolving the host";
    if (!is_connected(run))
        return "in connect";
    if (run->request->https && secured_us == 0)
        return "in TLS handshake";
    return run->reading.header_bytes == 0 ? "waiting for the answer" : "within the answer";
}

/* ---- the client ---- */

enum err http_client_new(uv_loop_t *loop, struct http_client **out_client)
{
    struct http_client *client = (struct http_client *)calloc(1, sizeof(*client));
    if (!client)
        return ERR_NO_MEMORY;
    /* It counts: one clean-up for each. */
    if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK)
        goto err_after_client;
    client->multi = curl_multi_init();
    if (!client->multi)
        goto err_after_global;
    client->loop = loop;
    ring_init(&client->runs);
    curl_multi_setopt(client->multi, CURLMOPT_SOCKETFUNCTION, on_watch_wanted);
    curl_multi_setopt(client->multi, CURLMOPT_SOCKETDATA, client);
    curl_multi_setopt(client->multi, CURLMOPT_TIMERFUNCTION, on_timer_wanted);
    curl_multi_setopt(client->multi, CURLMOPT_TIMERDATA, client);
    curl_multi_setopt(client->multi, CURLMOPT_MAXCONNECTS, 1L);
    curl_multi_setopt(client->multi, CURLMOPT_PIPELINING, CURLPIPE_NOTHING);
    uv_timer_init(loop, &client->timer);
    client->timer.data = client;
    *out_client = client;
    return ERR_OK;

err_after_global:
    curl_global_cleanup();
err_after_client:
    free(client);
    return ERR_NO_MEMORY;
}

static void on_client_closed(uv_handle_t *handle)
{
    free(handle->data);
    curl_global_cleanup();
}

void http_client_close(struct http_client *client)
{
    curl_multi_cleanup(client->multi);
    client->multi = NULL;
    uv_close((uv_handle_t *)&client->timer, on_client_closed);
}

/* ---- the kind ---- */

static void *request_new(const struct config_check *check, const struct ip_addr *addr)
{
    return http_request_new(check, addr);
}

static void request_free(void *request)
{
    http_request_free((struct http_request *)request);
}

static void *run_start(const struct probe_means *means, const void *request,
                       probe_on_done on_done, void *ctx, struct probe_result *out_result)
{
    return http_run_start(means->http, (const struct http_request *)request, on_done, ctx,
                          out_result);
}

static void run_cancel(void *run)
{
    http_run_cancel((struct http_run *)run);
}

static const char *run_phase(const void *run)
{
    return http_run_phase((const struct http_run *)run);
}

const struct probe_kind PROBE_KIND_HTTP = {
    .request_new = request_new,
    .request_free = request_free,
    .run_start = run_start,
    .run_cancel = run_cancel,
    .run_phase = run_phase,
};
