/* config_build_check_http.c - `http:` and `https:` of a check. */
#include <string.h>
#include <strings.h>

#include "rhumb/pattern.h"

#include "config_build_check.h"
#include "config_units.h"

enum { STATUSES_MAX = 32, HEADERS_MAX = 32, FOLLOW_MAX = 10 };

/* The body is looked for in the first 64 KiB of an answer. */
enum { BODY_MAX = 64 * 1024 };

static bool all_bytes_in(const char *text, int (*is_good)(int))
{
    for (const unsigned char *c = (const unsigned char *)text; *c != '\0'; c++) {
        if (!is_good(*c))
            return false;
    }
    return true;
}

/* visible - may stand in a request line: printable ASCII without the space. */
static int visible(int c)
{
    return c > 0x20 && c < 0x7f;
}

/* field_content - may stand in a header value (RFC 9110 section 5.5). */
static int field_content(int c)
{
    return c == '\t' || (c >= 0x20 && c != 0x7f);
}

/* token - may stand in a header name (RFC 9110 section 5.6.2). */
static int token(int c)
{
    return visible(c) && !strchr("\"(),/:;<=>?@[\\]{}", c);
}

bool config_is_header_name(const char *text)
{
    return *text != '\0' && all_bytes_in(text, token);
}

static void read_path(struct config_reader *reader, const struct config_node_entry *entry,
                      void *object)
{
    struct check_draft *draft = object;
    const char *text;
    if (!config_expect_text(reader, entry, &text))
        return;
    if (text[0] == '/' && all_bytes_in(text, visible)) {
        draft->check.path = text;
        return;
    }
    config_error(reader, &entry->value->place, "'%.80s' is no path of a URL", text);
    config_remedy(reader, "it begins with '/' and has no spaces: /healthz");
}

static void read_method(struct config_reader *reader, const struct config_node_entry *entry,
                        void *object)
{
    static const char *const methods[] = {"GET", "HEAD", "POST", "OPTIONS"};

    struct check_draft *draft = object;
    int which = config_read_enum(reader, entry, methods, COUNT(methods));
    if (which >= 0)
        draft->check.method = methods[which];
}

static void read_body(struct config_reader *reader, const struct config_node_entry *entry,
                      void *object)
{
    struct check_draft *draft = object;
    const char *text;
    if (!config_expect_text(reader, entry, &text))
        return;
    if (strlen(text) <= BODY_MAX)
        draft->check.body = text;
    else
        config_error(reader, &entry->value->place, "'body' is longer than %d bytes", BODY_MAX);
}

static void read_body_regex(struct config_reader *reader, const struct config_node_entry *entry,
                            void *object)
{
    struct check_draft *draft = object;
    struct pattern pattern;
    struct pattern_fault fault;
    const char *text;
    if (!config_expect_text(reader, entry, &text))
        return;
    if (pattern_compile(text, &pattern, &fault)) {
        draft->check.body_regex = text;
        return;
    }
    config_error(reader, &entry->value->place, "'%.80s' is no pattern: %s", text, fault.why);
    config_remedy(reader, "look at its character %zu: \"%.40s\"", fault.offset + 1,
                  text + fault.offset);
}

static void read_http_version(struct config_reader *reader,
                              const struct config_node_entry *entry, void *object)
{
    static const char *const versions[] = {"1.1", "2"};

    struct check_draft *draft = object;
    int which = config_read_enum(reader, entry, versions, COUNT(versions));
    if (which >= 0)
        draft->check.http_version = which == 0 ? CONFIG_HTTP_1_1 : CONFIG_HTTP_2;
}

static void read_header(struct config_reader *reader, const struct config_node_entry *entry,
                        struct config_header *header)
{
    const struct config_node *node = entry->value;
    header->name = entry->key;
    header->value = node->text;
    if (!config_is_header_name(entry->key)) {
        config_error(reader, &entry->key_place, "'%.80s' is no name of a header", entry->key);
    } else if (strcasecmp(entry->key, "Host") == 0) {
        config_error(reader, &entry->key_place, "the Host header has a key of its own");
        config_remedy(reader, "write host: beside headers:");
    }
    if (node->kind != CONFIG_NODE_SCALAR)
        config_error(reader, &node->place, "a header has a single value, not %s",
                     config_node_kind_name(node));
    else if (!all_bytes_in(node->text, field_content))
        config_error(reader, &node->place, "a header value cannot hold control characters");
}

static void read_headers(struct config_reader *reader, const struct config_node_entry *entry,
                         void *object)
{
    struct check_draft *draft = object;
    if (!config_expect_map(reader, entry))
        return;
    uint32_t count = entry->value->count;
    if (count > HEADERS_MAX) {
        config_error(reader, &entry->value->place, "more than %d headers", HEADERS_MAX);
        return;
    }
    draft->check.headers = config_alloc(reader, count, sizeof(struct config_header));
    if (!draft->check.headers)
        return;
    draft->check.header_count = count;
    for (uint32_t i = 0; i < count; i++)
        read_header(reader, &entry->value->entries[i], &draft->check.headers[i]);
}

