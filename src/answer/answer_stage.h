/* answer_stage.h - one query on its way through the stages. Private to answer/.
 *
 *   answer.c             the door: parse, verdicts, sizes, class, finish
 *   answer_find.c        the name: zone, node, CNAME and DNAME chains, referrals, negatives
 *   answer_steer.c       the steered name: policy -> records, TTL, ECS scope, extended error
 *   answer_additional.c  addresses that belong to the answer; glue
 *   answer_chaos.c       class CH
 */
#pragma once

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "rhumb/answer.h"

enum { ANSWER_CHAIN_MAX = 16 };

struct stage {
    const struct snapshot *snapshot;
    struct answer_worker *worker;
    struct response *response;
    const struct query *query;
    struct policy_client client;
    const struct zone *zone;
    const uint8_t *owner; /* the name being answered: the question's, or a chain's target */
    unsigned chain_count;
    uint64_t chain[ANSWER_CHAIN_MAX + 1]; /* hashes of the owners so far: a loop ends it */
    unsigned dname_count;
    const struct zone_node *dnames[ANSWER_CHAIN_MAX + 1]; /* whose DNAME is in the answer */
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

/* answer_any - any one RRset of the zone at the name (RFC 8482 section 4.1). */
enum stage_step answer_any(struct stage *stage, const struct zone_node *node);

/* answer_negative - NODATA or NXDOMAIN: the SOA of the zone, its TTL at most ttl_s and the
 * negative TTL. */
enum stage_step answer_negative(struct stage *stage, unsigned rcode, uint32_t ttl_s);

/* answer_alias - put one CNAME of stage->owner; follow it unless it was itself asked for. */
enum stage_step answer_alias(struct stage *stage, const uint8_t *target, uint32_t ttl_s);

/* answer_additional - addresses in zone for the targets of an NS, MX or SRV set; what does not
 * fit is left out. */
void answer_additional(struct stage *stage, const struct rrset *set);

/* answer_glue - addresses below the cut for its name servers. False: some did not fit (RFC
 * 9471: TC). */
bool answer_glue(struct stage *stage, const struct zone_node *cut, const struct rrset *ns);

/* answer_chaos - class CH: id.server and hostname.bind, where an identity is configured. */
void answer_chaos(struct stage *stage);

/* answer_count - one more; the worker is the only writer, so no locked instruction. */
static inline void answer_count(_Atomic uint64_t *counter)
{
    uint64_t value = atomic_load_explicit(counter, memory_order_relaxed);
    atomic_store_explicit(counter, value + 1, memory_order_relaxed);
}
