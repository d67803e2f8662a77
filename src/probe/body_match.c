#include "body_match.h"

#include <stdlib.h>
#include <string.h>

/* extend - how much of the pattern is matched after one more byte. */
static size_t extend(const struct body_pattern *pattern, size_t matched, char byte)
{
    while (matched > 0 && pattern->bytes[matched] != byte)
        matched = pattern->fallback[matched - 1];
    return pattern->bytes[matched] == byte ? matched + 1 : 0;
}

enum err body_pattern_init(struct body_pattern *pattern, const char *text)
{
    return body_pattern_init_bytes(pattern, text, text ? strlen(text) : 0);
}

enum err body_pattern_init_bytes(struct body_pattern *pattern, const char *bytes, size_t len)
{
    *pattern = (struct body_pattern){0};
    if (len == 0)
        return ERR_OK;
    pattern->bytes = (char *)calloc(1, len + 1);
    pattern->fallback = (size_t *)calloc(len, sizeof(*pattern->fallback));
    if (!pattern->bytes || !pattern->fallback) {
        body_pattern_deinit(pattern);
        return ERR_NO_MEMORY;
    }
    for (size_t i = 0; i < len; i++)
        pattern->bytes[i] = bytes[i];
    for (size_t i = 1; i < len; i++)
        pattern->fallback[i] = extend(pattern, pattern->fallback[i - 1], bytes[i]);
    pattern->len = len;
    return ERR_OK;
}

void body_pattern_deinit(struct body_pattern *pattern)
{
    free(pattern->bytes);
    free(pattern->fallback);
    *pattern = (struct body_pattern){0};
}

void body_match_start(struct body_match *match, const struct body_pattern *pattern)
{
    *match = (struct body_match){.pattern = pattern};
}

bool body_match_is_found(const struct body_match *match)
{
    return match->matched == match->pattern->len;
}

bool body_match_feed(struct body_match *match, const char *bytes, size_t len)
{
    for (size_t i = 0; i < len && !body_match_is_found(match); i++)
        match->matched = extend(match->pattern, match->matched, bytes[i]);
    return body_match_is_found(match);
}
