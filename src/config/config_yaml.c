/* config_yaml.c - libfyaml's events -> our tree.
 *
 * We take events, not the library's documents: an event knows its byte offset whatever it is
 * (of a document only the scalars do), and nothing is resolved behind our back. What the
 * library is, does and gets wrong stays in this file.
 */
#include "config_yaml.h"

#include <string.h>

#include <libfyaml.h>

#include "rhumb/text.h"

#include "config_source.h"
#include "config_tree.h"

struct reading {
    const char *text;
    struct config_source source;
    struct config_tree tree;
    struct arena *arena;
    struct diag_list *diags;
    uint32_t document_count;
};

static struct diag_place token_place(const struct reading *reading, struct fy_token *token)
{
    const struct fy_mark *mark = token ? fy_token_start_mark(token) : NULL;
    if (mark) {
        enum fy_scalar_style style = fy_token_scalar_style(token);
        bool quoted = style == FYSS_SINGLE_QUOTED || style == FYSS_DOUBLE_QUOTED;
        return config_source_place(&reading->source, mark->input_pos - quoted);
    }
    /* An empty value has no token: it stands at its key. */
    const struct diag_place *current = config_tree_current_place(&reading->tree);
    return current ? *current : config_source_place(&reading->source, 0);
}

/* copy_pieces - the text of a token, in the arena. *out_len may be more than its strlen().
 * ERR_INVALID when the library cannot walk the token, as with a block of blanks that the file
 * ends in.
 *
 * departs  not by fy_token_get_text(): it trusts a length found earlier, and where that is
 *          wrong it cuts the text and leaks the pieces
 */
static enum err copy_pieces(struct arena *arena, struct fy_token *token, const char **out_text,
                            size_t *out_len)
{
    struct fy_token_iter *iter = fy_token_iter_create(token);
    if (!iter)
        return ERR_NO_MEMORY;
    struct text text;
    text_init(&text, CONFIG_BYTES_MAX);
    int failed = 0;
    const struct fy_iter_chunk *chunk = NULL;
    while ((chunk = fy_token_iter_chunk_next(iter, chunk, &failed)))
        text_put(&text, chunk->str, chunk->len);
    fy_token_iter_destroy(iter);
    *out_text = text.failed ? NULL : arena_strndup(arena, text_get(&text), text.len);
    *out_len = text.len;
    text_deinit(&text);
    if (failed)
        return ERR_INVALID;
    return *out_text ? ERR_OK : ERR_NO_MEMORY;
}

/* is_misread - does the library get this token wrong? It takes the second quote of '' for the
 * first of another pair: 'a''''b' would become a'''b. */
static bool is_misread(const struct reading *reading, struct fy_token *token)
{
    static const char pairs[] = {'\'', '\'', '\'', '\''};

    if (fy_token_scalar_style(token) != FYSS_SINGLE_QUOTED)
        return false;
    size_t start = fy_token_start_mark(token)->input_pos;
    size_t end = fy_token_end_mark(token)->input_pos;
    return memmem(reading->text + start, end - start, pairs, sizeof(pairs)) != NULL;
}

static enum err token_text(struct reading *reading, struct fy_token *token,
                           const char **out_text)
{
    struct diag_place place = token_place(reading, token);
    if (is_misread(reading, token))
        return config_refuse(reading->diags, &place, "'''' inside '...' cannot be read",
                             "write the value in double quotes");
    size_t len;
    const char *text;
    enum err err = copy_pieces(reading->arena, token, &text, &len);
    if (err == ERR_INVALID)
        return config_refuse(reading->diags, &place, "this value cannot be read",
                             "write it in double quotes");
    if (err != ERR_OK)
        return err;
    if (strlen(text) < len) /* legal YAML, but it would cut our texts short */
        return config_refuse(reading->diags, &place, "a zero byte cannot be used",
                             "leave the \\0 out");
    *out_text = text;
    return ERR_OK;
}

/* read_properties - what may stand before a value: its anchor, which is NULL when there is
 * none, and a tag, which is refused. */
