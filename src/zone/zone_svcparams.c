/* The parameters of SVCB and HTTPS records (RFC 9460 sections 2.1, 7 and appendix A). ldns has
 * a parser of them, but loses one of the two levels of escapes, wraps ports and takes a key
 * twice.
 *
 *     alpn="f\\\\oo\\,bar,h2"      the word
 *     f\\oo\,bar,h2                escapes of master files resolved: the value
 *     f\oo,bar   h2                the value as a list: \\ and \, are its escapes
 *
 * Here the words are converted and sorted by key; what the values must be, for any writer, is
 * the business of zone_rdata_check(). */
#include <arpa/inet.h>
#include <string.h>

#include "rhumb/cursor.h"

#include "zone_rdata.h"
#include "zone_text.h"

enum { PARAMS_MAX = 256, NAME_MAX_LEN = 15 };

static const struct {
    char name[NAME_MAX_LEN + 1];
    uint16_t key;
} keys[] = {
    {"mandatory", SVC_MANDATORY},
    {"alpn", SVC_ALPN},
    {"no-default-alpn", SVC_NO_DEFAULT_ALPN},
    {"port", SVC_PORT},
    {"ipv4hint", SVC_IPV4HINT},
    {"ech", SVC_ECH},
    {"ipv6hint", SVC_IPV6HINT},
    {"dohpath", SVC_DOHPATH},
    {"ohttp", SVC_OHTTP},
};

/* One parameter in the buffer. */
struct param {
    uint16_t key;
    size_t offset, len;
};

static bool parse_key(const uint8_t *text, size_t len, uint16_t *out_key)
{
    uint64_t number;
    for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
        if (strlen(keys[i].name) == len && memcmp(keys[i].name, text, len) == 0) {
            *out_key = keys[i].key;
            return true;
        }
    }
    if (len <= 3 || memcmp(text, "key", 3) != 0 ||
        !zone_text_number((const char *)text + 3, len - 3, SVC_KEY_MAX, &number))
        return false;
    *out_key = (uint16_t)number;
    return true;
}

/* next_item - the next item of a comma-separated list, at *at; without escapes. False: none
 * left. */
static bool next_item(const uint8_t **at, const uint8_t *end, const uint8_t **out_item,
                      size_t *out_len)
{
    if (*at > end)
        return false;
    const uint8_t *comma = memchr(*at, ',', (size_t)(end - *at));
    const uint8_t *item_end = comma ? comma : end;
    *out_item = *at;
    *out_len = (size_t)(item_end - *at);
    *at = item_end + 1; /* one behind the end: nothing left */
    return true;
}

/* put_alpn - the list with escapes, each item behind its length. */
static bool put_alpn(struct writer *out, const uint8_t *value, size_t len)
{
    uint8_t *length = writer_reserve(out, 1);
    size_t used = 0;
    for (size_t i = 0; i < len; i++) {
        if (value[i] == ',') {
            if (!length || used == 0 || used > UINT8_MAX)
                return false;
            *length = (uint8_t)used;
            length = writer_reserve(out, 1);
            used = 0;
            continue;
        }
        if (value[i] == '\\' && ++i == len)
            return false;
        writer_u8(out, value[i]);
        used++;
    }
    if (!length || used == 0 || used > UINT8_MAX)
        return false;
    *length = (uint8_t)used;
    return true;
}

static bool put_hints(struct writer *out, int family, const uint8_t *value, size_t len)
{
    const uint8_t *at = value, *item;
    size_t item_len;
    while (next_item(&at, value + len, &item, &item_len)) {
        char text[INET6_ADDRSTRLEN] = "";
        uint8_t address[16];
        if (item_len >= sizeof(text))
            return false;
        memcpy(text, item, item_len);
        if (inet_pton(family, text, address) != 1)
            return false;
        writer_bytes(out, address, family == AF_INET ? 4 : 16);
    }
    return true;
}

/* put_mandatory - the keys in ascending order (RFC 9460 section 8). */
static bool put_mandatory(struct writer *out, const uint8_t *value, size_t len)
{
    const uint8_t *at = value, *item;
    size_t item_len, count = 0;
    uint16_t listed[PARAMS_MAX];
    while (next_item(&at, value + len, &item, &item_len)) {
        uint16_t key;
        if (count == PARAMS_MAX || !parse_key(item, item_len, &key))
            return false;
        size_t i = count++;
        for (; i > 0 && listed[i - 1] > key; i--)
            listed[i] = listed[i - 1];
        listed[i] = key;
    }
    for (size_t i = 0; i < count; i++)
        writer_u16(out, listed[i]);
    return true;
}

