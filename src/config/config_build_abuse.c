/* config_build_abuse.c - keys of `server:` that say how far a stranger is served: cookies, rate
 * limits, and how much may be sent to who has no cookie. */
#include <stdlib.h>
#include <string.h>

#include "config_build.h"
#include "config_location.h"
#include "config_units.h"

enum {
    EXEMPT_MAX = 1024,
    UDP_BYTES_MIN = 512,
    UDP_BYTES_MAX = 4096,
    RATIO_MIN = 4, /* less would not hold what must be in every answer */
    RATIO_MAX = 100,
};

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

void config_default_abuse(struct config_server *server)
{
    static const struct ip_prefix loopback[] = {
        {{IP_V4, {127}}, 8},
        {{IP_V6, {[15] = 1}}, 128},
    };

    server->cookies = true;
    server->udp_plain_bytes = UDP_BYTES_MAX;
    server->rate_limit = (struct config_rate_limit){
        .per_second = 1000,
        .slip = 2,
        .v4_prefix = 24,
        .v6_prefix = 56,
        .exempt = loopback,
        .exempt_count = COUNT(loopback),
    };
}

static void read_secrets_file(struct config_reader *reader,
                              const struct config_node_entry *entry, void *object)
{
    struct config_server *server = object;
    const char *path;
    if (!config_expect_text(reader, entry, &path))
        return;
    server->cookie_secrets = config_join_path(reader, path);
    server->cookie_secrets_place = entry->value->place;
}

void config_read_cookies(struct config_reader *reader, const struct config_node_entry *entry,
                         void *server)
{
    static const struct config_field fields[] = {
        {.key = "enabled",
         .kind = CONFIG_FIELD_BOOL,
         .offset = offsetof(struct config_server, cookies)},
        {.key = "secrets_file", .kind = CONFIG_FIELD_OTHER, .read = read_secrets_file},
    };

    config_read_fields(reader, entry, fields, COUNT(fields), server);
}

static void read_exempt(struct config_reader *reader, const struct config_node_entry *entry,
                        void *object)
{
    struct config_rate_limit *limit = object;
    struct config_network_list list;
    if (!config_read_networks(reader, entry, 0, EXEMPT_MAX, &list))
        return;
    limit->exempt = list.networks;
    limit->exempt_count = list.count;
}

void config_read_rate_limit(struct config_reader *reader, const struct config_node_entry *entry,
                            void *server)
{
#define LIMIT_FIELD(name, member, low, high)                                                   \
    {                                                                                          \
        .key = (name), .kind = CONFIG_FIELD_UINT32,                                            \
        .offset = offsetof(struct config_rate_limit, member), .min = (low), .max = (high)      \
    }
    static const struct config_field fields[] = {
        LIMIT_FIELD("per_second", per_second, 0, 100000),
        LIMIT_FIELD("slip", slip, 0, 100),
        LIMIT_FIELD("v4_prefix", v4_prefix, 1, 32),
        LIMIT_FIELD("v6_prefix", v6_prefix, 1, 128),
        {.key = "exempt", .kind = CONFIG_FIELD_OTHER, .read = read_exempt},
    };
#undef LIMIT_FIELD

    config_read_fields(reader, entry, fields, COUNT(fields),
                       &((struct config_server *)server)->rate_limit);
}

/* parse_ratio - "4x" */
static bool parse_ratio(const char *text, uint64_t *out_ratio)
{
    char digits[8];
    size_t len = strlen(text);
    if (len < 2 || len > sizeof(digits) || text[len - 1] != 'x')
        return false;
    memcpy(digits, text, len - 1);
    digits[len - 1] = '\0';
    return config_parse_uint(digits, out_ratio);
}

void config_read_udp_without_cookie(struct config_reader *reader,
                                    const struct config_node_entry *entry, void *object)
{
    struct config_server *server = object;
    const char *text;
    uint64_t value;
    if (!config_expect_text(reader, entry, &text))
        return;
    if (parse_ratio(text, &value) && value >= RATIO_MIN && value <= RATIO_MAX) {
        server->udp_plain_ratio = (uint32_t)value;
    } else if (config_parse_uint(text, &value) && value >= UDP_BYTES_MIN &&
               value <= UDP_BYTES_MAX) {
        server->udp_plain_bytes = (uint32_t)value;
        server->udp_plain_ratio = 0;
    } else {
        config_error(reader, &entry->value->place, "'max_udp_without_cookie' cannot be '%.80s'",
                     text);
        config_remedy(
            reader,
            "write bytes from %d to %d, or a multiple of the query's size from %dx to "
            "%dx: an answer that needs more comes truncated, and then over TCP",
            UDP_BYTES_MIN, UDP_BYTES_MAX, RATIO_MIN, RATIO_MAX);
    }
}
