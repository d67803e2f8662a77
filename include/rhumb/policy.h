/* policy.h - which regions in which order, which of their addresses, TTL and ECS scope.
 *
 * A policy orders the regions for a client; health decides how far down that order to go.
 *
 *   client --(trie)--> class = groups of regions in order
 *          --(health)--> first group with a usable region
 *          --(weight; chance or hash)--> region --(health, rotation)--> addresses
 *
 * Compiled once per reload from the configuration and the merged geography: every distinct
 * location is given its order once; locations with one order (and one residency rule) are one
 * class. Residency is applied here, before health: a class simply does not contain the regions
 * its clients may never get, so nothing later can bring one back.
 *
 * Immutable after policy_compile() except the health table it reads. policy_select() is pure
 * but for the random numbers given to it; it allocates nothing and cannot fail. Any thread,
 * while the snapshot is pinned.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "rhumb/arena.h"
#include "rhumb/config.h"
#include "rhumb/err.h"
#include "rhumb/geo_map.h"
#include "rhumb/geo_trie.h"
#include "rhumb/health_table.h"
#include "rhumb/ip.h"
#include "rhumb/rng.h"
#include "rhumb/text.h"

enum {
    POLICY_ADDRESSES_MAX = 128, /* two regions of at most 64 answers */
    POLICY_NO_REGION = 0xff,
    POLICY_NO_RULE = 0xffff,
};

/* One address of a region. */
struct policy_endpoint {
    struct ip_addr addr;
    uint32_t seat; /* index into the health table */
};

struct policy_region {
    const char *name;
    uint64_t name_hash; /* for sticky picks: the same on every POP */
    uint32_t weight;    /* 1..; a weight of 0 was turned into a place in the last group, as 1 */
    uint16_t nested;    /* service that stands for this region; CONFIG_NONE: none */
    uint16_t v4_count, v6_count;
    const struct policy_endpoint *v4, *v6;
    const uint8_t *const *names; /* CNAME targets, wire form */
    uint16_t name_count;
    uint32_t first_seat; /* of its names, or its nested service */
};

/* The order of one class. Lives packed in policy_service.classes; read it by
 * policy_class_get(). */
struct policy_order {
    uint64_t allowed;         /* regions residency permits, one bit each */
    uint16_t residency;       /* index of the rule that said so; POLICY_NO_RULE: none */
    uint8_t region_count;     /* of this order: all allowed ones */
    const uint8_t *regions;   /* in order, best first */
    const uint8_t *group_end; /* per region: index behind the last member of its group */
};

struct policy_service {
    const char *name;
    uint64_t name_hash;
    const struct config_service *config;
    const struct policy_region *regions;
    uint8_t region_count;
    uint8_t max_answers, answers;
    bool by_pop_latency; /* the order inside a class is by this server's own measurements */
    uint16_t min_up_permille;
    uint8_t all_down; /* enum config_all_down */
    uint8_t all_down_region;
    uint32_t ttl_stable_s, ttl_unsettled_s, ttl_suspect_s; /* already capped */
    bool ttl_from_proof;
    const struct geo_trie *trie; /* NULL: the order does not depend on the client: class 0 */
    const uint8_t *classes;
    size_t class_count, class_stride;
};

struct policy_set {
    const struct policy_service *services;
    size_t service_count;
    const struct geo_trie *countries; /* classes: policy_country(); NULL: all unknown */
    const struct ip_prefix *marks;    /* as policy_marks() lists them */
};

/* policy_class_get - the order of one class. */
struct policy_order policy_class_get(const struct policy_service *service, uint32_t class);

/* policy_compile - every service of the configuration.
 *
 * shape    map holds the marks policy_marks() asked for
 * owns     everything lives in arena; config must outlive it; the map is not kept
 * returns  ERR_OK, ERR_NO_MEMORY, ERR_LIMIT
 */
WARN_UNUSED enum err policy_compile(const struct config *config, const struct geo_map *map,
                                    struct arena *arena, struct policy_set *out_set);

/* policy_marks - the networks that any `serves:` or `residency:` names, each once. In arena. */
WARN_UNUSED enum err policy_marks(const struct config *config, struct arena *arena,
                                  struct ip_prefix **out_marks, size_t *out_count);

/* policy_place_of - an operator's location as a place. */
struct geo_place policy_place_of(const struct config_location *location);

/* ---- per query ---- */

struct policy_client {
    struct ip_prefix network; /* source address, whole length, or ECS network; len 0: unknown */
    bool is_ecs; /* then at most 24 or 56 bits count, but for services with residency rules */
};

struct policy_request {
    const struct policy_set *set;
    const struct health_table *health;
    uint16_t service;
    uint8_t pinned; /* index of the only region wanted ({region} names), answered whatever its
                       health; POLICY_NO_REGION: none */
    bool sticky;
    enum ip_family family; /* A or AAAA */
    struct policy_client client;
    uint32_t now_ms; /* as proofs of the health table; 0: TTLs do not count from them */
};

