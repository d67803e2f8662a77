#include "reload.h"

#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "rhumb/analysis_shrink.h"
#include "rhumb/clock.h"
#include "rhumb/diag_log.h"
#include "rhumb/file_watch.h"
#include "rhumb/log.h"
#include "rhumb/notify.h"
#include "rhumb/sd_notify.h"

#include "logs.h"
#include "reload_wait.h"
#include "table_digest.h"

enum { REASON_MAX = 1024 };

struct reload {
    uv_loop_t *loop;
    char *config_path;
    struct snapshot_slot *slot;
    struct monitor *monitor;
    struct net *net;
    struct notify *notify; /* NULL: nobody is told */
    struct logs *logs;     /* NULL: they stay as they are */
    struct file_watch *watch;
    uv_work_t compile_work;
    bool running, again, closing;
    bool force_next, forced; /* of the next run; of the one under way: see reload_ask() */
    bool ready;              /* the service manager was told that we serve */
    bool keep_map;
    struct admin *admin;                    /* NULL: there is none */
    struct reload_waiter *waiting, *served; /* by the next run; by the one under way */
    struct reload_facts facts;
    size_t retiring; /* old snapshots on their way out */
    /* of the compilation under way; the pool thread owns them until it is done */
    struct diag_list *diags;
    const struct snapshot *current; /* served all the time: nobody else publishes */
    struct snapshot *fresh;
    struct net_tls *fresh_tls; /* NULL: no listener needs it */
    enum err err;
    uint64_t started_ms;
};

/* The old snapshot on its way out: a work item of its own, so that reloads may overlap it. */
struct retirement {
    uv_work_t work;
    struct reload *reload;
    struct snapshot *old;
    uint64_t grace_us;
};

static void start(struct reload *reload);

/* ---- failing ---- */

static void notify_failure(struct reload *reload, const char *reason, const char *remedy)
{
    reload->facts.failed_ms = clock_wall_ms();
    reload->facts.failed++;
    reload_wait_tell(&reload->served, ERR_INVALID, reason);
    const struct event event = {
        .kind = "reload_failed",
        .severity = CONFIG_CRITICAL,
        .reason = reason,
        .remedy = remedy,
    };
    if (reload->notify) /* the log has it already, with every diagnostic */
        notify_send(reload->notify, &event);
}

/* notify_success - whoever was told of a failure wants to know that it is over. */
static void notify_success(struct reload *reload)
{
    if (reload->facts.failed_ms == 0 || !reload->notify)
        return;
    notify_send(reload->notify, &(struct event){
                                    .kind = "reload_works",
                                    .severity = CONFIG_CRITICAL,
                                    .clears = true,
                                });
}

/* notify_first_error - the first of many is the one to begin with. */
static void notify_first_error(struct reload *reload)
{
    char reason[REASON_MAX];
    for (size_t i = 0; i < diag_count(reload->diags); i++) {
        const struct diag *diag = diag_get(reload->diags, i);
        if (diag->severity != DIAG_ERROR)
            continue;
        snprintf(reason, sizeof(reason), "%s:%u:%u: %s",
                 diag->place.file ? diag->place.file : "", diag->place.line, diag->place.column,
                 diag->message);
        notify_failure(reload, reason, diag->remedy);
        return;
    }
    notify_failure(reload, err_text(reload->err), NULL);
}

/* ---- retiring ---- */

/* free_if_idle - the last that runs for a closed one takes it along. */
static void free_if_idle(struct reload *reload)
{
    if (!reload->closing || reload->running || reload->retiring > 0)
        return;
    free(reload->config_path);
    free(reload);
}

static void retire_in_pool(uv_work_t *work)
{
    struct retirement *retirement = work->data;
    uint64_t started_us = clock_monotonic_us();
    snapshot_retire(retirement->old);
    retirement->grace_us = clock_monotonic_us() - started_us;
    malloc_trim(0); /* a snapshot's worth of memory goes back to the system */
}

static void on_retired(uv_work_t *work, int status)
{
    (void)status;
    struct retirement *retirement = work->data;
    struct reload *reload = retirement->reload;
    log_event(LOG_LEVEL_DEBUG, "snapshot_retired", "grace_us=%llu",
              (unsigned long long)retirement->grace_us);
    reload->facts.grace_us = retirement->grace_us;
    reload->retiring--;
    free(retirement);
    free_if_idle(reload);
}

