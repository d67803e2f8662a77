/* probe.c - when each probe runs.
 *
 *            due            its turn               done or deadline
 *   IDLE ----------> WAITING --------> RUNNING ------------------> on_result() -> IDLE
 *   in the heap:     in the queue      in the heap:
 *   next start                         deadline
 *
 * One uv timer is armed for the first item of the heap, or for at once when somebody in the
 * queue may start. Runs start in that timer's callback only, and on_result() is called from the
 * loop only, never from within a function of probe.h.
 *
 * Lost time. libuv runs timers before it looks at sockets, so after a stall of our loop (or a
 * SIGSTOP) deadlines would pass while the answers lie unread in the sockets, and every target
 * would fail at once. A deadline therefore is extended once, by as much as our timer was late
 * (at least 1 ms, at most the timeout): the sockets are always looked at after the deadline.
 * And what is due all at once after a stall is started little by little: hundreds of connects in
 * one moment overflow the listen backlog of whoever stands behind many of the targets, and each
 * that is lost there is tried again at the same moment a second later.
 */
#include "rhumb/probe.h"

#include <stdio.h>
#include <stdlib.h>

#include "rhumb/hash.h"
#include "rhumb/require.h"

#include "due_heap.h"
#include "probe_command.h"
#include "probe_http.h"
#include "probe_kind.h"
#include "probe_reason.h"
#include "probe_tls.h"
#include "ring.h"
#include "run_queue.h"
#include "state_files.h"

enum {
    NS_PER_US = 1000,
    PROBES_MAX = 1 << 17, /* one thread cannot ask more of them in time */
    COMMANDS_DEFAULT = 16,
    STARTS_AT_ONCE = 16, /* and as many again a millisecond later */
    JITTER_PART = 20,    /* up to 1/20 less than asked: never later, so detection times hold */
};

struct prober {
    uv_loop_t *loop;
    uv_timer_t timer;
    struct probe_means means;
    struct due_heap heap;
    struct run_queue queues[PROBE_LANES];
    struct ring probes; /* of struct probe */
    size_t probe_count;
    bool closing;
};

struct probe {
    struct ring in_probes;
    struct prober *prober;
    struct run_queue *queue; /* of its lane */
    struct run_slot slot;
    struct due due; /* the next start, or the deadline of the run */
    uint32_t timeout_ms;
    const struct probe_kind *kind;
    void *request; /* owned; the kind's */
    void *run;     /* the kind's; NULL: none under way */
    probe_on_result on_result;
    void *ctx;
    uint64_t jitter;     /* a sequence of its own, from the spread */
    bool extended;       /* the deadline of this run has been extended */
    uint64_t started_ns; /* of the latest run */
    bool reporting;      /* on_result() is being called: freeing must wait */
    bool removed;
};

static void on_timer(uv_timer_t *timer);

/* now_ms - the loop's time, fresh: what it keeps is from before the callbacks of this turn. */
static uint64_t now_ms(struct prober *prober)
{
    uv_update_time(prober->loop);
    return uv_now(prober->loop);
}

static bool has_next(const struct prober *prober)
{
    for (size_t i = 0; i < PROBE_LANES; i++)
        if (run_queue_has_next(&prober->queues[i]))
            return true;
    return false;
}

/* arm_after - wake up when there is something to do, but not before least_ms. */
static void arm_after(struct prober *prober, uint64_t least_ms)
{
    const struct due *first = due_heap_first(&prober->heap);
    bool may_start = has_next(prober);
    if (prober->closing)
        return;
    if (!may_start && !first) {
        uv_timer_stop(&prober->timer);
        return;
    }
    uint64_t now = now_ms(prober);
    uint64_t wait_ms = may_start || first->at_ms < now ? 0 : first->at_ms - now;
    uv_timer_start(&prober->timer, on_timer, wait_ms > least_ms ? wait_ms : least_ms, 0);
}

static void arm(struct prober *prober)
{
    arm_after(prober, 0);
}

static void free_probe(struct probe *probe)
{
    if (probe->request)
        probe->kind->request_free(probe->request);
    free(probe);
}

/* ---- runs ---- */

static void cancel_run(struct probe *probe)
{
    if (probe->run)
        probe->kind->run_cancel(probe->run);
    probe->run = NULL;
}

/* jittered - delay_ms made a little shorter, differently each time, so that targets which have
 * fallen into step drift apart. */
static uint64_t jittered(struct probe *probe, uint32_t delay_ms)
{
    uint32_t most = delay_ms / JITTER_PART;
    probe->jitter = hash_mix(probe->jitter + 1);
    uint32_t delay = delay_ms - (uint32_t)(probe->jitter % (most + (uint64_t)1));
    return delay > 0 ? delay : 1; /* the loop gets a turn between any two runs */
}

