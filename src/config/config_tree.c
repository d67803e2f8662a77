#include "config_tree.h"

#include <stdlib.h>
#include <string.h>

#include "config_merge.h"

enum { SCRATCH_BYTES_MAX = 256 * 1024 * 1024 };

enum err config_tree_init(struct config_tree *tree, struct arena *arena,
                          struct diag_list *diags, config_lookup_fn *lookup)
{
    *tree = (struct config_tree){.arena = arena, .diags = diags, .lookup = lookup};
    tree->scratch = arena_new(SCRATCH_BYTES_MAX);
    if (!tree->scratch)
        return ERR_NO_MEMORY;
    config_index_init(&tree->anchor_index, tree->scratch);
    return ERR_OK;
}

void config_tree_deinit(struct config_tree *tree)
{
    free(tree->pending);
    free(tree->anchors);
    arena_free(tree->scratch);
}

enum err config_refuse(struct diag_list *diags, const struct diag_place *place,
                       const char *message, const char *remedy)
{
    diag_error(diags, place, "%s", message);
    diag_remedy(diags, "%s", remedy);
    return ERR_INVALID;
}

static struct config_tree_frame *top(struct config_tree *tree)
{
    return tree->depth > 0 ? &tree->frames[tree->depth - 1] : NULL;
}

const struct diag_place *config_tree_current_place(const struct config_tree *tree)
{
    if (tree->depth == 0)
        return NULL;
    const struct config_tree_frame *frame = &tree->frames[tree->depth - 1];
    return frame->key ? &frame->key_place : &frame->node->place;
}

static bool expects_key(struct config_tree *tree)
{
    const struct config_tree_frame *frame = top(tree);
    return frame && frame->node->kind == CONFIG_NODE_MAP && !frame->key;
}

/* reserve - room for one more element in an array that doubles; false when out of memory. */
static bool reserve(void **array, size_t *capacity, size_t count, size_t size)
{
    if (count < *capacity)
        return true;
    size_t wanted = *capacity ? *capacity * 2 : 256;
    void *bytes = realloc(*array, wanted * size);
    if (!bytes)
        return false;
    *array = bytes;
    *capacity = wanted;
    return true;
}

/* count_nodes - take count nodes, in levels levels below here, out of the budget. */
static enum err count_nodes(struct config_tree *tree, const struct diag_place *place,
                            uint32_t count, uint32_t levels)
{
    if (count > CONFIG_NODES_MAX - tree->node_count) {
        diag_error(tree->diags, place,
                   "more than %d values, with every alias counted as what it names",
                   CONFIG_NODES_MAX);
        diag_remedy(tree->diags, "split the file, or use fewer aliases");
        return ERR_INVALID;
    }
    if (tree->depth + levels > CONFIG_DEPTH_MAX) {
        diag_error(tree->diags, place, "nested deeper than %d levels", CONFIG_DEPTH_MAX);
        return ERR_INVALID;
    }
    tree->node_count += count;
    return ERR_OK;
}

/* add_anchor - remember the name of a node that begins; *out_anchor says where. */
static enum err add_anchor(struct config_tree *tree, const char *name, uint32_t *out_anchor)
{
    *out_anchor = CONFIG_INDEX_NONE;
    if (!name)
        return ERR_OK;
    void *anchors = tree->anchors;
    bool room = reserve(&anchors, &tree->anchor_capacity, tree->anchor_count,
                        sizeof(const struct config_node *));
    tree->anchors = anchors;
    uint32_t anchor = (uint32_t)tree->anchor_count;
    if (!room || !config_index_put(&tree->anchor_index, name, anchor))
        return ERR_NO_MEMORY;
    tree->anchors[tree->anchor_count++] = NULL;
    *out_anchor = anchor;
    return ERR_OK;
}

/* add_child - node is complete: hang it below the open collection, or make it the root. */
static enum err add_child(struct config_tree *tree, const struct config_node *node)
{
    struct config_tree_frame *frame = top(tree);
    if (!frame) {
        tree->root = node;
        return ERR_OK;
    }
    void *pending = tree->pending;
    bool room =
        reserve(&pending, &tree->pending_capacity, tree->pending_count, sizeof(*tree->pending));
    tree->pending = pending;
    if (!room)
        return ERR_NO_MEMORY;
    tree->pending[tree->pending_count++] = (struct config_node_entry){
        .key = frame->key, .key_place = frame->key_place, .value = node};
    frame->key = NULL;
    frame->node->size += node->size;
    if (frame->node->height < node->height + 1)
        frame->node->height = node->height + 1;
    return ERR_OK;
}

