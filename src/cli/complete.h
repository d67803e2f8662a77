/* complete.h - completion scripts of shells: what the table knows as data of the shell, and behind it
 * the code that uses it (completion.bash, .zsh, .fish).
 *
 * A script knows commands, options and choices by itself; for names of services, regions and
 * targets it asks the running server by `rhumb services --names` and its like, with the -c or
 * --socket of the line, and offers nothing when there is none.
 */
#pragma once

#include <stdbool.h>
#include <stdio.h>

#include "command_table.h"

/* complete_print - for one of the shells that the table has: "bash", "zsh", "fish". */
void complete_print(FILE *out, const char *shell);

/* ---- each of them ---- */

void complete_bash_print(FILE *out);
void complete_zsh_print(FILE *out);
void complete_fish_print(FILE *out);

/* complete_live_command - the command whose --names are the values of that kind; NULL: none. */
const char *complete_live_command(enum value_kind kind);

/* complete_is_path - files are worth offering. */
bool complete_is_path(enum value_kind kind);

/* complete_put_words - choices, or all commands, with a blank between; nothing for other kinds.
 * Returns false then. */
bool complete_put_words(FILE *out, const struct command_value *value);

/* complete_put_quoted - text between single quotes of bash and zsh, with a backslash before each
 * of `special`. */
void complete_put_quoted(FILE *out, const char *text, const char *special);

/* The code, embedded by the build; text that ends in a zero byte. */
extern const unsigned char completion_bash[], completion_zsh[], completion_fish[];