static bool put_port(struct writer *out, const uint8_t *value, size_t len)
{
    uint64_t port;
    bool ok = zone_text_number((const char *)value, len, UINT16_MAX, &port);
    if (ok)
        writer_u16(out, (uint16_t)port);
    return ok;
}

/* put_ech - base64, by ldns. */
static bool put_ech(struct writer *out, const uint8_t *value, size_t len)
{
    enum { ECH_TEXT_MAX = 8192 };

    char text[ECH_TEXT_MAX];
    if (len == 0 || len >= sizeof(text) ||
        !zone_field_check_word(ZONE_FIELD_BASE64, (const char *)value, len))
        return false;
    memcpy(text, value, len);
    text[len] = '\0';
    long bytes = zone_field_convert(ZONE_FIELD_BASE64, text, out->pos, writer_left(out));
    if (bytes < 0)
        return false;
    writer_reserve(out, (size_t)bytes);
    return true;
}

static bool put_value(struct writer *out, uint16_t key, const uint8_t *value, size_t len)
{
    switch (key) {
    case SVC_MANDATORY: return put_mandatory(out, value, len);
    case SVC_ALPN: return put_alpn(out, value, len);
    case SVC_PORT: return put_port(out, value, len);
    case SVC_IPV4HINT: return put_hints(out, AF_INET, value, len);
    case SVC_IPV6HINT: return put_hints(out, AF_INET6, value, len);
    case SVC_ECH: return put_ech(out, value, len);
    default: writer_bytes(out, value, len); return true;
    }
}

/* parse_param - a word, or key= with the quoted value behind it; the value goes to out,
 * unescaped on the way in scratch. */
static bool parse_param(const struct zone_token *token, const struct zone_token *quoted,
                        uint8_t *scratch, size_t scratch_size, struct writer *out,
                        struct param *param)
{
    const char *equals = memchr(token->text, '=', token->len);
    size_t key_len = equals ? (size_t)(equals - token->text) : token->len;
    const char *value = token->text + key_len + (equals != NULL);
    size_t value_len = token->len - key_len - (equals != NULL);
    if (token->quoted || !parse_key((const uint8_t *)token->text, key_len, &param->key))
        return false;
    if (quoted) {
        if (!equals || value_len > 0)
            return false;
        value = quoted->text;
        value_len = quoted->len;
    }
    long len = zone_text_unescape(value, value_len, scratch, scratch_size);
    bool empty = param->key == SVC_NO_DEFAULT_ALPN || param->key == SVC_OHTTP;
    if (len < 0 || (empty && len > 0))
        return false;
    param->offset = writer_len(out);
    if (!put_value(out, param->key, scratch, (size_t)len))
        return false;
    param->len = writer_len(out) - param->offset;
    return !out->failed;
}

/* insert_param - into params, which are sorted by key; false when the key is there already. */
static bool insert_param(struct param *params, size_t count, struct param param)
{
    size_t i = count;
    while (i > 0 && params[i - 1].key >= param.key)
        i--;
    if (i < count && params[i].key == param.key)
        return false;
    memmove(&params[i + 1], &params[i], (count - i) * sizeof(*params));
    params[i] = param;
    return true;
}

size_t zone_svcparams_put(const struct zone_token *tokens, size_t count, struct writer *out,
                          uint8_t *scratch, size_t scratch_size)
{
    struct param params[PARAMS_MAX];
    size_t param_count = 0;
    /* The lower half of the scratch holds one value, the upper half all that are converted. */
    size_t half = scratch_size / 2;
    struct writer values = writer_init(scratch + half, scratch_size - half);
    for (size_t i = 0; i < count; i++) {
        struct param param;
        const struct zone_token *quoted =
            i + 1 < count && tokens[i + 1].glued ? &tokens[i + 1] : NULL;
        if (param_count == PARAMS_MAX ||
            !parse_param(&tokens[i], quoted, scratch, half, &values, &param) ||
            !insert_param(params, param_count, param))
            return i;
        param_count++;
        i += quoted != NULL;
    }
    for (size_t i = 0; i < param_count; i++) {
        writer_u16(out, params[i].key);
        writer_u16(out, (uint16_t)params[i].len);
        writer_bytes(out, values.start + params[i].offset, params[i].len);
    }
    return count;
}
