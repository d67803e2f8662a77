#include "zone_parse.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "rhumb/dns_type.h"

#include "zone_limits.h"
#include "zone_text.h"

/* The head of a record: what stands between the owner and the data. */
struct head {
    const struct zone_token *ttl, *class, *type; /* NULL: not there */
    uint32_t ttl_s;
    uint16_t type_number;
    size_t used; /* words, the owner included */
};

enum err zone_parser_init(struct zone_parser *parser, struct zone_draft *draft,
                          struct diag_list *diags)
{
    *parser = (struct zone_parser){.draft = draft, .diags = diags};
    parser->rdata = malloc(sizeof(*parser->rdata));
    return parser->rdata ? ERR_OK : ERR_NO_MEMORY;
}

void zone_parser_deinit(struct zone_parser *parser)
{
    for (size_t i = 0; i < parser->source_count; i++)
        zone_source_free(parser->sources[i]);
    free(parser->sources);
    free(parser->rdata);
    *parser = (struct zone_parser){0};
}

enum err zone_parser_keep(struct zone_parser *parser, struct zone_source *source)
{
    if (parser->source_count == parser->source_capacity) {
        size_t capacity = parser->source_capacity ? parser->source_capacity * 2 : 8;
        struct zone_source **sources =
            realloc(parser->sources, capacity * sizeof(struct zone_source *));
        if (!sources) {
            zone_source_free(source);
            return ERR_NO_MEMORY;
        }
        parser->sources = sources;
        parser->source_capacity = capacity;
    }
    parser->sources[parser->source_count++] = source;
    parser->bytes += source->len;
    return ERR_OK;
}

void zone_parser_report(struct zone_parser *parser, const struct zone_scope *scope,
                        const struct zone_fault *fault)
{
    struct zone_place place;
    if (scope->generate)
        diag_error(parser->diags, zone_spot_place(scope->generate, &place),
                   "in a generated record: %s", fault->message);
    else
        diag_error(parser->diags, zone_spot_place(&fault->spot, &place), "%s", fault->message);
    if (fault->remedy[0] != '\0')
        diag_remedy(parser->diags, "%s", fault->remedy);
}

void zone_parser_complain(struct zone_parser *parser, const struct zone_scope *scope,
                          const struct zone_token *token, const char *format, ...)
{
    struct zone_fault fault = {.spot = zone_token_spot(scope->source, token)};
    va_list args;
    va_start(args, format);
    vsnprintf(fault.message, sizeof(fault.message), format, args);
    va_end(args);
    zone_parser_report(parser, scope, &fault);
}

/* shown - at most so many bytes of a word in a message. */
static int shown(const struct zone_token *token)
{
    enum { SHOWN_MAX = 60 };

    return token->len > SHOWN_MAX ? SHOWN_MAX : (int)token->len;
}

/* parse_owner - the first word to the index of an owner; ZONE_OWNER_BAD after a mistake. */
static enum err parse_owner(struct zone_parser *parser, struct zone_scope *scope,
                            const struct zone_token *token)
{
    uint8_t name[DNS_NAME_MAX];
    const char *reason;
    char text[DNS_NAME_TEXT_MAX], origin[DNS_NAME_TEXT_MAX];
    scope->owner = ZONE_OWNER_BAD;
    size_t len = dns_name_from_text(token->text, token->len, scope->origin, name, &reason);
    if (len == 0) {
        zone_parser_complain(parser, scope, token, "'%.*s' is no owner name: %s", shown(token),
                             token->text, reason);
        return ERR_OK;
    }
    dns_name_lower(name, len);
    if (!dns_name_is_at_or_below(name, parser->draft->origin)) {
        zone_parser_complain(parser, scope, token, "%.120s is not in the zone %.80s",
                             dns_name_to_text(name, text),
                             dns_name_to_text(parser->draft->origin, origin));
        return ERR_OK;
    }
    enum err err = zone_draft_add_owner(parser->draft, name, &scope->owner);
    if (err == ERR_LIMIT) {
        zone_parser_complain(parser, scope, token, "the zone has too many names");
        zone_limits_remedy(parser->diags, "records");
    }
    return err;
}

/* is_ttl - is the word a TTL? Only a TTL starts with a digit. */
static bool is_ttl(const struct zone_token *token)
{
    return !token->quoted && token->text[0] >= '0' && token->text[0] <= '9';
}

