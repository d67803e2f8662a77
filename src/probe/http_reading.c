#include "http_reading.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum { VALUE_MAX = 128 };

static bool keeps_body(const struct http_request *request)
{
    return request->is_grpc || (request->metric.name && !request->metric.in_header);
}

void http_reading_start(struct http_reading *reading, const struct http_request *request)
{
    *reading = (struct http_reading){.request = request, .grpc_status = GRPC_STATUS_UNKNOWN};
    body_match_start(&reading->match, &request->body);
    if (request->pattern)
        pattern_start(&reading->search, request->pattern);
    text_init(&reading->body, request->is_grpc ? GRPC_ANSWER_MAX : HTTP_BODY_MAX_BYTES);
}

void http_reading_deinit(struct http_reading *reading)
{
    text_deinit(&reading->body);
}

/* ---- headers ---- */

/* find_value - what stands behind "name:" in line, without the space around it, cut where it
 * is too long, and with '?' for what cannot be printed. False: it is another header. */
static bool find_value(const char *line, size_t len, const char *name, char out[VALUE_MAX])
{
    size_t name_len = strlen(name), used = 0;
    if (len <= name_len || line[name_len] != ':' || strncasecmp(line, name, name_len) != 0)
        return false;
    for (size_t i = name_len + 1; i < len && used < VALUE_MAX - 1; i++)
        if (used > 0 || !isspace((unsigned char)line[i]))
            out[used++] = line[i];
    while (used > 0 && isspace((unsigned char)out[used - 1]))
        used--;
    out[used] = '\0';
    for (size_t i = 0; i < used; i++)
        if (!isprint((unsigned char)out[i]))
            out[i] = '?';
    return true;
}

/* forget_headers - those of a redirect, or of 100 Continue, when another answer begins. */
static void forget_headers(struct http_reading *reading)
{
    reading->metric = (struct metric_value){0};
    reading->grpc_status = GRPC_STATUS_UNKNOWN;
    reading->grpc_message[0] = '\0';
}

static int parse_grpc_status(const char *text)
{
    char *end;
    long status = strtol(text, &end, 10);
    bool good = end != text && *end == '\0' && status >= 0 && status < 1000;
    return good ? (int)status : GRPC_STATUS_UNKNOWN;
}

bool http_reading_header(struct http_reading *reading, const char *line, size_t len)
{
    const struct http_request *request = reading->request;
    char value[VALUE_MAX];
    reading->header_bytes += len;
    if (len > 5 && strncmp(line, "HTTP/", 5) == 0)
        forget_headers(reading);
    if (request->metric.name && request->metric.in_header &&
        find_value(line, len, request->metric.name, value))
        reading->metric = metric_from_text(value);
    /* An answer without it counts by its message: libcurl shows no trailers behind a
     * Content-Length. */
    if (request->is_grpc && find_value(line, len, "grpc-status", value))
        reading->grpc_status = parse_grpc_status(value);
    if (request->is_grpc && find_value(line, len, "grpc-message", value))
        for (size_t i = 0; i < GRPC_MESSAGE_MAX - 1; i++) {
            reading->grpc_message[i] = value[i];
            if (value[i] == '\0')
                break;
        }
    return reading->header_bytes <= HTTP_HEADERS_MAX_BYTES;
}

/* ---- the body ---- */

/* has_seen_enough - was something looked for, and all of it found? */
static bool has_seen_enough(const struct http_reading *reading)
{
    const struct http_request *request = reading->request;
    if (keeps_body(request) || (request->body.len == 0 && !request->pattern))
        return false;
    return body_match_is_found(&reading->match) && (!request->pattern || reading->search.found);
}

bool http_reading_body(struct http_reading *reading, const char *bytes, size_t len)
{
    const struct http_request *request = reading->request;
    size_t room = HTTP_BODY_MAX_BYTES - reading->body_bytes;
    size_t taken = len < room ? len : room;
    body_match_feed(&reading->match, bytes, taken);
    if (request->pattern)
        pattern_feed(&reading->search, bytes, taken);
    if (keeps_body(request))
        text_put(&reading->body, bytes, taken);
    reading->body_bytes += taken;
    reading->cut = reading->body_bytes == HTTP_BODY_MAX_BYTES || has_seen_enough(reading);
    return !reading->cut;
}

void http_reading_end(struct http_reading *reading, struct http_answer *out_answer)
{
    const struct http_request *request = reading->request;
    const struct probe_metric *metric = &request->metric;
    if (request->pattern && !reading->cut)
        pattern_end(&reading->search);
    out_answer->body_found = body_match_is_found(&reading->match);
    out_answer->pattern_found = !request->pattern || reading->search.found;
    out_answer->metric = reading->metric;
    if (metric->name && !metric->in_header && (reading->cut || reading->body.failed))
        out_answer->metric.state = METRIC_TOO_LONG;
    else if (metric->name && !metric->in_header)
        out_answer->metric =
            metric_from_json(text_get(&reading->body), reading->body.len, metric->name);
    out_answer->grpc = (struct grpc_answer){.status = reading->grpc_status,
                                            .bytes = text_get(&reading->body),
                                            .len = reading->body.len};
    for (size_t i = 0; i < GRPC_MESSAGE_MAX; i++)
        out_answer->grpc.message[i] = reading->grpc_message[i];
}
