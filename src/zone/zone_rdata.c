#include "zone_rdata.h"

#include <arpa/inet.h>
#include <string.h>

#include "rhumb/cursor.h"
#include "rhumb/dns_name.h"

#include "zone_text.h"

/* ldns counts base64 in 16 bits with a sign. */
enum { BASE64_BYTES_MAX = 32000, BASE64_TEXT_MAX = BASE64_BYTES_MAX / 3 * 4 };

/* What is needed to convert the words of one record. */
struct job {
    struct zone_rdata *rdata;
    struct writer out;
    const uint8_t *origin;
    const struct zone_source *source;
    const struct zone_token *tokens;
    size_t count;
    size_t at; /* the next word */
    struct zone_fault *fault;
    const char *type_name;
};

static bool refuse(struct job *job, const struct zone_token *token, enum zone_field field)
{
    enum { SHOWN_MAX = 60 };

    int shown = token->len > SHOWN_MAX ? SHOWN_MAX : (int)token->len;
    zone_fault_set(job->fault, zone_token_spot(job->source, token),
                   "expected %s, found '%.*s%s'", zone_field_expected(field), shown,
                   token->text, token->len > SHOWN_MAX ? "..." : "");
    return false;
}

static bool refuse_because(struct job *job, const struct zone_token *token, const char *reason)
{
    zone_fault_set(job->fault, zone_token_spot(job->source, token), "%s", reason);
    return false;
}

/* put_name - the one place where a name in rdata meets the origin. */
static bool put_name(struct job *job, const struct zone_token *token)
{
    uint8_t name[DNS_NAME_MAX];
    const char *reason;
    size_t len = dns_name_from_text(token->text, token->len, job->origin, name, &reason);
    if (len == 0) {
        zone_fault_set(job->fault, zone_token_spot(job->source, token),
                       "expected a domain name: %s", reason);
        return false;
    }
    writer_bytes(&job->out, name, len);
    return true;
}

/* number_bytes - the size of a field that is a number, or may be written as one; else 0. */
static size_t number_bytes(enum zone_field field)
{
    if (field == ZONE_FIELD_U32)
        return 4;
    if (field == ZONE_FIELD_U16 || field == ZONE_FIELD_CERT_TYPE)
        return 2;
    return field == ZONE_FIELD_U8 || field == ZONE_FIELD_ALGORITHM ||
           field == ZONE_FIELD_TLSA_USAGE || field == ZONE_FIELD_TLSA_SELECTOR ||
           field == ZONE_FIELD_TLSA_MATCHING;
}

/* is_number - must it be a number? A field that has names, too, is one if it looks like one. */
static bool is_number(const struct zone_token *token, enum zone_field field)
{
    bool only = field == ZONE_FIELD_U8 || field == ZONE_FIELD_U16 || field == ZONE_FIELD_U32;
    bool digit = token->len > 0 && token->text[0] >= '0' && token->text[0] <= '9';
    return only || (number_bytes(field) > 0 && digit);
}

static bool put_number(struct job *job, const struct zone_token *token, enum zone_field field)
{
    size_t bytes = number_bytes(field);
    uint64_t value, max = (UINT64_C(1) << 8 * bytes) - 1;
    if (!zone_text_number(token->text, token->len, max, &value))
        return refuse(job, token, field);
    if (bytes == 1)
        writer_u8(&job->out, (uint8_t)value);
    else if (bytes == 2)
        writer_u16(&job->out, (uint16_t)value);
    else
        writer_u32(&job->out, (uint32_t)value);
    return true;
}

static bool put_period(struct job *job, const struct zone_token *token)
{
    uint32_t seconds;
    if (zone_text_period(token->text, token->len, &seconds) != ZONE_TTL_OK)
        return refuse(job, token, ZONE_FIELD_PERIOD);
    writer_u32(&job->out, seconds);
    return true;
}

