/* zone_lexer.h - a master file as entries of words (RFC 1035 section 5.1).
 *
 * An entry is one line, or several joined by parentheses:
 *
 *     www  300 IN TXT ( "one; two"   ; a comment
 *                       three\ four )
 *     `-'  `-' `' `-'   `--------'   `---------'      six words, the fifth one quoted
 *
 * Words point into the source and keep their escapes: whoever uses a word knows what an escape
 * means there. A quote starts a word of its own even behind another one, as NSD and BIND have
 * it; only SVCB puts key= and "value" together again. A quoted string ends on its line: an
 * unterminated quote would otherwise swallow the file.
 *
 * After a fault the lexer stands at the next line that can start an entry, so that one mistake
 * is one message.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "zone_source.h"

struct zone_token {
    const char *text; /* without the quotes */
    uint32_t len;
    uint32_t line;
    bool quoted;
    bool glued; /* quoted, and no white space before it: the value of alpn="h2,h3" */
};

/* More words than this cannot make 65,535 bytes of data. */
enum { ZONE_ENTRY_TOKENS_MAX = 65600 };

struct zone_entry {
    struct zone_token *tokens; /* owned by the entry */
    size_t count, capacity;
    bool blank_owner; /* the line starts with white space */
};

void zone_entry_deinit(struct zone_entry *entry);

struct zone_lexer {
    const struct zone_source *source;
    const char *pos, *end;
    uint32_t line;
};

void zone_lexer_init(struct zone_lexer *lexer, const struct zone_source *source);

enum zone_lex { ZONE_LEX_ENTRY, ZONE_LEX_END, ZONE_LEX_FAULT, ZONE_LEX_NO_MEMORY };

/* zone_lexer_next - the next entry with at least one word. */
enum zone_lex zone_lexer_next(struct zone_lexer *lexer, struct zone_entry *entry,
                              struct zone_fault *fault);

/* zone_token_spot - where the word starts (at its quote, if it has one). */
struct zone_spot zone_token_spot(const struct zone_source *source,
                                 const struct zone_token *token);

/* zone_token_is - is it this unquoted word, in any case? */
bool zone_token_is(const struct zone_token *token, const char *word);
