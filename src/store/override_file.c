#include "override_file.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "rhumb/hash.h"

enum { PATH_BYTES = DISK_PATH_MAX + 256 };

static bool is_same_time(const struct timespec *a, const struct timespec *b)
{
    return a->tv_sec == b->tv_sec && a->tv_nsec == b->tv_nsec;
}

static bool is_same(const struct stat *a, const struct stat *b)
{
    return a->st_ino == b->st_ino && a->st_dev == b->st_dev && a->st_size == b->st_size &&
           is_same_time(&a->st_mtim, &b->st_mtim) && is_same_time(&a->st_ctim, &b->st_ctim);
}

static bool is_there(const struct stat *seen)
{
    return seen->st_ino != 0;
}

static const char *join(const struct override_path *path, char joined[PATH_BYTES])
{
    snprintf(joined, PATH_BYTES, "%s/%s", path->folder, path->name);
    return joined;
}

/* look_at - how the file is now. */
static int look_at(const struct override_path *path, struct stat *out_now)
{
    char joined[PATH_BYTES];
    if (lstat(join(path, joined), out_now) == 0)
        return 0;
    memset(out_now, 0, sizeof(*out_now));
    return errno == ENOENT ? 0 : errno;
}

/* ---- reading ---- */

/* judge - bytes that are not those of the last time. */
static int judge(struct override_look_job *looking, const char *bytes, size_t len)
{
    char joined[PATH_BYTES];
    looking->diags = diag_list_new();
    if (!looking->diags)
        return ENOMEM;
    enum err err = override_list_parse(bytes, len, join(&looking->path, joined),
                                       looking->now_ms, looking->diags, &looking->list);
    if (err == ERR_NO_MEMORY)
        return ENOMEM;
    looking->look = err == ERR_OK ? OVERRIDE_READ : OVERRIDE_BROKEN;
    return 0;
}

static int read_file(struct override_look_job *looking)
{
    char *bytes = NULL;
    size_t len = 0;
    struct stat now;
    int error = disk_read(looking->path.folder, looking->path.name, OVERRIDE_LIST_MAX_BYTES,
                          &bytes, &len, &now);
    if (error != 0)
        return error == ENOENT ? 0 : error; /* it went: the next look sees that */
    uint64_t hash = hash_bytes(HASH_SEED, bytes, len);
    if (hash != looking->seen.hash)
        error = judge(looking, bytes, len);
    free(bytes);
    if (error == 0) {
        looking->seen.last = now;
        looking->seen.hash = hash;
        looking->is_read = true;
    }
    return error;
}

static int read_nothing(struct override_look_job *looking)
{
    if (looking->seen.hash != 0) {
        looking->list = override_list_new();
        if (!looking->list)
            return ENOMEM;
        looking->look = OVERRIDE_READ;
    }
    memset(&looking->seen.last, 0, sizeof(looking->seen.last));
    looking->seen.hash = 0;
    looking->is_read = true;
    return 0;
}

static void run_look(struct disk_job *job)
{
    struct override_look_job *looking = (struct override_look_job *)job; /* its first member */
    struct stat now;
    job->error = look_at(&looking->path, &now);
    if (job->error != 0 || is_same(&now, &looking->seen.last))
        return;
    bool is_quiet = is_same(&now, &looking->seen.candidate);
    looking->seen.candidate = now;
    if (is_quiet)
        job->error = is_there(&now) ? read_file(looking) : read_nothing(looking);
}

void override_look_now(struct override_look_job *looking)
{
    looking->job.error = read_file(looking);
    /* who knows how long it has been like this: the next looks read it once more */
    memset(&looking->seen.last, 0, sizeof(looking->seen.last));
}

static void free_look(struct disk_job *job)
{
    struct override_look_job *looking = (struct override_look_job *)job;
    override_list_free(looking->list);
    diag_list_free(looking->diags);
    free(looking);
}

struct override_look_job *override_look_job_new(const struct override_path *path,
                                                const struct override_seen *seen,
                                                uint64_t now_ms)
{
    struct override_look_job *looking = calloc(1, sizeof(*looking));
    if (!looking)
        return NULL;
    looking->job = (struct disk_job){.run = run_look, .free = free_look};
    looking->path = *path;
    looking->seen = *seen;
    looking->now_ms = now_ms;
    return looking;
}

/* ---- writing ---- */

static void run_write(struct disk_job *job)
{
    struct override_write_job *writing = (struct override_write_job *)job;
    const struct override_path *path = &writing->path;
    char aside[DISK_PATH_MAX];
    struct stat now;
    (void)look_at(path, &now);
    writing->is_foreign = !writing->is_unreadable && !is_same(&now, &writing->seen.last);
    if (writing->is_foreign)
        return;
    if (writing->is_broken || writing->is_unreadable)
        (void)disk_keep_aside(path->folder, path->name, "broken", writing->now_ms, aside);
    job->error = writing->text.failed
                     ? ENOMEM
                     : disk_replace(path->folder, path->name, writing->text.bytes,
                                    writing->text.len, &now);
    if (job->error != 0)
        return;
    writing->seen.last = now;
    writing->seen.hash = hash_bytes(HASH_SEED, writing->text.bytes, writing->text.len);
}

static void free_write(struct disk_job *job)
{
    struct override_write_job *writing = (struct override_write_job *)job;
    text_deinit(&writing->text);
    free(writing);
}

struct override_write_job *override_write_job_new(const struct override_path *path,
                                                  const struct override_seen *seen,
                                                  uint64_t now_ms)
{
    struct override_write_job *writing = calloc(1, sizeof(*writing));
    if (!writing)
        return NULL;
    writing->job = (struct disk_job){.run = run_write, .free = free_write};
    writing->path = *path;
    writing->seen = *seen;
    writing->now_ms = now_ms;
    text_init(&writing->text, OVERRIDE_LIST_MAX_BYTES);
    return writing;
}
