/* change_text.h - a change by hand, said in a sentence. */
#pragma once

#include <jansson.h>

#include "rhumb/options.h"

#include "screen.h"

/* change_text_put_done - on the screen: what was changed, and that it is not on disk when it is not.
 * answer: of the admin API. */
void change_text_put_done(const struct screen *screen, const struct options *options,
                          const json_t *answer);

/* change_text_put_missing - to standard error: there is nothing to end at that place, and what may have
 * been meant instead. overrides: the list of all. */
void change_text_put_missing(const struct options *options, const json_t *overrides);

/* change_text_ends - does the command (undrain, unforce) end an override of that state? */
bool change_text_ends(enum command command, const char *state);
