#include "state_files.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
    FORGET_MS = 2 * 60 * 60 * 1000, /* twice the longest interval */
    LOOKS_AT_ONCE = 2,              /* dead disks must not take every thread of the pool */
};

/* Which file it was, and as of when. */
struct identity {
    dev_t device;
    ino_t inode;
    off_t size;
    struct timespec modified, changed;
};

struct state_file {
    struct state_files *files;
    struct ring in_files, in_ready;
    struct ring askers;
    uv_work_t work;
    bool busy, closed; /* being looked at; to be freed then */
    bool looked;
    uint64_t looked_ms, asked_ms; /* of the loop */
    char *path;
    struct identity identity; /* of what was read last; all zero: nothing */
    struct state_table *table;
    char fault[STATE_FAULT_MAX];

    /* What the pool found; the loop looks at it when the work is done. */
    bool found_same;
    struct identity found_identity;
    struct state_table *found_table;
    char found_fault[STATE_FAULT_MAX];
};

struct state_files {
    uv_loop_t *loop;
    struct ring files; /* a handful: one for each path of the configuration */
    struct ring ready; /* those to be looked at */
    size_t looking;
    bool closed; /* freed when nobody is looking any more */
};

struct state_files *state_files_new(uv_loop_t *loop)
{
    struct state_files *files = (struct state_files *)calloc(1, sizeof(*files));
    if (!files)
        return NULL;
    files->loop = loop;
    ring_init(&files->files);
    ring_init(&files->ready);
    return files;
}

static void free_file(struct state_file *file)
{
    free(file->path);
    free(file->table);
    free(file);
}

static void forget(struct state_file *file)
{
    ring_remove(&file->in_files);
    ring_remove(&file->in_ready);
    file->closed = true;
    if (!file->busy)
        free_file(file);
}

static void free_when_idle(struct state_files *files)
{
    if (files->closed && files->looking == 0)
        free(files);
}

void state_files_close(struct state_files *files)
{
    for (struct ring *r = files->files.next, *next; r != &files->files; r = next) {
        next = r->next;
        forget(CONTAINER_OF(r, struct state_file, in_files));
    }
    files->closed = true;
    free_when_idle(files);
}

/* ---- in the pool ---- */

static void set_fault(struct state_file *file, const char *what, int code)
{
    char buffer[STATE_FAULT_MAX];
    snprintf(file->found_fault, sizeof(file->found_fault), "%s: %.60s", what,
             strerror_r(code, buffer, sizeof(buffer)));
}

/* read_all - up to max bytes; -1 and errno. */
static ssize_t read_all(int fd, char *bytes, size_t max)
{
    size_t len = 0;
    while (len < max) {
        ssize_t got = read(fd, bytes + len, max - len);
        if (got < 0 && errno == EINTR)
            continue;
        if (got <= 0)
            return got == 0 ? (ssize_t)len : -1;
        len += (size_t)got;
    }
    return (ssize_t)len;
}

static void read_table(struct state_file *file, int fd)
{
    char *bytes = (char *)malloc(STATE_FILE_MAX_BYTES + 1);
    ssize_t len = bytes ? read_all(fd, bytes, STATE_FILE_MAX_BYTES + 1) : -1;
    if (len < 0)
        set_fault(file, "cannot read it", bytes ? errno : ENOMEM);
    else if (len > STATE_FILE_MAX_BYTES)
        snprintf(file->found_fault, sizeof(file->found_fault), "it is larger than 1 MiB");
    else
        file->found_table = state_table_parse(bytes, (size_t)len, file->found_fault);
    free(bytes);
}

static bool is_same(const struct identity *a, const struct identity *b)
{
    return a->device == b->device && a->inode == b->inode && a->size == b->size &&
           a->modified.tv_sec == b->modified.tv_sec &&
           a->modified.tv_nsec == b->modified.tv_nsec &&
           a->changed.tv_sec == b->changed.tv_sec && a->changed.tv_nsec == b->changed.tv_nsec;
}

static void look_at(struct state_file *file, int fd)
{
    struct stat status;
    if (fstat(fd, &status) != 0) {
        set_fault(file, "cannot look at it", errno);
        return;
    }
    if (!S_ISREG(status.st_mode)) {
        snprintf(file->found_fault, sizeof(file->found_fault), "it is no regular file");
        return;
    }
    file->found_identity = (struct identity){status.st_dev, status.st_ino, status.st_size,
                                             status.st_mtim, status.st_ctim};
    file->found_same = is_same(&file->found_identity, &file->identity);
    if (!file->found_same)
        read_table(file, fd);
}

