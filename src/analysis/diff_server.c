/* Everything else that a configuration says: the section `server`, limits, who is told. */
#include <string.h>

#include "diff_fields.h"
#include "diff_parts.h"

#define FIELD(key, kind, member)                                                               \
    {                                                                                          \
        key, kind, offsetof(struct config_server, member)                                      \
    }
#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static const char RESTART[] = " (needs a restart)";

/* Taken over by a reload. */
static const struct diff_field FIELDS[] = {
    FIELD("identity", DIFF_FIELD_TEXT, identity),
    FIELD("version", DIFF_FIELD_TEXT, version),
    FIELD("report_agent", DIFF_FIELD_TEXT, report_agent),
    FIELD("udp_size", DIFF_FIELD_U32, udp_size_bytes),
    FIELD("rate_limit.per_second", DIFF_FIELD_U32, rate_limit.per_second),
    FIELD("rate_limit.slip", DIFF_FIELD_U32, rate_limit.slip),
    FIELD("rate_limit.v4_prefix", DIFF_FIELD_U32, rate_limit.v4_prefix),
    FIELD("rate_limit.v6_prefix", DIFF_FIELD_U32, rate_limit.v6_prefix),
    FIELD("max_udp_without_cookie bytes", DIFF_FIELD_U32, udp_plain_bytes),
    FIELD("max_udp_without_cookie times", DIFF_FIELD_U32, udp_plain_ratio),
    FIELD("cookies.enabled", DIFF_FIELD_BOOL, cookies),
    FIELD("cookies.secrets_file", DIFF_FIELD_PATH, cookie_secrets),
    FIELD("tls.certificate", DIFF_FIELD_PATH, tls.certificate.path),
    FIELD("tls.key", DIFF_FIELD_PATH, tls.key.path),
    FIELD("allow_shrink", DIFF_FIELD_BOOL, allow_shrink),
    FIELD("drain", DIFF_FIELD_MS, drain_ms),
    FIELD("probes.max_in_flight", DIFF_FIELD_U32, probes_in_flight),
    FIELD("probes.max_per_address", DIFF_FIELD_U32, probes_per_address),
    FIELD("probes.suspect_self", DIFF_FIELD_SHARE, suspect_self),
    FIELD("probes.max_commands", DIFF_FIELD_U32, probe_commands),
};

/* Read at start only. */
static const struct diff_field START_FIELDS[] = {
    FIELD("workers", DIFF_FIELD_U32, workers),
    FIELD("user", DIFF_FIELD_TEXT, user),
    FIELD("state", DIFF_FIELD_PATH, state),
    FIELD("tcp.connections", DIFF_FIELD_U32, tcp_connections),
    FIELD("tcp.per_prefix", DIFF_FIELD_U32, tcp_per_prefix),
    FIELD("tcp.idle", DIFF_FIELD_MS, tcp_idle_ms),
    FIELD("tcp.message", DIFF_FIELD_MS, tcp_message_ms),
};

static bool same_listeners(const struct config_listener *a, size_t a_count,
                           const struct config_listener *b, size_t b_count)
{
    bool same = a_count == b_count;
    for (size_t i = 0; same && i < a_count; i++)
        same = ip_equal(&a[i].addr, &b[i].addr) && a[i].port == b[i].port;
    return same;
}

static bool same_networks(const struct ip_prefix *a, size_t a_count, const struct ip_prefix *b,
                          size_t b_count)
{
    bool same = a_count == b_count;
    for (size_t i = 0; same && i < a_count; i++)
        same = ip_equal(&a[i].addr, &b[i].addr) && a[i].len == b[i].len;
    return same;
}

static bool same_limits(const struct config_limits *a, const struct config_limits *b)
{
    return a->records == b->records && a->records_per_rrset == b->records_per_rrset &&
           a->types_per_name == b->types_per_name &&
           a->records_per_generate == b->records_per_generate && a->includes == b->includes &&
           a->include_depth == b->include_depth && a->bytes == b->bytes;
}

