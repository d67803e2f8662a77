/* config_yaml.h - YAML text -> tree of nodes. The only door to libfyaml.
 *
 * Aliases are followed as they come and may only name what is complete, under the budgets of
 * config_tree.h, so neither a bomb nor a cycle costs more than its own text.
 */
#pragma once

#include <stddef.h>

#include "rhumb/arena.h"
#include "rhumb/diag.h"

#include "config_node.h"
#include "config_subst.h"

enum { CONFIG_BYTES_MAX = 16 * 1024 * 1024 };

/* config_yaml_read - read one document.
 *
 * owns     the tree lives in arena
 * returns  ERR_OK with a tree; diags may still have got errors (a key twice, a variable that is
 *          not set), so that the values can be judged in the same run
 *          ERR_INVALID without one; ERR_NO_MEMORY
 */
WARN_UNUSED enum err config_yaml_read(const char *text, size_t len, const char *path,
                                      config_lookup_fn *lookup, struct arena *arena,
                                      struct diag_list *diags,
                                      const struct config_node **out_root);
