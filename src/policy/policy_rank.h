/* policy_rank.h - the order of a service's regions for one location, before health.
 *
 * Private to policy/. Used while compiling (once per distinct location) and by explain (with
 * the reasons).
 *
 *   1 residency   which regions are allowed at all (most specific rule; none: all)
 *   2 policy      groups by the table in steering.md section 1
 *   3 depth       only the first `depth` groups depend on the client; the others follow in
 * config order 4 weight 0    such regions form the very last group
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "rhumb/config.h"
#include "rhumb/geo_map.h"
#include "rhumb/policy.h"

enum policy_why {
    POLICY_WHY_ORDER,    /* its place in `order:` */
    POLICY_WHY_WEIGHT,   /* the one weighted group */
    POLICY_WHY_SERVES,   /* a `serves:` rule matched: matcher says which */
    POLICY_WHY_DISTANCE, /* value is kilometres, bias included */
    POLICY_WHY_LATENCY,  /* value is the expected round trip in milliseconds */
    POLICY_WHY_MEASURED, /* by this server's own probes, at query time */
    POLICY_WHY_TAIL,     /* behind `depth`, or nothing is known: config order */
    POLICY_WHY_LAST,     /* weight 0 */
};

struct policy_ranking {
    uint64_t allowed;
    uint16_t residency; /* rule index; POLICY_NO_RULE: none applies */
    uint8_t count;
    uint8_t regions[CONFIG_REGIONS_MAX];
    uint8_t group_end[CONFIG_REGIONS_MAX];

    struct {
        enum policy_why why;
        const struct config_matcher *matcher;
        double value;
    } reasons[CONFIG_REGIONS_MAX]; /* beside regions[] */
};

/* What ranking needs to know of a service; built once. */
struct policy_ranker {
    const struct config_service *service;
    struct geo_place places[CONFIG_REGIONS_MAX]; /* of the regions */
    struct geo_point points[CONFIG_REGIONS_MAX]; /* valid where the bit of located is set */
    uint64_t located;
    const struct ip_prefix *marks; /* as given to geo_map_build() */
};

void policy_ranker_init(struct policy_ranker *ranker, const struct config *config,
                        const struct config_service *service, const struct ip_prefix *marks);

void policy_rank(const struct policy_ranker *ranker, const struct geo_location *location,
                 struct policy_ranking *out_ranking);

/* policy_residency - the regions of the service that clients of this location may get, one bit
 * each, and the rule that says so (POLICY_NO_RULE: none, all are allowed). */
uint64_t policy_residency(const struct config_service *service, const struct ip_prefix *marks,
                          const struct geo_location *location, uint16_t *out_rule);

/* policy_depends_on_client - can the order differ between two clients at all? */
bool policy_depends_on_client(const struct config_service *service);

/* policy_match - how specifically a matcher fits: larger is more specific, 0: it does not. */
unsigned policy_match(const struct config_matcher *matcher, const struct geo_location *location,
                      const struct ip_prefix *marks);

/* policy_matcher_format - "EU-union", "AS64496", "192.0.2.0/24" ...; returns buffer. */
enum { POLICY_MATCHER_TEXT_MAX = 80 };

const char *policy_matcher_format(const struct config_matcher *matcher,
                                  char buffer[POLICY_MATCHER_TEXT_MAX]);
