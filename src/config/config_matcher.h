/* config_matcher.h - what a `serves:` item or a `residency:` key says about clients. */
#pragma once

#include "rhumb/config.h"

#include "config_reader.h"

/* config_read_matcher - text at place; false after an error. */
bool config_read_matcher(struct config_reader *reader, const char *text,
                         const struct diag_place *place, struct config_matcher *out_matcher);

/* config_matcher_equal - do both say the same, wherever they stand? */
bool config_matcher_equal(const struct config_matcher *a, const struct config_matcher *b);
