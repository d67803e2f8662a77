/* $ORIGIN, $TTL, $INCLUDE (RFC 1035 section 5.1, RFC 2308 section 4) and $GENERATE. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "rhumb/text.h"

#include "zone_generate.h"
#include "zone_limits.h"
#include "zone_parse.h"
#include "zone_text.h"

static void parse_origin(struct zone_parser *parser, struct zone_scope *scope,
                         const struct zone_token *token)
{
    uint8_t name[DNS_NAME_MAX];
    const char *reason = "it is quoted";
    size_t len = token->quoted ? 0
                               : dns_name_from_text(token->text, token->len, scope->origin,
                                                    name, &reason);
    if (len > 0)
        memcpy(scope->origin, name, len);
    else
        zone_parser_complain(parser, scope, token, "this is no origin: %s", reason);
}

static void parse_default_ttl(struct zone_parser *parser, struct zone_scope *scope,
                              const struct zone_token *token)
{
    uint32_t ttl_s;
    enum zone_ttl result =
        token->quoted ? ZONE_TTL_MALFORMED : zone_text_ttl(token->text, token->len, &ttl_s);
    if (result == ZONE_TTL_TOO_BIG) {
        zone_parser_complain(parser, scope, token, "the TTL is above 2147483647 seconds");
    } else if (result == ZONE_TTL_MALFORMED) {
        int shown = token->len > 60 ? 60 : (int)token->len;
        zone_parser_complain(parser, scope, token, "'%.*s' is no TTL, expected 3600 or 1h30m",
                             shown, token->text);
    } else {
        scope->default_ttl_s = ttl_s;
        scope->has_default_ttl = true;
        return;
    }
    /* The records below lack no TTL: the operator has seen to it, if badly. */
    scope->has_last_ttl = true;
}

/* include_path - the file of the word, relative to the folder of the file it stands in; the
 * caller frees. ERR_OK, ERR_INVALID (it is no file name), ERR_NO_MEMORY. */
static enum err include_path(const struct zone_source *source, const struct zone_token *token,
                             char **out_path)
{
    char name[4096];
    long len = zone_text_unescape(token->text, token->len, (uint8_t *)name, sizeof(name) - 1);
    if (len <= 0 || memchr(name, '\0', (size_t)len))
        return ERR_INVALID;
    name[len] = '\0';
    const char *slash = strrchr(source->path, '/');
    size_t folder = slash && name[0] != '/' ? (size_t)(slash - source->path) + 1 : 0;
    size_t size = folder + (size_t)len + 1;
    char *path = malloc(size);
    if (!path)
        return ERR_NO_MEMORY;
    snprintf(path, size, "%.*s%s", (int)folder, source->path, name);
    *out_path = path;
    return ERR_OK;
}

/* includes_itself - is one of the files that are open the same? */
static bool includes_itself(const struct zone_scope *scope, const struct zone_source *source)
{
    for (; scope; scope = scope->outer)
        if (scope->source->ino == source->ino && scope->source->dev == source->dev)
            return true;
    return false;
}

static void complain_bytes(struct zone_parser *parser, const struct zone_scope *scope,
                           const struct zone_token *token)
{
    zone_parser_complain(parser, scope, token, "with this the zone has more than %zu bytes",
                         parser->draft->limits.max_bytes);
    zone_limits_remedy(parser->diags, "size");
}

/* open_include - the source of an $INCLUDE, kept by the parser; *out_source stays NULL after a
 * mistake. */
