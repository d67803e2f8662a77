/* A query log: a line for each query, as logfmt or as a JSON object. The fields that are read stand in
 * one place, on_field(). */
#include <ctype.h>
#include <string.h>

#include "traffic_kinds.h"

enum { KEY_MAX = 16, VALUE_MAX = DNS_NAME_TEXT_MAX, EXCERPT_MAX = 300 };

/* One line on its way. */
struct line {
    const char *text;
    size_t len, at;
    bool has_client, has_ecs;
    struct ip_prefix client, ecs;
    struct traffic_query *query;
    const char *wrong; /* NULL: nothing is */
    size_t wrong_at;
};

/* parse_client - an address, maybe with its port: "192.0.2.1:5353", "[2001:db8::1]:53"; or a network,
 * where the log tells no more. */
static bool parse_client(const char *value, struct ip_prefix *out_client)
{
    if (strchr(value, '/'))
        return ip_prefix_parse(value, out_client);
    char text[IP_TEXT_MAX];
    struct ip_addr addr;
    size_t start = value[0] == '[', len = strcspn(value + start, "]");
    const char *colon = strchr(value, ':');
    if (start == 0 && colon && !strchr(colon + 1, ':')) /* one colon: IPv4 and a port */
        len = (size_t)(colon - value);
    if (len >= sizeof(text))
        return false;
    memcpy(text, value + start, len);
    text[len] = '\0';
    if (!ip_parse(text, &addr))
        return false;
    *out_client = (struct ip_prefix){.addr = addr, .len = (uint8_t)ip_bits(addr.family)};
    return true;
}

static bool parse_name(const char *value, struct traffic_query *query)
{
    static const uint8_t root[] = {0};
    const char *reason;
    size_t len = dns_name_from_text(value, strlen(value), root, query->name, &reason);
    if (len == 0)
        return false;
    dns_name_lower(query->name, len);
    query->has_name = true;
    return true;
}

/* on_field - the fields that count; any other is somebody else's. */
static const char *on_field(struct line *line, const char *key, const char *value)
{
    struct traffic_query *query = line->query;
    if (strcmp(key, "client") == 0) {
        line->has_client = parse_client(value, &line->client);
        return line->has_client ? NULL : "client= is no address";
    }
    if (strcmp(key, "ecs") == 0) {
        if (value[0] == '\0' || strcmp(value, "-") == 0) /* none was sent */
            return NULL;
        line->has_ecs = ip_prefix_parse(value, &line->ecs);
        return line->has_ecs ? NULL : "ecs= is no network";
    }
    if (strcmp(key, "name") == 0)
        return parse_name(value, query) ? NULL : "name= is no domain name";
    if (strcmp(key, "type") == 0) {
        query->qtype = dns_type_parse(value);
        return query->qtype != 0 ? NULL : "type= is no record type";
    }
    if (strcmp(key, "event") == 0 && strcmp(value, "query") != 0)
        return "";
    return NULL;
}

/* strspn_at - how many bytes from here on are of these. */
static size_t strspn_at(const struct line *line, const char *of)
{
    size_t count = 0;
    while (line->at + count < line->len && line->text[line->at + count] != '\0' &&
           strchr(of, line->text[line->at + count]))
        count++;
    return count;
}

/* take_value - the value at line->at, in quotes or up to a space; what is longer than any good one
 * is cut, and found wrong. */
static void take_value(struct line *line, char value[VALUE_MAX])
{
    size_t len = 0;
    bool quoted = line->at < line->len && line->text[line->at] == '"';
    line->at += quoted;
    while (line->at < line->len) {
        char c = line->text[line->at++];
        if (quoted ? c == '"' : isspace((unsigned char)c))
            break;
        if (quoted && c == '\\' && line->at < line->len)
            c = line->text[line->at++];
        if (len < VALUE_MAX - 1)
            value[len++] = c;
    }
    value[len] = '\0';
}

