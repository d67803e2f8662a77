#include "config_merge.h"

#include "config_index.h"

const char CONFIG_MERGE_KEY[] = "<<";

struct merge {
    struct config_index seen; /* key -> index into entries */
    struct config_node_entry *entries;
    uint32_t count;
    struct diag_list *diags;
};

static uint32_t entries_within(const struct config_node *node)
{
    if (node->kind == CONFIG_NODE_MAP)
        return node->count;
    uint32_t total = 0;
    for (uint32_t i = 0; i < node->count; i++)
        total += node->entries[i].value->count;
    return total;
}

static enum err add_new(struct merge *merge, const struct config_node_entry *entry)
{
    merge->entries[merge->count] = *entry;
    if (!config_index_put(&merge->seen, entry->key, merge->count))
        return ERR_NO_MEMORY;
    merge->count++;
    return ERR_OK;
}

static enum err add_written(struct merge *merge, const struct config_node_entry *entry)
{
    uint32_t earlier = config_index_find(&merge->seen, entry->key);
    if (earlier == CONFIG_INDEX_NONE)
        return add_new(merge, entry);
    diag_error(merge->diags, &entry->key_place, "the key '%.80s' stands here twice",
               entry->key);
    diag_remedy(merge->diags, "the first one is in line %u; keep one of them",
                merge->entries[earlier].key_place.line);
    return ERR_OK;
}

static enum err add_merged(struct merge *merge, const struct config_node *map)
{
    if (map->kind != CONFIG_NODE_MAP) {
        diag_error(merge->diags, &map->place, "'<<' takes mappings, not %s",
                   config_node_kind_name(map));
        diag_remedy(merge->diags, "write <<: *name or <<: [*one, *two]");
        return ERR_OK;
    }
    for (uint32_t i = 0; i < map->count; i++) {
        const struct config_node_entry *entry = &map->entries[i];
        if (config_index_find(&merge->seen, entry->key) != CONFIG_INDEX_NONE)
            continue;
        enum err err = add_new(merge, entry);
        if (err != ERR_OK)
            return err;
    }
    return ERR_OK;
}

static enum err merge_one(struct merge *merge, const struct config_node *value)
{
    if (value->kind != CONFIG_NODE_LIST)
        return add_merged(merge, value);
    for (uint32_t i = 0; i < value->count; i++) {
        enum err err = add_merged(merge, value->entries[i].value);
        if (err != ERR_OK)
            return err;
    }
    return ERR_OK;
}

enum err config_merge(const struct config_node_entry *written, uint32_t count,
                      struct arena *arena, struct arena *scratch, struct diag_list *diags,
                      struct config_node *node)
{
    const struct config_node_entry *merged = NULL;
    size_t room = count;
    for (uint32_t i = 0; i < count; i++) {
        if (written[i].key == CONFIG_MERGE_KEY)
            room += entries_within(written[i].value);
    }
    struct merge merge = {.entries = arena_alloc_array(arena, room, sizeof(*merge.entries)),
                          .diags = diags};
    if (!merge.entries)
        return ERR_NO_MEMORY;
    config_index_init(&merge.seen, scratch);
    enum err err = ERR_OK;
    for (uint32_t i = 0; i < count && err == ERR_OK; i++) {
        if (written[i].key != CONFIG_MERGE_KEY) {
            err = add_written(&merge, &written[i]);
        } else if (merged) {
            diag_error(diags, &written[i].key_place, "'<<' stands here twice");
            diag_remedy(diags, "merge several mappings with <<: [*one, *two]");
        } else {
            merged = &written[i];
        }
    }
    if (err == ERR_OK && merged)
        err = merge_one(&merge, merged->value);
    if (err != ERR_OK)
        return err;
    node->entries = merge.entries;
    node->count = merge.count;
    return ERR_OK;
}
