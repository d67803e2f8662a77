#include "zone_generate.h"

#include <stdio.h>
#include <string.h>

#include "zone_text.h"

enum { WIDTH_MAX = 255 };

/* What stands in ${...}. */
struct modifier {
    int64_t offset;
    unsigned width;
    char base;
};

bool zone_range_parse(const char *text, size_t len, struct zone_range *out_range)
{
    const char *end = text + len;
    const char *dash = memchr(text, '-', len);
    const char *slash = memchr(text, '/', len);
    uint64_t first, last, step = 1;
    if (!dash || (slash && slash < dash))
        return false;
    const char *last_end = slash ? slash : end;
    if (!zone_text_number(text, (size_t)(dash - text), INT32_MAX, &first) ||
        !zone_text_number(dash + 1, (size_t)(last_end - dash) - 1, INT32_MAX, &last))
        return false;
    if (slash && !zone_text_number(slash + 1, (size_t)(end - slash) - 1, INT32_MAX, &step))
        return false;
    *out_range = (struct zone_range){(uint32_t)first, (uint32_t)last, (uint32_t)step};
    return first <= last && step > 0;
}

uint64_t zone_range_count(const struct zone_range *range)
{
    return ((uint64_t)range->last - range->first) / range->step + 1;
}

/* parse_modifier - the inside of the braces: -5,3,x. */
static bool parse_modifier(const char *text, size_t len, struct modifier *out)
{
    uint64_t number;
    const char *end = text + len;
    *out = (struct modifier){.base = 'd'};
    const char *comma = memchr(text, ',', len);
    const char *offset_end = comma ? comma : end;
    bool negative = text < offset_end && *text == '-';
    text += negative;
    if (!zone_text_number(text, (size_t)(offset_end - text), INT32_MAX, &number))
        return false;
    out->offset = negative ? -(int64_t)number : (int64_t)number;
    if (!comma)
        return true;
    text = comma + 1;
    comma = memchr(text, ',', (size_t)(end - text));
    const char *width_end = comma ? comma : end;
    if (!zone_text_number(text, (size_t)(width_end - text), WIDTH_MAX, &number))
        return false;
    out->width = (unsigned)number;
    if (!comma)
        return true;
    if (end - comma != 2 || !strchr("doxXnN", comma[1]))
        return false;
    out->base = comma[1];
    return true;
}

/* put_nibbles - lowest first, dots between: for names in ip6.arpa. */
static void put_nibbles(uint32_t value, unsigned width, bool upper, struct text *text)
{
    const char *digits = upper ? "0123456789ABCDEF" : "0123456789abcdef";
    bool more;
    do {
        text_put(text, &digits[value & 15], 1);
        value >>= 4;
        width -= width > 0;
        more = value != 0 || width > 0;
        if (more)
            text_put(text, ".", 1);
        width -= width > 0;
    } while (value != 0 || width > 0);
}

static void put_value(uint32_t value, const struct modifier *m, struct text *text)
{
    int width = (int)m->width;
    switch (m->base) {
    case 'o': text_printf(text, "%0*o", width, value); break;
    case 'x': text_printf(text, "%0*x", width, value); break;
    case 'X': text_printf(text, "%0*X", width, value); break;
    case 'n':
    case 'N': put_nibbles(value, m->width, m->base == 'N', text); break;
    default: text_printf(text, "%0*u", width, value); break;
    }
}

/* expand_dollar - *at is at a $; moves behind what belongs to it. */
static const char *expand_dollar(const char **at, const char *end, uint32_t value,
                                 struct text *text)
{
    struct modifier m = {.base = 'd'};
    const char *p = *at + 1;
    if (p < end && *p == '$') { /* BIND's older way to write a dollar */
        text_put(text, "\\$", 2);
        *at = p + 1;
        return NULL;
    }
    if (p < end && *p == '{') {
        const char *close = memchr(p, '}', (size_t)(end - p));
        if (!close || !parse_modifier(p + 1, (size_t)(close - p) - 1, &m))
            return "expected ${offset}, ${offset,width} or ${offset,width,base} with base d, "
                   "o, "
                   "x, X, n or N";
        p = close + 1;
    }
    int64_t number = (int64_t)value + m.offset; /* 31 bits each: the sum has no more than 32 */
    if (number < 0)
        return "the offset makes the value negative";
    put_value((uint32_t)number, &m, text);
    *at = p;
    return NULL;
}

static const char *expand_word(const struct zone_token *token, uint32_t value,
                               struct text *text)
{
    const char *at = token->text, *end = token->text + token->len;
    while (at < end) {
        const char *reason = NULL;
        if (*at == '$') {
            reason = expand_dollar(&at, end, value, text);
        } else {
            size_t len = *at == '\\' && at + 1 < end ? 2 : 1; /* an escape stays what it is */
            text_put(text, at, len);
            at += len;
        }
        if (reason)
            return reason;
    }
    return NULL;
}

/* unwraps - BIND takes the data as one quoted word: MX "10 mail$". Of a TXT it is a string. */
static bool unwraps(const struct zone_token *tokens, size_t count)
{
    const struct zone_token *type = &tokens[count - 1] - (count > 1);
    return tokens[count - 1].quoted && !tokens[count - 1].glued && !type->quoted &&
           !zone_token_is(type, "TXT") && !zone_token_is(type, "SPF");
}

const char *zone_generate_expand(const struct zone_token *tokens, size_t count, uint32_t value,
                                 struct text *text, size_t *out_bad)
{
    bool unwrap = unwraps(tokens, count);
    for (size_t i = 0; i < count; i++) {
        bool quote = tokens[i].quoted && !(unwrap && i == count - 1);
        *out_bad = i;
        if (i > 0 && !tokens[i].glued)
            text_put(text, " ", 1);
        if (quote)
            text_put(text, "\"", 1);
        const char *reason = expand_word(&tokens[i], value, text);
        if (reason)
            return reason;
        if (quote)
            text_put(text, "\"", 1);
    }
    return text->failed ? "the generated record is too long" : NULL;
}
