/* Checks, by name. */
#include <string.h>

#include "diff_fields.h"
#include "diff_parts.h"

#define FIELD(key, kind, member)                                                               \
    {                                                                                          \
        key, kind, offsetof(struct config_check, member)                                       \
    }
#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

enum { DETAIL_MAX = 4000 };

static const struct diff_field FIELDS[] = {
    FIELD("port", DIFF_FIELD_U16, port),
    FIELD("host", DIFF_FIELD_TEXT, host),
    FIELD("path", DIFF_FIELD_TEXT, path),
    FIELD("method", DIFF_FIELD_TEXT, method),
    FIELD("verify", DIFF_FIELD_BOOL, verify),
    FIELD("ca_file", DIFF_FIELD_PATH, ca_file),
    FIELD("min_cert_days", DIFF_FIELD_U32, min_cert_days),
    FIELD("body", DIFF_FIELD_HIDDEN, body),
    FIELD("body_regex", DIFF_FIELD_HIDDEN, body_regex),
    FIELD("follow", DIFF_FIELD_U32, follow),
    FIELD("metric.json", DIFF_FIELD_TEXT, metric.json),
    FIELD("metric.header", DIFF_FIELD_TEXT, metric.header),
    FIELD("metric.degraded", DIFF_FIELD_NUMBER, metric.degraded),
    FIELD("metric.down", DIFF_FIELD_NUMBER, metric.down),
    FIELD("grpc.service", DIFF_FIELD_TEXT, grpc_service),
    FIELD("grpc.tls", DIFF_FIELD_BOOL, grpc_tls),
    FIELD("dns.name", DIFF_FIELD_TEXT, dns.name),
    FIELD("dns.type", DIFF_FIELD_U16, dns.type),
    FIELD("dns.rcode", DIFF_FIELD_U16, dns.rcode),
    FIELD("dns.tcp", DIFF_FIELD_BOOL, dns.tcp),
    FIELD("file", DIFF_FIELD_PATH, file.path),
    FIELD("file.max_age", DIFF_FIELD_MS, file.max_age_ms),
    FIELD("needed", DIFF_FIELD_U32, parts_needed),
    FIELD("interval", DIFF_FIELD_MS, interval_ms),
    FIELD("timeout", DIFF_FIELD_MS, timeout_ms),
    FIELD("confirm", DIFF_FIELD_MS, confirm_ms),
    FIELD("fall", DIFF_FIELD_U32, fall),
    FIELD("rise", DIFF_FIELD_U32, rise),
    FIELD("min_down", DIFF_FIELD_MS, min_down_ms),
    FIELD("ramp", DIFF_FIELD_MS, ramp_ms),
    FIELD("damping", DIFF_FIELD_BOOL, damped),
    FIELD("assume up", DIFF_FIELD_BOOL, assume_up),
};

/* ---- what is no plain field: named when it differs ---- */

static bool same_bytes(const struct config_bytes *a, const struct config_bytes *b)
{
    return a->len == b->len && (a->len == 0 || memcmp(a->bytes, b->bytes, a->len) == 0);
}

static bool same_statuses(const struct config_check *a, const struct config_check *b)
{
    return a->status_count == b->status_count &&
           (a->status_count == 0 ||
            memcmp(a->statuses, b->statuses, a->status_count * sizeof(*a->statuses)) == 0);
}

static bool same_headers(const struct config_check *a, const struct config_check *b)
{
    bool same = a->header_count == b->header_count;
    for (size_t i = 0; same && i < a->header_count; i++)
        same = strcmp(a->headers[i].name, b->headers[i].name) == 0 &&
               strcmp(a->headers[i].value, b->headers[i].value) == 0;
    return same;
}

static bool same_command(const struct config_check *a, const struct config_check *b)
{
    bool same = a->command.count == b->command.count;
    for (size_t i = 0; same && i < a->command.count; i++)
        same = strcmp(a->command.argv[i], b->command.argv[i]) == 0;
    return same;
}

/* same_parts - by name: indexes differ from file to file. */
static bool same_parts(const struct differ *differ, const struct config_check *a,
                       const struct config_check *b)
{
    bool same = a->part_count == b->part_count;
    for (size_t i = 0; same && i < a->part_count; i++)
        same = strcmp(differ->before->config->checks[a->parts[i]].name,
                      differ->after->config->checks[b->parts[i]].name) == 0;
    return same;
}

static void compare_check(struct differ *differ, const struct config_check *was,
                          const struct config_check *is)
{
    struct text detail;
    text_init(&detail, DETAIL_MAX);
    if (was->kind != is->kind)
        diff_note(&detail, "%s -> %s", config_check_kind_name(was->kind),
                  config_check_kind_name(is->kind));
    diff_fields((struct diff_object){was, differ->before->config->folder},
                (struct diff_object){is, differ->after->config->folder}, FIELDS, COUNT(FIELDS),
                &detail);
    if (!same_statuses(was, is))
        diff_note(&detail, "status");
    if (!same_headers(was, is))
        diff_note(&detail, "headers");
    if (!same_bytes(&was->send, &is->send))
        diff_note(&detail, "send");
    if (!same_bytes(&was->expect, &is->expect))
        diff_note(&detail, "expect");
    if (!same_command(was, is))
        diff_note(&detail, "command");
    if (!same_parts(differ, was, is))
        diff_note(&detail, "parts");
    if (was->http_version != is->http_version)
        diff_note(&detail, "http_version");
    if (!ip_equal(&was->source.v4, &is->source.v4) ||
        !ip_equal(&was->source.v6, &is->source.v6))
        diff_note(&detail, "source");
    if (!ip_equal(&was->dns.address, &is->dns.address))
        diff_note(&detail, "dns.address");
    if (detail.len > 0)
        differ_add(differ, DIFF_CHANGED, DIFF_CHECK, is->name, "%s", text_get(&detail));
    if (detail.no_memory)
        differ->err = ERR_NO_MEMORY;
    text_deinit(&detail);
}

static const struct config_check *find_check(const struct config *config, const char *name)
{
    for (size_t i = 0; i < config->check_count; i++)
        if (strcmp(config->checks[i].name, name) == 0)
            return &config->checks[i];
    return NULL;
}

void diff_checks(struct differ *differ)
{
    const struct config *before = differ->before->config, *after = differ->after->config;
    for (size_t i = 0; i < after->check_count; i++) {
        const struct config_check *is = &after->checks[i], *was = find_check(before, is->name);
        if (was)
            compare_check(differ, was, is);
        else
            differ_add(differ, DIFF_ADDED, DIFF_CHECK, is->name, "%s",
                       config_check_kind_name(is->kind));
    }
    for (size_t i = 0; i < before->check_count; i++)
        if (!find_check(after, before->checks[i].name))
            differ_add(differ, DIFF_REMOVED, DIFF_CHECK, before->checks[i].name, "%s",
                       config_check_kind_name(before->checks[i].kind));
}
