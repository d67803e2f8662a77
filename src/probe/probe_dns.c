/* probe_dns.c - one question to a DNS server: over UDP, sent again at half of the timeout; over
 * TCP when the answer is truncated, or when the check says so. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "rhumb/dns_type.h"

#include "dns_answer.h"
#include "dns_transport.h"
#include "probe_kind.h"
#include "probe_reason.h"

enum { NS_PER_US = 1000 };

struct dns_request {
    struct ip_addr addr;
    uint16_t port;
    struct dns_question question; /* its id is chosen for each run */
    struct ip_addr wanted;
    uint16_t rcode;
    bool tcp;
    uint32_t timeout_ms;
};

struct dns_run {
    const struct dns_request *request;
    uv_loop_t *loop;
    struct dns_question question;
    struct dns_udp *udp; /* one of the two is under way */
    struct dns_tcp *tcp;
    bool ignored; /* answers that are not ours have come */
    uint64_t started_ns;
    probe_on_done on_done;
    void *ctx;
};

static void *request_new(const struct config_check *check, const struct ip_addr *addr)
{
    struct dns_request *request = (struct dns_request *)calloc(1, sizeof(*request));
    const char *reason, *name = check->dns.name ? check->dns.name : ".";
    if (!request)
        return NULL;
    *request = (struct dns_request){
        .addr = *addr,
        .port = check->port,
        .question = {.type = check->dns.type},
        .wanted = check->dns.address,
        .rcode = check->dns.rcode,
        .tcp = check->dns.tcp,
        .timeout_ms = check->timeout_ms,
    };
    /* The configuration has looked at the name: the root is asked for, should it be wrong. */
    (void)dns_name_from_text(name, strlen(name), NULL, request->question.name, &reason);
    return request;
}

static void stop_transports(struct dns_run *run)
{
    if (run->udp)
        dns_udp_stop(run->udp);
    if (run->tcp)
        dns_tcp_stop(run->tcp);
    run->udp = NULL;
    run->tcp = NULL;
}

static void run_cancel(void *run)
{
    stop_transports((struct dns_run *)run);
    free(run);
}

static void end(struct dns_run *run, const struct probe_result *result)
{
    probe_on_done on_done = run->on_done;
    void *ctx = run->ctx;
    run_cancel(run);
    on_done(ctx, result);
}

static void judge(const struct dns_run *run, const struct dns_answer *answer,
                  struct probe_result *out_result)
{
    const struct dns_request *request = run->request;
    char text[IP_TEXT_MAX];
    if (answer->rcode != request->rcode) {
        probe_result_set(out_result, HEALTH_FAILURE, "%s, expected %s",
                         dns_rcode_name(answer->rcode), dns_rcode_name(request->rcode));
    } else if (request->wanted.family != IP_NONE && !answer->has_address) {
        probe_result_set(out_result, HEALTH_FAILURE, "the answer lacks %s",
                         ip_format(&request->wanted, text));
    } else {
        probe_result_set(out_result, HEALTH_SUCCESS, "%s, %u record%s",
                         dns_rcode_name(answer->rcode), answer->records,
                         answer->records == 1 ? "" : "s");
        out_result->rtt_us = probe_rtt_us((uv_hrtime() - run->started_ns) / NS_PER_US);
    }
}

static void on_message(void *ctx, const uint8_t *message, size_t len, int code);

/* ask - by one of the transports; false and the error number when that is impossible. */
static bool ask(struct dns_run *run, bool tcp, int *out_errno)
{
    uint8_t message[DNS_QUESTION_MAX];
    size_t len = dns_question_put(&run->question, message);
    const struct dns_target target = {
        .loop = run->loop,
        .addr = run->request->addr,
        .port = run->request->port,
        .on_message = on_message,
        .ctx = run,
    };
    if (tcp)
        run->tcp = dns_tcp_start(&target, message, len, out_errno);
    else
        run->udp =
            dns_udp_start(&target, message, len, run->request->timeout_ms / 2, out_errno);
    return run->udp || run->tcp;
}

/* on_answer - ours; a truncated one by UDP is asked for again. */
static void on_answer(struct dns_run *run, const struct dns_answer *answer)
{
    struct probe_result result;
    int code;
    if (!answer->truncated || run->tcp) {
        judge(run, answer, &result);
        end(run, &result);
        return;
    }
    stop_transports(run);
    if (ask(run, true, &code))
        return;
    probe_result_set_errno(&result, code);
    end(run, &result);
}

static void on_message(void *ctx, const uint8_t *message, size_t len, int code)
{
    struct dns_run *run = (struct dns_run *)ctx;
    struct dns_answer answer;
    struct probe_result result;
    if (code != 0) {
        probe_result_set_errno(&result, code);
        end(run, &result);
        return;
    }
    enum dns_answer_kind kind =
        dns_answer_read(message, len, &run->question, &run->request->wanted, &answer);
    if (kind == DNS_ANSWER_OURS) {
        on_answer(run, &answer);
    } else if (kind == DNS_ANSWER_OTHER && run->udp) {
        run->ignored = true; /* anybody may have sent it: RFC 5452 section 9.1 */
    } else {
        probe_result_set(&result, HEALTH_FAILURE, "%s",
                         kind == DNS_ANSWER_OTHER ? "answer to another question"
                                                  : "malformed answer");
        end(run, &result);
    }
}

static void *run_start(const struct probe_means *means, const void *request,
                       probe_on_done on_done, void *ctx, struct probe_result *out_result)
{
    struct dns_run *run = (struct dns_run *)calloc(1, sizeof(*run));
    int code = ENOMEM;
    if (run) {
        *run = (struct dns_run){
            .request = (const struct dns_request *)request,
            .loop = means->loop,
            .started_ns = uv_hrtime(),
            .on_done = on_done,
            .ctx = ctx,
        };
        run->question = run->request->question;
        code = -uv_random(NULL, NULL, &run->question.id, sizeof(run->question.id), 0, NULL);
        if (code == 0 && ask(run, run->request->tcp, &code))
            return run;
        free(run);
    }
    probe_result_set_errno(out_result, code);
    return NULL;
}

static const char *run_phase(const void *run)
{
    const struct dns_run *dns = (const struct dns_run *)run;
    if (dns->tcp)
        return "without an answer over TCP";
    return dns->ignored ? "without an answer: only others with another id or question came"
                        : "without an answer";
}

const struct probe_kind PROBE_KIND_DNS = {
    .request_new = request_new,
    .request_free = free,
    .run_start = run_start,
    .run_cancel = run_cancel,
    .run_phase = run_phase,
};
