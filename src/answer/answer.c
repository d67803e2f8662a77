/* The door. A query goes through it as a straight line: parse, verdict, size, class, find,
 * finish. */
#include "rhumb/answer.h"

#include "answer_stage.h"

void answer_worker_init(struct answer_worker *worker, uint64_t seed)
{
    *worker = (struct answer_worker){0};
    rng_init(&worker->rng, seed);
}

/* limit_of - what the client can take: RFC 6891 section 6.2.5, RFC 9715 for our own side. */
static size_t limit_of(const struct query *query, enum answer_transport transport,
                       const struct config_server *server, size_t capacity)
{
    size_t limit = DNS_MESSAGE_MAX;
    if (transport == ANSWER_UDP) {
        limit = DNS_UDP_PLAIN_BYTES;
        if (query->has_edns)
            limit = query->udp_size_bytes < server->udp_size_bytes ? query->udp_size_bytes
                                                                   : server->udp_size_bytes;
    }
    return limit < capacity ? limit : capacity;
}

/* client_of - the subnet the resolver sent, or else the resolver itself (RFC 7871 section
 * 7.2.1). */
static struct policy_client client_of(const struct query *query, const struct ip_addr *source)
{
    if (query->has_ecs && query->ecs.len > 0)
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
    stage->response->rcode =
        zone && zone->origin_labels == key->labels ? DNS_RCODE_REFUSED : DNS_RCODE_NOTAUTH;
}

static void truncate(struct stage *stage)
{
    response_clear(stage->response);
    stage->response->flags |= DNS_FLAG_TC;
    answer_count(&stage->worker->counters.truncated);
}

static void count_outcome(struct answer_counters *counters, const struct response *response)
{
    switch (response->rcode) {
    case DNS_RCODE_NOERROR:
        if (response->counts[RESPONSE_ANSWER] > 0 || (response->flags & DNS_FLAG_TC) != 0)
            answer_count(&counters->noerror);
        else
            answer_count((response->flags & DNS_FLAG_AA) != 0 ? &counters->nodata
                                                              : &counters->referral);
        break;
    case DNS_RCODE_FORMERR: answer_count(&counters->formerr); break;
    case DNS_RCODE_NXDOMAIN: answer_count(&counters->nxdomain); break;
    case DNS_RCODE_YXDOMAIN: answer_count(&counters->yxdomain); break;
    case DNS_RCODE_NOTAUTH:
    case DNS_RCODE_REFUSED: answer_count(&counters->refused); break;
    case DNS_RCODE_BADVERS: answer_count(&counters->badvers); break;
    default: answer_count(&counters->servfail); break;
    }
}

/* answer_question - everything that needs zones. */
static void answer_question(struct stage *stage)
{
    const struct query *query = stage->query;
    if (query->qclass == DNS_CLASS_CH) {
        answer_chaos(stage);
        return;
    }
    if (query->qclass != DNS_CLASS_IN && query->qclass != DNS_CLASS_ANY) {
        stage->response->rcode = DNS_RCODE_REFUSED;
        return;
    }
    if (is_transfer(query->qtype)) {
        refuse_transfer(stage);
        return;
    }
    enum stage_step step = answer_find(stage);
    while (step == STAGE_FOLLOW)
        step = answer_find(stage);
    if (step == STAGE_FULL)
        truncate(stage);
    if (query->qclass == DNS_CLASS_ANY) /* RFC 1035 section 6.2: we do not know all classes */
        stage->response->flags &= (uint16_t)~DNS_FLAG_AA;
}

size_t answer_query(const struct snapshot *snapshot, struct answer_worker *worker,
                    const struct answer_request *request, uint8_t *buffer, size_t capacity)
{
    struct query *query = &worker->query;
    struct response *response = &worker->response;
    const struct config_server *server = &snapshot->config->server;

    answer_count(&worker->counters.queries);
    enum query_verdict verdict = query_parse(request->packet, request->packet_bytes, query);
    if (verdict == QUERY_DROP) {
        answer_count(&worker->counters.dropped);
        return 0;
    }
    if (verdict == QUERY_NOTIMP) {
        answer_count(&worker->counters.notimp);
        return response_header_only(query, DNS_RCODE_NOTIMP, buffer);
    }
    if (verdict == QUERY_FORMERR && !query->has_question) {
        answer_count(&worker->counters.formerr);
        return response_header_only(query, DNS_RCODE_FORMERR, buffer);
    }

    if (verdict == QUERY_FORMERR)
        query->has_ecs = false; /* it may be what is malformed: not echoed */
    response_init(response, query, buffer,
                  limit_of(query, request->transport, server, capacity));
    response->edns.udp_size_bytes = (uint16_t)server->udp_size_bytes;
    response->edns.nsid = server->identity;
    if (verdict == QUERY_FORMERR) {
        response->rcode = DNS_RCODE_FORMERR;
    } else if (verdict == QUERY_BADVERS) {
        response->rcode = DNS_RCODE_BADVERS;
    } else {
        struct stage stage = {
            .snapshot = snapshot,
            .worker = worker,
            .response = response,
            .query = query,
            .client = client_of(query, &request->client),
            .owner = query->name,
        };
        answer_question(&stage);
    }
    count_outcome(&worker->counters, response);
    return response_finish(response);
}
