/* config_build_admin.c - the section `admin:`, where and for whom the admin API listens.
 *
 *   listen: [unix:/run/rhumb/admin.sock, "127.0.0.1:8053"]
 *   tokens:
 *     ops: { sha256: 9f86d081..., scopes: [read, operate] }
 *     grafana: { file: grafana.token, scopes: [read] }
 */
#include <stdio.h>
#include <string.h>

#include "config_build.h"
#include "config_build_transport.h"
#include "config_secret.h"
#include "config_units.h"

enum {
    ADMIN_PORT = 8053,
    LISTENERS_MAX = 16,
    TOKENS_MAX = 64,
    TOKEN_BYTES_MIN = 16,
    SOCKET_PATH_MAX = 107, /* of Linux: sun_path without its zero byte */
};

static const char UNIX_PREFIX[] = "unix:", SOCKET_NAME[] = "admin.sock";

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static bool is_loopback(const struct ip_addr *addr)
{
    struct ip_prefix loopback;
    return ip_prefix_parse(addr->family == IP_V4 ? "127.0.0.0/8" : "::1/128", &loopback) &&
           ip_prefix_contains(&loopback, addr);
}

/* ---- listen ---- */

static void read_unix(struct config_reader *reader, const struct config_node_entry *item,
                      const char *path, struct config_admin_listener *out_listener)
{
    if (*path == '\0') {
        config_error(reader, &item->value->place, "a Unix socket needs a path");
        config_remedy(reader, "write unix:/run/rhumb/admin.sock");
        return;
    }
    out_listener->path = config_join_path(reader, path);
    if (strlen(out_listener->path) > SOCKET_PATH_MAX) {
        config_error(reader, &item->value->place,
                     "the path of a Unix socket has at most %d bytes", SOCKET_PATH_MAX);
        config_remedy(reader, "write unix:/run/rhumb/admin.sock");
    }
}

static void read_listen(struct config_reader *reader, const struct config_node_entry *entry,
                        void *object)
{
    struct config_admin *admin = &((struct config_builder *)object)->config->admin;
    const struct config_node_entry *items;
    size_t count;
    if (!config_read_list(reader, entry, 0, LISTENERS_MAX, &items, &count))
        return;
    admin->listeners = config_alloc(reader, count + 1, sizeof(*admin->listeners));
    admin->listener_count = 0;
    admin->is_default = false;
    for (size_t i = 0; admin->listeners && i < count; i++) {
        struct config_admin_listener listener = {.place = items[i].value->place};
        struct config_listener address;
        const char *text;
        if (!config_expect_text(reader, &items[i], &text))
            continue;
        if (strncmp(text, UNIX_PREFIX, sizeof(UNIX_PREFIX) - 1) == 0) {
            read_unix(reader, &items[i], text + sizeof(UNIX_PREFIX) - 1, &listener);
        } else if (config_read_listener(reader, &items[i], ADMIN_PORT, &address)) {
            listener.addr = address.addr;
            listener.port = address.port;
        }
        if (listener.path || listener.port != 0)
            admin->listeners[admin->listener_count++] = listener;
    }
}

/* default_listen - a socket beside the state, which is this server's own folder. */
static void default_listen(struct config_builder *builder)
{
    struct config_admin *admin = &builder->config->admin;
    const struct config_server *server = &builder->config->server;
    if (!admin->is_default || !server->state)
        return;
    size_t len = strlen(server->state) + 1 + sizeof(SOCKET_NAME);
    char *path = config_alloc(&builder->reader, len, 1);
    admin->listeners = config_alloc(&builder->reader, 1, sizeof(*admin->listeners));
    if (!path || !admin->listeners)
        return;
    (void)snprintf(path, len, "%s/%s", server->state, SOCKET_NAME);
    if (strlen(path) > SOCKET_PATH_MAX) {
        config_warning(&builder->reader, &server->state_place,
                       "no admin API: the path of its socket would be too long");
        config_remedy(&builder->reader, "admin: {listen: [unix:/run/rhumb/admin.sock]}");
        return;
    }
    admin->listeners[0] =
        (struct config_admin_listener){.path = path, .place = server->state_place};
    admin->listener_count = 1;
}

/* ---- tokens ---- */

struct token_draft {
    struct config_token token;
    struct config_builder *builder;
};

static int hex_value(char c)
{
    static const char digits[] = "0123456789abcdef";
    const char *at = c != '\0' ? strchr(digits, c | ('A' <= c && c <= 'F' ? 0x20 : 0)) : NULL;
    return at ? (int)(at - digits) : -1;
}

