/* config_build_server.c - the section `server:`. */
#include <string.h>

#include "config_build.h"
#include "config_build_transport.h"
#include "config_domain.h"
#include "config_units.h"

enum { WORKERS_MAX = 256, STRING_MAX = 255 };

#define SERVER_FIELD(name, type, member, low, high)                                            \
    {                                                                                          \
        .key = (name), .kind = (type), .offset = offsetof(struct config_server, member),       \
        .min = (low), .max = (high)                                                            \
    }
#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

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
        config_check_domain(reader, name, &entry->value->place)) {
        if (strcmp(name, ".") == 0)
            config_error(reader, &entry->value->place, "'report_agent' cannot be the root");
        else
            server->report_agent = config_absolute(reader, name);
    }
}

static void read_state(struct config_reader *reader, const struct config_node_entry *entry,
                       void *object)
{
    struct config_server *server = object;
    const char *path;
    if (!config_expect_text(reader, entry, &path))
        return;
    server->state = config_join_path(reader, path);
    server->state_place = entry->value->place;
}

static void read_probes(struct config_reader *reader, const struct config_node_entry *entry,
                        void *object)
{
    static const struct config_field fields[] = {
        SERVER_FIELD("max_in_flight", CONFIG_FIELD_UINT32, probes_in_flight, 1, 10000),
        SERVER_FIELD("max_per_address", CONFIG_FIELD_UINT32, probes_per_address, 1, 10000),
        SERVER_FIELD("suspect_self", CONFIG_FIELD_SHARE, suspect_self, 0, 1),
        SERVER_FIELD("max_commands", CONFIG_FIELD_UINT32, probe_commands, 1, 1000),
    };

    config_read_fields(reader, entry, fields, COUNT(fields), object);
}

void config_build_server(struct config_builder *builder, const struct config_node_entry *entry)
{
    static const struct config_field fields[] = {
        {.key = "listen", .kind = CONFIG_FIELD_OTHER, .read = config_read_listen},
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
        {.key = "state", .kind = CONFIG_FIELD_OTHER, .read = read_state},
        SERVER_FIELD("udp_size", CONFIG_FIELD_UINT32, udp_size_bytes, 512, 4096),
        {.key = "tcp", .kind = CONFIG_FIELD_OTHER, .read = config_read_tcp},
        {.key = "tls", .kind = CONFIG_FIELD_OTHER, .read = config_read_tls},
        {.key = "proxy", .kind = CONFIG_FIELD_OTHER, .read = config_read_proxy},
        SERVER_FIELD("allow_shrink", CONFIG_FIELD_BOOL, allow_shrink, 0, 0),
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
        .suspect_self = 0.75,
        .probe_commands = 16,
    };
    config_default_abuse(server);
    if (config_has_content(entry))
        config_read_fields(&builder->reader, entry, fields, COUNT(fields), server);
    config_finish_transport(builder);
}
