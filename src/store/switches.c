#include "rhumb/switches.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "rhumb/disk_file.h"
#include "rhumb/disk_worker.h"
#include "rhumb/log.h"

enum { LOOK_EVERY_MS = 1000, PATH_BYTES = DISK_PATH_MAX + 32 };

static const struct {
    const char *name;
    unsigned flag;
} files[] = {
    {"freeze-health", SWITCH_FREEZE_HEALTH},
    {"ignore-geo", SWITCH_IGNORE_GEO},
    {"ignore-ecs", SWITCH_IGNORE_ECS},
};

enum { FILE_COUNT = sizeof(files) / sizeof(files[0]) };

struct switches {
    uv_timer_t timer;
    struct disk_worker *worker;
    char folder[DISK_PATH_MAX];
    unsigned flags;
    switches_on_change on_change;
    void *ctx;
};

struct look_job {
    struct disk_job job;
    char folder[DISK_PATH_MAX];
    unsigned flags; /* in: as they were; out: as they are */
};

static const char *path_of(const char *folder, size_t idx, char path[PATH_BYTES])
{
    snprintf(path, PATH_BYTES, "%s/%s", folder, files[idx].name);
    return path;
}

/* look - a file of which the disk does not tell leaves its switch as it was. A link that leads
 * nowhere counts as a file. */
static unsigned look(const char *folder, unsigned flags)
{
    char path[PATH_BYTES];
    struct stat seen;
    for (size_t i = 0; i < FILE_COUNT; i++) {
        if (lstat(path_of(folder, i, path), &seen) == 0)
            flags |= files[i].flag;
        else if (errno == ENOENT || errno == ENOTDIR)
            flags &= ~files[i].flag;
    }
    return flags;
}

static void run_look(struct disk_job *job)
{
    struct look_job *looking = (struct look_job *)job; /* its first member */
    looking->flags = look(looking->folder, looking->flags);
}

static void free_look(struct disk_job *job)
{
    free(job);
}

static void log_changes(const struct switches *switches, unsigned changed)
{
    char path[PATH_BYTES], quoted[LOG_QUOTE_MAX];
    for (size_t i = 0; i < FILE_COUNT; i++)
        if (changed & files[i].flag)
            log_event(LOG_LEVEL_WARNING, "switch", "name=%s state=%s file=%s", files[i].name,
                      switches->flags & files[i].flag ? "on" : "off",
                      log_quote(path_of(switches->folder, i, path), quoted));
}

static void on_looked(void *ctx, struct disk_job *job)
{
    struct switches *switches = ctx;
    unsigned flags = ((const struct look_job *)job)->flags, changed = flags ^ switches->flags;
    if (changed == 0)
        return;
    switches->flags = flags;
    log_changes(switches, changed);
    switches->on_change(switches->ctx, flags);
}

static void on_timer(uv_timer_t *timer)
{
    struct switches *switches = timer->data;
    struct look_job *looking = NULL;
    if (!disk_worker_is_busy(switches->worker))
        looking = malloc(sizeof(*looking));
    if (!looking)
        return; /* next time */
    looking->job = (struct disk_job){.run = run_look, .free = free_look};
    snprintf(looking->folder, sizeof(looking->folder), "%s", switches->folder);
    looking->flags = switches->flags;
    if (disk_worker_start(switches->worker, &looking->job) != ERR_OK)
        free(looking);
}

enum err switches_new(uv_loop_t *loop, const char *folder, switches_on_change on_change,
                      void *ctx, struct switches **out_switches)
{
    struct switches *switches = calloc(1, sizeof(*switches));
    enum err err = switches ? disk_worker_new(loop, on_looked, switches, &switches->worker)
                            : ERR_NO_MEMORY;
    if (err != ERR_OK) {
        free(switches);
        return err;
    }
    snprintf(switches->folder, sizeof(switches->folder), "%s", folder);
    switches->on_change = on_change;
    switches->ctx = ctx;
    switches->flags = look(folder, 0);
    log_changes(switches, switches->flags);
    uv_timer_init(loop, &switches->timer);
    switches->timer.data = switches;
    uv_timer_start(&switches->timer, on_timer, LOOK_EVERY_MS, LOOK_EVERY_MS);
    *out_switches = switches;
    return ERR_OK;
}

unsigned switches_get(const struct switches *switches)
{
    return switches->flags;
}

static void on_timer_closed(uv_handle_t *handle)
{
    free(handle->data);
}

void switches_close(struct switches *switches)
{
    disk_worker_close(switches->worker);
    uv_close((uv_handle_t *)&switches->timer, on_timer_closed);
}
