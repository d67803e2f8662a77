#include "server_place.h"

#include <stdlib.h>
#include <string.h>

#include "rhumb/diag.h"
#include "rhumb/ip.h"

enum { CONFIG_BYTES_MAX = 1024 * 1024 * 1024 };

static const char REMEDY[] =
    "-c FILE names another configuration; --socket PATH or RHUMB_SOCKET does without one\n";

/* is_host_port - "127.0.0.1:8053" or "[::1]:8053". */
static bool is_host_port(const char *text)
{
    char host[IP_TEXT_MAX];
    struct ip_addr addr;
    bool bracket = *text == '[';
    const char *colon = strrchr(text, ':');
    if (!colon || colon[1] == '\0' || strspn(colon + 1, "0123456789") != strlen(colon + 1))
        return false;
    size_t len = (size_t)(colon - text);
    if (len < (size_t)2 * bracket + 1 || len >= sizeof(host) || (bracket && colon[-1] != ']'))
        return false;
    (void)snprintf(host, sizeof(host), "%.*s", (int)(len - (size_t)2 * bracket),
                   text + bracket);
    return ip_parse(host, &addr) && (addr.family == IP_V6) == bracket;
}

bool server_place_parse(const char *text, struct arena *arena, struct server_place *out_place)
{
    static const char UNIX_PREFIX[] = "unix:";

    out_place->path = out_place->url = NULL;
    size_t prefix =
        strncmp(text, UNIX_PREFIX, sizeof(UNIX_PREFIX) - 1) == 0 ? sizeof(UNIX_PREFIX) - 1 : 0;
    if (strstr(text, "://")) {
        size_t len = strlen(text);
        out_place->url = arena_strndup(arena, text, len - (text[len - 1] == '/'));
    } else if (is_host_port(text)) {
        out_place->url = arena_printf(arena, "http://%s", text);
    } else if (text[prefix] != '\0') {
        out_place->path = arena_strdup(arena, text + prefix);
    }
    return out_place->url || out_place->path;
}

/* reachable - where to knock when it listens everywhere. */
static struct ip_addr reachable(const struct ip_addr *addr)
{
    static const uint8_t any[sizeof(addr->bytes)];

    struct ip_addr loopback;
    if (memcmp(addr->bytes, any, sizeof(any)) != 0)
        return *addr;
    (void)ip_parse(addr->family == IP_V4 ? "127.0.0.1" : "::1", &loopback);
    return loopback;
}

bool server_place_listener(const struct config_admin_listener *listener, struct arena *arena,
                           struct server_place *out_place)
{
    char text[IP_TEXT_MAX];
    out_place->path = out_place->url = NULL;
    if (listener->path) {
        out_place->path = arena_strdup(arena, listener->path);
        return out_place->path != NULL;
    }
    struct ip_addr addr = reachable(&listener->addr);
    bool is_v6 = addr.family == IP_V6;
    out_place->url = arena_printf(arena, "http://%s%s%s:%u", is_v6 ? "[" : "",
                                  ip_format(&addr, text), is_v6 ? "]" : "", listener->port);
    return out_place->url != NULL;
}

/* find_in_config - by the first listener of a configuration. */
static bool find_in_config(const char *path, struct arena *arena, FILE *errors,
                           struct server_place *out_place)
{
    struct arena *scratch = arena_new(CONFIG_BYTES_MAX);
    struct diag_list *diags = diag_list_new();
    const struct config *config = NULL;
    bool found = false;
    enum err err =
        scratch && diags ? config_load(path, scratch, diags, &config) : ERR_NO_MEMORY;
    if (err != ERR_OK) {
        if (diags)
            diag_print_all(diags, errors);
        fprintf(errors, "rhumb: cannot tell where the server is: %s: %s\n%s", path,
                err_text(err), REMEDY);
    } else if (config->admin.listener_count == 0) {
        fprintf(errors,
                "rhumb: %s opens no admin API: it says neither `server: {state: FOLDER}` nor "
                "`admin: "
                "{listen: [...]}`\n%s",
                path, REMEDY);
    } else {
        found = server_place_listener(&config->admin.listeners[0], arena, out_place);
        out_place->source = path;
    }
    diag_list_free(diags);
    arena_free(scratch);
    return found;
}

bool server_place_find(const struct options *options, struct arena *arena, FILE *errors,
                       struct server_place *out_place)
{
    const char *text = options->socket;
    out_place->source = "--socket";
    if (!text && options->config_is_default) {
        text = getenv("RHUMB_SOCKET");
        out_place->source = "RHUMB_SOCKET";
        text = text && *text != '\0' ? text : NULL;
    }
    return text ? server_place_parse(text, arena, out_place)
                : find_in_config(options->config_path, arena, errors, out_place);
}
