#include "rhumb/json_put.h"

#include <math.h>
#include <string.h>

/* utf8_len - how many bytes the character at `text` takes; 0: it is none (RFC 3629 section 4).
 * A zero byte ends every text, so no byte behind it is read. */
static size_t utf8_len(const unsigned char *text)
{
    static const struct {
        unsigned char first, last, second_first, second_last;
        size_t len;
    } forms[] = {
        {0x01, 0x7f, 0, 0, 1},       {0xc2, 0xdf, 0x80, 0xbf, 2}, {0xe0, 0xe0, 0xa0, 0xbf, 3},
        {0xe1, 0xec, 0x80, 0xbf, 3}, {0xed, 0xed, 0x80, 0x9f, 3}, {0xee, 0xef, 0x80, 0xbf, 3},
        {0xf0, 0xf0, 0x90, 0xbf, 4}, {0xf1, 0xf3, 0x80, 0xbf, 4}, {0xf4, 0xf4, 0x80, 0x8f, 4},
    };

    for (size_t i = 0; i < sizeof(forms) / sizeof(forms[0]); i++) {
        if (text[0] < forms[i].first || text[0] > forms[i].last)
            continue;
        if (forms[i].len > 1 &&
            (text[1] < forms[i].second_first || text[1] > forms[i].second_last))
            return 0;
        for (size_t k = 2; k < forms[i].len; k++)
            if (text[k] < 0x80 || text[k] > 0xbf)
                return 0;
        return forms[i].len;
    }
    return 0;
}

static void put_escaped(struct text *out, unsigned char byte)
{
    static const char shorts[] = {['\b'] = 'b', ['\t'] = 't', ['\n'] = 'n', ['\f'] = 'f',
                                  ['\r'] = 'r', ['"'] = '"',  ['\\'] = '\\'};

    if (byte < sizeof(shorts) && shorts[byte] != '\0')
        text_printf(out, "\\%c", shorts[byte]);
    else
        text_printf(out, "\\u%04x", byte);
}

static void put_quoted(struct text *out, const char *value)
{
    const unsigned char *at = (const unsigned char *)value, *plain = at;
    text_put(out, "\"", 1);
    while (*at != '\0') {
        bool is_ascii = *at >= 0x20 && *at < 0x7f && *at != '"' && *at != '\\';
        size_t len = is_ascii ? 1 : utf8_len(at);
        if (is_ascii || len > 1) {
            at += len;
            continue;
        }
        text_put(out, (const char *)plain, (size_t)(at - plain));
        if (len > 0)
            put_escaped(out, *at);
        else
            text_printf(out, "\\ufffd");
        plain = ++at;
    }
    text_put(out, (const char *)plain, (size_t)(at - plain));
    text_put(out, "\"", 1);
}

static void put_key(struct json_put *json, const char *key)
{
    if (json->more)
        text_put(json->out, ",", 1);
    json->more = true;
    if (!key)
        return;
    put_quoted(json->out, key);
    text_put(json->out, ":", 1);
}

void json_put_init(struct json_put *json, struct text *out)
{
    *json = (struct json_put){.out = out};
}

void json_put_begin(struct json_put *json, const char *key, char bracket)
{
    put_key(json, key);
    text_put(json->out, &bracket, 1);
    json->more = false;
}

void json_put_end(struct json_put *json, char bracket)
{
    text_put(json->out, &bracket, 1);
    json->more = true;
}

void json_put_string(struct json_put *json, const char *key, const char *value)
{
    put_key(json, key);
    put_quoted(json->out, value);
}

void json_put_optional(struct json_put *json, const char *key, const char *value)
{
    if (value)
        json_put_string(json, key, value);
}

void json_put_uint(struct json_put *json, const char *key, uint64_t value)
{
    char digits[24], *at = digits + sizeof(digits);
    do {
        *--at = (char)('0' + value % 10);
        value /= 10;
    } while (value > 0);
    put_key(json, key);
    text_put(json->out, at, (size_t)(digits + sizeof(digits) - at));
}

void json_put_bool(struct json_put *json, const char *key, bool value)
{
    json_put_raw(json, key, value ? "true" : "false");
}

void json_put_null(struct json_put *json, const char *key)
{
    json_put_raw(json, key, "null");
}

void json_put_real(struct json_put *json, const char *key, double value, unsigned decimals)
{
    if (!isfinite(value)) {
        json_put_null(json, key);
        return;
    }
    put_key(json, key);
    text_printf(json->out, "%.*f", (int)decimals, value);
}

void json_put_raw(struct json_put *json, const char *key, const char *value)
{
    put_key(json, key);
    text_put(json->out, value, strlen(value));
}
