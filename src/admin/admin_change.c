/* admin_change.c - the operator's hand: overrides, failover, fail-back. In the answers at once,
 * and told to the caller when it is on disk. */
#include <stdlib.h>
#include <string.h>

#include "rhumb/clock.h"
#include "rhumb/log.h"
#include "rhumb/monitor_view.h"

#include "admin_show.h"

enum { FOR_MAX_S = 366 * 24 * 3600, DIAG_BYTES = 512 };

void admin_put_override(struct json_put *json, const char *key, const struct override *entry)
{
    char address[IP_TEXT_MAX];
    json_put_begin(json, key, '{');
    json_put_optional(json, "service", entry->service);
    json_put_optional(json, "region", entry->region);
    if (entry->address.family != IP_NONE)
        json_put_string(json, "address", ip_format(&entry->address, address));
    json_put_string(json, "state", override_state_name(entry->state));
    json_put_string(json, "by", entry->by);
    json_put_string(json, "reason", entry->reason);
    admin_put_time(json, "since", entry->since_ms);
    admin_put_time(json, "until", entry->until_ms);
    json_put_end(json, '}');
}

void admin_get_overrides(struct admin_call *call)
{
    const struct overrides *overrides = call->admin->sources.overrides;
    size_t count = 0;
    const struct override *list = overrides ? overrides_get(overrides, &count) : NULL;
    struct text text;
    struct json_put json;
    text_init(&text, ADMIN_ANSWER_BYTES_MAX);
    json_put_init(&json, &text);
    json_put_begin(&json, NULL, '{');
    json_put_begin(&json, "overrides", '[');
    for (size_t i = 0; i < count; i++)
        admin_put_override(&json, NULL, &list[i]);
    json_put_end(&json, ']');
    json_put_end(&json, '}');
    admin_reply(call->request->exchange, 200, &text);
}

/* ---- what waits for the disk ---- */

struct change {
    struct http_exchange *exchange;
    struct text answer; /* an object, without its last bracket */
};

static void on_durable(void *ctx, enum err err)
{
    struct change *change = ctx;
    struct json_put json = {.out = &change->answer, .more = true};
    json_put_bool(&json, "durable", err == ERR_OK);
    json_put_end(&json, '}');
    admin_reply(change->exchange, err == ERR_OK ? 200 : 202, &change->answer);
    free(change);
}

/* begin_change - the answer's first member is the override. NULL: the call was answered. */
static struct change *begin_change(struct admin_call *call, const struct override *entry)
{
    struct change *change = calloc(1, sizeof(*change));
    struct json_put json;
    if (!change) {
        admin_problem(call->request->exchange, 503, "out of memory");
        return NULL;
    }
    change->exchange = call->request->exchange;
    text_init(&change->answer, ADMIN_ANSWER_BYTES_MAX);
    json_put_init(&json, &change->answer);
    json_put_begin(&json, NULL, '{');
    admin_put_override(&json, "override", entry);
    return change;
}

static void refuse_change(struct change *change, enum err err, const struct diag_list *diags)
{
    if (err == ERR_INVALID && diag_count(diags) > 0)
        admin_problem(change->exchange, 422, "%s", diag_get(diags, 0)->message);
    else if (err == ERR_LIMIT)
        admin_problem(change->exchange, 409, "there are %d overrides already", OVERRIDES_MAX);
    else
        admin_problem(change->exchange, 503, "%s", err_text(err));
    text_deinit(&change->answer);
    free(change);
}

/* can_keep - false: it was answered. */
static bool can_keep(struct admin_call *call)
{
    if (call->admin->sources.overrides)
        return true;
    admin_problem(call->request->exchange, 409,
                  "nothing can be forced without a folder for it: server: {state: "
                  "/var/lib/rhumb}");
    return false;
}

static void log_change(const char *what, const struct override *entry)
{
    char by[LOG_QUOTE_MAX], reason[LOG_QUOTE_MAX], address[IP_TEXT_MAX];
    char service[LOG_QUOTE_MAX], region[LOG_QUOTE_MAX];
    log_event(LOG_LEVEL_INFO, "admin",
              "change=%s service=%s region=%s address=%s by=%s reason=%s", what,
              log_quote(entry->service ? entry->service : "any", service),
              log_quote(entry->region ? entry->region : "any", region),
              entry->address.family == IP_NONE ? "any" : ip_format(&entry->address, address),
              log_quote(entry->by, by), log_quote(entry->reason, reason));
}

/* ---- reading a change ---- */

/* read_by - who it is: what the body says where that may be believed, else who asks. */
static bool read_by(struct admin_call *call, const json_t *body, struct override *entry)
{
    const char *by;
    if (!admin_string(call, body, "by", OVERRIDE_BY_BYTES, &by))
        return false;
    entry->by = by && call->may_name_another ? by : call->by;
    return true;
}

static bool read_reason(struct admin_call *call, const json_t *body, struct override *entry)
{
    if (!admin_string(call, body, "reason", OVERRIDE_REASON_BYTES, &entry->reason))
        return false;
    if (!entry->reason)
        admin_problem(call->request->exchange, 422,
                      "'reason' is missing: say why, for those who "
                      "come after you");
    return entry->reason != NULL;
}

