/* answer_counts.h - what one worker has counted of its queries, by kind.
 *
 *   requests    by transport, family and type: a flat table
 *   responses   by zone and rcode      } by keys made of names: a reload that adds, drops or
 *   answers     by service, region,    } reorders them changes no count, and none goes back
 *               country and reason     }
 *
 * Every packet is one request. Each response that goes out is counted once by zone and rcode; one
 * that a policy has decided, and that is whole, also by service. One writer, any number of
 * readers; all counts are relaxed. The tables have a fixed size: what finds no room in one of them
 * is counted there under key 0.
 */
#pragma once

#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>

#include "rhumb/policy.h"
#include "rhumb/tally.h"
#include "rhumb/zone.h"

enum {
    ANSWER_TRANSPORTS = 3, /* enum answer_transport */
    ANSWER_FAMILIES = 2,   /* IPv4, IPv6 */
    ANSWER_TYPES = 22,     /* columns of the table of requests */
    ANSWER_TYPE_OTHER = 0,
    ANSWER_TYPE_NONE = 1, /* no question that could be read */
};

enum answer_cookie { ANSWER_COOKIE_CLIENT, ANSWER_COOKIE_VALID, ANSWER_COOKIE_INVALID };

struct answer_counts {
    _Atomic uint64_t requests[ANSWER_TRANSPORTS][ANSWER_FAMILIES][ANSWER_TYPES];
    _Atomic uint64_t cookies[ANSWER_COOKIE_INVALID + 1];
    _Atomic uint64_t countries[2]; /* looked up: unknown, known */
    struct tally responses, answers;
};

/* answer_counts_new - all zero; NULL: out of memory. About 640 KiB, of which only what is used is
 * touched. answer_counts_free - NULL is fine. */
struct answer_counts *answer_counts_new(void);
void answer_counts_free(struct answer_counts *counts);

/* answer_counts_add - what from has counted, which its worker may go on with. */
void answer_counts_add(struct answer_counts *counts, const struct answer_counts *from);

/* answer_counts_type - the column of a type, and the name of a column: "A", "other", "none". */
unsigned answer_counts_type(uint16_t qtype);
const char *answer_counts_type_name(unsigned column);

/* ---- keys ----
 *
 *   response | hash of the zone's name                | 1 | rcode (5) |
 *   answer   | hash of service and region | 1 | country (10) | reason (3) |
 */

enum {
    ANSWER_RCODE_BITS = 5,
    ANSWER_REASON_BITS = 3,
    ANSWER_COUNTRY_BITS = 10,
    ANSWER_LOW_BITS = ANSWER_REASON_BITS + ANSWER_COUNTRY_BITS,
};

_Static_assert(POLICY_REASON_COUNT <= 1 << ANSWER_REASON_BITS, "a reason has its bits");
_Static_assert(POLICY_COUNTRY_COUNT <= 1 << ANSWER_COUNTRY_BITS, "a country has its bits");

/* answer_key_of_zone - of responses, with rcode 0. NULL: none of our zones. */
static inline uint64_t answer_key_of_zone(const struct zone *zone)
{
    uint64_t hash = zone ? zone->origin_hash : UINT64_C(0x5851f42d4c957f2d);
    return (hash >> ANSWER_RCODE_BITS | 1) << ANSWER_RCODE_BITS;
}

static inline unsigned answer_key_rcode(uint64_t key)
{
    return key & ((1u << ANSWER_RCODE_BITS) - 1);
}

/* answer_key_of_region - of answers, with country and reason 0. NULL: of no region. */
static inline uint64_t answer_key_of_region(const struct policy_service *service,
                                            const struct policy_region *region)
{
    uint64_t hash = service->name_hash;
    if (region)
        hash += region->name_hash * UINT64_C(0xd1342543de82ef95);
    return (hash >> ANSWER_LOW_BITS | 1) << ANSWER_LOW_BITS;
}

static inline uint16_t answer_key_country(uint64_t key)
{
    return (uint16_t)(key >> ANSWER_REASON_BITS & ((1u << ANSWER_COUNTRY_BITS) - 1));
}

static inline enum policy_reason answer_key_reason(uint64_t key)
{
    return (enum policy_reason)(key & ((1u << ANSWER_REASON_BITS) - 1));
}

/* answer_key_zone, answer_key_region - a key without its low bits: what the two above made. */
static inline uint64_t answer_key_zone(uint64_t key)
{
    return key >> ANSWER_RCODE_BITS << ANSWER_RCODE_BITS;
}

static inline uint64_t answer_key_region(uint64_t key)
{
    return key >> ANSWER_LOW_BITS << ANSWER_LOW_BITS;
}
