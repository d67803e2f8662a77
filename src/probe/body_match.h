/* body_match.h - find a text in a body that arrives in pieces, without keeping the body.
 *
 * Knuth, Morris and Pratt (1977): each byte is looked at once, and how much of the pattern the
 * bytes so far end with is all that is remembered, so borders between pieces do not matter.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "rhumb/err.h"

struct body_pattern {
    char *bytes;      /* owned */
    size_t *fallback; /* owned; fallback[i]: longest proper start of bytes[0..i] that also ends
                         it */
    size_t len;       /* 0: any body matches */
};

struct body_match {
    const struct body_pattern *pattern; /* borrowed as long as the match is used */
    size_t matched;
};

/* body_pattern_init - copies text; NULL or "" matches any body. ERR_OK, ERR_NO_MEMORY. */
WARN_UNUSED enum err body_pattern_init(struct body_pattern *pattern, const char *text);

/* body_pattern_init_bytes - the same of bytes among which may be a zero. */
WARN_UNUSED enum err body_pattern_init_bytes(struct body_pattern *pattern, const char *bytes,
                                             size_t len);
void body_pattern_deinit(struct body_pattern *pattern);

void body_match_start(struct body_match *match, const struct body_pattern *pattern);

/* body_match_feed - the next len bytes; returns body_match_is_found(). */
bool body_match_feed(struct body_match *match, const char *bytes, size_t len);

bool body_match_is_found(const struct body_match *match);
