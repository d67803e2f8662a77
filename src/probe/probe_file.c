/* probe_file.c - what a state file says about one address. A file that is missing, broken, too
 * old or silent about the address says nothing: that is our own fault, never the target's. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "probe_kind.h"
#include "probe_reason.h"
#include "state_files.h"

struct file_request {
    struct ip_addr addr;
    uint32_t max_age_ms;
    char path[];
};

struct file_run {
    struct state_asker asker;
    const struct file_request *request;
    uint64_t started_ns;
    probe_on_done on_done;
    void *ctx;
};

static void *request_new(const struct config_check *check, const struct ip_addr *addr)
{
    size_t bytes = strlen(check->file.path) + 1;
    struct file_request *request = (struct file_request *)calloc(1, sizeof(*request) + bytes);
    if (!request)
        return NULL;
    request->addr = *addr;
    request->max_age_ms = check->file.max_age_ms;
    memcpy(request->path, check->file.path, bytes);
    return request;
}

/* age_of - by the wall clock, as the writer's stamp is; a stamp of the future is from now. */
static int64_t age_of(const struct state_view *view)
{
    uv_timeval64_t now;
    if (uv_gettimeofday(&now) != 0)
        return 0;
    int64_t age_ms = now.tv_sec * 1000 + now.tv_usec / 1000 - view->changed_ms;
    return age_ms > 0 ? age_ms : 0;
}

static void judge_entry(const struct state_entry *entry, uint64_t started_ns,
                        struct probe_result *out_result)
{
    const char *between = entry->reason[0] != '\0' ? ": " : "";
    if (entry->word == STATE_DOWN) {
        probe_result_set(out_result, HEALTH_FAILURE, "down%s%s", between, entry->reason);
        return;
    }
    probe_result_set(out_result, HEALTH_SUCCESS, "up%s%s", between, entry->reason);
    out_result->scale = entry->scale;
    out_result->rtt_us = probe_rtt_us((uv_hrtime() - started_ns) / 1000);
}

static void judge(const struct file_request *request, const struct state_view *view,
                  uint64_t started_ns, struct probe_result *out_result)
{
    char text[IP_TEXT_MAX];
    int64_t age_ms = age_of(view);
    const struct state_entry *entry =
        view->table ? state_table_find(view->table, &request->addr) : NULL;
    ip_format(&request->addr, text);
    if (!view->table)
        probe_result_set(out_result, HEALTH_OWN_FAULT, "own fault: state file: %s",
                         view->fault);
    else if (age_ms > request->max_age_ms)
        probe_result_set(out_result, HEALTH_OWN_FAULT,
                         "own fault: state file is stale: %lld s old, expected at most %u s",
                         (long long)(age_ms / 1000), request->max_age_ms / 1000);
    else if (!entry)
        probe_result_set(out_result, HEALTH_OWN_FAULT, "own fault: state file does not name %s",
                         text);
    else if (entry->word == STATE_UNCLEAR)
        probe_result_set(out_result, HEALTH_OWN_FAULT,
                         "own fault: state file is unclear about %s", text);
    else
        judge_entry(entry, started_ns, out_result);
}

static void on_view(struct state_asker *asker, const struct state_view *view)
{
    struct file_run *run = CONTAINER_OF(asker, struct file_run, asker);
    struct probe_result result;
    judge(run->request, view, run->started_ns, &result);
    probe_on_done on_done = run->on_done;
    void *ctx = run->ctx;
    free(run);
    on_done(ctx, &result);
}

static void *run_start(const struct probe_means *means, const void *request,
                       probe_on_done on_done, void *ctx, struct probe_result *out_result)
{
    struct state_view view;
    struct file_run *run = (struct file_run *)calloc(1, sizeof(*run));
    if (!run) {
        probe_result_set_errno(out_result, ENOMEM);
        return NULL;
    }
    *run = (struct file_run){
        .asker = {.on_view = on_view},
        .request = (const struct file_request *)request,
        .started_ns = uv_hrtime(),
        .on_done = on_done,
        .ctx = ctx,
    };
    ring_init(&run->asker.in_line);
    if (!state_files_ask(means->files, run->request->path, &run->asker, &view))
        return run;
    judge(run->request, &view, run->started_ns, out_result);
    free(run);
    return NULL;
}

static void run_cancel(void *run)
{
    state_files_leave(&((struct file_run *)run)->asker);
    free(run);
}

static const char *run_phase(const void *run)
{
    (void)run;
    return "in reading the state file";
}

const struct probe_kind PROBE_KIND_FILE = {
    .late_is_ours = true,
    .request_new = request_new,
    .request_free = free,
    .run_start = run_start,
    .run_cancel = run_cancel,
    .run_phase = run_phase,
};
