#include "rhumb/disk_file.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "rhumb/clock.h"

enum { ASIDE_KEPT = 3, NAME_BYTES = 256 };

/* ---- folders ---- */

/* open_folder - made when missing. -1 and errno. */
static int open_folder(const char *folder)
{
    int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd >= 0 || errno != ENOENT)
        return fd;
    if (mkdir(folder, 0750) != 0 && errno != EEXIST)
        return -1;
    return open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
}

int disk_make_folder(const char *folder)
{
    int fd = open_folder(folder);
    if (fd < 0)
        return errno;
    int error = faccessat(fd, ".", W_OK | X_OK, AT_EACCESS) == 0 ? 0 : errno;
    close(fd);
    return error;
}

static bool has_prefix(const char *text, const char *prefix)
{
    return strncmp(text, prefix, strlen(prefix)) == 0;
}

/* remove_beginning - every file of the folder whose name begins so, but the newest `keep` (names
 * end in a time, so the newest is the last in order of the alphabet). */
static void remove_beginning(int folder_fd, const char *prefix, size_t keep)
{
    int fd = openat(folder_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR *dir = fd >= 0 ? fdopendir(fd) : NULL;
    if (!dir) {
        if (fd >= 0)
            close(fd);
        return;
    }
    for (;;) {
        char oldest[NAME_BYTES] = "";
        size_t count = 0;
        rewinddir(dir);
        for (struct dirent *entry = readdir(dir); entry; entry = readdir(dir)) {
            if (!has_prefix(entry->d_name, prefix))
                continue;
            count++;
            if (oldest[0] == '\0' || strcmp(entry->d_name, oldest) < 0)
                snprintf(oldest, sizeof(oldest), "%s", entry->d_name);
        }
        if (count <= keep || unlinkat(folder_fd, oldest, 0) != 0)
            break;
    }
    closedir(dir);
}

/* ---- writing ---- */

static int write_all(int fd, const char *bytes, size_t len)
{
    while (len > 0) {
        ssize_t written = write(fd, bytes, len);
        if (written < 0 && errno == EINTR)
            continue;
        if (written < 0)
            return errno;
        bytes += written;
        len -= (size_t)written;
    }
    return 0;
}

/* fill_and_rename - from an empty temporary file to the one that counts. */
static int fill_and_rename(int folder_fd, int fd, const char *temp, const char *name,
                           const char *bytes, size_t len)
{
    int error = write_all(fd, bytes, len);
    if (error == 0 && fsync(fd) != 0)
        error = errno;
    if (error == 0 && renameat(folder_fd, temp, folder_fd, name) != 0)
        error = errno;
    if (error != 0)
        unlinkat(folder_fd, temp, 0);
    else if (fsync(folder_fd) != 0 && errno != EINVAL) /* some file systems cannot do it */
        error = errno;
    return error;
}

int disk_replace(const char *folder, const char *name, const char *bytes, size_t len,
                 struct stat *out_stat)
{
    char prefix[NAME_BYTES], temp[NAME_BYTES];
    int folder_fd = open_folder(folder);
    if (folder_fd < 0)
        return errno;
    /* What was left by a process that was killed. A second server on this folder has a name of
     * its own; should it lose its file here, its rename fails and it tries again. */
    snprintf(prefix, sizeof(prefix), "%.200s.tmp-", name);
    remove_beginning(folder_fd, prefix, 0);
    snprintf(temp, sizeof(temp), "%.200s.tmp-%ld", name, (long)getpid());
    int fd =
        openat(folder_fd, temp, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
    int error = fd < 0 ? errno : fill_and_rename(folder_fd, fd, temp, name, bytes, len);
    if (error == 0 && out_stat && fstat(fd, out_stat) != 0)
        error = errno;
    if (fd >= 0 && close(fd) != 0 && error == 0)
        error = errno;
    close(folder_fd);
    return error;
}

/* open_to_append - and learn whether the last line was cut. */
static int open_to_append(int folder_fd, const char *name, bool *out_is_cut, off_t *out_size)
{
    struct stat now;
    char last = '\n';
    int fd = openat(folder_fd, name,
                    O_RDWR | O_CREAT | O_APPEND | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC, 0600);
    if (fd < 0)
        return fd;
    if (fstat(fd, &now) == 0 && S_ISREG(now.st_mode) &&
        (now.st_size == 0 || pread(fd, &last, 1, now.st_size - 1) == 1)) {
        *out_is_cut = last != '\n';
        *out_size = now.st_size;
        return fd;
    }
    close(fd);
    errno = EINVAL;
    return -1;
}

int disk_append(const char *folder, const char *name, const char *bytes, size_t len,
                uint64_t *out_size)
{
    bool is_cut;
    off_t old_size;
    struct stat now;
    int folder_fd = open_folder(folder);
    if (folder_fd < 0)
        return errno;
    int fd = open_to_append(folder_fd, name, &is_cut, &old_size);
    int error = fd < 0 ? errno : 0;
    close(folder_fd);
    if (fd < 0)
        return error;
    if (is_cut)
        error = write_all(fd, "\n", 1);
    if (error == 0)
        error = write_all(fd, bytes, len);
    if (error == 0 && (fsync(fd) != 0 || fstat(fd, &now) != 0))
        error = errno;
    if (error != 0 && ftruncate(fd, old_size) != 0)
        error = errno; /* then some lines will be there twice */
    if (close(fd) != 0 && error == 0)
        error = errno;
    if (error == 0)
        *out_size = (uint64_t)now.st_size;
    return error;
}

/* ---- reading ---- */

/* read_up_to - what is there, at most max bytes. */
static int read_up_to(int fd, char *bytes, size_t max, size_t *out_len)
{
    size_t len = 0;
    while (len < max) {
        ssize_t got = read(fd, bytes + len, max - len);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return errno;
        if (got == 0)
            break;
        len += (size_t)got;
    }
    bytes[len] = '\0';
    *out_len = len;
    return 0;
}

static int read_open(int fd, size_t max, char **out_bytes, size_t *out_len,
                     struct stat *out_stat)
{
    struct stat now;
    if (fstat(fd, &now) != 0)
        return errno;
    if (!S_ISREG(now.st_mode))
        return EINVAL;
    if ((uint64_t)now.st_size > max)
        return EFBIG;
    size_t size = (size_t)now.st_size;
    char *bytes = malloc(size + 1);
    if (!bytes)
        return ENOMEM;
    int error = read_up_to(fd, bytes, size, out_len);
    if (error != 0) {
        free(bytes);
        return error;
    }
    *out_bytes = bytes;
    *out_stat = now;
    return 0;
}

int disk_read(const char *folder, const char *name, size_t max, char **out_bytes,
              size_t *out_len, struct stat *out_stat)
{
    char path[DISK_PATH_MAX];
    if (snprintf(path, sizeof(path), "%s/%s", folder, name) >= (int)sizeof(path))
        return ENAMETOOLONG;
    int fd = open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
    if (fd < 0)
        return errno;
    int error = read_open(fd, max, out_bytes, out_len, out_stat);
    close(fd);
    return error;
}

/* ---- what nobody can use ---- */

static int put_aside(const char *folder, const char *name, const char *label, uint64_t wall_ms,
                     bool stays, char out_path[DISK_PATH_MAX])
{
    char prefix[NAME_BYTES], aside[NAME_BYTES], time[CLOCK_TEXT_MAX];
    struct stat there;
    int folder_fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (folder_fd < 0)
        return errno;
    snprintf(prefix, sizeof(prefix), "%.150s.%.20s-", name, label);
    if (fstatat(folder_fd, name, &there, AT_SYMLINK_NOFOLLOW) == 0)
        remove_beginning(folder_fd, prefix, ASIDE_KEPT - 1);
    do
        snprintf(aside, sizeof(aside), "%.200s%s", prefix, clock_format(wall_ms++, time));
    while (fstatat(folder_fd, aside, &there, AT_SYMLINK_NOFOLLOW) == 0);
    int status = stays ? linkat(folder_fd, name, folder_fd, aside, 0)
                       : renameat(folder_fd, name, folder_fd, aside);
    int error = status == 0 ? 0 : errno;
    close(folder_fd);
    snprintf(out_path, DISK_PATH_MAX, "%s/%s", folder, aside);
    return error;
}

int disk_set_aside(const char *folder, const char *name, const char *label, uint64_t wall_ms,
                   char out_path[DISK_PATH_MAX])
{
    return put_aside(folder, name, label, wall_ms, false, out_path);
}

int disk_keep_aside(const char *folder, const char *name, const char *label, uint64_t wall_ms,
                    char out_path[DISK_PATH_MAX])
{
    return put_aside(folder, name, label, wall_ms, true, out_path);
}

/* ---- words ---- */

const char *disk_error_text(int error, char buffer[DISK_ERROR_MAX])
{
    return strerror_r(error, buffer, DISK_ERROR_MAX);
}

const char *disk_remedy(int error)
{
    switch (error) {
    case ENOSPC:
    case EDQUOT: return "free some space there";
    case EROFS: return "mount it writable, or name another folder in 'state'";
    case EACCES:
    case EPERM: return "let the server's user write in this folder";
    case ENOENT: return "create the folder it lies in";
    case ENOTDIR: return "name a folder in 'state'";
    case ELOOP:
    case EEXIST:
    case EISDIR:
    case EINVAL: return "remove what is there and is no ordinary file";
    case ENOMEM: return "give the server more memory";
    default: return "look at the disk and at the kernel's log";
    }
}