static enum err open_include(struct zone_parser *parser, struct zone_scope *scope,
                             const struct zone_token *token, struct zone_source **out_source)
{
    char reason[ZONE_REASON_MAX];
    struct zone_source *source = NULL;
    struct zone_spot spot;
    char *path;
    enum err err = include_path(scope->source, token, &path);
    if (err == ERR_INVALID)
        zone_parser_complain(parser, scope, token, "this is no file name");
    if (err != ERR_OK)
        return err == ERR_INVALID ? ERR_OK : err;
    size_t max_bytes = parser->draft->limits.max_bytes;
    err = zone_source_read(path, max_bytes - parser->bytes, &source, reason);
    if (err == ERR_INVALID)
        zone_parser_complain(parser, scope, token, "%.100s: %s", path, reason);
    if (err == ERR_LIMIT)
        complain_bytes(parser, scope, token);
    free(path);
    if (!source)
        return err == ERR_INVALID ? ERR_OK : err;
    if (includes_itself(scope, source)) {
        zone_parser_complain(parser, scope, token, "%.100s includes itself", source->path);
        zone_source_free(source);
        return ERR_OK;
    }
    if (!zone_source_check(source, &spot)) {
        zone_parser_complain(parser, scope, token,
                             "%.100s: byte 0x%02x: this is not a text file", source->path,
                             (unsigned)(unsigned char)*spot.at);
        zone_source_free(source);
        return ERR_OK;
    }
    *out_source = source;
    return zone_parser_keep(parser, source);
}

/* parse_include - the included file works on a copy of the scope: when it ends, origin, owner
 * and TTLs are what they were. */
static enum err parse_include(struct zone_parser *parser, struct zone_scope *scope,
                              const struct zone_entry *entry)
{
    const struct zone_token *file = &entry->tokens[1];
    const struct zone_limits *limits = &parser->draft->limits;
    struct zone_source *source = NULL;
    if (scope->depth >= limits->max_include_depth) {
        zone_parser_complain(parser, scope, file, "$INCLUDE is nested more than %zu deep",
                             limits->max_include_depth);
        zone_limits_remedy(parser->diags, "include_depth");
        return ERR_OK;
    }
    if (parser->source_count > limits->max_includes) {
        zone_parser_complain(parser, scope, file, "the zone has more than %zu includes",
                             limits->max_includes);
        zone_limits_remedy(parser->diags, "includes");
        return ERR_LIMIT;
    }
    enum err err = open_include(parser, scope, file, &source);
    if (err != ERR_OK || !source)
        return err;
    struct zone_scope inner = *scope;
    if (entry->count == 3)
        parse_origin(parser, &inner, &entry->tokens[2]);
    inner.outer = scope;
    inner.source = source;
    inner.depth++;
    return zone_parse_source(parser, &inner);
}

/* One $GENERATE while it is expanded. */
struct generator {
    struct zone_parser *parser;
    struct zone_scope *scope;
    const struct zone_entry *directive;
    struct text line;        /* one record as text, */
    struct zone_entry entry; /* and its words */
};

/* parse_generated - the line as a record; mistakes in it are told at the directive. */
static enum err parse_generated(struct generator *g)
{
    struct zone_scope *scope = g->scope;
    const struct zone_spot spot = zone_token_spot(scope->source, &g->directive->tokens[0]);
    const struct zone_source source = {
        .path = scope->source->path, .text = g->line.bytes, .len = g->line.len};
    struct zone_scope inner = *scope;
    struct zone_lexer lexer;
    struct zone_fault fault;
    enum err err = ERR_OK;
    inner.source = &source;
    inner.generate = &spot;
    zone_lexer_init(&lexer, &source);
    enum zone_lex result = zone_lexer_next(&lexer, &g->entry, &fault);
    if (result == ZONE_LEX_NO_MEMORY)
        err = ERR_NO_MEMORY;
    else if (result == ZONE_LEX_FAULT)
        zone_parser_report(g->parser, &inner, &fault);
    else
        err = zone_parse_record(g->parser, &inner, &g->entry);
    scope->owner = inner.owner;
    scope->has_last_ttl = inner.has_last_ttl;
    scope->last_ttl_s = inner.last_ttl_s;
    return err;
}

/* generate_one - the record of one value. */
static enum err generate_one(struct generator *g, uint32_t value)
{
    size_t bad;
    const struct zone_token *words = g->directive->tokens;
    size_t max_bytes = g->parser->draft->limits.max_bytes;
    g->line.len = 0;
    const char *reason =
        zone_generate_expand(&words[2], g->directive->count - 2, value, &g->line, &bad);
    if (g->line.no_memory)
        return ERR_NO_MEMORY;
    if (reason) {
        zone_parser_complain(g->parser, g->scope, &words[2 + bad], "%s", reason);
        return ERR_OK;
    }
    g->parser->bytes += g->line.len;
    if (g->parser->bytes > max_bytes) {
        complain_bytes(g->parser, g->scope, &words[0]);
        return ERR_LIMIT;
    }
    return parse_generated(g);
}