static bool parse_ttl(struct zone_parser *parser, const struct zone_scope *scope,
                      const struct zone_token *token, uint32_t *out_ttl_s)
{
    switch (zone_text_ttl(token->text, token->len, out_ttl_s)) {
    case ZONE_TTL_OK: return true;
    case ZONE_TTL_TOO_BIG:
        zone_parser_complain(parser, scope, token, "the TTL is above 2147483647 seconds");
        return false;
    case ZONE_TTL_MALFORMED: break;
    }
    zone_parser_complain(parser, scope, token, "'%.*s' is no TTL, expected 3600 or 1h30m",
                         shown(token), token->text);
    return false;
}

static void complain_type(struct zone_parser *parser, const struct zone_scope *scope,
                          const struct zone_token *token)
{
    static const char *const common[] = {"A",     "AAAA",  "CAA",   "CNAME", "DNAME", "DS",
                                         "HTTPS", "MX",    "NAPTR", "NS",    "PTR",   "SOA",
                                         "SRV",   "SSHFP", "SVCB",  "TLSA",  "TXT"};

    char word[32];
    snprintf(word, sizeof(word), "%.*s", shown(token), token->text);
    zone_parser_complain(parser, scope, token, "unknown record type '%.*s'", shown(token),
                         token->text);
    if (token->text[0] == '$')
        diag_remedy(parser->diags, "a directive starts in the first column");
    else
        diag_remedy_nearest(parser->diags, word, common, sizeof(common) / sizeof(common[0]));
}

/* is_meta - types that are asked for or travel, but never stand in a zone (RFC 6895 section
 * 3.1). */
static bool is_meta(uint16_t type)
{
    return type == DNS_TYPE_OPT || (type >= 128 && type <= 255);
}

static bool parse_type(struct zone_parser *parser, const struct zone_scope *scope,
                       const struct zone_token *token, uint16_t *out_type)
{
    if (token->quoted) {
        zone_parser_complain(parser, scope, token, "this cannot be a quoted string");
        return false;
    }
    uint16_t type = zone_rdata_type(token->text, token->len);
    if (type == 0) {
        complain_type(parser, scope, token);
        return false;
    }
    if (is_meta(type)) {
        zone_parser_complain(parser, scope, token, "%.*s cannot stand in a zone", shown(token),
                             token->text);
        return false;
    }
    *out_type = type;
    return true;
}

/* parse_head_word - the next word before the data: a TTL, a class or the type. */
static bool parse_head_word(struct zone_parser *parser, const struct zone_scope *scope,
                            const struct zone_token *token, struct head *head)
{
    uint16_t class = token->quoted ? 0 : zone_text_class(token->text, token->len);
    if ((is_ttl(token) && head->ttl) || (class != 0 && head->class)) {
        zone_parser_complain(parser, scope, token, "a second %s", class != 0 ? "class" : "TTL");
        return false;
    }
    if (is_ttl(token)) {
        head->ttl = token;
        return parse_ttl(parser, scope, token, &head->ttl_s);
    }
    if (class == 0) {
        head->type = token;
        return parse_type(parser, scope, token, &head->type_number);
    }
    head->class = token;
    if (class != DNS_CLASS_IN)
        zone_parser_complain(parser, scope, token, "class '%.*s', expected IN", shown(token),
                             token->text);
    return class == DNS_CLASS_IN;
}

/* parse_head - TTL and class in either order, each at most once, then the type. */
static bool parse_head(struct zone_parser *parser, const struct zone_scope *scope,
                       const struct zone_entry *entry, struct head *head)
{
    head->used = !entry->blank_owner;
    while (head->used < entry->count && !head->type)
        if (!parse_head_word(parser, scope, &entry->tokens[head->used++], head))
            return false;
    if (!head->type)
        zone_parser_complain(parser, scope, &entry->tokens[entry->count - 1],
                             "the record ends before its type");
    return head->type != NULL;
}

/* record_spot - generated text is gone when somebody wants to see it. */
static struct zone_spot record_spot(const struct zone_scope *scope,
                                    const struct zone_token *token)
{
    return scope->generate ? *scope->generate : zone_token_spot(scope->source, token);
}

/* soa_minimum - the last field. */
static uint32_t soa_minimum(const struct zone_rdata *rdata)
{
    const uint8_t *at = rdata->bytes + rdata->len - 4;
    return (uint32_t)at[0] << 24 | (uint32_t)at[1] << 16 | (uint32_t)at[2] << 8 | at[3];
}

/* resolve_ttl - the record's own; $TTL (RFC 2308 section 4); the one above (RFC 1035 section
 * 5.1); of a SOA its minimum. */