static bool same_receivers(const struct config *a, const struct config *b)
{
    bool same = a->receiver_count == b->receiver_count;
    for (size_t i = 0; same && i < a->receiver_count; i++)
        same = a->receivers[i].kind == b->receivers[i].kind &&
               a->receivers[i].severity == b->receivers[i].severity &&
               a->receivers[i].timeout_ms == b->receivers[i].timeout_ms &&
               diff_same_text(a->receivers[i].name, b->receivers[i].name) &&
               diff_same_text(a->receivers[i].url, b->receivers[i].url);
    return same;
}

static bool same_logs(const struct config *a, const struct config *b)
{
    const struct config_query_log *was = &a->query_log, *is = &b->query_log;
    return a->log.format == b->log.format && a->log.level == b->log.level &&
           diff_same_text(diff_relative(a->folder, was->file),
                          diff_relative(b->folder, is->file)) &&
           diff_same_text(diff_relative(a->folder, was->dnstap),
                          diff_relative(b->folder, is->dnstap)) &&
           was->chance == is->chance && was->format == is->format &&
           was->clients == is->clients;
}

static bool same_admin(const struct config *a, const struct config *b)
{
    const struct config_admin *was = &a->admin, *is = &b->admin;
    bool same =
        was->listener_count == is->listener_count && was->token_count == is->token_count;
    for (size_t i = 0; same && i < was->listener_count; i++)
        same = was->listeners[i].port == is->listeners[i].port &&
               ip_equal(&was->listeners[i].addr, &is->listeners[i].addr) &&
               diff_same_text(diff_relative(a->folder, was->listeners[i].path),
                              diff_relative(b->folder, is->listeners[i].path));
    for (size_t i = 0; same && i < was->token_count; i++)
        same = diff_same_text(was->tokens[i].name, is->tokens[i].name) &&
               was->tokens[i].scopes == is->tokens[i].scopes &&
               memcmp(was->tokens[i].sha256, is->tokens[i].sha256,
                      sizeof(was->tokens[i].sha256)) == 0;
    return same;
}

/* add_fields - one item for each key, so that each says whether it needs a restart. */
static void add_fields(struct differ *differ, const struct diff_field *fields, size_t count,
                       const char *mark)
{
    for (size_t i = 0; i < count; i++) {
        struct text detail;
        text_init(&detail, 1000);
        diff_fields(
            (struct diff_object){&differ->before->config->server,
                                 differ->before->config->folder},
            (struct diff_object){&differ->after->config->server, differ->after->config->folder},
            &fields[i], 1, &detail);
        if (detail.len > 0)
            differ_add(differ, DIFF_CHANGED, DIFF_SERVER, fields[i].key, "%s%s",
                       text_get(&detail) + strlen(fields[i].key) + 1, mark);
        if (detail.no_memory)
            differ->err = ERR_NO_MEMORY;
        text_deinit(&detail);
    }
}

static void add_if(struct differ *differ, bool same, const char *name, const char *mark)
{
    if (!same)
        differ_add(differ, DIFF_CHANGED, DIFF_SERVER, name, *mark ? "%s" : NULL,
                   *mark ? mark + 1 : "");
}

void diff_server(struct differ *differ)
{
    const struct config *before = differ->before->config, *after = differ->after->config;
    const struct config_server *was = &before->server, *is = &after->server;
    add_fields(differ, FIELDS, COUNT(FIELDS), "");
    add_fields(differ, START_FIELDS, COUNT(START_FIELDS), RESTART);
    add_if(
        differ,
        same_listeners(was->listeners, was->listener_count, is->listeners, is->listener_count),
        "listen", RESTART);
    add_if(differ,
           same_listeners(was->tls.listeners, was->tls.listener_count, is->tls.listeners,
                          is->tls.listener_count),
           "tls.listen", RESTART);
    add_if(differ, same_networks(was->proxies, was->proxy_count, is->proxies, is->proxy_count),
           "proxy", RESTART);
    add_if(differ,
           same_networks(was->rate_limit.exempt, was->rate_limit.exempt_count,
                         is->rate_limit.exempt, is->rate_limit.exempt_count),
           "rate_limit.exempt", "");
    add_if(differ, same_limits(&before->limits, &after->limits), "limits", "");
    add_if(differ, same_receivers(before, after), "notify", "");
    add_if(differ, same_logs(before, after), "logs", "");
    add_if(differ, before->metrics.by_country == after->metrics.by_country, "metrics", "");
    add_if(differ, same_admin(before, after), "admin", "");
}
