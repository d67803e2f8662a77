/* rhumb serve: start in an order in which each step finds what it needs, run, and stop in the
 * reverse order.
 *
 *   compile the first snapshot     errors: print them all, exit 1
 *   bind sockets, drop privileges
 *   publish, start probing         until every target is decided, at most FIRST_RESULTS_MS
 *   start the workers, READY=1
 *   ... SIGHUP, changed files: reload.c
 *   SIGTERM, SIGINT: drain TCP, stop the workers, run the loop down, exit 0
 */
#include <malloc.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>

#include <uv.h>

#include "rhumb/admin.h"
#include "rhumb/chance.h"
#include "rhumb/clock.h"
#include "rhumb/diag_log.h"
#include "rhumb/geo_map.h"
#include "rhumb/log.h"
#include "rhumb/net.h"
#include "rhumb/privilege.h"
#include "rhumb/sd_notify.h"
#include "rhumb/snapshot.h"
#include "rhumb/text.h"

#include "commands.h"
#include "control.h"
#include "diff_job.h"
#include "logs.h"
#include "metrics_source.h"
#include "reload.h"
#include "table_digest.h"

/* No client is answered blind if it can be helped: serving waits this long for the first
 * results. */
enum { FIRST_RESULTS_MS = 2000, DRAIN_POLL_MS = 20, TOTALS_MAX = 1900 };

struct server {
    uv_loop_t loop;
    struct snapshot_slot *slot;
    struct net *net;
    struct answer_limiter *limiter;
    struct control *control;
    struct reload *reload;
    struct logs *logs;
    struct admin *admin; /* NULL: nothing listens */
    struct diff_jobs diff_jobs;
    uv_signal_t hangup, terminate, interrupt, user1;
    uv_timer_t drain_timer;
    uint64_t drain_until_ms;
    uint64_t begun_ms; /* when the first snapshot was begun, by clock_wall_ms() */
    bool serving, stopping;
    int exit_status;
};

/* ---- stopping ---- */

