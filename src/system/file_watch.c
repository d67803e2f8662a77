#include "rhumb/file_watch.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "rhumb/clock.h"
#include "rhumb/log.h"

enum { QUIET_MS = 500, LOOK_MS = 5000, FOLDERS_MAX = 256 };

struct watched_file {
    char *path;
    struct stat seen; /* when it was last read, or told; all zero: it was not there */
};

/* One watched folder. It outlives its place in the list until its handle has closed. */
struct folder {
    uv_fs_event_t event;
    char *path;
};

struct file_watch {
    uv_loop_t *loop;
    file_watch_on_change on_change;
    void *ctx;
    struct watched_file *files;
    size_t file_count;
    struct folder *folders[FOLDERS_MAX];
    size_t folder_count;
    uint64_t begun_ms;       /* clock_wall_ms() when the files were last begun to be read */
    bool wants_new, has_new; /* a new name counts; there was one */
    uv_timer_t quiet_timer, look_timer;
    unsigned open_timers;
};

static struct stat look_at(const char *path)
{
    struct stat seen;
    if (stat(path, &seen) != 0)
        memset(&seen, 0, sizeof(seen));
    return seen;
}

static bool is_same_time(const struct timespec *a, const struct timespec *b)
{
    return a->tv_sec == b->tv_sec && a->tv_nsec == b->tv_nsec;
}

static bool is_same(const struct stat *a, const struct stat *b)
{
    return a->st_ino == b->st_ino && a->st_dev == b->st_dev && a->st_size == b->st_size &&
           is_same_time(&a->st_mtim, &b->st_mtim) && is_same_time(&a->st_ctim, &b->st_ctim);
}

/* find_changed - the path of one that is not as it was seen, or NULL. update: see them all. */
static const char *find_changed(struct file_watch *watch, bool update)
{
    const char *changed = NULL;
    for (size_t i = 0; i < watch->file_count; i++) {
        struct stat now = look_at(watch->files[i].path);
        if (is_same(&now, &watch->files[i].seen))
            continue;
        changed = watch->files[i].path;
        if (!update)
            break;
        watch->files[i].seen = now;
    }
    return changed;
}

/* on_quiet - nothing has stirred for a while: has anything really changed? */
static void on_quiet(uv_timer_t *timer)
{
    struct file_watch *watch = timer->data;
    const char *changed = find_changed(watch, true);
    if (!changed && watch->wants_new && watch->has_new)
        changed = "a new name in a watched folder";
    watch->has_new = false;
    if (changed)
        watch->on_change(watch->ctx, changed);
}

static void await_quiet(struct file_watch *watch)
{
    uv_timer_start(&watch->quiet_timer, on_quiet, QUIET_MS, 0);
}

static void on_look(uv_timer_t *timer)
{
    struct file_watch *watch = timer->data;
    if (!uv_is_active((uv_handle_t *)&watch->quiet_timer) && find_changed(watch, false))
        await_quiet(watch);
}

static bool is_name_of_file(const struct file_watch *watch, const char *name)
{
    for (size_t i = 0; i < watch->file_count; i++) {
        const char *slash = strrchr(watch->files[i].path, '/');
        if (strcmp(slash ? slash + 1 : watch->files[i].path, name) == 0)
            return true;
    }
    return false;
}

/* on_folder_event - UV_RENAME: a name came or went; UV_CHANGE: what is behind it changed. A
 * stranger that is written to (a log in the same folder) must not put the quiet off forever. */
static void on_folder_event(uv_fs_event_t *event, const char *name, int events, int status)
{
    struct file_watch *watch = event->data;
    bool renamed = ((unsigned)events & UV_RENAME) != 0;
    if (status != 0 || (!renamed && name && !is_name_of_file(watch, name)))
        return;
    watch->has_new |= renamed;
    await_quiet(watch);
}

static void on_folder_closed(uv_handle_t *handle)
{
    struct folder *folder = (struct folder *)handle; /* event is its first member */
    free(folder->path);
    free(folder);
}

static bool is_watched(const struct file_watch *watch, const char *path)
{
    for (size_t i = 0; i < watch->folder_count; i++)
        if (strcmp(watch->folders[i]->path, path) == 0)
            return true;
    return false;
}

static char *folder_of(const char *path)
{
    const char *slash = strrchr(path, '/');
    if (!slash)
        return strdup(".");
    return slash == path ? strdup("/") : strndup(path, (size_t)(slash - path));
}

