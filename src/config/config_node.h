/* config_node.h - the file as a tree that remembers where everything stands.
 *
 * Made by config_yaml.c, read by the builders. Aliases and `<<` are gone: a node may hang below
 * several others, and then its place is where its anchor stands. Everything lives in the arena
 * of the model; nothing changes once the tree is complete.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "rhumb/diag.h"

enum config_node_kind { CONFIG_NODE_SCALAR, CONFIG_NODE_LIST, CONFIG_NODE_MAP };

/* One item of a list (key NULL) or one entry of a mapping. */
struct config_node_entry {
    const char *key;
    struct diag_place key_place;
    const struct config_node *value; /* never NULL */
};

struct config_node {
    enum config_node_kind kind;
    struct diag_place place;
    const char *text;                        /* scalar: after ${...}; never NULL */
    bool is_empty;                           /* scalar: nothing was written, `key:` */
    const struct config_node_entry *entries; /* list and mapping; keys of a mapping differ */
    uint32_t count;
    uint32_t size;   /* nodes in here, this one included, aliases followed */
    uint32_t height; /* 1 for a scalar, else 1 + that of the highest entry */
};

/* config_node_find - the entry of a mapping, NULL when there is none (or node is no mapping).
 * Reads the entries in order: for a handful of look-ups, not for a loop. */
const struct config_node_entry *config_node_find(const struct config_node *node,
                                                 const char *key);

/* config_node_kind_name - "a value", "a list", "a mapping" or "nothing", for messages. */
const char *config_node_kind_name(const struct config_node *node);
