/* config_yaml.c - libfyaml's events -> our tree.
 *
 * We take events, not the library's documents: every event knows its byte offset (a document
 * only that of scalars), aliases are ours to judge, and resolving them never starts without a
 * budget. Open collections are frames on a stack; their finished children wait in `pending`:
 *
 *     frames:   [ root map ] [ services map ] [ list ]
 *     pending:  a b c          d e              f g h      one common array
 *               ^first         ^first           ^first
 *
 * The end of a collection turns its part of `pending` into one node, which becomes a child of
 * the frame below.
 */
#include "config_yaml.h"

#include <stdlib.h>
#include <string.h>

#include <libfyaml.h>

#include "config_index.h"
#include "config_merge.h"
#include "config_source.h"

struct frame {
    struct config_node *node;
    size_t first_pending;
    uint32_t anchor; /* index into anchors, CONFIG_INDEX_NONE */
    const char *key; /* mapping: read, its value is still to come; NULL: a key comes next */
    struct diag_place key_place;
};

struct reading {
    struct config_source source;
    struct arena *arena, *scratch; /* scratch: gone when the tree is complete */
    struct diag_list *diags;
    config_lookup_fn *lookup;

    struct frame frames[CONFIG_DEPTH_MAX];
    uint32_t depth;
    struct config_node_entry *pending; /* owned */
    size_t pending_count, pending_capacity;

    struct config_index anchor_index;   /* name -> the latest of that name in anchors */
    const struct config_node **anchors; /* owned; NULL: still open */
    size_t anchor_count, anchor_capacity;

    uint32_t node_count; /* aliases followed */
    uint32_t document_count;
    const struct config_node *root;
};

static struct diag_place token_place(const struct reading *reading, struct fy_token *token)
{
    const struct fy_mark *mark = token ? fy_token_start_mark(token) : NULL;
    if (mark) {
        enum fy_scalar_style style = fy_token_scalar_style(token);
        bool quoted = style == FYSS_SINGLE_QUOTED || style == FYSS_DOUBLE_QUOTED;
        return config_source_place(&reading->source, mark->input_pos - quoted);
    }
    if (reading->depth == 0) /* an empty value has no token: it stands at its key */
        return config_source_place(&reading->source, 0);
    const struct frame *frame = &reading->frames[reading->depth - 1];
    return frame->key ? frame->key_place : frame->node->place;
}

static const char *token_text(struct reading *reading, struct fy_token *token)
{
    size_t len = 0;
    const char *text = token ? fy_token_get_text(token, &len) : NULL;
    return arena_strndup(reading->arena, text ? text : "", text ? len : 0);
}

/* has_zero_byte - "\0" in double quotes is legal YAML, but would cut our texts short. */
static bool has_zero_byte(struct fy_token *token)
{
    size_t len = 0;
    const char *text = token ? fy_token_get_text(token, &len) : NULL;
    return text && memchr(text, '\0', len);
}

static enum err refuse(struct reading *reading, const struct diag_place *place,
                       const char *message, const char *remedy)
{
    diag_error(reading->diags, place, "%s", message);
    diag_remedy(reading->diags, "%s", remedy);
    return ERR_INVALID;
}

/* grow - room for one more element in an array that doubles; false when out of memory. */
static bool grow(void **array, size_t *capacity, size_t count, size_t size)
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
static enum err count_nodes(struct reading *reading, const struct diag_place *place,
                            uint32_t count, uint32_t levels)
{
    if (count > CONFIG_NODES_MAX - reading->node_count) {
        diag_error(reading->diags, place,
                   "more than %d values, with every alias counted as what it names",
                   CONFIG_NODES_MAX);
        diag_remedy(reading->diags, "split the file, or use fewer aliases");
        return ERR_INVALID;
    }
    if (reading->depth + levels > CONFIG_DEPTH_MAX) {
        diag_error(reading->diags, place, "nested deeper than %d levels", CONFIG_DEPTH_MAX);
        return ERR_INVALID;
    }
    reading->node_count += count;
    return ERR_OK;
}

