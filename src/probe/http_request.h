/* http_request.h - a check against one address, ready to be asked again and again, and the
 * judgement of an answer. Pure: nothing here knows libcurl or a clock.
 *
 * All text is copied: the configuration a request was made from may go.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "rhumb/config.h"
#include "rhumb/err.h"
#include "rhumb/ip.h"
#include "rhumb/pattern.h"
#include "rhumb/probe.h"

#include "body_match.h"
#include "cert_end.h"
#include "grpc_health.h"
#include "probe_metric.h"

enum { HTTP_BODY_MAX_BYTES = 64 * 1024 };

struct http_request {
    char *url;        /* scheme, host (or the address) and port: decides Host, SNI and the
                         certificate's expected name */
    char *connect_to; /* where to go instead of resolving the host: "::[2001:db8::1]:443";
                         NULL: the host is resolved, by a thread of libcurl */
    char *path;       /* sent as written; NULL when it is part of url */
    char *method;
    char **headers; /* "name: value", or "name;" for an empty value */
    size_t header_count;
    struct config_status_range *statuses; /* never empty */
    size_t status_count;
    struct body_pattern body;
    struct pattern *pattern; /* owned; NULL: any body */
    struct probe_metric metric;
    char *content; /* sent with POST; NULL: none. content_len bytes */
    size_t content_len;
    uint32_t follow; /* so many redirects, all of them to this address */
    struct ip_addr source;
    bool https, verify, http2, is_grpc;
    char *ca_file;          /* NULL: the system's */
    uint32_t min_cert_days; /* 0: not looked at */
    uint32_t timeout_ms;
};

/* What came back. */
struct http_answer {
    long status;
    bool is_http2;
    bool body_found;    /* the text of the request is in the body */
    bool pattern_found; /* and so is its pattern */
    struct metric_value metric;
    struct grpc_answer grpc;
    struct cert_end cert; /* with min_cert_days */
    uint64_t rtt_us;
};

/* http_request_new - NULL when out of memory. check is of kind http, https or grpc. */
struct http_request *http_request_new(const struct config_check *check,
                                      const struct ip_addr *addr);
void http_request_free(struct http_request *request);

/* http_request_judge - does a complete answer satisfy the check? Looks at the version, the
 * status, the body, the certificate, and the metric or the health of gRPC. */
void http_request_judge(const struct http_request *request, const struct http_answer *answer,
                        struct probe_result *out_result);

/* http_parse_cert_time - "Nov 23 07:08:15 2026 GMT" (or "Nov  3 ...", as OpenSSL prints times)
 * in seconds since 1970; 0 when text is anything else. */
int64_t http_parse_cert_time(const char *text);
