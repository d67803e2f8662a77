#include "zone_text.h"

#include <string.h>
#include <strings.h>

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

bool zone_text_number(const char *text, size_t len, uint64_t max, uint64_t *out_value)
{
    uint64_t value = 0;
    if (len == 0)
        return false;
    for (size_t i = 0; i < len; i++) {
        if (!is_digit(text[i]))
            return false;
        uint64_t digit = (uint64_t)(text[i] - '0');
        if (value > (max - digit) / 10 || digit > max)
            return false;
        value = value * 10 + digit;
    }
    *out_value = value;
    return true;
}

static uint64_t unit_seconds(char c)
{
    switch (c) {
    case 's':
    case 'S': return 1;
    case 'm':
    case 'M': return 60;
    case 'h':
    case 'H': return 3600;
    case 'd':
    case 'D': return 86400;
    case 'w':
    case 'W': return 604800;
    default: return 0;
    }
}

static enum zone_ttl parse_seconds(const char *text, size_t len, uint64_t max,
                                   uint32_t *out_ttl_s)
{
    uint64_t total = 0;
    size_t i = 0;
    if (len == 0)
        return ZONE_TTL_MALFORMED;
    bool too_big = false;
    while (i < len) {
        size_t start = i;
        uint64_t number = 0;
        for (; i < len && is_digit(text[i]); i++)
            if (number <= UINT32_MAX)
                number = number * 10 + (uint64_t)(text[i] - '0');
        if (i == start)
            return ZONE_TTL_MALFORMED;
        if (i == len) { /* a bare number is alone: what would the 30 of 1h30 be? */
            if (start > 0)
                return ZONE_TTL_MALFORMED;
            total = number;
            break;
        }
        uint64_t unit = unit_seconds(text[i++]);
        if (unit == 0)
            return ZONE_TTL_MALFORMED;
        total += number * unit;
        too_big = too_big || total > max;
        if (too_big)
            total = 0; /* cannot overflow, however long the text */
    }
    if (too_big || total > max)
        return ZONE_TTL_TOO_BIG;
    *out_ttl_s = (uint32_t)total;
    return ZONE_TTL_OK;
}

enum zone_ttl zone_text_ttl(const char *text, size_t len, uint32_t *out_ttl_s)
{
    return parse_seconds(text, len, ZONE_TTL_MAX, out_ttl_s);
}

enum zone_ttl zone_text_period(const char *text, size_t len, uint32_t *out_s)
{
    return parse_seconds(text, len, UINT32_MAX, out_s);
}

/* unescape_one - one byte from text[*at]; -1 when the escape is malformed. */
static int unescape_one(const char *text, size_t len, size_t *at)
{
    const char *t = text + *at;
    size_t left = len - *at;
    if (*t != '\\') {
        (*at)++;
        return (unsigned char)*t;
    }
    if (left < 2)
        return -1;
    if (!is_digit(t[1])) {
        *at += 2;
        return (unsigned char)t[1];
    }
    if (left < 4 || !is_digit(t[2]) || !is_digit(t[3]))
        return -1;
    int value = (t[1] - '0') * 100 + (t[2] - '0') * 10 + (t[3] - '0');
    *at += 4;
    return value > 255 ? -1 : value;
}

long zone_text_unescape(const char *text, size_t len, uint8_t *to, size_t capacity)
{
    size_t used = 0;
    for (size_t at = 0; at < len;) {
        int byte = unescape_one(text, len, &at);
        if (byte < 0)
            return ZONE_UNESCAPE_MALFORMED;
        if (used == capacity)
            return ZONE_UNESCAPE_TOO_LONG;
        to[used++] = (uint8_t)byte;
    }
    return (long)used;
}

uint16_t zone_text_class(const char *text, size_t len)
{
    static const struct {
        char name[3];
        uint16_t number;
    } classes[] = {{"IN", 1}, {"CS", 2}, {"CH", 3}, {"HS", 4}};

    for (size_t i = 0; i < sizeof(classes) / sizeof(classes[0]); i++)
        if (len == 2 && strncasecmp(text, classes[i].name, 2) == 0)
            return classes[i].number;
    uint64_t number;
    if (len > 5 && strncasecmp(text, "CLASS", 5) == 0 &&
        zone_text_number(text + 5, len - 5, UINT16_MAX, &number))
        return (uint16_t)number;
    return 0;
}

int zone_text_hex_digit(char c)
{
    if (is_digit(c))
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}
