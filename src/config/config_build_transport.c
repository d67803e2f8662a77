#include "config_build_transport.h"

#include <string.h>

#include "config_location.h"
#include "config_units.h"

enum { DNS_PORT = 53, TLS_PORT = 853, LISTENERS_MAX = 64, PROXIES_MAX = 64 };

#define FIELD(name, type, member, low, high)                                                   \
    {                                                                                          \
        .key = (name), .kind = (type), .offset = offsetof(struct config_server, member),       \
        .min = (low), .max = (high)                                                            \
    }
#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* ---- listeners ---- */

/* split_port - cut ADDRESS:PORT, [ADDRESS]:PORT or ADDRESS into its two parts; in the last case
 * *inout_port stays. address has room for IP_TEXT_MAX bytes. */
static bool split_port(const char *text, char *address, uint16_t *inout_port)
{
    bool bracket = text[0] == '[';
    const char *start = text + bracket;
    const char *end = bracket ? strchr(start, ']') : strchr(start, ':');
    if (bracket && !end)
        return false;
    if (!bracket && end && strchr(end + 1, ':'))
        end = NULL; /* a bare IPv6 address */
    size_t len = end ? (size_t)(end - start) : strlen(start);
    if (len >= IP_TEXT_MAX)
        return false;
    memcpy(address, start, len);
    address[len] = '\0';

    const char *rest = end ? end + bracket : "";
    if (rest[0] == '\0')
        return true;
    uint64_t port;
    if (rest[0] != ':' || !config_parse_uint(rest + 1, &port) || port == 0 || port > UINT16_MAX)
        return false;
    *inout_port = (uint16_t)port;
    return true;
}

bool config_read_listener(struct config_reader *reader, const struct config_node_entry *item,
                          uint16_t default_port, struct config_listener *out_listener)
{
    const char *text;
    if (!config_expect_text(reader, item, &text))
        return false;
    struct config_listener listener = {.port = default_port, .place = item->value->place};
    char address[IP_TEXT_MAX];
    if (split_port(text, address, &listener.port) && ip_parse(address, &listener.addr) &&
        (text[0] != '[' || listener.addr.family == IP_V6)) {
        *out_listener = listener;
        return true;
    }
    config_error(reader, &item->value->place, "cannot listen on '%.80s'", text);
    config_remedy(reader,
                  "write an address and a port from 1 to 65535: \"127.0.0.1:%u\" or "
                  "\"[::1]:%u\"",
                  default_port, default_port);
    return false;
}

/* find_listener - the one of the same address and port; NULL: none. */
static const struct config_listener *find_listener(const struct config_listener *listeners,
                                                   size_t count,
                                                   const struct config_listener *wanted)
{
    for (size_t i = 0; i < count; i++) {
        if (ip_equal(&listeners[i].addr, &wanted->addr) && listeners[i].port == wanted->port)
            return &listeners[i];
    }
    return NULL;
}

static void read_listeners(struct config_reader *reader, const struct config_node_entry *entry,
                           uint16_t default_port, struct config_listener **out_listeners,
                           size_t *out_count)
{
    const struct config_node_entry *items;
    size_t count;
    if (!config_read_list(reader, entry, 1, LISTENERS_MAX, &items, &count))
        return;
    struct config_listener *listeners = config_alloc(reader, count, sizeof(*listeners));
    if (!listeners)
        return;
    size_t good = 0;
    for (size_t i = 0; i < count; i++) {
        struct config_listener *listener = &listeners[good];
        if (!config_read_listener(reader, &items[i], default_port, listener))
            continue;
        if (find_listener(listeners, good, listener))
            config_error(reader, &listener->place, "this listener stands here twice");
        good++;
    }
    *out_listeners = listeners;
    *out_count = good;
}

void config_read_listen(struct config_reader *reader, const struct config_node_entry *entry,
                        void *object)
{
    struct config_server *server = object;
    read_listeners(reader, entry, DNS_PORT, &server->listeners, &server->listener_count);
}

/* default_listeners - every address of the machine, both families, port 53. */
static void default_listeners(struct config_builder *builder)
{
    struct config_server *server = &builder->config->server;
    struct config_listener *listeners = config_alloc(&builder->reader, 2, sizeof(*listeners));
    if (!listeners)
        return;
    listeners[0] = (struct config_listener){.addr = {.family = IP_V4}, .port = DNS_PORT};
    listeners[1] = (struct config_listener){.addr = {.family = IP_V6}, .port = DNS_PORT};
    listeners[0].place = listeners[1].place =
        (struct diag_place){.file = builder->config->path};
    server->listeners = listeners;
    server->listener_count = 2;
}

/* ---- TCP ---- */