static bool put_string(struct job *job, const struct zone_token *token, enum zone_field field)
{
    enum { STRING_MAX = 255 };

    bool is_long = field == ZONE_FIELD_LONG_STRING;
    uint8_t *length = is_long ? NULL : writer_reserve(&job->out, 1);
    size_t left = writer_left(&job->out);
    size_t room = is_long || left < STRING_MAX ? left : STRING_MAX;
    long len = zone_text_unescape(token->text, token->len, job->out.pos, room);
    if (len == ZONE_UNESCAPE_MALFORMED)
        return refuse_because(job, token,
                              "malformed escape, expected \\X or \\DDD up to \\255");
    if (len == ZONE_UNESCAPE_TOO_LONG && room < left)
        return refuse_because(job, token, "the string is longer than 255 bytes");
    if (len == ZONE_UNESCAPE_TOO_LONG)
        len = (long)left + 1; /* fails, and is told when all is converted */
    if (length)
        *length = (uint8_t)len;
    writer_reserve(&job->out, (size_t)len);
    return true;
}

/* join - the words from job->at on into the text that ldns is shown; false when it has no
 * room. */
static bool join(struct job *job, size_t words, const char *separator)
{
    struct writer text = writer_init((uint8_t *)job->rdata->text, sizeof(job->rdata->text) - 1);
    for (size_t i = 0; i < words; i++) {
        const struct zone_token *token = &job->tokens[job->at + i];
        if (i > 0)
            writer_bytes(&text, separator, strlen(separator));
        writer_bytes(&text, token->text, token->len);
    }
    job->rdata->text[writer_len(&text)] = '\0';
    return !text.failed;
}

/* put_converted - words words as one field by ldns. */
static bool put_converted(struct job *job, enum zone_field field, size_t words,
                          const char *separator)
{
    const struct zone_token *first = &job->tokens[job->at];
    for (size_t i = 0; i < words; i++)
        if (!zone_field_check_word(field, first[i].text, first[i].len))
            return refuse(job, &first[i], field);
    if (!join(job, words, separator))
        return refuse_because(job, first, "the data is too long");
    size_t text_len = strlen(job->rdata->text);
    if (field == ZONE_FIELD_HEX && text_len % 2 != 0)
        return refuse_because(job, first, "the number of hex digits is odd");
    if (field == ZONE_FIELD_BASE64 && text_len > BASE64_TEXT_MAX)
        return refuse_because(job, first, "base64 text of more than 32,000 bytes");
    long len =
        zone_field_convert(field, job->rdata->text, job->out.pos, writer_left(&job->out));
    if (len < 0)
        return refuse(job, first, field);
    writer_reserve(&job->out, (size_t)len);
    job->at += words;
    return true;
}

/* put_hip - algorithm, HIT and key (RFC 8005 section 6); the names behind it are fields of
 * their own. */
static bool put_hip(struct job *job)
{
    enum { TAG_TEXT_MAX = 2 * 255 };

    static const enum zone_field words[] = {ZONE_FIELD_U8, ZONE_FIELD_HEX, ZONE_FIELD_BASE64};

    uint64_t algorithm;
    const struct zone_token *first = &job->tokens[job->at];
    if (job->count - job->at < 3)
        return refuse(job, &job->tokens[job->count - 1], ZONE_FIELD_HIP);
    if (!zone_text_number(first->text, first->len, UINT8_MAX, &algorithm))
        return refuse(job, first, ZONE_FIELD_U8);
    for (size_t i = 1; i < 3; i++)
        if (!zone_field_check_word(words[i], first[i].text, first[i].len))
            return refuse(job, &first[i], words[i]);
    if (first[1].len % 2 != 0 || first[1].len > TAG_TEXT_MAX || first[2].len > BASE64_TEXT_MAX)
        return refuse(job, first, ZONE_FIELD_HIP);
    return put_converted(job, ZONE_FIELD_HIP, 3, " ");
}

/* put_ipseckey - all of it (RFC 4025 section 3): ldns wants a key even where there is none, and
 * does not know the origin of the gateway. */
