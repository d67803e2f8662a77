#include "policy_rank.h"

#include <math.h>
#include <string.h>

/* Regions this close to the best of a group belong to it (steering.md section 1). */
#define NEAREST_TOLERANCE 0.05
#define LATENCY_TOLERANCE 0.10
#define LATENCY_SLACK_MS  5.0

/* A region on its way into the order: smaller score first, equal group together. */
struct candidate {
    const struct config_matcher *matcher;
    double score;
    unsigned match;
    uint8_t region;
    bool known; /* score means something; the others follow in config order */
};

void policy_ranker_init(struct policy_ranker *ranker, const struct config *config,
                        const struct config_service *service, const struct ip_prefix *marks)
{
    *ranker = (struct policy_ranker){.service = service, .marks = marks};
    for (size_t i = 0; i < service->region_count; i++) {
        uint16_t region = service->regions[i].region;
        double latitude, longitude;
        if (region == CONFIG_NONE)
            continue;
        ranker->places[i] = policy_place_of(&config->regions[region].location);
        if (!geo_place_coordinates(&ranker->places[i], &latitude, &longitude))
            continue;
        ranker->points[i] = geo_point_of(latitude, longitude);
        ranker->located |= UINT64_C(1) << i;
    }
}

bool policy_depends_on_client(const struct config_service *service)
{
    if (service->residency_count > 0)
        return true;
    switch (service->policy) {
    case CONFIG_POLICY_FAILOVER:
    case CONFIG_POLICY_WEIGHTED: return false;
    case CONFIG_POLICY_LATENCY: return service->latency_source == CONFIG_LATENCY_PRIOR;
    case CONFIG_POLICY_GEO:
    case CONFIG_POLICY_NEAREST: return true;
    }
    return true;
}

uint64_t policy_residency(const struct config_service *service, const struct ip_prefix *marks,
                          const struct geo_location *location, uint16_t *out_rule)
{
    uint64_t all = UINT64_MAX >> (CONFIG_REGIONS_MAX - service->region_count);
    unsigned best = 0;
    *out_rule = POLICY_NO_RULE;
    for (size_t i = 0; i < service->residency_count; i++) {
        unsigned match = policy_match(&service->residency[i].who, location, marks);
        if (match > best) {
            best = match;
            *out_rule = (uint16_t)i;
        }
    }
    return *out_rule == POLICY_NO_RULE ? all : service->residency[*out_rule].allowed;
}

static void append(struct policy_ranking *ranking, const struct candidate *candidate,
                   enum policy_why why)
{
    uint8_t at = ranking->count++;
    ranking->regions[at] = candidate->region;
    ranking->reasons[at].why = why;
    ranking->reasons[at].matcher = candidate->matcher;
    ranking->reasons[at].value = candidate->score;
}

/* close_group - everything appended since first is one group. */
static void close_group(struct policy_ranking *ranking, uint8_t first)
{
    for (uint8_t i = first; i < ranking->count; i++)
        ranking->group_end[i] = ranking->count;
}

static void append_alone(struct policy_ranking *ranking, const struct candidate *candidate,
                         enum policy_why why)
{
    append(ranking, candidate, why);
    close_group(ranking, (uint8_t)(ranking->count - 1));
}

/* sort_by_score - insertion sort: few, and stable, so that equals stay in config order. */
static void sort_by_score(struct candidate *candidates, size_t count)
{
    for (size_t i = 1; i < count; i++) {
        struct candidate moving = candidates[i];
        size_t at = i;
        for (;
             at > 0 && (!candidates[at - 1].known || candidates[at - 1].score > moving.score) &&
             moving.known;
             at--)
            candidates[at] = candidates[at - 1];
        candidates[at] = moving;
    }
}

static double limit_by_share(double best)
{
    return best + fabs(best) * NEAREST_TOLERANCE;
}

static double limit_by_latency(double best)
{
    return best + fmax(LATENCY_SLACK_MS, best * LATENCY_TOLERANCE);
}

/* append_groups - sorted candidates; those within limit(best of the group) form a group.
 * Returns how many were used. */
static void append_groups(struct policy_ranking *ranking, const struct candidate *candidates,
                          size_t count, double (*limit)(double best), enum policy_why why)
{
    size_t i = 0;
    while (i < count && candidates[i].known) {
        uint8_t first = ranking->count;
        double worst = limit(candidates[i].score);
        for (; i < count && candidates[i].known && candidates[i].score <= worst; i++)
            append(ranking, &candidates[i], why);
        close_group(ranking, first);
    }
    for (; i < count; i++)
        append_alone(ranking, &candidates[i], POLICY_WHY_TAIL);
}

static double no_limit(double best)
{
    return best;
}

/* score_by_distance - kilometres from the client, bias included. */
static void score_by_distance(const struct policy_ranker *ranker,
                              const struct geo_place *client, struct candidate *candidates,
                              size_t count)
{
    double latitude, longitude;
    struct geo_point here = {0};
    bool has_client = geo_place_coordinates(client, &latitude, &longitude);
    if (has_client)
        here = geo_point_of(latitude, longitude);
    for (size_t i = 0; i < count; i++) {
        uint8_t region = candidates[i].region;
        candidates[i].known = has_client && (ranker->located >> region & 1) != 0;
        if (candidates[i].known)
            candidates[i].score = geo_point_km(&here, &ranker->points[region]) +
                                  ranker->service->regions[region].bias_km;
    }
}

static void score_by_latency(const struct policy_ranker *ranker, const struct geo_place *client,
                             struct candidate *candidates, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        candidates[i].score = geo_latency_ms(client, &ranker->places[candidates[i].region]);
        candidates[i].known = candidates[i].score >= 0;
    }
}

