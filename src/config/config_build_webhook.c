/* config_build_webhook.c - a webhook of `notify:`.
 *
 * Its URL and the values of its headers may be secrets, in the file or behind `url_file:` and
 * `headers_file:`: no message shows them, and the log calls the webhook by scheme and host.
 */
#include <string.h>
#include <strings.h>

#include "config_build_notify.h"
#include "config_secret.h"

enum { URL_MAX = 2048, HOST_MAX = 253, HEADERS_MAX = 32 };

static const char URL_REMEDY[] = "write https://host, https://host:port or https://host/path; "
                                 "credentials go into 'headers'";

/* ---- URL ---- */

static bool is_visible(const char *text)
{
    for (; *text != '\0'; text++)
        if (*text <= ' ' || *text >= 0x7f)
            return false;
    return true;
}

static bool is_port(const char *text)
{
    uint64_t port;
    return config_parse_uint(text, &port) && port >= 1 && port <= UINT16_MAX;
}

/* is_authority - host, host:port, [v6] or [v6]:port; no user in front.
 *
 * source   RFC 3986 section 3.2 */
static bool is_authority(const char *text)
{
    static const char host_bytes[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
                                     "0123456789-._";

    size_t len = strspn(text, host_bytes);
    if (text[0] == '[') {
        char address[IP_TEXT_MAX];
        struct ip_addr addr;
        len = strcspn(text, "]");
        if (text[len] == '\0' || len > sizeof(address))
            return false;
        memcpy(address, text + 1, len - 1);
        address[len - 1] = '\0';
        if (!ip_parse(address, &addr) || addr.family != IP_V6)
            return false;
        len++;
    }
    return len > 0 && len <= HOST_MAX &&
           (text[len] == '\0' || (text[len] == ':' && is_port(text + len + 1)));
}

/* base_of_url - scheme and authority of a good URL, in the arena; NULL for others. */
static const char *base_of_url(struct config_reader *reader, const char *url)
{
    size_t scheme_len = strncasecmp(url, "https://", 8) == 0  ? 8
                        : strncasecmp(url, "http://", 7) == 0 ? 7
                                                              : 0;
    if (scheme_len == 0 || strlen(url) > URL_MAX || !is_visible(url) || strchr(url, '#'))
        return NULL;
    size_t len = scheme_len + strcspn(url + scheme_len, "/?");
    char *base = arena_strndup(reader->arena, url, len);
    if (!base)
        reader->no_memory = true;
    return base && is_authority(base + scheme_len) ? base : NULL;
}

static void set_url(struct config_reader *reader, const char *url,
                    const struct diag_place *place, const char *key,
                    struct config_receiver *receiver)
{
    receiver->name = base_of_url(reader, url);
    receiver->url = url;
    if (receiver->name || reader->no_memory)
        return;
    config_error(reader, place, "'%s' is no URL of a webhook", key);
    config_remedy(reader, "%s", URL_REMEDY);
}

static bool refuse_twice(struct config_reader *reader, const struct config_node_entry *entry,
                         const struct config_receiver *receiver)
{
    if (!receiver->url)
        return false;
    config_error(reader, &entry->key_place, "'url' and 'url_file' exclude each other");
    config_remedy(reader, "leave one of them out");
    return true;
}

static void read_url(struct config_reader *reader, const struct config_node_entry *entry,
                     void *object)
{
    struct receiver_draft *draft = object;
    const char *text;
    if (!refuse_twice(reader, entry, &draft->receiver) &&
        config_expect_text(reader, entry, &text))
        set_url(reader, text, &entry->value->place, entry->key, &draft->receiver);
}

/* read_file - the text behind a `*_file:` key, which a reload then watches; NULL: an error. */
static char *read_file(struct config_reader *reader, const struct config_node_entry *entry,
                       struct receiver_draft *draft)
{
    const char *text;
    if (!config_expect_text(reader, entry, &text))
        return NULL;
    const char *path = config_join_path(reader, text);
    config_list_file(draft->builder, path);
    return config_read_secret(reader, path, &entry->value->place);
}

/* trim - text without blanks at either end, in place. */
static char *trim(char *text)
{
    text += strspn(text, " \t\r\n");
    size_t len = strlen(text);
    while (len > 0 && strchr(" \t\r\n", text[len - 1]))
        len--;
    text[len] = '\0';
    return text;
}

static void read_url_file(struct config_reader *reader, const struct config_node_entry *entry,
                          void *object)
{
    struct receiver_draft *draft = object;
    if (refuse_twice(reader, entry, &draft->receiver))
        return;
    char *text = read_file(reader, entry, draft);
    if (text)
        set_url(reader, trim(text), &entry->value->place, entry->key, &draft->receiver);
    else
        draft->receiver.url = ""; /* what is wrong was said */
}

/* ---- headers ---- */

/* is_own - those that say what is sent and to whom are rhumb's. */
static bool is_own(const char *name)
{
    static const char *const own[] = {"Host",   "Content-Type",      "Content-Length",
                                      "Expect", "Transfer-Encoding", "Idempotency-Key"};

    for (size_t i = 0; i < COUNT(own); i++)
        if (strcasecmp(name, own[i]) == 0)
            return true;
    return false;
}

/* fault_of_header - what is wrong with it; NULL: nothing.
 *
 * source   RFC 9110 sections 5.5 and 5.6.2 */
static const char *fault_of_header(const char *name, const char *value)
{
    if (!is_visible(name) || *name == '\0' || strpbrk(name, "\"(),/:;<=>?@[\\]{}"))
        return "this is no name of a header";
    if (is_own(name))
        return "this header is set by rhumb";
    for (const unsigned char *c = (const unsigned char *)value; *c != '\0'; c++)
        if ((*c < ' ' && *c != '\t') || *c == 0x7f)
            return "a header value cannot hold control characters";
    return NULL;
}

static void add_header(struct config_reader *reader, const char *name, const char *value,
                       const struct diag_place *place, struct config_receiver *receiver)
{
    const char *fault = fault_of_header(name, value);
    if (fault) {
        config_error(reader, place, "%s", fault);
        return;
    }
    if (receiver->header_count == HEADERS_MAX) {
        config_error(reader, place, "more than %d headers", HEADERS_MAX);
        return;
    }
    if (!receiver->headers)
        receiver->headers = config_alloc(reader, HEADERS_MAX, sizeof(*receiver->headers));
    if (receiver->headers)
        receiver->headers[receiver->header_count++] = (struct config_header){name, value};
}

static void read_headers(struct config_reader *reader, const struct config_node_entry *entry,
                         void *object)
{
    struct receiver_draft *draft = object;
    if (!config_expect_map(reader, entry))
        return;
    for (uint32_t i = 0; i < entry->value->count; i++) {
        const struct config_node_entry *one = &entry->value->entries[i];
        if (one->value->kind != CONFIG_NODE_SCALAR)
            config_error(reader, &one->value->place, "a header has a single value, not %s",
                         config_node_kind_name(one->value));
        else
            add_header(reader, one->key, one->value->text, &one->key_place, &draft->receiver);
    }
}

/* read_headers_file - `Name: value` lines; empty ones and those that begin with # are nothing. */
static void read_headers_file(struct config_reader *reader,
                              const struct config_node_entry *entry, void *object)
{
    struct receiver_draft *draft = object;
    char *text = read_file(reader, entry, draft);
    struct diag_place place = {.column = 1};
    if (text)
        place.file = config_join_path(reader, entry->value->text);
    for (char *line = text, *next; line; line = next) {
        next = strchr(line, '\n');
        if (next)
            *next++ = '\0';
        place.line++;
        char *name = trim(line), *colon = strchr(name, ':');
        if (*name == '\0' || *name == '#')
            continue;
        if (!colon) {
            config_error(reader, &place, "this is no header");
            config_remedy(reader, "write one 'Name: value' a line");
            continue;
        }
        *colon = '\0';
        add_header(reader, name, trim(colon + 1), &place, &draft->receiver);
    }
}

/* ---- all together ---- */

void config_read_webhook(struct config_reader *reader, const struct config_node_entry *entry,
                         void *object)
{
    static const struct config_field fields[] = {
        RECEIVER_OTHER("url", read_url),
        RECEIVER_OTHER("url_file", read_url_file),
        RECEIVER_OTHER("severity", config_read_severity),
        RECEIVER_OTHER("headers", read_headers),
        RECEIVER_OTHER("headers_file", read_headers_file),
        RECEIVER_TIMEOUT,
        RECEIVER_FIELD("verify", CONFIG_FIELD_BOOL, verify, 0, 1),
        RECEIVER_FIELD("ca_file", CONFIG_FIELD_PATH, ca_file, 0, 0),
    };

    const struct config_receiver *receiver = &((struct receiver_draft *)object)->receiver;
    if (!config_read_fields(reader, entry, fields, COUNT(fields), object))
        return;
    if (!receiver->url && !config_node_find(entry->value, "url")) {
        config_error(reader, &entry->key_place, "this webhook has no URL");
        config_remedy(
            reader, "write url: \"https://hooks.example.net\", or url_file: for a secret one");
    }
}