static void retire(struct reload *reload, struct snapshot *old)
{
    struct retirement *retirement = calloc(1, sizeof(*retirement));
    if (!retirement) { /* it stays: a leak beats a wait on the loop */
        log_event(LOG_LEVEL_ERROR, "out_of_memory", "what=retire");
        return;
    }
    retirement->reload = reload;
    retirement->old = old;
    retirement->work.data = retirement;
    if (uv_queue_work(reload->loop, &retirement->work, retire_in_pool, on_retired) == 0)
        reload->retiring++;
    else
        free(retirement);
}

/* ---- compiling and publishing ---- */

/* discard - what was compiled is not wanted. */
static void discard(struct reload *reload)
{
    snapshot_free(reload->fresh);
    net_tls_free(reload->fresh_tls);
    reload->fresh = NULL;
    reload->fresh_tls = NULL;
}

/* refuse_accidents - what is left of a configuration that is being written may be valid. In the
 * pool: it looks at every name. */
static void refuse_accidents(struct reload *reload)
{
    const struct diag_place place = {.file = reload->config_path};
    struct shrink_list list;
    analysis_shrink(reload->current, reload->fresh, &list);
    if (!analysis_shrink_is_refused(&list, reload->fresh) || (reload->forced && !list.silent))
        return;
    for (size_t i = 0; i < list.count; i++) {
        diag_error(reload->diags, &place, "%s", list.items[i].reason);
        diag_remedy(reload->diags, "%s", list.items[i].remedy);
    }
    reload->err = ERR_INVALID;
}

static void compile_in_pool(uv_work_t *work)
{
    struct reload *reload = work->data;
    struct snapshot_options options = {.keep_map = reload->keep_map};
    reload->fresh = NULL;
    reload->fresh_tls = NULL;
    reload->err =
        snapshot_compile(reload->config_path, &options, reload->diags, &reload->fresh);
    if (reload->err == ERR_OK)
        reload->err =
            net_tls_load(&reload->fresh->config->server, reload->diags, &reload->fresh_tls);
    if (reload->err == ERR_OK)
        refuse_accidents(reload);
    if (reload->err == ERR_OK && !table_digest_make(reload->fresh, NULL))
        reload->err = ERR_NO_MEMORY;
    malloc_trim(0);
}

static bool are_same_listeners(const struct config_listener *was, size_t was_count,
                               const struct config_listener *is, size_t is_count)
{
    bool same = was_count == is_count;
    for (size_t i = 0; same && i < was_count; i++)
        same = ip_equal(&was[i].addr, &is[i].addr) && was[i].port == is[i].port;
    return same;
}

static bool are_same_transports(const struct config_server *was, const struct config_server *is)
{
    bool same =
        was->proxy_count == is->proxy_count && was->tcp_connections == is->tcp_connections &&
        was->tcp_per_prefix == is->tcp_per_prefix && was->tcp_idle_ms == is->tcp_idle_ms &&
        was->tcp_message_ms == is->tcp_message_ms;
    for (size_t i = 0; same && i < was->proxy_count; i++)
        same = ip_equal(&was->proxies[i].addr, &is->proxies[i].addr) &&
               was->proxies[i].len == is->proxies[i].len;
    return same && are_same_listeners(was->tls.listeners, was->tls.listener_count,
                                      is->tls.listeners, is->tls.listener_count);
}

static bool are_same_admin_listeners(const struct config_admin *was,
                                     const struct config_admin *is)
{
    bool same = was->listener_count == is->listener_count;
    for (size_t i = 0; same && i < was->listener_count; i++) {
        const struct config_admin_listener *a = &was->listeners[i], *b = &is->listeners[i];
        same = a->path || b->path ? a->path && b->path && strcmp(a->path, b->path) == 0
                                  : ip_equal(&a->addr, &b->addr) && a->port == b->port;
    }
    return same;
}

/* tell_what_needs_a_restart - sockets, workers and the user are taken once. */
static void tell_what_needs_a_restart(const struct config *was_all, const struct config *is_all)
{
    const struct config_server *was = &was_all->server, *is = &is_all->server;
    bool same =
        was->workers == is->workers &&
        (was->user == is->user || (was->user && is->user && strcmp(was->user, is->user) == 0));
    if (!same || !are_same_listeners(was->listeners, was->listener_count, is->listeners,
                                     is->listener_count))
        log_event(LOG_LEVEL_WARNING, "restart_needed",
                  "what=\"server.listen, workers and user are read at start only\"");
    if (!are_same_transports(was, is))
        log_event(LOG_LEVEL_WARNING, "restart_needed",
                  "what=\"server.tcp, proxy and tls.listen are read at start only\"");
    if (!are_same_admin_listeners(&was_all->admin, &is_all->admin))
        log_event(LOG_LEVEL_WARNING, "restart_needed",
                  "what=\"admin.listen is read at start only\"");
}

