#include "config_matcher.h"

#include <string.h>
#include <strings.h>

#include "config_location.h"

static const char COUNTRY_PREFIX[] = "country:";
static const char UNION_NAME[] = "EU-union";

static bool looks_like_network(const char *text)
{
    return strchr(text, '/') || strchr(text, ':') ||
           (text[0] != '\0' && strspn(text, "0123456789.") == strlen(text));
}

/* parse_plain - everything that is no network and has no prefix. */
static bool parse_plain(const char *text, struct config_matcher *matcher)
{
    if (strcmp(text, "default") == 0) {
        matcher->kind = CONFIG_MATCH_DEFAULT;
        return true;
    }
    if (strcmp(text, UNION_NAME) == 0) {
        matcher->kind = CONFIG_MATCH_UNION;
        return true;
    }
    if (config_parse_continent(text, matcher->code)) {
        matcher->kind = CONFIG_MATCH_CONTINENT;
        return true;
    }
    if (config_parse_country(text, matcher->code)) {
        matcher->kind = CONFIG_MATCH_COUNTRY;
        return true;
    }
    if (config_parse_asn(text, &matcher->asn)) {
        matcher->kind = CONFIG_MATCH_ASN;
        return true;
    }
    matcher->kind = CONFIG_MATCH_SUBDIVISION;
    return config_parse_subdivision(text, matcher->code, matcher->subdivision);
}

static void refuse(struct config_reader *reader, const char *text,
                   const struct diag_place *place)
{
    config_error(reader, place, "'%.80s' says nothing about clients", text);
    char buffer[3];
    const char *meant = config_country_meant(text, buffer);
    if (meant)
        config_remedy(reader, "did you mean '%s'?", meant);
    else if (strcasecmp(text, UNION_NAME) == 0 || strcasecmp(text, "default") == 0)
        config_remedy(reader, "did you mean '%s'?",
                      strcasecmp(text, UNION_NAME) == 0 ? UNION_NAME : "default");
    else
        config_remedy(reader,
                      "expected a network (192.0.2.0/24), AS64496, US-CA, a country (DE, "
                      "country:AF), EU-union, a continent (AF AN AS EU NA OC SA) or default");
}

bool config_read_matcher(struct config_reader *reader, const char *text,
                         const struct diag_place *place, struct config_matcher *out_matcher)
{
    struct config_matcher matcher = {.place = *place};
    size_t prefix_len = sizeof(COUNTRY_PREFIX) - 1;
    bool good;
    if (strncmp(text, COUNTRY_PREFIX, prefix_len) == 0) {
        matcher.kind = CONFIG_MATCH_COUNTRY;
        good = config_parse_country(text + prefix_len, matcher.code);
    } else if (looks_like_network(text)) {
        matcher.kind = CONFIG_MATCH_NETWORK;
        if (!config_parse_network(reader, text, place, &matcher.network))
            return false;
        good = true;
    } else {
        good = parse_plain(text, &matcher);
    }
    if (good)
        *out_matcher = matcher;
    else
        refuse(reader, text, place);
    return good;
}

bool config_matcher_equal(const struct config_matcher *a, const struct config_matcher *b)
{
    return a->kind == b->kind && a->asn == b->asn && strcmp(a->code, b->code) == 0 &&
           strcmp(a->subdivision, b->subdivision) == 0 && a->network.len == b->network.len &&
           ip_equal(&a->network.addr, &b->network.addr);
}
