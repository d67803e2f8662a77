#include "rhumb/overrides.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "rhumb/clock.h"
#include "rhumb/disk_writer.h"

#include "override_changes.h"
#include "override_copy.h"
#include "override_file.h"
#include "override_list.h"
#include "override_log.h"
#include "override_view.h"

enum { LOOK_EVERY_MS = 250 };

struct overrides {
    uv_loop_t *loop;
    struct override_path path;
    uv_timer_t tick; /* the next look, or the next end of an entry */
    struct disk_worker *looker;
    struct disk_writer *writer;
    struct override_copy *copy; /* NULL while the first look is taken */
    unsigned open_parts;
    uint64_t looked_ms;
    struct override_seen seen;
    uint64_t generation; /* of seen */
    uint64_t loads;      /* how often it was read and had changed */
    bool is_broken;      /* what is there is not what is in force */
    int read_error;      /* when it cannot be read, for which reason; 0: it can */
    struct override_list *list;
    struct override_view view;
    struct override_changes changes;
    overrides_on_change on_change;
    void *ctx;
};

/* ---- what is in force ---- */

/* adopt - this list counts from now on. Owns it; on failure it is freed and the old one stays. */
static enum err adopt(struct overrides *overrides, struct override_list *list)
{
    struct override_view view;
    enum err err = override_view_init(&view, list, clock_wall_ms());
    if (err != ERR_OK) {
        override_list_free(list);
        return err;
    }
    override_view_deinit(&overrides->view);
    override_list_free(overrides->list);
    overrides->view = view;
    overrides->list = list;
    if (overrides->copy)
        override_copy_changed(overrides->copy);
    return ERR_OK;
}

/* see_time_pass - some entries may have ended (or be back, when the clock was set back). */
static void see_time_pass(struct overrides *overrides)
{
    struct override_view view;
    uint64_t now_ms = clock_wall_ms();
    if (!override_view_is_stale(&overrides->view, overrides->list, now_ms) ||
        override_view_init(&view, overrides->list, now_ms) != ERR_OK)
        return;
    override_log_ended(&overrides->view, now_ms);
    override_view_deinit(&overrides->view);
    overrides->view = view;
    overrides->on_change(overrides->ctx);
}

/* ---- the file is read ---- */

/* take_in - what a look has found. True when another set is in force. */
static bool take_in(struct overrides *overrides, struct override_look_job *looking)
{
    if (looking->job.error != 0) {
        if (looking->job.error != overrides->read_error)
            override_log_unreadable(&overrides->path, looking->job.error, &overrides->view);
        overrides->read_error = looking->job.error;
        return false;
    }
    overrides->seen = looking->seen;
    if (looking->is_read)
        overrides->read_error = 0;
    if (looking->look == OVERRIDE_SAME)
        return false;
    overrides->is_broken = looking->look == OVERRIDE_BROKEN;
    if (overrides->is_broken) {
        override_log_broken(&overrides->path, looking->diags, &overrides->view);
        return false;
    }
    struct override_list *list =
        override_changes_apply(&overrides->changes, looking->list, clock_wall_ms());
    looking->list = NULL;
    if (adopt(overrides, list) != ERR_OK) {
        overrides->seen = (struct override_seen){0}; /* once more */
        return false;
    }
    overrides->loads++;
    override_log_read(&overrides->path, overrides->list, &overrides->view);
    return true;
}

static void on_looked(void *ctx, struct disk_job *job)
{
    struct overrides *overrides = ctx;
    struct override_look_job *looking = (struct override_look_job *)job; /* its first member */
    if (looking->generation != overrides->generation)
        return; /* we have written meanwhile */
    bool has_changed = take_in(overrides, looking);
    if ((looking->is_read || looking->job.error != 0) &&
        override_changes_wait(&overrides->changes))
        disk_writer_changed(overrides->writer, true);
    if (has_changed)
        overrides->on_change(overrides->ctx);
}

static void look(struct overrides *overrides)
{
    struct override_look_job *looking;
    if (disk_worker_is_busy(overrides->looker) ||
        uv_now(overrides->loop) - overrides->looked_ms < LOOK_EVERY_MS)
        return;
    overrides->looked_ms = uv_now(overrides->loop);
    looking = override_look_job_new(&overrides->path, &overrides->seen, clock_wall_ms());
    if (!looking)
        return; /* next time */
    looking->generation = overrides->generation;
    if (disk_worker_start(overrides->looker, &looking->job) != ERR_OK)
        looking->job.free(&looking->job);
}

static uint64_t next_tick_ms(const struct overrides *overrides)
{
    return override_list_next_change_ms(overrides->list, clock_wall_ms(), LOOK_EVERY_MS);
}

static void on_tick(uv_timer_t *tick)
{
    struct overrides *overrides = tick->data;
    see_time_pass(overrides);
    look(overrides);
    uv_timer_start(tick, on_tick, next_tick_ms(overrides), 0);
}

/* ---- the file is written ---- */

/* is_for_good - an error of the file's own: another try would find the same. */
static bool is_for_good(int error)
{
    return error != 0 && error != ENOMEM && error != EMFILE && error != ENFILE;
}