/* add_anchor - remember the name of a node that begins; *out_anchor says where. */
static enum err add_anchor(struct reading *reading, struct fy_token *token,
                           uint32_t *out_anchor)
{
    *out_anchor = CONFIG_INDEX_NONE;
    if (!token)
        return ERR_OK;
    const char *name = token_text(reading, token);
    void *anchors = reading->anchors;
    bool room = grow(&anchors, &reading->anchor_capacity, reading->anchor_count,
                     sizeof(*reading->anchors));
    reading->anchors = anchors;
    uint32_t anchor = (uint32_t)reading->anchor_count;
    if (!name || !room || !config_index_put(&reading->anchor_index, name, anchor))
        return ERR_NO_MEMORY;
    reading->anchors[reading->anchor_count++] = NULL;
    *out_anchor = anchor;
    return ERR_OK;
}

static enum err refuse_tag(struct reading *reading, struct fy_token *tag)
{
    if (!tag)
        return ERR_OK;
    struct diag_place place = token_place(reading, tag);
    return refuse(reading, &place, "tags are not used here", "leave the '!...' out");
}

/* add_child - node is complete: hang it below the open collection, or make it the root. */
static enum err add_child(struct reading *reading, const struct config_node *node)
{
    if (reading->depth == 0) {
        reading->root = node;
        return ERR_OK;
    }
    struct frame *frame = &reading->frames[reading->depth - 1];
    void *pending = reading->pending;
    bool room = grow(&pending, &reading->pending_capacity, reading->pending_count,
                     sizeof(*reading->pending));
    reading->pending = pending;
    if (!room)
        return ERR_NO_MEMORY;
    reading->pending[reading->pending_count++] = (struct config_node_entry){
        .key = frame->key, .key_place = frame->key_place, .value = node};
    frame->key = NULL;
    frame->node->size += node->size;
    if (frame->node->height < node->height + 1)
        frame->node->height = node->height + 1;
    return ERR_OK;
}

static bool expects_key(const struct reading *reading)
{
    if (reading->depth == 0)
        return false;
    const struct frame *frame = &reading->frames[reading->depth - 1];
    return frame->node->kind == CONFIG_NODE_MAP && !frame->key;
}

static enum err read_key(struct reading *reading, struct fy_token *token,
                         const struct diag_place *place)
{
    const char *text = token_text(reading, token);
    if (!text)
        return ERR_NO_MEMORY;
    if (text[0] == '\0')
        return refuse(reading, place, "a key is missing", "write 'key: value'");
    bool merges =
        strcmp(text, CONFIG_MERGE_KEY) == 0 && fy_token_scalar_style(token) == FYSS_PLAIN;
    struct frame *frame = &reading->frames[reading->depth - 1];
    frame->key = merges ? CONFIG_MERGE_KEY : text;
    frame->key_place = *place;
    return ERR_OK;
}

static enum err on_scalar(struct reading *reading, const struct fy_event *event)
{
    struct fy_token *token = event->scalar.value;
    struct diag_place place = token_place(reading, token);
    uint32_t anchor = CONFIG_INDEX_NONE;
    enum err err = refuse_tag(reading, event->scalar.tag);
    if (err == ERR_OK && has_zero_byte(token))
        err = refuse(reading, &place, "a zero byte cannot be used", "leave the \\0 out");
    if (err == ERR_OK && expects_key(reading))
        return read_key(reading, token, &place);
    if (err == ERR_OK)
        err = count_nodes(reading, &place, 1, 1);
    if (err == ERR_OK)
        err = add_anchor(reading, event->scalar.anchor, &anchor);
    if (err != ERR_OK)
        return err;

    struct config_node *node = arena_alloc(reading->arena, sizeof(*node));
    const char *text = token_text(reading, token);
    if (!node || !text)
        return ERR_NO_MEMORY;
    bool plain = !token || fy_token_scalar_style(token) == FYSS_PLAIN;
    *node = (struct config_node){.kind = CONFIG_NODE_SCALAR,
                                 .place = place,
                                 .text = text,
                                 .is_empty = plain && text[0] == '\0',
                                 .size = 1,
                                 .height = 1};
    if (config_subst(text, &place, reading->lookup, reading->arena, reading->diags,
                     &node->text) == ERR_NO_MEMORY)
        return ERR_NO_MEMORY; /* a variable that is not set: go on with the text as written */
    if (anchor != CONFIG_INDEX_NONE)
        reading->anchors[anchor] = node;
    return add_child(reading, node);
}

