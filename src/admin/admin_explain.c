/* admin_explain.c - why a client gets an answer, by the health of this moment. */
#include <string.h>

#include "rhumb/analysis_explain.h"
#include "rhumb/dns_type.h"

#include "admin_show.h"

enum { EXPLANATION_BYTES_MAX = 4 * 1024 * 1024, LABEL_WIDTH = 11 };

/* put_steps - a line that begins with a word opens a step, one that begins with blanks goes on with
 * it. */
static void put_steps(struct json_put *json, const char *text)
{
    char label[LABEL_WIDTH + 1] = "", line[1024];
    json_put_begin(json, "steps", '[');
    while (*text != '\0') {
        size_t len = strcspn(text, "\n");
        size_t width = len < LABEL_WIDTH ? len : LABEL_WIDTH;
        if (*text != ' ') {
            size_t end = width;
            while (end > 0 && text[end - 1] == ' ')
                end--;
            memcpy(label, text, end);
            label[end] = '\0';
        }
        (void)snprintf(line, sizeof(line), "%.*s", (int)(len - width), text + width);
        json_put_begin(json, NULL, '{');
        json_put_string(json, "step", label);
        json_put_string(json, "text", line);
        json_put_end(json, '}');
        text += len + (text[len] == '\n');
    }
    json_put_end(json, ']');
}

/* read_query - false: it was answered. */
static bool read_query(struct admin_call *call, struct analysis_explain_query *out_query)
{
    const char *type = http_query(call->request, "type");
    const char *client = http_query(call->request, "client");
    *out_query = (struct analysis_explain_query){
        .name = http_query(call->request, "name"),
        .type = type ? dns_type_parse(type) : DNS_TYPE_A,
        .why_not = http_query(call->request, "why_not"),
    };
    if (!out_query->name || !client) {
        admin_problem(call->request->exchange, 400, "'name' and 'client' must be there");
    } else if (out_query->type == 0) {
        admin_problem(call->request->exchange, 400, "'%.40s' is no record type", type);
    } else if (!ip_prefix_parse(client, &out_query->client.network)) {
        admin_problem(
            call->request->exchange, 400,
            "'client' must be an address or a network without bits beyond its length");
    } else {
        out_query->client.is_ecs = strchr(client, '/') != NULL;
        return true;
    }
    return false;
}

void admin_get_explain(struct admin_call *call)
{
    struct analysis_explain_query query;
    struct text explanation, text;
    struct json_put json;
    const char *reason;
    if (!read_query(call, &query))
        return;
    text_init(&explanation, EXPLANATION_BYTES_MAX);
    if (!analysis_explain(admin_snapshot(call), &query, &explanation, &reason)) {
        admin_problem(call->request->exchange, 400, "'%.255s' is no domain name: %s",
                      query.name, reason);
        text_deinit(&explanation);
        return;
    }
    text_init(&text, ADMIN_ANSWER_BYTES_MAX);
    json_put_init(&json, &text);
    json_put_begin(&json, NULL, '{');
    put_steps(&json, text_get(&explanation));
    json_put_string(&json, "text", text_get(&explanation));
    json_put_end(&json, '}');
    admin_reply(call->request->exchange, 200, &text);
    text_deinit(&explanation);
}
