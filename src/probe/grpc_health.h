/* grpc_health.h - the one call of grpc.health.v1 that a probe makes, as bytes. Pure.
 *
 *   message   0x00, length in 4 bytes (big-endian), protobuf
 *   request   field 1, text: the service's name; left out for the server as a whole
 *   response  field 1, number: 0 UNKNOWN, 1 SERVING, 2 NOT_SERVING, 3 SERVICE_UNKNOWN
 *   source    gRPC over HTTP/2 (Length-Prefixed-Message, Trailers); grpc/health/v1/health.proto
 */
#pragma once

#include <stddef.h>

#include "rhumb/probe.h"

#define GRPC_HEALTH_PATH "/grpc.health.v1.Health/Check"

enum {
    GRPC_SERVICE_MAX = 255,
    GRPC_REQUEST_MAX = 5 + 3 + GRPC_SERVICE_MAX,
    GRPC_ANSWER_MAX = 4096,   /* what is kept of an answer: 7 bytes are usual */
    GRPC_STATUS_UNKNOWN = -1, /* none has come */
    GRPC_MESSAGE_MAX = 64,
};

/* What has come back. */
struct grpc_answer {
    int status;                     /* of the call: grpc-status, or GRPC_STATUS_UNKNOWN */
    char message[GRPC_MESSAGE_MAX]; /* grpc-message, printable */
    const char *bytes;              /* the message of the response, with its 5 bytes before */
    size_t len;
};

/* grpc_health_request - the request for service (NULL: the server); returns its length. */
size_t grpc_health_request(const char *service, char out_bytes[GRPC_REQUEST_MAX]);

/* grpc_health_judge - result is a success when the service serves, else says why not. */
void grpc_health_judge(const struct grpc_answer *answer, struct probe_result *result);
