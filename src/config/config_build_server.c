/* config_build_server.c - the section `server:`. */
#include <string.h>

#include "config_build.h"
#include "config_domain.h"
#include "config_units.h"

enum { DNS_PORT = 53, LISTENERS_MAX = 64, WORKERS_MAX = 256, STRING_MAX = 255 };

#define SERVER_FIELD(name, type, member, low, high)                                            \
    {                                                                                          \
        .key = (name), .kind = (type), .offset = offsetof(struct config_server, member),       \
        .min = (low), .max = (high)                                                            \
    }
#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* split_port - cut ADDRESS:PORT, [ADDRESS]:PORT or ADDRESS into its two parts. address has room
 * for IP_TEXT_MAX bytes. */
static bool split_port(const char *text, char *address, uint16_t *out_port)
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
    *out_port = DNS_PORT;
    if (rest[0] == '\0')
        return true;
    uint64_t port;
    if (rest[0] != ':' || !config_parse_uint(rest + 1, &port) || port == 0 || port > UINT16_MAX)
        return false;
    *out_port = (uint16_t)port;
    return true;
}

static bool read_listener(struct config_reader *reader, const struct config_node_entry *item,
                          struct config_listener *out_listener)
{
    const char *text;
    if (!config_expect_text(reader, item, &text))
        return false;
    struct config_listener listener = {.place = item->value->place};
    char address[IP_TEXT_MAX];
    if (split_port(text, address, &listener.port) && ip_parse(address, &listener.addr) &&
        (text[0] != '[' || listener.addr.family == IP_V6)) {
        *out_listener = listener;
        return true;
    }
    config_error(reader, &item->value->place, "cannot listen on '%.80s'", text);
    config_remedy(reader, "write an address and a port from 1 to 65535: \"127.0.0.1:53\" or "
                          "\"[::1]:53\"");
    return false;
}

static void read_listen(struct config_reader *reader, const struct config_node_entry *entry,
                        void *object)
{
    struct config_server *server = object;
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
        if (!read_listener(reader, &items[i], listener))
            continue;
        for (size_t j = 0; j < good; j++) {
            if (ip_equal(&listeners[j].addr, &listener->addr) &&
                listeners[j].port == listener->port)
                config_error(reader, &listener->place, "this listener stands here twice");
        }
        good++;
    }
    server->listeners = listeners;
    server->listener_count = good;
}

static void read_workers(struct config_reader *reader, const struct config_node_entry *entry,
                         void *object)
{
    struct config_server *server = object;
    const char *text;
    uint64_t count;
    if (!config_expect_text(reader, entry, &text))
        return;
    if (strcmp(text, "auto") == 0) {
        server->workers = 0;
    } else if (config_parse_uint(text, &count) && count >= 1 && count <= WORKERS_MAX) {
        server->workers = (uint32_t)count;
    } else {
        config_error(reader, &entry->value->place,
                     "'workers' must be auto or a number from 1 to %d, not '%.80s'",
                     WORKERS_MAX, text);
        config_remedy(reader, "auto means one per core");
    }
}

/* read_string - a text that becomes one string of a TXT record. */
static void read_string(struct config_reader *reader, const struct config_node_entry *entry,
                        const char **out_text)
{
    const char *text;
    if (!config_expect_text(reader, entry, &text))
        return;
    if (strlen(text) > STRING_MAX)
        config_error(reader, &entry->value->place, "'%s' is longer than %d bytes", entry->key,
                     STRING_MAX);
    else
        *out_text = text;
}

static void read_identity(struct config_reader *reader, const struct config_node_entry *entry,
                          void *object)
{
    read_string(reader, entry, &((struct config_server *)object)->identity);
}

static void read_version(struct config_reader *reader, const struct config_node_entry *entry,
                         void *object)
{
    read_string(reader, entry, &((struct config_server *)object)->version);
}

static void read_report_agent(struct config_reader *reader,
                              const struct config_node_entry *entry, void *object)
{
    struct config_server *server = object;
    const char *name;
    if (config_expect_text(reader, entry, &name) &&
        config_check_domain(reader, name, &entry->value->place))
        server->report_agent = config_absolute(reader, name);
}

static void read_tcp(struct config_reader *reader, const struct config_node_entry *entry,
                     void *object)
{
    static const struct config_field fields[] = {
        SERVER_FIELD("connections", CONFIG_FIELD_UINT32, tcp_connections, 1, 100000),
        SERVER_FIELD("per_prefix", CONFIG_FIELD_UINT32, tcp_per_prefix, 1, 100000),
        SERVER_FIELD("idle", CONFIG_FIELD_DURATION_MS, tcp_idle_ms, 100, CONFIG_HOUR_MS),
        SERVER_FIELD("message", CONFIG_FIELD_DURATION_MS, tcp_message_ms, 100,
                     CONFIG_MINUTE_MS),
    };

    config_read_fields(reader, entry, fields, COUNT(fields), object);
}

static void read_probes(struct config_reader *reader, const struct config_node_entry *entry,
                        void *object)
{
    static const struct config_field fields[] = {
        SERVER_FIELD("max_in_flight", CONFIG_FIELD_UINT32, probes_in_flight, 1, 10000),
        SERVER_FIELD("max_per_address", CONFIG_FIELD_UINT32, probes_per_address, 1, 10000),
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

void config_build_server(struct config_builder *builder, const struct config_node_entry *entry)
{
    static const struct config_field fields[] = {
        {.key = "listen", .kind = CONFIG_FIELD_OTHER, .read = read_listen},
        {.key = "workers", .kind = CONFIG_FIELD_OTHER, .read = read_workers},
        {.key = "identity", .kind = CONFIG_FIELD_OTHER, .read = read_identity},
        {.key = "version", .kind = CONFIG_FIELD_OTHER, .read = read_version},
        {.key = "report_agent", .kind = CONFIG_FIELD_OTHER, .read = read_report_agent},
        {.key = "cookies", .kind = CONFIG_FIELD_OTHER, .read = config_read_cookies},
        {.key = "rate_limit", .kind = CONFIG_FIELD_OTHER, .read = config_read_rate_limit},
        {.key = "max_udp_without_cookie",
         .kind = CONFIG_FIELD_OTHER,
         .read = config_read_udp_without_cookie},
        SERVER_FIELD("user", CONFIG_FIELD_TEXT, user, 0, 0),
        SERVER_FIELD("udp_size", CONFIG_FIELD_UINT32, udp_size_bytes, 512, 4096),
        {.key = "tcp", .kind = CONFIG_FIELD_OTHER, .read = read_tcp},
        SERVER_FIELD("drain", CONFIG_FIELD_DURATION_MS, drain_ms, 0, CONFIG_MINUTE_MS),
        {.key = "probes", .kind = CONFIG_FIELD_OTHER, .read = read_probes},
    };

    struct config_server *server = &builder->config->server;
    *server = (struct config_server){
        .udp_size_bytes = 1232, /* no fragments on any path; DNS flag day 2020 */
        .tcp_connections = 1000,
        .tcp_idle_ms = 10 * CONFIG_SECOND_MS,
        .tcp_message_ms = 3 * CONFIG_SECOND_MS,
        .drain_ms = 2 * CONFIG_SECOND_MS,
        .probes_in_flight = 256,
        .probes_per_address = 8,
    };
    config_default_abuse(server);
    if (config_has_content(entry))
        config_read_fields(&builder->reader, entry, fields, COUNT(fields), server);
    if (server->tcp_per_prefix == 0)
        server->tcp_per_prefix = default_per_prefix(server->tcp_connections);
    if (server->listener_count == 0)
        default_listeners(builder);
}
