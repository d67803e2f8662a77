#include "config_node.h"

#include <string.h>

const struct config_node_entry *config_node_find(const struct config_node *node,
                                                 const char *key)
{
    if (node->kind != CONFIG_NODE_MAP)
        return NULL;
    for (uint32_t i = 0; i < node->count; i++) {
        if (strcmp(node->entries[i].key, key) == 0)
            return &node->entries[i];
    }
    return NULL;
}

const char *config_node_kind_name(const struct config_node *node)
{
    switch (node->kind) {
    case CONFIG_NODE_SCALAR: return node->is_empty ? "nothing" : "a single value";
    case CONFIG_NODE_LIST: return "a list";
    case CONFIG_NODE_MAP: return "a mapping";
    }
    return "something else";
}
