/* run_change.c - the operator's hand: drain, force, failover, what ends them, and what became of it.
 *
 *   ask who answers, change, ask again, show both      with --json: the change alone
 */
#include <stdlib.h>
#include <string.h>

#include "change_text.h"
#include "member.h"
#include "run.h"
#include "show.h"
#include "url_text.h"

enum { PATH_BYTES_MAX = 8192 };

static const char SERVICES_PATH[] = "/v1/services", OVERRIDES_PATH[] = "/v1/overrides";

/* A change under way. */
struct change {
    const struct options *options;
    struct client *client;
    struct screen screen;
    const char *region; /* whom it is about; NULL: any */
    struct client_answer before;
};

/* who - whoever asks, by name; NULL: nobody knows. */
static const char *who(const struct options *options)
{
    static const char *const variables[] = {"SUDO_USER", "USER", "LOGNAME"};

    for (size_t i = 0; !options->by && i < sizeof(variables) / sizeof(variables[0]); i++) {
        const char *value = getenv(variables[i]);
        if (value && *value != '\0')
            return value;
    }
    return options->by;
}

static void set_text(json_t *body, const char *name, const char *value)
{
    if (value)
        (void)json_object_set_new(body, name, json_string(value));
}

/* put_common - who, why, until when. */
static void put_common(json_t *body, const struct options *options)
{
    set_text(body, "by", who(options));
    set_text(body, "reason", options->reason);
    set_text(body, "until", options->until);
    if (options->for_s > 0)
        (void)json_object_set_new(body, "for_s", json_integer((json_int_t)options->for_s));
}

static json_t *override_body(const struct options *options)
{
    json_t *body = json_object();
    set_text(body, "service", options->service);
    set_text(body, "region", options->place.region);
    set_text(body, "address", options->place.address);
    set_text(body, "state", options->command == COMMAND_DRAIN ? "drain" : options->state);
    put_common(body, options);
    return body;
}

static json_t *failover_body(const struct options *options)
{
    json_t *body = json_object();
    set_text(body, "to", options->to);
    if (options->force)
        (void)json_object_set_new(body, "force", json_true());
    put_common(body, options);
    return body;
}

static void put_service_path(struct text *path, const char *service, const char *action)
{
    text_printf(path, "%s/", SERVICES_PATH);
    url_text_put(path, service);
    text_printf(path, "/%s", action);
}

/* ---- what is there ---- */

static bool is_same(const char *a, const char *b)
{
    return a && b ? strcmp(a, b) == 0 : a == b;
}

/* is_here - of exactly this place? */
static bool is_here(const json_t *override, const struct options *options)
{
    struct ip_addr said, meant;
    const char *address = member_text(override, "address"), *wanted = options->place.address;
    bool same_address =
        address && wanted
            ? ip_parse(address, &said) && ip_parse(wanted, &meant) && ip_equal(&said, &meant)
            : address == wanted;
    return same_address && is_same(member_text(override, "service"), options->service) &&
           is_same(member_text(override, "region"), options->place.region);
}

/* find_override - what undrain or unforce ends; NULL: there is none. */
static const json_t *find_override(const struct options *options, const json_t *list)
{
    size_t i;
    const json_t *override;
    json_array_foreach(list, i, override)
    {
        if (is_here(override, options) &&
            change_text_ends(options->command, member_text(override, "state")))
            return override;
    }
    return NULL;
}

/* look - GET, where that is allowed: a token may change things without being let look. False: it is
 * not, or not reached; *out_answer is empty. */
static bool look(struct client *client, const char *path, struct client_answer *out_answer)
{
    *out_answer = (struct client_answer){.json = NULL};
    if (client_exchange(client, "GET", path, NULL, out_answer) != EXIT_STATUS_OK)
        return false;
    if (out_answer->status == 200)
        return true;
    client_answer_deinit(out_answer);
    return false;
}

/* show_result - who answers now; the server is asked again. */
static void show_result(const struct change *change)
{
    struct client_answer now;
    const struct options *options = change->options;
    if (!look(change->client, SERVICES_PATH, &now))
        return;
    fputc('\n', stdout);
    (void)show_changed(&change->screen, change->before.json, now.json, options->service,
                       change->region);
    client_answer_deinit(&now);
}

/* ---- changing ---- */

/* can_remove - is there something to end? Who may not look, tries. */
static bool can_remove(const struct change *change)
{
    struct client_answer answer;
    if (!look(change->client, OVERRIDES_PATH, &answer))
        return true;
    const json_t *list = json_object_get(answer.json, "overrides");
    bool found = find_override(change->options, list) != NULL;
    if (!found)
        change_text_put_missing(change->options, list);
    client_answer_deinit(&answer);
    return found;
}

/* remove_override - of undrain and unforce. */
static int remove_override(struct change *change, struct client_answer *out_answer)
{
    struct text path;
    const struct options *options = change->options;
    if (!can_remove(change))
        return EXIT_STATUS_REFUSED;
    text_init(&path, PATH_BYTES_MAX);
    text_printf(&path, "%s", OVERRIDES_PATH);
    url_text_put_query(&path, "service", options->service);
    url_text_put_query(&path, "region", options->place.region);
    url_text_put_query(&path, "address", options->place.address);
    int status = client_ask(change->client, "DELETE", text_get(&path), NULL, out_answer);
    text_deinit(&path);
    return status;
}

static int post(struct change *change, struct client_answer *out_answer)
{
    struct text path;
    const struct options *options = change->options;
    bool is_failover = options->command == COMMAND_FAILOVER;
    bool is_service = is_failover || options->command == COMMAND_FAILBACK;
    text_init(&path, PATH_BYTES_MAX);
    if (is_service)
        put_service_path(&path, options->service, is_failover ? "failover" : "failback");
    else
        text_printf(&path, "%s", OVERRIDES_PATH);
    json_t *body = is_service ? failover_body(options) : override_body(options);
    int status = client_ask(change->client, "POST", text_get(&path), body, out_answer);
    json_decref(body);
    text_deinit(&path);
    return status;
}

static int change_and_tell(struct change *change)
{
    struct client_answer answer;
    const struct options *options = change->options;
    bool is_end = options->command == COMMAND_UNDRAIN || options->command == COMMAND_UNFORCE;
    int status = is_end ? remove_override(change, &answer) : post(change, &answer);
    if (status != EXIT_STATUS_OK)
        return status;
    if (options->json) {
        run_print_json(&answer);
    } else {
        screen_init(&change->screen);
        change_text_put_done(&change->screen, options, answer.json);
        show_result(change);
    }
    client_answer_deinit(&answer);
    return status;
}

int run_change(const struct options *options)
{
    struct change change = {
        .options = options,
        .region = options->place.region[0] != '\0' ? options->place.region : NULL,
    };
    int status = client_open(options, &change.client);
    if (status != EXIT_STATUS_OK)
        return status;
    if (!options->json)
        (void)look(change.client, SERVICES_PATH, &change.before);
    return run_finish(change.client, &change.before, change_and_tell(&change));
}