static struct disk_job *take(void *ctx)
{
    struct overrides *overrides = ctx;
    struct override_write_job *writing =
        override_write_job_new(&overrides->path, &overrides->seen, clock_wall_ms());
    if (!writing)
        return NULL;
    writing->is_broken = overrides->is_broken;
    writing->is_unreadable = is_for_good(overrides->read_error);
    override_list_put(overrides->list, &writing->text);
    override_changes_take(&overrides->changes);
    return &writing->job;
}

static void on_written(void *ctx, struct disk_job *job)
{
    struct overrides *overrides = ctx;
    const struct override_write_job *writing = (const struct override_write_job *)job;
    if (job->error != 0 || writing->is_foreign) { /* foreign: the next looks will read it */
        override_changes_put_back(&overrides->changes, job->error != 0);
        return;
    }
    overrides->seen = writing->seen;
    overrides->generation++;
    overrides->is_broken = false;
    overrides->read_error = 0;
    override_changes_finish(&overrides->changes);
}

/* ---- what the owner calls ---- */

const struct override *overrides_get(const struct overrides *overrides, size_t *out_count)
{
    *out_count = overrides->view.count;
    return overrides->view.items;
}

const struct override *overrides_find(const struct overrides *overrides, const char *service,
                                      const char *region, const struct ip_addr *address)
{
    return override_index_find(&overrides->view.forced, service, region, address);
}

const struct override *overrides_active(const struct overrides *overrides, const char *service)
{
    return override_view_active(&overrides->view, service);
}

uint64_t overrides_resume_since(const struct overrides *overrides, const char *service,
                                const char *region, const struct ip_addr *address)
{
    const struct override *resume =
        override_index_find(&overrides->view.resumes, service, region, address);
    return resume ? resume->since_ms : 0;
}

void overrides_mark(const struct overrides *overrides, const char *service, const char *region,
                    const struct ip_addr *address, bool *marks)
{
    override_index_mark(&overrides->view.forced, service, region, address, marks);
    override_index_mark(&overrides->view.resumes, service, region, address, marks);
    const struct override *active = service ? overrides_active(overrides, service) : NULL;
    if (active && region && strcmp(active->region, region) == 0)
        marks[active - overrides->view.items] = true;
}

bool overrides_counts(const struct overrides *overrides, size_t idx)
{
    const struct override_view *view = &overrides->view;
    const struct override *entry = &view->items[idx];
    switch (entry->state) {
    case OVERRIDE_ACTIVE: return entry == override_view_active(view, entry->service);
    case OVERRIDE_RESUME: return entry == override_index_same(&view->resumes, entry);
    case OVERRIDE_UP:
    case OVERRIDE_DOWN:
    case OVERRIDE_DRAIN: break;
    }
    return entry == override_index_same(&view->forced, entry);
}

uint64_t overrides_loads(const struct overrides *overrides)
{
    return overrides->loads;
}

/* make_change - owns the entry. */
static enum err make_change(struct overrides *overrides, struct override_list *entry,
                            bool removes, overrides_on_durable on_durable, void *ctx)
{
    struct override_list *list;
    struct override_change *change =
        override_changes_new(&overrides->changes, entry, removes, on_durable, ctx);
    if (!change)
        return ERR_NO_MEMORY;
    enum err err = override_change_make(change, overrides->list, clock_wall_ms(), &list);
    if (err == ERR_OK)
        err = adopt(overrides, list);
    if (err != ERR_OK) {
        override_changes_drop_last(&overrides->changes);
        return err;
    }
    disk_writer_changed(overrides->writer, true);
    overrides->on_change(overrides->ctx);
    return ERR_OK;
}

/* make_entry - a list of this entry alone, as it is when it has been written and read: what the
 * file would not be allowed to say is refused here. */
static enum err make_entry(const struct override *entry, struct diag_list *diags,
                           struct override_list **out_entry)
{
    struct override_list *none = override_list_new(), *one = NULL;
    struct text text;
    uint64_t now_ms = clock_wall_ms();
    struct override whole = *entry;
    if (whole.since_ms == 0)
        whole.since_ms = now_ms;
    whole.by = whole.by ? whole.by : "";
    whole.reason = whole.reason ? whole.reason : "";
    enum err err = none ? override_list_with(none, &whole, now_ms, &one) : ERR_NO_MEMORY;
    override_list_free(none);
    if (err != ERR_OK || !diags) {
        *out_entry = one;
        return err;
    }
    text_init(&text, OVERRIDE_LIST_MAX_BYTES);
    override_list_put(one, &text);
    override_list_free(one);
    err = text.failed ? ERR_NO_MEMORY
                      : override_list_parse(text_get(&text), text.len, "override", now_ms,
                                            diags, out_entry);
    text_deinit(&text);
    return err;
}

enum err overrides_set(struct overrides *overrides, const struct override *entry,
                       struct diag_list *diags, overrides_on_durable on_durable, void *ctx)
{
    struct override_list *one;
    enum err err = make_entry(entry, diags, &one);
    return err == ERR_OK ? make_change(overrides, one, false, on_durable, ctx) : err;
}