/* finish - the run of probe is over: free its place, report, and plan the next. */
static void finish(struct probe *probe, struct probe_result *result)
{
    struct prober *prober = probe->prober;
    result->took.total_us = probe_rtt_us((uv_hrtime() - probe->started_ns) / NS_PER_US);
    probe->run = NULL;
    due_heap_remove(&prober->heap, &probe->due);
    run_queue_end(probe->queue, &probe->slot);
    probe->reporting = true;
    uint32_t delay_ms = probe->on_result(probe->ctx, result);
    probe->reporting = false;
    if (probe->removed)
        free_probe(probe);
    else
        due_heap_put(&prober->heap, &probe->due, now_ms(prober) + jittered(probe, delay_ms));
}

static void on_done(void *ctx, const struct probe_result *result)
{
    struct probe *probe = (struct probe *)ctx;
    struct prober *prober = probe->prober;
    struct probe_result whole = *result;
    finish(probe, &whole);
    arm(prober);
}

static void start(struct probe *probe)
{
    struct prober *prober = probe->prober;
    struct probe_result result;
    probe->extended = false;
    probe->started_ns = uv_hrtime();
    due_heap_put(&prober->heap, &probe->due, now_ms(prober) + probe->timeout_ms);
    probe->run =
        probe->kind->run_start(&prober->means, probe->request, on_done, probe, &result);
    if (!probe->run)
        finish(probe, &result);
}

static void on_deadline(struct probe *probe, uint64_t now)
{
    struct probe_result result;
    uint64_t late_ms = now - probe->due.at_ms;
    if (!probe->extended) {
        uint64_t more_ms = late_ms < probe->timeout_ms ? late_ms : probe->timeout_ms;
        probe->extended = true;
        due_heap_put(&probe->prober->heap, &probe->due, now + (more_ms > 0 ? more_ms : 1));
        return;
    }
    bool ours = probe->kind->late_is_ours;
    probe_result_set(&result, ours ? HEALTH_OWN_FAULT : HEALTH_FAILURE,
                     "%stimeout after %u ms %s", ours ? "own fault: " : "", probe->timeout_ms,
                     probe->kind->run_phase(probe->run));
    cancel_run(probe);
    finish(probe, &result);
}

static void on_timer(uv_timer_t *timer)
{
    struct prober *prober = (struct prober *)timer->data;
    struct run_slot *slot;
    struct due *due;
    uint64_t now = now_ms(prober);
    int starts = 0;
    while (!prober->closing && (due = due_heap_first(&prober->heap)) && due->at_ms <= now) {
        struct probe *probe = CONTAINER_OF(due, struct probe, due);
        if (probe->slot.state == RUN_RUNNING) {
            on_deadline(probe, now);
        } else {
            due_heap_remove(&prober->heap, due);
            run_queue_wait(probe->queue, &probe->slot);
        }
    }
    for (size_t i = 0; i < PROBE_LANES; i++)
        for (; !prober->closing && starts < STARTS_AT_ONCE &&
               (slot = run_queue_next(&prober->queues[i]));
             starts++)
            start(CONTAINER_OF(slot, struct probe, slot));
    arm_after(prober, 1); /* with 0 this would run again before the sockets are looked at */
}

/* ---- probes ---- */

static bool is_possible(const struct config_check *check, const struct ip_addr *addr)
{
    return probe_kind_of(check->kind) && check->interval_ms > 0 && check->timeout_ms > 0 &&
           addr->family != IP_NONE;
}

enum err probe_add(struct prober *prober, const struct config_check *check,
                   const struct ip_addr *addr, uint64_t spread, uint32_t first_ms,
                   probe_on_result on_result, void *ctx, struct probe **out_probe)
{
    CHECK_OR(is_possible(check, addr), return ERR_INVALID)
    if (prober->probe_count >= PROBES_MAX)
        return ERR_LIMIT;
    struct probe *probe = (struct probe *)calloc(1, sizeof(*probe));
    if (!probe)
        return ERR_NO_MEMORY;
    *probe = (struct probe){
        .prober = prober,
        .kind = probe_kind_of(check->kind),
        .timeout_ms = check->timeout_ms,
        .on_result = on_result,
        .ctx = ctx,
        .jitter = spread,
    };
    probe->queue = &prober->queues[probe->kind->lane];
    probe->request = probe->kind->request_new(check, addr);
    if (!probe->request || due_heap_reserve(&prober->heap, prober->probe_count + 1) != ERR_OK ||
        run_queue_join(probe->queue, &probe->slot, addr) != ERR_OK)
        goto err_after_probe;
    ring_append(&prober->probes, &probe->in_probes);
    prober->probe_count++;
    uint64_t wait_ms = first_ms == UINT32_MAX ? spread % check->interval_ms : first_ms;
    due_heap_put(&prober->heap, &probe->due, now_ms(prober) + wait_ms);
    arm(prober);
    *out_probe = probe;
    return ERR_OK;
err_after_probe:
    free_probe(probe);
    return ERR_NO_MEMORY;
}

