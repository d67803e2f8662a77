#include "history_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "rhumb/clock.h"
#include "rhumb/disk_file.h"

#include "history_line.h"

const char history_file_name[] = "history.jsonl";

enum { FILE_MAX_BYTES = 512 * 1024 * 1024 };

struct reading {
    struct history_book *book;
    bool no_memory;
};

static void add(void *ctx, const struct history_entry *entry, size_t line_bytes)
{
    struct reading *reading = ctx;
    reading->no_memory |= history_book_add(reading->book, entry, line_bytes) != ERR_OK;
}

/* read_lines - an object has its brace at the end: one that was cut is none. */
static int read_lines(FILE *in, struct history_book *book, size_t *out_bad_lines)
{
    struct reading reading = {.book = book};
    char *line = NULL;
    size_t capacity = 0, bad = 0;
    ssize_t len;
    while ((len = getline(&line, &capacity, in)) > 0 && !reading.no_memory)
        bad += !history_line_take(line, (size_t)len, add, &reading);
    int error = ferror(in) ? EIO : reading.no_memory ? ENOMEM : 0;
    free(line);
    *out_bad_lines = bad;
    return error;
}

/* open_file - NULL and *out_error. */
static FILE *open_file(const char *folder, uint64_t *out_file_bytes, int *out_error)
{
    char path[DISK_PATH_MAX];
    struct stat now;
    FILE *in = NULL;
    snprintf(path, sizeof(path), "%s/%s", folder, history_file_name);
    int fd = open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
    if (fd < 0 || fstat(fd, &now) != 0)
        *out_error = errno;
    else if (!S_ISREG(now.st_mode))
        *out_error = EINVAL;
    else if (now.st_size > FILE_MAX_BYTES)
        *out_error = EFBIG;
    else if (!(in = fdopen(fd, "r")))
        *out_error = ENOMEM;
    else
        *out_file_bytes = (uint64_t)now.st_size;
    if (fd >= 0 && !in)
        close(fd);
    return in;
}

int history_file_read(const char *folder, struct history_book **out_book, size_t *out_bad_lines,
                      uint64_t *out_file_bytes)
{
    int error = 0;
    char aside[DISK_PATH_MAX];
    FILE *in = open_file(folder, out_file_bytes, &error);
    if (error == EFBIG || error == EINVAL || error == ELOOP) /* else nothing could be added */
        (void)disk_set_aside(folder, history_file_name, "unreadable", clock_wall_ms(), aside);
    if (!in)
        return error;
    struct history_book *book = history_book_new();
    error = book ? read_lines(in, book, out_bad_lines) : ENOMEM;
    fclose(in);
    if (error == 0)
        *out_book = book;
    else
        history_book_free(book);
    return error;
}

static void put_line(void *ctx, const struct history_entry *entry, size_t line_bytes)
{
    (void)line_bytes;
    (void)history_line_put(ctx, entry); /* failure stays in the text */
}

int history_file_compact(const char *folder, uint64_t *out_file_bytes)
{
    struct history_book *book = NULL;
    struct text lines;
    size_t bad_lines;
    uint64_t old_bytes;
    int error = history_file_read(folder, &book, &bad_lines, &old_bytes);
    if (error != 0)
        return error;
    text_init(&lines, FILE_MAX_BYTES);
    history_book_each(book, put_line, &lines);
    history_book_free(book);
    error = lines.failed
                ? ENOMEM
                : disk_replace(folder, history_file_name, text_get(&lines), lines.len, NULL);
    if (error == 0)
        *out_file_bytes = lines.len;
    text_deinit(&lines);
    return error;
}