/* read_end - `until` as a time, or `for_s` from now. */
static bool read_end(struct admin_call *call, const json_t *body, struct override *entry)
{
    const char *until;
    const json_t *for_s = json_object_get(body, "for_s");
    if (!admin_string(call, body, "until", CLOCK_TEXT_MAX, &until))
        return false;
    if (until && for_s) {
        admin_problem(call->request->exchange, 422, "'until' and 'for_s' exclude each other");
        return false;
    }
    if (for_s) {
        json_int_t seconds = json_integer_value(for_s);
        if (!json_is_integer(for_s) || seconds < 1 || seconds > FOR_MAX_S) {
            admin_problem(call->request->exchange, 422,
                          "'for_s' must be a number of seconds from 1 to %d", FOR_MAX_S);
            return false;
        }
        entry->until_ms = clock_wall_ms() + (uint64_t)seconds * 1000;
    }
    if (until &&
        (!clock_parse(until, &entry->until_ms) || entry->until_ms <= clock_wall_ms())) {
        admin_problem(call->request->exchange, 422,
                      "'until' must be a time to come, as 2026-08-01T12:00:00Z");
        return false;
    }
    return true;
}

static bool read_address(struct admin_call *call, const char *text, struct override *entry)
{
    if (!text || ip_parse(text, &entry->address))
        return true;
    admin_problem(call->request->exchange, 422, "'%.80s' is no address", text);
    return false;
}

/* region_of - the region of a service; NULL: it has none of that name. */
static const struct config_service_region *region_of(const struct config_service *service,
                                                     const char *name, size_t *out_index)
{
    for (size_t i = 0; i < service->region_count; i++) {
        if (strcmp(service->regions[i].name, name) != 0)
            continue;
        *out_index = i;
        return &service->regions[i];
    }
    return NULL;
}

static bool has_address(const struct config_service_region *region,
                        const struct ip_addr *address)
{
    for (size_t i = 0; i < region->address_count; i++)
        if (ip_equal(&region->addresses[i], address))
            return true;
    return address->family == IP_NONE;
}

/* matches - how many services the override speaks to: a typing error should not wait in silence
 * for a region of that name. */
static size_t matches(const struct config *config, const struct override *entry)
{
    size_t count = 0;
    for (size_t s = 0; s < config->service_count; s++) {
        const struct config_service *service = &config->services[s];
        if (entry->service && strcmp(entry->service, service->name) != 0)
            continue;
        for (size_t r = 0; r < service->region_count; r++)
            count += (!entry->region || strcmp(entry->region, service->regions[r].name) == 0) &&
                     has_address(&service->regions[r], &entry->address);
    }
    return count;
}

static bool matches_something(struct admin_call *call, const struct override *entry)
{
    if (matches(admin_snapshot(call)->config, entry) > 0)
        return true;
    admin_problem(
        call->request->exchange, 404, "no endpoint fits: service '%.80s', region '%.80s'",
        entry->service ? entry->service : "any", entry->region ? entry->region : "any");
    return false;
}

/* ---- overrides ---- */

/* set - entry takes the place of what was forced there before. */
static void set(struct admin_call *call, struct override *entry, const char *what)
{
    struct diag_list *diags = diag_list_new();
    entry->since_ms = clock_wall_ms();
    struct change *change = begin_change(call, entry);
    if (change) {
        enum err err = diags ? overrides_set(call->admin->sources.overrides, entry, diags,
                                             on_durable, change)
                             : ERR_NO_MEMORY;
        if (err == ERR_OK)
            log_change(what, entry);
        else
            refuse_change(change, err, diags);
    }
    diag_list_free(diags);
}

static bool read_override(struct admin_call *call, const json_t *body, struct override *entry)
{
    static const struct {
        const char *name;
        enum override_state state;
    } states[] = {{"up", OVERRIDE_UP}, {"down", OVERRIDE_DOWN}, {"drain", OVERRIDE_DRAIN}};

    const char *state, *address;
    if (!admin_string(call, body, "service", OVERRIDE_NAME_BYTES, &entry->service) ||
        !admin_string(call, body, "region", OVERRIDE_NAME_BYTES, &entry->region) ||
        !admin_string(call, body, "address", IP_TEXT_MAX, &address) ||
        !admin_string(call, body, "state", OVERRIDE_NAME_BYTES, &state) ||
        !read_address(call, address, entry) || !read_by(call, body, entry) ||
        !read_reason(call, body, entry) || !read_end(call, body, entry))
        return false;
    for (size_t i = 0; state && i < sizeof(states) / sizeof(states[0]); i++) {
        if (strcmp(states[i].name, state) != 0)
            continue;
        entry->state = states[i].state;
        return matches_something(call, entry);
    }
    admin_problem(call->request->exchange, 422, "'state' must be up, down or drain");
    return false;
}