static void publish(struct reload *reload)
{
    struct snapshot *fresh = reload->fresh;
    enum err err = monitor_retarget(reload->monitor, fresh);
    if (err != ERR_OK) {
        log_event(LOG_LEVEL_ERROR, "reload", "result=failed reason=\"%s\" targets=%zu",
                  err_text(err), fresh->target_count);
        notify_failure(reload, err_text(err), NULL);
        discard(reload);
        return;
    }
    reload->fresh = NULL;
    tell_what_needs_a_restart(snapshot_current(reload->slot)->config, fresh->config);
    struct snapshot *old = snapshot_publish(reload->slot, fresh);
    net_set_tls(reload->net, reload->fresh_tls);
    reload->fresh_tls = NULL;
    if (reload->notify)
        notify_set(reload->notify, fresh->config);
    if (reload->logs)
        logs_set(reload->logs, fresh->config);
    if (reload->admin && admin_set(reload->admin, fresh->config) != ERR_OK)
        log_event(LOG_LEVEL_ERROR, "out_of_memory", "what=tokens");
    log_event(
        LOG_LEVEL_INFO, "reload",
        "result=ok generation=%llu zones=%zu targets=%zu took_ms=%llu table=%s",
        (unsigned long long)fresh->generation, fresh->zones.zone_count, fresh->target_count,
        (unsigned long long)(clock_monotonic_ms() - reload->started_ms), fresh->table_sha256);
    if (file_watch_set(reload->watch, fresh->files, fresh->file_count) != ERR_OK)
        log_event(LOG_LEVEL_ERROR, "watch_failed", "reason=\"out of memory\" remedy=SIGHUP");
    retire(reload, old);
    notify_success(reload);
    reload->facts.loaded_ms = clock_wall_ms();
    reload->facts.failed_ms = 0;
    reload->facts.took_ms = clock_monotonic_ms() - reload->started_ms;
    reload->facts.succeeded++;
    char detail[REASON_MAX];
    snprintf(detail, sizeof(detail), "generation %llu, %zu zones, %zu targets",
             (unsigned long long)fresh->generation, fresh->zones.zone_count,
             fresh->target_count);
    reload_wait_tell(&reload->served, ERR_OK, detail);
}

static bool is_listed(const char *const *files, size_t count, const char *file)
{
    for (size_t i = 0; i < count; i++)
        if (strcmp(files[i], file) == 0)
            return true;
    return false;
}

/* watch_remedies - after a failure: the files that are served, those of what was compiled and
 * refused, and those complained of, which may be new. A correction of any of them is a reason to
 * try again. */
static void watch_remedies(struct reload *reload)
{
    const struct snapshot *current = snapshot_current(reload->slot), *fresh = reload->fresh;
    size_t count = 0, fresh_count = fresh ? fresh->file_count : 0;
    const char **files = calloc(
        current->file_count + fresh_count + diag_count(reload->diags) + 1, sizeof(char *));
    for (; files && count < current->file_count; count++)
        files[count] = current->files[count];
    for (size_t i = 0; files && i < fresh_count; i++)
        if (!is_listed(files, count, fresh->files[i]))
            files[count++] = fresh->files[i];
    for (size_t i = 0; files && i < diag_count(reload->diags); i++) {
        const char *file = diag_get(reload->diags, i)->place.file;
        if (file && !is_listed(files, count, file))
            files[count++] = file;
    }
    if (!files || file_watch_set(reload->watch, files, count) != ERR_OK)
        log_event(LOG_LEVEL_ERROR, "watch_failed", "reason=\"out of memory\" remedy=SIGHUP");
    free(files);
    file_watch_retry(reload->watch);
}

