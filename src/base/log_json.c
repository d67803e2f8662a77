#include "rhumb/log_json.h"

#include <string.h>

#include "rhumb/log.h"

enum { KEY_MAX = 64, VALUE_MAX = 2048 }; /* a whole line has no more */

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static unsigned hex_digit(char c)
{
    return is_digit(c) ? (unsigned)(c - '0') : (unsigned)(c - 'a') + 10;
}

/* unescape - one character behind a backslash, as log_quote() has written it. */
static char unescape(const char **at)
{
    if (**at != 'x' || (*at)[1] == '\0' || (*at)[2] == '\0')
        return **at != '\0' ? *(*at)++ : '\\';
    char c = (char)(hex_digit((*at)[1]) << 4 | hex_digit((*at)[2]));
    *at += 3;
    return c;
}

/* read_quoted - from behind the quote; *at is set behind the other, which a line that was cut may
 * lack. */
static void read_quoted(const char **at, char value[VALUE_MAX])
{
    size_t len = 0;
    while (**at != '\0' && **at != '"' && len + 1 < VALUE_MAX) {
        char c = *(*at)++;
        value[len++] = c == '\\' ? unescape(at) : c;
    }
    value[len] = '\0';
    if (**at == '"')
        ++*at;
}

static void read_plain(const char **at, char value[VALUE_MAX])
{
    size_t len = strcspn(*at, " ");
    if (len >= VALUE_MAX)
        len = VALUE_MAX - 1;
    memcpy(value, *at, len);
    value[len] = '\0';
    *at += len;
}

static void put_pair(struct json_put *json, const char *key, const char **at)
{
    char value[VALUE_MAX];
    bool is_quoted = **at == '"';
    if (is_quoted) {
        ++*at;
        read_quoted(at, value);
    } else {
        read_plain(at, value);
    }
    if (!is_quoted && log_is_number(value))
        json_put_raw(json, key, value);
    else
        json_put_string(json, key, value);
}

void log_json_put(struct json_put *json, const char *line)
{
    const char *at = line;
    while (*at != '\0') {
        size_t len = strcspn(at, " =");
        char key[KEY_MAX];
        if (at[len] != '=' || len == 0 || len >= sizeof(key)) {
            at += len + (at[len] != '\0');
            continue;
        }
        memcpy(key, at, len);
        key[len] = '\0';
        at += len + 1;
        put_pair(json, key, &at);
        at += *at == ' ';
    }
}