static void read_digest(struct config_reader *reader, const struct config_node_entry *entry,
                        void *object)
{
    struct config_token *token = &((struct token_draft *)object)->token;
    const char *text;
    if (!config_expect_text(reader, entry, &text))
        return;
    bool good = strlen(text) == 2 * sizeof(token->sha256);
    for (size_t i = 0; good && i < sizeof(token->sha256); i++) {
        int high = hex_value(text[2 * i]), low = hex_value(text[2 * i + 1]);
        good = high >= 0 && low >= 0;
        token->sha256[i] = (uint8_t)(high << 4 | low);
    }
    token->is_known = true;
    if (good)
        return;
    config_error(reader, &entry->value->place, "'sha256' must be 64 hexadecimal digits");
    config_remedy(reader, "printf %%s \"$TOKEN\" | sha256sum");
}

static void read_file(struct config_reader *reader, const struct config_node_entry *entry,
                      void *object)
{
    struct token_draft *draft = object;
    const char *text;
    if (!config_expect_text(reader, entry, &text))
        return;
    const char *path = config_join_path(reader, text);
    config_list_file(draft->builder, path);
    char *secret = config_read_secret(reader, path, &entry->value->place);
    draft->token.is_known = true;
    if (!secret)
        return;
    secret[strcspn(secret, "\r\n")] = '\0';
    draft->token.secret = secret;
    if (strlen(secret) >= TOKEN_BYTES_MIN)
        return;
    config_error(reader, &entry->value->place, "a token needs at least %d characters",
                 TOKEN_BYTES_MIN);
    config_remedy(reader, "openssl rand -hex 32 > FILE");
}

static void read_scopes(struct config_reader *reader, const struct config_node_entry *entry,
                        void *object)
{
    static const char *const names[] = {"read", "operate", "config"};

    struct config_token *token = &((struct token_draft *)object)->token;
    const struct config_node_entry *items;
    size_t count;
    if (!config_read_list(reader, entry, 1, COUNT(names), &items, &count))
        return;
    token->scopes = 0;
    for (size_t i = 0; i < count; i++) {
        int which = config_read_enum(reader, &items[i], names, COUNT(names));
        if (which >= 0)
            token->scopes |= 1u << which;
    }
}

static void read_tokens(struct config_reader *reader, const struct config_node_entry *entry,
                        void *object)
{
    static const struct config_field fields[] = {
        {.key = "sha256", .kind = CONFIG_FIELD_OTHER, .read = read_digest},
        {.key = "file", .kind = CONFIG_FIELD_OTHER, .read = read_file},
        {.key = "scopes", .kind = CONFIG_FIELD_OTHER, .read = read_scopes},
    };

    struct config_builder *builder = object;
    struct config_admin *admin = &builder->config->admin;
    if (!config_expect_map(reader, entry))
        return;
    size_t count = entry->value->count;
    if (count > TOKENS_MAX) {
        config_error(reader, &entry->value->place, "more than %d tokens", TOKENS_MAX);
        return;
    }
    admin->tokens = config_alloc(reader, count + 1, sizeof(*admin->tokens));
    for (size_t i = 0; admin->tokens && i < count; i++) {
        const struct config_node_entry *item = &entry->value->entries[i];
        struct token_draft draft = {.builder = builder,
                                    .token = {.name = item->key,
                                              .scopes = CONFIG_SCOPE_READ,
                                              .place = item->key_place}};
        if (!config_check_name(reader, item, "token") ||
            !config_read_fields(reader, item, fields, COUNT(fields), &draft))
            continue;
        if (!draft.token.is_known) {
            config_error(reader, &item->key_place, "token '%.80s' has no secret", item->key);
            config_remedy(reader, "write sha256: with the digest of the token, or file:");
            continue;
        }
        admin->tokens[admin->token_count++] = draft.token;
    }
}

static void check_tokens(struct config_builder *builder)
{
    const struct config_admin *admin = &builder->config->admin;
    for (size_t i = 0; i < admin->listener_count && admin->token_count == 0; i++) {
        const struct config_admin_listener *listener = &admin->listeners[i];
        if (listener->path || is_loopback(&listener->addr))
            continue;
        config_error(&builder->reader, &listener->place,
                     "an address that others can reach needs a token");
        config_remedy(&builder->reader,
                      "admin: {tokens: {ops: {file: ops.token, scopes: [read, "
                      "operate]}}}, or listen on a Unix socket");
    }
}

void config_build_admin(struct config_builder *builder, const struct config_node_entry *entry)
{
    static const struct config_field fields[] = {
        {.key = "listen", .kind = CONFIG_FIELD_OTHER, .read = read_listen},
        {.key = "tokens", .kind = CONFIG_FIELD_OTHER, .read = read_tokens},
    };

    builder->config->admin.is_default = true;
    if (config_has_content(entry))
        config_read_fields(&builder->reader, entry, fields, COUNT(fields), builder);
    default_listen(builder);
    check_tokens(builder);
}