static bool put_ipseckey(struct job *job)
{
    const struct zone_token *t = &job->tokens[job->at];
    uint8_t address[16];
    if (job->count - job->at < 4)
        return refuse(job, &job->tokens[job->count - 1], ZONE_FIELD_IPSECKEY);
    for (size_t i = 0; i < 3; i++)
        if (!put_number(job, &t[i], ZONE_FIELD_U8))
            return false;
    const struct zone_token *gateway = &t[3];
    char text[INET6_ADDRSTRLEN] = "";
    if (gateway->len < sizeof(text))
        memcpy(text, gateway->text, gateway->len);
    switch (job->out.pos[-2]) {
    case 0:
        if (strcmp(text, ".") != 0)
            return refuse_because(job, gateway, "expected '.': gateway type 0 is none");
        break;
    case 1:
        if (inet_pton(AF_INET, text, address) != 1)
            return refuse(job, gateway, ZONE_FIELD_A);
        writer_bytes(&job->out, address, 4);
        break;
    case 2:
        if (inet_pton(AF_INET6, text, address) != 1)
            return refuse(job, gateway, ZONE_FIELD_AAAA);
        writer_bytes(&job->out, address, 16);
        break;
    case 3:
        if (!put_name(job, gateway))
            return false;
        break;
    default: return refuse_because(job, &t[1], "expected a gateway type from 0 to 3");
    }
    job->at += 4;
    if (job->at == job->count)
        return true;
    return put_converted(job, ZONE_FIELD_BASE64, job->count - job->at, "");
}

static bool put_svcparams(struct job *job)
{
    const struct zone_token *first = &job->tokens[job->at];
    size_t words = job->count - job->at;
    size_t good = zone_svcparams_put(first, words, &job->out, (uint8_t *)job->rdata->text,
                                     sizeof(job->rdata->text));
    if (good < words)
        return refuse(job, &first[good], ZONE_FIELD_SVCPARAMS);
    job->at = job->count;
    return true;
}

static bool put_rest(struct job *job, enum zone_field field)
{
    size_t words = job->count - job->at;
    bool spaced = field != ZONE_FIELD_HEX && field != ZONE_FIELD_BASE64;
    if (field == ZONE_FIELD_IPSECKEY)
        return put_ipseckey(job);
    if (field == ZONE_FIELD_SVCPARAMS)
        return put_svcparams(job);
    if (field == ZONE_FIELD_LOC && !zone_field_check_loc(&job->tokens[job->at], words))
        return refuse(job, &job->tokens[job->at], field);
    return put_converted(job, field, words, spaced ? " " : "");
}

/* check_quotes - quotes belong to strings and to the values of SVCB. */
static bool check_quotes(struct job *job, enum zone_field field)
{
    size_t last = zone_field_takes_rest(field) ? job->count : job->at + 1;
    for (size_t i = job->at; i < last; i++) {
        const struct zone_token *token = &job->tokens[i];
        bool string = field == ZONE_FIELD_STRING || field == ZONE_FIELD_LONG_STRING ||
                      field == ZONE_FIELD_TAG;
        if (token->quoted && !string && !(token->glued && field == ZONE_FIELD_SVCPARAMS))
            return refuse_because(job, token, "this cannot be a quoted string");
    }
    return true;
}

static bool put_field(struct job *job, enum zone_field field)
{
    const struct zone_token *token = &job->tokens[job->at];
    if (!check_quotes(job, field))
        return false;
    if (field == ZONE_FIELD_OPAQUE) {
        zone_fault_set(job->fault, zone_token_spot(job->source, token),
                       "the data of %s has no text form here", job->type_name);
        zone_fault_remedy(job->fault, "write it as \\# length hex (RFC 3597 section 5)");
        return false;
    }
    if (zone_field_takes_rest(field))
        return put_rest(job, field);
    if (field == ZONE_FIELD_HIP)
        return put_hip(job);
    bool ok;
    if (field == ZONE_FIELD_NAME)
        ok = put_name(job, token);
    else if (is_number(token, field))
        ok = put_number(job, token, field);
    else if (field == ZONE_FIELD_PERIOD)
        ok = put_period(job, token);
    else if (field == ZONE_FIELD_STRING || field == ZONE_FIELD_LONG_STRING)
        ok = put_string(job, token, field);
    else
        return put_converted(job, field, 1, "");
    job->at += ok;
    return ok;
}