static enum err read_properties(struct reading *reading, struct fy_token *anchor,
                                struct fy_token *tag, const char **out_anchor)
{
    *out_anchor = NULL;
    if (tag) {
        struct diag_place place = token_place(reading, tag);
        return config_refuse(reading->diags, &place, "tags are not used here",
                             "leave the '!...' out");
    }
    return anchor ? token_text(reading, anchor, out_anchor) : ERR_OK;
}

static enum err on_scalar(struct reading *reading, const struct fy_event *event)
{
    struct fy_token *token = event->scalar.value;
    const char *anchor, *text = "";
    enum err err = read_properties(reading, event->scalar.anchor, event->scalar.tag, &anchor);
    if (err == ERR_OK && token)
        err = token_text(reading, token, &text);
    if (err != ERR_OK)
        return err;
    bool quoted = fy_token_scalar_style(token) != FYSS_PLAIN;
    struct diag_place place = token_place(reading, token);
    return config_tree_put_scalar(&reading->tree, text, quoted, anchor, &place);
}

static enum err on_alias(struct reading *reading, const struct fy_event *event)
{
    const char *name;
    enum err err = token_text(reading, event->alias.anchor, &name);
    if (err != ERR_OK)
        return err;
    struct diag_place place = token_place(reading, event->alias.anchor);
    if (place.column > 1)
        place.column--; /* the token starts behind the '*' */
    return config_tree_put_alias(&reading->tree, name, &place);
}

static enum err on_start(struct reading *reading, enum config_node_kind kind,
                         struct fy_token *token, struct fy_token *anchor_token,
                         struct fy_token *tag)
{
    const char *anchor;
    enum err err = read_properties(reading, anchor_token, tag, &anchor);
    if (err != ERR_OK)
        return err;
    struct diag_place place = token_place(reading, token);
    return config_tree_begin(&reading->tree, kind, anchor, &place);
}

static enum err on_document(struct reading *reading, struct fy_token *token)
{
    if (++reading->document_count == 1)
        return ERR_OK;
    struct diag_place place = token_place(reading, token);
    return config_refuse(reading->diags, &place, "a second document begins",
                         "one file holds one document");
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
    case FYET_MAPPING_END: return config_tree_end(&reading->tree);
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
    const struct config_node *root = reading->tree.root;
    if (root && !root->is_empty)
        return ERR_OK;
    struct diag_place place = {.file = reading->source.path};
    return config_refuse(reading->diags, &place, "the file is empty",
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

/* check_brackets - no more '[' and '{' than there may be values.
 *
 * The library looks through every bracket that opens in a line before it hands out the first of
 * them: 3 MB of '{' took 8 s and 1 GB. Those in quotes and comments count too; nobody has a
 * hundred thousand of them.
 */
static bool check_brackets(const struct reading *reading, const char *text, size_t len)
{
    uint32_t count = 0;
    for (size_t i = 0; i < len; i++) {
        count += text[i] == '[' || text[i] == '{';
        if (count <= CONFIG_NODES_MAX)
            continue;
        struct diag_place place = config_source_place(&reading->source, i);
        diag_error(reading->diags, &place, "more than %d brackets", CONFIG_NODES_MAX);
        diag_remedy(reading->diags, "split the file");
        return false;
    }
    return true;
}

enum err config_yaml_read(const char *text, size_t len, const char *path,
                          config_lookup_fn *lookup, struct arena *arena,
                          struct diag_list *diags, const struct config_node **out_root)
{
    if (len > CONFIG_BYTES_MAX) {
        struct diag_place place = {.file = path};
        diag_error(diags, &place, "the file is larger than %d MiB", CONFIG_BYTES_MAX >> 20);
        return ERR_INVALID;
    }
    struct reading reading = {.text = text, .arena = arena, .diags = diags};
    enum err err = config_source_init(&reading.source, path, text, len, arena);
    if (err != ERR_OK)
        return err;
    if (!config_source_check_text(&reading.source, text, len, diags) ||
        !check_brackets(&reading, text, len))
        return ERR_INVALID;
    err = config_tree_init(&reading.tree, arena, diags, lookup);
    if (err != ERR_OK)
        return err;
    err = parse_text(&reading, text, len);
    if (err == ERR_OK)
        *out_root = reading.tree.root;
    config_tree_deinit(&reading.tree);
    return err;
}
