#include "notice.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "rhumb/clock.h"

/* with_id - the event's JSON object with the id in front of its other members. */
static char *with_id(const struct event *event, const char *id, const char *identity)
{
    char *bare = event_json(event, clock_wall_ms(), identity), *json = NULL;
    if (!bare || asprintf(&json, "{\"id\":\"%s\",%s", id, bare + 1) < 0)
        json = NULL;
    free(bare);
    return json;
}

struct notice *notice_new(const struct event *event, const char *id, const char *identity)
{
    struct notice *notice = calloc(1, sizeof(*notice));
    if (!notice)
        return NULL;
    notice->refs = 1;
    notice->severity = event->severity;
    notice->since_ms = clock_monotonic_ms();
    notice->id = strdup(id);
    notice->kind = strdup(event->kind);
    notice->json = with_id(event, id, identity);
    if (notice->id && notice->kind && notice->json)
        return notice;
    notice_unref(notice);
    return NULL;
}

struct notice *notice_ref(struct notice *notice)
{
    notice->refs++;
    return notice;
}

void notice_unref(struct notice *notice)
{
    if (!notice || --notice->refs > 0)
        return;
    free(notice->id);
    free(notice->kind);
    free(notice->json);
    free(notice);
}