/* parse_status - "200" or "200-299". */
static bool parse_status(const char *text, struct config_status_range *out_range)
{
    enum { DIGITS = 3, FIRST = 100, LAST = 599 };

    size_t len = strlen(text);
    bool range = len == 2 * DIGITS + 1 && text[DIGITS] == '-';
    if (len != DIGITS && !range)
        return false;
    char first_text[DIGITS + 1] = {0};
    memcpy(first_text, text, DIGITS);
    uint64_t first, last;
    if (!config_parse_uint(first_text, &first) ||
        !config_parse_uint(range ? text + DIGITS + 1 : first_text, &last))
        return false;
    if (first < FIRST || last > LAST || first > last)
        return false;
    *out_range = (struct config_status_range){(uint16_t)first, (uint16_t)last};
    return true;
}

static void read_status(struct config_reader *reader, const struct config_node_entry *entry,
                        void *object)
{
    struct check_draft *draft = object;
    const struct config_node_entry *items;
    size_t count;
    if (!config_read_list(reader, entry, 1, STATUSES_MAX, &items, &count))
        return;
    struct config_status_range *ranges = config_alloc(reader, count, sizeof(*ranges));
    if (!ranges)
        return;
    size_t good = 0;
    for (size_t i = 0; i < count; i++) {
        const char *text;
        if (!config_expect_text(reader, &items[i], &text))
            continue;
        if (parse_status(text, &ranges[good])) {
            good++;
            continue;
        }
        config_error(reader, &items[i].value->place, "'%.80s' is no status or range of them",
                     text);
        config_remedy(reader, "write 200 or 200-299, from 100 to 599");
    }
    draft->check.statuses = ranges;
    draft->check.status_count = good;
}

/* The first HTTP_FIELD_COUNT are for both; the rest is for https alone. */
enum { HTTP_FIELD_COUNT = 11 };

static const struct config_field HTTPS_FIELDS[] = {
    OTHER_FIELD("path", read_path),
    OTHER_FIELD("method", read_method),
    OTHER_FIELD("host", config_read_check_host),
    CHECK_FIELD("port", CONFIG_FIELD_UINT16, port, 1, UINT16_MAX),
    OTHER_FIELD("headers", read_headers),
    OTHER_FIELD("status", read_status),
    OTHER_FIELD("body", read_body),
    OTHER_FIELD("body_regex", read_body_regex),
    CHECK_FIELD("follow", CONFIG_FIELD_UINT32, follow, 0, FOLLOW_MAX),
    OTHER_FIELD("http_version", read_http_version),
    OTHER_FIELD("source", config_read_check_source),
    TLS_FIELDS,
};

static void finish_http(struct config_reader *reader, const struct config_node_entry *entry,
                        struct config_check *check)
{
    static const struct config_status_range success = {200, 299};

    if (check->status_count == 0) {
        check->statuses = config_alloc(reader, 1, sizeof(success));
        if (check->statuses) {
            check->statuses[0] = success;
            check->status_count = 1;
        }
    }
    static const char *const body_keys[] = {"body", "body_regex"};

    for (size_t i = 0; i < COUNT(body_keys) && strcmp(check->method, "HEAD") == 0; i++) {
        const struct config_node_entry *body = config_node_find(entry->value, body_keys[i]);
        if (!body)
            continue;
        config_error(reader, &body->key_place, "the answer to HEAD has no body to look at");
        config_remedy(reader, "use method: GET, or leave %s: out", body_keys[i]);
    }
}

void config_read_check_http(struct config_reader *reader, const struct config_node_entry *entry,
                            void *object)
{
    struct check_draft *draft = object;
    if (!config_begin_check_kind(reader, entry, draft, CONFIG_CHECK_HTTP))
        return;
    draft->check.port = 80;
    if (config_has_content(entry))
        config_read_fields(reader, entry, HTTPS_FIELDS, HTTP_FIELD_COUNT, draft);
    finish_http(reader, entry, &draft->check);
}

void config_read_check_https(struct config_reader *reader,
                             const struct config_node_entry *entry, void *object)
{
    struct check_draft *draft = object;
    if (!config_begin_check_kind(reader, entry, draft, CONFIG_CHECK_HTTPS))
        return;
    draft->check.port = 443;
    if (config_has_content(entry))
        config_read_fields(reader, entry, HTTPS_FIELDS, COUNT(HTTPS_FIELDS), draft);
    finish_http(reader, entry, &draft->check);
}
