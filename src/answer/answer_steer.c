/* A steered name: the policy decides, here it becomes records. */
#include "answer_stage.h"

/* explain_state - the extended error that goes with an answer health has not freely chosen (RFC
 * 8914). */
static void explain_state(struct stage *stage, const struct policy_answer *answer)
{
    struct response_edns *edns = &stage->response->edns;
    if ((answer->flags & POLICY_ALL_DOWN) != 0) {
        answer_count(&stage->worker->counters.all_down);
        edns->has_ede = true;
        edns->ede_code = DNS_EDE_OTHER;
        edns->ede_text = answer->outcome == POLICY_EMPTY
                             ? "no endpoint is usable, none is answered as configured"
                             : "no endpoint is usable, answered as if they were";
    } else if ((answer->flags & POLICY_PIN_REFUSED) != 0) {
        edns->has_ede = true;
        edns->ede_code = DNS_EDE_PROHIBITED;
        edns->ede_text = "residency forbids this region to this client";
    }
}

static enum stage_step put_addresses(struct stage *stage, const struct policy_answer *answer,
                                     enum ip_family family)
{
    uint16_t type = family == IP_V4 ? DNS_TYPE_A : DNS_TYPE_AAAA;
    for (uint16_t i = 0; i < answer->count; i++)
        if (!response_put(stage->response, RESPONSE_ANSWER, stage->owner, type, answer->ttl_s,
                          answer->addresses[i]->bytes, family == IP_V4 ? 4 : 16))
            return STAGE_FULL;
    return STAGE_DONE;
}

enum stage_step answer_steered(struct stage *stage, const struct zone_node *node)
{
    const struct snapshot *snapshot = stage->snapshot;
    const struct snapshot_binding *binding = &snapshot->bindings[node->binding];
    struct answer_worker *worker = stage->worker;
    struct policy_answer *answer = &worker->policy;
    uint16_t qtype = stage->query->qtype;
    struct policy_request request = {
        .set = &snapshot->policies,
        .health = &snapshot->health,
        .service = binding->service,
        .pinned = binding->pinned,
        .sticky = binding->sticky,
        .family = qtype == DNS_TYPE_AAAA ? IP_V6 : IP_V4,
        .client = stage->client,
    };
    answer_count(&worker->counters.steered);
    policy_select(&request, &worker->rng, answer);
    if (answer->outcome == POLICY_EMPTY && qtype == DNS_TYPE_ANY) {
        uint8_t scope = answer->scope; /* to have nothing for IPv4 was part of the decision */
        request.family = IP_V6;
        policy_select(&request, &worker->rng, answer);
        answer->scope = answer->scope > scope ? answer->scope : scope;
    }
    if (stage->client.is_ecs && answer->scope > stage->response->edns.ecs_scope)
        stage->response->edns.ecs_scope = answer->scope;
    explain_state(stage, answer);

    if (answer->outcome == POLICY_ALIAS)
        return answer_alias(stage, answer->alias, answer->ttl_s);
    bool asks_address = qtype == DNS_TYPE_A || qtype == DNS_TYPE_AAAA || qtype == DNS_TYPE_ANY;
    if (answer->outcome == POLICY_ADDRESSES && asks_address)
        return put_addresses(stage, answer, request.family);
    if (qtype == DNS_TYPE_ANY)
        return answer_any(stage, node);
    bool is_fixed = answer->outcome == POLICY_EMPTY && (answer->flags & POLICY_ALL_DOWN) == 0;
    return answer_negative(stage, DNS_RCODE_NOERROR, is_fixed ? UINT32_MAX : answer->ttl_s);
}
