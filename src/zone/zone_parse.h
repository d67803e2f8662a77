/* zone_parse.h - the entries of a master file to records in a draft (RFC 1035 section 5.1).
 *
 *     zone_source -> zone_lexer -> zone_parse    -> zone_rdata -> zone_draft
 *                                   `- zone_directive ($ORIGIN $TTL $INCLUDE $GENERATE)
 *
 * A mistake becomes one diagnostic and costs one record: the parser goes on with the next line,
 * so that all mistakes of all files are seen at once.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "rhumb/diag.h"
#include "rhumb/err.h"

#include "zone_draft.h"
#include "zone_lexer.h"
#include "zone_rdata.h"

/* One for all files of a zone. */
struct zone_parser {
    struct zone_draft *draft;
    struct diag_list *diags;
    struct zone_rdata *rdata;
    struct zone_source **sources; /* owned: spots point into them until the zone is built */
    size_t source_count, source_capacity;
    size_t bytes; /* of the sources, and of what $GENERATE wrote; within the limit */
};

/* Instead of the index of an owner. */
enum { ZONE_OWNER_UNSET = 0xfffffffe, ZONE_OWNER_BAD = 0xfffffffd };

/* What a file can set and an included one cannot change for its includer. */
struct zone_scope {
    const struct zone_scope *outer; /* the file that includes this one; NULL */
    const struct zone_source *source;
    const struct zone_spot *generate; /* the $GENERATE being expanded; NULL */
    unsigned depth;
    uint32_t owner; /* of the last record, for lines without one */
    uint32_t default_ttl_s, last_ttl_s;
    bool has_default_ttl, has_last_ttl; /* $TTL; the TTL of the record above */
    uint8_t origin[DNS_NAME_MAX];
};

WARN_UNUSED enum err zone_parser_init(struct zone_parser *parser, struct zone_draft *draft,
                                      struct diag_list *diags);
void zone_parser_deinit(struct zone_parser *parser);

/* zone_parse - read a source, and what it includes, into the draft. Takes the source over.
 *
 * returns  ERR_OK, also after mistakes (they are in diags); ERR_LIMIT: told in diags, and the
 *          rest was not read; ERR_NO_MEMORY
 */
WARN_UNUSED enum err zone_parse(struct zone_parser *parser, struct zone_source *source);

/* ---- between zone_parse.c and zone_directive.c ---- */

WARN_UNUSED enum err zone_parse_source(struct zone_parser *parser, struct zone_scope *scope);
WARN_UNUSED enum err zone_parse_record(struct zone_parser *parser, struct zone_scope *scope,
                                       const struct zone_entry *entry);
WARN_UNUSED enum err zone_parse_directive(struct zone_parser *parser, struct zone_scope *scope,
                                          const struct zone_entry *entry);

/* zone_parser_keep - take a source over; ERR_NO_MEMORY frees it. */
WARN_UNUSED enum err zone_parser_keep(struct zone_parser *parser, struct zone_source *source);

/* zone_parser_report - a fault as an error; within $GENERATE at the directive. */
void zone_parser_report(struct zone_parser *parser, const struct zone_scope *scope,
                        const struct zone_fault *fault);

/* zone_parser_complain - an error at a word. */
void zone_parser_complain(struct zone_parser *parser, const struct zone_scope *scope,
                          const struct zone_token *token, const char *format, ...)
    __attribute__((format(printf, 4, 5)));