static void resolve_ttl(struct zone_parser *parser, struct zone_scope *scope, struct head *head)
{
    if (head->ttl) {
        scope->last_ttl_s = head->ttl_s;
        scope->has_last_ttl = true;
        return;
    }
    head->ttl_s = scope->has_default_ttl ? scope->default_ttl_s : scope->last_ttl_s;
    if (scope->has_default_ttl || scope->has_last_ttl)
        return;
    if (head->type_number == DNS_TYPE_SOA) {
        uint32_t minimum = soa_minimum(parser->rdata);
        struct zone_spot spot = record_spot(scope, head->type);
        struct zone_place place;
        diag_warning(parser->diags, zone_spot_place(&spot, &place),
                     "the SOA has no TTL: its minimum, %u, is taken", minimum);
        diag_remedy(parser->diags, "put $TTL at the top of the file");
        head->ttl_s = minimum > ZONE_TTL_MAX ? ZONE_TTL_MAX : minimum;
    } else {
        zone_parser_complain(parser, scope, head->type,
                             "the record has no TTL, and none stands above it");
        diag_remedy(parser->diags, "put $TTL at the top of the file");
    }
    scope->last_ttl_s = head->ttl_s; /* one complaint is enough */
    scope->has_last_ttl = true;
}

enum err zone_parse_record(struct zone_parser *parser, struct zone_scope *scope,
                           const struct zone_entry *entry)
{
    const struct zone_token *first = &entry->tokens[0];
    enum err err = entry->blank_owner ? ERR_OK : parse_owner(parser, scope, first);
    if (err != ERR_OK)
        return err;
    if (entry->blank_owner && scope->owner == ZONE_OWNER_UNSET) {
        zone_parser_complain(
            parser, scope, first,
            "the line starts with white space, but no owner name stands above");
        scope->owner = ZONE_OWNER_BAD;
    }
    struct head head = {0};
    struct zone_fault fault;
    if (!parse_head(parser, scope, entry, &head))
        return ERR_OK;
    const struct zone_token *data = &entry->tokens[head.used];
    if (!zone_rdata_parse(parser->rdata, head.type_number, scope->origin, scope->source, data,
                          entry->count - head.used, &fault)) {
        zone_parser_report(parser, scope, &fault);
        return ERR_OK;
    }
    resolve_ttl(parser, scope, &head);
    if (scope->owner == ZONE_OWNER_BAD)
        return ERR_OK;
    struct zone_record record = {
        .rdata = parser->rdata->bytes,
        .hash = parser->rdata->hash,
        .spot = record_spot(scope, first),
        .owner = scope->owner,
        .ttl_s = head.ttl_s,
        .type = head.type_number,
        .rdata_len = (uint16_t)parser->rdata->len,
    };
    err = zone_draft_add_record(parser->draft, &record);
    if (err == ERR_LIMIT) {
        zone_parser_complain(parser, scope, first, "the zone has more than %zu records",
                             parser->draft->limits.max_records);
        zone_limits_remedy(parser->diags, "records");
    }
    return err;
}

enum err zone_parse_source(struct zone_parser *parser, struct zone_scope *scope)
{
    struct zone_lexer lexer;
    struct zone_entry entry = {0};
    struct zone_fault fault;
    enum err err = ERR_OK;
    zone_lexer_init(&lexer, scope->source);
    while (err == ERR_OK) {
        enum zone_lex result = zone_lexer_next(&lexer, &entry, &fault);
        if (result == ZONE_LEX_END)
            break;
        if (result == ZONE_LEX_NO_MEMORY)
            err = ERR_NO_MEMORY;
        else if (result == ZONE_LEX_FAULT)
            zone_parser_report(parser, scope, &fault);
        else if (!entry.blank_owner && !entry.tokens[0].quoted &&
                 entry.tokens[0].text[0] == '$')
            err = zone_parse_directive(parser, scope, &entry);
        else
            err = zone_parse_record(parser, scope, &entry);
    }
    zone_entry_deinit(&entry);
    return err;
}

enum err zone_parse(struct zone_parser *parser, struct zone_source *source)
{
    enum err err = zone_parser_keep(parser, source);
    if (err != ERR_OK)
        return err;
    struct zone_scope scope = {.source = source, .owner = ZONE_OWNER_UNSET};
    struct zone_spot spot;
    struct zone_place place;
    memcpy(scope.origin, parser->draft->origin, dns_name_len(parser->draft->origin));
    if (!zone_source_check(source, &spot)) {
        diag_error(parser->diags, zone_spot_place(&spot, &place),
                   "byte 0x%02x: this is not a text file", (unsigned)(unsigned char)*spot.at);
        return ERR_LIMIT;
    }
    return zone_parse_source(parser, &scope);
}
