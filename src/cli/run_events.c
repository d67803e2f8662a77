/* run_events.c - what happened lately, and with --follow what happens.
 *
 *   status: which event is the latest
 *   stream: to that one; or on and on, and when it breaks, again from behind the last one seen.
 *           Numbers grow over a restart of the server, so that works then, too
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "event_stream.h"
#include "member.h"
#include "run.h"
#include "show.h"

enum { RETRY_MS = 250, RETRY_MAX_MS = 4000, NUMBER_TEXT_MAX = 24 };

struct reader {
    const struct options *options;
    struct client *client;
    struct screen screen;
    struct event_stream stream;
    uint64_t last;  /* seen */
    uint64_t end;   /* without --follow: the last to show */
    bool has_heard; /* something came by this connection */
    bool is_lost;   /* that was told, and it was not found again yet */
    bool is_broken; /* standard output */
};

/* ---- showing ---- */

static void print_event(struct reader *reader, const char *id, const char *data)
{
    if (reader->options->json) {
        printf("{\"id\":%s,%s\n", id, data + 1);
        return;
    }
    json_t *event = json_loads(data, 0, NULL);
    show_event(&reader->screen, event);
    json_decref(event);
}

static bool on_event(void *ctx, const char *id, const char *data)
{
    struct reader *reader = ctx;
    if (*id < '0' || *id > '9' || *data != '{')
        return true; /* not ours */
    reader->last = strtoull(id, NULL, 10);
    if (reader->options->follow || reader->last <= reader->end)
        print_event(reader, id, data);
    reader->is_broken = fflush(stdout) != 0 || ferror(stdout);
    return !reader->is_broken && (reader->options->follow || reader->last < reader->end);
}

static bool on_bytes(void *ctx, const char *bytes, size_t len)
{
    struct reader *reader = ctx;
    if (reader->is_lost)
        fputs("rhumb: found the server again\n", stderr);
    reader->is_lost = false;
    reader->has_heard = true;
    return event_stream_feed(&reader->stream, bytes, len);
}

/* ---- the server ---- */

/* learn - where its events stand, and from where on they are wanted. */
static int learn(struct reader *reader)
{
    struct client_answer answer;
    int status = client_ask(reader->client, "GET", "/v1/status", NULL, &answer);
    if (status != EXIT_STATUS_OK)
        return status;
    reader->end = member_number(json_object_get(answer.json, "state"), "latest_event");
    /* the first event of a process has the number behind the moment of its start */
    bool is_none = reader->end == member_ms(answer.json, "started");
    bool wants_kept = !is_none && !reader->options->follow;
    client_answer_deinit(&answer);
    reader->last = wants_kept ? 0 : reader->end;
    if (reader->options->since && (wants_kept || reader->options->follow))
        reader->last = strtoull(reader->options->since, NULL, 10);
    return EXIT_STATUS_OK;
}

/* listen_once - one connection, to its end. EXIT_STATUS_OK: enough was seen; EXIT_STATUS_UNREACHABLE:
 * it was lost, or never there; any other: that was told. */
static int listen_once(struct reader *reader)
{
    struct client_answer answer;
    char last[NUMBER_TEXT_MAX];
    reader->has_heard = false;
    (void)snprintf(last, sizeof(last), "%" PRIu64, reader->last);
    event_stream_reset(&reader->stream);
    switch (client_stream(reader->client, "/v1/events", last, on_bytes, reader, &answer)) {
    case CLIENT_STREAM_ENOUGH: return reader->is_broken ? EXIT_STATUS_ERRORS : EXIT_STATUS_OK;
    case CLIENT_STREAM_LOST: return EXIT_STATUS_UNREACHABLE;
    case CLIENT_STREAM_REFUSED: break;
    }
    int status = client_judge(reader->client, &answer);
    client_answer_deinit(&answer);
    return status;
}

/* ---- following ---- */

static void pause_ms(unsigned ms)
{
    const struct timespec span = {.tv_sec = ms / 1000, .tv_nsec = (long)(ms % 1000) * 1000000};
    (void)nanosleep(&span, NULL);
}

/* follow - until it is refused, or nobody reads what is printed. */
static int follow(struct reader *reader)
{
    unsigned wait_ms = RETRY_MS;
    for (;;) {
        int status = listen_once(reader);
        if (reader->is_broken || status == EXIT_STATUS_REFUSED)
            return status;
        if (reader->has_heard)
            wait_ms = RETRY_MS;
        if (!reader->is_lost)
            fprintf(stderr, "rhumb: lost the server (%s), trying again\n",
                    client_error(reader->client));
        reader->is_lost = true;
        pause_ms(wait_ms);
        wait_ms = wait_ms * 2 < RETRY_MAX_MS ? wait_ms * 2 : RETRY_MAX_MS;
    }
}

/* show_kept - to the latest there was at the start. */
static int show_kept(struct reader *reader)
{
    if (reader->last >= reader->end) {
        if (!reader->options->since && !reader->options->json)
            puts("nothing has happened since the server was started");
        return EXIT_STATUS_OK;
    }
    int status = listen_once(reader);
    return status == EXIT_STATUS_UNREACHABLE ? client_complain(reader->client) : status;
}

int run_events(const struct options *options)
{
    struct reader reader = {.options = options};
    int status = client_open(options, &reader.client);
    if (status != EXIT_STATUS_OK)
        return status;
    screen_init(&reader.screen);
    event_stream_init(&reader.stream, on_event, &reader);
    status = learn(&reader);
    if (status == EXIT_STATUS_OK)
        status = options->follow ? follow(&reader) : show_kept(&reader);
    event_stream_deinit(&reader.stream);
    return run_finish(reader.client, NULL, status);
}