void admin_post_override(struct admin_call *call)
{
    static const char *const allowed[] = {"service", "region", "address", "state", "by",
                                          "reason",  "until",  "for_s",   NULL};

    struct override entry = {0};
    if (!can_keep(call))
        return;
    json_t *body = admin_body(call, allowed);
    if (body && read_override(call, body, &entry))
        set(call, &entry, override_state_name(entry.state));
    json_decref(body);
}

static bool is_same_place(const struct override *a, const struct override *b)
{
    return (a->service ? b->service && strcmp(a->service, b->service) == 0 : !b->service) &&
           (a->region ? b->region && strcmp(a->region, b->region) == 0 : !b->region) &&
           a->address.family == b->address.family &&
           (a->address.family == IP_NONE || ip_equal(&a->address, &b->address));
}

/* find - the entry of exactly this place; resumes do not count. */
static const struct override *find(const struct overrides *overrides,
                                   const struct override *wanted)
{
    size_t count;
    const struct override *list = overrides_get(overrides, &count);
    for (size_t i = 0; i < count; i++)
        if (list[i].state != OVERRIDE_RESUME && is_same_place(&list[i], wanted))
            return &list[i];
    return NULL;
}

void admin_delete_override(struct admin_call *call)
{
    struct override wanted = {.service = http_query(call->request, "service"),
                              .region = http_query(call->request, "region"),
                              .by = call->by,
                              .reason = ""};
    if (!can_keep(call) || !read_address(call, http_query(call->request, "address"), &wanted))
        return;
    struct overrides *overrides = call->admin->sources.overrides;
    const struct override *found = find(overrides, &wanted);
    if (!found) {
        admin_problem(call->request->exchange, 404,
                      "there is no override of exactly this service, region and address");
        return;
    }
    struct change *change = begin_change(call, found);
    if (!change)
        return;
    log_change("remove", found);
    enum err err = overrides_remove(overrides, &wanted, on_durable, change);
    if (err != ERR_OK)
        refuse_change(change, err, NULL);
}

/* ---- failover by hand ---- */

/* is_fit - could the region answer? force: it does not matter. False: it was answered. */
static bool is_fit(struct admin_call *call, const json_t *body, size_t service, const char *to)
{
    const struct config_service *config = &admin_snapshot(call)->config->services[service];
    const json_t *force = json_object_get(body, "force");
    struct monitor_region_view view;
    size_t region;
    if (!region_of(config, to, &region)) {
        admin_problem(call->request->exchange, 422, "service '%s' has no region '%.80s'",
                      config->name, to);
        return false;
    }
    if (force && !json_is_boolean(force)) {
        admin_problem(call->request->exchange, 422, "'force' must be true or false");
        return false;
    }
    monitor_region_get(call->admin->sources.monitor, service, region, &view);
    if (view.usable || view.held || json_is_true(force))
        return true;
    admin_problem(
        call->request->exchange, 409,
        "region '%s' of service '%s' is not usable: clients would stay where they are; "
        "\"force\": true asks for it all the same",
        to, config->name);
    return false;
}

void admin_post_failover(struct admin_call *call)
{
    static const char *const allowed[] = {"to",    "by",    "reason", "until",
                                          "for_s", "force", NULL};

    struct override entry = {.state = OVERRIDE_ACTIVE, .service = call->params[0]};
    size_t service = admin_find_service(call, call->params[0]);
    if (service == SIZE_MAX || !can_keep(call))
        return;
    json_t *body = admin_body(call, allowed);
    if (body && admin_string(call, body, "to", OVERRIDE_NAME_BYTES, &entry.region) &&
        read_by(call, body, &entry) && read_reason(call, body, &entry) &&
        read_end(call, body, &entry)) {
        if (!entry.region)
            admin_problem(call->request->exchange, 422, "'to' is missing: name a region");
        else if (is_fit(call, body, service, entry.region))
            set(call, &entry, "failover");
    }
    json_decref(body);
}

/* resume - what health holds back in the service returns now. */
static void resume(struct admin_call *call, struct override *entry)
{
    entry->state = OVERRIDE_RESUME;
    entry->region = NULL;
    set(call, entry, "failback");
}

void admin_post_failback(struct admin_call *call)
{
    static const char *const allowed[] = {"by", "reason", NULL};

    struct override entry = {.service = call->params[0]};
    struct overrides *overrides = call->admin->sources.overrides;
    if (admin_find_service(call, call->params[0]) == SIZE_MAX || !can_keep(call))
        return;
    json_t *body = admin_body(call, allowed);
    if (!body || !read_by(call, body, &entry) || !read_reason(call, body, &entry)) {
        json_decref(body);
        return;
    }
    size_t count;
    const struct override *list = overrides_get(overrides, &count);
    for (size_t i = 0; i < count; i++) {
        if (list[i].state != OVERRIDE_ACTIVE || strcmp(list[i].service, entry.service) != 0)
            continue;
        if (overrides_remove(overrides, &list[i], NULL, NULL) != ERR_OK)
            break;
        list = overrides_get(overrides, &count); /* another list by now */
        i = (size_t)-1;
    }
    resume(call, &entry);
    json_decref(body);
}
