/* option_value.h - one value of the command line: checked, and stored where the table says. */
#pragma once

#include "command_table.h"

/* option_value_store - false: it is none of that kind; *out_expected says what is. text is borrowed
 * by *options. */
bool option_value_store(const struct command_value *value, const char *text,
                        struct options *options, const char **out_expected);

/* option_duration_parse - "90s", "30m", "2h", "1d", "1h30m" in seconds, at least 1. */
bool option_duration_parse(const char *text, uint64_t *out_s);
