/* How far a client is served: what its cookie proves, and what its network has had already. */
#include <string.h>

#include "answer_stage.h"

enum { DAY_S = 86400 };

/* secrets_of - the operator's, or those of this process for the day. */
static const struct dns_cookie_secrets *secrets_of(const struct stage *stage)
{
    struct answer_worker *worker = stage->worker;
    uint32_t day = stage->request->wall_s / DAY_S;
    if (stage->snapshot->cookie_secrets.count > 0)
        return &stage->snapshot->cookie_secrets;
    if (day != worker->own_day) {
        worker->own_day = day;
        dns_cookie_own_secrets(worker->cookie_key, day, &worker->own_secrets);
    }
    return &worker->own_secrets;
}

static void count_cookie(const struct stage *stage)
{
    struct answer_counts *counts = stage->worker->counts;
    enum answer_cookie cookie = stage->query->cookie_bytes == DNS_COOKIE_CLIENT_BYTES
                                    ? ANSWER_COOKIE_CLIENT
                                : stage->has_valid_cookie ? ANSWER_COOKIE_VALID
                                                          : ANSWER_COOKIE_INVALID;
    if (counts)
        answer_count(&counts->cookies[cookie]);
}

void answer_guard_meet(struct stage *stage, struct query *query)
{
    const struct answer_request *request = stage->request;
    stage->is_known = request->transport != ANSWER_UDP; /* a handshake proves the address */
    if (query->cookie_bytes == 0)
        return;
    if (!stage->snapshot->config->server.cookies) {
        query->cookie_bytes = 0;
        return;
    }
    const struct dns_cookie_secrets *secrets = secrets_of(stage);
    stage->has_valid_cookie = dns_cookie_is_valid(secrets, query->cookie, query->cookie_bytes,
                                                  &request->client, request->wall_s);
    stage->is_known |= stage->has_valid_cookie;
    count_cookie(stage);
    dns_cookie_make(secrets->secret[0], query->cookie, &request->client, request->wall_s,
                    stage->worker->cookie);
}

void answer_cookie_only(struct stage *stage)
{
    bool has_server_cookie = stage->query->cookie_bytes > DNS_COOKIE_CLIENT_BYTES;
    if (has_server_cookie && !stage->has_valid_cookie)
        stage->response->rcode = DNS_RCODE_BADCOOKIE;
    else
        answer_count(&stage->worker->counters.cookie_only);
}

enum answer_guard answer_guard_judge(struct stage *stage)
{
    struct answer_worker *worker = stage->worker;
    const struct answer_request *request = stage->request;
    const struct config_rate_limit *rate = &stage->snapshot->config->server.rate_limit;
    if (stage->is_known || rate->per_second == 0 || !worker->limiter ||
        answer_limit_is_exempt(rate, &request->client) ||
        answer_limiter_take(worker->limiter, rate, &request->client, &stage->class,
                            request->steady_ms))
        return ANSWER_GUARD_PASS;
    if (rate->slip == 0 || rng_below(&worker->rng, rate->slip) != 0) {
        answer_count(&worker->counters.rate_dropped);
        return ANSWER_GUARD_DROP;
    }
    answer_count(&worker->counters.rate_slipped);
    return ANSWER_GUARD_CUT;
}

void answer_guard_cut(struct stage *stage)
{
    struct response *response = stage->response;
    response->edns.has_ede = false; /* only what is needed: nobody may have asked */
    response->edns.report_agent = NULL;
    if (stage->query->cookie_bytes > 0) {
        response_clear(response);
        response->flags &= (uint16_t)~DNS_FLAG_AA;
        response->rcode = DNS_RCODE_BADCOOKIE;

    } else if (stage->class.kind != ANSWER_LIMIT_ERROR) {
        response_clear(response);
        response->flags |= DNS_FLAG_TC;
        response->rcode = DNS_RCODE_NOERROR;
    } /* an error is as short as can be, and TCP would not make it better */
}