static enum err on_alias(struct reading *reading, const struct fy_event *event)
{
    struct diag_place place = token_place(reading, event->alias.anchor);
    const char *name = token_text(reading, event->alias.anchor);
    if (!name)
        return ERR_NO_MEMORY;
    if (place.column > 1)
        place.column--; /* the token starts behind the '*' */
    if (strchr(name, '/'))
        return refuse(reading, &place, "an alias cannot be a path",
                      "name an anchor: *name, with &name where it is defined");
    if (expects_key(reading))
        return refuse(reading, &place, "an alias cannot be a key",
                      "to merge a mapping, write <<: *name");
    uint32_t anchor = config_index_find(&reading->anchor_index, name);
    if (anchor == CONFIG_INDEX_NONE) {
        diag_error(reading->diags, &place, "no anchor '&%.80s' stands above this alias", name);
        return ERR_INVALID;
    }
    const struct config_node *target = reading->anchors[anchor];
    if (!target) {
        diag_error(reading->diags, &place, "the alias '*%.80s' stands inside what it names",
                   name);
        return ERR_INVALID;
    }
    enum err err = count_nodes(reading, &place, target->size, target->height);
    return err == ERR_OK ? add_child(reading, target) : err;
}

static enum err on_start(struct reading *reading, enum config_node_kind kind,
                         struct fy_token *token, struct fy_token *anchor_token,
                         struct fy_token *tag)
{
    struct diag_place place = token_place(reading, token);
    if (expects_key(reading))
        return refuse(reading, &place, "a key cannot be a list or a mapping",
                      "write 'key: value'");
    uint32_t anchor = CONFIG_INDEX_NONE;
    enum err err = count_nodes(reading, &place, 1, 1);
    if (err == ERR_OK)
        err = refuse_tag(reading, tag);
    if (err == ERR_OK)
        err = add_anchor(reading, anchor_token, &anchor);
    if (err != ERR_OK)
        return err;
    struct config_node *node = arena_alloc(reading->arena, sizeof(*node));
    if (!node)
        return ERR_NO_MEMORY;
    *node =
        (struct config_node){.kind = kind, .place = place, .text = "", .size = 1, .height = 1};
    reading->frames[reading->depth++] =
        (struct frame){.node = node, .first_pending = reading->pending_count, .anchor = anchor};
    return ERR_OK;
}

static enum err on_end(struct reading *reading)
{
    const struct frame *frame = &reading->frames[reading->depth - 1];
    struct config_node *node = frame->node;
    size_t count = reading->pending_count - frame->first_pending;
    const struct config_node_entry *entries =
        count > 0 ? &reading->pending[frame->first_pending] : NULL;
    enum err err = ERR_OK;
    if (node->kind == CONFIG_NODE_MAP) {
        err = config_merge(entries, (uint32_t)count, reading->arena, reading->scratch,
                           reading->diags, node);
    } else {
        node->entries = arena_copy(reading->arena, entries, count * sizeof(*entries));
        node->count = (uint32_t)count;
        err = node->entries ? ERR_OK : ERR_NO_MEMORY;
    }
    if (err != ERR_OK)
        return err;
    if (frame->anchor != CONFIG_INDEX_NONE)
        reading->anchors[frame->anchor] = node;
    reading->pending_count = frame->first_pending;
    reading->depth--;
    return add_child(reading, node);
}

static enum err on_document(struct reading *reading, struct fy_token *token)
{
    if (++reading->document_count == 1)
        return ERR_OK;
    struct diag_place place = token_place(reading, token);
    return refuse(reading, &place, "a second document begins", "one file holds one document");
}

static enum err on_event(struct reading *reading, const struct fy_event *event)
{
    switch ((int)event->type) { /* the library's enum: what we do not know, we do not need */
    case FYET_DOCUMENT_START: return on_document(reading, event->document_start.document_start);
    case FYET_SCALAR: return on_scalar(reading, event);
    case FYET_ALIAS: return on_alias(reading, event);
    case FYET_SEQUENCE_START:
        return on_start(reading, CONFIG_NODE_LIST, event->sequence_start.sequence_start,
                        event->sequence_start.anchor, event->sequence_start.tag);
    case FYET_MAPPING_START:
        return on_start(reading, CONFIG_NODE_MAP, event->mapping_start.mapping_start,
                        event->mapping_start.anchor, event->mapping_start.tag);
    case FYET_SEQUENCE_END:
    case FYET_MAPPING_END: return on_end(reading);
    default: return ERR_OK;
    }
}