static enum err take_key(struct config_tree *tree, const char *text, bool quoted,
                         const struct diag_place *place)
{
    if (text[0] == '\0')
        return config_refuse(tree->diags, place, "a key is missing", "write 'key: value'");
    bool merges = !quoted && strcmp(text, CONFIG_MERGE_KEY) == 0;
    struct config_tree_frame *frame = top(tree);
    frame->key = merges ? CONFIG_MERGE_KEY : text;
    frame->key_place = *place;
    return ERR_OK;
}

enum err config_tree_put_scalar(struct config_tree *tree, const char *text, bool quoted,
                                const char *anchor, const struct diag_place *place)
{
    if (expects_key(tree))
        return take_key(tree, text, quoted, place);
    uint32_t anchor_idx;
    enum err err = count_nodes(tree, place, 1, 1);
    if (err == ERR_OK)
        err = add_anchor(tree, anchor, &anchor_idx);
    if (err != ERR_OK)
        return err;
    struct config_node *node = arena_alloc(tree->arena, sizeof(*node));
    if (!node)
        return ERR_NO_MEMORY;
    *node = (struct config_node){.kind = CONFIG_NODE_SCALAR,
                                 .place = *place,
                                 .text = text,
                                 .is_empty = !quoted && text[0] == '\0',
                                 .size = 1,
                                 .height = 1};
    if (config_subst(text, place, tree->lookup, tree->arena, tree->diags, &node->text) ==
        ERR_NO_MEMORY)
        return ERR_NO_MEMORY; /* a variable that is not set: go on with the text as written */
    if (anchor_idx != CONFIG_INDEX_NONE)
        tree->anchors[anchor_idx] = node;
    return add_child(tree, node);
}

enum err config_tree_put_alias(struct config_tree *tree, const char *name,
                               const struct diag_place *place)
{
    if (strchr(name, '/'))
        return config_refuse(tree->diags, place, "an alias cannot be a path",
                             "name an anchor: *name, with &name where it is defined");
    if (expects_key(tree))
        return config_refuse(tree->diags, place, "an alias cannot be a key",
                             "to merge a mapping, write <<: *name");
    uint32_t anchor = config_index_find(&tree->anchor_index, name);
    if (anchor == CONFIG_INDEX_NONE) {
        diag_error(tree->diags, place, "no anchor '&%.80s' stands above this alias", name);
        return ERR_INVALID;
    }
    const struct config_node *target = tree->anchors[anchor];
    if (!target) {
        diag_error(tree->diags, place, "the alias '*%.80s' stands inside what it names", name);
        return ERR_INVALID;
    }
    enum err err = count_nodes(tree, place, target->size, target->height);
    return err == ERR_OK ? add_child(tree, target) : err;
}

enum err config_tree_begin(struct config_tree *tree, enum config_node_kind kind,
                           const char *anchor, const struct diag_place *place)
{
    if (expects_key(tree))
        return config_refuse(tree->diags, place, "a key cannot be a list or a mapping",
                             "write 'key: value'");
    uint32_t anchor_idx;
    enum err err = count_nodes(tree, place, 1, 1);
    if (err == ERR_OK)
        err = add_anchor(tree, anchor, &anchor_idx);
    if (err != ERR_OK)
        return err;
    struct config_node *node = arena_alloc(tree->arena, sizeof(*node));
    if (!node)
        return ERR_NO_MEMORY;
    *node =
        (struct config_node){.kind = kind, .place = *place, .text = "", .size = 1, .height = 1};
    tree->frames[tree->depth++] = (struct config_tree_frame){
        .node = node, .first_pending = tree->pending_count, .anchor = anchor_idx};
    return ERR_OK;
}

/* take_entries - what waits for the frame becomes the entries of its node. */
static enum err take_entries(struct config_tree *tree, const struct config_tree_frame *frame)
{
    struct config_node *node = frame->node;
    size_t count = tree->pending_count - frame->first_pending;
    const struct config_node_entry *entries =
        count > 0 ? &tree->pending[frame->first_pending] : NULL;
    if (node->kind == CONFIG_NODE_MAP)
        return config_merge(entries, (uint32_t)count, tree->arena, tree->scratch, tree->diags,
                            node);
    node->entries = arena_copy(tree->arena, entries, count * sizeof(*entries));
    node->count = (uint32_t)count;
    return node->entries ? ERR_OK : ERR_NO_MEMORY;
}

enum err config_tree_end(struct config_tree *tree)
{
    const struct config_tree_frame *frame = top(tree);
    enum err err = take_entries(tree, frame);
    if (err != ERR_OK)
        return err;
    if (frame->anchor != CONFIG_INDEX_NONE)
        tree->anchors[frame->anchor] = frame->node;
    tree->pending_count = frame->first_pending;
    tree->depth--;
    return add_child(tree, frame->node);
}
