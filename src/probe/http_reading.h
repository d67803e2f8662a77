/* http_reading.h - what an answer shows while it arrives: only what the request asks for is
 * remembered. Pure.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "rhumb/pattern.h"
#include "rhumb/text.h"

#include "body_match.h"
#include "http_request.h"

enum { HTTP_HEADERS_MAX_BYTES = 64 * 1024 };

struct http_reading {
    const struct http_request *request; /* borrowed */
    struct body_match match;
    struct pattern_search search;
    struct text body; /* kept for gRPC, and for a metric in JSON */
    size_t header_bytes, body_bytes;
    bool cut;                   /* enough of the body has been seen: the transfer was stopped */
    struct metric_value metric; /* in a header */
    int grpc_status;
    char grpc_message[GRPC_MESSAGE_MAX];
};

void http_reading_start(struct http_reading *reading, const struct http_request *request);
void http_reading_deinit(struct http_reading *reading);

/* http_reading_header - one header line, status lines included. False: there are too many. */
bool http_reading_header(struct http_reading *reading, const char *line, size_t len);

/* http_reading_body - the next piece. False: enough has been seen, sets cut. */
bool http_reading_body(struct http_reading *reading, const char *bytes, size_t len);

/* http_reading_end - nothing more comes: what has been found, into *out_answer. */
void http_reading_end(struct http_reading *reading, struct http_answer *out_answer);
