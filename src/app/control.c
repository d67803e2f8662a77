#include "control.h"

#include <stdlib.h>
#include <string.h>

#include "rhumb/clock.h"
#include "rhumb/history.h"
#include "rhumb/log.h"
#include "rhumb/notify.h"
#include "rhumb/overrides.h"
#include "rhumb/state_store.h"
#include "rhumb/switches.h"

enum { PATH_BYTES_MAX = 4096 };

struct control {
    struct monitor *monitor;
    struct notify *notify;
    struct history *history;
    struct state_store *store;   /* NULL: nothing is kept */
    struct overrides *overrides; /* NULL: the same */
    struct switches *switches;
    struct admin *admin; /* NULL: there is none */
};

/* ---- what happens ---- */

static void remember(struct control *control, const struct event *event)
{
    static const char NONE[] = "";
    if (!control->history || event->target == 0)
        return;
    history_add(control->history, &(struct history_entry){
                                      .time_ms = clock_wall_ms(),
                                      .key = event->target,
                                      .address = event->address ? event->address : NONE,
                                      .check = event->check ? event->check : NONE,
                                      .from = event->from ? event->from : NONE,
                                      .to = event->to ? event->to : NONE,
                                      .reason = event->reason ? event->reason : NONE,
                                  });
}

void control_tell(void *ctx, const struct event *event)
{
    struct control *control = ctx;
    notify_tell(control->notify, event);
    remember(control, event);
    if (control->admin)
        admin_tell(control->admin, event);
    if (control->store)
        state_store_changed(control->store, event->severity > CONFIG_INFO);
}

/* ---- what is remembered ---- */

static void fill(void *ctx, struct text *out)
{
    struct control *control = ctx;
    monitor_put_memory(control->monitor, out);
}

/* recall - what the last process knew, if there was one. */
static void recall(struct control *control, const char *folder)
{
    size_t len;
    char *text = state_store_read(folder, &len);
    if (text)
        monitor_recall(control->monitor, text, len);
    free(text);
}

/* ---- what the operator wants ---- */

static void on_overrides(void *ctx)
{
    struct control *control = ctx;
    monitor_overrides_changed(control->monitor);
}

static void on_switches(void *ctx, unsigned flags)
{
    struct control *control = ctx;
    monitor_freeze(control->monitor, (flags & SWITCH_FREEZE_HEALTH) != 0);
    unsigned ignored = 0;
    if ((flags & SWITCH_IGNORE_GEO) != 0)
        ignored |= HEALTH_IGNORE_GEO;
    if ((flags & SWITCH_IGNORE_ECS) != 0)
        ignored |= HEALTH_IGNORE_ECS;
    monitor_ignore(control->monitor, ignored);
}

/* ---- life ---- */

static enum err open_overrides(struct control *control, uv_loop_t *loop, const char *folder)
{
    char *path;
    if (asprintf(&path, "%s/overrides.json", folder) < 0)
        return ERR_NO_MEMORY;
    enum err err = overrides_new(loop, path, on_overrides, control, &control->overrides);
    free(path);
    if (err == ERR_OK)
        monitor_set_overrides(control->monitor, control->overrides);
    return err;
}

/* open_parts - all but the monitor; what is open when one fails is closed by the caller. */
static enum err open_parts(struct control *control, uv_loop_t *loop,
                           const struct config *config)
{
    const char *folder = config->server.state;
    enum err err = history_new(loop, folder, &control->history);
    if (err == ERR_OK)
        err = switches_new(loop, folder ? folder : config->folder, on_switches, control,
                           &control->switches);
    if (err != ERR_OK)
        return err;
    on_switches(control, switches_get(control->switches));
    if (!folder) {
        log_event(LOG_LEVEL_WARNING, "state_not_kept",
                  "reason=\"no folder for it\" remedy=\"server: {state: /var/lib/rhumb}\"");
        return ERR_OK;
    }
    recall(control, folder);
    err = open_overrides(control, loop, folder);
    return err == ERR_OK ? state_store_new(loop, folder, fill, control, &control->store) : err;
}

enum err control_new(uv_loop_t *loop, struct snapshot *first, struct control **out_control)
{
    struct control *control = calloc(1, sizeof(*control));
    if (!control)
        return ERR_NO_MEMORY;
    const struct herald herald = {.tell = control_tell, .ctx = control};
    enum err err = notify_new(loop, &control->notify);
    if (err != ERR_OK)
        goto err_after_control;
    err = monitor_new(loop, &herald, &control->monitor);
    if (err != ERR_OK)
        goto err_after_notify;
    notify_set(control->notify, first->config);
    err = open_parts(control, loop, first->config);
    if (err == ERR_OK)
        err = monitor_retarget(control->monitor, first);
    if (err != ERR_OK) {
        control_close(control);
        return err;
    }
    *out_control = control;
    return ERR_OK;
err_after_notify:
    notify_close(control->notify);
err_after_control:
    free(control);
    return err;
}

void control_fill_sources(const struct control *control, struct admin_sources *out_sources)
{
    out_sources->monitor = control->monitor;
    out_sources->history = control->history;
    out_sources->overrides = control->overrides;
}

void control_set_admin(struct control *control, struct admin *admin)
{
    control->admin = admin;
}

struct monitor *control_monitor(struct control *control)
{
    return control->monitor;
}

struct notify *control_notify(struct control *control)
{
    return control->notify;
}

/* on_stored - the last fill() is over: nobody needs the monitor any more. */
static void on_stored(void *ctx)
{
    struct control *control = ctx;
    monitor_close(control->monitor);
    free(control);
}

void control_close(struct control *control)
{
    struct state_store *store = control->store;
    monitor_stop(control->monitor);
    notify_close(control->notify);
    if (control->history)
        history_close(control->history);
    if (control->switches)
        switches_close(control->switches);
    if (control->overrides)
        overrides_close(control->overrides);
    control->history = NULL;
    control->store = NULL;
    if (store)
        state_store_close(store, on_stored);
    else
        on_stored(control);
}
