#include "client.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <curl/curl.h>

#include "rhumb/arena.h"

#include "server_place.h"

enum {
    ANSWER_BYTES_MAX = 256 * 1024 * 1024, /* as the server's own limit */
    PLACE_BYTES_MAX = 64 * 1024,
    TOKEN_BYTES_MAX = 4096,
    URL_BYTES_MAX = 64 * 1024,
    CONNECT_MS = 3000,
    LOOK_S = 15,    /* for an answer to GET */
    CHANGE_S = 600, /* to anything else: a reload of large zones takes its time */
    SILENCE_S = 40, /* a stream sends something every 15 s */
};

struct client {
    CURL *curl;
    struct arena *arena; /* of place */
    struct server_place place;
    struct curl_slist *headers; /* Accept, Content-Type, Authorization */
    CURLcode result;            /* of the latest request */
    int os_error;               /* 0: none */
    char error[CURL_ERROR_SIZE];
};

/* ---- who asks ---- */

/* read_token - the first line of the file. NULL: `errors` was told why. */
static char *read_token(const char *path, FILE *errors)
{
    char buffer[128], *token = malloc(TOKEN_BYTES_MAX);
    FILE *file = token ? fopen(path, "re") : NULL;
    if (!file) {
        fprintf(errors, "rhumb: cannot read the token from %s: %s\n", path,
                strerror_r(errno, buffer, sizeof(buffer)));
        free(token);
        return NULL;
    }
    if (!fgets(token, TOKEN_BYTES_MAX, file))
        *token = '\0';
    (void)fclose(file);
    token[strcspn(token, "\r\n")] = '\0';
    if (*token != '\0')
        return token;
    fprintf(errors, "rhumb: %s has no token in its first line\n", path);
    free(token);
    return NULL;
}

static void add_header(struct client *client, const char *line)
{
    struct curl_slist *longer = curl_slist_append(client->headers, line);
    if (longer)
        client->headers = longer;
}

static void add_token(struct client *client, const char *token)
{
    char *line;
    if (asprintf(&line, "Authorization: Bearer %s", token) < 0)
        return;
    add_header(client, line);
    free(line);
}

/* add_headers - false: it was told why. */
static bool add_headers(struct client *client, const struct options *options)
{
    const char *token = getenv("RHUMB_TOKEN");
    add_header(client, "Content-Type: application/json");
    add_header(client, "Expect:"); /* no round trip before a body */
    if (options->token_file) {
        char *read = read_token(options->token_file, stderr);
        if (!read)
            return false;
        add_token(client, read);
        free(read);
    } else if (token && *token != '\0') {
        add_token(client, token);
    }
    return true;
}

/* ---- life ---- */

int client_open(const struct options *options, struct client **out_client)
{
    struct client *client = calloc(1, sizeof(*client));
    int status = EXIT_STATUS_ERRORS;
    if (client)
        client->arena = arena_new(PLACE_BYTES_MAX);
    if (!client || !client->arena)
        goto err;
    if (!server_place_find(options, client->arena, stderr, &client->place)) {
        status = EXIT_STATUS_UNREACHABLE;
        goto err;
    }
    bool is_tls = client->place.url && strncmp(client->place.url, "https:", 6) == 0;
    if (curl_global_init(is_tls ? CURL_GLOBAL_SSL : CURL_GLOBAL_NOTHING) != CURLE_OK)
        goto err;
    client->curl = curl_easy_init();
    if (!client->curl || !add_headers(client, options))
        goto err;
    *out_client = client;
    return EXIT_STATUS_OK;
err:
    client_close(client);
    return status;
}

void client_close(struct client *client)
{
    if (!client)
        return;
    curl_easy_cleanup(client->curl);
    curl_slist_free_all(client->headers);
    arena_free(client->arena);
    free(client);
}

/* ---- one request ---- */

#define SET(client, option, value) ((void)curl_easy_setopt((client)->curl, (option), (value)))

static size_t on_body(char *bytes, size_t size, size_t count, void *ctx)
{
    struct text *body = ctx;
    text_put(body, bytes, size * count);
    return body->failed ? 0 : size * count;
}

