/* What is kept of a query: counts, and a note for the log. */
#include "answer_stage.h"

/* no_question - its type could not be read. */
static bool no_question(const struct query *query, enum query_verdict verdict)
{
    return verdict == QUERY_DROP || !query->has_question;
}

void answer_note_request(struct answer_worker *worker, const struct answer_request *request,
                         enum query_verdict verdict)
{
    const struct query *query = &worker->query;
    struct answer_counts *counts = worker->counts;
    answer_count(&worker->counters.queries);
    if (counts) {
        unsigned column =
            no_question(query, verdict) ? ANSWER_TYPE_NONE : answer_counts_type(query->qtype);
        bool is_v6 = request->client.family == IP_V6;
        answer_count(&counts->requests[request->transport][is_v6][column]);
    }
    if (verdict == QUERY_DROP) {
        answer_count(&worker->counters.dropped);
        worker->note = (struct answer_note){.fate = ANSWER_UNREAD};
    }
}

void answer_note_drop(struct stage *stage)
{
    stage->worker->note = (struct answer_note){
        .fate = ANSWER_LIMITED, .rcode = DNS_RCODE_NOERROR, .zone = stage->first_zone};
}

void answer_note_bare(struct stage *stage, unsigned rcode)
{
    struct answer_counters *counters = &stage->worker->counters;
    struct answer_counts *counts = stage->worker->counts;
    answer_count(rcode == DNS_RCODE_NOTIMP ? &counters->notimp : &counters->formerr);
    if (counts)
        tally_add(&counts->responses, answer_key_of_zone(NULL) | rcode);
    stage->worker->note = (struct answer_note){.fate = ANSWER_BARE, .rcode = (uint16_t)rcode};
}

static void count_outcome(struct answer_counters *counters, const struct response *response)
{
    if (response->rcode == DNS_RCODE_NOERROR) {
        bool has_data =
            response->counts[RESPONSE_ANSWER] > 0 || (response->flags & DNS_FLAG_TC) != 0;
        answer_count(has_data                               ? &counters->noerror
                     : (response->flags & DNS_FLAG_AA) != 0 ? &counters->nodata
                                                            : &counters->referral);
        return;
    }
    switch (response->rcode) {
    case DNS_RCODE_FORMERR: answer_count(&counters->formerr); break;
    case DNS_RCODE_NXDOMAIN: answer_count(&counters->nxdomain); break;
    case DNS_RCODE_YXDOMAIN: answer_count(&counters->yxdomain); break;
    case DNS_RCODE_BADVERS: answer_count(&counters->badvers); break;
    case DNS_RCODE_BADCOOKIE: answer_count(&counters->badcookie); break;
    default: answer_count(&counters->refused); break; /* or NOTAUTH; SERVFAIL is never said */
    }
}

/* country_of - a client whose query a policy decides. */
static uint16_t country_of(const struct stage *stage, struct answer_counts *counts)
{
    if (!stage->snapshot->config->metrics.by_country)
        return POLICY_COUNTRY_UNKNOWN;
    uint16_t country = policy_country(&stage->snapshot->policies, &stage->client);
    answer_count(&counts->countries[country != POLICY_COUNTRY_UNKNOWN]);
    return country;
}

static void count_by_service(const struct stage *stage, struct answer_counts *counts)
{
    const struct policy_service *service = &stage->snapshot->policies.services[stage->service];
    const struct policy_region *region =
        stage->region == POLICY_NO_REGION ? NULL : &service->regions[stage->region];
    uint64_t key = answer_key_of_region(service, region) | stage->reason;
    tally_add(&counts->answers, key | (uint64_t)country_of(stage, counts)
                                          << ANSWER_REASON_BITS);
}

void answer_note_response(struct stage *stage, enum answer_fate fate)
{
    const struct response *response = stage->response;
    struct answer_counts *counts = stage->worker->counts;
    bool is_decided =
        stage->is_steered && fate == ANSWER_WHOLE && (response->flags & DNS_FLAG_TC) == 0;
    count_outcome(&stage->worker->counters, response);
    if (counts)
        tally_add(&counts->responses, answer_key_of_zone(stage->first_zone) | response->rcode);
    if (counts && is_decided)
        count_by_service(stage, counts);
    if (!stage->request->wants_note)
        return;
    stage->worker->note = (struct answer_note){
        .fate = fate,
        .rcode = (uint16_t)response->rcode,
        .zone = stage->first_zone,
        .is_steered = is_decided,
        .region = stage->region,
        .service = stage->service,
        .reason = stage->reason,
        .plain_bytes = (uint32_t)writer_len(&response->out),
    };
}
