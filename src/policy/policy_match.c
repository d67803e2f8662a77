/* Which `serves:` item or `residency:` key fits a location, and how specifically.
 *
 *   network /n   1000 + n      of two networks the longer one
 *   ASN           600
 *   subdivision   500
 *   country       400
 *   EU-union      300          a set of countries: finer than a continent, so that a region for
 * the continent     200          union and one for the rest of Europe can stand side by side
 *   default       100
 */
#include <stdio.h>
#include <string.h>

#include "policy_rank.h"

enum {
    MATCH_NETWORK = 1000,
    MATCH_ASN = 600,
    MATCH_SUBDIVISION = 500,
    MATCH_COUNTRY = 400,
    MATCH_UNION = 300,
    MATCH_CONTINENT = 200,
    MATCH_DEFAULT = 100,
};

static bool matches_subdivision(const struct config_matcher *matcher,
                                const struct geo_place *place)
{
    return memcmp(matcher->code, place->country, 2) == 0 &&
           strncmp(matcher->subdivision, place->subdivision, sizeof(place->subdivision)) == 0;
}

static bool matches_network(const struct config_matcher *matcher,
                            const struct geo_location *location, const struct ip_prefix *marks)
{
    if (location->mark == GEO_MARK_NONE)
        return false;
    const struct ip_prefix *mark = &marks[location->mark];
    return matcher->network.len <= mark->len &&
           ip_prefix_contains(&matcher->network, &mark->addr);
}

unsigned policy_match(const struct config_matcher *matcher, const struct geo_location *location,
                      const struct ip_prefix *marks)
{
    const struct geo_place *place = &location->place;
    switch (matcher->kind) {
    case CONFIG_MATCH_NETWORK:
        return matches_network(matcher, location, marks) ? MATCH_NETWORK + matcher->network.len
                                                         : 0;
    case CONFIG_MATCH_ASN: return place->asn != 0 && place->asn == matcher->asn ? MATCH_ASN : 0;
    case CONFIG_MATCH_SUBDIVISION:
        return matches_subdivision(matcher, place) ? MATCH_SUBDIVISION : 0;
    case CONFIG_MATCH_COUNTRY:
        return memcmp(matcher->code, place->country, 2) == 0 ? MATCH_COUNTRY : 0;
    case CONFIG_MATCH_UNION: return (place->flags & GEO_IN_EU) != 0 ? MATCH_UNION : 0;
    case CONFIG_MATCH_CONTINENT:
        return memcmp(matcher->code, place->continent, 2) == 0 ? MATCH_CONTINENT : 0;
    case CONFIG_MATCH_DEFAULT: return MATCH_DEFAULT;
    }
    return 0;
}

const char *policy_matcher_format(const struct config_matcher *matcher,
                                  char buffer[POLICY_MATCHER_TEXT_MAX])
{
    char network[IP_TEXT_MAX];
    switch (matcher->kind) {
    case CONFIG_MATCH_NETWORK:
        snprintf(buffer, POLICY_MATCHER_TEXT_MAX, "%s",
                 ip_prefix_format(&matcher->network, network));
        break;
    case CONFIG_MATCH_ASN:
        snprintf(buffer, POLICY_MATCHER_TEXT_MAX, "AS%u", matcher->asn);
        break;
    case CONFIG_MATCH_SUBDIVISION:
        snprintf(buffer, POLICY_MATCHER_TEXT_MAX, "%s-%s", matcher->code, matcher->subdivision);
        break;
    case CONFIG_MATCH_COUNTRY:
        snprintf(buffer, POLICY_MATCHER_TEXT_MAX, "country %s", matcher->code);
        break;
    case CONFIG_MATCH_UNION: snprintf(buffer, POLICY_MATCHER_TEXT_MAX, "EU-union"); break;
    case CONFIG_MATCH_CONTINENT:
        snprintf(buffer, POLICY_MATCHER_TEXT_MAX, "continent %s", matcher->code);
        break;
    case CONFIG_MATCH_DEFAULT: snprintf(buffer, POLICY_MATCHER_TEXT_MAX, "default"); break;
    }
    return buffer;
}
