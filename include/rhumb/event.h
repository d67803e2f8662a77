/* event.h - something that happened, told once and heard everywhere: by the log, by whoever is
 * notified, by the history.
 *
 * An event is made on the stack of whoever saw it happen, and borrowed for the call. Fields that
 * do not apply are NULL. Control thread only.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "rhumb/config.h"

struct event {
    const char *kind; /* "health", "failover", "service_all_down", "probes_stale" ... */
    enum config_severity severity;
    bool clears; /* it ends something of that severity: whoever heard of one hears of both */
    uint64_t target; /* whose history it belongs to (history.h); 0: nobody's */
    const char *service, *region, *address, *check; /* whom it is about, as far as it applies */
    const char *family;                             /* "IPv4" or "IPv6", when it is about one */
    const char *from, *to;                          /* states or regions, before and after */
    const char *reason;                             /* in words, for people */
    const char *remedy;                             /* what an operator can do */
};

/* Who is told. */
struct herald {
    void (*tell)(void *ctx, const struct event *event);
    void *ctx;
};

static inline void herald_tell(const struct herald *herald, const struct event *event)
{
    herald->tell(herald->ctx, event);
}

/* event_log - one structured line; its level follows the severity. */
void event_log(const struct event *event);

/* event_json - one JSON object in one line, without the line's end: the fields that are set, and
 * "time" (RFC 3339, UTC, milliseconds) of wall_ms since 1970, "identity" (NULL: left out).
 * returns  text to free(); NULL when out of memory */
char *event_json(const struct event *event, uint64_t wall_ms, const char *identity);
