/* answer_stage.h - one query on its way through the stages. Private to answer/.
 *
 *   answer.c             the door: parse, verdicts, sizes, class, finish
 *   answer_find.c        the name: zone, node, CNAME and DNAME chains, referrals, negatives
 *   answer_steer.c       the steered name: policy -> records, TTL, ECS scope, extended error
 *   answer_additional.c  addresses that belong to the answer; glue
 *   answer_svcb.c        SVCB and HTTPS: hints that follow the chosen region
 *   answer_guard.c       cookies, and answers over the rate
 *   answer_chaos.c       class CH
 *   answer_note.c        what is kept of a query: counts, and a note for the log
 */
#pragma once

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "rhumb/answer.h"

enum { ANSWER_CHAIN_MAX = 16 };

/* The way so far. Beside the stage, because nobody needs it to be zero. */
struct stage_trail {
    uint64_t chain[ANSWER_CHAIN_MAX + 1]; /* hashes of the owners so far: a loop ends it */
    const struct zone_node *dnames[ANSWER_CHAIN_MAX + 1]; /* whose DNAME is in the answer */
};

struct stage {
    const struct snapshot *snapshot;
    struct answer_worker *worker;
    struct response *response;
    const struct answer_request *request;
    const struct query *query;
    bool has_valid_cookie;
    bool is_known; /* the client is where its packets say: by TCP, or by a cookie of ours */
    struct answer_limit_class class;
    const struct zone *first_zone; /* the zone of the question; NULL: none of ours */
    struct policy_client client;
    bool has_chance;
    struct rng chance; /* of this answer: all that is picked for it is picked alike */
    const struct zone *zone;
    bool is_steered; /* a policy has decided what the answer section holds: */
    uint8_t region;
    uint16_t service;
    enum policy_reason reason;
    bool is_full;         /* something did not fit: truncate at the end */
    const uint8_t *owner; /* the name being answered: the question's, or a chain's target */
    unsigned chain_count, dname_count;
    struct stage_trail *trail;
};

/* What a stage says about the next step. */
enum stage_step {
    STAGE_DONE,   /* the response is complete */
    STAGE_FOLLOW, /* stage->owner is the target of an alias: find it */
    STAGE_FULL,   /* it does not fit: truncate */
};

/* answer_find - answer, authority and additional for the question; rcode and AA are set. */
enum stage_step answer_find(struct stage *stage);

/* answer_steered - a steered owner asked for a type it steers. */
enum stage_step answer_steered(struct stage *stage, const struct zone_node *node);

/* answer_select - the policy's choice at a steered node for this client; the ECS scope of the
 * response grows with it. Valid until the next call. */
const struct policy_answer *answer_select(struct stage *stage, const struct zone_node *node,
                                          enum ip_family family);

/* answer_put_addresses - as A or AAAA records, all or none. */
bool answer_put_addresses(struct stage *stage, enum response_section section,
                          const uint8_t *owner, const struct policy_answer *answer);

/* answer_put_svcb - an SVCB or HTTPS set with hints for this client, whole or not at all. */
bool answer_put_svcb(struct stage *stage, enum response_section section, const uint8_t *owner,
                     const struct rrset *set);

/* answer_any - any one RRset of the zone at the name (RFC 8482 section 4.1). */
enum stage_step answer_any(struct stage *stage, const struct zone_node *node);

/* answer_negative - NODATA or NXDOMAIN: the SOA of the zone, its TTL at most ttl_s and the
 * negative TTL. */
enum stage_step answer_negative(struct stage *stage, unsigned rcode, uint32_t ttl_s);

/* answer_alias - put one CNAME of stage->owner; follow it unless it was itself asked for. */
enum stage_step answer_alias(struct stage *stage, const uint8_t *target, uint32_t ttl_s);

/* answer_additional - addresses for the targets of an NS, MX, SRV, SVCB or HTTPS set in the zones
 * served here; what does not fit is left out. */
void answer_additional(struct stage *stage, const struct rrset *set);

/* answer_find_target - the node that answers for a lower name in the zones served here; else the glue
 * that the zone of this answer has for it; NULL: neither. */
const struct zone_node *answer_find_target(struct stage *stage, const uint8_t *lower);

/* answer_glue - addresses below the cut for its name servers. False: some did not fit (RFC
 * 9471: TC). */
bool answer_glue(struct stage *stage, const struct zone_node *cut, const struct rrset *ns);

/* answer_chaos - class CH: id.server and hostname.bind, where an identity is configured. */
void answer_chaos(struct stage *stage);

/* answer_guard_meet - what the cookie of the query proves, and the one to send back. */
void answer_guard_meet(struct stage *stage, struct query *query);

/* answer_cookie_only - a query without a question, for a cookie: RFC 7873 section 5.4. */
void answer_cookie_only(struct stage *stage);

/* answer_guard_judge - may an answer of stage->class go to this client? Counts it. */
enum answer_guard { ANSWER_GUARD_PASS, ANSWER_GUARD_CUT, ANSWER_GUARD_DROP };
enum answer_guard answer_guard_judge(struct stage *stage);

/* answer_guard_cut - make it one that only a real client can use: BADCOOKIE with a cookie to one
 * that knows cookies (RFC 7873 section 5.2.3), else "truncated". */
void answer_guard_cut(struct stage *stage);

/* answer_note_... - count a query by what became of it, and leave a note of that.
 *
 *   request    it has come; also one that is no query
 *   drop       over the rate: nothing is sent
 *   bare       a header with this rcode is sent
 *   response   stage->response is sent; before response_finish()
 */
void answer_note_request(struct answer_worker *worker, const struct answer_request *request,
                         enum query_verdict verdict);
void answer_note_drop(struct stage *stage);
void answer_note_bare(struct stage *stage, unsigned rcode);
void answer_note_response(struct stage *stage, enum answer_fate fate);

/* answer_explain - the extended error (RFC 8914); text is static, NULL: none. */
static inline void answer_explain(struct stage *stage, uint16_t code, const char *text)
{
    struct response_edns *edns = &stage->response->edns;
    edns->has_ede = true;
    edns->ede_code = code;
    edns->ede_text = text;
}

/* answer_count - one more; the worker is the only writer, so no locked instruction. */
static inline void answer_count(_Atomic uint64_t *counter)
{
    uint64_t value = atomic_load_explicit(counter, memory_order_relaxed);
    atomic_store_explicit(counter, value + 1, memory_order_relaxed);
}
