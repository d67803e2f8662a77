/* config_subst.h - ${VAR}, ${VAR:-default} and ${VAR:?message} in one scalar value.
 *
 * An empty variable counts as not set for `:-` and `:?`, as in a shell. `$${` stands for `${`;
 * any other `$` is itself. What a variable holds is not looked into again.
 */
#pragma once

#include "rhumb/arena.h"
#include "rhumb/diag.h"

/* The value of a variable, NULL when it is not set. Borrowed for the call. */
typedef const char *config_lookup_fn(const char *name);

/* config_subst - text with its variables filled in.
 *
 * owns     the result lives in arena, or is text itself when there is nothing to fill in
 * returns  ERR_OK; ERR_INVALID (diags says why, at place); ERR_NO_MEMORY
 */
WARN_UNUSED enum err config_subst(const char *text, const struct diag_place *place,
                                  config_lookup_fn *lookup, struct arena *arena,
                                  struct diag_list *diags, const char **out_text);
