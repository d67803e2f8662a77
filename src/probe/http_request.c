#include "http_request.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "cert_end.h"
#include "probe_reason.h"
#include "probe_socket.h"

enum { EXPECTED_MAX = 64, PATTERN_SHOWN_MAX = 80 };

static const struct config_status_range DEFAULT_STATUSES[] = {{200, 299}};

static bool speaks_tls(const struct config_check *check)
{
    return check->kind == CONFIG_CHECK_HTTPS ||
           (check->kind == CONFIG_CHECK_GRPC && check->grpc_tls);
}

/* bracketed - an IPv6 address as URLs and CONNECT_TO want it. */
static const char *bracketed(const struct ip_addr *addr, char buffer[IP_TEXT_MAX + 2])
{
    char text[IP_TEXT_MAX];
    ip_format(addr, text);
    snprintf(buffer, IP_TEXT_MAX + 2, addr->family == IP_V6 ? "[%s]" : "%s", text);
    return buffer;
}

/* make_url - without a path: that is sent as it was written. With one when redirects are
 * followed, since what is sent must change then. A host that is an address of its own is written
 * as one. */
static char *make_url(const struct config_check *check, const struct ip_addr *addr)
{
    char buffer[IP_TEXT_MAX + 2];
    struct ip_addr literal;
    const char *host = check->host;
    const char *scheme = speaks_tls(check) ? "https" : "http";
    const char *path = check->follow > 0 && check->path ? check->path : "/";
    char *url;
    if (!host)
        host = bracketed(addr, buffer);
    else if (ip_parse(host, &literal))
        host = bracketed(&literal, buffer);
    return asprintf(&url, "%s://%s:%u%s", scheme, host, check->port, path) < 0 ? NULL : url;
}

/* make_connect_to - whatever the host. Redirects may lead to another port. */
static char *make_connect_to(const struct config_check *check, const struct ip_addr *addr)
{
    char buffer[IP_TEXT_MAX + 2], port[sizeof("65535")] = "";
    char *text;
    if (check->follow == 0)
        snprintf(port, sizeof(port), "%u", check->port);
    int len = asprintf(&text, "::%s:%s", bracketed(addr, buffer), port);
    return len < 0 ? NULL : text;
}

static bool copy_headers(struct http_request *request, const struct config_check *check)
{
    request->headers = (char **)calloc(check->header_count + 1, sizeof(*request->headers));
    if (!request->headers)
        return false;
    for (size_t i = 0; i < check->header_count; i++) {
        const struct config_header *header = &check->headers[i];
        const char *value = header->value ? header->value : "";
        const char *between = *value == '\0' ? ";" : ": ";
        if (asprintf(&request->headers[i], "%s%s%s", header->name, between, value) < 0) {
            request->headers[i] = NULL;
            return false;
        }
        request->header_count++;
    }
    return true;
}

static bool copy_statuses(struct http_request *request, const struct config_check *check)
{
    bool given = check->status_count > 0;
    const struct config_status_range *from = given ? check->statuses : DEFAULT_STATUSES;
    size_t count = given ? check->status_count : 1;
    request->statuses = (struct config_status_range *)calloc(count, sizeof(*request->statuses));
    if (!request->statuses)
        return false;
    for (size_t i = 0; i < count; i++)
        request->statuses[i] = from[i];
    request->status_count = count;
    return true;
}

/* copy_text - strdup() with a default; *out is NULL only when both texts are. */
static bool copy_text(char **out, const char *text, const char *otherwise)
{
    const char *from = text ? text : otherwise;
    *out = from ? strdup(from) : NULL;
    return !from || *out;
}

/* copy_pattern - the configuration has looked at it; one that is wrong all the same matches
 * nothing. */
static bool copy_pattern(struct http_request *request, const char *text)
{
    struct pattern_fault fault;
    if (!text)
        return true;
    request->pattern = (struct pattern *)calloc(1, sizeof(*request->pattern));
    if (request->pattern && !pattern_compile(text, request->pattern, &fault))
        *request->pattern = (struct pattern){0};
    return request->pattern;
}

/* ask_http - what is asked for by http and https. */
static bool ask_http(struct http_request *request, const struct config_check *check)
{
    request->http2 = check->http_version == CONFIG_HTTP_2;
    request->follow = check->follow;
    return (check->follow > 0 || copy_text(&request->path, check->path, "/")) &&
           copy_text(&request->method, check->method, "GET") && copy_headers(request, check) &&
           body_pattern_init(&request->body, check->body) == ERR_OK &&
           copy_pattern(request, check->body_regex) &&
           probe_metric_init(&request->metric, &check->metric) == ERR_OK;
}

/* ask_grpc - a call, as a request over HTTP/2. */
static bool ask_grpc(struct http_request *request, const struct config_check *check)
{
    struct config_header headers[] = {{"Content-Type", "application/grpc"}, {"TE", "trailers"}};
    struct config_check call = {.headers = headers, .header_count = 2};
    request->is_grpc = request->http2 = true;
    request->content = (char *)calloc(1, GRPC_REQUEST_MAX);
    if (!request->content)
        return false;
    request->content_len = grpc_health_request(check->grpc_service, request->content);
    return copy_text(&request->path, GRPC_HEALTH_PATH, NULL) &&
           copy_text(&request->method, "POST", NULL) && copy_headers(request, &call);
}

