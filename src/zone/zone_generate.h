/* zone_generate.h - the arithmetic of $GENERATE (BIND's extension to master files).
 *
 *     $GENERATE 1-3   host$   A  192.0.2.${10}      $ or ${offset[,width[,base]]}
 *               range `----- template words ----'   base: d o x X, n N (nibbles, reversed)
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "rhumb/text.h"

#include "zone_lexer.h"

enum { ZONE_GENERATE_TEXT_MAX = 65536 };

struct zone_range {
    uint32_t first, last, step;
};

/* zone_range_parse - "1-100" or "1-100/2"; false when malformed. */
bool zone_range_parse(const char *text, size_t len, struct zone_range *out_range);

/* zone_range_count - how many values it has. */
uint64_t zone_range_count(const struct zone_range *range);

/* zone_generate_expand - append the words with value put in, and spaces between them.
 *
 * returns  NULL, or static text that says what is wrong with the word *out_bad
 */
const char *zone_generate_expand(const struct zone_token *tokens, size_t count, uint32_t value,
                                 struct text *text, size_t *out_bad);
