#include "rhumb/notify.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "rhumb/chance.h"
#include "rhumb/clock.h"
#include "rhumb/log.h"

#include "notify_pace.h"
#include "notify_receiver.h"

enum { RUN_TEXT_MAX = 40, ID_TEXT_MAX = 64 };

struct notify {
    struct notify_common common;
    struct notify_receiver *receivers[CONFIG_RECEIVERS_MAX];
    size_t receiver_count;
    char *identity;         /* of the server; NULL: it has none */
    char run[RUN_TEXT_MAX]; /* what the ids of this run begin with */
    uint64_t events;        /* the last id's number */
    uv_timer_t grace;       /* its close callback frees it all */
    bool closing;
};

/* ---- receivers ---- */

static void on_grace_closed(uv_handle_t *handle)
{
    struct notify *notify = handle->data;
    free(notify->identity);
    free(notify);
}

static void free_when_gone(struct notify *notify)
{
    if (!notify->closing || notify->common.receivers > 0 ||
        uv_is_closing((uv_handle_t *)&notify->grace))
        return;
    poster_close(notify->common.poster);
    uv_close((uv_handle_t *)&notify->grace, on_grace_closed);
}

static void on_gone(void *ctx, const struct notify_receiver *receiver)
{
    struct notify *notify = ctx;
    for (size_t i = 0; i < notify->receiver_count; i++)
        if (notify->receivers[i] == receiver)
            notify->receivers[i--] = notify->receivers[--notify->receiver_count];
    free_when_gone(notify);
}

/* take_out - the receiver that target describes, if it is there; NULL: it is not. */
static struct notify_receiver *take_out(struct notify *notify,
                                        const struct config_receiver *target)
{
    for (size_t i = 0; i < notify->receiver_count; i++) {
        struct notify_receiver *receiver = notify->receivers[i];
        if (!notify_receiver_is(receiver, target))
            continue;
        notify->receivers[i] = notify->receivers[--notify->receiver_count];
        return receiver;
    }
    return NULL;
}

static void set_identity(struct notify *notify, const char *identity)
{
    free(notify->identity);
    notify->identity = identity ? strdup(identity) : NULL;
}

void notify_set(struct notify *notify, const struct config *config)
{
    struct notify_receiver *fresh[CONFIG_RECEIVERS_MAX];
    size_t count = 0;
    for (size_t i = 0; i < config->receiver_count; i++) {
        struct notify_receiver *receiver = take_out(notify, &config->receivers[i]);
        if (!receiver)
            receiver = notify_receiver_new(&notify->common, &config->receivers[i]);
        if (receiver)
            fresh[count++] = receiver;
        else
            log_event(LOG_LEVEL_ERROR, "out_of_memory", "what=notify");
    }
    while (notify->receiver_count > 0)
        notify_receiver_cut(notify->receivers[--notify->receiver_count],
                            "it is configured no longer");
    memcpy(notify->receivers, fresh, count * sizeof(struct notify_receiver *));
    notify->receiver_count = count;
    set_identity(notify, config->server.identity);
}

/* ---- events ---- */

static struct notice *make(void *ctx, const struct event *event)
{
    struct notify *notify = ctx;
    char id[ID_TEXT_MAX];
    snprintf(id, sizeof(id), "%s-%llu", notify->run, (unsigned long long)++notify->events);
    struct notice *notice = notice_new(event, id, notify->identity);
    if (!notice)
        log_event(LOG_LEVEL_ERROR, "out_of_memory", "what=notify");
    return notice;
}

void notify_send(struct notify *notify, const struct event *event)
{
    if (notify->closing || notify->receiver_count == 0)
        return;
    struct notice *notice = make(notify, event);
    if (!notice)
        return;
    for (size_t i = 0; i < notify->receiver_count; i++)
        notify_receiver_put(notify->receivers[i], notice);
    notice_unref(notice);
}

void notify_tell(struct notify *notify, const struct event *event)
{
    event_log(event);
    if (notify)
        notify_send(notify, event);
}

struct notify_totals notify_totals(const struct notify *notify)
{
    return notify->common.totals;
}

size_t notify_waiting(const struct notify *notify)
{
    size_t waiting = 0;
    for (size_t i = 0; i < notify->receiver_count; i++)
        waiting += notify_receiver_waiting(notify->receivers[i]);
    return waiting;
}

/* ---- life ---- */

/* begin_run - ids: the time of the start and chance, since two servers may start together. */
static enum err begin_run(struct notify *notify)
{
    uint64_t chance;
    if (!chance_fill(&chance, sizeof(chance)))
        return ERR_IO;
    rng_init(&notify->common.rng, chance);
    snprintf(notify->run, sizeof(notify->run), "%llx-%08x", (unsigned long long)clock_wall_ms(),
             (unsigned)rng_next(&notify->common.rng));
    return ERR_OK;
}

enum err notify_new_paced(uv_loop_t *loop, const struct notify_pace *pace,
                          struct notify **out_notify)
{
    struct notify *notify = calloc(1, sizeof(*notify));
    if (!notify)
        return ERR_NO_MEMORY;
    notify->common.loop = loop;
    notify->common.pace = *pace;
    notify->common.on_gone = on_gone;
    notify->common.on_gone_ctx = notify;
    notify->common.make = make;
    notify->common.make_ctx = notify;
    enum err err = begin_run(notify);
    if (err == ERR_OK)
        err = poster_new(loop, &notify->common.poster);
    if (err != ERR_OK) {
        free(notify);
        return err;
    }
    uv_timer_init(loop, &notify->grace);
    notify->grace.data = notify;
    *out_notify = notify;
    return ERR_OK;
}

enum err notify_new(uv_loop_t *loop, struct notify **out_notify)
{
    struct notify_pace pace = notify_pace_usual();
    return notify_new_paced(loop, &pace, out_notify);
}

static void on_grace_over(uv_timer_t *grace)
{
    struct notify *notify = grace->data;
    for (size_t i = 0; i < notify->receiver_count; i++)
        notify_receiver_cut(notify->receivers[i], "the server stops");
}

void notify_close(struct notify *notify)
{
    if (!notify)
        return;
    notify->closing = true;
    uv_timer_start(&notify->grace, on_grace_over, notify->common.pace.grace_ms, 0);
    for (size_t i = 0; i < notify->receiver_count; i++)
        notify_receiver_finish(notify->receivers[i]);
    free_when_gone(notify);
}