static void on_compiled(uv_work_t *work, int status)
{
    struct reload *reload = work->data;
    reload->running = false;
    if (status == 0)
        diag_log_all(reload->diags);
    if (reload->closing || status != 0) {
        discard(reload);
    } else if (reload->err == ERR_OK) {
        publish(reload);
    } else {
        log_event(LOG_LEVEL_ERROR, "reload",
                  "result=failed severity=critical errors=%zu kept=%llu reason=\"%s\"",
                  diag_error_count(reload->diags),
                  (unsigned long long)snapshot_current(reload->slot)->generation,
                  err_text(reload->err));
        notify_first_error(reload);
        watch_remedies(reload);
        discard(reload);
    }
    diag_list_free(reload->diags);
    reload->diags = NULL;
    reload_wait_tell(&reload->served, ERR_IO, "the server stops");
    if (reload->closing) {
        reload_wait_tell(&reload->waiting, ERR_IO, "the server stops");
        free_if_idle(reload);
        return;
    }
    if (reload->ready)
        sd_notify_state("READY=1");
    if (reload->again)
        start(reload);
}

static void start(struct reload *reload)
{
    reload->again = false;
    reload->forced = reload->force_next;
    reload->force_next = false;
    reload->served = reload->waiting;
    reload->waiting = NULL;
    file_watch_begin(reload->watch);
    reload->diags = diag_list_new();
    reload->compile_work.data = reload;
    reload->current = snapshot_current(reload->slot);
    reload->started_ms = clock_monotonic_ms();
    if (!reload->diags ||
        uv_queue_work(reload->loop, &reload->compile_work, compile_in_pool, on_compiled) != 0) {
        log_event(LOG_LEVEL_ERROR, "reload", "result=failed reason=\"out of memory\"");
        notify_failure(reload, "out of memory", NULL);
        diag_list_free(reload->diags);
        reload->diags = NULL;
        return;
    }
    reload->running = true;
    if (reload->ready)
        sd_notify_reloading();
}

void reload_tell_ready(struct reload *reload)
{
    reload->ready = true;
    sd_notify_state("READY=1");
    if (reload->running) /* since before anybody was told */
        sd_notify_reloading();
}

void reload_request(struct reload *reload, const char *why)
{
    char quoted[LOG_QUOTE_MAX];
    log_event(LOG_LEVEL_INFO, "reload_requested", "by=%s", log_quote(why, quoted));
    if (reload->running)
        reload->again = true;
    else
        start(reload);
}

void reload_ask(struct reload *reload, const char *why, bool force, admin_on_done on_done,
                void *ctx)
{
    if (!reload_wait_add(&reload->waiting, on_done, ctx)) {
        on_done(ctx, ERR_NO_MEMORY, err_text(ERR_NO_MEMORY));
        return;
    }
    reload->force_next = reload->force_next || force;
    reload_request(reload, why);
}

struct reload_facts reload_facts(const struct reload *reload)
{
    return reload->facts;
}

void reload_set_admin(struct reload *reload, struct admin *admin)
{
    reload->admin = admin;
}

static void on_file_changed(void *ctx, const char *path)
{
    reload_request(ctx, path);
}

enum err reload_new(uv_loop_t *loop, const struct reload_start *from,
                    struct reload **out_reload)
{
    struct reload *reload = calloc(1, sizeof(*reload));
    if (!reload)
        return ERR_NO_MEMORY;
    *reload = (struct reload){
        .loop = loop,
        .slot = from->slot,
        .monitor = from->monitor,
        .net = from->net,
        .notify = from->notify,
        .logs = from->logs,
        .keep_map = from->keep_map,
        .facts = {.loaded_ms = clock_wall_ms()},
    };
    reload->config_path = strdup(from->config_path);
    if (!reload->config_path || file_watch_new(loop, from->begun_ms, on_file_changed, reload,
                                               &reload->watch) != ERR_OK) {
        free(reload->config_path);
        free(reload);
        return ERR_NO_MEMORY;
    }
    const struct snapshot *current = snapshot_current(from->slot);
    if (file_watch_set(reload->watch, current->files, current->file_count) != ERR_OK)
        log_event(LOG_LEVEL_ERROR, "watch_failed", "reason=\"out of memory\" remedy=SIGHUP");
    *out_reload = reload;
    return ERR_OK;
}

void reload_close(struct reload *reload)
{
    file_watch_close(reload->watch);
    reload->closing = true;
    if (reload->running)
        return; /* on_compiled() frees it */
    reload_wait_tell(&reload->waiting, ERR_IO, "the server stops");
    free_if_idle(reload);
}
