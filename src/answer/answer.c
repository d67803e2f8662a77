/* The door. A query goes through it as a straight line: parse, verdict, size, class, find,
 * finish. */
#include "rhumb/answer.h"

#include <string.h>

#include "answer_stage.h"

enum { PADDING_BLOCK_BYTES = 468 }; /* RFC 8467 section 4.1 */

void answer_worker_init(struct answer_worker *worker,
                        const struct answer_worker_options *options)
{
    *worker = (struct answer_worker){.limiter = options->limiter, .counts = options->counts};
    rng_init(&worker->rng, options->seed);
    if (options->cookie_key)
        memcpy(worker->cookie_key, options->cookie_key, sizeof(worker->cookie_key));
    dns_cookie_own_secrets(worker->cookie_key, worker->own_day, &worker->own_secrets);
}

static size_t min_size(size_t a, size_t b)
{
    return a < b ? a : b;
}

/* limit_of - what the client can take, and may be sent: RFC 6891 section 6.2.5, RFC 9715 for our
 * own side. */
static size_t limit_of(const struct stage *stage, size_t capacity)
{
    const struct query *query = stage->query;
    const struct config_server *server = &stage->snapshot->config->server;
    if (stage->request->transport != ANSWER_UDP)
        return min_size(DNS_MESSAGE_MAX, capacity);
    size_t limit = DNS_UDP_PLAIN_BYTES;
    if (query->has_edns)
        limit = min_size(query->udp_size_bytes, server->udp_size_bytes);
    if (!stage->is_known && server->udp_plain_ratio > 0)
        limit = min_size(limit, server->udp_plain_ratio * stage->request->packet_bytes);
    else if (!stage->is_known)
        limit = min_size(limit, server->udp_plain_bytes);
    return min_size(limit, capacity);
}

/* client_of - the subnet the resolver sent, or else the resolver itself (RFC 7871 section
 * 7.2.1). */
static struct policy_client client_of(const struct snapshot *snapshot,
                                      const struct query *query, const struct ip_addr *source)
{
    bool ignores_ecs = (health_table_switches(&snapshot->health) & HEALTH_IGNORE_ECS) != 0;
    if (query->has_ecs && query->ecs.len > 0 && !ignores_ecs)
        return (struct policy_client){.network = query->ecs, .is_ecs = true};
    return (struct policy_client){
        .network = {.addr = *source, .len = (uint8_t)ip_bits((enum ip_family)source->family)}};
}

static bool is_transfer(uint16_t qtype)
{
    return qtype == DNS_TYPE_AXFR || qtype == DNS_TYPE_IXFR;
}

/* refuse_transfer - RFC 5936 section 2.2.1: NOTAUTH for what is no zone of ours. */
static void refuse_transfer(struct stage *stage)
{
    struct name_key *key = &stage->worker->key;
    name_key_init(key, stage->query->name);
    const struct zone *zone = zone_set_find(&stage->snapshot->zones, key, false);
    bool is_ours = zone && zone->origin_labels == key->labels;
    stage->response->rcode = is_ours ? DNS_RCODE_REFUSED : DNS_RCODE_NOTAUTH;
    answer_explain(stage, is_ours ? DNS_EDE_PROHIBITED : DNS_EDE_NOT_AUTHORITATIVE, NULL);
}

static void truncate(struct stage *stage)
{
    response_clear(stage->response);
    stage->response->flags |= DNS_FLAG_TC;
    answer_count(&stage->worker->counters.truncated);
}

/* answer_zones - what the zones say, alias by alias. */
static void answer_zones(struct stage *stage)
{
    enum stage_step step = answer_find(stage);
    while (step == STAGE_FOLLOW)
        step = answer_find(stage);
    stage->is_full |= step == STAGE_FULL;
    if (stage->query->qclass == DNS_CLASS_ANY) /* RFC 1035 section 6.2: not of all classes */
        stage->response->flags &= (uint16_t)~DNS_FLAG_AA;
}

static void answer_question(struct stage *stage)
{
    const struct query *query = stage->query;
    if (query->qclass == DNS_CLASS_CH) {
        answer_chaos(stage);
    } else if (query->qclass != DNS_CLASS_IN && query->qclass != DNS_CLASS_ANY) {
        stage->response->rcode = DNS_RCODE_REFUSED;
        answer_explain(stage, DNS_EDE_NOT_SUPPORTED, NULL);
    } else if (is_transfer(query->qtype)) {
        refuse_transfer(stage);
    } else {
        answer_zones(stage);
    }
    if (stage->is_full)
        truncate(stage);
}

