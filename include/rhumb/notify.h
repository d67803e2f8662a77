/* notify.h - tell those that `notify:` names what happened.
 *
 *   notify_send() -> one JSON text -> a bounded queue per receiver -> webhook: POST until taken
 *                                                                  -> command: run once
 *
 * Sending never blocks and never fails loudly: what is not taken in ten minutes, or does not fit
 * in a queue, is counted and logged; of the latter the receiver is told how many. Each receiver gets its events in order and one at a time;
 * what it has taken is never sent again. A repetition after a lost answer carries the same id
 * (`Idempotency-Key`, and "id" in the JSON), so that the receiver can tell.
 *
 * Control loop only.
 */
#pragma once

#include <uv.h>

#include "rhumb/config.h"
#include "rhumb/err.h"
#include "rhumb/event.h"

struct notify;
struct notify_pace; /* private; tests are in more of a hurry */

/* Each counts notices for one receiver, but for failed: attempts. */
#define NOTIFY_COUNTERS(X)                                                                     \
    X(queued)                                                                                  \
    X(delivered)                                                                               \
    X(failed)                                                                                  \
    X(given_up) /* too old, or not taken by a command */                                       \
    X(dropped)  /* the queue was full, or the receiver went */

struct notify_totals {
#define NOTIFY_COUNTER(name) uint64_t name;
    NOTIFY_COUNTERS(NOTIFY_COUNTER)
#undef NOTIFY_COUNTER
};

/* notify_new - nobody is told yet. Made before other threads start (probe_post.h). */
WARN_UNUSED enum err notify_new(uv_loop_t *loop, struct notify **out_notify);

/* notify_new_paced - at another pace than the usual one. */
WARN_UNUSED enum err notify_new_paced(uv_loop_t *loop, const struct notify_pace *pace,
                                      struct notify **out_notify);

/* notify_set - from now on these receivers; what is needed is copied. One that is unchanged keeps
 * its queue; one that is gone, or changed, loses it. */
void notify_set(struct notify *notify, const struct config *config);

/* notify_send - event is borrowed for the call. */
void notify_send(struct notify *notify, const struct event *event);

/* notify_tell - event_log() and notify_send(): the one way to say that something happened.
 * notify may be NULL: then it is only logged. */
void notify_tell(struct notify *notify, const struct event *event);

/* notify_totals, notify_waiting - since the start; notices not yet taken, of all receivers. */
struct notify_totals notify_totals(const struct notify *notify);
size_t notify_waiting(const struct notify *notify);

/* notify_close - what waits is tried for a second more; then memory goes when the loop has run
 * down. NULL is fine. */
void notify_close(struct notify *notify);