/* log_totals - every counter, those of the answers first. */
static void log_totals(const struct server *server)
{
    struct text line;
    struct net_totals t;
    net_totals(server->net, &t);
    text_init(&line, TOTALS_MAX);
#define PUT_TOTAL(name)                                                                        \
    text_printf(&line, "%s" #name "=%ju", line.len > 0 ? " " : "", (uintmax_t)t.name);
    ANSWER_COUNTERS(PUT_TOTAL)
    NET_COUNTERS(PUT_TOTAL)
#undef PUT_TOTAL
    text_printf(&line, " connections=%zu", net_connections(server->net)); /* now */
    log_event(LOG_LEVEL_INFO, "totals", "%s", text_get(&line));
    text_deinit(&line);
}

static void close_admin(struct server *server)
{
    reload_set_admin(server->reload, NULL);
    control_set_admin(server->control, NULL);
    admin_close(server->admin);
    server->admin = NULL;
}

static void finish(struct server *server)
{
    if (server->serving)
        log_totals(server);
    net_stop(server->net);
    server->net = NULL;
    logs_close(server->logs);
    server->logs = NULL;
    close_admin(server);
    reload_close(server->reload);
    control_close(server->control);
    uv_handle_t *handles[] = {
        (uv_handle_t *)&server->hangup,      (uv_handle_t *)&server->terminate,
        (uv_handle_t *)&server->interrupt,   (uv_handle_t *)&server->user1,
        (uv_handle_t *)&server->drain_timer,
    };
    for (size_t i = 0; i < sizeof(handles) / sizeof(handles[0]); i++)
        uv_close(handles[i], NULL);
}

static void on_drain_poll(uv_timer_t *timer)
{
    struct server *server = timer->data;
    if (net_connections(server->net) > 0 && clock_monotonic_ms() < server->drain_until_ms)
        return;
    uv_timer_stop(timer);
    finish(server);
}

static void on_stop_signal(uv_signal_t *handle, int number)
{
    struct server *server = handle->data;
    if (server->stopping)
        return;
    server->stopping = true;
    log_event(LOG_LEVEL_INFO, "stopping", "signal=%d", number);
    sd_notify_state("STOPPING=1");
    if (!server->serving) {
        finish(server);
        return;
    }
    net_drain(server->net);
    server->drain_until_ms =
        clock_monotonic_ms() + snapshot_current(server->slot)->config->server.drain_ms;
    uv_timer_start(&server->drain_timer, on_drain_poll, 0, DRAIN_POLL_MS);
}

static void on_hangup(uv_signal_t *handle, int number)
{
    struct server *server = handle->data;
    (void)number;
    if (server->stopping)
        return;
    logs_reopen(server->logs);
    reload_request(server->reload, "SIGHUP");
}

static void on_user1(uv_signal_t *handle, int number)
{
    struct server *server = handle->data;
    (void)number;
    log_totals(server);
    if (!server->stopping)
        monitor_report(control_monitor(server->control));
}

/* ---- starting ---- */

static void log_start(const struct server *server, const struct snapshot *snapshot)
{
    uint64_t now_s = clock_wall_s();
    char quoted[LOG_QUOTE_MAX];
    for (size_t i = 0; i < snapshot->database_count; i++) {
        uint64_t built_s = snapshot->databases[i].built_s;
        log_event(LOG_LEVEL_INFO, "database", "path=%s age_days=%llu",
                  log_quote(snapshot->databases[i].path, quoted),
                  (unsigned long long)(now_s > built_s ? (now_s - built_s) / 86400 : 0));
    }
    for (size_t i = 0; i < snapshot->config->server.listener_count; i++) {
        const struct config_listener *listener = &snapshot->config->server.listeners[i];
        char address[IP_TEXT_MAX];
        log_event(LOG_LEVEL_INFO, "listening", "address=%s port=%u",
                  ip_format(&listener->addr, address), listener->port);
    }
    const struct config_tls *tls = &snapshot->config->server.tls;
    for (size_t i = 0; i < tls->listener_count; i++) {
        char address[IP_TEXT_MAX];
        log_event(LOG_LEVEL_INFO, "listening", "address=%s port=%u transport=tls",
                  ip_format(&tls->listeners[i].addr, address), tls->listeners[i].port);
    }
    log_event(LOG_LEVEL_INFO, "ready",
              "version=%s workers=%zu zones=%zu names=%zu targets=%zu table=%s", RHUMB_VERSION,
              net_worker_count(server->net), snapshot->zones.zone_count,
              snapshot->binding_count, snapshot->target_count, snapshot->table_sha256);
}

/* on_settled - health is known as well as it can be: serve. */
static void on_settled(void *ctx)
{
    struct server *server = ctx;
    if (server->stopping)
        return;
    enum err err = net_start(server->net);
    if (err != ERR_OK) {
        log_event(LOG_LEVEL_ERROR, "start_failed", "what=workers reason=\"%s\"", err_text(err));
        server->exit_status = EXIT_STATUS_ERRORS;
        server->stopping = true;
        finish(server);
        return;
    }
    server->serving = true;
    log_start(server, snapshot_current(server->slot));
    reload_tell_ready(server->reload);
}

/* hold_signals - a SIGHUP that comes before anybody listens must not end the process: it waits.
 * Unblocked before the first thread starts, since threads inherit it. */
static void hold_signals(int how)
{
    sigset_t held;
    sigemptyset(&held);
    sigaddset(&held, SIGHUP);
    sigaddset(&held, SIGUSR1);
    pthread_sigmask(how, &held, NULL);
}

static void watch_signal(struct server *server, uv_signal_t *handle, uv_signal_cb callback,
                         int number)
{
    uv_signal_init(&server->loop, handle);
    handle->data = server;
    uv_signal_start(handle, callback, number);
}

/* ---- admin API ---- */

static void tell_process(void *ctx, struct admin_process *out_process)
{
    const struct server *server = ctx;
    struct reload_facts facts = reload_facts(server->reload);
    *out_process = (struct admin_process){
        .generation = snapshot_current(server->slot)->generation,
        .loaded_ms = facts.loaded_ms,
        .failed_ms = facts.failed_ms,
        .serving = server->serving,
        .stopping = server->stopping,
    };
}

static void reload_for_admin(void *ctx, bool force, admin_on_done on_done, void *done_ctx)
{
    struct server *server = ctx;
    reload_ask(server->reload, "admin", force, on_done, done_ctx);
}

static void diff_for_admin(void *ctx, const char *path, admin_on_done on_done, void *done_ctx)
{
    struct server *server = ctx;
    diff_job_start(&server->diff_jobs, path, on_done, done_ctx);
}

static void write_metrics(void *ctx, struct text *out)
{
    const struct server *server = ctx;
    const struct metrics_source source = {
        .slot = server->slot,
        .net = server->net,
        .monitor = control_monitor(server->control),
        .notify = control_notify(server->control),
        .logs = server->logs,
        .reload = server->reload,
        .admin = server->admin,
        .started_ms = server->begun_ms,
    };
    metrics_source_write(&source, out);
}

/* start_admin - without it the server still answers: a socket that cannot be had by default is
 * told, one that was asked for is an error. */
static enum err start_admin(struct server *server, const struct config *config)
{
    struct admin_sources sources = {
        .slot = server->slot,
        .net = server->net,
        .version = RHUMB_VERSION,
        .ctx = server,
        .process = tell_process,
        .reload = reload_for_admin,
        .diff = diff_for_admin,
        .metrics = write_metrics,
    };
    struct diag_list *diags = diag_list_new();
    if (config->admin.listener_count == 0 || !diags) {
        diag_list_free(diags);
        return diags ? ERR_OK : ERR_NO_MEMORY;
    }
    control_fill_sources(server->control, &sources);
    enum err err = admin_new(&server->loop, &sources, config, diags, &server->admin);
    diag_log_all(diags);
    diag_list_free(diags);
    if (err == ERR_OK) {
        control_set_admin(server->control, server->admin);
        reload_set_admin(server->reload, server->admin);
    }
    return err == ERR_INVALID && config->admin.is_default ? ERR_OK : err;
}

/* start_control - the control loop's parts. On failure nothing is left on the loop but what
 * run_down() closes. */
static enum err start_control(struct server *server, const char *config_path,
                              struct snapshot *first)
{
    struct reload_start from = {
        .config_path = config_path,
        .begun_ms = server->begun_ms,
        .slot = server->slot,
        .net = server->net,
        .logs = server->logs,
        .keep_map = first->config->admin.listener_count > 0,
    };
    server->diff_jobs = (struct diff_jobs){
        .loop = &server->loop, .slot = server->slot, .config_path = config_path};
    enum err err = control_new(&server->loop, first, &server->control);
    if (err != ERR_OK)
        return err;
    snapshot_publish(server->slot, first);
    from.monitor = control_monitor(server->control);
    from.notify = control_notify(server->control);
    err = reload_new(&server->loop, &from, &server->reload);
    if (err != ERR_OK) {
        control_close(server->control);
        return err;
    }
    err = start_admin(server, first->config);
    if (err != ERR_OK) {
        reload_close(server->reload);
        control_close(server->control);
        return err;
    }
    watch_signal(server, &server->hangup, on_hangup, SIGHUP);
    watch_signal(server, &server->terminate, on_stop_signal, SIGTERM);
    watch_signal(server, &server->interrupt, on_stop_signal, SIGINT);
    watch_signal(server, &server->user1, on_user1, SIGUSR1);
    hold_signals(SIG_UNBLOCK);
    uv_timer_init(&server->loop, &server->drain_timer);
    server->drain_timer.data = server;
    monitor_when_settled(control_monitor(server->control), FIRST_RESULTS_MS, on_settled,
                         server);
    return ERR_OK;
}

/* raise_descriptor_limit - as far as permitted: each connection and each probe takes one. */
static void raise_descriptor_limit(void)
{
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur == limit.rlim_max)
        return;
    limit.rlim_cur = limit.rlim_max;
    (void)setrlimit(RLIMIT_NOFILE, &limit);
}