void probe_remove(struct probe *probe)
{
    struct prober *prober = probe->prober;
    if (probe->removed)
        return;
    probe->removed = true;
    cancel_run(probe);
    due_heap_remove(&prober->heap, &probe->due);
    run_queue_leave(probe->queue, &probe->slot);
    ring_remove(&probe->in_probes);
    prober->probe_count--;
    arm(prober);
    if (!probe->reporting)
        free_probe(probe); /* else finish() does */
}

/* ---- the prober ---- */

/* open_means - false when out of memory: then some are open. */
static bool open_means(struct prober *prober)
{
    struct probe_means *means = &prober->means;
    means->loop = prober->loop;
    means->commands = command_crew_new();
    means->files = state_files_new(prober->loop);
    means->tls = tls_trust_new();
    return means->commands && means->files && means->tls &&
           http_client_new(prober->loop, &means->http) == ERR_OK;
}

static void close_means(struct prober *prober)
{
    struct probe_means *means = &prober->means;
    if (means->commands)
        command_crew_close(means->commands);
    if (means->files)
        state_files_close(means->files);
    if (means->http)
        http_client_close(means->http);
    tls_trust_free(means->tls);
}

static void deinit_queues(struct prober *prober, size_t count)
{
    for (size_t i = 0; i < count; i++)
        run_queue_deinit(&prober->queues[i]);
}

enum err prober_new(uv_loop_t *loop, const struct prober_limits *limits,
                    struct prober **out_prober)
{
    size_t queues = 0;
    struct prober *prober = (struct prober *)calloc(1, sizeof(*prober));
    if (!prober)
        return ERR_NO_MEMORY;
    prober->loop = loop;
    ring_init(&prober->probes);
    while (queues < PROBE_LANES && run_queue_init(&prober->queues[queues], 1, 1) == ERR_OK)
        queues++;
    if (queues < PROBE_LANES || !open_means(prober))
        goto err_after_prober;
    uv_timer_init(loop, &prober->timer);
    prober->timer.data = prober;
    prober_set_limits(prober, limits);
    prober_set_max_commands(prober, COMMANDS_DEFAULT);
    *out_prober = prober;
    return ERR_OK;
err_after_prober:
    close_means(prober);
    deinit_queues(prober, queues);
    free(prober);
    return ERR_NO_MEMORY;
}

void prober_set_limits(struct prober *prober, const struct prober_limits *limits)
{
    struct run_queue *commands = &prober->queues[PROBE_LANE_COMMANDS];
    run_queue_set_limits(&prober->queues[PROBE_LANE_NETWORK], limits->max_in_flight,
                         limits->max_per_address);
    run_queue_set_limits(commands, commands->max_in_flight, limits->max_per_address);
    arm(prober);
}

void prober_set_max_commands(struct prober *prober, uint32_t max_commands)
{
    struct run_queue *commands = &prober->queues[PROBE_LANE_COMMANDS];
    run_queue_set_limits(commands, max_commands, commands->max_per_address);
    command_crew_set_max(prober->means.commands, commands->max_in_flight);
    arm(prober);
}

static void on_closed(uv_handle_t *handle)
{
    struct prober *prober = (struct prober *)handle->data;
    deinit_queues(prober, PROBE_LANES);
    due_heap_deinit(&prober->heap);
    free(prober);
}

void prober_close(struct prober *prober)
{
    prober->closing = true;
    for (struct ring *r = prober->probes.next, *next; r != &prober->probes; r = next) {
        next = r->next;
        probe_remove(CONTAINER_OF(r, struct probe, in_probes));
    }
    close_means(prober);
    uv_close((uv_handle_t *)&prober->timer, on_closed);
}

size_t prober_in_flight(const struct prober *prober)
{
    size_t count = 0;
    for (size_t i = 0; i < PROBE_LANES; i++)
        count += prober->queues[i].in_flight;
    return count;
}

size_t prober_waiting(const struct prober *prober)
{
    size_t count = 0;
    for (size_t i = 0; i < PROBE_LANES; i++)
        count += prober->queues[i].waiting;
    return count;
}