static void prepare(struct client *client, const char *method, const char *path)
{
    struct text url;
    curl_easy_reset(client->curl);
    text_init(&url, URL_BYTES_MAX);
    text_printf(&url, "%s%s", client->place.url ? client->place.url : "http://localhost", path);
    SET(client, CURLOPT_URL, text_get(&url));
    text_deinit(&url);
    if (client->place.path)
        SET(client, CURLOPT_UNIX_SOCKET_PATH, client->place.path);
    SET(client, CURLOPT_CUSTOMREQUEST, method);
    SET(client, CURLOPT_HTTPHEADER, client->headers);
    SET(client, CURLOPT_ERRORBUFFER, client->error);
    SET(client, CURLOPT_NOSIGNAL, 1L);
    SET(client, CURLOPT_PROXY, "");
    SET(client, CURLOPT_PROTOCOLS_STR, "http,https");
    SET(client, CURLOPT_CONNECTTIMEOUT_MS, (long)CONNECT_MS);
    client->error[0] = '\0';
}

static void perform(struct client *client)
{
    long os_error = 0;
    client->result = curl_easy_perform(client->curl);
    (void)curl_easy_getinfo(client->curl, CURLINFO_OS_ERRNO, &os_error);
    client->os_error = (int)os_error;
}

/* take_answer - of a request that was performed. */
static void take_answer(struct client *client, struct client_answer *answer)
{
    answer->status = 0;
    (void)curl_easy_getinfo(client->curl, CURLINFO_RESPONSE_CODE, &answer->status);
    answer->json = json_loadb(text_get(&answer->body), answer->body.len, 0, NULL);
}

int client_exchange(struct client *client, const char *method, const char *path,
                    const json_t *body, struct client_answer *out_answer)
{
    char *sent = body ? json_dumps(body, JSON_COMPACT) : NULL;
    text_init(&out_answer->body, ANSWER_BYTES_MAX);
    prepare(client, method, path);
    SET(client, CURLOPT_TIMEOUT, strcmp(method, "GET") == 0 ? (long)LOOK_S : (long)CHANGE_S);
    SET(client, CURLOPT_WRITEFUNCTION, on_body);
    SET(client, CURLOPT_WRITEDATA, &out_answer->body);
    if (sent)
        SET(client, CURLOPT_POSTFIELDS, sent);
    perform(client);
    free(sent);
    if (client->result != CURLE_OK) {
        text_deinit(&out_answer->body);
        return EXIT_STATUS_UNREACHABLE;
    }
    take_answer(client, out_answer);
    return EXIT_STATUS_OK;
}

int client_ask(struct client *client, const char *method, const char *path, const json_t *body,
               struct client_answer *out_answer)
{
    int status = client_exchange(client, method, path, body, out_answer);
    if (status != EXIT_STATUS_OK)
        return client_complain(client);
    status = client_judge(client, out_answer);
    if (status != EXIT_STATUS_OK)
        client_answer_deinit(out_answer);
    return status;
}

void client_answer_deinit(struct client_answer *answer)
{
    text_deinit(&answer->body);
    json_decref(answer->json);
    answer->json = NULL;
}

/* ---- a stream ---- */

struct stream {
    struct client *client;
    client_on_bytes on_bytes;
    void *ctx;
    struct text refusal; /* the body of another status */
    bool enough;
};

static size_t on_stream(char *bytes, size_t size, size_t count, void *ctx)
{
    struct stream *stream = ctx;
    size_t len = size * count;
    long status = 0;
    (void)curl_easy_getinfo(stream->client->curl, CURLINFO_RESPONSE_CODE, &status);
    if (status != 200)
        return on_body(bytes, size, count, &stream->refusal);
    stream->enough = !stream->on_bytes(stream->ctx, bytes, len);
    return stream->enough ? 0 : len;
}

