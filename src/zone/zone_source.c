#include "zone_source.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

struct zone_source *zone_source_borrow(const char *path, const char *text, size_t len)
{
    struct zone_source *source = calloc(1, sizeof(*source));
    if (!source)
        return NULL;
    source->path = strdup(path);
    source->text = text;
    source->len = len;
    if (source->path)
        return source;
    free(source);
    return NULL;
}

void zone_source_free(struct zone_source *source)
{
    if (!source)
        return;
    free(source->path);
    free(source->owned);
    free(source);
}

static void explain_errno(const char *what, int error, char reason[ZONE_REASON_MAX])
{
    char buffer[96];
    snprintf(reason, ZONE_REASON_MAX, "%s: %s", what,
             strerror_r(error, buffer, sizeof(buffer)));
}

/* read_all - until size bytes or the end of the file; -1 on error. The file may shrink while it
 * is read: what is left is parsed, and the checks find out. */
static ssize_t read_all(int fd, char *to, size_t size)
{
    size_t done = 0;
    while (done < size) {
        ssize_t n = read(fd, to + done, size - done);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return -1;
        if (n == 0)
            break;
        done += (size_t)n;
    }
    return (ssize_t)done;
}

static enum err read_open_file(int fd, const char *path, size_t max_bytes,
                               struct zone_source **out_source, char reason[ZONE_REASON_MAX])
{
    struct stat st;
    if (fstat(fd, &st) != 0) {
        explain_errno("cannot read the file", errno, reason);
        return ERR_INVALID;
    }
    if (!S_ISREG(st.st_mode)) {
        snprintf(reason, ZONE_REASON_MAX, "this is %s, expected a master file",
                 S_ISDIR(st.st_mode) ? "a directory" : "not a regular file");
        return ERR_INVALID;
    }
    size_t size = (size_t)st.st_size;
    if (size > max_bytes)
        return ERR_LIMIT;
    struct zone_source *source = zone_source_borrow(path, NULL, 0);
    char *text = malloc(size > 0 ? size : 1);
    if (!source || !text) {
        zone_source_free(source);
        free(text);
        return ERR_NO_MEMORY;
    }
    source->owned = text;
    source->text = text;
    source->dev = st.st_dev;
    source->ino = st.st_ino;
    ssize_t len = read_all(fd, text, size);
    if (len < 0) {
        explain_errno("cannot read the file", errno, reason);
        zone_source_free(source);
        return ERR_INVALID;
    }
    source->len = (size_t)len;
    *out_source = source;
    return ERR_OK;
}

enum err zone_source_read(const char *path, size_t max_bytes, struct zone_source **out_source,
                          char reason[ZONE_REASON_MAX])
{
    /* O_NONBLOCK: a FIFO in the place of the file must not hang the start. */
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    if (fd < 0) {
        explain_errno("cannot open the file", errno, reason);
        return ERR_INVALID;
    }
    enum err err = read_open_file(fd, path, max_bytes, out_source, reason);
    close(fd);
    return err;
}

bool zone_source_check(const struct zone_source *source, struct zone_spot *out_spot)
{
    uint32_t line = 1;
    for (size_t i = 0; i < source->len; i++) {
        unsigned char c = (unsigned char)source->text[i];
        if (c == '\n')
            line++;
        else if ((c < ' ' && c != '\t' && c != '\r') || c == 0x7f) {
            *out_spot =
                (struct zone_spot){.source = source, .at = source->text + i, .line = line};
            return false;
        }
    }
    return true;
}

static const char *line_start(const struct zone_spot *spot)
{
    const char *at = spot->at;
    while (at > spot->source->text && at[-1] != '\n')
        at--;
    return at;
}

uint32_t zone_spot_column(const struct zone_spot *spot)
{
    return (uint32_t)(spot->at - line_start(spot)) + 1;
}

const struct diag_place *zone_spot_place(const struct zone_spot *spot,
                                         struct zone_place *buffer)
{
    const char *start = line_start(spot);
    const char *end = spot->source->text + spot->source->len;
    const char *newline = memchr(start, '\n', (size_t)(end - start));
    size_t len = (size_t)((newline ? newline : end) - start);
    if (len > 0 && start[len - 1] == '\r')
        len--;
    if (len >= ZONE_EXCERPT_MAX)
        len = ZONE_EXCERPT_MAX - 1;
    memcpy(buffer->excerpt, start, len);
    for (size_t i = 0; i < len; i++) /* a terminal shall not obey what stands in a file */
        if ((unsigned char)start[i] < ' ' && start[i] != '\t')
            buffer->excerpt[i] = '?';
    buffer->excerpt[len] = '\0';
    buffer->place = (struct diag_place){
        .file = spot->source->path,
        .excerpt = buffer->excerpt,
        .line = spot->line,
        .column = zone_spot_column(spot),
    };
    return &buffer->place;
}

void zone_fault_set(struct zone_fault *fault, struct zone_spot spot, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    vsnprintf(fault->message, sizeof(fault->message), format, args);
    va_end(args);
    fault->spot = spot;
    fault->remedy[0] = '\0';
}

void zone_fault_remedy(struct zone_fault *fault, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    vsnprintf(fault->remedy, sizeof(fault->remedy), format, args);
    va_end(args);
}