/* look - open first: what is looked at is what is read, even if it is replaced meanwhile. */
static void look(uv_work_t *work)
{
    struct state_file *file = (struct state_file *)work->data;
    file->found_same = false;
    file->found_identity = (struct identity){0};
    file->found_table = NULL;
    file->found_fault[0] = '\0';
    int fd = open(file->path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    if (fd < 0) {
        set_fault(file, "cannot open it", errno);
        return;
    }
    look_at(file, fd);
    close(fd);
}

/* ---- on the loop ---- */

static struct state_view view_of(const struct state_file *file)
{
    const struct timespec *modified = &file->identity.modified;
    return (struct state_view){
        .table = file->table,
        .fault = file->fault,
        .changed_ms = (int64_t)modified->tv_sec * 1000 + modified->tv_nsec / 1000000,
    };
}

/* take_over - what could not be read is read again next time: we may be to blame. */
static void take_over(struct state_file *file)
{
    if (file->found_same)
        return;
    free(file->table);
    file->table = file->found_table;
    file->identity = file->table ? file->found_identity : (struct identity){0};
    memcpy(file->fault, file->found_fault, sizeof(file->fault));
    file->found_table = NULL;
}

static void on_looked(uv_work_t *work, int status);

static void start_looks(struct state_files *files)
{
    while (!ring_is_empty(&files->ready) && files->looking < LOOKS_AT_ONCE) {
        struct state_file *file = CONTAINER_OF(files->ready.next, struct state_file, in_ready);
        ring_remove(&file->in_ready);
        file->busy = true;
        files->looking++;
        uv_queue_work(files->loop, &file->work, look, on_looked);
    }
}

/* on_looked - an asker may close everything when it is told: then the rest has left, and the
 * file waits for us to free it. */
static void on_looked(uv_work_t *work, int status)
{
    (void)status;
    struct state_file *file = (struct state_file *)work->data;
    struct state_files *files = file->files;
    take_over(file);
    file->looked = true;
    file->looked_ms = uv_now(work->loop);
    while (!ring_is_empty(&file->askers)) {
        struct state_asker *asker =
            CONTAINER_OF(file->askers.next, struct state_asker, in_line);
        struct state_view view = view_of(file);
        ring_remove(&asker->in_line);
        asker->on_view(asker, &view);
    }
    file->busy = false;
    files->looking--;
    if (file->closed)
        free_file(file);
    start_looks(files);
    free_when_idle(files);
}

static void forget_old(struct state_files *files)
{
    uint64_t now_ms = uv_now(files->loop);
    for (struct ring *r = files->files.next, *next; r != &files->files; r = next) {
        struct state_file *file = CONTAINER_OF(r, struct state_file, in_files);
        next = r->next;
        if (ring_is_empty(&file->askers) && !file->busy && now_ms - file->asked_ms > FORGET_MS)
            forget(file);
    }
}

static struct state_file *find_or_add(struct state_files *files, const char *path)
{
    for (struct ring *r = files->files.next; r != &files->files; r = r->next) {
        struct state_file *file = CONTAINER_OF(r, struct state_file, in_files);
        if (strcmp(file->path, path) == 0)
            return file;
    }
    forget_old(files);
    struct state_file *file = (struct state_file *)calloc(1, sizeof(*file));
    if (!file)
        return NULL;
    file->path = strdup(path);
    if (!file->path) {
        free(file);
        return NULL;
    }
    file->files = files;
    ring_init(&file->in_files);
    ring_init(&file->in_ready);
    ring_init(&file->askers);
    ring_append(&files->files, &file->in_files);
    file->work.data = file;
    return file;
}

bool state_files_ask(struct state_files *files, const char *path, struct state_asker *asker,
                     struct state_view *out_view)
{
    struct state_file *file = find_or_add(files, path);
    uint64_t now_ms = uv_now(files->loop);
    if (!file) {
        *out_view = (struct state_view){.fault = "out of memory"};
        return true;
    }
    file->asked_ms = now_ms;
    if (!file->busy && file->looked && now_ms - file->looked_ms < STATE_FRESH_MS) {
        *out_view = view_of(file);
        return true;
    }
    ring_append(&file->askers, &asker->in_line);
    if (!file->busy && ring_is_empty(&file->in_ready))
        ring_append(&files->ready, &file->in_ready);
    start_looks(files);
    return false;
}

void state_files_leave(struct state_asker *asker)
{
    ring_remove(&asker->in_line);
}