enum client_stream_end client_stream(struct client *client, const char *path,
                                     const char *last_event, client_on_bytes on_bytes,
                                     void *ctx, struct client_answer *out_answer)
{
    struct stream stream = {.client = client, .on_bytes = on_bytes, .ctx = ctx};
    struct curl_slist *headers = NULL;
    char line[128];
    text_init(&stream.refusal, ANSWER_BYTES_MAX);
    prepare(client, "GET", path);
    for (const struct curl_slist *at = client->headers; at; at = at->next)
        headers = curl_slist_append(headers, at->data);
    (void)snprintf(line, sizeof(line), "Last-Event-ID: %s", last_event ? last_event : "");
    if (last_event)
        headers = curl_slist_append(headers, line);
    SET(client, CURLOPT_HTTPHEADER, headers);
    SET(client, CURLOPT_LOW_SPEED_LIMIT, 1L);
    SET(client, CURLOPT_LOW_SPEED_TIME, (long)SILENCE_S);
    SET(client, CURLOPT_WRITEFUNCTION, on_stream);
    SET(client, CURLOPT_WRITEDATA, &stream);
    perform(client);
    out_answer->body = stream.refusal;
    take_answer(client, out_answer);
    curl_slist_free_all(headers);
    if (stream.enough || client->result != CURLE_OK || out_answer->status == 200) {
        client_answer_deinit(out_answer);
        return stream.enough ? CLIENT_STREAM_ENOUGH : CLIENT_STREAM_LOST;
    }
    return CLIENT_STREAM_REFUSED;
}

/* ---- what went wrong ---- */

const char *client_error(const struct client *client)
{
    if (client->result == CURLE_OK)
        return "the server ended the connection";
    return client->error[0] != '\0' ? client->error : curl_easy_strerror(client->result);
}

static const char *remedy_of(const struct client *client)
{
    switch (client->os_error) {
    case ENOENT:
        return client->place.path
                   ? "is it running, with this configuration? The folder of the socket "
                     "may also be another one for the server"
                   : "is it running?";
    case ECONNREFUSED: return "nobody listens there: is it running?";
    case EACCES:
    case EPERM:
        return "this user may not connect: ask as root, as the server's user or with its group "
               "(the "
               "socket has mode 0660)";
    default: break;
    }
    switch ((int)client->result) {
    case CURLE_OPERATION_TIMEDOUT:
        return "it takes the connection but does not answer, or nobody is at that address";
    case CURLE_COULDNT_RESOLVE_HOST:
        if (client->place.path) /* libcurl says so */
            return "the path of a Unix socket has at most 107 bytes";
        return "write an address, http://127.0.0.1:8053, or check the name";
    case CURLE_URL_MALFORMAT:
    case CURLE_UNSUPPORTED_PROTOCOL:
        return "write PATH, ADDRESS:PORT, http://HOST:PORT or https://HOST";
    case CURLE_PEER_FAILED_VERIFICATION:
        return "its certificate is not signed by anybody this machine trusts";
    case CURLE_WRITE_ERROR: return "its answer does not fit into memory";
    default: return "is it rhumb that listens there?";
    }
}

int client_complain(const struct client *client)
{
    const struct server_place *place = &client->place;
    char buffer[128];
    fprintf(stderr, "rhumb: cannot reach the server at %s (from %s): %s\n%s\n",
            place->path ? place->path : place->url, place->source,
            client->os_error != 0 ? strerror_r(client->os_error, buffer, sizeof(buffer))
                                  : client_error(client),
            remedy_of(client));
    return EXIT_STATUS_UNREACHABLE;
}

static const char *hint_of(const struct client *client, long status)
{
    if (status == 401 && client->place.path)
        return "ask as root or as the server's user, or show a token: --token-file, "
               "RHUMB_TOKEN";
    if (status == 401)
        return "show a token: --token-file FILE, or RHUMB_TOKEN in the environment";
    return NULL;
}

int client_judge(const struct client *client, const struct client_answer *answer)
{
    const char *detail = json_string_value(json_object_get(answer->json, "detail"));
    const char *hint = hint_of(client, answer->status);
    if (answer->status >= 200 && answer->status < 300 && answer->json)
        return EXIT_STATUS_OK;
    if (detail)
        fprintf(stderr, "rhumb: %s\n", detail);
    else
        fprintf(stderr, "rhumb: %s answered with HTTP status %ld, and not as rhumb does\n",
                client->place.path ? client->place.path : client->place.url, answer->status);
    if (hint)
        fprintf(stderr, "%s\n", hint);
    return answer->status >= 400 && answer->status < 500 ? EXIT_STATUS_REFUSED
                                                         : EXIT_STATUS_ERRORS;
}
