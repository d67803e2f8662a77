#include "notify_receiver.h"

#include <stdio.h>
#include <stdlib.h>

#include "rhumb/clock.h"
#include "rhumb/log.h"

#include "notify_command.h"
#include "notify_queue.h"
#include "notify_target.h"

enum { TARGET_BYTES_MAX = 64 * 1024, REASON_MAX = 128 };

struct notify_receiver {
    uv_timer_t turn; /* its close callback frees the receiver */
    struct notify_common *common;
    struct arena *arena; /* of target */
    struct config_receiver target;
    struct notify_queue queue;
    struct notice *current; /* being told, or to be told again; NULL: none */
    struct post *post;      /* at most one of these two is not NULL */
    struct notify_command *command;
    unsigned failures;       /* of a webhook, in a row */
    struct notify_loss lost; /* for want of room, and not told yet */
    bool finishing, gone;
};

static void on_turn(uv_timer_t *turn);

/* held - notices that are here; one about those that are not may follow. */
static size_t held(const struct notify_receiver *receiver)
{
    return receiver->queue.count + (receiver->current ? 1 : 0);
}

size_t notify_receiver_waiting(const struct notify_receiver *receiver)
{
    return held(receiver) + (receiver->lost.count > 0);
}

static const char *name_of(const struct notify_receiver *receiver, char quoted[LOG_QUOTE_MAX])
{
    return log_quote(receiver->target.name, quoted);
}

static bool is_busy(const struct notify_receiver *receiver)
{
    return receiver->post || receiver->command;
}

static void take_turn(struct notify_receiver *receiver, uint32_t after_ms)
{
    uv_timer_start(&receiver->turn, on_turn, after_ms, 0);
}

static void drop_current(struct notify_receiver *receiver)
{
    notice_unref(receiver->current);
    receiver->current = NULL;
}

/* go_on - with the next notice, if there is one. */
static void go_on(struct notify_receiver *receiver)
{
    if (notify_receiver_waiting(receiver) > 0)
        take_turn(receiver, 0);
    else if (receiver->finishing)
        notify_receiver_cut(receiver, "");
}

/* ---- outcomes ---- */

static void log_failure(const struct notify_receiver *receiver, const char *reason,
                        uint32_t retry_ms)
{
    char name[LOG_QUOTE_MAX], kind[LOG_QUOTE_MAX], why[LOG_QUOTE_MAX];
    enum log_level level = receiver->failures > 1 ? LOG_LEVEL_DEBUG : LOG_LEVEL_WARNING;
    log_event(level, "notify_failed", "receiver=%s about=%s id=%s retry_ms=%u reason=%s",
              name_of(receiver, name), log_quote(receiver->current->kind, kind),
              receiver->current->id, retry_ms, log_quote(reason, why));
}

static void on_taken(struct notify_receiver *receiver)
{
    char quoted[LOG_QUOTE_MAX];
    receiver->common->totals.delivered++;
    if (receiver->failures > 0)
        log_event(LOG_LEVEL_INFO, "notify_works", "receiver=%s failures=%u",
                  name_of(receiver, quoted), receiver->failures);
    receiver->failures = 0;
    drop_current(receiver);
    go_on(receiver);
}

/* give_up_old - what nobody would act on any more. */
static void give_up_old(struct notify_receiver *receiver)
{
    char quoted[LOG_QUOTE_MAX];
    uint64_t since_ms = clock_monotonic_ms() - receiver->common->pace.give_up_ms;
    size_t count = notify_queue_expire(&receiver->queue, since_ms);
    if (receiver->current->since_ms < since_ms) {
        drop_current(receiver);
        count++;
    }
    if (count == 0)
        return;
    receiver->common->totals.given_up += count;
    log_event(LOG_LEVEL_ERROR, "notify_given_up", "receiver=%s events=%zu failures=%u",
              name_of(receiver, quoted), count, receiver->failures);
}

/* on_refused - a webhook is asked again. The pause grows with its failures, whichever notice
 * they were about: giving one up must not make it busier. */
static void on_refused(struct notify_receiver *receiver, const char *reason)
{
    struct notify_common *common = receiver->common;
    common->totals.failed++;
    receiver->failures++;
    uint32_t retry_ms = notify_retry_ms(&common->pace, receiver->failures, &common->rng);
    log_failure(receiver, reason, retry_ms);
    if (receiver->finishing) {
        notify_receiver_cut(receiver, reason);
        return;
    }
    give_up_old(receiver);
    if (notify_receiver_waiting(receiver) > 0)
        take_turn(receiver, retry_ms);
    else
        go_on(receiver);
}

/* on_failed - a command is not: it may have done half of its work. */
static void on_failed(struct notify_receiver *receiver, const char *reason)
{
    receiver->common->totals.failed++;
    receiver->common->totals.given_up++;
    log_failure(receiver, reason, 0);
    drop_current(receiver);
    go_on(receiver);
}

static void on_posted(void *ctx, const struct post_result *result)
{
    struct notify_receiver *receiver = ctx;
    receiver->post = NULL;
    if (result->taken)
        on_taken(receiver);
    else
        on_refused(receiver, result->reason);
}

static void on_command_done(void *ctx, bool taken, const char *reason)
{
    struct notify_receiver *receiver = ctx;
    receiver->command = NULL;
    if (taken)
        on_taken(receiver);
    else
        on_failed(receiver, reason);
}

/* ---- attempts ---- */

