/* Lines in a file. What was written in part only, because the disk is full, is taken back: a
 * reader meets whole lines. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "rhumb/clock.h"

#include "querylog_line.h"
#include "querylog_sink.h"

enum {
    BUFFER_BYTES = 128 * 1024,
    FILE_MODE = 0640,
    LOOK_MS = 1000, /* how often: is it still the file of that name? */
    REASON_MAX = 128,
};

struct file_sink {
    struct querylog_sink base; /* first */
    enum config_log_format format;
    int fd;           /* -1: not open */
    uint64_t look_ms; /* when to look at its name again */
    size_t used, lines;
    char buffer[BUFFER_BYTES];
};

static void fail(struct file_sink *file)
{
    char reason[REASON_MAX];
    querylog_sink_fail(&file->base, strerror_r(errno, reason, sizeof(reason)));
}

static void close_file(struct file_sink *file)
{
    if (file->fd >= 0)
        close(file->fd);
    file->fd = -1;
}

static void open_file(struct file_sink *file)
{
    file->fd =
        open(file->base.path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOCTTY, FILE_MODE);
    if (file->fd < 0)
        fail(file);
    file->look_ms = clock_monotonic_ms() + LOOK_MS;
}

/* write_all - how many bytes the file has taken; less than all of them: errno says why. */
static size_t write_all(int fd, const char *bytes, size_t len)
{
    size_t done = 0;
    while (done < len) {
        ssize_t count = write(fd, bytes + done, len - done);
        if (count < 0 && errno == EINTR)
            continue;
        if (count <= 0)
            break;
        done += (size_t)count;
    }
    return done;
}

/* take_back - the last bytes of the file. */
static void take_back(int fd, size_t len)
{
    struct stat status;
    if (len > 0 && fstat(fd, &status) == 0 && S_ISREG(status.st_mode) &&
        status.st_size >= (off_t)len)
        (void)!ftruncate(fd, status.st_size - (off_t)len);
}

static void write_out(struct file_sink *file)
{
    if (file->used == 0)
        return;
    size_t done = write_all(file->fd, file->buffer, file->used);
    if (done == file->used) {
        querylog_sink_wrote(&file->base, file->lines);
    } else {
        querylog_sink_lost(&file->base, file->lines);
        fail(file);
        take_back(file->fd, done);
        close_file(file); /* another try is one with a file newly opened */
    }
    file->used = file->lines = 0;
}

static void put(struct querylog_sink *sink, const struct answer_record_view *record)
{
    struct file_sink *file = (struct file_sink *)sink;
    if (file->fd < 0 && querylog_sink_may_try(sink))
        open_file(file);
    if (file->fd < 0) {
        querylog_sink_lost(sink, 1);
        return;
    }
    file->used += querylog_line(record, file->format, file->buffer + file->used);
    file->lines++;
    if (file->used > BUFFER_BYTES - QUERYLOG_LINE_MAX)
        write_out(file);
}

/* is_moved - the name leads somewhere else now, or nowhere. */
static bool is_moved(const struct file_sink *file)
{
    struct stat named, ours;
    return stat(file->base.path, &named) != 0 || fstat(file->fd, &ours) != 0 ||
           named.st_ino != ours.st_ino || named.st_dev != ours.st_dev;
}

static void flush(struct querylog_sink *sink)
{
    struct file_sink *file = (struct file_sink *)sink;
    write_out(file);
    uint64_t now_ms = clock_monotonic_ms();
    if (file->fd < 0 || now_ms < file->look_ms)
        return;
    file->look_ms = now_ms + LOOK_MS;
    if (is_moved(file))
        close_file(file);
}

static void reopen(struct querylog_sink *sink)
{
    struct file_sink *file = (struct file_sink *)sink;
    close_file(file);
    open_file(file);
}

static void free_file(struct querylog_sink *sink)
{
    close_file((struct file_sink *)sink);
    querylog_sink_deinit(sink);
    free(sink);
}

struct querylog_sink *querylog_file_new(const char *path, enum config_log_format format,
                                        struct querylog_counts *counts)
{
    struct file_sink *file = calloc(1, sizeof(*file));
    if (!file || !querylog_sink_init(&file->base, path, counts)) {
        free(file);
        return NULL;
    }
    file->base.put = put;
    file->base.flush = flush;
    file->base.reopen = reopen;
    file->base.free = free_file;
    file->format = format;
    file->fd = -1;
    return &file->base;
}