/* take_json_string - between quotes; *out_at is behind the first. False: there is none any more. */
static bool take_json_string(struct line *line, char *text, size_t max, size_t *out_at)
{
    while (line->at < line->len && line->text[line->at] != '"')
        line->at++;
    if (line->at >= line->len)
        return false;
    char value[VALUE_MAX];
    *out_at = line->at + 1;
    take_value(line, value);
    size_t len = strlen(value);
    len = len < max - 1 ? len : max - 1;
    memcpy(text, value, len);
    text[len] = '\0';
    return true;
}

/* take_json_field - the next member whose value is a string; others are nobody's. The object is
 * flat. */
static bool take_json_field(struct line *line, char key[KEY_MAX], char value[VALUE_MAX],
                            size_t *out_value_at)
{
    while (take_json_string(line, key, KEY_MAX, out_value_at)) {
        line->at += strspn_at(line, ": \t");
        if (line->at < line->len && line->text[line->at] == '"')
            return take_json_string(line, value, VALUE_MAX, out_value_at);
    }
    return false;
}

/* take_field - the next `key=value`, words without a '=' skipped; false at the end. */
static bool take_field(struct line *line, char key[KEY_MAX], char value[VALUE_MAX],
                       size_t *out_value_at)
{
    while (line->at < line->len) {
        while (line->at < line->len && isspace((unsigned char)line->text[line->at]))
            line->at++;
        size_t start = line->at;
        while (line->at < line->len && line->text[line->at] != '=' &&
               !isspace((unsigned char)line->text[line->at]))
            line->at++;
        size_t len = line->at - start;
        if (line->at >= line->len || line->text[line->at] != '=')
            continue;
        *out_value_at = ++line->at;
        take_value(line, value);
        len = len < KEY_MAX - 1 ? len : KEY_MAX - 1; /* longer ones are not ours */
        memcpy(key, line->text + start, len);
        key[len] = '\0';
        return true;
    }
    return false;
}

const char *traffic_log_line(const char *text, size_t len, struct traffic_query *out_query,
                             uint32_t *out_column)
{
    char key[KEY_MAX], value[VALUE_MAX];
    struct line line = {.text = text, .len = len, .query = out_query};
    size_t value_at;
    out_query->has_name = false;
    out_query->qtype = 0;
    *out_column = 1;
    line.at = strspn_at(&line, " \t");
    bool is_json = line.at < len && text[line.at] == '{';
    while (is_json ? take_json_field(&line, key, value, &value_at)
                   : take_field(&line, key, value, &value_at)) {
        const char *wrong = on_field(&line, key, value);
        if (wrong && *wrong == '\0')
            return "";
        if (wrong && !line.wrong) {
            line.wrong = wrong;
            *out_column = (uint32_t)value_at + 1;
        }
    }
    if (line.wrong)
        return line.wrong;
    if (!line.has_client && !line.has_ecs)
        return "";
    out_query->client.is_ecs = line.has_ecs && (line.ecs.len > 0 || !line.has_client);
    out_query->client.network = out_query->client.is_ecs ? line.ecs : line.client;
    return NULL;
}

static void complain(const struct traffic_file *file, struct traffic *traffic, const char *line,
                     size_t len, struct diag_place place, const char *reason)
{
    char excerpt[EXCERPT_MAX];
    len = len < sizeof(excerpt) - 1 ? len : sizeof(excerpt) - 1;
    for (size_t i = 0; i < len; i++)
        excerpt[i] = isprint((unsigned char)line[i]) ? line[i] : '?';
    excerpt[len] = '\0';
    place.excerpt = excerpt;
    traffic_complain(file, traffic, &place, reason);
}

enum err traffic_log_read(const struct traffic_file *file, struct traffic *traffic)
{
    const char *at = (const char *)file->bytes, *end = at + file->len;
    struct diag_place place = {.file = file->path};
    while (at < end) {
        struct traffic_query query;
        const char *newline = memchr(at, '\n', (size_t)(end - at));
        size_t len = (size_t)((newline ? newline : end) - at);
        place.line++;
        const char *wrong = traffic_log_line(at, len, &query, &place.column);
        if (!wrong) {
            enum err err = traffic_add(traffic, file->snapshot, &query);
            if (err != ERR_OK)
                return err;
        } else if (*wrong != '\0') {
            complain(file, traffic, at, len, place, wrong);
        }
        at += len + 1;
    }
    return ERR_OK;
}