/* open_sockets - bind, then give root up. */
static enum err open_sockets(struct server *server, const struct snapshot *first,
                             struct diag_list *diags)
{
    const struct config_server *config = &first->config->server;
    uint8_t cookie_key[DNS_COOKIE_SECRET_BYTES], limit_key[16];
    struct net_options options = {
        .slot = server->slot,
        .wall_s = clock_wall_coarse_s,
        .wall_ns = clock_wall_ns,
        .cookie_key = cookie_key,
    };
    if (!chance_fill(cookie_key, sizeof(cookie_key)) ||
        !chance_fill(limit_key, sizeof(limit_key)) ||
        !chance_fill(&options.seed, sizeof(options.seed)))
        return ERR_IO;
    server->limiter = answer_limiter_new(limit_key);
    if (!server->limiter)
        return ERR_NO_MEMORY;
    options.limiter = server->limiter;
    raise_descriptor_limit();
    enum err err = net_open(config, &options, diags, &server->net);
    if (err == ERR_OK && config->user)
        err = privilege_drop(config->user, diags);
    if (err == ERR_OK && config->user)
        privilege_check_files(config->user, first->files, first->file_count, diags);
    return err;
}

static int serve(struct server *server, const char *config_path, struct snapshot *first)
{
    if (uv_loop_init(&server->loop) != 0) {
        fputs("rhumb: cannot make an event loop; too many open files?\n", stderr);
        net_stop(server->net);
        snapshot_free(first);
        return EXIT_STATUS_ERRORS;
    }
    enum err err = logs_new(server->net, first->config, &server->logs);
    if (err == ERR_OK)
        err = start_control(server, config_path, first);
    if (err != ERR_OK) {
        fprintf(stderr, "rhumb: %s\n", err_text(err));
        server->exit_status = EXIT_STATUS_ERRORS;
        net_stop(server->net);
        logs_close(server->logs);
        if (snapshot_current(server->slot) != first)
            snapshot_free(first);
    }
    uv_run(&server->loop, UV_RUN_DEFAULT);
    uv_loop_close(&server->loop);
    return server->exit_status;
}

