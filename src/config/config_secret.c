#include "config_secret.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static int refuse(struct config_reader *reader, const char *path,
                  const struct diag_place *place)
{
    char buffer[128];
    config_error(reader, place, "cannot read %.200s: %s", path,
                 strerror_r(errno, buffer, sizeof(buffer)));
    return -1;
}

/* open_secret - only what is an ordinary file is opened at all: opening a device may do things.
 * -1 after an error. */
static int open_secret(struct config_reader *reader, const char *path,
                       const struct diag_place *place)
{
    struct stat status;
    if (stat(path, &status) != 0)
        return refuse(reader, path, place);
    if (!S_ISREG(status.st_mode)) {
        config_error(reader, place, "%.200s is no ordinary file", path);
        return -1;
    }
    if ((status.st_mode & (S_IRGRP | S_IROTH)) != 0) {
        config_warning(reader, place, "others than its owner may read the secret in %.200s",
                       path);
        config_remedy(reader, "chmod 600 %.200s", path);
    }
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    return fd >= 0 ? fd : refuse(reader, path, place);
}

/* read_up_to - bytes read, at most room; -1 with errno set. */
static ssize_t read_up_to(int fd, char *to, size_t room)
{
    size_t len = 0;
    while (len < room) {
        ssize_t got = read(fd, to + len, room - len);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return -1;
        if (got == 0)
            break;
        len += (size_t)got;
    }
    return (ssize_t)len;
}

char *config_read_secret(struct config_reader *reader, const char *path,
                         const struct diag_place *place)
{
    int fd = open_secret(reader, path, place);
    if (fd < 0)
        return NULL;
    char *text = config_alloc(reader, CONFIG_SECRET_BYTES_MAX + 1, 1);
    ssize_t len = text ? read_up_to(fd, text, CONFIG_SECRET_BYTES_MAX + 1) : 0;
    if (len < 0)
        (void)refuse(reader, path, place);
    close(fd);
    if (!text || len < 0)
        return NULL;
    if (len > CONFIG_SECRET_BYTES_MAX) {
        config_error(reader, place, "%.200s is larger than %d bytes", path,
                     CONFIG_SECRET_BYTES_MAX);
        return NULL;
    }
    if (memchr(text, 0, (size_t)len)) {
        config_error(reader, place, "%.200s is no text", path);
        return NULL;
    }
    return text;
}
