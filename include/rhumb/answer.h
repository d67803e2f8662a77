/* answer.h - the one door: a query's bytes in, a response's bytes out.
 *
 * Every transport, every test, the fuzzers and `rhumb explain` enter here. Pure: no socket, no
 * clock, no lock, no allocation; chance comes from the worker's generator.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "rhumb/answer_counts.h"
#include "rhumb/answer_limit.h"
#include "rhumb/dns_cookie.h"
#include "rhumb/dns_query.h"
#include "rhumb/dns_response.h"
#include "rhumb/ip.h"
#include "rhumb/policy.h"
#include "rhumb/rng.h"
#include "rhumb/snapshot.h"

enum answer_transport { ANSWER_UDP, ANSWER_TCP, ANSWER_TLS };

/* One packet, where it came from, and what time it is. */
struct answer_request {
    const uint8_t *packet; /* anything, up to DNS_MESSAGE_MAX bytes */
    size_t packet_bytes;
    struct ip_addr client; /* behind a trusted proxy: whom the proxy speaks for */
    uint16_t client_port;  /* for the log; 0: not known */
    enum answer_transport transport;
    uint16_t idle_100ms; /* TCP and TLS: how long an idle connection is kept (RFC 7828) */
    uint32_t wall_s;     /* seconds since 1970, wraps in 2106: cookies (RFC 9018) */
    uint64_t steady_ms;  /* never steps: rate limiting, age of proofs */
    bool wants_note;     /* worker->note shall say what becomes of it */
};

/* Counted by one worker, read by anybody: relaxed loads and stores. */
#define ANSWER_COUNTERS(X)                                                                     \
    X(queries)                                                                                 \
    X(dropped)                                                                                 \
    X(formerr)                                                                                 \
    X(notimp)                                                                                  \
    X(badvers)                                                                                 \
    X(badcookie)                                                                               \
    X(cookie_only)                                                                             \
    X(refused)                                                                                 \
    X(nxdomain)                                                                                \
    X(yxdomain)                                                                                \
    X(nodata)                                                                                  \
    X(noerror)                                                                                 \
    X(referral)                                                                                \
    X(truncated)                                                                               \
    X(steered)                                                                                 \
    X(all_down)                                                                                \
    X(rate_dropped)                                                                            \
    X(rate_slipped)

struct answer_counters {
#define ANSWER_COUNTER(name) _Atomic uint64_t name;
    ANSWER_COUNTERS(ANSWER_COUNTER)
#undef ANSWER_COUNTER
};

/* What a worker is made from. */
struct answer_worker_options {
    uint64_t seed;             /* of chance: from the system in the server, fixed in tests */
    const uint8_t *cookie_key; /* DNS_COOKIE_SECRET_BYTES random ones, copied; NULL: zeros */
    struct answer_limiter *limiter; /* shared, outlives the worker; NULL: no rate limit */
    struct answer_counts *counts;   /* the worker's alone, outlives it; NULL: none by kind */
};

/* What became of a query: for whoever logs it. */
enum answer_fate {
    ANSWER_UNREAD,  /* it was no query: nothing is known of it, and nothing was sent */
    ANSWER_BARE,    /* a header was sent: the question, if there is one, was not looked at */
    ANSWER_LIMITED, /* over the rate: nothing was sent, or "come again" */
    ANSWER_WHOLE,
};

struct answer_note {
    enum answer_fate fate;
    uint16_t rcode;          /* of what was sent */
    const struct zone *zone; /* of the question; NULL: none of ours */
    bool is_steered;         /* a policy decided what was sent: */
    uint8_t region;          /* POLICY_NO_REGION: none */
    uint16_t service;
    enum policy_reason reason;
    uint32_t plain_bytes; /* of what was sent, without OPT and TSIG at its end */
};

/* What one worker owns and reuses for every query; about 80 KiB, of which 6 are much used. Not shared between threads. */
struct answer_worker {
    struct rng rng;
    struct answer_counters counters;
    struct query query;
    struct response response;
    struct name_key key;
    uint8_t chain_name[DNS_NAME_MAX + 1]; /* the target being followed, lower */
    struct policy_answer policy;
    struct answer_limiter *limiter; /* borrowed */
    struct answer_counts *counts;   /* borrowed */
    struct answer_note note;        /* of the latest query; borrows from the snapshot */
    uint8_t cookie_key[DNS_COOKIE_SECRET_BYTES];
    struct dns_cookie_secrets own_secrets; /* of own_day; used when the operator has set none */
    uint32_t own_day;                      /* since 1970 */
    uint8_t cookie[DNS_COOKIE_BYTES];      /* the one going out */
    uint8_t
        rdata[DNS_MESSAGE_MAX + 32 * POLICY_ADDRESSES_MAX]; /* a record made for one client */
};

void answer_worker_init(struct answer_worker *worker,
                        const struct answer_worker_options *options);

/* answer_query - answer one packet.
 *
 * shape    buffer: where the response goes, not overlapping the packet; capacity: at least
 *          DNS_UDP_PLAIN_BYTES, DNS_MESSAGE_MAX for TCP and TLS
 * returns  the length of the response, never more than the client can take; 0: send nothing
 * threads  any, one at a time for one worker; the snapshot is pinned by the caller
 */
size_t answer_query(const struct snapshot *snapshot, struct answer_worker *worker,
                    const struct answer_request *request, uint8_t *buffer, size_t capacity);
