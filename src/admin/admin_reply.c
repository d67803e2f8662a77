/* admin_reply.c - answers in JSON, and bodies read from it. */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "rhumb/text.h"

#include "admin_call.h"

enum { PROBLEM_BYTES_MAX = 8192, DETAIL_BYTES = 2048, DEPTH_MAX = 32 };

static const char JSON_TYPE[] = "application/json", PROBLEM_TYPE[] = "application/problem+json";

static const struct http_header NO_STORE = {"Cache-Control", "no-store"};

static const char *title_of(unsigned status)
{
    switch (status) {
    case 400: return "Bad Request";
    case 401: return "Unauthorized";
    case 403: return "Forbidden";
    case 404: return "Not Found";
    case 405: return "Method Not Allowed";
    case 409: return "Conflict";
    case 413: return "Content Too Large";
    case 415: return "Unsupported Media Type";
    case 421: return "Misdirected Request";
    case 422: return "Unprocessable Content";
    case 429: return "Too Many Requests";
    case 503: return "Service Unavailable";
    default: return "Internal Server Error";
    }
}

void admin_reply(struct http_exchange *exchange, unsigned status, struct text *json)
{
    text_put(json, "\n", 1);
    if (json->failed)
        admin_problem(exchange, 500, "the answer does not fit into memory");
    else
        http_reply(exchange, status, JSON_TYPE, text_get(json), json->len, &NO_STORE, 1);
    text_deinit(json);
}

/* put_problem - more: a header beside the usual one; NULL: none. */
static void put_problem(struct http_exchange *exchange, unsigned status, const char *detail,
                        const struct http_header *more)
{
    const struct http_header headers[] = {NO_STORE, more ? *more : NO_STORE};
    struct text text;
    struct json_put json;
    text_init(&text, PROBLEM_BYTES_MAX);
    json_put_init(&json, &text);
    json_put_begin(&json, NULL, '{');
    json_put_string(&json, "type", "about:blank");
    json_put_string(&json, "title", title_of(status));
    json_put_uint(&json, "status", status);
    json_put_string(&json, "detail", detail);
    json_put_end(&json, '}');
    text_put(&text, "\n", 1);
    http_reply(exchange, status, PROBLEM_TYPE, text_get(&text), text.len, headers,
               more ? 2 : 1);
    text_deinit(&text);
}

void admin_problem(struct http_exchange *exchange, unsigned status, const char *format, ...)
{
    static const struct http_header challenge = {"WWW-Authenticate", "Bearer realm=\"rhumb\""};

    char detail[DETAIL_BYTES];
    va_list arguments;
    va_start(arguments, format);
    (void)vsnprintf(detail, sizeof(detail), format, arguments);
    va_end(arguments);
    put_problem(exchange, status, detail, status == 401 ? &challenge : NULL);
}

void admin_problem_of_method(struct http_exchange *exchange, const char *allowed)
{
    char detail[DETAIL_BYTES];
    const struct http_header allow = {"Allow", allowed};
    (void)snprintf(detail, sizeof(detail), "allowed here: %s", allowed);
    put_problem(exchange, 405, detail, &allow);
}

/* ---- bodies ---- */

static bool is_json(const char *content_type)
{
    size_t len = sizeof(JSON_TYPE) - 1;
    return content_type && strncasecmp(content_type, JSON_TYPE, len) == 0 &&
           (content_type[len] == '\0' || content_type[len] == ';' || content_type[len] == ' ');
}

/* depth_of - how deep brackets nest; the library takes 2048 levels. */
static size_t depth_of(const char *text, size_t len)
{
    size_t depth = 0, deepest = 0;
    bool quoted = false;
    for (size_t i = 0; i < len; i++) {
        if (quoted && text[i] == '\\')
            i++;
        else if (text[i] == '"')
            quoted = !quoted;
        else if (!quoted && (text[i] == '{' || text[i] == '['))
            depth++;
        else if (!quoted && (text[i] == '}' || text[i] == ']') && depth > 0)
            depth--;
        deepest = depth > deepest ? depth : deepest;
    }
    return deepest;
}

static const char *unknown_member(json_t *body, const char *const *allowed)
{
    const char *name;
    json_t *value;
    json_object_foreach(body, name, value)
    {
        size_t i = 0;
        while (allowed[i] && strcmp(allowed[i], name) != 0)
            i++;
        if (!allowed[i])
            return name;
    }
    return NULL;
}

static void refuse_member(struct http_exchange *exchange, const char *name,
                          const char *const *allowed)
{
    struct text text;
    text_init(&text, DETAIL_BYTES);
    for (size_t i = 0; allowed[i]; i++)
        text_printf(&text, "%s%s", i > 0 ? ", " : "", allowed[i]);
    admin_problem(exchange, 422, "unknown member '%.80s'; expected one of: %s", name,
                  text_get(&text));
    text_deinit(&text);
}

json_t *admin_body(struct admin_call *call, const char *const *allowed)
{
    const struct http_request *request = call->request;
    json_error_t error;
    if (request->body_len == 0)
        return json_object();
    if (!is_json(request->content_type)) {
        admin_problem(request->exchange, 415,
                      "send the body as Content-Type: application/json");
        return NULL;
    }
    if (depth_of(request->body, request->body_len) > DEPTH_MAX) {
        admin_problem(request->exchange, 400, "the body nests deeper than %d levels",
                      DEPTH_MAX);
        return NULL;
    }
    json_t *body = json_loadb(request->body, request->body_len, JSON_REJECT_DUPLICATES, &error);
    if (!body) {
        admin_problem(request->exchange, 400, "the body is no JSON: line %d, column %d: %s",
                      error.line, error.column, error.text);
        return NULL;
    }
    const char *unknown = json_is_object(body) ? unknown_member(body, allowed) : NULL;
    if (json_is_object(body) && !unknown)
        return body;
    if (unknown)
        refuse_member(request->exchange, unknown, allowed);
    else
        admin_problem(request->exchange, 422, "the body must be an object");
    json_decref(body);
    return NULL;
}

bool admin_string(struct admin_call *call, const json_t *body, const char *name,
                  size_t max_bytes, const char **out_text)
{
    const json_t *value = json_object_get(body, name);
    *out_text = NULL;
    if (!value)
        return true;
    if (!json_is_string(value) || json_string_length(value) == 0 ||
        json_string_length(value) > max_bytes ||
        strlen(json_string_value(value)) != json_string_length(value)) {
        admin_problem(call->request->exchange, 422, "'%s' must be a text of 1 to %zu bytes",
                      name, max_bytes);
        return false;
    }
    *out_text = json_string_value(value);
    return true;
}

bool admin_query_number(struct admin_call *call, const char *name, uint64_t max,
                        uint64_t otherwise, uint64_t *out_number)
{
    const char *text = http_query(call->request, name);
    *out_number = otherwise;
    if (!text)
        return true;
    uint64_t number = 0;
    size_t len = strspn(text, "0123456789");
    for (size_t i = 0; i < len && len < 19; i++)
        number = number * 10 + (uint64_t)(text[i] - '0');
    if (len == 0 || len >= 19 || text[len] != '\0' || number == 0 || number > max) {
        admin_problem(call->request->exchange, 400, "'%s' must be a number from 1 to %llu",
                      name, (unsigned long long)max);
        return false;
    }
    *out_number = number;
    return true;
}
