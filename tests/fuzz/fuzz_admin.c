/* The admin API from the first byte of a connection to the last of its answers.
 *
 *   knobs | (a request's number) | bytes
 *
 * knobs    bits 0-5: the size of the pieces in which it is sent, 0: at once; bit 7: the bytes are
 *          the body of the request with this number, or what stands behind its '?', else all that
 *          a client sends
 *
 * Whatever comes: a server that still answers; answers that are HTTP, one behind the other;
 * documents that can be parsed; problems that tell their status; no status 500.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include <jansson.h>

#include "admin_world.h"
#include "fuzz.h"

enum { REQUEST_BYTES_MAX = 1 << 16 };

static const struct {
    const char *method, *path;
} REQUESTS[] = {
    {"POST", "/v1/overrides"},
    {"POST", "/v1/services/app/failover"},
    {"POST", "/v1/services/app/failback"},
    {"POST", "/v1/reload"},
    {"POST", "/v1/diff"},
    {"GET", "/v1/explain"},
    {"GET", "/v1/history"},
    {"GET", "/v1/events"},
    {"DELETE", "/v1/overrides"},
    {"GET", "/v1/services/"},
};

enum { REQUEST_COUNT = sizeof(REQUESTS) / sizeof(REQUESTS[0]) };

/* ---- what came back ---- */

/* Where the reader stands in the answers. */
struct reader {
    const char *at, *end;
};

/* header - the value of one in [head, end), as text; "": it is not there. */
static void header(const char *head, const char *end, const char *name, char value[128])
{
    size_t name_len = strlen(name);
    value[0] = '\0';
    for (const char *line = head; line < end;) {
        const char *stop = memchr(line, '\r', (size_t)(end - line));
        stop = stop ? stop : end;
        if ((size_t)(stop - line) > name_len + 2 && strncasecmp(line, name, name_len) == 0 &&
            line[name_len] == ':') {
            (void)snprintf(value, 128, "%.*s", (int)(stop - line - (long)name_len - 2),
                           line + name_len + 2);
            return;
        }
        line = stop + 2;
    }
}

static void check_document(const char *type, unsigned status, const char *body, size_t len)
{
    bool is_problem = strcmp(type, "application/problem+json") == 0;
    if (!is_problem && strcmp(type, "application/json") != 0)
        return;
    json_error_t error;
    json_t *document = json_loadb(body, len, JSON_REJECT_DUPLICATES, &error);
    FUZZ_PROMISE(json_is_object(document), "a document can be parsed");
    if (is_problem) {
        FUZZ_PROMISE(json_integer_value(json_object_get(document, "status")) == (int)status,
                     "a problem tells its status");
        FUZZ_PROMISE(json_string_length(json_object_get(document, "detail")) > 0,
                     "a problem tells what it is");
    }
    json_decref(document);
}

/* read_answer - the next one; false: there is none behind it that could be read. */
static bool read_answer(struct reader *reader)
{
    char type[128], length[128], encoding[128];
    unsigned status = 0;
    const char *head = reader->at;
    const char *body = memmem(head, (size_t)(reader->end - head), "\r\n\r\n", 4);
    FUZZ_PROMISE(sscanf(head, "HTTP/1.%*1[01] %3u ", &status) == 1 && body,
                 "an answer begins as one");
    body += 4;
    FUZZ_PROMISE(status >= 100 && status < 600 && status != 500, "a status that is told");
    header(head, body, "Content-Type", type);
    header(head, body, "Content-Length", length);
    header(head, body, "Transfer-Encoding", encoding);
    reader->at = body;
    if (status == 100)
        return true;
    if (!*type || !*length) /* the library's own page, or a stream */
        return false;
    size_t len = strtoul(length, NULL, 10);
    if (reader->end == body || strncmp(body, "HTTP/1.", 7) == 0)
        return true; /* the answer to a HEAD */
    FUZZ_PROMISE(len <= (size_t)(reader->end - body), "an answer is whole");
    check_document(type, status, body, len);
    reader->at = body + len;
    return true;
}

static void read_answers(const char *answer, size_t len)
{
    struct reader reader = {answer, answer + len};
    while (reader.at < reader.end && read_answer(&reader))
        ;
}

/* ---- what is sent ---- */

/* write_request - the bytes as the body of a request, or as its query. Returns its length. */
static size_t write_request(unsigned number, const uint8_t *bytes, size_t len,
                            char request[REQUEST_BYTES_MAX])
{
    const char *method = REQUESTS[number].method, *path = REQUESTS[number].path;
    size_t at;
    if (strcmp(method, "POST") == 0) {
        at = (size_t)snprintf(request, REQUEST_BYTES_MAX,
                              "POST %s HTTP/1.1\r\nHost: x\r\nConnection: close\r\n"
                              "Content-Type: application/json\r\nContent-Length: %zu\r\n\r\n",
                              path, len);
        memcpy(request + at, bytes, len);
        return at + len;
    }
    at = (size_t)snprintf(request, REQUEST_BYTES_MAX, "%s %s%s", method, path,
                          path[strlen(path) - 1] == '/' ? "" : "?");
    memcpy(request + at, bytes, len);
    at += len;
    return at + (size_t)snprintf(request + at, REQUEST_BYTES_MAX - at,
                                 " HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
}

static void run(const uint8_t *data, size_t size)
{
    static char request[REQUEST_BYTES_MAX];
    static const char alive[] = "GET /ready HTTP/1.0\r\nHost: x\r\n\r\n";
    static unsigned inputs;

    size_t len;
    if (size < 2 || size > REQUEST_BYTES_MAX / 2)
        return;
    size_t piece = data[0] & 63;
    const char *answer;
    if ((data[0] & 128) != 0) {
        len = write_request(data[1] % REQUEST_COUNT, data + 2, size - 2, request);
        answer = admin_world_send((const uint8_t *)request, len, piece, &len);
    } else {
        answer = admin_world_send(data + 1, size - 1, piece, &len);
    }
    read_answers(answer, len);
    admin_world_reset();
    if (++inputs % 64 != 0)
        return;
    answer = admin_world_send((const uint8_t *)alive, sizeof(alive) - 1, 0, &len);
    FUZZ_PROMISE(strncmp(answer, "HTTP/1.1 200 ", 13) == 0 ||
                     strncmp(answer, "HTTP/1.0 200 ", 13) == 0,
                 "the server still answers");
}

const struct fuzz_harness fuzz_harness = {
    .limit_us = 100000, .has_threads = true, .set_up = admin_world_open, .run = run};
