/* run_ready.c - commands about the server as a whole: ready, reload. */
#include "member.h"
#include "run.h"

enum { UNAVAILABLE = 503 };

int run_finish(struct client *client, struct client_answer *answer, int status)
{
    if (answer)
        client_answer_deinit(answer);
    client_close(client);
    return status;
}

void run_print_json(const struct client_answer *answer)
{
    const struct text *body = &answer->body;
    fputs(text_get(body), stdout);
    if (body->len > 0 && body->bytes[body->len - 1] != '\n')
        fputc('\n', stdout);
}

int run_ready(const struct options *options)
{
    struct client *client = NULL;
    struct client_answer answer;
    struct screen screen;
    int status = client_open(options, &client);
    if (status != EXIT_STATUS_OK)
        return status;
    if (client_exchange(client, "GET", "/ready", NULL, &answer) != EXIT_STATUS_OK)
        return run_finish(client, NULL, client_complain(client));
    bool is_ready = answer.status == 200 && member_true(answer.json, "ready");
    if (!is_ready && !(answer.status == UNAVAILABLE && member_has(answer.json, "ready")))
        return run_finish(client, &answer, client_judge(client, &answer));
    screen_init(&screen);
    if (options->json) {
        run_print_json(&answer);
    } else {
        screen_put(&screen, is_ready ? "ready" : "not ready", 0,
                   is_ready ? TONE_GOOD : TONE_BAD);
        fputs(": ", stdout);
        screen_say(&screen, member_text(answer.json, "reason"));
        fputc('\n', stdout);
    }
    return run_finish(client, &answer, is_ready ? EXIT_STATUS_OK : EXIT_STATUS_NOT_READY);
}

int run_reload(const struct options *options)
{
    struct client *client = NULL;
    struct client_answer answer;
    struct screen screen;
    int status = client_open(options, &client);
    if (status != EXIT_STATUS_OK)
        return status;
    json_t *body = options->force ? json_pack("{s:b}", "force", 1) : json_object();
    status = client_ask(client, "POST", "/v1/reload", body, &answer);
    json_decref(body);
    if (status != EXIT_STATUS_OK)
        return run_finish(client, NULL, status);
    screen_init(&screen);
    if (options->json) {
        run_print_json(&answer);
    } else {
        fputs("reloaded: ", stdout);
        screen_say(&screen, member_text(answer.json, "detail"));
        fputc('\n', stdout);
    }
    return run_finish(client, &answer, EXIT_STATUS_OK);
}