enum policy_outcome {
    POLICY_ADDRESSES, /* addresses[0..count-1] */
    POLICY_ALIAS,     /* alias: answer a CNAME to it */
    POLICY_EMPTY,     /* NODATA: nothing of this family, or all down and `empty` chosen */
};

enum policy_flags {
    POLICY_ALL_DOWN = 1 << 0,    /* nothing usable of what there is: `when_all_down` decided */
    POLICY_SUSPECT = 1 << 1,     /* TTL is `suspect` */
    POLICY_UNSETTLED = 1 << 2,   /* TTL is `unsettled` */
    POLICY_PIN_REFUSED = 1 << 3, /* residency forbids the pinned region to this client */
    POLICY_FAILED_OVER = 1 << 4, /* an earlier group of some level has nothing usable */
    POLICY_SHED = 1 << 5,    /* an earlier group turned this query away: its weight is low */
    POLICY_BY_PIN = 1 << 6,  /* the pinned region, and no other */
    POLICY_RESERVE = 1 << 7, /* what is in reserve is answered: there is nothing else */
};

/* Why this answer, in one word, for counters and logs. */
#define POLICY_REASONS(X)                                                                      \
    X(POLICY_FIRST, "first") /* of the client's order */                                       \
    X(POLICY_FAILOVER, "failover")                                                             \
    X(POLICY_LESS_WEIGHT, "shed")                                                              \
    X(POLICY_FROM_RESERVE, "reserve") /* held, damped, or stood back for another */            \
    X(POLICY_WHEN_ALL_DOWN, "all_down")                                                        \
    X(POLICY_PINNED, "pinned") /* by a `{region}` name */                                      \
    X(POLICY_RESIDENCY, "pin_refused")                                                         \
    X(POLICY_NOTHING, "none") /* no address of this family anywhere */

enum policy_reason {

#define POLICY_REASON_ENUM(code, text) code,
    POLICY_REASONS(POLICY_REASON_ENUM)
#undef POLICY_REASON_ENUM
        POLICY_REASON_COUNT
};

struct policy_answer {
    enum policy_outcome outcome;
    uint16_t service; /* the innermost one that decided */
    uint8_t region;   /* its region; POLICY_NO_REGION with POLICY_EMPTY */
    uint8_t group;    /* how far down the order of that service: 0 = first choice */
    unsigned flags;   /* enum policy_flags, of all levels */
    uint32_t ttl_s;
    uint32_t aged_s; /* of which so much was taken off, because the latest proof is that old */
    uint8_t scope;   /* ECS scope in the client's family; 0: independent of the client */
    uint16_t count;
    const uint8_t *alias;
    const struct ip_addr *addresses[POLICY_ADDRESSES_MAX];
};

/* policy_select - the answer for one client, now. */
void policy_select(const struct policy_request *request, struct rng *rng,
                   struct policy_answer *out_answer);

enum policy_reason policy_reason_of(const struct policy_answer *answer);
const char *policy_reason_name(enum policy_reason reason);

/* policy_country - where a client is, as a number: of its two letters, or 0 where no database and
 * no network of the operator knows (whatever `geo.default` says). Bits of an ECS network beyond
 * 24 or 56 do not count. */
enum { POLICY_COUNTRY_UNKNOWN = 0, POLICY_COUNTRY_COUNT = 1 + 26 * 26 };

uint16_t policy_country(const struct policy_set *set, const struct policy_client *client);

/* policy_country_number - of two upper case letters; anything else is unknown. */
uint16_t policy_country_number(const char code[2]);

/* policy_country_name - "DE", or "unknown"; into buffer, or static. */
enum { POLICY_COUNTRY_TEXT_MAX = 3 };

const char *policy_country_name(uint16_t country, char buffer[POLICY_COUNTRY_TEXT_MAX]);

/* One of the answers that chance may give, and how likely it is. */
struct policy_share {
    uint16_t service; /* as in policy_answer */
    uint8_t region;   /* POLICY_NO_REGION: an empty answer */
    bool all_down;    /* `when_all_down` decided */
    double share;     /* above 0, together 1 */
};

/* policy_distribution - the whole distribution of policy_select()'s answers over regions, exact: the
 * same code is run once for each way chance may go. A sticky request has one answer, that of
 * its client; not sticky, it speaks for any client of the network. Fails never; what does not fit into
 * max is left out. Not for the query path. */
enum { POLICY_SHARES_MAX = 256 };

size_t policy_distribution(const struct policy_request *request,
                           struct policy_share *out_shares, size_t max);

/* policy_why_not - the first step at which a region of the service, or of one inside it, fell out:
 * name, residency, family, health, order, pick. One line a level. */
void policy_why_not(const struct policy_request *request, const struct policy_answer *answer,
                    const char *region, struct text *out);

/* policy_explain - the same decision told step by step: location, rule, groups, health of each,
 * pick, TTL with its reason, scope. map: the one the set was compiled from. Not for the query
 * path. */
void policy_explain(const struct policy_request *request, const struct config *config,
                    const struct geo_map *map, struct rng *rng, struct text *out);