/* put_edns_facts - what OPT says beside the answer. */
static void put_edns_facts(struct stage *stage)
{
    const struct snapshot *snapshot = stage->snapshot;
    const struct answer_request *request = stage->request;
    struct response_edns *edns = &stage->response->edns;
    edns->udp_size_bytes = (uint16_t)snapshot->config->server.udp_size_bytes;
    edns->nsid = snapshot->config->server.identity;
    edns->cookie = stage->worker->cookie;
    edns->has_keepalive = request->transport != ANSWER_UDP;
    edns->keepalive_100ms = request->idle_100ms;
    edns->padding_block_bytes = request->transport == ANSWER_TLS ? PADDING_BLOCK_BYTES : 0;
    const uint8_t *agent = snapshot->report_agent;
    if (agent && stage->query->has_question &&
        !dns_name_is_at_or_below(stage->query->name, agent))
        edns->report_agent = agent; /* RFC 9567 section 7: not about the agent itself */
}

/* respond - the whole response but for its end, by verdict. */
static void respond(struct stage *stage, enum query_verdict verdict)
{
    struct response *response = stage->response;
    switch (verdict) {
    case QUERY_OK:
        if (stage->query->has_question)
            answer_question(stage);
        else
            answer_cookie_only(stage);
        break;
    case QUERY_BADVERS: response->rcode = DNS_RCODE_BADVERS; break;
    case QUERY_BADKEY: response->rcode = DNS_RCODE_NOTAUTH; break;
    case QUERY_DROP: /* these two never come here */
    case QUERY_NOTIMP:
    case QUERY_FORMERR: response->rcode = DNS_RCODE_FORMERR; break;
    }
    if (stage->first_zone) {
        response->edns.has_zone = true;
        response->edns.zone_labels = (uint8_t)stage->first_zone->origin_labels;
        response->edns.zone_serial = stage->first_zone->serial;
    }
}

/* answer_bare - header only: what stands in the packet could not, or need not, be read. */
static size_t answer_bare(struct stage *stage, enum query_verdict verdict, uint8_t *buffer)
{
    if (answer_guard_judge(stage) == ANSWER_GUARD_DROP) {
        answer_note_drop(stage);
        return 0;
    }
    unsigned rcode = verdict == QUERY_NOTIMP ? DNS_RCODE_NOTIMP : DNS_RCODE_FORMERR;
    answer_note_bare(stage, rcode);
    return response_header_only(stage->query, rcode, buffer);
}

size_t answer_query(const struct snapshot *snapshot, struct answer_worker *worker,
                    const struct answer_request *request, uint8_t *buffer, size_t capacity)
{
    struct query *query = &worker->query;
    enum query_verdict verdict = query_parse(request->packet, request->packet_bytes, query);
    answer_note_request(worker, request, verdict);
    if (verdict == QUERY_DROP)
        return 0;
    struct stage_trail trail;
    struct stage stage = {
        .snapshot = snapshot,
        .worker = worker,
        .response = &worker->response,
        .request = request,
        .query = query,
        .class = {.kind = ANSWER_LIMIT_ERROR},
        .owner = query->name,
        .trail = &trail,
    };
    answer_guard_meet(&stage, query);
    if (verdict == QUERY_NOTIMP || (verdict == QUERY_FORMERR && !query->has_question))
        return answer_bare(&stage, verdict, buffer);

    stage.client = client_of(snapshot, query, &request->client);
    response_init(&worker->response, query, buffer, limit_of(&stage, capacity));
    put_edns_facts(&stage);
    respond(&stage, verdict);
    switch (answer_guard_judge(&stage)) {
    case ANSWER_GUARD_DROP: answer_note_drop(&stage); return 0;
    case ANSWER_GUARD_CUT:
        answer_guard_cut(&stage);
        answer_note_response(&stage, ANSWER_LIMITED);
        break;
    case ANSWER_GUARD_PASS: answer_note_response(&stage, ANSWER_WHOLE); break;
    }
    return response_finish(&worker->response);
}