/* generate - all records of a range; the first mistake ends it, the rest would repeat it. */
static enum err generate(struct zone_parser *parser, struct zone_scope *scope,
                         const struct zone_entry *entry, const struct zone_range *range)
{
    struct generator g = {.parser = parser, .scope = scope, .directive = entry};
    enum err err = ERR_OK;
    size_t errors = diag_error_count(parser->diags);
    uint64_t count = zone_range_count(range);
    text_init(&g.line, ZONE_GENERATE_TEXT_MAX);
    for (uint64_t i = 0; i < count && err == ERR_OK; i++) {
        err = generate_one(&g, (uint32_t)(range->first + i * range->step));
        if (diag_error_count(parser->diags) > errors)
            break;
    }
    zone_entry_deinit(&g.entry);
    text_deinit(&g.line);
    return err;
}

static enum err parse_generate(struct zone_parser *parser, struct zone_scope *scope,
                               const struct zone_entry *entry)
{
    const struct zone_token *token = &entry->tokens[1];
    struct zone_range range;
    if (!zone_range_parse(token->text, token->len, &range)) {
        zone_parser_complain(parser, scope, token,
                             "expected a range first-last or first-last/step");
        return ERR_OK;
    }
    size_t max_records = parser->draft->limits.max_generate_records;
    if (zone_range_count(&range) > max_records) {
        zone_parser_complain(parser, scope, token, "the range has more than %zu values",
                             max_records);
        zone_limits_remedy(parser->diags, "records_per_generate");
        return ERR_OK;
    }
    return generate(parser, scope, entry, &range);
}

/* The arguments that each directive takes. */
static const struct {
    const char *name;
    size_t min, max;
    const char *usage;
} directives[] = {
    {"$ORIGIN", 1, 1, "$ORIGIN name"},
    {"$TTL", 1, 1, "$TTL 1h"},
    {"$INCLUDE", 1, 2, "$INCLUDE file [origin]"},
    {"$GENERATE", 4, SIZE_MAX, "$GENERATE first-last[/step] owner [TTL] [class] type data"},
};

static void complain_directive(struct zone_parser *parser, struct zone_scope *scope,
                               const struct zone_token *token)
{
    const char *names[sizeof(directives) / sizeof(directives[0])];
    char word[32];
    int shown = token->len > 30 ? 30 : (int)token->len;
    for (size_t i = 0; i < sizeof(directives) / sizeof(directives[0]); i++)
        names[i] = directives[i].name;
    snprintf(word, sizeof(word), "%.*s", shown, token->text);
    zone_parser_complain(parser, scope, token, "unknown directive '%s'", word);
    diag_remedy_nearest(parser->diags, word, names, sizeof(names) / sizeof(names[0]));
}

enum err zone_parse_directive(struct zone_parser *parser, struct zone_scope *scope,
                              const struct zone_entry *entry)
{
    enum { ORIGIN, TTL, INCLUDE, GENERATE, COUNT };

    const struct zone_token *first = &entry->tokens[0];
    size_t d = 0, arguments = entry->count - 1;
    while (d < COUNT && !zone_token_is(first, directives[d].name))
        d++;
    if (d == COUNT) {
        complain_directive(parser, scope, first);
        return ERR_OK;
    }
    if (arguments < directives[d].min || arguments > directives[d].max) {
        zone_parser_complain(parser, scope, first, "expected %s", directives[d].usage);
        return ERR_OK;
    }
    if (d == INCLUDE)
        return parse_include(parser, scope, entry);
    if (d == GENERATE)
        return parse_generate(parser, scope, entry);
    if (d == ORIGIN)
        parse_origin(parser, scope, &entry->tokens[1]);
    else
        parse_default_ttl(parser, scope, &entry->tokens[1]);
    return ERR_OK;
}
