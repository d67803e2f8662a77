/* notice.h - an event in the form in which receivers get it: shared by their queues, counted.
 *
 * Control loop only.
 */
#pragma once

#include <stdint.h>

#include "rhumb/event.h"

struct notice {
    unsigned refs;
    enum config_severity severity;
    uint64_t since_ms; /* clock_monotonic_ms() of the event */
    char *id;          /* unlike that of any other event of any run of this server */
    char *kind;
    char *json; /* one line without its end: "id", and what event_json() says */
};

/* notice_new - of event, which happened now; identity as for event_json(). One reference is the
 * caller's. NULL when out of memory. */
struct notice *notice_new(const struct event *event, const char *id, const char *identity);

struct notice *notice_ref(struct notice *notice);

/* notice_unref - the last one frees it. NULL is fine. */
void notice_unref(struct notice *notice);
