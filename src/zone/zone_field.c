/* What one field of rdata looks like as text. The checks stand in front of ldns, which is more
 * generous than a master file may be (see zone_rdata.h). */
#include <string.h>

#include "zone_rdata.h"
#include "zone_text.h"

static const char *const expected[] = {
    [ZONE_FIELD_OPAQUE] = "\\# length hex",
    [ZONE_FIELD_NAME] = "a domain name",
    [ZONE_FIELD_U8] = "a number from 0 to 255",
    [ZONE_FIELD_U16] = "a number from 0 to 65535",
    [ZONE_FIELD_U32] = "a number from 0 to 4294967295",
    [ZONE_FIELD_PERIOD] = "a time such as 3600 or 1h",
    [ZONE_FIELD_STRING] = "a string of at most 255 bytes",
    [ZONE_FIELD_LONG_STRING] = "a string",
    [ZONE_FIELD_A] = "an IPv4 address such as 192.0.2.1",
    [ZONE_FIELD_AAAA] = "an IPv6 address such as 2001:db8::1",
    [ZONE_FIELD_HEX] = "hex digits, two a byte",
    [ZONE_FIELD_BASE64] = "base64 text",
    [ZONE_FIELD_BITMAP] = "names of record types",
    [ZONE_FIELD_TYPE] = "the name of a record type",
    [ZONE_FIELD_ALGORITHM] = "an algorithm: a name or a number from 0 to 255",
    [ZONE_FIELD_CERT_TYPE] = "a certificate type: a name or a number from 0 to 65535",
    [ZONE_FIELD_TLSA_USAGE] = "a certificate usage: a name or a number from 0 to 255",
    [ZONE_FIELD_TLSA_SELECTOR] = "a selector: a name or a number from 0 to 255",
    [ZONE_FIELD_TLSA_MATCHING] = "a matching type: a name or a number from 0 to 255",
    [ZONE_FIELD_TIME] = "a time as YYYYMMDDHHMMSS",
    [ZONE_FIELD_APL] = "an address prefix such as 1:192.0.2.0/24 or !2:2001:db8::/32",
    [ZONE_FIELD_LOC] = "a location such as 52 22 23.000 N 4 53 32.000 E -2.00m",
    [ZONE_FIELD_IPSECKEY] = "precedence, gateway type, algorithm, gateway and key",
    [ZONE_FIELD_SALT] = "a salt in hex, or - for none",
    [ZONE_FIELD_NEXT_HASH] = "a hash in base32hex",
    [ZONE_FIELD_ILNP64] = "four groups of hex digits such as 2001:db8:0:1",
    [ZONE_FIELD_EUI48] = "six bytes in hex such as 00-00-5e-00-53-2a",
    [ZONE_FIELD_EUI64] = "eight bytes in hex such as 00-00-5e-ef-10-00-00-2a",
    [ZONE_FIELD_TAG] = "a tag of letters and digits such as issue",
    [ZONE_FIELD_HIP] = "algorithm, host identity tag in hex and key in base64",
    [ZONE_FIELD_SVCPARAMS] = "parameters such as alpn=h2,h3 port=443",
};

const char *zone_field_expected(enum zone_field field)
{
    return expected[field];
}

