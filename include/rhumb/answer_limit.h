/* answer_limit.h - response rate limiting: what one client network may get of one kind of answer.
 *
 * Who sends from forged addresses makes a server answer to a victim. So answers over UDP are
 * counted for each (client network, class of answer): those of one name, the NXDOMAINs of one
 * zone, what one wildcard makes, the referrals of one cut, all errors together. Above the rate an
 * answer is dropped, or cut down to "ask again over TCP" (or "with this cookie"), which a real
 * client can follow and a victim need not.
 *
 *   slot     | tag (16) | empty_us (48) |     8 slots a set = one cache line
 *
 * Each slot is a leaky bucket told as one time (GCRA): when it will have run empty. An answer adds
 * 1/rate to it; one that would fill the bucket, a second's worth, is over the rate. The table has
 * a fixed size and is shared by all workers: each step is one relaxed compare-and-swap of a word,
 * no lock. When a set is full, the slot that is nearest to empty is forgotten. The hash is keyed,
 * so nobody can choose whom to share a slot with.
 *
 * Pure but for that table; time is an argument. source: RFC 5358 (why); ITU-T I.371 annex A (GCRA)
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "rhumb/config.h"
#include "rhumb/ip.h"

enum answer_limit_kind {
    ANSWER_LIMIT_NAME, /* hash: of the name, or of the wildcard or DNAME that stands for it */
    ANSWER_LIMIT_NXDOMAIN, /* hash: of the zone */
    ANSWER_LIMIT_REFERRAL, /* hash: of the cut */
    ANSWER_LIMIT_ERROR,    /* hash: 0 */
};

struct answer_limit_class {
    enum answer_limit_kind kind;
    uint64_t hash;
};

struct answer_limiter;

/* answer_limiter_new - an empty table; key: 16 random bytes. NULL: out of memory. 1 MiB, of which
 * only what is used is touched. */
struct answer_limiter *answer_limiter_new(const uint8_t key[16]);

/* answer_limiter_free - no worker may still use it. NULL is fine. */
void answer_limiter_free(struct answer_limiter *limiter);

/* answer_limiter_take - may this answer go out? True takes its share. rate->per_second > 0.
 * Any thread. */
bool answer_limiter_take(struct answer_limiter *limiter, const struct config_rate_limit *rate,
                         const struct ip_addr *client, const struct answer_limit_class *class,
                         uint64_t steady_ms);

/* answer_limit_is_exempt - is the client in one of the networks that are never limited? */
bool answer_limit_is_exempt(const struct config_rate_limit *rate, const struct ip_addr *client);
