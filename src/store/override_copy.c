#include "override_copy.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "rhumb/disk_writer.h"
#include "rhumb/log.h"

struct override_copy {
    struct override_path path;
    struct disk_writer *writer;
    struct override_copy_calls calls;
    void *ctx;
};

static struct override_path path_beside(const struct override_path *original)
{
    struct override_path path = *original;
    snprintf(path.name, sizeof(path.name), "%.*s.last-good",
             (int)(sizeof(path.name) - sizeof(".last-good")), original->name);
    return path;
}

/* ---- reading ---- */

struct override_list *override_copy_read(const struct override_path *original, uint64_t now_ms)
{
    const struct override_path path = path_beside(original);
    struct override_list *list = NULL;
    struct diag_list *diags = diag_list_new();
    char name[LOG_QUOTE_MAX];
    char *bytes = NULL;
    size_t len;
    struct stat seen;
    if (diags &&
        disk_read(path.folder, path.name, OVERRIDE_LIST_MAX_BYTES, &bytes, &len, &seen) == 0 &&
        override_list_parse(bytes, len, path.name, now_ms, diags, &list) == ERR_OK)
        log_event(LOG_LEVEL_WARNING, "overrides_restored", "file=%s count=%zu",
                  log_quote(path.name, name), list->count);
    free(bytes);
    diag_list_free(diags);
    return list;
}

/* ---- writing ---- */

struct copy_job {
    struct disk_job job;
    struct override_path path;
    struct text text; /* owned */
    bool is_empty;    /* there is nothing to keep */
};

static bool is_there_already(const struct copy_job *copying)
{
    char *bytes = NULL;
    size_t len;
    struct stat seen;
    int error = disk_read(copying->path.folder, copying->path.name, OVERRIDE_LIST_MAX_BYTES,
                          &bytes, &len, &seen);
    bool is_there =
        error == 0 && len == copying->text.len && memcmp(bytes, copying->text.bytes, len) == 0;
    free(bytes);
    return is_there;
}

static int remove_copy(const struct copy_job *copying)
{
    char joined[DISK_PATH_MAX + sizeof(copying->path.name)];
    snprintf(joined, sizeof(joined), "%s/%s", copying->path.folder, copying->path.name);
    return unlink(joined) == 0 || errno == ENOENT ? 0 : errno;
}

static void run(struct disk_job *job)
{
    struct copy_job *copying = (struct copy_job *)job; /* its first member */
    struct stat seen;
    if (copying->text.failed)
        job->error = ENOMEM;
    else if (copying->is_empty)
        job->error = remove_copy(copying);
    else if (!is_there_already(copying))
        job->error = disk_replace(copying->path.folder, copying->path.name, copying->text.bytes,
                                  copying->text.len, &seen);
}

static void free_job(struct disk_job *job)
{
    struct copy_job *copying = (struct copy_job *)job;
    text_deinit(&copying->text);
    free(copying);
}

static struct disk_job *take(void *ctx)
{
    struct override_copy *copy = ctx;
    const struct override_list *list = copy->calls.list(copy->ctx);
    struct copy_job *copying = calloc(1, sizeof(*copying));
    if (!copying)
        return NULL;
    copying->job = (struct disk_job){.run = run, .free = free_job};
    copying->path = copy->path;
    copying->is_empty = list->count == 0;
    text_init(&copying->text, OVERRIDE_LIST_MAX_BYTES);
    override_list_put(list, &copying->text);
    return &copying->job;
}

void override_copy_changed(struct override_copy *copy)
{
    disk_writer_changed(copy->writer, false);
}

/* ---- life ---- */

static void on_closed(void *ctx)
{
    struct override_copy *copy = ctx;
    copy->calls.on_closed(copy->ctx);
    free(copy);
}

enum err override_copy_new(uv_loop_t *loop, const struct override_path *original,
                           const struct override_copy_calls *calls, void *ctx,
                           struct override_copy **out_copy)
{
    static const struct disk_writer_calls writing = {.take = take, .on_closed = on_closed};
    struct override_copy *copy = calloc(1, sizeof(*copy));
    if (!copy)
        return ERR_NO_MEMORY;
    copy->path = path_beside(original);
    copy->calls = *calls;
    copy->ctx = ctx;
    enum err err = disk_writer_new(loop, copy->path.folder, copy->path.name, &writing, copy,
                                   &copy->writer);
    if (err == ERR_OK)
        *out_copy = copy;
    else
        free(copy);
    return err;
}

void override_copy_close(struct override_copy *copy)
{
    disk_writer_close(copy->writer);
}
