/* A steered name: the policy decides, here it becomes records. */
#include "answer_stage.h"

/* explain_state - the extended error that goes with an answer health has not freely chosen (RFC
 * 8914). */
static void explain_state(struct stage *stage, const struct policy_answer *answer)
{
    if ((answer->flags & POLICY_ALL_DOWN) != 0) {
        answer_count(&stage->worker->counters.all_down);
        answer_explain(stage, DNS_EDE_OTHER,
                       answer->outcome == POLICY_EMPTY
                           ? "no endpoint is usable, none is answered as configured"
                           : "no endpoint is usable, answered as if they were");
    } else if ((answer->flags & POLICY_PIN_REFUSED) != 0) {
        answer_explain(stage, DNS_EDE_PROHIBITED,
                       "residency forbids this region to this client");
    }
}

/* note_decision - who decided; of several in a chain, the last. */
static void note_decision(struct stage *stage, const struct policy_answer *answer)
{
    stage->is_steered = true;
    stage->service = answer->service;
    stage->region = answer->region;
    stage->reason = policy_reason_of(answer);
}

bool answer_put_addresses(struct stage *stage, enum response_section section,
                          const uint8_t *owner, const struct policy_answer *answer)
{
    struct response_mark start = response_mark(stage->response);
    for (uint16_t i = 0; i < answer->count; i++) {
        const struct ip_addr *addr = answer->addresses[i];
        bool is_v4 = addr->family == IP_V4;
        if (!response_put(stage->response, section, owner, is_v4 ? DNS_TYPE_A : DNS_TYPE_AAAA,
                          answer->ttl_s, addr->bytes, is_v4 ? 4 : 16)) {
            response_revert(stage->response, start);
            return false;
        }
    }
    return true;
}

const struct policy_answer *answer_select(struct stage *stage, const struct zone_node *node,
                                          enum ip_family family)
{
    const struct snapshot *snapshot = stage->snapshot;
    const struct snapshot_binding *binding = &snapshot->bindings[node->binding];
    struct policy_answer *answer = &stage->worker->policy;
    struct policy_request request = {
        .set = &snapshot->policies,
        .health = &snapshot->health,
        .service = binding->service,
        .pinned = binding->pinned,
        .sticky = binding->sticky,
        .family = family,
        .client = stage->client,
        .now_ms = (uint32_t)stage->request->steady_ms,
    };
    if (!stage->has_chance) {
        stage->has_chance = true;
        rng_init(&stage->chance, rng_next(&stage->worker->rng));
    }
    struct rng chance = stage->chance; /* the same for every family, record and target */
    policy_select(&request, &chance, answer);
    if (stage->client.is_ecs && answer->scope > stage->response->edns.ecs_scope)
        stage->response->edns.ecs_scope = answer->scope;
    return answer;
}

enum stage_step answer_steered(struct stage *stage, const struct zone_node *node)
{
    uint16_t qtype = stage->query->qtype;
    answer_count(&stage->worker->counters.steered);
    const struct policy_answer *answer =
        answer_select(stage, node, qtype == DNS_TYPE_AAAA ? IP_V6 : IP_V4);
    if (answer->outcome == POLICY_EMPTY && qtype == DNS_TYPE_ANY)
        answer = answer_select(stage, node, IP_V6);
    explain_state(stage, answer);
    note_decision(stage, answer);

    if (answer->outcome == POLICY_ALIAS)
        return answer_alias(stage, answer->alias, answer->ttl_s);
    bool asks_address = qtype == DNS_TYPE_A || qtype == DNS_TYPE_AAAA || qtype == DNS_TYPE_ANY;
    if (answer->outcome == POLICY_ADDRESSES && asks_address)
        return answer_put_addresses(stage, RESPONSE_ANSWER, stage->owner, answer) ? STAGE_DONE
                                                                                  : STAGE_FULL;
    if (qtype == DNS_TYPE_ANY)
        return answer_any(stage, node);
    bool is_fixed = answer->outcome == POLICY_EMPTY && (answer->flags & POLICY_ALL_DOWN) == 0;
    return answer_negative(stage, DNS_RCODE_NOERROR, is_fixed ? UINT32_MAX : answer->ttl_s);
}