struct http_request *http_request_new(const struct config_check *check,
                                      const struct ip_addr *addr)
{
    struct http_request *request = (struct http_request *)calloc(1, sizeof(*request));
    if (!request)
        return NULL;
    request->https = speaks_tls(check);
    request->verify = check->verify;
    request->min_cert_days = request->https ? check->min_cert_days : 0;
    request->timeout_ms = check->timeout_ms;
    request->source = probe_source_for(&check->source, addr);
    request->url = make_url(check, addr);
    request->connect_to = make_connect_to(check, addr);
    bool is_grpc = check->kind == CONFIG_CHECK_GRPC;
    if (request->url && request->connect_to && copy_statuses(request, check) &&
        copy_text(&request->ca_file, check->ca_file, NULL) &&
        (is_grpc ? ask_grpc(request, check) : ask_http(request, check)))
        return request;
    http_request_free(request);
    return NULL;
}

void http_request_free(struct http_request *request)
{
    if (!request)
        return;
    for (size_t i = 0; i < request->header_count; i++)
        free(request->headers[i]);
    free(request->headers);
    free(request->statuses);
    body_pattern_deinit(&request->body);
    probe_metric_deinit(&request->metric);
    free(request->pattern);
    free(request->content);
    free(request->url);
    free(request->connect_to);
    free(request->path);
    free(request->method);
    free(request->ca_file);
    free(request);
}

static bool status_is_expected(const struct http_request *request, long status)
{
    for (size_t i = 0; i < request->status_count; i++)
        if (status >= request->statuses[i].first && status <= request->statuses[i].last)
            return true;
    return false;
}

/* format_statuses - "200-299, 401"; what does not fit is left out. */
static const char *format_statuses(const struct http_request *request,
                                   char buffer[EXPECTED_MAX])
{
    size_t used = 0;
    buffer[0] = '\0';
    for (size_t i = 0; i < request->status_count; i++) {
        const struct config_status_range *range = &request->statuses[i];
        const char *between = i > 0 ? ", " : "";
        char item[EXPECTED_MAX];
        if (range->first == range->last)
            snprintf(item, sizeof(item), "%s%u", between, range->first);
        else
            snprintf(item, sizeof(item), "%s%u-%u", between, range->first, range->last);
        if (used + strlen(item) >= EXPECTED_MAX)
            break;
        used += (size_t)snprintf(buffer + used, EXPECTED_MAX - used, "%s", item);
    }
    return buffer;
}

/* judge_body - false, and the reason, when something is not in it that should be. */
static bool judge_body(const struct http_request *request, const struct http_answer *answer,
                       struct probe_result *result)
{
    if (!answer->body_found)
        probe_result_set(result, HEALTH_FAILURE, "body lacks '%.*s'", PATTERN_SHOWN_MAX,
                         request->body.bytes);
    else if (request->pattern && !answer->pattern_found)
        probe_result_set(result, HEALTH_FAILURE, "body does not match body_regex");
    else
        return true;
    return false;
}

void http_request_judge(const struct http_request *request, const struct http_answer *answer,
                        struct probe_result *out_result)
{
    char expected[EXPECTED_MAX];
    if (request->http2 && !answer->is_http2) {
        probe_result_set(out_result, HEALTH_FAILURE, "the server does not speak HTTP/2");
        return;
    }
    if (!status_is_expected(request, answer->status)) {
        probe_result_set(out_result, HEALTH_FAILURE, "status %ld, expected %s", answer->status,
                         format_statuses(request, expected));
        return;
    }
    if (!request->is_grpc && !judge_body(request, answer, out_result))
        return;
    if (!cert_end_judge(&answer->cert, request->min_cert_days, out_result))
        return;
    probe_result_set(out_result, HEALTH_SUCCESS, "status %ld", answer->status);
    if (request->is_grpc)
        grpc_health_judge(&answer->grpc, out_result);
    else
        probe_metric_judge(&request->metric, &answer->metric, out_result);
    if (out_result->outcome == HEALTH_SUCCESS)
        out_result->rtt_us = probe_rtt_us(answer->rtt_us);
}

/* parse_month - 0..11, or -1. */
static int parse_month(const char *text)
{
    static const char NAMES[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
    for (int month = 0; month < 12; month++)
        if (strncmp(text, NAMES + (size_t)3 * (size_t)month, 3) == 0)
            return month;
    return -1;
}

int64_t http_parse_cert_time(const char *text)
{
    struct tm when = {0};
    int end = 0;
    int month = parse_month(text);
    if (month < 0)
        return 0;
    // NOLINTNEXTLINE(cert-err34-c): widths are limited, so no number can overflow
    int fields = sscanf(text + 3, " %2d %2d:%2d:%2d %4d GMT%n", &when.tm_mday, &when.tm_hour,
                        &when.tm_min, &when.tm_sec, &when.tm_year, &end);
    if (fields != 5 || end == 0 || text[3 + end] != '\0')
        return 0;
    when.tm_mon = month;
    when.tm_year -= 1900;
    return timegm(&when);
}