static void watch_folder(struct file_watch *watch, char *path)
{
    char quoted[LOG_QUOTE_MAX];
    struct folder *folder = NULL;
    if (!path || is_watched(watch, path) || watch->folder_count == FOLDERS_MAX) {
        free(path);
        return;
    }
    folder = calloc(1, sizeof(*folder));
    if (!folder || uv_fs_event_init(watch->loop, &folder->event) != 0) {
        free(folder);
        free(path);
        return;
    }
    folder->path = path;
    folder->event.data = watch;
    int status = uv_fs_event_start(&folder->event, on_folder_event, path, 0);
    if (status != 0) {
        log_event(LOG_LEVEL_WARNING, "watch_failed", "folder=%s reason=%s remedy=SIGHUP",
                  log_quote(path, quoted), uv_err_name(status));
        uv_close((uv_handle_t *)&folder->event, on_folder_closed);
        return;
    }
    watch->folders[watch->folder_count++] = folder;
}

static void forget(struct file_watch *watch)
{
    for (size_t i = 0; i < watch->folder_count; i++)
        uv_close((uv_handle_t *)&watch->folders[i]->event, on_folder_closed);
    watch->folder_count = 0;
    for (size_t i = 0; i < watch->file_count; i++)
        free(watch->files[i].path);
    free(watch->files);
    watch->files = NULL;
    watch->file_count = 0;
}

/* find_watched - the file that is watched under this path, or NULL. The lists of two reloads are
 * mostly the same, in the same order: the search begins where the last one ended, else ten
 * thousand zones would hold the loop for a fifth of a second. */
static const struct watched_file *find_watched(const struct file_watch *watch, const char *path,
                                               size_t *cursor)
{
    for (size_t tried = 0; tried < watch->file_count; tried++) {
        const struct watched_file *file = &watch->files[*cursor];
        *cursor = *cursor + 1 < watch->file_count ? *cursor + 1 : 0;
        if (strcmp(file->path, path) == 0)
            return file;
    }
    return NULL;
}

/* seen_when_read - how the file was when it was read. One that is new to us was read between
 * begun_ms and now: when it changed in that time, nobody knows what was read. */
static struct stat seen_when_read(const struct file_watch *watch, const char *path,
                                  size_t *cursor)
{
    const struct watched_file *file = find_watched(watch, path, cursor);
    if (file)
        return file->seen;
    struct stat seen = look_at(path);
    if ((uint64_t)seen.st_ctim.tv_sec * 1000 + (uint64_t)seen.st_ctim.tv_nsec / 1000000 >=
        watch->begun_ms)
        memset(&seen, 0, sizeof(seen));
    return seen;
}

void file_watch_begin(struct file_watch *watch)
{
    watch->begun_ms = clock_wall_ms();
    watch->has_new = false;
    (void)find_changed(watch, true);
}

void file_watch_retry(struct file_watch *watch)
{
    watch->wants_new = true;
}

enum err file_watch_set(struct file_watch *watch, const char *const *paths, size_t count)
{
    struct watched_file *files = calloc(count + 1, sizeof(*files));
    if (!files)
        return ERR_NO_MEMORY;
    size_t copied = 0, cursor = 0;
    for (; copied < count; copied++) {
        files[copied].path = strdup(paths[copied]);
        if (!files[copied].path)
            break;
        files[copied].seen = seen_when_read(watch, paths[copied], &cursor);
    }
    if (copied < count) {
        while (copied > 0)
            free(files[--copied].path);
        free(files);
        return ERR_NO_MEMORY;
    }
    forget(watch);
    watch->files = files;
    watch->file_count = count;
    for (size_t i = 0; i < count; i++)
        watch_folder(watch, folder_of(files[i].path));
    watch->wants_new = false;
    await_quiet(watch); /* what changed before the folders were watched */
    return ERR_OK;
}

enum err file_watch_new(uv_loop_t *loop, uint64_t begun_ms, file_watch_on_change on_change,
                        void *ctx, struct file_watch **out_watch)
{
    struct file_watch *watch = calloc(1, sizeof(*watch));
    if (!watch)
        return ERR_NO_MEMORY;
    watch->loop = loop;
    watch->on_change = on_change;
    watch->ctx = ctx;
    watch->begun_ms = begun_ms;
    uv_timer_init(loop, &watch->quiet_timer);
    uv_timer_init(loop, &watch->look_timer);
    watch->quiet_timer.data = watch->look_timer.data = watch;
    watch->open_timers = 2;
    uv_timer_start(&watch->look_timer, on_look, LOOK_MS, LOOK_MS);
    *out_watch = watch;
    return ERR_OK;
}

static void on_timer_closed(uv_handle_t *handle)
{
    struct file_watch *watch = handle->data;
    if (--watch->open_timers == 0)
        free(watch);
}

void file_watch_close(struct file_watch *watch)
{
    forget(watch);
    uv_close((uv_handle_t *)&watch->quiet_timer, on_timer_closed);
    uv_close((uv_handle_t *)&watch->look_timer, on_timer_closed);
}