/* report_syntax - what the library found wrong. Its lines and columns count from 1. */
static void report_syntax(struct reading *reading, struct fy_diag *diag)
{
    void *at = NULL;
    bool any = false, variable = false;
    for (struct fy_diag_error *error = fy_diag_errors_iterate(diag, &at); error;
         error = fy_diag_errors_iterate(diag, &at)) {
        struct diag_place place = config_source_place_at(
            &reading->source, error->line > 0 ? (uint32_t)error->line : 0,
            error->column > 0 ? (uint32_t)error->column : 0);
        diag_error(reading->diags, &place, "not valid YAML: %s", error->msg);
        any = true;
        variable = variable || (place.excerpt && strstr(place.excerpt, "${"));
    }
    if (!any) {
        struct diag_place place = {.file = reading->source.path};
        diag_error(reading->diags, &place, "not valid YAML");
    }
    diag_remedy(reading->diags, "%s",
                variable ? "inside {...} and [...] write variables in quotes: \"${NAME}\""
                         : "look at indentation, quotes and brackets here and just above");
}

static enum err parse_events(struct reading *reading, struct fy_parser *parser,
                             struct fy_diag *diag)
{
    enum err err = ERR_OK;
    struct fy_event *event = NULL;
    while (err == ERR_OK && (event = fy_parser_parse(parser))) {
        err = on_event(reading, event);
        fy_parser_event_free(parser, event);
    }
    if (err != ERR_OK)
        return err;
    if (fy_parser_get_stream_error(parser)) {
        report_syntax(reading, diag);
        return ERR_INVALID;
    }
    if (reading->root &&
        !(reading->root->kind == CONFIG_NODE_SCALAR && reading->root->is_empty))
        return ERR_OK;
    struct diag_place place = {.file = reading->source.path};
    return refuse(reading, &place, "the file is empty",
                  "it needs at least 'services:' and 'zones:'");
}

static enum err parse_text(struct reading *reading, const char *text, size_t len)
{
    struct fy_diag_cfg diag_config;
    fy_diag_cfg_default(&diag_config);
    diag_config.fp = NULL;
    struct fy_diag *diag = fy_diag_create(&diag_config);
    if (!diag)
        return ERR_NO_MEMORY;
    fy_diag_set_collect_errors(diag, true); /* without it the library prints by itself */
    struct fy_parse_cfg config = {.flags = FYPCF_QUIET, .diag = diag};
    struct fy_parser *parser = fy_parser_create(&config);
    enum err err = ERR_NO_MEMORY;
    if (parser && fy_parser_set_string(parser, text, len) == 0)
        err = parse_events(reading, parser, diag);
    fy_parser_destroy(parser);
    fy_diag_destroy(diag);
    return err;
}

enum err config_yaml_read(const char *text, size_t len, const char *path,
                          config_lookup_fn *lookup, struct arena *arena,
                          struct diag_list *diags, const struct config_node **out_root)
{
    enum { SCRATCH_BYTES_MAX = 256 * 1024 * 1024 };

    if (len > CONFIG_BYTES_MAX) {
        struct diag_place place = {.file = path};
        diag_error(diags, &place, "the file is larger than %d MiB", CONFIG_BYTES_MAX >> 20);
        return ERR_INVALID;
    }
    struct reading reading = {.arena = arena, .diags = diags, .lookup = lookup};
    enum err err = config_source_init(&reading.source, path, text, len, arena);
    if (err != ERR_OK)
        return err;
    if (!config_source_check_text(&reading.source, text, len, diags))
        return ERR_INVALID;
    reading.scratch = arena_new(SCRATCH_BYTES_MAX);
    if (!reading.scratch)
        return ERR_NO_MEMORY;
    config_index_init(&reading.anchor_index, reading.scratch);
    err = parse_text(&reading, text, len);
    free(reading.pending);
    free(reading.anchors);
    arena_free(reading.scratch);
    if (err == ERR_OK)
        *out_root = reading.root;
    return err;
}
