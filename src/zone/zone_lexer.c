#include "zone_lexer.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum { PARENTHESES_MAX = 16 };

void zone_entry_deinit(struct zone_entry *entry)
{
    free(entry->tokens);
    *entry = (struct zone_entry){0};
}

void zone_lexer_init(struct zone_lexer *lexer, const struct zone_source *source)
{
    static const char byte_order_mark[] = "\xef\xbb\xbf";

    *lexer = (struct zone_lexer){
        .source = source, .pos = source->text, .end = source->text + source->len, .line = 1};
    if (source->len >= 3 && memcmp(source->text, byte_order_mark, 3) == 0)
        lexer->pos += 3; /* some editors write it; it belongs to no name */
}

struct zone_spot zone_token_spot(const struct zone_source *source,
                                 const struct zone_token *token)
{
    return (struct zone_spot){
        .source = source, .at = token->text - token->quoted, .line = token->line};
}

bool zone_token_is(const struct zone_token *token, const char *word)
{
    return !token->quoted && token->len == strlen(word) &&
           strncasecmp(token->text, word, token->len) == 0;
}

static bool is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\r';
}

/* ends_word - white space, or a byte with a meaning of its own. */
static bool ends_word(char c)
{
    return is_blank(c) || c == '\n' || c == ';' || c == '(' || c == ')';
}

static struct zone_spot spot_here(const struct zone_lexer *lexer)
{
    return (struct zone_spot){.source = lexer->source, .at = lexer->pos, .line = lexer->line};
}

static void skip_line(struct zone_lexer *lexer)
{
    const char *newline = memchr(lexer->pos, '\n', (size_t)(lexer->end - lexer->pos));
    if (!newline) {
        lexer->pos = lexer->end;
        return;
    }
    lexer->pos = newline + 1;
    lexer->line++;
}

/* recover - to the next line; out of open parentheses, to the next one that is not indented:
 * the rest of a broken record is no record of its own. */
static enum zone_lex recover(struct zone_lexer *lexer, unsigned depth)
{
    skip_line(lexer);
    while (depth > 0 && lexer->pos < lexer->end && (ends_word(*lexer->pos)))
        skip_line(lexer);
    return ZONE_LEX_FAULT;
}

/* push - append a word; NULL when out of memory. */
static struct zone_token *push(struct zone_entry *entry)
{
    if (entry->count == entry->capacity) {
        size_t capacity = entry->capacity ? entry->capacity * 2 : 32;
        struct zone_token *tokens = realloc(entry->tokens, capacity * sizeof(*tokens));
        if (!tokens)
            return NULL;
        entry->tokens = tokens;
        entry->capacity = capacity;
    }
    return &entry->tokens[entry->count++];
}

/* skip_quoted - from behind the opening quote to the closing one; false when the line ends
 * first. */
static bool skip_quoted(struct zone_lexer *lexer)
{
    const char *p = lexer->pos;
    while (p < lexer->end && *p != '"' && *p != '\n')
        p += *p == '\\' && p + 1 < lexer->end && p[1] != '\n' ? 2 : 1;
    lexer->pos = p;
    return p < lexer->end && *p == '"';
}

static bool lex_quoted(struct zone_lexer *lexer, struct zone_token *token,
                       struct zone_fault *fault)
{
    struct zone_spot start = spot_here(lexer);
    lexer->pos++;
    *token = (struct zone_token){.text = lexer->pos, .line = lexer->line, .quoted = true};
    if (!skip_quoted(lexer)) {
        zone_fault_set(fault, start, "the quoted string does not end on its line");
        zone_fault_remedy(fault, "close it with \", and write a quote inside it as \\\"");
        return false;
    }
    token->len = (uint32_t)(lexer->pos - token->text);
    token->glued = start.at > lexer->source->text && !ends_word(start.at[-1]);
    lexer->pos++;
    return true;
}

