/* Answers, problems and bodies, through a real server. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "admin_call.h"
#include "http_bed.h"

static struct http_bed bed;

static bool on_head(void *ctx, const struct http_request *request)
{
    (void)ctx;
    (void)request;
    return true;
}

/* POST /body: {"name": text of at most 10 bytes, "more": anything}; answers with both. */
static void read_body(struct admin_call *call)
{
    static const char *const allowed[] = {"name", "more", NULL};

    const char *name;
    json_t *body = admin_body(call, allowed);
    if (body && admin_string(call, body, "name", 10, &name)) {
        struct text text;
        struct json_put json;
        char *more = json_dumps(json_object_get(body, "more"), JSON_ENCODE_ANY | JSON_COMPACT);
        text_init(&text, 10000);
        json_put_init(&json, &text);
        json_put_begin(&json, NULL, '{');
        json_put_optional(&json, "name", name);
        json_put_raw(&json, "more", more ? more : "0");
        json_put_end(&json, '}');
        admin_reply(call->request->exchange, 200, &text);
        free(more);
    }
    json_decref(body);
}

/* GET /number?n=N: 1..500, else 7. */
static void read_number(struct admin_call *call)
{
    char text[32];
    uint64_t number;
    if (!admin_query_number(call, "n", 500, 7, &number))
        return;
    snprintf(text, sizeof(text), "n=%llu.", (unsigned long long)number);
    http_bed_answer(call->request->exchange, text);
}

static void on_request(void *ctx, const struct http_request *request)
{
    struct admin_call call = {.request = request};
    struct text text;
    (void)ctx;
    if (strcmp(request->path, "/body") == 0) {
        read_body(&call);
    } else if (strcmp(request->path, "/number") == 0) {
        read_number(&call);
    } else if (strcmp(request->path, "/full") == 0) {
        text_init(&text, 3);
        text_put(&text, "more than fits", 14);
        admin_reply(request->exchange, 200, &text);
    } else if (strcmp(request->path, "/method") == 0) {
        admin_problem_of_method(request->exchange, "GET, HEAD");
    } else {
        admin_problem(request->exchange, (unsigned)atol(request->path + 1), "said '%s'",
                      http_query(request, "detail"));
    }
}

static int open_bed(void **state)
{
    static const struct http_handler handler = {.on_head = on_head, .on_request = on_request};

    (void)state;
    http_bed_open(&bed, &handler, NULL);
    return 0;
}

static int close_bed(void **state)
{
    (void)state;
    http_bed_close(&bed);
    return 0;
}

/* get - the answer to a GET of this path must hold this text. */
static void get(const char *path, unsigned status, const char *text)
{
    char request[1024];
    snprintf(request, sizeof(request), "GET %s HTTP/1.1\r\nHost: localhost\r\n\r\n", path);
    http_ask(&bed, request, status, text);
}

static void post(const char *type, const char *body, size_t len, unsigned status,
                 const char *text)
{
    struct http_client client;
    char head[256];
    snprintf(head, sizeof(head),
             "POST /body HTTP/1.1\r\nHost: localhost\r\n%s%s%sContent-Length: %zu\r\n\r\n",
             type ? "Content-Type: " : "", type ? type : "", type ? "\r\n" : "", len);
    http_client_open(&client, &bed);
    http_client_send(&client, head);
    assert_true(http_client_put(&client, body, len));
    http_client_until(&client, text, 1);
    snprintf(head, sizeof(head), "HTTP/1.1 %u ", status);
    assert_int_equal(strncmp(client.got, head, strlen(head)), 0);
    http_client_close(&client);
}

static void post_json(const char *body, unsigned status, const char *text)
{
    post("application/json", body, strlen(body), status, text);
}