int command_serve(const struct options *options)
{
    struct snapshot_options compile = {.keep_map = true};
    struct server server = {
        .slot = snapshot_slot_new(),
        .begun_ms = clock_wall_ms(),
        .exit_status = EXIT_STATUS_OK,
    };
    hold_signals(SIG_BLOCK);
    /* Compiling, retiring, state files and names wait in one pool; none of them may wait for all
     * the others. */
    setenv("UV_THREADPOOL_SIZE", "8", 0);
    struct diag_list *diags = diag_list_new();
    struct snapshot *first = NULL;
    enum err err = diags && server.slot
                       ? snapshot_compile(options->config_path, &compile, diags, &first)
                       : ERR_NO_MEMORY;
    if (err == ERR_OK && first->config->admin.listener_count == 0) {
        geo_map_free(first->map); /* nobody will ask why */
        first->map = NULL;
    }
    malloc_trim(0);
    if (err == ERR_OK && !table_digest_make(first, NULL))
        err = ERR_NO_MEMORY;
    if (err == ERR_OK)
        err = open_sockets(&server, first, diags);
    if (diags)
        diag_print_all(diags, stderr);
    diag_list_free(diags);
    int status = EXIT_STATUS_ERRORS;
    if (err == ERR_OK) {
        status = serve(&server, options->config_path, first);
    } else {
        fprintf(stderr, "rhumb: not started: %s\n", err_text(err));
        net_stop(server.net);
        snapshot_free(first);
    }
    snapshot_slot_free(server.slot);
    answer_limiter_free(server.limiter);
    return status;
}
