/* config_tree.h - builds the tree of nodes from what a YAML file says, piece by piece.
 *
 * config_yaml.c calls it in the order of the text. Everything the format leaves open is judged
 * here: where a key may stand, what an alias may name, how much and how deep. Open collections
 * are frames on a stack; their finished children wait in `pending`:
 *
 *     frames:   [ root map ] [ services map ] [ list ]
 *     pending:  a b c          d e              f g h      one common array
 *               ^first         ^first           ^first
 *
 * The end of a collection turns its part of `pending` into one node, which becomes a child of
 * the frame below.
 *
 * Every function returns ERR_OK, ERR_INVALID (diags says why; the file makes no sense from here
 * on) or ERR_NO_MEMORY. A mistake after which reading can go on only leaves its error.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "rhumb/arena.h"
#include "rhumb/diag.h"

#include "config_index.h"
#include "config_node.h"
#include "config_subst.h"

enum {
    CONFIG_DEPTH_MAX = 64,
    CONFIG_NODES_MAX = 100000, /* values, with every alias counted as what it names */
};

struct config_tree_frame {
    struct config_node *node;
    size_t first_pending;
    uint32_t anchor; /* index into anchors, CONFIG_INDEX_NONE */
    const char *key; /* mapping: read, its value is still to come; NULL: a key comes next */
    struct diag_place key_place;
};

struct config_tree {
    struct arena *arena, *scratch; /* scratch: gone when the tree is complete */
    struct diag_list *diags;
    config_lookup_fn *lookup;
    struct config_tree_frame frames[CONFIG_DEPTH_MAX];
    uint32_t depth;
    struct config_node_entry *pending; /* owned */
    size_t pending_count, pending_capacity;
    struct config_index anchor_index;   /* name -> the latest of that name in anchors */
    const struct config_node **anchors; /* owned; NULL: still open */
    size_t anchor_count, anchor_capacity;
    uint32_t node_count;
    const struct config_node *root; /* NULL until the document is complete */
};

/* config_tree_init - nodes and the texts handed over live in arena, borrowed until deinit. */
WARN_UNUSED enum err config_tree_init(struct config_tree *tree, struct arena *arena,
                                      struct diag_list *diags, config_lookup_fn *lookup);
void config_tree_deinit(struct config_tree *tree);

/* config_tree_current_place - of the key whose value comes next, or of the open collection:
 * where something stands that is not written. NULL when nothing is open. */
const struct diag_place *config_tree_current_place(const struct config_tree *tree);

/* config_tree_put_scalar - a key or a value, whichever comes next. text lives in the arena;
 * anchor is the name behind '&', NULL for none. */
WARN_UNUSED enum err config_tree_put_scalar(struct config_tree *tree, const char *text,
                                            bool quoted, const char *anchor,
                                            const struct diag_place *place);

/* config_tree_put_alias - *name. */
WARN_UNUSED enum err config_tree_put_alias(struct config_tree *tree, const char *name,
                                           const struct diag_place *place);

/* config_tree_begin, config_tree_end - a list or a mapping. */
WARN_UNUSED enum err config_tree_begin(struct config_tree *tree, enum config_node_kind kind,
                                       const char *anchor, const struct diag_place *place);
WARN_UNUSED enum err config_tree_end(struct config_tree *tree);

/* config_refuse - one error with its remedy; returns ERR_INVALID. */
enum err config_refuse(struct diag_list *diags, const struct diag_place *place,
                       const char *message, const char *remedy);
