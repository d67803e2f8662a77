/* admin_history.c - transitions of one target, or the latest of all; and the event stream. */
#include <stdlib.h>
#include <string.h>

#include "admin_events.h"
#include "admin_show.h"

enum { LIMIT_MAX = 1000, LIMIT_DEFAULT = 100, EACH_MAX = 100, ID_DIGITS = 16 };

/* The latest entries of all targets, newest first. */
struct latest {
    struct history_entry *list;
    size_t count, limit;
};

/* take - false: it is older than all there is room for. */
static bool take(struct latest *latest, const struct history_entry *entry)
{
    size_t at = latest->count;
    if (latest->count == latest->limit) {
        if (latest->list[latest->limit - 1].time_ms >= entry->time_ms)
            return false;
        at = latest->limit - 1;
    } else {
        latest->count++;
    }
    while (at > 0 && latest->list[at - 1].time_ms < entry->time_ms) {
        latest->list[at] = latest->list[at - 1];
        at--;
    }
    latest->list[at] = *entry;
    return true;
}

/* collect - those of one target. Most of many have nothing new: their latest one tells. */
static void collect(struct latest *latest, const struct history *history, uint64_t key)
{
    struct history_entry entries[EACH_MAX];
    if (history_get(history, key, entries, 1) == 0 || !take(latest, &entries[0]))
        return;
    size_t count = history_get(history, key, entries, EACH_MAX);
    for (size_t i = 1; i < count && take(latest, &entries[i]); i++)
        ;
}

static void put_entries(struct admin_call *call, const struct latest *latest)
{
    struct text text;
    struct json_put json;
    char id[ID_DIGITS + 1];
    text_init(&text, ADMIN_ANSWER_BYTES_MAX);
    json_put_init(&json, &text);
    json_put_begin(&json, NULL, '{');
    json_put_begin(&json, "transitions", '[');
    for (size_t i = 0; i < latest->count; i++) {
        const struct history_entry *entry = &latest->list[i];
        (void)snprintf(id, sizeof(id), "%016llx", (unsigned long long)entry->key);
        json_put_begin(&json, NULL, '{');
        admin_put_time(&json, "time", entry->time_ms);
        json_put_string(&json, "target", id);
        json_put_string(&json, "address", entry->address);
        json_put_string(&json, "check", entry->check);
        json_put_string(&json, "from", entry->from);
        json_put_string(&json, "to", entry->to);
        json_put_string(&json, "reason", entry->reason);
        json_put_end(&json, '}');
    }
    json_put_end(&json, ']');
    json_put_end(&json, '}');
    admin_reply(call->request->exchange, 200, &text);
}

void admin_get_history(struct admin_call *call)
{
    const struct history *history = call->admin->sources.history;
    const struct snapshot *snapshot = admin_snapshot(call);
    const char *target = http_query(call->request, "target");
    uint64_t limit, key = 0;
    char *end = NULL;
    if (!admin_query_number(call, "limit", LIMIT_MAX, LIMIT_DEFAULT, &limit))
        return;
    if (target && strlen(target) <= ID_DIGITS && strspn(target, "0123456789abcdef") > 0)
        key = strtoull(target, &end, 16);
    if (target && (!end || *end != '\0')) {
        admin_problem(call->request->exchange, 400,
                      "'target' must be an id as /v1/targets shows it");
        return;
    }
    struct latest latest = {.limit = limit, .list = calloc(limit, sizeof(*latest.list))};
    if (!latest.list) {
        admin_problem(call->request->exchange, 503, "out of memory");
        return;
    }
    if (target)
        collect(&latest, history, key);
    for (size_t i = 0; !target && i < snapshot->target_count; i++)
        collect(&latest, history, monitor_history_key(snapshot, &snapshot->targets[i]));
    put_entries(call, &latest);
    free(latest.list);
}

void admin_get_events(struct admin_call *call)
{
    const char *last = call->request->last_event_id;
    const char *since = last ? last : http_query(call->request, "since");
    char *end = NULL;
    uint64_t number = UINT64_MAX;
    if (since && *since >= '0' && *since <= '9')
        number = strtoull(since, &end, 10);
    if (since && (!end || *end != '\0')) {
        admin_problem(call->request->exchange, 400, "'since' must be the number of an event");
        return;
    }
    if (!admin_events_listen(call->admin->events, call->request->exchange, number))
        admin_problem(call->request->exchange, 503, "%d readers listen already",
                      HTTP_STREAMS_MAX);
}
