/* notify_receiver.h - one receiver at work: its queue, and the notice it is being told.
 *
 *   put() -> queue -> turn -> post or command -> taken: the next
 *                      ^                      -> not taken by a webhook: again, after a pause
 *                      +---- pause ------------+ not taken by a command: logged; the next
 *
 * Order is kept and one notice is told at a time. All of it happens in turns of the loop of its
 * own: who puts a notice never waits for a process to start.
 *
 * Control loop only.
 */
#pragma once

#include <stdbool.h>

#include <uv.h>

#include "rhumb/config.h"
#include "rhumb/notify.h"
#include "rhumb/probe_post.h"

#include "notice.h"
#include "notify_pace.h"

struct notify_receiver;

/* What all receivers of a server share; outlives them. */
struct notify_common {
    uv_loop_t *loop;
    struct poster *poster;
    struct notify_pace pace;
    struct rng rng;
    struct notify_totals totals;
    /* a notice of an event that happens now, with one reference; NULL: out of memory */
    struct notice *(*make)(void *ctx, const struct event *event);
    void *make_ctx;
    size_t receivers; /* that still have memory */
    /* one of them has not any more; receiver is only good for comparing */
    void (*on_gone)(void *ctx, const struct notify_receiver *receiver);
    void *on_gone_ctx;
};

/* notify_receiver_new - target is copied. NULL when out of memory. */
struct notify_receiver *notify_receiver_new(struct notify_common *common,
                                            const struct config_receiver *target);

/* notify_receiver_is - is it the one that target describes? */
bool notify_receiver_is(const struct notify_receiver *receiver,
                        const struct config_receiver *target);

/* notify_receiver_put - tell it, if it wants to know of such a severity. */
void notify_receiver_put(struct notify_receiver *receiver, struct notice *notice);

/* notify_receiver_waiting - notices not yet taken. */
size_t notify_receiver_waiting(const struct notify_receiver *receiver);

/* notify_receiver_finish - it goes by itself once nothing waits, or at the next failure. A pause
 * is cut short: one last try. */
void notify_receiver_finish(struct notify_receiver *receiver);

/* notify_receiver_cut - it goes now. why: for the log, when something still waits.
 * on_gone() follows when the loop has closed its timer; until then, another cut does nothing. */
void notify_receiver_cut(struct notify_receiver *receiver, const char *why);