static void start_post(struct notify_receiver *receiver)
{
    const struct config_receiver *target = &receiver->target;
    struct post_request request = {
        .url = target->url,
        .headers = target->headers,
        .header_count = target->header_count,
        .json = receiver->current->json,
        .id = receiver->current->id,
        .verify = target->verify,
        .ca_file = target->ca_file,
        .timeout_ms = target->timeout_ms,
    };
    if (post_start(receiver->common->poster, &request, on_posted, receiver, &receiver->post) !=
        ERR_OK)
        on_refused(receiver, "out of memory");
}

static void start_command(struct notify_receiver *receiver)
{
    int status =
        notify_command_start(receiver->common->loop, &receiver->target, receiver->current,
                             on_command_done, receiver, &receiver->command);
    if (status != 0)
        on_failed(receiver, uv_strerror(status));
}

/* make_summary - what was lost, in one notice, as soon as half of the room is free again: whoever is
 * slow all the time is told of it all the time, but not for every notice. */
static struct notice *make_summary(struct notify_receiver *receiver)
{
    char quoted[LOG_QUOTE_MAX], reason[REASON_MAX];
    struct notify_common *common = receiver->common;
    const struct notify_loss *lost = &receiver->lost;
    if (lost->count == 0 || receiver->queue.bytes > receiver->queue.max_bytes / 2)
        return NULL;
    (void)snprintf(reason, sizeof(reason),
                   "%zu notice%s dropped: more than %zu KiB waited for this receiver",
                   lost->count, lost->count == 1 ? " was" : "s were",
                   receiver->queue.max_bytes / 1024);
    struct notice *notice =
        common->make(common->make_ctx, &(struct event){.kind = "notices_dropped",
                                                       .severity = lost->severity,
                                                       .reason = reason,
                                                       .remedy = "the log has them all"});
    log_event(LOG_LEVEL_WARNING, "notify_overflowed", "receiver=%s dropped=%zu",
              name_of(receiver, quoted), lost->count);
    receiver->lost = (struct notify_loss){0};
    common->totals.queued += notice != NULL;
    return notice;
}

static void on_turn(uv_timer_t *turn)
{
    struct notify_receiver *receiver = turn->data;
    if (!receiver->current)
        receiver->current = make_summary(receiver);
    if (!receiver->current)
        receiver->current = notify_queue_take(&receiver->queue);
    if (!receiver->current) /* there was no memory for the summary */
        go_on(receiver);
    else if (receiver->target.kind == CONFIG_WEBHOOK)
        start_post(receiver);
    else
        start_command(receiver);
}

void notify_receiver_put(struct notify_receiver *receiver, struct notice *notice)
{
    char quoted[LOG_QUOTE_MAX];
    if (notice->severity < receiver->target.severity)
        return;
    receiver->common->totals.queued++;
    struct notify_loss loss = notify_queue_put(&receiver->queue, notice);
    if (loss.count > 0) {
        receiver->common->totals.dropped += loss.count;
        if (receiver->lost.count == 0)
            log_event(LOG_LEVEL_WARNING, "notify_overflow",
                      "receiver=%s waiting=%zu reason=\"of the lowest severity the oldest go\"",
                      name_of(receiver, quoted), receiver->queue.count);
        receiver->lost.count += loss.count;
        if (loss.severity > receiver->lost.severity)
            receiver->lost.severity = loss.severity;
    }
    if (!is_busy(receiver) && !uv_is_active((uv_handle_t *)&receiver->turn))
        take_turn(receiver, 0);
}

bool notify_receiver_is(const struct notify_receiver *receiver,
                        const struct config_receiver *target)
{
    return notify_target_equal(&receiver->target, target);
}

/* ---- life ---- */

struct notify_receiver *notify_receiver_new(struct notify_common *common,
                                            const struct config_receiver *target)
{
    struct notify_receiver *receiver = calloc(1, sizeof(*receiver));
    if (!receiver)
        return NULL;
    receiver->common = common;
    receiver->arena = arena_new(TARGET_BYTES_MAX);
    if (!receiver->arena || !notify_target_copy(receiver->arena, target, &receiver->target)) {
        arena_free(receiver->arena);
        free(receiver);
        return NULL;
    }
    notify_queue_init(&receiver->queue, common->pace.queue_bytes);
    uv_timer_init(common->loop, &receiver->turn);
    receiver->turn.data = receiver;
    common->receivers++;
    return receiver;
}

void notify_receiver_finish(struct notify_receiver *receiver)
{
    receiver->finishing = true;
    if (notify_receiver_waiting(receiver) == 0)
        notify_receiver_cut(receiver, "");
    else if (!is_busy(receiver))
        take_turn(receiver, 0);
}

static void on_turn_closed(uv_handle_t *handle)
{
    struct notify_receiver *receiver = handle->data;
    struct notify_common *common = receiver->common;
    common->receivers--;
    common->on_gone(common->on_gone_ctx, receiver);
    arena_free(receiver->arena);
    free(receiver);
}

void notify_receiver_cut(struct notify_receiver *receiver, const char *why)
{
    char name[LOG_QUOTE_MAX], reason[LOG_QUOTE_MAX];
    size_t waiting = held(receiver);
    if (receiver->gone)
        return;
    receiver->gone = true;
    if (waiting > 0)
        log_event(LOG_LEVEL_WARNING, "notify_dropped", "receiver=%s events=%zu reason=%s",
                  name_of(receiver, name), waiting, log_quote(why, reason));
    receiver->common->totals.dropped += waiting;
    if (receiver->post)
        post_cancel(receiver->post);
    if (receiver->command)
        notify_command_cancel(receiver->command);
    drop_current(receiver);
    notify_queue_deinit(&receiver->queue);
    uv_close((uv_handle_t *)&receiver->turn, on_turn_closed);
}
