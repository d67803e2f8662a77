/* run_look.c - commands that are one GET, shown as a table, as names, or as it came. */
#include <string.h>

#include "member.h"
#include "run.h"
#include "show.h"
#include "url_text.h"

enum { PATH_BYTES_MAX = 64 * 1024 };

struct look {
    const char *path;
    show_fn *show;
    const char *list, *name; /* for --names: the list, and the member that is the name */
};

static const struct look LOOKS[COMMAND_COUNT] = {
    [COMMAND_STATUS] = {"/v1/status", show_status, NULL, NULL},
    [COMMAND_SERVICES] = {"/v1/services", show_services, "services", "service"},
    [COMMAND_REGIONS] = {"/v1/regions", show_regions, "regions", "region"},
    [COMMAND_TARGETS] = {"/v1/targets", show_targets, "targets", "target"},
    [COMMAND_ZONES] = {"/v1/zones", show_zones, "zones", "zone"},
    [COMMAND_OVERRIDES] = {"/v1/overrides", show_overrides, NULL, NULL},
    [COMMAND_HISTORY] = {"/v1/history", show_history, NULL, NULL},
    [COMMAND_EXPLAIN] = {"/v1/explain", show_explanation, NULL, NULL},
};

static void put_path(struct text *path, const struct options *options)
{
    text_printf(path, "%s", LOOKS[options->command].path);
    if (options->service) {
        text_printf(path, "/");
        url_text_put(path, options->service);
    }
    url_text_put_query(path, "target", options->target);
    url_text_put_query(path, "limit", options->limit);
    url_text_put_query(path, "name", options->name);
    url_text_put_query(path, "type", options->type);
    url_text_put_query(path, "client", options->client.text);
    url_text_put_query(path, "why_not", options->why_not);
}

static void print_names(const struct screen *screen, const json_t *answer,
                        const struct look *look)
{
    size_t i;
    const json_t *row;
    json_array_foreach(json_object_get(answer, look->list), i, row)
    {
        screen_say(screen, member_text(row, look->name));
        fputc('\n', screen->out);
    }
}

static int print(const struct options *options, const struct client_answer *answer)
{
    const struct look *look = &LOOKS[options->command];
    struct screen screen;
    bool ok = true;
    screen_init(&screen);
    if (options->json)
        run_print_json(answer);
    else if (options->names)
        print_names(&screen, answer->json, look);
    else
        ok = (options->service ? show_service : look->show)(&screen, answer->json);
    return ok ? EXIT_STATUS_OK : EXIT_STATUS_ERRORS;
}

int run_look(const struct options *options)
{
    struct client *client = NULL;
    struct client_answer answer;
    struct text path;
    int status = client_open(options, &client);
    if (status != EXIT_STATUS_OK)
        return status;
    text_init(&path, PATH_BYTES_MAX);
    put_path(&path, options);
    status = client_ask(client, "GET", text_get(&path), NULL, &answer);
    text_deinit(&path);
    if (status != EXIT_STATUS_OK)
        return run_finish(client, NULL, status);
    return run_finish(client, &answer, print(options, &answer));
}
