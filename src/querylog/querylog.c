#include "rhumb/querylog.h"

#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include <uv.h>

#include "rhumb/clock.h"

#include "querylog_sink.h"

enum {
    RING_BYTES =
        1 << 20, /* a worker; at 150 bytes a record that of 10 ms at 700,000 queries/s */
    BUSY_NS = 10 * 1000000, /* a look at the rings so often while there is something in them, */
    IDLE_NS = 100 * 1000000,
    RECORDS_MAX = 4096, /* of one ring before the next has its turn */
};

/* What control thread and writer share. It goes with the last of the two. */
struct desk {
    uv_mutex_t lock;
    uv_cond_t news;
    /* under the lock */
    struct querylog_sink *wanted; /* the next sink; NULL: none, or as it is */
    bool has_wanted, reopen, stop, is_done, is_abandoned;
    /* */
    struct querylog_counts counts;
    size_t ring_count;
    struct byte_ring rings[]; /* owned */
};

struct querylog {
    size_t worker_count;
    const char *version; /* borrowed */
    struct desk *desk;   /* NULL: nothing was to be logged so far */
    /* as set last; NULL: none */
    char *path, *identity;
    bool is_dnstap;
    enum config_log_format format;
};

static void free_desk(struct desk *desk)
{
    for (size_t i = 0; i < desk->ring_count; i++)
        byte_ring_deinit(&desk->rings[i]);
    if (desk->wanted)
        desk->wanted->free(desk->wanted);
    uv_cond_destroy(&desk->news);
    uv_mutex_destroy(&desk->lock);
    free(desk);
}

/* ---- the thread ---- */

/* What control wants, taken out of the desk. */
struct wishes {
    struct querylog_sink *sink;
    bool has_sink, reopen, stop;
};

/* take_wishes - and wait before, when there are none, for wait_ns; 0: not at all. */
static struct wishes take_wishes(struct desk *desk, uint64_t wait_ns)
{
    uv_mutex_lock(&desk->lock);
    if (wait_ns > 0 && !desk->has_wanted && !desk->reopen && !desk->stop)
        (void)uv_cond_timedwait(&desk->news, &desk->lock, wait_ns);
    struct wishes wishes = {
        .sink = desk->wanted,
        .has_sink = desk->has_wanted,
        .reopen = desk->reopen,
        .stop = desk->stop,
    };
    desk->wanted = NULL;
    desk->has_wanted = desk->reopen = false;
    uv_mutex_unlock(&desk->lock);
    return wishes;
}

/* drain - some of what is in a ring; returns how many records. Without a sink they are let go. */
static size_t drain(struct byte_ring *ring, struct querylog_sink *sink)
{
    size_t count = 0, len;
    const void *bytes;
    while (count < RECORDS_MAX && (bytes = byte_ring_look(ring, &len)) != NULL) {
        struct answer_record_view record;
        answer_record_read(bytes, &record);
        if (sink)
            sink->put(sink, &record);
        byte_ring_drop(ring);
        count++;
    }
    return count;
}

static size_t drain_all(struct desk *desk, struct querylog_sink *sink)
{
    size_t count = 0;
    for (size_t i = 0; i < desk->ring_count; i++)
        count += drain(&desk->rings[i], sink);
    if (sink)
        sink->flush(sink);
    return count;
}

static struct querylog_sink *grant(const struct wishes *wishes, struct querylog_sink *sink)
{
    if (wishes->has_sink) {
        if (sink)
            sink->free(sink);
        return wishes->sink;
    }
    if (wishes->reopen && sink)
        sink->reopen(sink);
    return sink;
}

/* leave - the thread is through; the desk stays when control still looks at it. */
static void leave(struct desk *desk)
{
    uv_mutex_lock(&desk->lock);
    bool is_last = desk->is_abandoned;
    desk->is_done = true;
    uv_cond_signal(&desk->news);
    uv_mutex_unlock(&desk->lock);
    if (is_last)
        free_desk(desk);
}

static void *run(void *arg)
{
    struct desk *desk = arg;
    struct querylog_sink *sink = NULL;
    size_t count = 0;
    sigset_t all;
    sigfillset(&all);
    pthread_sigmask(SIG_BLOCK, &all, NULL); /* signals are the main thread's business */
    (void)pthread_setname_np(pthread_self(), "rhumb-querylog");
    for (;;) {
        struct wishes wishes = take_wishes(desk, count > 0 ? BUSY_NS : IDLE_NS);
        if (sink && (wishes.has_sink || wishes.reopen))
            (void)drain_all(desk, sink); /* what has come so far is the old one's */
        sink = grant(&wishes, sink);
        count = drain_all(desk, sink);
        if (wishes.stop && count == 0)
            break;
    }
    if (sink)
        sink->free(sink);
    leave(desk);
    return NULL;
}

static bool start_thread(struct desk *desk)
{
    pthread_attr_t attributes;
    pthread_t thread;
    if (pthread_attr_init(&attributes) != 0)
        return false;
    pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED);
    bool started = pthread_create(&thread, &attributes, run, desk) == 0;
    pthread_attr_destroy(&attributes);
    return started;
}

/* ---- the control thread ---- */

