/* http_bed.h - a real HTTP server on a Unix socket in a folder of its own, and clients that send
 * bytes as they are. Nothing sleeps: the loop runs until what is waited for is there. */
#pragma once

#include "../../support/temp_folder.h"
#include "../../support/test_loop.h"
#include "http_server.h"

enum { HTTP_LATER_MAX = 64 };

struct http_bed {
    struct test_loop loop;
    struct temp_folder folder;
    struct http_server *server;
    char path[TEMP_PATH_MAX]; /* of the socket */
    /* of the handler below */
    size_t heads, requests;                      /* how many came so far */
    struct http_exchange *later[HTTP_LATER_MAX]; /* who asked for /later */
    size_t later_count;
    uint64_t request_turns; /* turns of the loop in which it was asked for something */
    uint64_t turn, last_turn;
    uv_prepare_t prepare; /* counts turns */
};

/* http_bed_open - handler NULL: one that says what it was asked,
 *
 *     GET /path?a=1 body=5:hello
 *
 * refuses /deny with 403 before any body, answers /large with 1 MiB of 'x', and keeps the exchange
 * of /later for the test to answer. limits NULL: the usual ones. */
void http_bed_open(struct http_bed *bed, const struct http_handler *handler,
                   const struct http_limits *limits);

/* http_bed_answer - of an exchange that was kept: 200 and this text. */
void http_bed_answer(struct http_exchange *exchange, const char *text);

/* http_bed_close - closes the server, unless that was done (server NULL), and runs the loop
 * down. */
void http_bed_close(struct http_bed *bed);

struct http_client {
    struct http_bed *bed;
    int fd;
    char *got; /* all bytes so far, a zero byte behind them */
    size_t len;
    bool closed; /* the server has ended the connection */
};

void http_client_open(struct http_client *client, struct http_bed *bed);
void http_client_close(struct http_client *client);

/* http_client_put - bytes as they are, while the server runs. False: it has closed meanwhile. */
bool http_client_put(struct http_client *client, const char *bytes, size_t len);
void http_client_send(struct http_client *client, const char *text);

/* http_client_until - the server has sent so many times this text; _closed: and has ended the
 * connection. */
void http_client_until(struct http_client *client, const char *text, size_t times);
void http_client_until_closed(struct http_client *client);

/* http_bed_turn - one turn of the loop, and what came for the client is read. */
void http_bed_turn(struct http_client *client);

/* http_ask - a connection of its own for these bytes: answered, with this status and somewhere in
 * it this text. */
void http_ask(struct http_bed *bed, const char *request, unsigned status, const char *text);

/* http_client_count - how often the text stands in what came. */
size_t http_client_count(const struct http_client *client, const char *text);