/* best_match - the most specific of a region's `serves:` items. */
static void best_match(const struct policy_ranker *ranker, const struct geo_location *location,
                       struct candidate *candidate)
{
    const struct config_service_region *region = &ranker->service->regions[candidate->region];
    for (size_t i = 0; i < region->serves_count; i++) {
        unsigned match = policy_match(&region->serves[i], location, ranker->marks);
        if (match > candidate->match) {
            candidate->match = match;
            candidate->matcher = &region->serves[i];
        }
    }
}

/* rank_geo - matches from the most specific down, then the rest by distance, each alone. */
static void rank_geo(const struct policy_ranker *ranker, const struct geo_location *location,
                     struct candidate *candidates, size_t count, struct policy_ranking *ranking)
{
    for (size_t i = 0; i < count; i++)
        best_match(ranker, location, &candidates[i]);
    unsigned below = UINT32_MAX;
    for (;;) {
        unsigned best = 0;
        for (size_t i = 0; i < count; i++)
            if (candidates[i].match > best && candidates[i].match < below)
                best = candidates[i].match;
        if (best == 0)
            break;
        uint8_t first = ranking->count;
        for (size_t i = 0; i < count; i++)
            if (candidates[i].match == best)
                append(ranking, &candidates[i], POLICY_WHY_SERVES);
        close_group(ranking, first);
        below = best;
    }
    size_t rest = 0;
    for (size_t i = 0; i < count; i++)
        if (candidates[i].match == 0)
            candidates[rest++] = candidates[i];
    score_by_distance(ranker, &location->place, candidates, rest);
    sort_by_score(candidates, rest);
    append_groups(ranking, candidates, rest, no_limit, POLICY_WHY_DISTANCE);
}

static void rank_failover(const struct policy_ranker *ranker, struct candidate *candidates,
                          size_t count, struct policy_ranking *ranking)
{
    const struct config_service *service = ranker->service;
    for (size_t o = 0; o < service->region_count; o++)
        for (size_t i = 0; i < count; i++)
            if (candidates[i].region == service->order[o])
                append_alone(ranking, &candidates[i], POLICY_WHY_ORDER);
}

static void rank_together(struct candidate *candidates, size_t count, enum policy_why why,
                          struct policy_ranking *ranking)
{
    uint8_t first = ranking->count;
    for (size_t i = 0; i < count; i++)
        append(ranking, &candidates[i], why);
    close_group(ranking, first);
}

/* cut_to_depth - behind the first `depth` groups the rest follows in config order, each alone:
 * so classes stay few and scopes wide. */
static void cut_to_depth(uint32_t depth, struct policy_ranking *ranking)
{
    uint8_t kept = 0;
    for (uint32_t g = 0; g < depth && kept < ranking->count; g++)
        kept = ranking->group_end[kept];
    uint64_t tail = 0;
    for (uint8_t i = kept; i < ranking->count; i++)
        tail |= UINT64_C(1) << ranking->regions[i];
    ranking->count = kept;
    for (uint8_t region = 0; tail != 0; region++, tail >>= 1) {
        struct candidate candidate = {.region = region};
        if ((tail & 1) != 0)
            append_alone(ranking, &candidate, POLICY_WHY_TAIL);
    }
}

static void rank_by_policy(const struct policy_ranker *ranker,
                           const struct geo_location *location, struct candidate *candidates,
                           size_t count, struct policy_ranking *ranking)
{
    const struct config_service *service = ranker->service;
    switch (service->policy) {
    case CONFIG_POLICY_FAILOVER: rank_failover(ranker, candidates, count, ranking); return;
    case CONFIG_POLICY_WEIGHTED:
        rank_together(candidates, count, POLICY_WHY_WEIGHT, ranking);
        return;
    case CONFIG_POLICY_GEO: rank_geo(ranker, location, candidates, count, ranking); break;
    case CONFIG_POLICY_NEAREST:
        score_by_distance(ranker, &location->place, candidates, count);
        sort_by_score(candidates, count);
        append_groups(ranking, candidates, count, limit_by_share, POLICY_WHY_DISTANCE);
        break;
    case CONFIG_POLICY_LATENCY:
        if (service->latency_source == CONFIG_LATENCY_POP) {
            rank_together(candidates, count, POLICY_WHY_MEASURED, ranking);
            return;
        }
        score_by_latency(ranker, &location->place, candidates, count);
        sort_by_score(candidates, count);
        append_groups(ranking, candidates, count, limit_by_latency, POLICY_WHY_LATENCY);
        break;
    }
    cut_to_depth(service->depth, ranking);
}

void policy_rank(const struct policy_ranker *ranker, const struct geo_location *location,
                 struct policy_ranking *out_ranking)
{
    const struct config_service *service = ranker->service;
    struct candidate candidates[CONFIG_REGIONS_MAX], last[CONFIG_REGIONS_MAX];
    size_t count = 0, last_count = 0;
    out_ranking->count = 0;
    out_ranking->allowed =
        policy_residency(service, ranker->marks, location, &out_ranking->residency);
    for (size_t i = 0; i < service->region_count; i++) {
        if ((out_ranking->allowed >> i & 1) == 0)
            continue;
        if (service->regions[i].weight > 0)
            candidates[count++] = (struct candidate){.region = (uint8_t)i};
        else
            last[last_count++] = (struct candidate){.region = (uint8_t)i};
    }
    rank_by_policy(ranker, location, candidates, count, out_ranking);
    rank_together(last, last_count, POLICY_WHY_LAST, out_ranking);
}