bool zone_field_takes_rest(enum zone_field field)
{
    return field == ZONE_FIELD_HEX || field == ZONE_FIELD_BASE64 ||
           field == ZONE_FIELD_BITMAP || field == ZONE_FIELD_LOC ||
           field == ZONE_FIELD_IPSECKEY || field == ZONE_FIELD_SVCPARAMS;
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool is_letter(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

/* consists_of - hex digits and the bytes of others. */
static bool consists_of(const char *text, size_t len, const char *others)
{
    for (size_t i = 0; i < len; i++)
        if (zone_text_hex_digit(text[i]) < 0 && !strchr(others, text[i]))
            return false;
    return len > 0;
}

static bool looks_like_a(const char *text, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        bool starts = i == 0 || text[i - 1] == '.';
        if (!is_digit(text[i]) && text[i] != '.')
            return false;
        if (starts && text[i] == '0' && i + 1 < len && is_digit(text[i + 1]))
            return false; /* 010 is 8 to some and 10 to others */
    }
    return len <= 15;
}

static bool looks_like_base64(const char *text, size_t len)
{
    for (size_t i = 0; i < len; i++)
        if (!is_letter(text[i]) && !is_digit(text[i]) && !strchr("+/=", text[i]))
            return false;
    return true;
}

static bool looks_like_base32(const char *text, size_t len)
{
    enum { HASH_TEXT_MAX = 400 }; /* ldns counts in a byte above */

    for (size_t i = 0; i < len; i++)
        if (!is_digit(text[i]) && !(is_letter(text[i]) && (text[i] | 0x20) <= 'v'))
            return false;
    return len > 0 && len <= HASH_TEXT_MAX;
}

static bool looks_like_salt(const char *text, size_t len)
{
    enum { SALT_TEXT_MAX = 2 * 255 };

    if (len == 1 && text[0] == '-')
        return true;
    return len % 2 == 0 && len <= SALT_TEXT_MAX && consists_of(text, len, "");
}

static bool looks_like_time(const char *text, size_t len)
{
    uint64_t value;
    return zone_text_number(text, len, len == 14 ? UINT64_C(99999999999999) : UINT32_MAX,
                            &value);
}

/* [!]family:address/prefix; the ranges are checked in wire form. */
static bool looks_like_apl(const char *text, size_t len)
{
    uint64_t value;
    if (len > 0 && text[0] == '!') {
        text++;
        len--;
    }
    const char *slash = memchr(text, '/', len);
    if (len < 3 || (text[0] != '1' && text[0] != '2') || text[1] != ':' || !slash)
        return false;
    size_t behind = (size_t)(text + len - slash) - 1;
    return zone_text_number(slash + 1, behind, text[0] == '1' ? 32 : 128, &value);
}

static bool looks_like_tag(const char *text, size_t len)
{
    for (size_t i = 0; i < len; i++)
        if (!is_letter(text[i]) && !is_digit(text[i]))
            return false;
    return len > 0 && len <= 255;
}

bool zone_field_check_word(enum zone_field field, const char *text, size_t len)
{
    switch (field) {
    case ZONE_FIELD_A: return looks_like_a(text, len);
    case ZONE_FIELD_AAAA: return consists_of(text, len, ":.");
    case ZONE_FIELD_HEX: return consists_of(text, len, "");
    case ZONE_FIELD_BASE64: return looks_like_base64(text, len);
    case ZONE_FIELD_BITMAP:
    case ZONE_FIELD_TYPE: return zone_rdata_type(text, len) != 0;
    case ZONE_FIELD_ALGORITHM:
    case ZONE_FIELD_CERT_TYPE:
    case ZONE_FIELD_TLSA_USAGE:
    case ZONE_FIELD_TLSA_SELECTOR:
    case ZONE_FIELD_TLSA_MATCHING: return len > 0 && is_letter(text[0]); /* else a number */
    case ZONE_FIELD_TIME: return looks_like_time(text, len);
    case ZONE_FIELD_APL: return looks_like_apl(text, len);
    case ZONE_FIELD_SALT: return looks_like_salt(text, len);
    case ZONE_FIELD_NEXT_HASH: return looks_like_base32(text, len);
    case ZONE_FIELD_ILNP64: return consists_of(text, len, ":");
    case ZONE_FIELD_EUI48:
    case ZONE_FIELD_EUI64: return consists_of(text, len, "-");
    case ZONE_FIELD_TAG: return looks_like_tag(text, len);
    case ZONE_FIELD_NAME:
    case ZONE_FIELD_U8:
    case ZONE_FIELD_U16:
    case ZONE_FIELD_U32:
    case ZONE_FIELD_PERIOD:
    case ZONE_FIELD_STRING:
    case ZONE_FIELD_LONG_STRING:
    case ZONE_FIELD_LOC:
    case ZONE_FIELD_IPSECKEY:
    case ZONE_FIELD_HIP:
    case ZONE_FIELD_SVCPARAMS:
    case ZONE_FIELD_OPAQUE: break; /* converted by words of their own, see zone_rdata.c */
    }
    return true;
}

/* decimal - digits, at most `decimals` behind a point, in thousandths; "m" may end it. */
static bool decimal(const char *text, size_t len, unsigned decimals, uint64_t max_thousandths)
{
    size_t point = 0;
    while (point < len && text[point] != '.')
        point++;
    uint64_t whole, fraction = 0;
    if (!zone_text_number(text, point, UINT32_MAX, &whole))
        return false;
    size_t behind = point < len ? len - point - 1 : 0;
    if (behind > decimals ||
        (behind > 0 && !zone_text_number(text + point + 1, behind, UINT32_MAX, &fraction)))
        return false;
    for (size_t i = behind; i < 3; i++)
        fraction *= 10;
    return whole * 1000 + fraction <= max_thousandths;
}

/* angle - degrees [minutes [seconds]] and one of the two letters; the words used, or 0. */
static size_t angle(const struct zone_token *tokens, size_t count, uint64_t max_degrees,
                    char positive, char negative)
{
    static const uint64_t limits[] = {0, 59, 59};
    static const unsigned decimals[] = {0, 0, 3};

    for (size_t i = 0; i < count && i < 4; i++) {
        const struct zone_token *t = &tokens[i];
        if (i > 0 && t->len == 1 && (t->text[0] == positive || t->text[0] == negative))
            return i + 1;
        if (i == 3)
            return 0;
        uint64_t max = i == 0 ? max_degrees * 1000 : limits[i] * 1000 + (i == 2 ? 999 : 0);
        if (!decimal(t->text, t->len, decimals[i], max))
            return 0;
    }
    return 0;
}

/* metres - [-]12.34[m] up to max. */
static bool metres(const struct zone_token *token, bool may_be_negative, uint64_t max)
{
    const char *text = token->text;
    size_t len = token->len;
    if (len > 0 && (text[len - 1] == 'm' || text[len - 1] == 'M'))
        len--;
    if (may_be_negative && len > 0 && text[0] == '-') {
        text++;
        len--;
        max = 100000; /* the lowest altitude there is */
    }
    return decimal(text, len, 2, max * 1000);
}

bool zone_field_check_loc(const struct zone_token *tokens, size_t count)
{
    enum { ALTITUDE_MAX = 42849672, PRECISION_MAX = 90000000 };

    size_t latitude = angle(tokens, count, 90, 'N', 'S');
    if (latitude == 0)
        return false;
    size_t longitude = angle(tokens + latitude, count - latitude, 180, 'E', 'W');
    if (longitude == 0)
        return false;
    tokens += latitude + longitude;
    count -= latitude + longitude;
    if (count < 1 || count > 4 || !metres(&tokens[0], true, ALTITUDE_MAX))
        return false;
    for (size_t i = 1; i < count; i++)
        if (!metres(&tokens[i], false, PRECISION_MAX))
            return false;
    return true;
}