void config_read_tcp(struct config_reader *reader, const struct config_node_entry *entry,
                     void *object)
{
    static const struct config_field fields[] = {
        FIELD("connections", CONFIG_FIELD_UINT32, tcp_connections, 1, 100000),
        FIELD("per_prefix", CONFIG_FIELD_UINT32, tcp_per_prefix, 1, 100000),
        FIELD("idle", CONFIG_FIELD_DURATION_MS, tcp_idle_ms, 100, CONFIG_HOUR_MS),
        FIELD("message", CONFIG_FIELD_DURATION_MS, tcp_message_ms, 100, CONFIG_MINUTE_MS),
    };

    config_read_fields(reader, entry, fields, COUNT(fields), object);
}

/* default_per_prefix - the resolvers of one operator, hundreds of machines, sit in few networks:
 * a quarter each leaves room for them, and for everybody else beside a network that misbehaves. */
static uint32_t default_per_prefix(uint32_t connections)
{
    enum { SHARE = 4, LEAST = 64 };

    return connections / SHARE > LEAST ? connections / SHARE : LEAST;
}

/* ---- TLS ---- */

static void read_tls_listen(struct config_reader *reader, const struct config_node_entry *entry,
                            void *object)
{
    struct config_tls *tls = object;
    read_listeners(reader, entry, TLS_PORT, &tls->listeners, &tls->listener_count);
}

static void read_tls_file(struct config_reader *reader, const struct config_node_entry *entry,
                          struct config_tls_file *file)
{
    const char *text;
    if (config_expect_text(reader, entry, &text))
        *file = (struct config_tls_file){.path = config_join_path(reader, text),
                                         .place = entry->value->place};
}

static void read_certificate(struct config_reader *reader,
                             const struct config_node_entry *entry, void *object)
{
    read_tls_file(reader, entry, &((struct config_tls *)object)->certificate);
}

static void read_key(struct config_reader *reader, const struct config_node_entry *entry,
                     void *object)
{
    read_tls_file(reader, entry, &((struct config_tls *)object)->key);
}

void config_read_tls(struct config_reader *reader, const struct config_node_entry *entry,
                     void *object)
{
    static const struct config_field fields[] = {
        {.key = "listen", .kind = CONFIG_FIELD_OTHER, .read = read_tls_listen},
        {.key = "certificate", .kind = CONFIG_FIELD_OTHER, .read = read_certificate},
        {.key = "key", .kind = CONFIG_FIELD_OTHER, .read = read_key},
    };

    if (!config_read_fields(reader, entry, fields, COUNT(fields),
                            &((struct config_server *)object)->tls))
        return;
    for (size_t i = 0; i < COUNT(fields); i++) { /* a wrong one was complained of */
        if (config_node_find(entry->value, fields[i].key))
            continue;
        config_error(reader, &entry->key_place, "'tls' needs '%s'", fields[i].key);
        config_remedy(reader, "tls: {listen: [\"127.0.0.1:853\"], certificate: server.pem, "
                              "key: server.key}");
    }
}

/* ---- proxies ---- */

void config_read_proxy(struct config_reader *reader, const struct config_node_entry *entry,
                       void *object)
{
    struct config_server *server = object;
    struct config_network_list list;
    if (!config_read_networks(reader, entry, 1, PROXIES_MAX, &list))
        return;
    for (size_t i = 0; i < list.count; i++) {
        if (list.networks[i].addr.family == IP_NONE || list.networks[i].len > 0)
            continue;
        config_error(reader, &list.items[i].value->place,
                     "a network of all addresses would let everybody say who he is");
        config_remedy(reader, "name the addresses of your proxies");
    }
    server->proxies = list.networks;
    server->proxy_count = list.count;
}

/* ---- all together ---- */

/* refuse_shared - one port cannot speak both. */
static void refuse_shared(struct config_builder *builder)
{
    const struct config_server *server = &builder->config->server;
    for (size_t i = 0; i < server->tls.listener_count; i++) {
        const struct config_listener *listener = &server->tls.listeners[i];
        if (!find_listener(server->listeners, server->listener_count, listener))
            continue;
        config_error(&builder->reader, &listener->place,
                     "this listener stands in 'listen' of 'server' too");
        config_remedy(&builder->reader, "give DNS over TLS a port of its own; 853 is usual");
    }
}

static void list_tls_files(struct config_builder *builder)
{
    const struct config_tls *tls = &builder->config->server.tls;
    if (!tls->certificate.path || !tls->key.path)
        return;
    config_list_file(builder, tls->certificate.path);
    config_list_file(builder, tls->key.path);
}

void config_finish_transport(struct config_builder *builder)
{
    struct config_server *server = &builder->config->server;
    if (server->tcp_per_prefix == 0)
        server->tcp_per_prefix = default_per_prefix(server->tcp_connections);
    if (server->listener_count == 0)
        default_listeners(builder);
    refuse_shared(builder);
    list_tls_files(builder);
}
