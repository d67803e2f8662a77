#include "rhumb/geo_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#define FILE_BYTES_MAX ((uint64_t)1024 * 1024 * 1024)

enum { STEP_BYTES = 64 * 1024 };

static ssize_t read_some(int fd, uint8_t *buffer, size_t bytes)
{
    ssize_t got;
    do
        got = read(fd, buffer, bytes);
    while (got < 0 && errno == EINTR);
    return got;
}

static bool write_all(int fd, const uint8_t *buffer, size_t bytes)
{
    while (bytes > 0) {
        ssize_t put = write(fd, buffer, bytes);
        if (put < 0 && errno == EINTR)
            continue;
        if (put <= 0)
            return false;
        buffer += put;
        bytes -= (size_t)put;
    }
    return true;
}

/* copy_bytes - until the end of the file; errno says why it failed. */
static bool copy_bytes(int from, int to)
{
    uint8_t buffer[STEP_BYTES];
    uint64_t total = 0;
    for (;;) {
        ssize_t got = read_some(from, buffer, sizeof(buffer));
        if (got <= 0)
            return got == 0;
        total += (uint64_t)got;
        if (total > FILE_BYTES_MAX) {
            errno = EFBIG;
            return false;
        }
        if (!write_all(to, buffer, (size_t)got))
            return false;
    }
}

/* open_regular - O_NONBLOCK, so that a FIFO is refused and not waited for. A file that is too
 * large is refused before it is copied; copy_bytes() looks again, because it may grow. */
static int open_regular(const char *path)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (fd < 0)
        return -1;
    struct stat info;
    bool regular = fstat(fd, &info) == 0 && S_ISREG(info.st_mode);
    if (regular && (uint64_t)info.st_size <= FILE_BYTES_MAX)
        return fd;
    close(fd);
    errno = regular ? EFBIG : EINVAL;
    return -1;
}

static int sealed_copy(int from)
{
    int fd = memfd_create("rhumb-geo", MFD_CLOEXEC | MFD_ALLOW_SEALING);
    if (fd < 0)
        return -1;
    int seals = F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE | F_SEAL_SEAL;
    if (copy_bytes(from, fd) && fcntl(fd, F_ADD_SEALS, seals) == 0)
        return fd;
    int why = errno;
    close(fd);
    errno = why;
    return -1;
}

static enum err refuse(const char *path, const struct diag_place *place,
                       struct diag_list *diags)
{
    char buffer[128];
    if (errno == EINVAL)
        diag_error(diags, place, "geo database '%s' is not a regular file", path);
    else
        diag_error(diags, place, "geo database '%s' cannot be read: %s", path,
                   strerror_r(errno, buffer, sizeof(buffer)));
    return ERR_INVALID;
}

enum err geo_file_copy(const char *path, const struct diag_place *place,
                       struct diag_list *diags, int *out_fd)
{
    int from = open_regular(path);
    if (from < 0)
        return refuse(path, place, diags);
    int copy = sealed_copy(from);
    int why = errno;
    close(from);
    errno = why;
    if (copy < 0)
        return refuse(path, place, diags);
    *out_fd = copy;
    return ERR_OK;
}