/* put_generic - \# length hex (RFC 3597 section 5). */
static bool put_generic(struct job *job)
{
    uint64_t length;
    if (job->count < 2 ||
        !zone_text_number(job->tokens[1].text, job->tokens[1].len, UINT16_MAX, &length))
        return refuse_because(job, &job->tokens[job->count > 1],
                              "expected the length in bytes, 0 to 65535, behind \\#");
    size_t digits = 0;
    uint8_t byte = 0;
    for (size_t i = 2; i < job->count; i++) {
        const struct zone_token *token = &job->tokens[i];
        for (uint32_t j = 0; j < token->len; j++) {
            int digit = token->quoted ? -1 : zone_text_hex_digit(token->text[j]);
            if (digit < 0)
                return refuse(job, token, ZONE_FIELD_HEX);
            byte = (uint8_t)(byte << 4 | digit);
            if (++digits % 2 == 0)
                writer_u8(&job->out, byte);
        }
    }
    if (digits != 2 * length) {
        zone_fault_set(job->fault, zone_token_spot(job->source, &job->tokens[1]),
                       "the length is %u bytes, but %zu hex digits follow", (unsigned)length,
                       digits);
        return false;
    }
    job->at = job->count;
    return true;
}

static bool put_fields(struct job *job, uint16_t type)
{
    size_t min, max;
    const struct zone_token *last = &job->tokens[job->count] - 1;
    if (!zone_rdata_fields(type, &min, &max)) {
        zone_fault_set(job->fault, zone_token_spot(job->source, last),
                       "the data of %s has no text form here", job->type_name);
        zone_fault_remedy(job->fault, "write it as \\# length hex (RFC 3597 section 5)");
        return false;
    }
    for (size_t i = 0; i < max; i++) {
        enum zone_field field = zone_rdata_field(type, i);
        if (job->at == job->count && i >= min)
            return true;
        if (job->at == job->count) {
            zone_fault_set(job->fault, zone_token_spot(job->source, last),
                           "the %s record ends too early, expected %s behind this",
                           job->type_name, zone_field_expected(field));
            return false;
        }
        if (!put_field(job, field))
            return false;
    }
    if (job->at == job->count)
        return true;
    zone_fault_set(job->fault, zone_token_spot(job->source, &job->tokens[job->at]),
                   "the %s record has more words than it can use", job->type_name);
    return false;
}

bool zone_rdata_parse(struct zone_rdata *rdata, uint16_t type, const uint8_t *origin,
                      const struct zone_source *source, const struct zone_token *tokens,
                      size_t count, struct zone_fault *fault)
{
    char buffer[ZONE_TYPE_TEXT_MAX];
    struct job job = {
        .rdata = rdata,
        .out = writer_init(rdata->bytes, sizeof(rdata->bytes)),
        .origin = origin,
        .source = source,
        .tokens = tokens,
        .count = count,
        .fault = fault,
        .type_name = zone_rdata_type_name(type, buffer),
    };
    bool generic = count > 0 && zone_token_is(&tokens[0], "\\#");
    if (!(generic ? put_generic(&job) : put_fields(&job, type)))
        return false;
    const struct zone_token *first = &tokens[0] - (count == 0);
    if (job.out.failed)
        return refuse_because(&job, first, "the data is longer than 65535 bytes");
    rdata->len = writer_len(&job.out);
    const char *reason;
    if (zone_rdata_check(type, rdata->bytes, rdata->len, &rdata->hash, &reason))
        return true;
    zone_fault_set(fault, zone_token_spot(source, first), "malformed data of %s: %s",
                   job.type_name, reason);
    return false;
}
