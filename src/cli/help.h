/* help.h - what can be said, from the table. */
#pragma once

#include <stdio.h>

#include "rhumb/text.h"

#include "command_table.h"

/* help_print_overview - all commands in a line each. */
void help_print_overview(FILE *out);

/* help_print_command - all about one. */
void help_print_command(FILE *out, const struct command_entry *entry);

/* help_put_synopsis - "REGION[/ADDRESS] --reason TEXT [--for TIME]": what stands behind the
 * command; arguments, what must be said, what may be said. A tab stands before each value, for
 * wrap.h. */
void help_put_synopsis(struct text *out, const struct command_entry *entry);

/* help_put_option - "-c, --config FILE". */
void help_put_option(struct text *out, const struct command_option *option);