static bool lex_word(struct zone_lexer *lexer, struct zone_token *token,
                     struct zone_fault *fault)
{
    *token = (struct zone_token){.text = lexer->pos, .line = lexer->line};
    while (lexer->pos < lexer->end && !ends_word(*lexer->pos) && *lexer->pos != '"') {
        if (*lexer->pos == '\\') {
            lexer->pos++;
            if (lexer->pos == lexer->end || *lexer->pos == '\n') {
                lexer->pos--;
                zone_fault_set(fault, spot_here(lexer), "a backslash ends the line");
                return false;
            }
        }
        lexer->pos++;
    }
    token->len = (uint32_t)(lexer->pos - token->text);
    return true;
}

static enum zone_lex lex_token(struct zone_lexer *lexer, struct zone_entry *entry,
                               unsigned depth, struct zone_fault *fault)
{
    if (entry->count == ZONE_ENTRY_TOKENS_MAX) {
        zone_fault_set(fault, spot_here(lexer), "the record has more than %d words",
                       ZONE_ENTRY_TOKENS_MAX);
        return recover(lexer, depth);
    }
    struct zone_token *token = push(entry);
    if (!token)
        return ZONE_LEX_NO_MEMORY;
    bool ok =
        *lexer->pos == '"' ? lex_quoted(lexer, token, fault) : lex_word(lexer, token, fault);
    return ok ? ZONE_LEX_ENTRY : recover(lexer, depth);
}

/* unclosed - the file ends inside parentheses: go back to the first one, report it, and read on
 * behind it. */
static enum zone_lex unclosed(struct zone_lexer *lexer, const struct zone_spot *opened,
                              struct zone_fault *fault)
{
    lexer->pos = opened->at;
    lexer->line = opened->line;
    zone_fault_set(fault, *opened, "the parenthesis is never closed");
    return recover(lexer, 1);
}

/* lex_parenthesis - count one; false on a fault. */
static bool lex_parenthesis(struct zone_lexer *lexer, unsigned *depth, struct zone_spot *opened,
                            struct zone_fault *fault)
{
    if (*lexer->pos == '(' && *depth == PARENTHESES_MAX) {
        zone_fault_set(fault, spot_here(lexer), "parentheses are nested too deep");
        return false;
    }
    if (*lexer->pos == ')' && *depth == 0) {
        zone_fault_set(fault, spot_here(lexer), "no parenthesis is open here");
        return false;
    }
    if (*lexer->pos == '(' && (*depth)++ == 0)
        *opened = spot_here(lexer);
    else if (*lexer->pos == ')')
        (*depth)--;
    lexer->pos++;
    return true;
}

enum zone_lex zone_lexer_next(struct zone_lexer *lexer, struct zone_entry *entry,
                              struct zone_fault *fault)
{
    unsigned depth = 0;
    struct zone_spot opened = {0};
    entry->count = 0;
    entry->blank_owner = lexer->pos < lexer->end && is_blank(*lexer->pos);
    while (lexer->pos < lexer->end) {
        char c = *lexer->pos;
        if (is_blank(c)) {
            lexer->pos++;
        } else if (c == '\n') {
            skip_line(lexer);
            if (depth == 0 && entry->count > 0)
                return ZONE_LEX_ENTRY;
            if (depth == 0)
                entry->blank_owner = lexer->pos < lexer->end && is_blank(*lexer->pos);
        } else if (c == ';') {
            const char *newline = memchr(lexer->pos, '\n', (size_t)(lexer->end - lexer->pos));
            lexer->pos = newline ? newline : lexer->end;
        } else if (c == '(' || c == ')') {
            if (!lex_parenthesis(lexer, &depth, &opened, fault))
                return recover(lexer, depth);
        } else {
            enum zone_lex result = lex_token(lexer, entry, depth, fault);
            if (result != ZONE_LEX_ENTRY)
                return result;
        }
    }
    if (depth > 0)
        return unclosed(lexer, &opened, fault);
    return entry->count > 0 ? ZONE_LEX_ENTRY : ZONE_LEX_END;
}