static void a_problem_is_a_document(void **state)
{
    static const struct {
        const char *path;
        unsigned status;
        const char *title;
    } cases[] = {
        {"/400", 400, "Bad Request"},         {"/401", 401, "Unauthorized"},
        {"/403", 403, "Forbidden"},           {"/404", 404, "Not Found"},
        {"/405", 405, "Method Not Allowed"},  {"/409", 409, "Conflict"},
        {"/413", 413, "Content Too Large"},   {"/415", 415, "Unsupported Media Type"},
        {"/421", 421, "Misdirected Request"}, {"/422", 422, "Unprocessable Content"},
        {"/429", 429, "Too Many Requests"},   {"/500", 500, "Internal Server Error"},
        {"/503", 503, "Service Unavailable"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        char path[64], body[256];
        snprintf(path, sizeof(path), "%s?detail=this", cases[i].path);
        snprintf(body, sizeof(body),
                 "{\"type\":\"about:blank\",\"title\":\"%s\",\"status\":%u,\"detail\":\"said "
                 "'this'\"}\n",
                 cases[i].title, cases[i].status);
        get(path, cases[i].status, body);
        get(path, cases[i].status, "Content-Type: application/problem+json\r\n");
        get(path, cases[i].status, "Cache-Control: no-store\r\n");
    }
    get("/401?detail=x", 401, "WWW-Authenticate: Bearer realm=\"rhumb\"\r\n");
    get("/method", 405, "Allow: GET, HEAD\r\n");
    get("/method", 405, "\"detail\":\"allowed here: GET, HEAD\"");
}

static void what_was_sent_cannot_spoil_a_problem(void **state)
{
    (void)state;
    get("/400?detail=%22%0a%5c%ff", 400, "said '\\\"\\n\\\\\\ufffd'");
}

static void an_answer_that_does_not_fit_is_a_problem(void **state)
{
    (void)state;
    get("/full", 500, "the answer does not fit into memory");
}

static void a_body_is_an_object_with_known_members(void **state)
{
    (void)state;
    post_json("", 200, "{\"more\":0}\n");
    post(NULL, "", 0, 200, "{\"more\":0}\n");
    post_json("{}", 200, "{\"more\":0}\n");
    post_json(" {\"name\" : \"n\", \"more\": [1, null]} ", 200,
              "{\"name\":\"n\",\"more\":[1,null]}\n");
    post("Application/JSON; charset=utf-8", "{}", 2, 200, "{\"more\":0}\n");
    post_json("{\"nam\": 1}", 422, "unknown member 'nam'; expected one of: name, more");
    post_json("[]", 422, "the body must be an object");
    post_json("\"name\"", 400, "the body is no JSON: line 1, column");
    post_json("{\"name\": \"a\", \"name\": \"b\"}", 400, "duplicate object key");
    post_json("{\"name\": \"a\"} x", 400, "line 1, column");
    post_json("{\n\"name\": }", 400, "line 2, column 9");
    post_json("{\"name\": \"\xff\"}", 400, "the body is no JSON");
    post("application/json", "{}\0{}", 5, 400, "the body is no JSON");
}

static void other_types_are_refused(void **state)
{
    static const char *const types[] = {"text/plain", "application/x-www-form-urlencoded",
                                        "application/jsonp", "application/json5",
                                        "application"};

    (void)state;
    post(NULL, "{}", 2, 415, "Content-Type: application/json");
    for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++)
        post(types[i], "{}", 2, 415, "send the body as");
}

static void a_body_nests_32_levels(void **state)
{
    char body[256];
    (void)state;
    for (int depth = 31; depth <= 32; depth++) {
        snprintf(body, sizeof(body), "{\"more\": %.*s%.*s}", depth,
                 "[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[", depth, "]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]");
        post_json(body, depth == 31 ? 200 : 400,
                  depth == 31 ? "\"more\":[[" : "deeper than 32 levels");
    }
    /* brackets in texts do not count */
    post_json("{\"more\": \"[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[\\\"[[[[\"}", 200, "[[[");
    /* nor does a quote make the depth of what follows it less */
    post_json("{\"more\": \"\\\\\", \"more\": 1}", 400, "duplicate");
}

static void a_text_has_a_length(void **state)
{
    (void)state;
    post_json("{\"name\": \"0123456789\"}", 200, "\"name\":\"0123456789\"");
    post_json("{\"name\": \"01234567890\"}", 422, "'name' must be a text of 1 to 10 bytes");
    post_json("{\"name\": \"\"}", 422, "1 to 10 bytes");
    post_json("{\"name\": null}", 422, "1 to 10 bytes");
    post_json("{\"name\": 1}", 422, "1 to 10 bytes");
    post_json("{\"name\": \"a\\u0000b\"}", 400, "no JSON");
}

static void a_number_in_a_query_has_a_range(void **state)
{
    static const char *const bad[] = {"",
                                      "0",
                                      "501",
                                      "-1",
                                      "+1",
                                      "1x",
                                      "0x1",
                                      "1.0",
                                      "%201",
                                      "1+",
                                      "18446744073709551617",
                                      "99999999999999999999999"};

    (void)state;
    get("/number", 200, "n=7.");
    get("/number?n=1", 200, "n=1.");
    get("/number?n=500", 200, "n=500.");
    get("/number?n=00500", 200, "n=500.");
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        char path[64];
        snprintf(path, sizeof(path), "/number?n=%s", bad[i]);
        get(path, 400, "'n' must be a number from 1 to 500");
    }
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, open_bed, close_bed)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(a_problem_is_a_document),
        CASE(what_was_sent_cannot_spoil_a_problem),
        CASE(an_answer_that_does_not_fit_is_a_problem),
        CASE(a_body_is_an_object_with_known_members),
        CASE(other_types_are_refused),
        CASE(a_body_nests_32_levels),
        CASE(a_text_has_a_length),
        CASE(a_number_in_a_query_has_a_range),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
