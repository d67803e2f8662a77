#include "http_bed.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cmocka.h>

enum { BACKLOG = 64, BLOCK = 64 * 1024, LARGE = 1024 * 1024, SAID_MAX = 512 };

/* ---- a handler ---- */

void http_bed_answer(struct http_exchange *exchange, const char *text)
{
    http_reply(exchange, 200, "text/plain", text, strlen(text), NULL, 0);
}

static bool echo_head(void *ctx, const struct http_request *request)
{
    struct http_bed *bed = ctx;
    bed->heads++;
    assert_null(request->body);
    if (strcmp(request->path, "/deny") != 0)
        return true;
    http_reply(request->exchange, 403, "text/plain", "denied", strlen("denied"), NULL, 0);
    return false;
}

struct said {
    const struct http_request *request;
    char text[SAID_MAX];
    size_t len;
};

static bool say_query(void *ctx, const char *name)
{
    struct said *said = ctx;
    said->len += (size_t)snprintf(said->text + said->len, SAID_MAX - said->len, "%c%.50s=%.50s",
                                  strchr(said->text, '?') ? '&' : '?', name,
                                  http_query(said->request, name));
    return said->len < SAID_MAX / 2;
}

static void say(const struct http_request *request)
{
    struct said said = {.request = request};
    said.len =
        (size_t)snprintf(said.text, SAID_MAX, "%.20s %.100s", request->method, request->path);
    http_each_query(request, say_query, &said);
    snprintf(said.text + said.len, SAID_MAX - said.len, " body=%zu:%.60s\n", request->body_len,
             request->body);
    http_bed_answer(request->exchange, said.text);
}

static void echo_request(void *ctx, const struct http_request *request)
{
    struct http_bed *bed = ctx;
    bed->requests++;
    bed->request_turns += bed->last_turn != bed->turn;
    bed->last_turn = bed->turn;
    assert_non_null(request->body);
    assert_int_equal(request->body[request->body_len], '\0');
    if (strcmp(request->path, "/later") == 0) {
        assert_in_range(bed->later_count, 0, HTTP_LATER_MAX - 1);
        bed->later[bed->later_count++] = request->exchange;
    } else if (strcmp(request->path, "/large") == 0) {
        char *large = malloc(LARGE);
        assert_non_null(large);
        memset(large, 'x', LARGE);
        http_reply(request->exchange, 200, "text/plain", large, LARGE, NULL, 0);
        free(large);
    } else {
        say(request);
    }
}

static void echo_refuse(struct http_exchange *exchange, unsigned status, const char *detail)
{
    http_reply(exchange, status, "text/plain", detail, strlen(detail), NULL, 0);
}

static void on_prepare(uv_prepare_t *prepare)
{
    struct http_bed *bed = prepare->data;
    bed->turn++;
}

/* ---- server ---- */

static struct sockaddr_un address_of(const struct http_bed *bed)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    memcpy(address.sun_path, bed->path, strnlen(bed->path, sizeof(address.sun_path) - 1));
    return address;
}

void http_bed_open(struct http_bed *bed, const struct http_handler *handler,
                   const struct http_limits *limits)
{
    const struct http_handler echo = {echo_head, echo_request, echo_refuse, bed};
    memset(bed, 0, sizeof(*bed));
    test_loop_open(&bed->loop);
    uv_prepare_init(&bed->loop.uv, &bed->prepare);
    bed->prepare.data = bed;
    uv_prepare_start(&bed->prepare, on_prepare);
    temp_folder_open(&bed->folder);
    temp_path(&bed->folder, "http.sock", bed->path);
    struct sockaddr_un address = address_of(bed);
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    assert_return_code(fd, errno);
    assert_return_code(bind(fd, (const struct sockaddr *)&address, sizeof(address)), errno);
    assert_return_code(listen(fd, BACKLOG), errno);
    assert_int_equal(
        http_server_new(&bed->loop.uv, handler ? handler : &echo, limits, &bed->server),
        ERR_OK);
    assert_int_equal(http_server_listen(bed->server, fd), ERR_OK);
}

void http_bed_close(struct http_bed *bed)
{
    if (bed->server)
        http_server_close(bed->server);
    bed->server = NULL;
    uv_close((uv_handle_t *)&bed->prepare, NULL);
    test_loop_close(&bed->loop);
    temp_folder_close(&bed->folder);
}

/* ---- clients ---- */

void http_client_open(struct http_client *client, struct http_bed *bed)
{
    struct sockaddr_un address = address_of(bed);
    *client = (struct http_client){.bed = bed, .got = calloc(1, 1)};
    assert_non_null(client->got);
    client->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    assert_return_code(client->fd, errno);
    while (connect(client->fd, (const struct sockaddr *)&address, sizeof(address)) != 0) {
        assert_int_equal(errno, EAGAIN); /* the backlog is full: the server has to accept */
        uv_run(&bed->loop.uv, UV_RUN_ONCE);
    }
}

void http_client_close(struct http_client *client)
{
    close(client->fd);
    free(client->got);
    client->got = NULL;
}

static void take_bytes(struct http_client *client)
{
    static char block[BLOCK];
    for (;;) {
        ssize_t len = recv(client->fd, block, sizeof(block), 0);
        if (len <= 0) {
            client->closed = len == 0 || (errno != EAGAIN && errno != EINTR);
            return;
        }
        client->got = realloc(client->got, client->len + (size_t)len + 1);
        assert_non_null(client->got);
        memcpy(client->got + client->len, block, (size_t)len);
        client->len += (size_t)len;
        client->got[client->len] = '\0';
    }
}

void http_bed_turn(struct http_client *client)
{
    uv_run(&client->bed->loop.uv, UV_RUN_ONCE);
    assert_false(client->bed->loop.guard_fired);
    if (!client->closed)
        take_bytes(client);
}

bool http_client_put(struct http_client *client, const char *bytes, size_t len)
{
    while (len > 0 && !client->closed) {
        ssize_t sent = send(client->fd, bytes, len, MSG_NOSIGNAL);
        if (sent < 0 && errno != EAGAIN) {
            take_bytes(client);
            return false;
        }
        if (sent < 0) {
            http_bed_turn(client);
            continue;
        }
        bytes += sent;
        len -= (size_t)sent;
    }
    return len == 0;
}

void http_client_send(struct http_client *client, const char *text)
{
    assert_true(http_client_put(client, text, strlen(text)));
}

size_t http_client_count(const struct http_client *client, const char *text)
{
    size_t count = 0;
    for (const char *at = strstr(client->got, text); at; at = strstr(at + strlen(text), text))
        count++;
    return count;
}

void http_client_until(struct http_client *client, const char *text, size_t times)
{
    while (http_client_count(client, text) < times) {
        if (client->closed)
            fail_msg("closed without '%s': %s", text, client->got);
        http_bed_turn(client);
    }
}

void http_client_until_closed(struct http_client *client)
{
    while (!client->closed)
        http_bed_turn(client);
}

void http_ask(struct http_bed *bed, const char *request, unsigned status, const char *text)
{
    struct http_client client;
    char start[32];
    snprintf(start, sizeof(start), "HTTP/1.1 %u ", status);
    http_client_open(&client, bed);
    http_client_send(&client, request);
    http_client_until(&client, text, 1);
    if (strncmp(client.got, start, strlen(start)) != 0)
        fail_msg("not status %u: %s", status, client.got);
    http_client_close(&client);
}