static struct desk *new_desk(size_t ring_count)
{
    size_t size = sizeof(struct desk) + ring_count * sizeof(struct byte_ring);
    struct desk *desk = aligned_alloc(BYTE_RING_LINE, (size + BYTE_RING_LINE - 1) /
                                                          BYTE_RING_LINE * BYTE_RING_LINE);
    if (!desk)
        return NULL;
    memset(desk, 0, size);
    if (uv_mutex_init(&desk->lock) != 0) {
        free(desk);
        return NULL;
    }
    if (uv_cond_init(&desk->news) != 0) {
        uv_mutex_destroy(&desk->lock);
        free(desk);
        return NULL;
    }
    while (desk->ring_count < ring_count &&
           byte_ring_init(&desk->rings[desk->ring_count], RING_BYTES) == ERR_OK)
        desk->ring_count++;
    if (desk->ring_count == ring_count && start_thread(desk))
        return desk;
    free_desk(desk);
    return NULL;
}

enum err querylog_new(size_t worker_count, const char *version, struct querylog **out_log)
{
    struct querylog *log = calloc(1, sizeof(*log));
    if (!log)
        return ERR_NO_MEMORY;
    log->worker_count = worker_count;
    log->version = version;
    *out_log = log;
    return ERR_OK;
}

static bool is_same_text(const char *a, const char *b)
{
    return a && b ? strcmp(a, b) == 0 : a == b;
}

static bool is_as_set(const struct querylog *log, const struct config_query_log *wanted,
                      const char *identity)
{
    const char *path = wanted->dnstap ? wanted->dnstap : wanted->file;
    return is_same_text(log->path, wanted->chance > 0 ? path : NULL) &&
           is_same_text(log->identity, identity) &&
           log->is_dnstap == (wanted->dnstap != NULL) && log->format == wanted->format;
}

/* wish - the thread shall use this sink from now on; NULL: none. */
static void wish(struct desk *desk, struct querylog_sink *sink)
{
    uv_mutex_lock(&desk->lock);
    struct querylog_sink *unseen = desk->wanted;
    desk->wanted = sink;
    desk->has_wanted = true;
    uv_cond_signal(&desk->news);
    uv_mutex_unlock(&desk->lock);
    if (unseen)
        unseen->free(unseen); /* nothing was ever put into it */
}

/* remember - what was set, to know when it changes. False: out of memory. */
static bool remember(struct querylog *log, const char *path, const char *identity)
{
    char *own_path = path ? strdup(path) : NULL;
    char *own_identity = identity ? strdup(identity) : NULL;
    if ((path && !own_path) || (identity && !own_identity)) {
        free(own_path);
        free(own_identity);
        return false;
    }
    free(log->path);
    free(log->identity);
    log->path = own_path;
    log->identity = own_identity;
    return true;
}

static struct querylog_sink *make_sink(const struct querylog *log,
                                       const struct config_query_log *wanted,
                                       const char *identity)
{
    struct querylog_counts *counts = &log->desk->counts;
    return wanted->dnstap ? querylog_dnstap_new(wanted->dnstap, identity, log->version, counts)
                          : querylog_file_new(wanted->file, wanted->format, counts);
}

enum err querylog_set(struct querylog *log, const struct config *config)
{
    const struct config_query_log *wanted = &config->query_log;
    const char *path = wanted->dnstap ? wanted->dnstap : wanted->file;
    const char *identity = config->server.identity;
    struct querylog_sink *sink = NULL;
    if (wanted->chance == 0)
        path = NULL;
    if (is_as_set(log, wanted, identity) || (!log->desk && !path))
        return ERR_OK;
    if (!log->desk && !(log->desk = new_desk(log->worker_count)))
        return ERR_NO_MEMORY;
    if (path && !(sink = make_sink(log, wanted, identity)))
        return ERR_NO_MEMORY;
    if (!remember(log, path, identity)) {
        if (sink)
            sink->free(sink);
        return ERR_NO_MEMORY;
    }
    log->is_dnstap = wanted->dnstap != NULL;
    log->format = wanted->format;
    wish(log->desk, sink);
    return ERR_OK;
}

struct byte_ring *querylog_ring(struct querylog *log, size_t worker)
{
    return log->desk ? &log->desk->rings[worker] : NULL;
}

void querylog_reopen(struct querylog *log)
{
    struct desk *desk = log->desk;
    if (!desk)
        return;
    uv_mutex_lock(&desk->lock);
    desk->reopen = true;
    uv_cond_signal(&desk->news);
    uv_mutex_unlock(&desk->lock);
}

void querylog_totals(const struct querylog *log, struct querylog_totals *out_totals)
{
    const struct desk *desk = log->desk;
    *out_totals = (struct querylog_totals){0};
    if (!desk)
        return;
    out_totals->written = atomic_load_explicit(&desk->counts.written, memory_order_relaxed);
    out_totals->dropped_unwritten =
        atomic_load_explicit(&desk->counts.lost, memory_order_relaxed);
    for (size_t i = 0; i < desk->ring_count; i++)
        out_totals->dropped_full += byte_ring_dropped(&desk->rings[i]);
}

/* part_with - wait for the thread, but not for ever; whoever is last frees the desk. */
static void part_with(struct desk *desk, uint32_t wait_ms)
{
    uint64_t until_ms = clock_monotonic_ms() + wait_ms, now_ms;
    uv_mutex_lock(&desk->lock);
    desk->stop = true;
    uv_cond_signal(&desk->news);
    while (!desk->is_done && (now_ms = clock_monotonic_ms()) < until_ms)
        (void)uv_cond_timedwait(&desk->news, &desk->lock, (until_ms - now_ms) * 1000000);
    bool is_last = desk->is_done;
    desk->is_abandoned = true;
    uv_mutex_unlock(&desk->lock);
    if (is_last)
        free_desk(desk);
}

void querylog_close(struct querylog *log, uint32_t wait_ms)
{
    if (!log)
        return;
    if (log->desk)
        part_with(log->desk, wait_ms);
    free(log->path);
    free(log->identity);
    free(log);
}
