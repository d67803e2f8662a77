/* admin_events.h - the event stream: the latest events, and those who listen.
 *
 *   id: 1785585600017
 *   event: failover
 *   data: {"time":"2026-08-01T12:00:00.123Z","event":"failover","service":"app",...}
 *
 * The latest EVENTS_KEPT are kept, so that a reader who was cut off misses nothing when it comes
 * back with the number of the last one it saw; of more than 384 KiB it gets the newest. A line
 * without meaning every 15 s keeps connections open and shows who is gone. Control thread only.
 *
 * source   WHATWG HTML section 9.2
 */
#pragma once

#include <uv.h>

#include "rhumb/err.h"
#include "rhumb/event.h"

enum { EVENTS_KEPT = 1024 };

struct admin_events;
struct http_exchange;

/* admin_events_new - the first event gets the number behind `before`: the time in ms, so that
 * numbers go on growing when the server starts anew, and what a reader saw last still tells. */
WARN_UNUSED enum err admin_events_new(uv_loop_t *loop, uint64_t before,
                                      struct admin_events **out_events);

void admin_events_add(struct admin_events *events, const struct event *event);

/* admin_events_listen - answers with a stream: what is kept behind the event `since` first
 * (UINT64_MAX: nothing; a number that none has yet: all). False: too many listen already; the
 * exchange still wants its reply. */
bool admin_events_listen(struct admin_events *events, struct http_exchange *exchange,
                         uint64_t since);

/* admin_events_latest - number of the latest. */
uint64_t admin_events_latest(const struct admin_events *events);

/* admin_events_close - after the streams have ended. Memory goes when the loop has run down. */
void admin_events_close(struct admin_events *events);
