#include "grpc_health.h"

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "probe_reason.h"

enum {
    PREFIX_BYTES = 5,
    TEXT_FIELD_1 = 1 << 3 | 2, /* field number, wire type */
    NUMBER_FIELD_1 = 1 << 3 | 0,
    TYPE_MASK = 7,
    NUMBER_BYTES_MAX = 10, /* of a 64-bit number, 7 bits each */
    SERVING = 1,
};

/* ---- the request ---- */

static size_t put_number(char *bytes, size_t number)
{
    size_t len = 0;
    for (; number >= 0x80; number >>= 7)
        bytes[len++] = (char)(number | 0x80);
    bytes[len++] = (char)number;
    return len;
}

size_t grpc_health_request(const char *service, char out_bytes[GRPC_REQUEST_MAX])
{
    size_t service_len = service ? strnlen(service, GRPC_SERVICE_MAX) : 0;
    size_t len = PREFIX_BYTES;
    memset(out_bytes, 0, PREFIX_BYTES);
    if (service_len > 0) {
        out_bytes[len++] = TEXT_FIELD_1;
        len += put_number(out_bytes + len, service_len);
        for (size_t i = 0; i < service_len; i++)
            out_bytes[len++] = service[i];
    }
    size_t message_len = len - PREFIX_BYTES;
    out_bytes[3] = (char)(message_len >> 8);
    out_bytes[4] = (char)message_len;
    return len;
}

/* ---- the response ---- */

struct reader {
    const unsigned char *at, *end;
    bool failed; /* sticks */
};

static uint64_t read_number(struct reader *reader)
{
    uint64_t number = 0;
    for (unsigned i = 0; i < NUMBER_BYTES_MAX && reader->at < reader->end; i++) {
        unsigned char byte = *reader->at++;
        number |= (uint64_t)(byte & 0x7f) << 7 * i;
        if (byte < 0x80)
            return number;
    }
    reader->failed = true;
    return 0;
}

static void skip(struct reader *reader, uint64_t len)
{
    if (len > (uint64_t)(reader->end - reader->at))
        reader->failed = true;
    else
        reader->at += len;
}

/* skip_field - one that we do not know, of the wire type in key. */
static void skip_field(struct reader *reader, uint64_t key)
{
    switch (key & TYPE_MASK) {
    case 0: read_number(reader); return;
    case 1: skip(reader, 8); return;
    case 2: skip(reader, read_number(reader)); return;
    case 5: skip(reader, 4); return;
    default: reader->failed = true; return;
    }
}

/* parse_response - the status of the service; a field that is not sent is 0. False when it is
 * no response. */
static bool parse_response(const struct grpc_answer *answer, uint64_t *out_status)
{
    const unsigned char *bytes = (const unsigned char *)answer->bytes;
    if (answer->len < PREFIX_BYTES || bytes[0] != 0) /* 1: compressed, which we did not allow */
        return false;
    size_t len = (size_t)bytes[1] << 24 | (size_t)bytes[2] << 16 | (size_t)bytes[3] << 8 |
                 (size_t)bytes[4];
    if (len > answer->len - PREFIX_BYTES)
        return false;
    struct reader reader = {bytes + PREFIX_BYTES, bytes + PREFIX_BYTES + len, false};
    *out_status = 0;
    while (reader.at < reader.end && !reader.failed) {
        uint64_t key = read_number(&reader);
        if (key == NUMBER_FIELD_1)
            *out_status = read_number(&reader);
        else
            skip_field(&reader, key);
    }
    return !reader.failed;
}

/* ---- the judgement ---- */

static const char *name_of_call_status(int status)
{
    static const char *const names[] = {
        "OK",
        "CANCELLED",
        "UNKNOWN",
        "INVALID_ARGUMENT",
        "DEADLINE_EXCEEDED",
        "NOT_FOUND",
        "ALREADY_EXISTS",
        "PERMISSION_DENIED",
        "RESOURCE_EXHAUSTED",
        "FAILED_PRECONDITION",
        "ABORTED",
        "OUT_OF_RANGE",
        "UNIMPLEMENTED",
        "INTERNAL",
        "UNAVAILABLE",
        "DATA_LOSS",
        "UNAUTHENTICATED",
    };

    bool known = status >= 0 && (size_t)status < sizeof(names) / sizeof(names[0]);
    return known ? names[status] : "of no known kind";
}

static void set_call_failure(const struct grpc_answer *answer, struct probe_result *result)
{
    probe_result_set(result, HEALTH_FAILURE, "gRPC status %d %s%s%.*s", answer->status,
                     name_of_call_status(answer->status), answer->message[0] ? ": " : "",
                     GRPC_MESSAGE_MAX, answer->message);
}

void grpc_health_judge(const struct grpc_answer *answer, struct probe_result *result)
{
    static const char *const states[] = {"the service's health is unknown", "serving",
                                         "the service is not serving",
                                         "the server does not know the service"};

    uint64_t status;
    if (answer->status > 0)
        set_call_failure(answer, result);
    else if (answer->status != 0 && answer->len == 0)
        probe_result_set(result, HEALTH_FAILURE, "the answer is not gRPC");
    else if (!parse_response(answer, &status))
        probe_result_set(result, HEALTH_FAILURE, "the answer is no health of gRPC");
    else if (status == SERVING)
        probe_result_set(result, HEALTH_SUCCESS, "%s", states[status]);
    else if (status < sizeof(states) / sizeof(states[0]))
        probe_result_set(result, HEALTH_FAILURE, "%s", states[status]);
    else
        probe_result_set(result, HEALTH_FAILURE, "the service has an unknown state");
}
