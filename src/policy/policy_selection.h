/* policy_selection.h - one query on its way through policy_select(). Private to policy/.
 *
 *   policy_select.c     walks: levels, groups, what to do when nothing is usable
 *   policy_standing.c   how a region does now, and how much of its load it takes
 *   policy_fill.c       what of a region stands in the answer
 *
 * Lives on the stack of policy_select(); everything it points to outlives the query.
 */
#pragma once

#include <stdint.h>

#include "rhumb/hash.h"
#include "rhumb/policy.h"
#include "rhumb/rng.h"

#include "policy_lots.h"

struct policy_selection {
    const struct policy_request *request;
    struct rng *rng; /* NULL: by lots */
    struct policy_lots
        *lots; /* every way chance could go, see policy_lots.h; NULL: by chance */
    struct policy_answer *out;
    uint64_t client_hash;   /* for sticky picks */
    uint32_t suspect_ttl_s; /* lowest of the suspect regions answered; UINT32_MAX: none */
    uint32_t proof_age_ms;  /* oldest of those answered, where TTLs count from proofs */
    uint32_t least_ttl_s;   /* below which no age pushes a TTL: the suspect one */
    health_word wanted;     /* bits of which an endpoint needs one to be up */
    unsigned depth;         /* of nesting: 1 at the service asked for */
};

/* How a level, a group or a region did. */
enum policy_result {
    POLICY_CHOSEN, /* it stands in the answer */
    POLICY_DOWN,   /* it has endpoints of the family, but nothing usable */
    POLICY_ABSENT, /* it has nothing of the family at all */
};

/* policy_level_hash - the client's, another one at each level of nesting: were it the same,
 * those whom one level sent to a region would have no free choice in the next. */
static inline uint64_t policy_level_hash(const struct policy_selection *s)
{
    return s->client_hash ^ (s->depth - 1) * UINT64_C(0x9e3779b97f4a7c15);
}

static inline uint32_t policy_smaller(uint32_t a, uint32_t b)
{
    return a < b ? a : b;
}
