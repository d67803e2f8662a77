#include "http_request.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "probe_reason.h"

enum { SECONDS_PER_DAY = 86400, EXPECTED_MAX = 64, PATTERN_SHOWN_MAX = 80 };

static const struct config_status_range DEFAULT_STATUSES[] = {{200, 299}};

/* bracketed - an IPv6 address as URLs and CONNECT_TO want it. */
static const char *bracketed(const struct ip_addr *addr, char buffer[IP_TEXT_MAX + 2])
{
    char text[IP_TEXT_MAX];
    ip_format(addr, text);
    snprintf(buffer, IP_TEXT_MAX + 2, addr->family == IP_V6 ? "[%s]" : "%s", text);
    return buffer;
}

/* make_url - without a path: that is sent as it was written. A host that is an address of its
 * own is written as one. */
static char *make_url(const struct config_check *check, const struct ip_addr *addr)
{
    char buffer[IP_TEXT_MAX + 2];
    struct ip_addr literal;
    const char *host = check->host;
    const char *scheme = check->kind == CONFIG_CHECK_HTTPS ? "https" : "http";
    char *url;
    if (!host)
        host = bracketed(addr, buffer);
    else if (ip_parse(host, &literal))
        host = bracketed(&literal, buffer);
    return asprintf(&url, "%s://%s:%u/", scheme, host, check->port) < 0 ? NULL : url;
}

static char *make_connect_to(const struct config_check *check, const struct ip_addr *addr)
{
    char buffer[IP_TEXT_MAX + 2];
    char *text;
    int len = asprintf(&text, "::%s:%u", bracketed(addr, buffer), check->port);
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

struct http_request *http_request_new(const struct config_check *check,
                                      const struct ip_addr *addr)
{
    struct http_request *request = (struct http_request *)calloc(1, sizeof(*request));
    if (!request)
        return NULL;
    request->https = check->kind == CONFIG_CHECK_HTTPS;
    request->verify = check->verify;
    request->min_cert_days = request->https ? check->min_cert_days : 0;
    request->timeout_ms = check->timeout_ms;
    request->url = make_url(check, addr);
    request->connect_to = make_connect_to(check, addr);
    if (request->url && request->connect_to && copy_text(&request->path, check->path, "/") &&
        copy_text(&request->method, check->method, "GET") &&
        copy_text(&request->ca_file, check->ca_file, NULL) && copy_headers(request, check) &&
        copy_statuses(request, check) &&
        body_pattern_init(&request->body, check->body) == ERR_OK)
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
    free(request->url);
    free(request->connect_to);
    free(request->path);
    free(request->method);
    free(request->content);
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

/* judge_certificate - false, and the reason, when the certificate runs out too soon. */
static bool judge_certificate(const struct http_request *request,
                              const struct http_answer *answer, struct probe_result *result)
{
    int64_t left_s = answer->cert_expiry_s - answer->now_s;
    long long left_days = left_s / SECONDS_PER_DAY;
    if (request->min_cert_days == 0)
        return true;
    if (answer->cert_expiry_s == 0)
        probe_result_set(result, HEALTH_FAILURE, "certificate's end cannot be read");
    else if (left_s <= 0)
        probe_result_set(result, HEALTH_FAILURE, "certificate expired");
    else if (left_s < (int64_t)request->min_cert_days * SECONDS_PER_DAY)
        probe_result_set(result, HEALTH_FAILURE,
                         "certificate expires in %lld day%s, expected at least %u", left_days,
                         left_days == 1 ? "" : "s", request->min_cert_days);
    else
        return true;
    return false;
}

void http_request_judge(const struct http_request *request, const struct http_answer *answer,
                        struct probe_result *out_result)
{
    char expected[EXPECTED_MAX];
    if (!status_is_expected(request, answer->status)) {
        probe_result_set(out_result, HEALTH_FAILURE, "status %ld, expected %s", answer->status,
                         format_statuses(request, expected));
        return;
    }
    if (!answer->body_found) {
        probe_result_set(out_result, HEALTH_FAILURE, "body lacks '%.*s'", PATTERN_SHOWN_MAX,
                         request->body.bytes);
        return;
    }
    if (!judge_certificate(request, answer, out_result))
        return;
    probe_result_set(out_result, HEALTH_SUCCESS, "status %ld", answer->status);
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
