/* client.h - requests to the admin API of a running server, one after the other.
 *
 * Whoever asks is told on standard error what went wrong and what helps, and gets the exit status
 * of the command. Home of libcurl in this folder.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include <jansson.h>

#include "rhumb/options.h"
#include "rhumb/text.h"

struct client;

struct client_answer {
    long status;
    struct text body;
    json_t *json; /* the body, when it is JSON; else NULL */
};

/* client_open - finds out where the server is; nothing is sent yet. EXIT_STATUS_OK, or another exit
 * status: why was printed. */
int client_open(const struct options *options, struct client **out_client);
void client_close(struct client *client);

/* client_exchange - one request, whatever is answered. body NULL: none. EXIT_STATUS_UNREACHABLE: there
 * was no answer. After EXIT_STATUS_OK *out_answer is the caller's, for client_answer_deinit(). */
int client_exchange(struct client *client, const char *method, const char *path,
                    const json_t *body, struct client_answer *out_answer);

/* client_ask - the same, and another status than 2xx is an error that is printed. out_answer->json is
 * there after EXIT_STATUS_OK; after any other status there is nothing to deinit. */
int client_ask(struct client *client, const char *method, const char *path, const json_t *body,
               struct client_answer *out_answer);

/* client_judge - of an answer that is no 2xx: prints it, returns the exit status. */
int client_judge(const struct client *client, const struct client_answer *answer);

void client_answer_deinit(struct client_answer *answer);

/* client_on_bytes - false: it is enough. */
typedef bool (*client_on_bytes)(void *ctx, const char *bytes, size_t len);

/* How a stream ended. */
enum client_stream_end {
    CLIENT_STREAM_ENOUGH,  /* on_bytes had enough */
    CLIENT_STREAM_LOST,    /* no connection, or it broke */
    CLIENT_STREAM_REFUSED, /* another status than 2xx: *out_answer has it */
};

/* client_stream - GET path for as long as it lasts. last_event: a header Last-Event-ID; NULL: none.
 * Lost: why is in client_error(). */
enum client_stream_end client_stream(struct client *client, const char *path,
                                     const char *last_event, client_on_bytes on_bytes,
                                     void *ctx, struct client_answer *out_answer);

/* client_error - the transport's latest error; borrowed until the next call. */
const char *client_error(const struct client *client);

/* client_complain - prints that the server was not reached, why, and what helps. Returns
 * EXIT_STATUS_UNREACHABLE. */
int client_complain(const struct client *client);