enum err overrides_remove(struct overrides *overrides, const struct override *entry,
                          overrides_on_durable on_durable, void *ctx)
{
    struct override_list *one;
    enum err err = make_entry(entry, NULL, &one);
    return err == ERR_OK ? make_change(overrides, one, true, on_durable, ctx) : err;
}

uint64_t overrides_lag_ms(const struct overrides *overrides)
{
    return disk_writer_lag_ms(overrides->writer);
}

/* ---- beginning and end ---- */

static void free_all(struct overrides *overrides)
{
    override_changes_deinit(&overrides->changes);
    override_view_deinit(&overrides->view);
    override_list_free(overrides->list);
    free(overrides);
}

static void on_part_closed(struct overrides *overrides)
{
    if (--overrides->open_parts > 0)
        return;
    free_all(overrides);
}

static void on_tick_closed(uv_handle_t *handle)
{
    on_part_closed(handle->data);
}

static void on_file_closed(void *ctx)
{
    on_part_closed(ctx);
}

void overrides_close(struct overrides *overrides)
{
    disk_worker_close(overrides->looker);
    uv_close((uv_handle_t *)&overrides->tick, on_tick_closed);
    override_copy_close(overrides->copy);
    disk_writer_close(overrides->writer);
}

static void split_path(const char *path, struct override_path *out_path)
{
    const char *slash = strrchr(path, '/');
    if (!slash)
        snprintf(out_path->folder, sizeof(out_path->folder), ".");
    else
        snprintf(out_path->folder, sizeof(out_path->folder), "%.*s",
                 slash == path ? 1 : (int)(slash - path), path);
    snprintf(out_path->name, sizeof(out_path->name), "%s", slash ? slash + 1 : path);
}

/* restore - the file is of no use: what was in force when it was good last is so again. */
static void restore(struct overrides *overrides)
{
    struct override_list *list = override_copy_read(&overrides->path, clock_wall_ms());
    if (list)
        (void)adopt(overrides, list);
}

/* read_first - before anything else; nothing is watched yet. */
static enum err read_first(struct overrides *overrides)
{
    overrides->list = override_list_new();
    if (!overrides->list ||
        override_view_init(&overrides->view, overrides->list, clock_wall_ms()) != ERR_OK)
        return ERR_NO_MEMORY;
    struct override_look_job *looking =
        override_look_job_new(&overrides->path, &overrides->seen, clock_wall_ms());
    if (!looking)
        return ERR_NO_MEMORY;
    override_look_now(looking);
    if (looking->job.error != 0 || looking->look == OVERRIDE_BROKEN)
        restore(overrides);
    (void)take_in(overrides, looking);
    looking->job.free(&looking->job);
    return ERR_OK;
}

static const struct override_list *list_of(void *ctx)
{
    return ((const struct overrides *)ctx)->list;
}

/* open_parts - on failure those that are open are closed by and by, and free the rest. */
static enum err open_parts(struct overrides *overrides)
{
    static const struct disk_writer_calls writing = {
        .take = take, .on_written = on_written, .on_closed = on_file_closed};
    static const struct override_copy_calls copying = {.list = list_of,
                                                       .on_closed = on_file_closed};
    const struct override_path *path = &overrides->path;
    enum err err = disk_worker_new(overrides->loop, on_looked, overrides, &overrides->looker);
    if (err != ERR_OK)
        return err;
    err = override_copy_new(overrides->loop, path, &copying, overrides, &overrides->copy);
    if (err != ERR_OK)
        goto err_after_looker;
    overrides->open_parts++;
    err = disk_writer_new(overrides->loop, path->folder, path->name, &writing, overrides,
                          &overrides->writer);
    if (err != ERR_OK)
        goto err_after_copy;
    overrides->open_parts++;
    if (!overrides->is_broken && overrides->read_error == 0)
        override_copy_changed(overrides->copy); /* it may be of another day */
    return ERR_OK;
err_after_copy:
    override_copy_close(overrides->copy);
err_after_looker:
    disk_worker_close(overrides->looker);
    return err;
}

enum err overrides_new(uv_loop_t *loop, const char *path, overrides_on_change on_change,
                       void *ctx, struct overrides **out_overrides)
{
    struct overrides *overrides = calloc(1, sizeof(*overrides));
    if (!overrides)
        return ERR_NO_MEMORY;
    overrides->loop = loop;
    overrides->on_change = on_change;
    overrides->ctx = ctx;
    split_path(path, &overrides->path);
    enum err err = read_first(overrides);
    if (err == ERR_OK)
        err = open_parts(overrides);
    if (err != ERR_OK) {
        if (overrides->open_parts == 0)
            free_all(overrides);
        return err;
    }
    overrides->open_parts++; /* the timer */
    overrides->looked_ms = uv_now(loop);
    uv_timer_init(loop, &overrides->tick);
    overrides->tick.data = overrides;
    uv_timer_start(&overrides->tick, on_tick, next_tick_ms(overrides), 0);
    *out_overrides = overrides;
    return ERR_OK;
}
